"""Turn values into the words people write: dates, times of day, lengths of time, counts."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

from suppress.facts.fields import WEEKDAYS, Field, FieldType
from suppress.facts.instants import US_PER_DAY, US_PER_HOUR, US_PER_MINUTE, US_PER_SECOND, from_us
from suppress.rules.tree import ClockTime, Day, Duration, Instant, Scalar

_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_EPOCH: Final = date(1970, 1, 1)
_PLAIN_FIELDS: Final = frozenset({"message.channel"})
_LEAST_GROUPED: Final = 10_000


def date_words(at: datetime) -> str:
    """A date as people write it: `3 November 2026`, with the time of day when it is not midnight UTC."""
    at = at.astimezone(UTC)
    return _day(at.date()) if at.time() == datetime.min.time() else _to_the_clock(at)


def day_words(days: int) -> str:
    """A calendar day, counted in days since 1 January 1970: `25 December 2026`."""
    return _day(_EPOCH + timedelta(days=days))


def clock_words(us: int) -> str:
    """A time of day, in microseconds since midnight: `22:00`; seconds only where there are any."""
    seconds = us // US_PER_SECOND
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}"
    return f"{clock}:{seconds % 60:02}" if seconds % 60 else clock


def length_words(us: int) -> str:
    """A measured length of time, rounded down to the largest unit of which there are two: `36 hours`, `3 days`."""
    for unit_us, unit in ((US_PER_DAY, "day"), (US_PER_HOUR, "hour"), (US_PER_MINUTE, "minute")):
        if us >= 2 * unit_us:
            return f"{us // unit_us} {unit}s"
    return counted(us // US_PER_SECOND, "seconds")


def duration_words(duration: Duration, *, bare_one: bool = False) -> str:
    """`180 days`, `1 day`; with `bare_one` `day` alone, for `in the last day`."""
    number, _, unit = duration.text.partition(" ")
    unit = unit.strip().removesuffix("s")
    if number == "1":
        return unit if bare_one else f"1 {unit}"
    return f"{number} {unit}s"


def lengths_words(lengths: Sequence[str]) -> list[str]:
    """Lengths of time that are told together: `1`, `7 days` for `1 day`, `7 days`."""
    *others, last = lengths
    unit = last.rpartition(" ")[2].removesuffix("s")
    alike = [length.rpartition(" ")[2].removesuffix("s") == unit for length in others]
    return [*(length.partition(" ")[0] if same else length for length, same in zip(others, alike, strict=True)), last]


def boundary_words(instant: Instant) -> str:
    """A moment a rule writes: the date as written, or the exact time in UTC."""
    if "T" in instant.text:
        return _to_the_clock(from_us(instant.us))
    return _day(date.fromisoformat(instant.text))


def number_words(number: int) -> str:
    """`5`, `1234`, `25,000`."""
    return f"{number:,}" if abs(number) >= _LEAST_GROUPED else str(number)


def counted(number: int, unit: str) -> str:
    """`1 unit`, `3 units`; `unit` is the plural."""
    return f"{number_words(number)} {unit_words(unit, number)}"


def unit_words(unit: str | None, number: int) -> str:
    """The unit, in the singular for one."""
    name = unit or "units"
    return name.removesuffix("s") if number == 1 else name


def share_words(parts_per_ten_thousand: int) -> str:
    """`5%`, `2.5%`."""
    return f"{parts_per_ten_thousand / 100:g}%"


def values_words(values: Sequence[Scalar], field: Field) -> list[str]:
    """Each value in words; what several share (unit, month and year) stands once, behind the last."""
    if all(isinstance(value, Day) for value in values):
        return _days([value for value in values if isinstance(value, Day)])
    words = [value_words(value, field) for value in values]
    if field.type is FieldType.DURATION:
        return lengths_words(words)
    if field.type is FieldType.NUMBER and field.unit and field.unit != "percent":
        one = len(values) == 1 and values[0] == 1
        words[-1] += f" {unit_words(field.unit, 1 if one else 2)}"
    return words


def value_words(value: Scalar, field: Field) -> str:
    """One value in words, without the unit a number counts."""
    match value:
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{number_words(value)}%" if field.unit == "percent" else number_words(value)
        case Duration():
            return duration_words(value)
        case Instant():
            return boundary_words(value)
        case ClockTime():
            return clock_words(value.us)
        case Day():
            return day_words(value.days)
        case str():
            return _text(value, field)


def code_words(code: str) -> str:
    """A reason code or another name without its underscores: `out of stock`."""
    return code.replace("_", " ")


def _text(value: str, field: Field) -> str:
    if field.type is FieldType.CHOICE:
        return value.capitalize() if value in WEEKDAYS else code_words(value)
    if field.type is FieldType.PATH or field.name in _PLAIN_FIELDS:
        return value
    return f"“{code_words(value) if field.name == 'message.dropped_code' else value}”"


def _day(day: date) -> str:
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def _to_the_clock(at: datetime) -> str:
    clock = at.strftime("%H:%M") if at.second == at.microsecond == 0 else at.strftime("%H:%M:%S")
    return f"{_day(at.date())} {clock} UTC"


def _days(values: Sequence[Day]) -> list[str]:
    days = [_EPOCH + timedelta(days=value.days) for value in values]
    words = [_day(day) for day in days]
    if len({(day.year, day.month) for day in days}) == 1:
        return [*(str(day.day) for day in days[:-1]), words[-1]]
    if len({day.year for day in days}) == 1:
        return [*(word.rpartition(" ")[0] for word in words[:-1]), words[-1]]
    return words

"""Turn the five fields of a cron expression into local times and dates. What it cannot mean exactly is refused.

Weekdays leave here as names: in cron 0 and 7 are Sunday, and other tools count from Monday. As in cron, a date needs to
match only one of day and weekday where both are restricted.
"""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from suppress.facts.fields import WEEKDAYS
from suppress.facts.instants import US_PER_HOUR, US_PER_MINUTE
from suppress.schedules.schedule import Cron

SUNDAY_FIRST: Final = (WEEKDAYS[-1], *WEEKDAYS[:-1])
"""Weekdays by their number in cron."""

_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_LONGEST: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_SHORTCUTS: Final = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * sun",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_PART: Final = re.compile(r"(\*|[a-z0-9]+)(?:-([a-z0-9]+))?(?:/([0-9]{1,3}))?")


class BadCronError(Exception):
    """An expression that cannot be read: what is wrong, and what to write instead."""

    def __init__(self, message: str, help_: str) -> None:
        super().__init__(message)
        self.help = help_


class _Field(NamedTuple):
    name: str
    first: int
    last: int
    names: Mapping[str, int]
    example: str


_WEEKDAY_NAMES: Final = {name[:3]: number for number, name in enumerate(SUNDAY_FIRST)}
_FIELDS: Final = (
    _Field("minute", 0, 59, {}, "0 to 59"),
    _Field("hour", 0, 23, {}, "0 to 23"),
    _Field("day", 1, 31, {}, "1 to 31"),
    _Field("month", 1, 12, {name: number for number, name in enumerate(_MONTHS, 1)}, "1 to 12, or jan to dec"),
    _Field("weekday", 0, 7, _WEEKDAY_NAMES, "mon to sun, or 0 to 7, where 0 and 7 are Sunday"),
)


def parse_cron(text: str, zone: str) -> Cron:
    """The times an expression means in `zone`. Raises BadCronError."""
    written = text.strip().lower()
    if written.startswith("@"):
        raise BadCronError(f'"{text}" is a shortcut', f'write "{_SHORTCUTS.get(written, "0 9 * * mon-fri")}"')
    fields = written.split()
    if len(fields) != len(_FIELDS):
        seconds = " (there are no seconds)" if len(fields) > len(_FIELDS) else ""
        raise BadCronError(
            f"a cron expression has 5 fields, not {len(fields)}{seconds}",
            'write minute, hour, day, month, weekday, for example "0 9 * * mon-fri"',
        )
    minutes, hours, days, months, weekdays = (_numbers(f, of) for f, of in zip(fields, _FIELDS, strict=True))
    if all(day > _LONGEST[month - 1] for day in days for month in months) and fields[4].startswith("*"):
        raise BadCronError("no month it names has such a day", "check day and month")
    any_day, any_weekday = (fields[at].startswith("*") for at in (2, 4))
    return Cron(
        text=text.strip(),
        zone=zone,
        clocks_us=tuple(sorted(hour * US_PER_HOUR + minute * US_PER_MINUTE for hour in hours for minute in minutes)),
        months=months,
        days=None if fields[2] == "*" else days,
        weekdays=None if fields[4] == "*" else frozenset(SUNDAY_FIRST[number % 7] for number in weekdays),
        either=not any_day and not any_weekday,
    )


def _numbers(text: str, field: _Field) -> frozenset[int]:
    return frozenset(number for part in text.split(",") for number in _of_part(part, field))


def _of_part(part: str, field: _Field) -> range:
    match = _PART.fullmatch(part)
    if match is None or (match[1] == "*" and match[2]):
        raise BadCronError(f'the {field.name} "{part}" cannot be read', f"write {field.example}, *, 1,2 or 1-5")
    step = int(match[3]) if match[3] else 1
    if step == 0:
        raise BadCronError(f'the {field.name} "{part}" has a step of 0', "write a step of at least 1, or none")
    if match[1] == "*":
        return range(field.first, (6 if field.name == "weekday" else field.last) + 1, step)
    first = _number(match[1], field)
    # "5/10" is every tenth from 5 on, as most crons read it.
    last = _number(match[2], field) if match[2] else field.last if match[3] else first
    if match[2] and field.name == "weekday" and last == 0:
        last = 7
    if last < first:
        raise BadCronError(
            f'the {field.name} "{part}" ends before it begins', f'write two ranges: "{match[1]}-...,...-{match[2]}"'
        )
    return range(first, last + 1, step)


def _number(word: str, field: _Field) -> int:
    number = int(word) if word.isdigit() else field.names.get(word[:3] if len(word) > 3 else word)
    is_name = not word.isdigit() and number is not None
    full = {name[:3]: name for name in SUNDAY_FIRST} if field.name == "weekday" else {}
    if is_name and len(word) > 3 and full.get(word[:3], word) != word:
        number = None
    if number is None or not field.first <= number <= field.last:
        raise BadCronError(f'no {field.name} "{word}"', f"write {field.example}")
    return number

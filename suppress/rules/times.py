"""Turn times as written into values: durations, instants, times of day, days.

Each reader takes a node and gives the value, or None after noting what is wrong and what to write instead.
"""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from suppress.errors import FactsError
from suppress.facts.instants import US_PER_MINUTE, US_PER_YEAR, to_us
from suppress.rules.document import Node
from suppress.rules.findings import Findings, quoted, suggestion
from suppress.rules.literals import INTEGER, MANY_DIGITS, UNITS_US, Context, scalar
from suppress.rules.tree import ClockTime, Day, Duration, Instant

MAX_YEARS: Final = 100
UNIT_LIST: Final = "seconds, minutes, hours, days, weeks or years"
_ABBREVIATIONS: Final = {
    "s": "seconds", "sec": "seconds", "secs": "seconds", "min": "minutes", "mins": "minutes", "h": "hours",
    "hr": "hours", "hrs": "hours", "d": "days", "w": "weeks", "wk": "weeks", "wks": "weeks", "y": "years",
    "yr": "years", "yrs": "years",
}  # fmt: skip
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIMESTAMP: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?) ?(Z|z|[+-][0-9]{2}:[0-9]{2})?"
)
_DURATION: Final = re.compile(r"([0-9]+)\s*([^\W\d_]+)")
_CLOCK: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_LIKE_CLOCK: Final = re.compile(r"([0-9]{1,2})(?:[:.h ]?([0-9]{2})?(?::00)?) ?([AaPp])?\.?(?:[Mm]\.?)?h?")
_EPOCH: Final = date(1970, 1, 1)


def read_duration(
    node: Node, what: str, findings: Findings, unit_meant: str = "days", units: str = UNIT_LIST
) -> Duration | None:
    """A length of time with its unit: `180 days`. `unit_meant`: the one proposed for a bare number; `units`: others."""
    found = scalar(node, what, findings)
    if found is None:
        return None
    text, position = found.text.strip(), found.position
    if INTEGER.fullmatch(text):
        findings.add(
            "missing-unit",
            f"{what} has no unit: {quoted(text)}",
            position,
            f"write {quoted(text.lstrip('-')[:MANY_DIGITS] + f' {unit_meant}')} or another unit: {units}",
        )
        return None
    match = _DURATION.fullmatch(text)
    if match is None:
        findings.add(
            "not-a-duration",
            f"{what} is a length of time, not {quoted(text)}",
            position,
            f'write a whole number and a unit, for example "30 days"; units are {units}',
        )
        return None
    number, unit = match[1], match[2]
    unit_us = UNITS_US.get(unit.removesuffix("s")) if unit != "s" else None
    if unit_us is None:
        findings.add(
            "unknown-unit", f"there is no unit {quoted(unit)}", position, _unit_help(number[:MANY_DIGITS], unit, units)
        )
        return None
    if len(number) > MANY_DIGITS or int(number) * unit_us > MAX_YEARS * US_PER_YEAR:
        findings.add(
            "duration-too-long",
            f"{what} is longer than {MAX_YEARS} years: {quoted(text)}",
            position,
            "leave it out to look at all times, or write a shorter one",
        )
        return None
    if int(number) == 0:
        findings.add("duration-zero", f"{what} is no time at all: {quoted(text)}", position, "write at least 1 second")
        return None
    return Duration(int(number) * unit_us, text)


def read_instant(node: Node, what: str, context: Context, *, end_of_day: bool = False) -> Instant | None:
    """A date (its first instant in the ruleset's zone, or its end) or a timestamp with zone."""
    findings = context.findings
    found = scalar(node, what, findings)
    if found is None:
        return None
    text, position = found.text, found.position
    stamp = _TIMESTAMP.fullmatch(text)
    if not _DATE.fullmatch(text) and stamp is None:
        findings.add("not-a-date", f"{what} is a date, not {quoted(text)}", position, _date_help(text))
        return None
    try:
        if stamp is None:
            return Instant(_midnight_us(date.fromisoformat(text), context.zone, days_on=int(end_of_day)), text)
        if stamp[3] is None:
            findings.add(
                "missing-zone",
                f"{what} has no time zone: {quoted(text)}",
                position,
                f"write {quoted(f'{stamp[1]}T{stamp[2]}Z')} for UTC, or with an offset such as +01:00",
            )
            return None
        return Instant(to_us(datetime.fromisoformat(f"{stamp[1]}T{stamp[2]}{stamp[3].upper()}")), text)
    except (ValueError, OverflowError, FactsError):
        findings.add("no-such-date", f"there is no date {quoted(text)}", position, "check year, month, day and time")
        return None


def read_clock(node: Node, what: str, findings: Findings) -> ClockTime | None:
    """A time of day, `22:00`, in quotes or not."""
    found = scalar(node, what, findings)
    if found is None:
        return None
    text = found.text
    match = _CLOCK.fullmatch(text)
    if match is None:
        findings.add(
            "not-a-time-of-day",
            f"{what} is a time of day, not {quoted(text)}",
            found.position,
            _clock_help(text),
        )
        return None
    return ClockTime((int(match[1]) * 60 + int(match[2])) * US_PER_MINUTE, text)


def read_day(node: Node, what: str, findings: Findings) -> Day | None:
    """A calendar day, `2026-12-25`."""
    found = scalar(node, what, findings)
    if found is None:
        return None
    text, position = found.text, found.position
    if _DATE.fullmatch(text):
        try:
            return Day((date.fromisoformat(text) - _EPOCH).days, text)
        except ValueError:
            findings.add("no-such-date", f"there is no date {quoted(text)}", position, "check year, month and day")
            return None
    stamp = _TIMESTAMP.fullmatch(text)
    help_ = f'write the day alone: "{stamp[1]}"' if stamp else _day_help(text)
    findings.add("not-a-date", f"{what} is a date, not {quoted(text)}", position, help_)
    return None


def is_clock(text: str) -> bool:
    """Whether a text is a time of day as it must be written."""
    return _CLOCK.fullmatch(text) is not None


def is_date(text: str) -> bool:
    """Whether a text is a date, with a time or without."""
    return bool(_DATE.fullmatch(text) or _TIMESTAMP.fullmatch(text))


def is_duration(text: str) -> bool:
    """Whether a text is a number and a unit of time."""
    match = _DURATION.fullmatch(text)
    return match is not None and match[2].removesuffix("s") in UNITS_US


def _midnight_us(day: date, zone: ZoneInfo, days_on: int) -> int:
    day += timedelta(days=days_on)
    return to_us(datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC))


def _date_help(text: str) -> str:
    return _european(text) or (
        'write year, month and day, for example "2026-12-24", or a time with zone such as "2026-12-24T18:00:00Z"'
    )


def _day_help(text: str) -> str:
    european = _european(text)
    return european or 'write year, month and day, for example "2026-12-25"'


def _european(text: str) -> str | None:
    match = re.fullmatch(r"([0-9]{1,2})([./-])([0-9]{1,2})\2([0-9]{4})", text)
    if match is None:
        return None
    first, second = int(match[1]), int(match[3])
    if match[2] != "." and first <= 12 and second <= 12:
        return None  # 5/6/2026 is in June here and in May there.
    month, day = (first, second) if match[2] != "." and second > 12 else (second, first)
    return f'write year, month, day: "{match[4]}-{month:02}-{day:02}"' if 1 <= month <= 12 and 1 <= day <= 31 else None


def _clock_help(text: str) -> str:
    if text in {"24:00", "24"}:
        return 'midnight is "00:00"'
    match = _LIKE_CLOCK.fullmatch(text)
    if match:
        hour, minute, half = int(match[1]), match[2] or "00", (match[3] or "").lower()
        if half and 1 <= hour <= 12:
            hour = hour % 12 + (12 if half == "p" else 0)
        if hour < 24 and int(minute) < 60:
            return f'write "{hour:02}:{minute}"'
    return 'write hours and minutes, for example "08:00" or "22:30"'


def _unit_help(number: str, unit: str, units: str) -> str:
    if unit.lower().startswith(("month", "quarter")):
        days = 30 if unit.lower().startswith("month") else 90
        exact = f'for example "{int(number) * days} days"' if number else ""
        return f"months and quarters differ in length, so write days: {exact}"
    near = suggestion(unit.lower(), [*UNITS_US, *(f"{name}s" for name in UNITS_US)])
    if unit.lower() in _ABBREVIATIONS:
        return f'write "{number} {_ABBREVIATIONS[unit.lower()]}"'
    return near or f"units are {units}"

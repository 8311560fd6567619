"""Turn the times of a case, as written or told from `as_of`, into instants, and instants into such times again."""

import re
from datetime import datetime
from typing import Final

from suppress.cases.shapes import BadStoryError
from suppress.facts.instants import US_PER_DAY, US_PER_HOUR, US_PER_MINUTE, US_PER_SECOND, from_us, to_us
from suppress.rules.literals import UNITS_US

_RELATIVE: Final = re.compile(r"(?:in ([0-9]{1,15}) ([a-z]+?)s?|([0-9]{1,15}) ([a-z]+?)s? ago)")
_MOST_US: Final = 1000 * UNITS_US["year"]
_UNITS_US: Final = {**UNITS_US, "microsecond": 1, "millisecond": 1000}
_TOLD_IN: Final = {"day": US_PER_DAY, "hour": US_PER_HOUR, "minute": US_PER_MINUTE, "second": US_PER_SECOND}
_MOST_OF_A_UNIT: Final = 10_000
"""Nobody counts further in hours, minutes or seconds; days are counted however many they are."""


def is_relative(text: str) -> bool:
    """Whether a time is told from `as_of`."""
    return text == "now" or _RELATIVE.fullmatch(text) is not None


def instant_us(told: object, as_of_us: int, what: str) -> int:
    """The instant meant by a time as written, or as told from `as_of`."""
    text = str(told)
    relative = _RELATIVE.fullmatch(text)
    if text == "now":
        return as_of_us
    if relative:
        number, unit = relative[1] or relative[3], relative[2] or relative[4]
        length_us = int(number) * _UNITS_US.get(unit, _MOST_US)
        if length_us < _MOST_US:
            return as_of_us + length_us if relative[1] else as_of_us - length_us
    try:
        return to_us(datetime.fromisoformat(text))
    except ValueError:
        raise BadStoryError(
            f'{what} is "{text}", which is not a time',
            "write e.g. 2026-11-22T09:00:00Z, 6 days ago, in 2 hours, now",
        ) from None


def told_us(at_us: int, as_of_us: int, like: str | None = None) -> str:
    """An instant as a case would tell it: `in 3 days`, `now`, `2 hours ago`; exactly, in UTC, where no unit fits.

    `like`: the time it takes the place of, whose way of telling it keeps: its unit, or its zone.
    """
    if like is not None and not is_relative(like) and like != "never":
        return _exactly(at_us, like)
    if at_us == as_of_us:
        return "now"
    distance_us = abs(at_us - as_of_us)
    for unit, length_us in (*_unit_of(like), *_TOLD_IN.items()):
        count, rest = divmod(distance_us, length_us)
        if rest == 0 and (count < _MOST_OF_A_UNIT or length_us >= US_PER_DAY):
            told = f"{count} {unit}{'' if count == 1 else 's'}"
            return f"in {told}" if at_us > as_of_us else f"{told} ago"
    return _exactly(at_us)


def _unit_of(like: str | None) -> tuple[tuple[str, int], ...]:
    found = _RELATIVE.fullmatch(like or "")
    unit = (found[2] or found[4]) if found else ""
    return ((unit, _UNITS_US[unit]),) if unit in _UNITS_US else ()


def _exactly(at_us: int, like: str | None = None) -> str:
    at = from_us(at_us)
    try:
        zone = datetime.fromisoformat(like).tzinfo if like is not None else None
    except ValueError:
        zone = None
    return (at if zone is None else at.astimezone(zone)).isoformat().replace("+00:00", "Z")

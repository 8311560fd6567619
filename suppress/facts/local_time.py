"""Turn instants into what a clock and a calendar on the wall show in a time zone, and back. Exact on every night.

Where clocks go forward, a local time that does not exist means the first instant after the gap. Where they go back, a
local time that comes twice means the first of the two, or the next one to come. Weeks begin on Monday (ISO 8601).
"""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from suppress.facts.fields import WEEKDAYS
from suppress.facts.instants import US_PER_DAY, from_us, to_us

_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
_MICROSECOND: Final = timedelta(microseconds=1)
_FIRST_US: Final = to_us(datetime(2, 1, 1, tzinfo=UTC))
_LAST_US: Final = to_us(datetime(9998, 1, 1, tzinfo=UTC))
"""Beyond these the calendar has no room for the days around; nobody sends messages there."""


@lru_cache(maxsize=4096)
def zone_of(name: str | None) -> ZoneInfo | None:
    """The zone of an IANA name; None when there is none of that name."""
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def clock_us(at_us: int, zone: ZoneInfo) -> int:
    """Microseconds the wall clock shows past midnight (not those passed since: they differ when clocks change)."""
    local = _local(at_us, zone)
    return (local.replace(tzinfo=None) - datetime(local.year, local.month, local.day)) // _MICROSECOND  # noqa: DTZ001


def day_number(at_us: int, zone: ZoneInfo) -> int:
    """The local date, in days since 1 January 1970."""
    return _local(at_us, zone).toordinal() - _EPOCH_DAY


def weekday(at_us: int, zone: ZoneInfo) -> str:
    """The local day of the week: `monday` to `sunday`."""
    return WEEKDAYS[_local(at_us, zone).weekday()]


def next_midnight_us(at_us: int, zone: ZoneInfo) -> int:
    """The first instant of the next local day."""
    return _day_begins_us(_local(at_us, zone).date() + timedelta(days=1), zone)


def period_us(at_us: int, period: str, zone: ZoneInfo) -> tuple[int, int]:
    """The first instant of the local `day`, `week` or `month` around `at_us`, and the first of the next one."""
    today = _local(at_us, zone).date()
    match period:
        case "day":
            first, following = today, today + timedelta(days=1)
        case "week":
            first = today - timedelta(days=today.weekday())
            following = first + timedelta(days=7)
        case _:
            first = today.replace(day=1)
            following = (first + timedelta(days=31)).replace(day=1)
    return _day_begins_us(first, zone), _day_begins_us(following, zone)


def next_clock_us(after_us: int, wall_us: int, zone: ZoneInfo) -> int:
    """The first instant after `after_us` at which the wall clock shows `wall_us` past midnight, or jumps over it."""
    today = _local(after_us, zone).date()
    shown = (
        at_us
        for days in range(-1, 4)
        for at_us in _instants_of(today + timedelta(days=days), wall_us, zone)
        if at_us > after_us
    )
    return min(shown, default=after_us + US_PER_DAY)


def next_turn_us(after_us: int, walls_us: tuple[int, ...], zone: ZoneInfo) -> int:
    """The first instant after `after_us` at which a comparison of the local time with one of `walls_us` may change.

    Beside the times themselves: midnight, and the instant at which clocks are set.
    """
    turn_us = min((next_midnight_us(after_us, zone), *(next_clock_us(after_us, wall_us, zone) for wall_us in walls_us)))
    set_us = _clocks_set_us(after_us, turn_us, zone)
    return turn_us if set_us is None else min(turn_us, set_us)


def _day_begins_us(day: date, zone: ZoneInfo) -> int:
    return min(_instants_of(day, 0, zone))


@lru_cache(maxsize=1024)
def _instants_of(day: date, wall_us: int, zone: ZoneInfo) -> tuple[int, ...]:
    """The one or two instants at which a wall clock shows this; that after the gap when it never does."""
    wall = datetime(day.year, day.month, day.day) + timedelta(microseconds=wall_us)  # noqa: DTZ001
    first_us, second_us = (to_us(wall.replace(tzinfo=zone, fold=fold)) for fold in (0, 1))
    if first_us == second_us:
        return (first_us,)
    if second_us < first_us:
        jump_us = _clocks_set_us(second_us - 1, first_us, zone)
        return (first_us,) if jump_us is None else (jump_us,)
    return first_us, second_us


def _clocks_set_us(after_us: int, until_us: int, zone: ZoneInfo) -> int | None:
    """The instant in (after, until] from which the zone's offset is that of `until_us`; None when it stays the same."""
    offset = _offset(until_us, zone)
    if _offset(after_us, zone) == offset or until_us - after_us > 2 * US_PER_DAY:
        return None
    low, high = after_us, until_us
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(middle, zone) == offset:
            high = middle
        else:
            low = middle
    return high


def _local(at_us: int, zone: ZoneInfo) -> datetime:
    return from_us(min(max(at_us, _FIRST_US), _LAST_US)).astimezone(zone)


def _offset(at_us: int, zone: ZoneInfo) -> timedelta | None:
    return _local(at_us, zone).utcoffset()

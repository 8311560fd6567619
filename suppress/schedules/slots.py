"""Turn a schedule into instants: when its messages go out, and when a scan of them is due.

Local dates are walked, never a clock, so nights on which clocks change are exact: one send per local date and time.
A local time that does not exist means the first instant after the gap, one that comes twice the first of the two;
sends that so fall on one instant are one. A date the zone left out altogether has none.
"""

from datetime import date, datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from suppress.facts.fields import WEEKDAYS
from suppress.facts.instants import US_PER_DAY, from_us, to_us
from suppress.facts.local_time import next_clock_us
from suppress.schedules.schedule import Cron, Moments, Schedule

_LOOK_AHEAD_DAYS: Final = (1, 8, 40, 400, 9 * 366)
"""The last finds a 29th of February even around 2100, which has none."""


class Slot(NamedTuple):
    """One scan that is due: at `due_us`, for the send at `send_us`, `before_us` earlier."""

    due_us: int
    send_us: int
    before_us: int


def sends(when: Cron | Moments, after_us: int, until_us: int) -> list[int]:
    """The instants in (after, until] at which messages go out, ascending, each once."""
    if isinstance(when, Moments):
        return sorted({at_us for at_us in when.at_us if after_us < at_us <= until_us})
    zone = ZoneInfo(when.zone)
    found: set[int] = set()
    # A gap before midnight takes a time into the next date; clocks set back at midnight show a date before the last.
    day = from_us(after_us).astimezone(zone).date() - timedelta(days=1)
    last = from_us(until_us).astimezone(zone).date() + timedelta(days=1)
    while day <= last:
        if _is_date_of(when, day) and _exists(day, zone):
            found.update(
                at_us
                for at_us in (_instant_us(day, clock_us, zone) for clock_us in when.clocks_us)
                if after_us < at_us <= until_us
            )
        day += timedelta(days=1)
    return sorted(found)


def slots(schedule: Schedule, after_us: int, until_us: int) -> list[Slot]:
    """The scans due in (after, until], in the order they are due; of those due at once, the earlier send first."""
    furthest_us, nearest_us = max(schedule.before_us), min(schedule.before_us)
    found = (
        Slot(send_us - before_us, send_us, before_us)
        for send_us in sends(schedule.when, after_us + nearest_us, until_us + furthest_us)
        for before_us in schedule.before_us
    )
    return sorted(slot for slot in found if after_us < slot.due_us <= until_us)


def next_slot(schedule: Schedule, after_us: int) -> Slot | None:
    """The first scan due after an instant; None when there will be none."""
    if isinstance(schedule.when, Moments):
        return next(iter(slots(schedule, after_us, max(schedule.when.at_us))), None)
    for days in _LOOK_AHEAD_DAYS:
        found = slots(schedule, after_us, after_us + days * US_PER_DAY)
        if found:
            return found[0]
    return None


def instant_of(local: datetime, zone: ZoneInfo) -> int:
    """The instant a wall clock shows `local` (naive), exact as told above."""
    first_us, second_us = (to_us(local.replace(tzinfo=zone, fold=fold)) for fold in (0, 1))
    if second_us >= first_us:
        return first_us
    midnight = datetime(local.year, local.month, local.day)  # noqa: DTZ001 - a wall clock has no zone
    return next_clock_us(second_us, (local - midnight) // timedelta(microseconds=1), zone)


def _instant_us(day: date, clock_us: int, zone: ZoneInfo) -> int:
    midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - a wall clock has no zone
    return instant_of(midnight + timedelta(microseconds=clock_us), zone)


def _exists(day: date, zone: ZoneInfo) -> bool:
    return from_us(_instant_us(day, 0, zone)).astimezone(zone).date() == day


def _is_date_of(cron: Cron, day: date) -> bool:
    if day.month not in cron.months:
        return False
    is_day = cron.days is None or day.day in cron.days
    is_weekday = cron.weekdays is None or WEEKDAYS[day.weekday()] in cron.weekdays
    return (is_day or is_weekday) if cron.either else (is_day and is_weekday)


def local_words(at_us: int, zone: str) -> tuple[str, str]:
    """The local date and time of an instant as they stand in paths: `2026-12-01`, `0900` (`090030` with seconds)."""
    local = from_us(at_us).astimezone(ZoneInfo(zone))
    return local.strftime("%Y-%m-%d"), local.strftime("%H%M%S" if local.second else "%H%M")

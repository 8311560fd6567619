"""How the naive oracle reads wall clocks: it walks them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
QUARTER = timedelta(minutes=15)


def zone_of(name: str) -> ZoneInfo | None:
    """The zone of that name; None when there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def wall(at: datetime, zone: ZoneInfo) -> datetime:
    """What a calendar with a clock on the wall shows at that instant."""
    return at.astimezone(zone).replace(tzinfo=None)


def next_showing(after: datetime, hour: int, minute: int, zone: ZoneInfo, step: timedelta = MINUTE) -> datetime:
    """The first instant after `after` at which the wall shows hour:minute, or has just leapt over it."""
    before = wall(after, zone)
    at = after.astimezone(UTC).replace(second=0, microsecond=0)
    while True:
        at += step
        now = wall(at, zone)
        shown = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
        if now == shown:
            return at
        leapt = now - before > step
        if leapt and any(before < missed < now for missed in (shown, shown - timedelta(days=1))):
            return at
        before = now


def first_instant_of(day: date, zone: ZoneInfo, step: timedelta = QUARTER) -> datetime:
    """The first instant at which the wall shows that day, midnight or, where there was none, later."""
    midnight = datetime.combine(day, time.min)
    at = midnight.replace(tzinfo=UTC) - timedelta(hours=16)
    while wall(at, zone) < midnight:
        at += step
    return at

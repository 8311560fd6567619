"""Clocks and calendars of time zones, compared with walking through the night minute by minute."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suppress.facts.instants import US_PER_DAY, US_PER_MINUTE, from_us, to_us
from suppress.facts.local_time import (
    clock_us,
    day_number,
    next_clock_us,
    next_midnight_us,
    next_turn_us,
    period_us,
    weekday,
    zone_of,
)

NIGHTS = {
    "Zurich in spring": ("Europe/Zurich", "2026-03-28T20:00:00Z"),
    "Zurich in autumn": ("Europe/Zurich", "2026-10-24T20:00:00Z"),
    "New York in spring": ("America/New_York", "2026-03-08T03:00:00Z"),
    "New York in autumn": ("America/New_York", "2026-11-01T02:00:00Z"),
    "half an hour on Lord Howe": ("Australia/Lord_Howe", "2026-10-03T10:00:00Z"),
    "no midnight in Sao Paulo": ("America/Sao_Paulo", "2018-11-03T22:00:00Z"),
    "midnight twice in Sao Paulo": ("America/Sao_Paulo", "2018-02-17T22:00:00Z"),
    "no midnight in Cairo": ("Africa/Cairo", "2026-04-23T18:00:00Z"),
    "a day that never was in Apia": ("Pacific/Apia", "2011-12-30T02:00:00Z"),
    "an ordinary night": ("UTC", "2026-11-22T20:00:00Z"),
}
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001
FIRST, LAST = EPOCH.replace(year=1971), EPOCH.replace(year=2100)
WALLS_MINUTES = (0, 1, 90, 120, 125, 150, 165, 180, 480, 1439)


def _minutes(start: str, count: int = 26 * 60) -> list[int]:
    start_us = to_us(datetime.fromisoformat(start))
    return [start_us + minute * US_PER_MINUTE for minute in range(count)]


def _wall(at_us: int, zone: ZoneInfo) -> datetime:
    return from_us(at_us).astimezone(zone).replace(tzinfo=None)


@pytest.mark.parametrize("wall_minutes", WALLS_MINUTES)
@pytest.mark.parametrize("night", NIGHTS)
def test_next_time_of_day_is_the_first_at_which_the_clock_shows_it_or_jumps_over_it(
    night: str, wall_minutes: int
) -> None:
    """From any minute of the night, the answer is the first later one that a person watching the clock would name."""
    name, start = NIGHTS[night]
    zone, wall_us = ZoneInfo(name), wall_minutes * US_PER_MINUTE
    minutes = _minutes(start, 50 * 60)
    walls = [_wall(at_us, zone) for at_us in minutes]
    passes = [
        at_us
        for before, after, at_us in zip(walls, walls[1:], minutes[1:], strict=False)
        if after == _at(after, wall_minutes) or (after > before and _jumped_over(before, after, wall_minutes))
    ]
    for after_us in minutes[: 24 * 60 : 7]:
        expected = next(at_us for at_us in passes if at_us > after_us)

        assert from_us(expected) == from_us(next_clock_us(after_us, wall_us, zone))


def _at(wall: datetime, minutes: int) -> datetime:
    return datetime.combine(wall.date(), datetime.min.time()) + timedelta(minutes=minutes)


def _jumped_over(before: datetime, after: datetime, wall_minutes: int) -> bool:
    days = (after.date() - before.date()).days
    return any(before < _at(before + timedelta(days=day), wall_minutes) <= after for day in range(days + 1))


@pytest.mark.parametrize("night", NIGHTS)
def test_comparisons_hold_until_the_next_turn(night: str) -> None:
    """Between an instant and its next turn, no comparison of the local time with one of the times changes."""
    name, start = NIGHTS[night]
    zone = ZoneInfo(name)
    walls_us = (125 * US_PER_MINUTE, 150 * US_PER_MINUTE)
    minutes = _minutes(start)
    for place, after_us in enumerate(minutes[: 20 * 60]):
        turn_us = next_turn_us(after_us, walls_us, zone)
        for at_us in minutes[place : place + 200 : 9]:
            if at_us < turn_us:
                assert _said(after_us, walls_us, zone) == _said(at_us, walls_us, zone)


def _said(at_us: int, walls_us: tuple[int, ...], zone: ZoneInfo) -> list[bool]:
    return [clock_us(at_us, zone) < wall_us for wall_us in walls_us]


@pytest.mark.parametrize("night", NIGHTS)
def test_days_begin_at_the_first_instant_of_their_date(night: str) -> None:
    """A day, a week and a month begin with the first minute that bears their date, and end with the next one's."""
    name, start = NIGHTS[night]
    zone = ZoneInfo(name)
    for at_us in _minutes(start)[::11]:
        midnight_us = next_midnight_us(at_us, zone)

        assert _wall(midnight_us, zone).date() > _wall(at_us, zone).date()
        assert _wall(midnight_us - 1, zone).date() == _wall(at_us, zone).date()
        for period, same in (("day", _day), ("week", _week), ("month", _month)):
            first_us, next_us = period_us(at_us, period, zone)

            assert first_us <= at_us < next_us
            assert same(_wall(first_us, zone)) == same(_wall(at_us, zone)) == same(_wall(next_us - 1, zone))
            assert same(_wall(first_us - 1, zone)) != same(_wall(at_us, zone)) != same(_wall(next_us, zone))


def _day(wall: datetime) -> object:
    return wall.date()


def _week(wall: datetime) -> object:
    return wall.isocalendar()[:2]


def _month(wall: datetime) -> object:
    return wall.year, wall.month


@settings(max_examples=300, deadline=None)
@given(st.datetimes(min_value=FIRST, max_value=LAST), st.sampled_from(sorted(NIGHTS)))
def test_clock_date_and_weekday_are_those_on_the_wall(at: datetime, night: str) -> None:
    """The parts put together again give the local time."""
    zone = ZoneInfo(NIGHTS[night][0])
    at_us = to_us(at.replace(tzinfo=UTC))
    wall = _wall(at_us, zone)

    assert wall == EPOCH + timedelta(days=day_number(at_us, zone), microseconds=clock_us(at_us, zone))
    assert f"{wall:%A}".lower() == weekday(at_us, zone)


@pytest.mark.parametrize("name", ["", None, "No/Where", "../etc/passwd", "/etc/localtime", "x" * 300, "a\x00b"])
def test_a_name_that_is_no_zone_gives_none(name: str | None) -> None:
    """Whatever a feed calls a zone, nothing is raised."""
    assert zone_of(name) is None


@pytest.mark.parametrize("at", [datetime(1, 1, 1, tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
def test_the_ends_of_the_calendar_raise_nothing(at: datetime) -> None:
    """A date nobody means does not stop a check."""
    zone = ZoneInfo("Europe/Zurich")

    assert isinstance(next_clock_us(to_us(at), 0, zone) + next_midnight_us(to_us(at), zone), int)
    assert isinstance(period_us(to_us(at), "month", zone)[0] + US_PER_DAY, int)

"""When scans are due: local dates and times on ordinary days and on the nights clocks change."""

from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from suppress.facts.instants import US_PER_DAY, US_PER_HOUR, US_PER_MINUTE, from_us, to_us
from suppress.schedules.cron import BadCronError, parse_cron
from suppress.schedules.schedule import Cron, Files, Moments, Schedule
from suppress.schedules.slots import Slot, next_slot, sends, slots

ZURICH, NEW_YORK, LORD_HOWE = "Europe/Zurich", "America/New_York", "Australia/Lord_Howe"
APIA, HAVANA, CAIRO, KWAJALEIN = "Pacific/Apia", "America/Havana", "Africa/Cairo", "Pacific/Kwajalein"


def us(text: str) -> int:
    return to_us(datetime.fromisoformat(text).replace(tzinfo=UTC))


def utc(at_us: int) -> str:
    return from_us(at_us).strftime("%Y-%m-%dT%H:%M")


def schedule(when: Cron | Moments, *before_us: int) -> Schedule:
    return Schedule(
        name="s", messages=Files(path="m"), when=when, before_us=before_us or (0,), out="o/{date}", folder=Path("/")
    )


def sends_of(cron: str, zone: str, first: str, last: str) -> list[str]:
    return [utc(at_us) for at_us in sends(parse_cron(cron, zone), us(first), us(last))]


NIGHTS = [
    # zone, cron, after (UTC), until (UTC), sends (UTC)
    pytest.param(ZURICH, "30 2 * * *", "2026-03-28T00:00", "2026-03-31T00:00",
                 ["2026-03-28T01:30", "2026-03-29T01:00", "2026-03-30T00:30"], id="gap: 02:30 becomes 03:00"),
    pytest.param(ZURICH, "0 3 * * *", "2026-03-28T12:00", "2026-03-30T12:00",
                 ["2026-03-29T01:00", "2026-03-30T01:00"], id="gap: the first time after it is itself"),
    pytest.param(ZURICH, "0,15,30,45 2 * * *", "2026-03-28T12:00", "2026-03-29T12:00",
                 ["2026-03-29T01:00"], id="gap: several times in it are one send"),
    pytest.param(ZURICH, "30 2 * * *", "2026-10-24T12:00", "2026-10-26T12:00",
                 ["2026-10-25T00:30", "2026-10-26T01:30"], id="fold: 02:30 comes twice, the first counts"),
    pytest.param(ZURICH, "0 9 * * *", "2026-10-24T00:00", "2026-10-27T00:00",
                 ["2026-10-24T07:00", "2026-10-25T08:00", "2026-10-26T08:00"], id="09:00 stays 09:00 in autumn"),
    pytest.param(NEW_YORK, "30 1 * * *", "2026-10-31T12:00", "2026-11-02T12:00",
                 ["2026-11-01T05:30", "2026-11-02T06:30"], id="New York: 01:30 once on 1 November"),
    pytest.param(NEW_YORK, "30 2 * * *", "2026-03-13T12:00", "2026-03-15T12:00",
                 ["2026-03-14T06:30", "2026-03-15T06:30"], id="New York: nothing to see a week after the change"),
    pytest.param(NEW_YORK, "30 2 * * *", "2027-03-13T12:00", "2027-03-15T12:00",
                 ["2027-03-14T07:00", "2027-03-15T06:30"], id="New York: 02:30 on 14 March 2027 is 03:00"),
    pytest.param(LORD_HOWE, "15 2 * * *", "2026-10-02T20:00", "2026-10-04T20:00",
                 ["2026-10-03T15:30", "2026-10-04T15:15"], id="Lord Howe: half an hour is skipped"),
    pytest.param(LORD_HOWE, "45 1 * * *", "2026-04-03T20:00", "2026-04-05T20:00",
                 ["2026-04-04T14:45", "2026-04-05T15:15"], id="Lord Howe: half an hour comes twice"),
    pytest.param(APIA, "0 9 * * *", "2011-12-28T12:00", "2012-01-01T12:00",
                 ["2011-12-28T19:00", "2011-12-29T19:00", "2011-12-30T19:00", "2011-12-31T19:00"],
                 id="Apia: 30 December 2011 never was"),
    pytest.param(APIA, "0 9 30 12 *", "2010-12-01T00:00", "2013-01-10T00:00",
                 ["2010-12-30T19:00", "2012-12-29T19:00"], id="Apia: no send on a date that never was"),
    pytest.param(KWAJALEIN, "0 9 * * *", "1993-08-19T12:00", "1993-08-23T12:00",
                 ["1993-08-19T21:00", "1993-08-20T21:00", "1993-08-21T21:00", "1993-08-22T21:00"],
                 id="Kwajalein: 21 August 1993 never was"),
    pytest.param(HAVANA, "0 0 * * *", "2026-03-07T12:00", "2026-03-09T12:00",
                 ["2026-03-08T05:00", "2026-03-09T04:00"], id="Havana: a day without midnight begins at 01:00"),
    pytest.param(HAVANA, "0 0 * * *", "2026-10-31T12:00", "2026-11-02T12:00",
                 ["2026-11-01T04:00", "2026-11-02T05:00"], id="Havana: midnight comes twice"),
    pytest.param(CAIRO, "30 23 * * *", "2026-10-28T12:00", "2026-10-30T23:00",
                 ["2026-10-28T20:30", "2026-10-29T20:30", "2026-10-30T21:30"], id="Cairo: 23:30 twice before midnight"),
]  # fmt: skip


@pytest.mark.parametrize(("zone", "cron", "after", "until", "wanted"), NIGHTS)
def test_nights(zone: str, cron: str, after: str, until: str, wanted: list[str]) -> None:
    """One send per local date and time, whatever the clocks do."""
    assert wanted == sends_of(cron, zone, after, until)


WEEKDAYS = [
    ("0 9 * * 0", ["2026-11-29"]), ("0 9 * * 7", ["2026-11-29"]), ("0 9 * * sun", ["2026-11-29"]),
    ("0 9 * * 1", ["2026-11-23"]), ("0 9 * * MON", ["2026-11-23"]), ("0 9 * * Monday", ["2026-11-23"]),
    ("0 9 * * 1-5", [f"2026-11-{day}" for day in (23, 24, 25, 26, 27)]),
    ("0 9 * * mon-fri", [f"2026-11-{day}" for day in (23, 24, 25, 26, 27)]),
    ("0 9 * * 5-7", ["2026-11-27", "2026-11-28", "2026-11-29"]),
    ("0 9 * * sat-sun", ["2026-11-28", "2026-11-29"]), ("0 9 * * 0,6", ["2026-11-28", "2026-11-29"]),
    ("0 9 * * */2", ["2026-11-24", "2026-11-26", "2026-11-28", "2026-11-29"]),
    ("0 9 24 * *", ["2026-11-24"]), ("0 9 24 * fri", ["2026-11-24", "2026-11-27"]), ("0 9 * nov tue", ["2026-11-24"]),
    ("0 9 */8 * *", ["2026-11-25"]), ("0 9 24 12 *", []),
]  # fmt: skip


@pytest.mark.parametrize(("cron", "wanted"), WEEKDAYS)
def test_weekdays_count_from_sunday(cron: str, wanted: list[str]) -> None:
    """In the week of Monday 23 November 2026: 0 and 7 are Sunday, names are names, day or weekday as in cron."""
    assert wanted == [text[:10] for text in sends_of(cron, "UTC", "2026-11-23T00:00", "2026-11-29T23:59")]


TIMES = [
    ("0 9 * * *", ["09:00"]), ("5,50 9,21 * * *", ["09:05", "09:50", "21:05", "21:50"]),
    ("*/20 10 * * *", ["10:00", "10:20", "10:40"]), ("10-30/10 0 * * *", ["00:10", "00:20", "00:30"]),
    ("50/5 23 * * *", ["23:50", "23:55"]), ("0 22-23 * * *", ["22:00", "23:00"]),
]  # fmt: skip


@pytest.mark.parametrize(("cron", "wanted"), TIMES)
def test_times_of_a_day(cron: str, wanted: list[str]) -> None:
    """Lists, ranges and steps of minutes and hours."""
    assert wanted == [text[11:] for text in sends_of(cron, "UTC", "2026-11-22T23:59", "2026-11-23T23:59")]


@pytest.mark.parametrize(
    ("cron", "message", "help_"),
    [
        ("0 9 * *", "5 fields, not 4", "0 9 * * mon-fri"),
        ("0 0 9 * * *", "there are no seconds", "minute, hour, day"),
        ("60 9 * * *", 'no minute "60"', "0 to 59"),
        ("0 24 * * *", 'no hour "24"', "0 to 23"),
        ("0 9 0 * *", 'no day "0"', "1 to 31"),
        ("0 9 * 13 *", 'no month "13"', "jan to dec"),
        ("0 9 * * 8", 'no weekday "8"', "0 and 7 are Sunday"),
        ("0 9 * * montag", 'no weekday "montag"', "mon to sun"),
        ("0 9 * * fri-mon", "ends before it begins", "two ranges"),
        ("0 9 L * *", 'no day "l"', "1 to 31"),
        ("0 9 * * mon#2", "cannot be read", "mon to sun"),
        ("*/0 9 * * *", "a step of 0", "at least 1"),
        ("0 9 31 2 *", "no month it names has such a day", "check day and month"),
        ("@daily", "is a shortcut", 'write "0 0 * * *"'),
        ("", "5 fields, not 0", "0 9 * * mon-fri"),
    ],
)
def test_what_cron_cannot_mean(cron: str, message: str, help_: str) -> None:
    """An expression that cannot be read is refused, with what to write."""
    with pytest.raises(BadCronError, match=message) as refused:
        parse_cron(cron, "UTC")

    assert help_ in refused.value.help


def test_scans_come_before_their_send() -> None:
    """A send at 09:00 in Zurich with 60 and 5 minutes has scans at 07:00 and 07:55 UTC in summer time."""
    summer = schedule(parse_cron("0 9 * * *", ZURICH), US_PER_HOUR, 5 * US_PER_MINUTE)
    send_us = us("2026-07-01T07:00")

    assert [
        Slot(us("2026-07-01T06:00"), send_us, US_PER_HOUR),
        Slot(us("2026-07-01T06:55"), send_us, 5 * US_PER_MINUTE),
    ] == slots(summer, us("2026-07-01T00:00"), us("2026-07-01T23:00"))


def test_scans_before_a_send_in_the_gap() -> None:
    """An hour before 03:00 summer time, the first instant after the gap, it is 01:00 winter time."""
    night = schedule(parse_cron("30 2 * * *", ZURICH), US_PER_HOUR)

    assert [us("2026-03-29T00:00")] == [s.due_us for s in slots(night, us("2026-03-28T12:00"), us("2026-03-29T12:00"))]


def test_bounds_are_after_and_until() -> None:
    """A window holds its end and not its beginning, so that windows laid side by side hold each scan once."""
    daily = schedule(parse_cron("0 9 * * *", "UTC"), US_PER_HOUR)
    due_us = us("2026-11-23T08:00")

    assert [] == slots(daily, due_us, due_us + US_PER_HOUR)
    assert [due_us] == [slot.due_us for slot in slots(daily, due_us - 1, due_us)]


@pytest.mark.parametrize("zone", [ZURICH, NEW_YORK, LORD_HOWE, HAVANA, CAIRO, APIA, "Asia/Kathmandu"])
@pytest.mark.parametrize("step_minutes", [7, 60, 1441])
def test_windows_side_by_side_lose_and_double_nothing(zone: str, step_minutes: int) -> None:
    """However a year is cut into windows, together they hold what the whole holds."""
    every = schedule(parse_cron("*/30 0-3,23 * * *", zone), US_PER_HOUR, 5 * US_PER_MINUTE)
    first_us, last_us = us("2026-03-01T00:00"), us("2026-04-10T00:00")
    step_us = step_minutes * US_PER_MINUTE * (20 if step_minutes == 7 else 1)
    edges = [*range(first_us, last_us, step_us), last_us]
    parts = [slot for low, high in pairwise(edges) for slot in slots(every, low, high)]

    assert slots(every, first_us, last_us) == parts


@pytest.mark.parametrize(
    ("cron", "after", "wanted"),
    [
        ("0 9 29 2 *", "2026-11-23T00:00", "2028-02-29T09:00"),
        ("0 9 29 2 *", "2096-03-01T00:00", "2104-02-29T09:00"),
        ("0 9 1 1 *", "2026-01-01T09:00", "2027-01-01T09:00"),
        ("* * * * *", "2026-11-23T10:00", "2026-11-23T10:01"),
    ],
)
def test_next_scan(cron: str, after: str, wanted: str) -> None:
    """The next one is found however far it is."""
    found = next_slot(schedule(parse_cron(cron, "UTC")), us(after))

    assert found is not None
    assert wanted == utc(found.due_us)


def test_moments_end() -> None:
    """After the last of a list of moments there is no next scan."""
    twice = schedule(Moments(at_us=(10 * US_PER_DAY, 11 * US_PER_DAY), zone="UTC"), US_PER_HOUR)

    assert Slot(11 * US_PER_DAY - US_PER_HOUR, 11 * US_PER_DAY, US_PER_HOUR) == next_slot(twice, 10 * US_PER_DAY)
    assert next_slot(twice, 11 * US_PER_DAY - US_PER_HOUR) is None

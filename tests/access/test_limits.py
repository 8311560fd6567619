"""Rate limits: never more than the rate allows, never less than it promises, whatever the times and costs."""

import threading
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suppress.access.limits import DISORDER_US, Allowance, Limits, Rate

SECOND_US = 1_000_000
rates = st.builds(Rate, requests=st.integers(1, 5_000), seconds=st.integers(1, 120), burst=st.integers(1, 50))
steps_us = st.one_of(st.integers(0, 1_000), st.integers(0, 3 * SECOND_US), st.integers(0, 400 * SECOND_US))
asked = st.lists(st.tuples(steps_us, st.integers(1, 60)), max_size=60)


def per_us(rate: Rate) -> Fraction:
    return Fraction(rate.requests, rate.seconds * SECOND_US)


def test_in_terms_of_the_headers() -> None:
    """Three at once, then one every two seconds; each answer says what is left, and when to come again."""
    limits = Limits(Rate(requests=1, seconds=2, burst=3))
    asked_us = (0, 0, 0, 0, 1_999_999, 2_000_000, 2_000_001)

    assert [
        Allowance(3, 2, 2, None), Allowance(3, 1, 4, None), Allowance(3, 0, 6, None), Allowance(3, 0, 6, 2),
        Allowance(3, 0, 5, 1), Allowance(3, 0, 6, None), Allowance(3, 0, 6, 2),
    ] == [limits.take("k", us) for us in asked_us]  # fmt: skip


@given(rates, asked)
def test_as_a_bucket_of_fractions(rate: Rate, steps: list[tuple[int, int]]) -> None:
    """Every answer is that of a bucket reckoned in fractions from the whole past."""
    limits, level, now_us = Limits(rate), Fraction(rate.burst), 0
    for step_us, cost in steps:
        now_us += step_us
        level = min(Fraction(rate.burst), level + step_us * per_us(rate))
        is_granted = level >= min(cost, rate.burst)
        level -= cost if is_granted else 0
        found = limits.take("k", now_us, cost)

        assert (rate.burst, is_granted, max(level // 1, 0)) == (found.limit, found.is_granted, found.remaining)


@given(rates, asked)
def test_never_more_than_the_rate(rate: Rate, steps: list[tuple[int, int]]) -> None:
    """Between any two moments no more is granted than the burst and what came in; beyond it only the last request."""
    limits, now_us, granted = Limits(rate), 0, []
    for step_us, cost in steps:
        now_us += step_us
        if limits.take("k", now_us, cost).is_granted:
            granted.append((now_us, cost))
    for first, (from_us, _) in enumerate(granted):
        total = 0
        for until_us, cost in granted[first:]:
            allowed = rate.burst + (until_us - from_us) * per_us(rate)

            assert total + min(cost, rate.burst) <= allowed
            total += cost


@given(rates, asked, st.integers(1, 60))
def test_who_waits_is_served(rate: Rate, steps: list[tuple[int, int]], cost: int) -> None:
    """Whoever waits as long as told is granted what was refused; after `reset_s` all is there again."""
    limits, now_us = Limits(rate), 0
    for step_us, before in steps:
        now_us += step_us
        limits.take("k", now_us, before)
    refused = limits.take("k", now_us, cost)
    if not refused.is_granted:
        now_us += (refused.retry_after_s or 0) * SECOND_US

        assert limits.take("k", now_us, cost).is_granted
    now_us += limits.take("k", now_us, rate.burst).reset_s * SECOND_US

    assert limits.take("k", now_us, rate.burst).is_granted


@given(rates, st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, DISORDER_US)), min_size=1, max_size=60))
def test_disorder_adds_nothing(rate: Rate, steps: list[tuple[int, int]]) -> None:
    """Threads that hand in times a little late together get no more than the newest time allows."""
    limits, now_us, granted = Limits(rate), 10 * SECOND_US, 0
    first_us = now_us - DISORDER_US
    for step_us, late_us in steps:
        now_us += step_us
        granted += limits.take("k", now_us - late_us).is_granted

    assert granted <= rate.burst + (now_us - first_us) * per_us(rate)


@given(rates, st.integers(DISORDER_US + 1, 10**15))
def test_a_clock_set_back_starves_nobody(rate: Rate, back_us: int) -> None:
    """After the clock was set back a bucket goes on filling from there."""
    limits, now_us = Limits(rate), 2 * 10**15
    limits.take("k", now_us, rate.burst)
    refused = limits.take("k", now_us - back_us, rate.burst)

    assert not refused.is_granted
    assert limits.take("k", now_us - back_us + (refused.retry_after_s or 0) * SECOND_US, rate.burst).is_granted


def test_a_late_time_adds_nothing() -> None:
    """A time from a second ago, handed in late, does not let the second since count twice."""
    limits = Limits(Rate(requests=1, burst=1))

    assert [True, False, False, True] == [
        limits.take("k", us).is_granted for us in (10**7, 9 * 10**6, 10**7, 11 * 10**6)
    ]


def test_who_asks_is_remembered() -> None:
    """Where there is no room, the bucket is forgotten that was used longest ago."""
    limits = Limits(Rate(requests=1, burst=2), most_keys=2)

    assert [1, 1, 0, 1, 0] == [limits.take(key, 0).remaining for key in "abaca"]


def test_more_than_a_burst() -> None:
    """What costs more than a burst is granted when all is there, and paid off before anything else."""
    limits = Limits(Rate(requests=10, burst=10))
    found = [limits.take("k", us, cost) for us, cost in ((0, 40), (0, 1), (3_099_999, 1), (3_100_000, 1))]

    assert [None, 4, 1, None] == [each.retry_after_s for each in found]
    assert [0, 0, 0, 0] == [each.remaining for each in found]
    assert not limits.take("k", 4_099_999, 40).is_granted


@given(rates, asked, st.integers(1, 200))
def test_in_two_parts_as_at_once(rate: Rate, steps: list[tuple[int, int]], cost: int) -> None:
    """A request charged 1 before its size is known is granted when it would be at once, and in the time it is told."""
    limits, twin, now_us = Limits(rate), Limits(rate), 0
    for step_us, before in steps:
        now_us += step_us
        assert limits.take("k", now_us, before) == twin.take("k", now_us, before)
    at_once = twin.take("k", now_us, cost + 1)
    first = limits.take("k", now_us)
    if not first.is_granted:
        assert not at_once.is_granted
        return
    rest = limits.take("k", now_us, cost, paid=1)

    assert at_once.is_granted == rest.is_granted
    if rest.retry_after_s is None:
        assert at_once == rest
    else:
        now_us += rest.retry_after_s * SECOND_US
        assert limits.take("k", now_us).is_granted
        assert limits.take("k", now_us, cost, paid=1).is_granted


def test_each_key_its_own_bucket() -> None:
    """What one key uses is not taken from another."""
    limits = Limits(Rate(requests=1, burst=1))

    assert [True, False, True] == [limits.take(key, 0).is_granted for key in "aab"]


def test_it_remembers_no_more_than_it_may() -> None:
    """Of ever new keys only so many are remembered, those that asked last."""
    limits = Limits(Rate(requests=1, burst=1), most_keys=3)
    for number in range(1_000):
        limits.take(f"key {number}", 0)

    assert 3 == len(limits._levels)
    assert not limits.take("key 999", 0).is_granted


def test_threads_share_a_bucket() -> None:
    """Eight threads that ask four thousand times together are granted what the bucket holds, no more and no less."""
    limits = Limits(Rate(requests=1, burst=1_000))
    start = threading.Barrier(8)

    def work(_: int) -> int:
        start.wait()
        return sum(limits.take("k", 0).is_granted for _ in range(500))

    with ThreadPoolExecutor(8) as pool:
        assert 1_000 == sum(pool.map(work, range(8)))


@pytest.mark.parametrize("wrong", [{"requests": 0}, {"seconds": 0}, {"burst": 0}, {"burst": -1}])
def test_a_rate_of_nothing(wrong: dict[str, int]) -> None:
    """A rate that could never grant anything is refused."""
    with pytest.raises(ValueError, match="at least 1"):
        Rate(**{"requests": 1, "seconds": 1, "burst": 1, **wrong})

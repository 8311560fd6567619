"""The lockout against a naive one that keeps every failure for ever, and against clocks that jump."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suppress.access.lockout import DISORDER_US, MOST_FAILURES, WINDOW_US, Lockout, network_of

SECOND_US = 1_000_000
steps_us = st.one_of(
    st.integers(0, 2 * SECOND_US), st.integers(0, 2 * WINDOW_US), st.sampled_from([0, WINDOW_US - 1, WINDOW_US])
)


def locked_until_us(failed_us: list[int]) -> int | None:
    last = failed_us[-MOST_FAILURES:]
    if len(last) == MOST_FAILURES and last[-1] - last[0] < WINDOW_US:
        return last[-1] + WINDOW_US
    return None


def test_ten_a_minute() -> None:
    """Nine failures lock nobody, the tenth within a minute does, for a minute; then all begins anew."""
    lockout = Lockout()
    for second in range(9):
        lockout.note_failure(["a"], second * SECOND_US)
        assert None is lockout.retry_after_s(["a"], second * SECOND_US)
    lockout.note_failure(["a"], 9 * SECOND_US)

    assert [60, 60, 1, None] == [
        lockout.retry_after_s(["a"], us) for us in (9_000_000, 9_000_001, 68_999_999, 69_000_000)
    ]
    lockout.note_failure(["a"], 70 * SECOND_US)
    assert None is lockout.retry_after_s(["a"], 70 * SECOND_US)


@given(st.lists(st.tuples(steps_us, st.sampled_from("ab")), max_size=80))
def test_as_one_that_keeps_everything(steps: list[tuple[int, str]]) -> None:
    """After any failures, of two subjects at any times, each is locked exactly when ten of its failures say so."""
    lockout, kept, now_us = Lockout(), {"a": [], "b": []}, 0  # type: ignore[var-annotated]
    for step_us, subject in steps:
        now_us += step_us
        until_us = locked_until_us(kept[subject])
        if until_us is None or until_us <= now_us:
            kept[subject].append(now_us)
        lockout.note_failure([subject], now_us)
        for each, failed_us in kept.items():
            left_us = (locked_until_us(failed_us) or 0) - now_us

            assert (-(-left_us // SECOND_US) if left_us > 0 else None) == lockout.retry_after_s([each], now_us)


@given(st.lists(steps_us, max_size=100))
def test_no_more_than_ten_guesses_a_minute(steps: list[int]) -> None:
    """Whoever is heard only when not locked guesses at most ten times within any minute."""
    lockout, guesses_us, now_us = Lockout(), [], 0
    for step_us in steps:
        now_us += step_us
        if lockout.retry_after_s(["a"], now_us) is None:
            lockout.note_failure(["a"], now_us)
            guesses_us.append(now_us)

    assert all(later - at >= WINDOW_US for at, later in zip(guesses_us, guesses_us[MOST_FAILURES:], strict=False))


@given(st.lists(st.tuples(st.integers(-10 * WINDOW_US, 10 * WINDOW_US), st.booleans()), max_size=60))
def test_a_clock_that_jumps_locks_nobody_for_long(steps: list[tuple[int, bool]]) -> None:
    """However the clock jumps, nobody waits for more than a minute and a second, and who waits as told is heard."""
    lockout, now_us = Lockout(), 0
    for step_us, fails in steps:
        now_us += step_us
        if fails:
            lockout.note_failure(["a"], now_us)
        wait_s = lockout.retry_after_s(["a"], now_us)

        assert wait_s is None or 1 <= wait_s <= (WINDOW_US + DISORDER_US) // SECOND_US
    wait_s = lockout.retry_after_s(["a"], now_us) or 0
    assert None is lockout.retry_after_s(["a"], now_us + wait_s * SECOND_US)


@given(st.lists(st.integers(0, DISORDER_US), min_size=10, max_size=10), st.integers(0, DISORDER_US))
def test_disorder_makes_nobody_forget(earlier_us: list[int], looked_us: int) -> None:
    """Ten failures of threads that each looked at the clock a little before they were counted still lock."""
    lockout, now_us = Lockout(), 100 * WINDOW_US
    for earlier in earlier_us:
        lockout.note_failure(["a"], now_us - earlier)

    assert lockout.retry_after_s(["a"], now_us - looked_us) in {59, 60, 61}


@pytest.mark.parametrize(("last_us", "is_locked"), [(WINDOW_US - 1, True), (WINDOW_US, False)])
def test_within_a_minute(last_us: int, is_locked: bool) -> None:
    """Ten failures lock when the last came less than a minute after the first."""
    lockout = Lockout()
    for at_us in (0, *[30 * SECOND_US] * 8, last_us):
        lockout.note_failure(["a"], at_us)

    assert is_locked is (lockout.retry_after_s(["a"], last_us) is not None)


def test_failing_on_does_not_lock_for_longer() -> None:
    """Failures of who is locked, which were under way when it was, do not count; a clock a little late is told more."""
    lockout = Lockout()
    for at_us in (*[SECOND_US] * 10, SECOND_US, 30 * SECOND_US):
        lockout.note_failure(["a"], at_us)

    assert [61, 60, 1, None] == [lockout.retry_after_s(["a"], us) for us in (999_999, 10**6, 60_999_999, 61_000_000)]


def test_any_subject_locks() -> None:
    """A request is stopped when its address or its prefix is locked, and waits for the later of the two."""
    lockout = Lockout()
    for second in range(10):
        lockout.note_failure(["address"], second * SECOND_US)
        lockout.note_failure(["prefix"], (second + 20) * SECOND_US)

    assert 60 == lockout.retry_after_s(["address", "prefix"], 29 * SECOND_US)
    assert 40 == lockout.retry_after_s(["address", "other"], 29 * SECOND_US)
    assert None is lockout.retry_after_s(["other"], 29 * SECOND_US)


def test_it_remembers_no_more_than_it_may() -> None:
    """Strangers from ever new addresses take no more memory than there is; who failed last is remembered."""
    lockout = Lockout(most_subjects=3)
    for number in range(1_000):
        lockout.note_failure([f"stranger {number}", "a"], 0)

    assert 3 == len(lockout._failed_us)
    assert 60 == lockout.retry_after_s(["a"], 0)


def test_threads_are_all_counted() -> None:
    """Failures on several threads at once are all counted: the tenth locks, not a later one."""
    lockout = Lockout(most_failures=800)
    start = threading.Barrier(8)

    def fail(_: int) -> None:
        start.wait()
        for _ in range(100):
            lockout.note_failure(["a"], 0)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(fail, range(8)))

    assert 60 == lockout.retry_after_s(["a"], 0)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.1.2.3", "address 10.1.2.3"),
        ("::ffff:10.1.2.3", "address 10.1.2.3"),
        ("2001:db8:1:2:3:4:5:6", "address 2001:db8:1:2::/64"),
        ("2001:0DB8:1:2::9", "address 2001:db8:1:2::/64"),
        ("fe80::1%eth0", "address fe80::/64"),
        ("/run/suppress.sock", "address /run/suppress.sock"),
        ("testclient", "address testclient"),
        ("", "address "),
        (None, "address unknown"),
    ],
)
def test_one_host_is_one_subject(address: str | None, network: str) -> None:
    """Whoever owns a whole IPv6 network has no more guesses than whoever owns one address."""
    assert network == network_of(address)

"""Threads that are held up are made good, up to a number, and come back to work or end."""

import threading
from dataclasses import dataclass, field

from suppress.serving.workers import Workers
from tests.serving.stand_ins import PATIENCE_S


@dataclass
class Errand:
    """A job that is done when `gate` is open."""

    gate: threading.Event = field(default_factory=threading.Event)
    begun: threading.Event = field(default_factory=threading.Event)
    done: threading.Event = field(default_factory=threading.Event)
    is_closed: bool = False
    is_left: bool = False


def run(errand: Errand) -> None:
    errand.begun.set()
    assert errand.gate.wait(PATIENCE_S)
    errand.done.set()


def test_a_stuck_thread_is_replaced_until_there_are_enough() -> None:
    """One in the place of each that is stuck, never more than `most`; none for a thread that is only busy."""
    workers = Workers(run, size=1, most=2)
    stuck = [Errand(), Errand()]
    for errand in stuck:
        workers.give(errand)
        assert errand.begun.wait(PATIENCE_S)
        workers.relieve()
        assert workers.threads == workers.stuck + 1
        errand.is_left = True
        workers.relieve()

    assert (2, 2) == (workers.threads, workers.stuck)
    for errand in stuck:
        errand.gate.set()
        assert errand.done.wait(PATIENCE_S)
    workers.close()
    assert 0 == workers.threads


def test_who_is_not_needed_ends_and_says_goodbye() -> None:
    """Once the stuck one is back there is one too many: it ends, and gives its connection back."""
    left = threading.Event()
    workers = Workers(run, size=1, most=3, leave=left.set)
    stuck = Errand(is_left=True)
    workers.give(stuck)
    assert stuck.begun.wait(PATIENCE_S)
    workers.relieve()
    stuck.gate.set()

    assert left.wait(PATIENCE_S)
    assert (1, 0) == (workers.threads, workers.stuck)
    workers.close()


def test_close_waits_for_those_that_are_leaving() -> None:
    """Whoever closes the database next does not close a connection that a thread is just giving back."""
    leaving, may_leave, left = threading.Event(), threading.Event(), threading.Event()

    def leave() -> None:
        leaving.set()
        assert may_leave.wait(PATIENCE_S)
        left.set()

    workers = Workers(run, size=1, most=2, leave=leave)
    stuck = Errand(is_left=True)
    workers.give(stuck)
    assert stuck.begun.wait(PATIENCE_S)
    workers.relieve()
    stuck.gate.set()
    assert leaving.wait(PATIENCE_S)
    threading.Timer(0.05, may_leave.set).start()
    workers.close()

    assert left.is_set()


def test_what_nobody_waits_for_is_not_begun() -> None:
    """A job closed before its turn is passed over; close lets the others be done."""
    workers = Workers(run, size=1, most=1)
    first, second, third = Errand(), Errand(is_closed=True), Errand()
    for errand in (first, second, third):
        errand.gate.set()
        workers.give(errand)
    workers.close()

    assert (True, False, True) == tuple(errand.begun.is_set() for errand in (first, second, third))


def test_a_job_that_fails_takes_no_thread_with_it(caplog) -> None:
    """The next job is done by the same thread, and the failure is in the log."""
    calls = []

    def fail_first(errand: Errand) -> None:
        calls.append(threading.get_ident())
        if len(calls) == 1:
            raise ZeroDivisionError
        errand.done.set()

    workers = Workers(fail_first, size=1, most=1)
    errands = [Errand(), Errand()]
    for errand in errands:
        workers.give(errand)

    assert errands[1].done.wait(PATIENCE_S)
    assert calls[0] == calls[1]
    assert "a job failed that must not fail" in caplog.text
    workers.close()


def test_whoever_asks_for_relief_does_not_wait_for_it() -> None:
    """A thread is put in the place of a stuck one by and by, and does what waited for one."""
    workers = Workers(run, size=1, most=2)
    stuck, next_one = Errand(is_left=True), Errand()
    workers.give(stuck)
    assert stuck.begun.wait(PATIENCE_S)
    workers.give(next_one)
    workers.relieve_soon()

    assert next_one.begun.wait(PATIENCE_S)
    for errand in (stuck, next_one):
        errand.gate.set()
    workers.close()

"""An answer in time, whatever becomes of facts and log: by facts where there are some, else by the ruleset's word."""

import asyncio
import gc
import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from suppress.errors import LedgerError, UnavailableError
from suppress.facts.message import Message
from suppress.serving import asking
from suppress.serving.ports import Answer, OnLogFailure, Unavailable
from suppress.serving.service import Serving, Threads
from tests.serving.stand_ins import NOW, PATIENCE_S, FixedRevision, Log, Rules, Shelf, Ticks, compiled, message, serving

SOON_MS = 40
"""A deadline for what never comes: every test that waits for it waits as long."""
LOG_MS = 500
"""A deadline for a log that says nothing: long enough for the facts to come in it."""
LONG_MS = 60_000
NOT_IN_TIME = {"late", "busy"}
"""Late where a worker had begun, busy where none had: on a machine with much to do nobody can say which."""
BLOCK = "on_unavailable: block"

Ask = Callable[..., list[Answer]]


def from_a_thread(gate: Serving, messages: list[Message], **options: Any) -> list[Answer]:
    return gate.check_many(messages, **options) if len(messages) != 1 else [gate.check(messages[0], **options)]


def from_a_loop(gate: Serving, messages: list[Message], **options: Any) -> list[Answer]:
    async def ask() -> list[Answer]:
        if len(messages) == 1:
            return [await gate.check_soon(messages[0], **options)]
        return await gate.check_many_soon(messages, **options)

    return asyncio.run(ask())


@pytest.fixture(params=[from_a_thread, from_a_loop], ids=["thread", "loop"])
def ask(request) -> Ask:
    """Both doors: one that holds up its thread, one that does not hold up its loop."""
    return request.param


def told(answers: list[Answer]) -> list[tuple[str, str, str | None, bool]]:
    """Verdict, engine, cause, whether logged."""
    return [(a.decision.verdict.value, a.decision.engine, a.unavailable, a.is_logged) for a in answers]


BY_FACTS = ("send", "reference", None, True)


def test_facts_in_time_give_the_rules_decision(ask: Ask) -> None:
    """The rules decide by what is on the shelf; the log is told who asked, and of which request."""
    log = Log()
    gate = serving(Rules(BLOCK), Shelf(), log)
    answers = ask(gate, [message()], deadline_ms=LONG_MS, request_id="r-1", key_id="k-1")
    gate.close()
    entry = log.entries[0]

    assert [BY_FACTS] == told(answers)
    assert (("A-1",), NOW) == (answers[0].decision.shown, answers[0].decision.as_of)
    assert (answers[0].decision, message(), "r-1", "k-1", None) == (
        entry.decision,
        entry.message,
        entry.request_id,
        entry.key_id,
        entry.unavailable,
    )
    assert 1 == len(log.entries)


def test_as_of_beats_send_at_beats_now(ask: Ask) -> None:
    """The instant of the decision comes from the caller, the message or the clock, in that order."""
    later, latest = NOW + timedelta(hours=1), NOW + timedelta(hours=2)
    gate = serving(Rules(), Shelf(), Log())
    sent = message(send_at=later)

    assert [NOW, later] == [a.decision.as_of for a in ask(gate, [message(), sent], deadline_ms=LONG_MS)]
    assert [latest, latest] == [
        a.decision.as_of for a in ask(gate, [message(), sent], deadline_ms=LONG_MS, as_of=latest)
    ]
    assert [] == ask(gate, [])
    gate.close()


@pytest.mark.parametrize(("policy", "verdict"), [("allow", "send"), ("block", "suppress"), ("hold", "hold")])
def test_facts_that_do_not_come_leave_it_to_the_policy(ask: Ask, policy: str, verdict: str) -> None:
    """The answer comes while the read is still held up; what the read brings later is thrown away."""
    log, shelf = Log(), Shelf()
    shelf.gate.clear()
    gate = serving(Rules(f"on_unavailable: {policy}"), shelf, log)
    answers = ask(gate, [message()], deadline_ms=SOON_MS)

    cause = answers[0].unavailable

    assert cause in NOT_IN_TIME
    assert [(verdict, "on_unavailable", cause, True)] == told(answers)
    assert 1 == gate.figures().unavailable[cause]
    shelf.gate.set()
    gate.close()
    assert [cause] == [entry.unavailable for entry in log.entries]


def test_a_database_that_is_gone_leaves_it_to_the_policy(ask: Ask) -> None:
    """Nobody waits for the deadline; what is told of it is why."""
    gate = serving(Rules(BLOCK), Shelf(failing=True), Log())

    assert [("suppress", "on_unavailable", "down", True)] == told(ask(gate, [message()], deadline_ms=LONG_MS))
    gate.close()


@pytest.mark.parametrize(("broken", "why"), [(False, "the database cannot be read"), (True, "the check failed")])
def test_without_a_policy_it_refuses(ask: Ask, broken: bool, why: str, caplog) -> None:
    """Nobody is told what nobody decided; the error says what to write."""
    log = Log()
    gate = serving(Rules(), Shelf(failing=not broken, broken=broken), log)
    with pytest.raises(UnavailableError, match=f"{why}, and the ruleset shop does not say.*`on_unavailable: allow`"):
        ask(gate, [message()], deadline_ms=LONG_MS)
    gate.close()

    assert ([], int(broken)) == (log.entries, gate.figures().faults)


def test_a_refusal_says_whether_time_or_room_was_short(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who comes with too little time is not told of others that wait; who finds too many of them is."""
    shelf = Shelf()
    shelf.gate.clear()
    gate = serving(Rules(), shelf, Log(), threads=Threads(1, 1))
    with ThreadPoolExecutor(1) as others:
        first = others.submit(gate.check, message(), deadline_ms=LONG_MS)
        assert shelf.begun.acquire(timeout=PATIENCE_S)
        with pytest.raises(UnavailableError, match="for the time was over before the check began, and"):
            ask(gate, [message()], deadline_ms=1)
        monkeypatch.setattr(asking, "MOST_WAITING", 0)
        with pytest.raises(UnavailableError, match="for too many checks wait, and"):
            ask(gate, [message()], deadline_ms=LONG_MS)
        shelf.gate.set()

        assert BY_FACTS[0] == first.result(PATIENCE_S).decision.verdict.value
    gate.close()


def test_a_failure_of_our_own_is_counted_and_answered(caplog) -> None:
    """The sender gets the policy's answer, the operator a stack trace."""
    gate = serving(Rules(BLOCK), Shelf(broken=True), Log())

    assert [("suppress", "on_unavailable", "fault", True)] == told([gate.check(message(), deadline_ms=LONG_MS)])
    assert "ZeroDivisionError" in caplog.text
    gate.close()


def test_many_keep_what_was_decided_when_facts_stop_coming(ask: Ask) -> None:
    """Messages whose facts came are decided by them, the others by the policy, all in order, by one revision."""

    class Half(Shelf):
        def snapshots(self, messages):
            found = super().snapshots(messages)
            self.failing = True
            rules.revision = FixedRevision(compiled("on_unavailable: hold"))
            return found

    rules, log = Rules(BLOCK), Log()
    gate = serving(rules, Half(), log)
    messages = [message(message_id=f"m-{n}") for n in range(203)]
    answers = ask(gate, messages, deadline_ms=LONG_MS)
    gate.close()

    assert [BY_FACTS] * 200 + [("suppress", "on_unavailable", "down", True)] * 3 == told(answers)
    assert [m.message_id for m in messages] == [a.decision.message_id for a in answers]
    assert 1 == len({a.decision.fingerprint for a in answers})
    assert [a.decision for a in answers] == [entry.decision for entry in log.entries]
    assert 3 == gate.figures().unavailable[Unavailable.DOWN]


def test_new_rules_decide_the_next_question(ask: Ask) -> None:
    """Facts are read anew for what the new rules need."""
    rules = Rules()
    gate = serving(rules, Shelf(), Log())
    first = ask(gate, [message()], deadline_ms=LONG_MS)
    rules.revision = FixedRevision(compiled("mode: shadow"))
    second = ask(gate, [message()], deadline_ms=LONG_MS)
    gate.close()

    assert [("A-1",), ("A-1", "A-2")] == [answers[0].decision.shown for answers in (first, second)]


def test_rules_that_nobody_decides_by_are_let_go(ask: Ask) -> None:
    """Once new rules are in force and the last answer by the old ones is given, nothing holds their memory."""
    rules = Rules(BLOCK)
    old = weakref.ref(rules.revision)
    gate = serving(rules, Shelf(), Log(), threads=Threads(3, 3))
    for _ in range(3):
        ask(gate, [message()] * 20, deadline_ms=LONG_MS)
    rules.revision = FixedRevision(compiled())
    until_s = time.monotonic() + PATIENCE_S
    while old() is not None and time.monotonic() < until_s:
        gc.collect()

    assert old() is None
    gate.close()


# -- the circuit


def test_a_database_that_is_gone_is_not_asked_again_but_to_try() -> None:
    """After five failures the policy answers at once; a trial twice a second finds out when facts are back."""
    shelf, ticks = Shelf(failing=True), Ticks()
    gate = serving(Rules(BLOCK), shelf, Log(), ticks=ticks)
    causes = [gate.check(message(), deadline_ms=LONG_MS).unavailable for _ in range(7)]

    assert ["down"] * 5 + ["open"] * 2 == causes
    assert (5, True, 1) == (shelf.reads, gate.figures().circuit_is_open, gate.figures().circuit_opened)

    ticks.now_us += 600_000
    for _ in range(6):
        shelf.begun.acquire(blocking=False)
    assert "open" == gate.check(message(), deadline_ms=LONG_MS).unavailable
    assert shelf.begun.acquire(timeout=PATIENCE_S)
    assert (6, True) == (shelf.reads, gate.figures().circuit_is_open)

    shelf.failing = False
    ticks.now_us += 600_000
    while gate.figures().circuit_is_open:
        gate.check(message(), deadline_ms=LONG_MS)
    assert [BY_FACTS] == told([gate.check(message(), deadline_ms=LONG_MS)])
    gate.close()


def test_reads_that_are_held_up_open_the_circuit_and_hold_up_a_few_threads_alone() -> None:
    """Each stuck thread is counted and replaced, up to the most; when they come back all is as before."""
    ticks = Ticks()
    shelf = Shelf(ticks=ticks)
    shelf.gate.clear()
    gate = serving(Rules(BLOCK), shelf, Log(), ticks=ticks, threads=Threads(1, 3))
    causes = []
    while not gate.figures().circuit_is_open:
        causes.append(gate.check(message(), deadline_ms=SOON_MS).unavailable)
    figures = gate.figures()

    assert set(causes) <= NOT_IN_TIME
    assert 5 <= causes.count(Unavailable.LATE)
    assert 1 <= figures.stuck <= figures.threads <= 3
    assert "open" == gate.check(message(), deadline_ms=LONG_MS).unavailable

    shelf.gate.set()
    while gate.figures().circuit_is_open or gate.figures().stuck:
        threading.Event().wait(0.001)
    assert [BY_FACTS] == told([gate.check(message(), deadline_ms=LONG_MS)])
    gate.close()
    assert 0 == gate.figures().threads


def test_a_caller_in_a_hurry_does_not_open_the_circuit() -> None:
    """A read that is younger than what counts as held up says nothing about the database."""
    shelf, ticks = Shelf(), Ticks()
    shelf.gate.clear()
    gate = serving(Rules(BLOCK), shelf, Log(), ticks=ticks, threads=Threads(1, 1))
    causes = [gate.check(message(), deadline_ms=4).unavailable for _ in range(7)]

    assert set(causes) <= NOT_IN_TIME
    assert not gate.figures().circuit_is_open
    shelf.gate.set()
    gate.close()


def test_many_without_facts_are_answered_too(ask: Ask) -> None:
    """A batch gets the policy's answer whether its facts are late or not even asked for."""
    shelf, ticks = Shelf(), Ticks()
    shelf.gate.clear()
    gate = serving(Rules(BLOCK), shelf, Log(), ticks=ticks, threads=Threads(1, 1))
    answers = [ask(gate, [message()] * 30, deadline_ms=SOON_MS)]
    shelf.failing = True
    shelf.gate.set()
    while not gate.figures().circuit_is_open:
        gate.check(message(), deadline_ms=LONG_MS)
    answers.append(ask(gate, [message()] * 30, deadline_ms=LONG_MS))
    gate.close()

    assert [30, 30] == [len(each) for each in answers]
    assert {"on_unavailable"} == {answer.decision.engine for each in answers for answer in each}
    assert {"open"} == {answer.unavailable for answer in answers[1]}


# -- the log


def test_no_answer_before_the_log_has_it() -> None:
    """The caller waits until the decision is durable."""
    log = Log("never")
    gate = serving(Rules(), Shelf(), log)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(gate.check, message(), deadline_ms=LONG_MS)
        assert log.given.acquire(timeout=PATIENCE_S)
        assert not answer.done()
        log.open[0].set_result(None)

        assert [BY_FACTS] == told([answer.result(PATIENCE_S)])
    gate.close()


@pytest.mark.parametrize("how", ["failing", "refusing"])
def test_a_log_that_fails_is_counted(ask: Ask, how: str, caplog) -> None:
    """By default the answer is given all the same, and says that it is not logged."""
    gate = serving(Rules(), Shelf(), Log(how))

    assert [(*BY_FACTS[:3], False)] * 2 == told(ask(gate, [message()] * 2, deadline_ms=LONG_MS))
    assert (2, 0) == (gate.figures().log_lost, gate.figures().log_late)
    gate.close()


@pytest.mark.parametrize("how", ["failing", "refusing", "never"])
def test_whoever_needs_the_log_gets_no_answer_without_it(ask: Ask, how: str, caplog) -> None:
    """`on_log_failure: refuse` makes an error of it, in time."""
    gate = serving(Rules(), Shelf(), Log(how), on_log_failure=OnLogFailure.REFUSE)
    with pytest.raises(LedgerError, match="the decision log"):
        ask(gate, [message()], deadline_ms=LOG_MS)
    gate.close()

    assert 0 == gate.figures().log_lost


def test_a_log_that_takes_too_long_does_not_hold_up_the_answer(ask: Ask, caplog) -> None:
    """The answer comes in time and says that it is not logged; if the log fails afterwards, that is a loss."""
    log = Log("never")
    gate = serving(Rules(), Shelf(), log)

    assert [(*BY_FACTS[:3], False)] == told(ask(gate, [message()], deadline_ms=LOG_MS))
    assert (0, 1) == (gate.figures().log_lost, gate.figures().log_late)
    log.open[0].set_exception(LedgerError("the disk is full"))
    assert (1, 1) == (gate.figures().log_lost, gate.figures().log_late)
    gate.close()


def test_a_caller_that_goes_away_leaves_nothing_behind() -> None:
    """Who hangs up gets no decision, and the thread at it is known to be stuck."""
    shelf, log = Shelf(), Log()
    shelf.gate.clear()
    gate = serving(Rules(BLOCK), shelf, log)

    async def hang_up() -> None:
        asked = asyncio.create_task(gate.check_soon(message(), deadline_ms=LONG_MS))
        await asyncio.to_thread(shelf.begun.acquire, timeout=PATIENCE_S)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked

    asyncio.run(hang_up())
    assert 1 == gate.figures().stuck
    shelf.gate.set()
    gate.close()
    assert [] == log.entries


def test_many_threads_and_loops_at_once_get_their_own_answers() -> None:
    """Nobody gets another's answer, whichever door they came through."""
    gate = serving(Rules(), Shelf(), Log())

    async def from_one_loop() -> list[str | None]:
        asked = [gate.check_soon(message(message_id=f"l-{n}"), deadline_ms=LONG_MS) for n in range(100)]
        return [answer.decision.message_id for answer in await asyncio.gather(*asked)]

    def from_one_thread(thread: int) -> list[str | None]:
        return [
            gate.check(message(message_id=f"{thread}-{n}"), deadline_ms=LONG_MS).decision.message_id for n in range(50)
        ]

    with ThreadPoolExecutor(3) as pool:
        threads = [pool.submit(from_one_thread, n) for n in range(3)]
        assert [f"l-{n}" for n in range(100)] == asyncio.run(from_one_loop())
        for number, asked in enumerate(threads):
            assert [f"{number}-{n}" for n in range(50)] == asked.result(PATIENCE_S)
    gate.close()

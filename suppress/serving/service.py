"""Turn a message into an answer in time: facts and decision by a worker, the policy where facts do not come, the log.

Every question has one revision from start to end and two instants: until the first it waits for facts, else its
ruleset's `on_unavailable` decides; until the second it waits for the decision log.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, NamedTuple, Unpack

from suppress.facts.instants import to_us
from suppress.facts.message import Message
from suppress.service import Sharing
from suppress.serving.answers import Answers, Counts
from suppress.serving.asking import Asking, Shares
from suppress.serving.ports import Answer, Clock, FactsOf, Ledger, OnLogFailure, Options, Revisions, Unavailable
from suppress.serving.question import Question, Times
from suppress.serving.workers import MOST, SIZE, Workers
from suppress.stores.database import Database
from suppress.stores.facts import FactStore
from suppress.stores.reservations import Reservations

DEADLINE_MS: Final = 200
DEADLINE_MS_PER_MESSAGE: Final = 10
"""What each further message adds where no deadline is given: many take longer, though nothing is wrong."""
FEW: Final = 10
"""More messages are not decided without facts on an event loop: writing them down would hold it up."""
LOG_MS: Final = 50
"""Kept back of a deadline for the decision log, but never more than a quarter of it."""
SEND_MS: Final = 5
"""Kept back for the answer's way to the caller, but never more than a twentieth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How the gate does. Counts are of messages since it was opened, `unavailable` those without facts, by why.

    `log_lost`: answered, and the log failed. `log_late`: answered before the log had said anything. `faults`: checks
    that failed in the gate itself. `circuit_is_open`: the database counts as gone now; `circuit_opened`: how often it
    did. `threads` read facts, `stuck` of them at something nobody waits for any more; `waiting` questions have none.
    """

    unavailable: Mapping[Unavailable, int]
    log_lost: int
    log_late: int
    faults: int
    circuit_is_open: bool
    circuit_opened: int
    threads: int
    stuck: int
    waiting: int


class Threads(NamedTuple):
    """How many read facts: `size`, and at most `most` with those that are held up. `leave` runs where one ends."""

    size: int = SIZE
    most: int = MOST
    leave: Callable[[], None] | None = None


class Serving:
    """The gate a service keeps open: see `ports.Checks`. Threads and event loops may share it; close it at the end."""

    def __init__(
        self,
        revisions: Revisions,
        facts_of: FactsOf,
        shares: Shares,
        ledger: Ledger,
        *,
        clock: Clock,
        on_log_failure: OnLogFailure = OnLogFailure.ANSWER,
        threads: Threads = Threads(),  # noqa: B008 - it cannot change
        ticks_us: Callable[[], int] = lambda: time.monotonic_ns() // 1000,
    ) -> None:
        self._revisions = revisions
        self._clock = clock
        self._ticks_us = ticks_us
        self._counts = Counts()
        self._answers = Answers(ledger, on_log_failure, clock, ticks_us, self._counts)
        self._asking = Asking(
            facts_of,
            shares,
            self._answers,
            self._counts,
            ticks_us,
            lambda work: Workers(work, size=threads.size, most=threads.most, leave=threads.leave),
        )

    def check(self, message: Message, **options: Unpack[Options]) -> Answer:
        """The answer for one message. Holds up the calling thread."""
        return self.check_many((message,), **options)[0]

    def check_many(self, messages: Sequence[Message], **options: Unpack[Options]) -> list[Answer]:
        """The answers for many messages, in order, all by the same revision. Holds up the calling thread."""
        if not messages:
            return []
        done = threading.Lock()
        done.acquire()
        question = self._question(messages, done.release, **options)
        self._asking.ask(question)
        if not done.acquire(timeout=self._left_s(question.times.facts_until_us)):
            self._asking.late(question)
            if not done.acquire(timeout=self._left_s(question.times.until_us)):
                self._answers.time_is_up(question)
                done.acquire()
        return question.result()

    async def check_soon(self, message: Message, **options: Unpack[Options]) -> Answer:
        """The same as `check`, for an event loop: it is not held up."""
        return (await self.check_many_soon((message,), **options))[0]

    async def check_many_soon(self, messages: Sequence[Message], **options: Unpack[Options]) -> list[Answer]:
        """The same as `check_many`, for an event loop: it is not held up."""
        if not messages:
            return []
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()

        def go_on() -> None:
            if not done.done():
                done.set_result(None)

        def wake() -> None:
            # A loop that is closed has nobody left to wake.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(go_on)

        question = self._question(messages, wake, **options)
        are_few = len(messages) <= FEW

        def late() -> None:
            if are_few:
                self._asking.late(question)
            else:
                loop.run_in_executor(None, self._asking.late, question)

        timers: list[asyncio.TimerHandle] = []
        try:
            if are_few:
                self._asking.ask(question)
            else:
                await loop.run_in_executor(None, self._asking.ask, question)
            timers += (
                loop.call_later(self._left_s(question.times.facts_until_us), late),
                loop.call_later(self._left_s(question.times.until_us), self._answers.time_is_up, question),
            )
            await done
        finally:
            # Where the caller went away, nothing comes after this.
            question.close(leaves=True)
            for timer in timers:
                timer.cancel()
        return question.result()

    def figures(self) -> Figures:
        """How it does just now."""
        breaker, workers = self._asking.breaker, self._asking.workers
        return Figures(
            unavailable={cause: self._counts[cause] for cause in Unavailable},
            log_lost=self._counts["log_lost"],
            log_late=self._counts["log_late"],
            faults=self._counts["faults"],
            circuit_is_open=breaker.is_open,
            circuit_opened=breaker.opened,
            threads=workers.threads,
            stuck=workers.stuck,
            waiting=workers.waiting,
        )

    def close(self) -> None:
        """End the workers, once they have answered what is asked already. Does not close what it was given."""
        self._asking.workers.close()

    def _question(
        self,
        messages: Sequence[Message],
        wake: Callable[[], object],
        *,
        deadline_ms: int | None = None,
        as_of: datetime | None = None,
        reserve: bool = True,
        request_id: str | None = None,
        key_id: str | None = None,
    ) -> Question:
        asked_us = self._ticks_us()
        if deadline_ms is None:
            deadline_ms = DEADLINE_MS + DEADLINE_MS_PER_MESSAGE * (len(messages) - 1)
        deadline_us = deadline_ms * 1000
        now_us = self._clock() if as_of is None else to_us(as_of)
        return Question(
            self._revisions.current(),
            [
                (message, now_us if as_of is not None or message.send_at is None else to_us(message.send_at))
                for message in messages
            ],
            Times(
                asked_us,
                asked_us + deadline_us - min(deadline_us // 4, LOG_MS * 1000),
                asked_us + deadline_us - min(deadline_us // 20, SEND_MS * 1000),
            ),
            wake,
            reserve=reserve,
            request_id=request_id,
            key_id=key_id,
        )

    def _left_s(self, until_us: int) -> float:
        return max(0, until_us - self._ticks_us()) / 1_000_000


def open_serving(
    database: Database,
    revisions: Revisions,
    ledger: Ledger,
    *,
    reserve_hours: int,
    on_log_failure: OnLogFailure = OnLogFailure.ANSWER,
    threads: int = SIZE,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Serving:
    """The gate on an open database. `reserve_hours`: see `service.open_gate`. `threads`: how many read facts."""
    return Serving(
        revisions,
        lambda needs: FactStore(database, needs),
        Sharing(Reservations(database), clock, reserve_hours),
        ledger,
        clock=lambda: to_us(clock()),
        on_log_failure=on_log_failure,
        threads=Threads(size=threads, leave=database.drop_reader),
    )

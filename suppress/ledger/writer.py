"""The ledger: whoever hands in decisions gets a future that ends when they are on the disk.

One thread writes. While it waits for the disk, others queue, and the next write takes all of them: so a thousand
decisions cost a handful of syncs. Who comes alone is written at once; in a crowd the writer waits a moment for more.
Nothing is dropped: what cannot be written is told to whoever handed it in, and counted.
"""

import logging
import os
import re
import socket
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import Final, NamedTuple, Protocol

from suppress.decisions.record import NO_HASH, Link, LogLine, Record, next_line
from suppress.errors import LedgerError
from suppress.ledger.recording import Decided, Recorder

MOST_AT_ONCE: Final = 500
"""Records from which on a batch takes no further ones."""
MOST_WAITING: Final = 10_000
"""Records that may wait for the disk; with more, it is not keeping up, and new ones are refused at once."""
GATHER_SECONDS: Final = 0.001
REST_SECONDS: Final = 0.2
"""How long nothing is written after a chain broke, so that a failing disk is not filled with new chains."""
RETRY_SECONDS: Final = 2.0
"""How often it is tried to begin a new chain while nothing can be written and nobody hands anything in."""

_log = logging.getLogger(__name__)


class Sink(Protocol):
    """Where the lines of one chain go."""

    is_broken: bool
    """Whether the chain cannot be gone on with, because nobody knows what of it was kept."""

    def append(self, lines: Sequence[LogLine]) -> None:
        """Keep lines that follow the last ones; durable when it returns. Raises LedgerError."""

    def close(self) -> None:
        """Nothing follows."""


class Follower(Protocol):
    """Who is told of what was written, e.g. to copy it into the table."""

    def take(self, lines: Sequence[LogLine]) -> None:
        """These lines are durable. Must neither wait nor raise."""

    def close(self) -> None:
        """Nothing follows."""


class LedgerCounts(NamedTuple):
    """`written`, `lost`: decisions since the ledger was opened. `batches`: syncs. `waiting`: decisions, just now."""

    written: int
    lost: int
    batches: int
    waiting: int


class _Job(NamedTuple):
    records: Sequence[Record]
    done: "Future[None]"


class Ledger:
    """The decision log of one process. Threads share it; close it, so that the chain ends in good order.

    `open_sink` opens the place for a new chain, whose writer it is given; it raises LedgerError where that fails.
    """

    def __init__(
        self,
        recorder: Recorder,
        open_sink: Callable[[str], Sink],
        follower: Follower | None = None,
        *,
        gather_seconds: float = GATHER_SECONDS,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        self._recorder = recorder
        self._open_sink = open_sink
        self._follower = follower
        self._gather_seconds = gather_seconds
        self._retry_seconds = retry_seconds
        self._sink: Sink | None = None
        self._head = Link("", 0, NO_HASH)
        self._changed = threading.Condition()
        self._jobs: deque[_Job] = deque()
        self._waiting = self._written = self._lost = self._batches = 0
        self._is_failing = False
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="decision log", daemon=True)
        self._thread.start()

    def write(self, entries: Sequence[Decided]) -> "Future[None]":
        """Take these down, in order; does not wait. The future ends when all are durable, else with a LedgerError."""
        try:
            records = [self._recorder.record(entry) for entry in entries]
        except Exception as error:
            _log.exception("decisions cannot be put into the form of the log")
            with self._changed:
                self._lost += len(entries)
            return _failed(LedgerError(f"a decision cannot be put into the form of the log: {type(error).__name__}"))
        return self.write_records(records)

    def write_records(self, records: Sequence[Record]) -> "Future[None]":
        """The same for records that are made already."""
        job = _Job(records, Future())
        # Nobody can take back what may be half written.
        job.done.set_running_or_notify_cancel()
        if not records:
            job.done.set_result(None)
            return job.done
        with self._changed:
            refusal = None
            if self._closing.is_set():
                refusal = "the decision log is closed"
            elif self._waiting >= MOST_WAITING:
                refusal = f"the decision log is not keeping up: {self._waiting} decisions wait for the disk"
            if refusal is not None:
                self._lost += len(records)
                return _failed(LedgerError(refusal))
            self._jobs.append(job)
            self._waiting += len(records)
            if len(self._jobs) == 1:
                self._changed.notify()
        return job.done

    @property
    def counts(self) -> LedgerCounts:
        """What became of decisions so far."""
        with self._changed:
            return LedgerCounts(self._written, self._lost, self._batches, self._waiting)

    @property
    def is_failing(self) -> bool:
        """Whether the last write failed, and nothing since then says that the next one will not."""
        return self._is_failing

    def close(self, timeout_seconds: float = 10.0) -> None:
        """Write what waits, end the chain. Whatever the disk has not taken within the time is lost, and counted."""
        with self._changed:
            self._closing.set()
            self._changed.notify()
        self._thread.join(timeout_seconds)
        if self._thread.is_alive():
            _log.error("the decision log could not be closed within %s seconds", timeout_seconds)
            self._fail(self._take_all(), LedgerError("the decision log was closed before this could be written"))
        if self._follower is not None:
            self._follower.close()

    # -- the writing thread --------------------------------------------------------------------------------------------

    def _run(self) -> None:
        crowded = False
        while True:
            with self._changed:
                while not self._jobs and not self._closing.is_set() and not self._is_failing:
                    self._changed.wait()
                if self._is_failing and not self._jobs and not self._closing.is_set():
                    self._changed.wait(self._retry_seconds)
                is_idle = not self._jobs
                if is_idle and self._closing.is_set():
                    break
            if is_idle:
                self._try_again()
                continue
            if crowded:
                self._closing.wait(self._gather_seconds)
            batch = self._take_batch()
            crowded = len(batch) > 1
            self._commit(batch)
        if self._sink is not None:
            self._sink.close()

    def _take_batch(self) -> list[_Job]:
        batch: list[_Job] = []
        with self._changed:
            taken = 0
            while self._jobs and taken < MOST_AT_ONCE:
                batch.append(self._jobs.popleft())
                taken += len(batch[-1].records)
        return batch

    def _take_all(self) -> list[_Job]:
        with self._changed:
            batch = list(self._jobs)
            self._jobs.clear()
        return batch

    def _commit(self, batch: list[_Job]) -> None:
        try:
            lines = self._written_lines(batch)
        except Exception as error:
            told = error if isinstance(error, LedgerError) else LedgerError(f"the decision log failed: {error}")
            if told is not error:
                _log.exception("the decision log failed")
            self._is_failing = True
            self._fail(batch, told)
            if self._sink is not None and (self._sink.is_broken or told is not error):
                self._leave_chain()
                self._closing.wait(REST_SECONDS)
            return
        self._is_failing = False
        with self._changed:
            self._written += len(lines)
            self._waiting -= len(lines)
            self._batches += 1
        try:
            if self._follower is not None:
                self._follower.take(lines)
        finally:
            for job in batch:
                job.done.set_result(None)

    def _written_lines(self, batch: list[_Job]) -> list[LogLine]:
        sink = self._sink or self._begin_chain()
        head, lines = self._head, []
        for job in batch:
            for record in job.records:
                lines.append(next_line(head, record))
                head = lines[-1].link
        sink.append(lines)
        self._head = head
        return lines

    def _begin_chain(self) -> Sink:
        writer = new_writer()
        self._sink = sink = self._open_sink(writer)
        self._head = Link(writer, 0, NO_HASH)
        return sink

    def _try_again(self) -> None:
        """Begin a new chain if that can be done.

        Whoever looks at `is_failing` sends no more decisions, and without one nothing would show that they can be
        written again.
        """
        ended, self._sink = self._sink, None
        with suppress(Exception):
            if ended is not None:
                ended.close()
            self._begin_chain()
            self._is_failing = False

    def _leave_chain(self) -> None:
        broken, self._sink = self._sink, None
        if broken is not None:
            broken.is_broken = True
            with suppress(Exception):
                broken.close()

    def _fail(self, batch: list[_Job], error: LedgerError) -> None:
        lost = sum(len(job.records) for job in batch)
        if lost:
            _log.error("%d decisions are not in the decision log: %s", lost, error)
        with self._changed:
            self._lost += lost
            self._waiting -= lost
        for job in batch:
            job.done.set_exception(error)


def new_writer() -> str:
    """A name for a new chain that no other has: host, process, and 48 random bits."""
    host = re.sub(r"[^A-Za-z0-9-]", "-", socket.gethostname())[:40] or "host"
    return f"{host}-{os.getpid()}-{os.urandom(6).hex()}"


def _failed(error: LedgerError) -> "Future[None]":
    done: Future[None] = Future()
    done.set_exception(error)
    return done

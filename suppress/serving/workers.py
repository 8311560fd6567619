"""Run jobs on a few threads that a database may hold up: who waits for a job can leave, and the thread is made good.

A thread whose job was left stays with it, for nothing can call it back; another takes its place, until there are
`most`. When it comes back it takes up work again, or ends if there are enough.
"""

import logging
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Final, Generic, Protocol, TypeVar

SIZE: Final = 4
MOST: Final = 32
_CLOSING_SECONDS: Final = 5.0

_log = logging.getLogger(__name__)


class Job(Protocol):
    """What is to be done. `is_closed`: it need not be begun. `is_left`: nobody waits for what is being done."""

    is_closed: bool
    is_left: bool


J = TypeVar("J", bound=Job)


class _Slot(Generic[J]):
    """One thread and what it is at."""

    __slots__ = ("job", "thread")

    def __init__(self) -> None:
        self.job: J | None = None
        self.thread: threading.Thread | None = None


class Workers(Generic[J]):
    """`size` threads that work, and at most `most` with those that are held up. `leave` runs where a thread ends."""

    def __init__(
        self, work: Callable[[J], None], *, size: int = SIZE, most: int = MOST, leave: Callable[[], None] | None = None
    ) -> None:
        self._work = work
        self._size, self._most = size, max(size, most)
        self._leave = leave
        self._jobs: SimpleQueue[J | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._slots: list[_Slot[J]] = []
        self._alive: set[_Slot[J]] = set()
        self._is_closed = False
        self._wanted = threading.Event()
        self.relieve()
        threading.Thread(target=self._relieve, name="suppress-relief", daemon=True).start()

    def give(self, job: J) -> None:
        """Have it done as soon as a thread is free; at once if nobody waits for it then."""
        self._jobs.put(job)

    @property
    def waiting(self) -> int:
        """Jobs no thread has taken up yet."""
        return self._jobs.qsize()

    @property
    def threads(self) -> int:
        """How many there are, held up or not."""
        return len(self._slots)

    @property
    def stuck(self) -> int:
        """Threads that are still at a job nobody waits for."""
        return sum(1 for job in self.running() if job.is_left)

    def running(self) -> list[J]:
        """The jobs that threads are at."""
        return [job for slot in list(self._slots) if (job := slot.job) is not None]

    def relieve(self) -> None:
        """Put threads in the place of those that are stuck."""
        with self._lock:
            if self._is_closed:
                return
            missing = min(self._size + self.stuck, self._most) - len(self._slots)
            for _ in range(missing):
                slot: _Slot[J] = _Slot()
                slot.thread = threading.Thread(target=self._run, args=(slot,), name="suppress-facts", daemon=True)
                self._slots.append(slot)
                self._alive.add(slot)
                slot.thread.start()

    def relieve_soon(self) -> None:
        """The same, without waiting for it: on a machine that is short of time a thread takes long to start."""
        self._wanted.set()

    def close(self, seconds: float = _CLOSING_SECONDS) -> None:
        """End the threads once what was given is done; those that are stuck are left behind."""
        with self._lock:
            self._is_closed = True
            self._wanted.set()
            for _ in self._slots:
                self._jobs.put(None)
            alive = list(self._alive)
        for slot in alive:
            if slot.thread is not None and not (slot.job is not None and slot.job.is_left):
                slot.thread.join(seconds)

    def _relieve(self) -> None:
        while not self._is_closed:
            self._wanted.wait()
            self._wanted.clear()
            self.relieve()

    def _run(self, slot: _Slot[J]) -> None:
        try:
            while (job := self._jobs.get()) is not None:
                if not job.is_closed:
                    slot.job = job
                    try:
                        self._work(job)
                    except Exception:
                        _log.exception("a job failed that must not fail")
                # Whoever waits for the next job must not keep the last one, and the rules it was decided by, alive.
                slot.job = job = None
                if self._is_surplus(slot):
                    return
        finally:
            with self._lock:
                if slot in self._slots:
                    self._slots.remove(slot)
            if self._leave is not None:
                self._leave()
            with self._lock:
                self._alive.discard(slot)

    def _is_surplus(self, slot: _Slot[J]) -> bool:
        """Whether enough others work; then this one is off the list."""
        if len(self._slots) <= self._size:
            return False
        with self._lock:
            if len(self._slots) - self.stuck <= self._size:
                return False
            self._slots.remove(slot)
            return True

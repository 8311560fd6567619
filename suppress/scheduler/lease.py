"""How long things last, and a lease that is kept alive while a scan works."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from suppress.errors import StoreError
from suppress.stores.runs import Claim, RunStore, Terms

_log = logging.getLogger(__name__)
_LOST_AFTER: Final = 0.6
"""The part of a lease without renewal after which a scan is ended: what is left is the time its end may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Seconds. `lease`: after how long without a sign of life another takes over. `poll`: how often to look.

    `grace`: how late a scan may begin before the next one replaces it. `most_attempts`: how often a scan is begun that
    is cut short each time. `at_once`: how many scans work here at a time.
    """

    lease: float = 15.0
    poll: float = 5.0
    grace: float = 60.0
    most_attempts: int = 5
    at_once: int = 2

    @property
    def terms(self) -> Terms:
        """The same, as the store takes it."""
        return Terms(lease_us=int(self.lease * 1e6), grace_us=int(self.grace * 1e6), most_attempts=self.most_attempts)


class Heartbeat:
    """Keeps a run's lease alive while it works. As a `Stop` it is set when the scan must end.

    Where the database is a server, other schedulers may reach it when this one cannot; then the scan is ended before
    they may begin theirs. A database file that is locked is locked for all.
    """

    def __init__(
        self, store: RunStore, claim: Claim, timing: Timing, now_us: Callable[[], int], stopping: threading.Event
    ) -> None:
        self._store = store
        self._claim = claim
        self._lease = timing.lease
        self._now_us = now_us
        self._stopping = stopping
        self._renewed = time.monotonic()
        self._taken = threading.Event()
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"lease of {claim.run.run_id}", daemon=True)

    def __enter__(self) -> "Heartbeat":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join(self._lease)

    @property
    def is_lost(self) -> bool:
        """Whether somebody else may have taken the run."""
        return self._taken.is_set() or self._is_overdue()

    def is_set(self) -> bool:
        """Whether the scan must end."""
        return self.is_lost or self._stopping.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """Whether the scan must end, looking for up to `timeout` seconds."""
        self._stopping.wait(timeout)
        return self.is_set()

    def _is_overdue(self) -> bool:
        # By a clock of its own: a renewal may hang on a connection that nobody answers.
        return self._store.shared_by_hosts and time.monotonic() - self._renewed > self._lease * _LOST_AFTER

    def _beat(self) -> None:
        pause = self._lease / 5
        while not self._is_over.wait(pause):
            begun = time.monotonic()
            try:
                until_us = self._now_us() + int(self._lease * 1e6)
                if not self._store.renew(self._claim.lease, until_us=until_us):
                    self._taken.set()
                    return
            except StoreError as error:
                _log.warning("%s: the lease could not be renewed: %s", self._claim.run.run_id, error)
                pause = self._lease / 15
            else:
                self._renewed = begun
                pause = self._lease / 5

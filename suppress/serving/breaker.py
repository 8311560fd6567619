"""Tell a database that is gone from one that answers: what became of reads in, whether to ask it again out.

Closed: everybody asks. After several failures in a row it opens: nobody asks but a trial now and then, until one
succeeds. Times are handed in, in microseconds of a clock that never goes back. Threads may share it.
"""

import threading
from typing import Final

FAILURES: Final = 5
"""So many in a row open it: one is bad luck, and each of them cost a caller time."""
TRIAL_EVERY_US: Final = 500_000
"""Between two trials: what is back is in use within a second, and what is gone is asked twice a second."""


class Breaker:
    """`is_open`: whether to answer without asking."""

    def __init__(self, failures: int = FAILURES, trial_every_us: int = TRIAL_EVERY_US) -> None:
        self.is_open = False
        self.opened = 0
        """How often it opened."""
        self._failures = failures
        self._trial_every_us = trial_every_us
        self._in_a_row = 0
        self._next_trial_us = 0
        self._lock = threading.Lock()

    def succeeded(self) -> None:
        """A read came back with facts."""
        if self._in_a_row or self.is_open:
            with self._lock:
                self._in_a_row = 0
                self.is_open = False

    def failed(self, now_us: int) -> None:
        """A read failed, or did not come back for so long that it counts as failed."""
        with self._lock:
            self._in_a_row += 1
            if self._in_a_row >= self._failures and not self.is_open:
                self.is_open = True
                self.opened += 1
                self._next_trial_us = now_us + self._trial_every_us

    def is_trial_due(self, now_us: int) -> bool:
        """Whether the caller is to try, beside answering without; true for one caller at a time."""
        if not self.is_open or now_us < self._next_trial_us:
            return False
        with self._lock:
            if not self.is_open or now_us < self._next_trial_us:
                return False
            self._next_trial_us = now_us + self._trial_every_us
            return True

"""How long a question may take with all its tries, and when the next one is: times in, pauses out.

Pauses are drawn at random up to a bound that doubles, so that many callers a fault has hit at once do not come back at
once. A service that says when to come back is not asked before.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final

FIRST_PAUSE_S: Final = 0.05
LONGEST_PAUSE_S: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """`total_s`: for all tries together. `tries`: at most so many. The rest is what a test sets."""

    total_s: float
    tries: int
    now_s: Callable[[], float] = time.monotonic
    wall_s: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    draw: Callable[[], float] = random.random

    def pause_s(self, failed: int, left_s: float, retry_after: str | None = None) -> float | None:
        """How long to wait after so many failed tries; None = no other try fits into what is left."""
        if failed >= self.tries:
            return None
        told_s = _told_s(retry_after, self.wall_s())
        drawn_s = self.draw() * min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2**failed)
        pause_s = drawn_s if told_s is None else told_s + drawn_s
        return pause_s if pause_s < left_s else None


def _told_s(retry_after: str | None, wall_s: float) -> float | None:
    """What a `Retry-After` says, in seconds from now: a number or a date; None when it says nothing."""
    if retry_after is None:
        return None
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - wall_s)
    except ValueError:
        return None

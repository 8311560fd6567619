"""How much a key may ask for: a token bucket per key. What a request costs in; granted or not, and what is left, out.

Whole numbers throughout, so that nothing is lost to rounding however often it is asked. Times are handed in. Threads
hand them in out of order by a little, which must add nothing twice; a clock may be set back by a lot, and then a bucket
goes on filling from there.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final, NamedTuple

_US: Final = 1_000_000
MOST_KEYS: Final = 10_000
DISORDER_US: Final = 1_000_000
"""By how much later a time may already have been seen, without the clock having been set back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """`requests` in `seconds`, on the long run; up to `burst` at once. All at least 1.

    A larger `cost` than `burst` is granted when nothing has been used, and paid off afterwards.
    """

    requests: int
    seconds: int = 1
    burst: int

    def __post_init__(self) -> None:
        if min(self.requests, self.seconds, self.burst) < 1:
            raise ValueError("a rate needs at least 1 request, 1 second and a burst of 1")


class Allowance(NamedTuple):
    """What became of a request, in the terms of the RateLimit headers.

    `limit`: how many may come at once. `remaining`: how many still may now. `reset_s`: whole seconds until all may
    again. `retry_after_s`: None = granted; else whole seconds, at least 1, after which to ask again.
    """

    limit: int
    remaining: int
    reset_s: int
    retry_after_s: int | None

    @property
    def is_granted(self) -> bool:
        """Whether the request may go on."""
        return self.retry_after_s is None


class Limits:
    """A bucket per key, full when first seen. Threads may share it. It remembers the `most_keys` that asked last."""

    def __init__(self, rate: Rate, *, most_keys: int = MOST_KEYS) -> None:
        self._rate = rate
        # A bucket's level counts in parts of a request: so many that each microsecond adds a whole number of them.
        self._part = rate.seconds * _US
        self._full = rate.burst * self._part
        self._most_keys = most_keys
        self._levels: OrderedDict[str, tuple[int, int]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, key_id: str, now_us: int, cost: int = 1, paid: int = 0) -> Allowance:
        """Take `cost` from the key's bucket if it has them; nothing otherwise.

        `paid`: what was taken for the same request before its whole cost was known. Whoever is refused and asks anew
        pays both.
        """
        wanted, before = cost * self._part, paid * self._part
        with self._lock:
            level, at_us = self._levels.get(key_id, (self._full, now_us))
            if now_us > at_us:
                level, at_us = min(self._full, level + self._rate.requests * (now_us - at_us)), now_us
            elif now_us < at_us - DISORDER_US:
                at_us = now_us
            needed = min(wanted, max(self._full - before, 0))
            is_granted = level >= needed
            if is_granted:
                level -= wanted
            self._levels[key_id] = (level, at_us)
            self._levels.move_to_end(key_id)
            if len(self._levels) > self._most_keys:
                self._levels.popitem(last=False)
        return Allowance(
            limit=self._rate.burst,
            remaining=max(level, 0) // self._part,
            reset_s=self._seconds_for(self._full - level),
            retry_after_s=None if is_granted else max(self._seconds_for(min(wanted + before, self._full) - level), 1),
        )

    def _seconds_for(self, parts: int) -> int:
        """Whole seconds in which so many parts come in."""
        return -(-parts // (self._rate.requests * _US))

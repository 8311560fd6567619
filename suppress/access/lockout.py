"""Stop those who try out keys: failures of an address, or on a prefix, in; for how long it is not heard, out.

Times are handed in. Threads hand them in out of order by a little, and a clock may be set back by a lot: the one must
not make anybody forget, the other must not lock anybody for longer than a window.
"""

import threading
from collections import OrderedDict, deque
from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address
from typing import Final

MOST_FAILURES: Final = 10
WINDOW_US: Final = 60_000_000
MOST_SUBJECTS: Final = 100_000
DISORDER_US: Final = 1_000_000
"""By how much later a time may already have been seen, without the clock having been set back."""
IPV6_HOST_BITS: Final = 64


class Lockout:
    """Counts failures per subject (any text). At the 10th within a minute the subject is locked for a minute.

    Threads may share it. It remembers at most `most_subjects`, those that failed last.
    """

    def __init__(
        self, *, most_failures: int = MOST_FAILURES, window_us: int = WINDOW_US, most_subjects: int = MOST_SUBJECTS
    ) -> None:
        self._most_failures = most_failures
        self._window_us = window_us
        self._most_subjects = most_subjects
        self._failed_us: OrderedDict[str, deque[int]] = OrderedDict()
        self._lock = threading.Lock()

    def retry_after_s(self, subjects: Iterable[str], now_us: int) -> int | None:
        """Whole seconds, at least 1, until none of the subjects is locked; None when none is."""
        with self._lock:
            left_us = max((self._left_us(subject, now_us) for subject in subjects), default=0)
        return -(-left_us // 1_000_000) if left_us > 0 else None

    def note_failure(self, subjects: Iterable[str], now_us: int) -> None:
        """Count a failure of each subject. One that is locked is not locked for longer."""
        with self._lock:
            for subject in subjects:
                if self._left_us(subject, now_us) > 0:
                    continue
                failed_us = self._failed_us.setdefault(subject, deque(maxlen=self._most_failures))
                failed_us.append(now_us)
                self._failed_us.move_to_end(subject)
            while len(self._failed_us) > self._most_subjects:
                self._failed_us.popitem(last=False)

    def _left_us(self, subject: str, now_us: int) -> int:
        """How long the subject stays locked; forgets what is past, or, by a clock that went back, still to come."""
        failed_us = self._failed_us.get(subject)
        if failed_us is None:
            return 0
        if not -DISORDER_US <= now_us - failed_us[-1] < self._window_us:
            del self._failed_us[subject]
            return 0
        if len(failed_us) == self._most_failures and failed_us[-1] - failed_us[0] < self._window_us:
            return failed_us[-1] + self._window_us - now_us
        return 0


def network_of(address: str | None) -> str:
    """The subject an address counts as: itself, or the /64 network of an IPv6 address, which one host has whole."""
    if address is None:
        return "address unknown"
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return f"address {address}"
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return f"address {found.ipv4_mapped}"
        return f"address {IPv6Address(int(found) >> IPV6_HOST_BITS << IPV6_HOST_BITS)}/{128 - IPV6_HOST_BITS}"
    return f"address {found}"

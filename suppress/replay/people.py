"""Count and sample persons among millions of messages in bounded memory, independent of the order they come in.

Persons are known here by a stable 64-bit hash of who they are, so that two runs, and two kinds of change, pick alike.
"""

from collections.abc import Iterable
from hashlib import blake2b
from typing import Final, Generic, TypeVar

KEPT_PERSONS: Final = 100_000
"""Persons counted one by one. Beyond, a stable part of them is (a half, a quarter, ...), and figures are scaled up."""

_ALL: Final = 1 << 64

T = TypeVar("T")


def stable_hash(*parts: str | int | None) -> int:
    """64 bits of the parts, the same in every process and on every machine."""
    return int.from_bytes(blake2b(repr(parts).encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


class Persons:
    """How many different persons there are.

    Exact up to `most`. Beyond, persons whose hash lies under a falling bound are kept: which ones, and hence the count,
    does not depend on the order they came in, and all counters keep the same ones.
    """

    def __init__(self, most: int = KEPT_PERSONS) -> None:
        self._most = most
        self._halvings = 0
        self._kept: set[int] = set()

    def add(self, person: int) -> None:
        """Note that the person (its stable hash) was seen."""
        if person >= _ALL >> self._halvings:
            return
        self._kept.add(person)
        while len(self._kept) > self._most:
            self._halvings += 1
            bound = _ALL >> self._halvings
            self._kept = {kept for kept in self._kept if kept < bound}

    @property
    def is_exact(self) -> bool:
        """Whether every person was counted."""
        return not self._halvings

    def count(self) -> int:
        """How many persons were seen; an estimate unless `is_exact`."""
        return len(self._kept) << self._halvings


class Sample(Generic[T]):
    """At most `size` persons with one value each: those with the smallest hashes, whatever the order they came in."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: dict[int, tuple[int, T]] = {}

    def wants(self, person: int, value: int) -> bool:
        """Whether a value (its stable hash) of the person would be kept, so that only such values need be made."""
        known = self._kept.get(person)
        if known is not None:
            return value < known[0]
        return len(self._kept) < self._size or person < max(self._kept)

    def put(self, person: int, value: int, made: T) -> None:
        """Keep a value that was wanted."""
        self._kept[person] = (value, made)
        if len(self._kept) > self._size:
            del self._kept[max(self._kept)]

    def values(self) -> Iterable[T]:
        """What was kept, in a stable order."""
        return [self._kept[person][1] for person in sorted(self._kept)]

"""Count the lines of each order, exact however scattered they are over a file, in memory that does not grow with it.

Recent orders are counted in a dictionary; when it is full it is spilled into a temporary SQLite file. A bitmap of the
spilled orders saves the look-up for nearly every order that was not seen before.
"""

import os
import sqlite3
import tempfile
from collections.abc import Sequence
from typing import Final, Self

RECENT_ORDERS: Final = 50_000
BITMAP_BYTES: Final = 1 << 24


class Positions:
    """The position of each line in its order, from 1. A context manager: the temporary file goes when it ends."""

    def __init__(self, recent_orders: int = RECENT_ORDERS) -> None:
        self._recent_orders = recent_orders
        self._counts: dict[str, int] = {}
        self._file: _Spilled | None = None

    def count(self, order_ids: Sequence[str | None]) -> list[str]:
        """The position of each of these lines, as a line id. A line without an order gets an empty one."""
        counts = self._counts
        positions: list[str] = []
        for order_id in order_ids:
            if order_id is None:
                positions.append("")
                continue
            before = counts.get(order_id)
            if before is None:
                before = self._spilled(order_id)
                if len(counts) >= self._recent_orders:
                    self._spill()
            counts[order_id] = before + 1
            positions.append(str(before + 1))
        return positions

    def _spilled(self, order_id: str) -> int:
        return 0 if self._file is None else self._file.count(order_id)

    def _spill(self) -> None:
        if self._file is None:
            self._file = _Spilled()
        self._file.put(self._counts)
        self._counts.clear()

    def close(self) -> None:
        """Remove the temporary file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Spilled:
    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="suppress-import-")
        self._database = sqlite3.connect(os.path.join(self._folder.name, "orders.db"), isolation_level=None)
        # A temporary file needs no safety: when the process dies, nobody reads it again.
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "locking_mode = EXCLUSIVE", "cache_size = -16384"):
            self._database.execute(f"PRAGMA {pragma}")
        self._database.execute("CREATE TABLE counts (order_id TEXT PRIMARY KEY, lines INTEGER) WITHOUT ROWID")
        self._seen = bytearray(BITMAP_BYTES)

    def count(self, order_id: str) -> int:
        bit = hash(order_id) % (BITMAP_BYTES * 8)
        if not self._seen[bit >> 3] & (1 << (bit & 7)):
            return 0
        row = self._database.execute("SELECT lines FROM counts WHERE order_id = ?", (order_id,)).fetchone()
        return int(row[0]) if row else 0

    def put(self, counts: dict[str, int]) -> None:
        for order_id in counts:
            bit = hash(order_id) % (BITMAP_BYTES * 8)
            self._seen[bit >> 3] |= 1 << (bit & 7)
        self._database.execute("BEGIN")
        self._database.executemany("INSERT OR REPLACE INTO counts VALUES (?, ?)", sorted(counts.items()))
        self._database.execute("COMMIT")

    def close(self) -> None:
        self._database.close()
        self._folder.cleanup()

"""Copy what is in the files into the table while nobody waits for it: the files are the promise, the table follows.

So a database that is slow, busy with an import or down costs no check anything. When it is back, what it missed is read
from the files; so is what a killed process had not copied. Lines wait in memory only while the table keeps up.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from suppress.decisions.record import NO_HASH, Link, LogLine, read_line
from suppress.errors import LedgerError, SuppressError
from suppress.ledger.chain_files import read_anchor, read_start, writers_of
from suppress.ledger.folder import find_recent, lines_after
from suppress.ledger.tidying import close_abandoned

COPIED_AT_ONCE: Final = 250
"""A transaction of more is hardly cheaper for each line, and all of it is in memory."""
MOST_WAITING_BYTES: Final = 4 << 20
"""Lines kept in memory for a table that is behind; beyond, they are read from the files later."""
GATHER_SECONDS: Final = 0.05
"""How long lines may wait for more to share a transaction, for a transaction costs what copying fifty lines costs."""
CROWD: Final = 10
CROWD_GATHER_SECONDS: Final = 0.2
"""How long they may wait after a transaction that so many lines or more have shared."""
RETRY_SECONDS: Final = 1.0
TIDY_SECONDS: Final = 60.0
"""How often the chains of dead processes are looked for."""

_log = logging.getLogger(__name__)


class Table(Protocol):
    """The decision log as a table. All raise StoreError."""

    def append(self, lines: Sequence[LogLine]) -> Link:
        """Add lines of one chain that the table lacks; where the chain ends then."""

    def begin(self, start: Link) -> None:
        """Let a chain the table has nothing of begin after this line."""

    def get(self, decision_id: str) -> bytes | None:
        """The line of a decision; None when there is none."""

    def heads(self) -> Mapping[str, Link]:
        """Writer -> how far the table has its chain."""


class FollowerCounts(NamedTuple):
    """`failures`: attempts the database refused. `behind`: lines of this process that it still lacks."""

    failures: int
    behind: int


class TableFollower:
    """Copies one process's lines, and those of dead processes, into a table. Close it after the ledger."""

    def __init__(self, table: Table, folder: Path, *, retry_seconds: float = RETRY_SECONDS) -> None:
        self._table = table
        self._folder = folder
        self._retry_seconds = retry_seconds
        self._changed = threading.Condition()
        self._lines: deque[LogLine] = deque()
        self._left: set[str] = set()
        self._bytes = self._dropped = self._failures = 0
        self._is_failing = False
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="decision log table", daemon=True)
        self._thread.start()

    def take(self, lines: Sequence[LogLine]) -> None:
        """These lines are in the files."""
        with self._changed:
            self._lines.extend(lines)
            self._bytes += sum(len(line.text) for line in lines)
            while self._bytes > MOST_WAITING_BYTES and len(self._lines) > 1:
                # The table takes no line before these are in it, so the gap makes it read them from the files.
                self._bytes -= len(self._lines.popleft().text)
                self._dropped += 1
            self._changed.notify()

    def find(self, decision_id: str) -> LogLine | None:
        """The line of a decision, though the table may not have it yet; None when there is none. Raises StoreError.

        What this process wrote is looked for in memory, what others wrote a moment ago at the end of their files.
        """
        with self._changed:
            lines = list(self._lines)
        waiting = next((line for line in reversed(lines) if line.record.decision_id == decision_id), None)
        if waiting is not None:
            return waiting
        try:
            text = self._table.get(decision_id)
        except SuppressError:
            recent = find_recent(self._folder, decision_id)
            if recent is None:
                raise
            return recent
        if text is None:
            return find_recent(self._folder, decision_id)
        try:
            return read_line(text)
        except ValueError:
            return None

    @property
    def counts(self) -> FollowerCounts:
        """How the table keeps up."""
        with self._changed:
            return FollowerCounts(self._failures, len(self._lines) + self._dropped)

    def close(self, timeout_seconds: float = 5.0) -> None:
        """Copy what waits, once; what the table does not take now is copied by the next process that starts."""
        with self._changed:
            self._closing.set()
            self._changed.notify()
        self._thread.join(timeout_seconds)

    # -- the copying thread --------------------------------------------------------------------------------------------

    def _run(self) -> None:
        tidy_at = 0.0
        crowded = False
        while True:
            if time.monotonic() >= tidy_at:
                went = self._attempt(self._tidy)
                tidy_at = time.monotonic() + (TIDY_SECONDS if went else self._retry_seconds)
            with self._changed:
                if not self._lines and not self._closing.is_set():
                    self._changed.wait(max(0.0, tidy_at - time.monotonic()))
                is_full = not self._lines or len(self._lines) >= COPIED_AT_ONCE
            if not is_full:
                self._closing.wait(CROWD_GATHER_SECONDS if crowded else GATHER_SECONDS)
            with self._changed:
                lines = self._next_lines()
            crowded = len(lines) >= CROWD
            if lines and self._attempt(lambda lines=lines: self._copy(lines)):  # type: ignore[misc]
                self._forget(lines)
            elif lines:
                self._closing.wait(self._retry_seconds)
            if self._closing.is_set() and (self._is_failing or not self._lines):
                return

    def _attempt(self, do: Callable[[], None]) -> bool:
        try:
            do()
        except Exception as error:
            self._failures += 1
            if not self._is_failing:
                known = isinstance(error, SuppressError)
                _log.error("the table of decisions is behind, the files are not: %s", error, exc_info=not known)
            self._is_failing = True
            return False
        if self._is_failing:
            _log.warning("the table of decisions takes lines again")
        self._is_failing = False
        return True

    def _next_lines(self) -> list[LogLine]:
        """Some of those that wait, all of one chain."""
        some = list(islice(self._lines, COPIED_AT_ONCE))
        return [line for line in some if line.link.writer == some[0].link.writer]

    def _forget(self, lines: list[LogLine]) -> None:
        last = lines[-1].link
        with self._changed:
            # Some may have been dropped meanwhile, for want of room.
            while self._lines and self._lines[0].link.writer == last.writer and self._lines[0].link.seq <= last.seq:
                self._bytes -= len(self._lines.popleft().text)
            if not self._lines:
                self._dropped = 0

    def _copy(self, lines: list[LogLine]) -> None:
        last = lines[-1].link
        head = self._table.append(lines)
        if head.seq < last.seq and self._copy_from_files(head).seq < last.seq:
            # Files that are gone come back to nobody: better to lack these in the table than all that follow.
            told = (lines[0].link.seq, last.seq, last.writer)
            _log.error("lines %d to %d of %s are not in the table: files before them are gone", *told)

    def _copy_from_files(self, head: Link) -> Link:
        if head.seq == 0:
            start = read_start(self._folder, head.writer)
            if start.seq > 0:
                self._table.begin(start)
                head = start
        following = lines_after(self._folder, head)
        while some := list(islice(following, COPIED_AT_ONCE)):
            head = self._table.append(some)
            if head.seq < some[-1].link.seq:
                break
        return head

    def _tidy(self) -> None:
        close_abandoned(self._folder)
        heads = self._table.heads()
        for writer in writers_of(self._folder):
            if writer in self._left:
                continue
            try:
                anchor = read_anchor(self._folder, writer)
                head = heads.get(writer, Link(writer, 0, NO_HASH))
                if anchor is not None and anchor.closed and head.seq < anchor.head.seq:
                    self._copy_from_files(head)
            except (ValueError, LedgerError) as error:
                self._left.add(writer)
                _log.error("the decisions of %s are not copied into the table: %s", writer, error)

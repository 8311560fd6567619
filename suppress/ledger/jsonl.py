"""Write a chain's lines to rotating JSONL files: on the disk when `append` returns, or not at all.

A batch is one write and one `fdatasync`. Where either fails, what was written of the batch is cut off again, so that
the file ends with the last line that is promised.
"""

import errno
import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from suppress.decisions.record import NO_HASH, Link, LogLine
from suppress.errors import LedgerError
from suppress.facts.instants import US_PER_DAY
from suppress.ledger.chain_files import ANCHORS, Anchor, anchor_bytes, file_path, head_path, sync_folder

ROTATE_BYTES: Final = 64 * 1024 * 1024


class ChainWriter:
    """The files of one chain, held by the one process that writes it. Not for several threads at once.

    A file is closed when it has `most_bytes`, or when a batch is of a later day (UTC) than its first one: retention
    takes whole files. Raises LedgerError when the folder cannot be written.
    """

    def __init__(self, folder: Path, writer: str, *, most_bytes: int = ROTATE_BYTES) -> None:
        self.is_broken = False
        self._folder = folder
        self._most_bytes = most_bytes
        self._file: int | None = None
        self._bytes = 0
        self._day = 0
        self._head = Link(writer, 0, NO_HASH)
        with _errors(folder):
            (folder / ANCHORS).mkdir(parents=True, exist_ok=True)
            self._anchor = os.open(head_path(folder, writer), os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                fcntl.flock(self._anchor, fcntl.LOCK_EX)
                self._write_anchor(self._head)
                os.fsync(self._anchor)
                for each in (folder / ANCHORS, folder, folder.parent):
                    sync_folder(each)
            except OSError:
                os.close(self._anchor)
                with suppress(OSError):
                    head_path(folder, writer).unlink()
                raise

    def append(self, lines: Sequence[LogLine]) -> None:
        """Write lines that follow the last ones. On the disk when it returns; raises LedgerError when they are not.

        After an error nothing of them is there. Where that cannot be made sure of, `is_broken` says so, and the chain
        must not be gone on with.
        """
        data = b"".join([line.text + b"\n" for line in lines])
        day = lines[0].record.decided_at_us // US_PER_DAY
        with _errors(self._folder):
            # Around midnight decisions of both days come in any order; a clock that was set right is another thing.
            is_of_day = self._day - 1 <= day <= self._day
            if self._file is None or self._bytes >= self._most_bytes or not is_of_day:
                self._next_file(lines[0].link.seq)
                self._day = day
            if os.fstat(self._handle).st_nlink == 0:
                self.is_broken = True
                raise OSError(errno.ENOENT, "the file that was written to is gone")
            try:
                self._write(data)
            except OSError:
                self.is_broken = not self._cut_off()
                raise
            try:
                os.fdatasync(self._handle)
            except OSError:
                # What the disk has after a failed sync is not known, and a second one would not tell.
                self.is_broken = True
                self._cut_off()
                raise
        self._bytes += len(data)
        self._head = lines[-1].link
        with suppress(OSError):
            # An anchor that lags is made up for by the next one; the lines are safe.
            self._write_anchor(self._head)

    def close(self) -> None:
        """Say that nothing follows, unless the chain is broken, and let go of the files."""
        with suppress(OSError):
            if not self.is_broken:
                os.pwrite(self._anchor, anchor_bytes(Anchor(self._head, closed=True)), 0)
                os.fsync(self._anchor)
        os.close(self._anchor)
        self._close_file()

    @property
    def _handle(self) -> int:
        if self._file is None:
            raise OSError("no file is open")
        return self._file

    def _write(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            left = left[os.write(self._handle, left) :]

    def _write_anchor(self, head: Link) -> None:
        os.pwrite(self._anchor, anchor_bytes(Anchor(head, closed=False)), 0)

    def _cut_off(self) -> bool:
        """Whether the file ends with the last promised line again, and the disk is known to have it so."""
        try:
            os.ftruncate(self._handle, self._bytes)
            os.fdatasync(self._handle)
        except OSError:
            return False
        return True

    def _next_file(self, first_seq: int) -> None:
        path = file_path(self._folder, self._head.writer, first_seq)
        # A file of that name is there when the first batch into it failed and was cut off: it is empty.
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            sync_folder(self._folder)
        except OSError:
            os.close(opened)
            raise
        self._close_file()
        self._file, self._bytes = opened, 0

    def _close_file(self) -> None:
        if self._file is not None:
            with suppress(OSError):
                os.close(self._file)
        self._file = None


@contextmanager
def _errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise LedgerError(f"the decision log cannot be written to {folder}: {error.strerror}") from None

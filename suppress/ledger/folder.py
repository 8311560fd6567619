"""Read the files of a log: a chain's lines from any place on, one decision's line, the first fault of each chain."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from suppress.decisions.record import Fault, Link, LogLine, read_line, verify
from suppress.errors import LedgerError
from suppress.ledger.chain_files import Anchor, ChainFile, files_of, read_anchor, read_start, writers_of

RECENT_BYTES: Final = 1024 * 1024
"""How much of a file's end is looked through for what the table may not have yet: hundreds of decisions."""


class Verified(NamedTuple):
    """What became of one chain. `start`: what retention took up to; `found`: its end, or its first fault.

    `unfinished_bytes`: after its last line, left by a writer that was cut short, or is writing just now.
    """

    start: Link
    found: Link | Fault
    unfinished_bytes: int = 0


def verify_folder(folder: Path) -> Iterator[Verified]:
    """One chain after the other. Raises LedgerError when the folder cannot be read."""
    with _errors(folder):
        if not folder.is_dir():
            raise LedgerError(f"there is no decision log at {folder}")
        # Before the files are listed: a chain that is being written may have more lines than its anchor says, never
        # fewer.
        marks = {writer: _marks(folder, writer) for writer in writers_of(folder)}
        files = files_of(folder)
        for writer, found in marks.items():
            verified = found if isinstance(found, Verified) else _verify(found, files.get(writer, []))
            if isinstance(verified.found, Fault) and _start(folder, writer) != verified.start:
                # Retention took what was being read.
                verified = verify_chain(folder, writer)
            yield verified


def verify_chain(folder: Path, writer: str) -> Verified:
    """Where one chain ends, or its first line that is not as it was written. Raises OSError."""
    marks = _marks(folder, writer)
    return marks if isinstance(marks, Verified) else _verify(marks, files_of(folder).get(writer, []))


def _start(folder: Path, writer: str) -> Link | None:
    try:
        return read_start(folder, writer)
    except ValueError:
        return None


def fault_beside(folder: Path, verified: Verified, head: Link) -> Fault | None:
    """Where a verified chain is not what another witness, e.g. the table, knows of it up to `head`; None: it fits.

    As each hash covers all lines before, comparing one line compares them all.
    """
    end = verified.found
    if isinstance(end, Fault) or head.seq <= verified.start.seq:
        return None
    if head.seq > end.seq:
        return Fault(
            head.writer, end.seq + 1, f"is missing from the files: the table has the chain up to line {head.seq}"
        )
    line = next(lines_after(folder, Link(head.writer, head.seq - 1, "")), None)
    if line is None or line.link == head:
        return None
    return Fault(head.writer, head.seq, "or one before it is another one in the table", line.record.decision_id)


def lines_after(folder: Path, after: Link) -> Iterator[LogLine]:
    """The lines of a chain that follow a place in it, as far as they can be read. Raises LedgerError."""
    files = files_of(folder).get(after.writer, [])
    following = [file.first_seq for file in files[1:]]
    wanted = [
        file
        for file, first_after in zip(files, [*following, after.seq + 2], strict=False)
        if first_after > after.seq + 1
    ]
    with _errors(folder):
        for text in _whole_lines(_texts(wanted), _Tail()):
            try:
                line = read_line(text)
            except ValueError:
                return
            if line.link.seq > after.seq:
                yield line


def find_in_folder(folder: Path, decision_id: str) -> LogLine | None:
    """The newest line of a decision, wherever it is; reads every file, newest first. Raises LedgerError."""
    wanted = f'"decision_id":"{decision_id}"'.encode()
    with _errors(folder):
        paths = [file.path for files in files_of(folder).values() for file in files]
        for path in sorted(paths, key=lambda path: path.stat().st_mtime_ns, reverse=True):
            found = None
            with path.open("rb") as file:
                for text in file:
                    if wanted in text:
                        try:
                            line = read_line(text.removesuffix(b"\n"))
                        except ValueError:
                            continue
                        found = line if line.record.decision_id == decision_id else found
            if found is not None:
                return found
    return None


def find_recent(folder: Path, decision_id: str) -> LogLine | None:
    """A decision's line at the end of a chain that is still open, as far as RECENT_BYTES go. Raises LedgerError."""
    wanted = f'"decision_id":"{decision_id}"'.encode()
    with _errors(folder):
        for writer, files in files_of(folder).items():
            marks = _marks(folder, writer)
            if isinstance(marks, Verified) or marks.anchor.closed:
                continue
            for file in files[-2:]:
                with file.path.open("rb") as opened:
                    opened.seek(max(0, opened.seek(0, os.SEEK_END) - RECENT_BYTES))
                    for text in opened.read().splitlines():
                        if wanted in text:
                            try:
                                line = read_line(text)
                            except ValueError:
                                continue
                            if line.record.decision_id == decision_id:
                                return line
    return None


class _Marks(NamedTuple):
    start: Link
    anchor: Anchor


def _marks(folder: Path, writer: str) -> _Marks | Verified:
    try:
        start = read_start(folder, writer)
    except ValueError as error:
        fault = Fault(writer, 1, f"cannot be told: the mark of where the chain starts is damaged: {error}")
        return Verified(Link(writer, 0, ""), fault)
    try:
        anchor = read_anchor(folder, writer)
    except ValueError as error:
        return Verified(start, Fault(writer, start.seq + 1, f"cannot be told: the chain's anchor is damaged: {error}"))
    if anchor is None:
        return Verified(start, Fault(writer, start.seq + 1, "cannot be told: the chain has no anchor"))
    return _Marks(start, anchor)


def _verify(marks: _Marks, files: list[ChainFile]) -> Verified:
    start, anchor = marks
    # Retention takes whole files: one that begins at or before the mark was taken, even if it is still there.
    kept = [file for file in files if file.first_seq > start.seq]
    tail = _Tail()
    known = anchor.head if anchor.head.seq > start.seq else None
    found = verify(_whole_lines(_texts(kept), tail), start, known)
    if isinstance(found, Link) and anchor.closed and (found.seq > max(anchor.head.seq, start.seq) or tail.bytes):
        found = Fault(start.writer, anchor.head.seq + 1, "was added after the chain was closed")
    return Verified(start, found, 0 if isinstance(found, Fault) else tail.bytes)


class _Tail:
    """How long the line is that has no end yet."""

    bytes = 0


def _whole_lines(texts: Iterator[bytes], tail: _Tail) -> Iterator[bytes]:
    for text in texts:
        if text.endswith(b"\n"):
            yield text[:-1]
        else:
            tail.bytes = len(text)
            return


def _texts(files: list[ChainFile]) -> Iterator[bytes]:
    for file in files:
        try:
            opened = file.path.open("rb")
        except FileNotFoundError:
            return
        with opened:
            yield from opened


@contextmanager
def _errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise LedgerError(f"the decision log in {folder} cannot be read: {error.strerror}") from None

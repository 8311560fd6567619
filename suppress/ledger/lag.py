"""How far a table is behind the files it follows: a folder and the table's heads in, lines and their age out."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from suppress.decisions.record import Link
from suppress.errors import LedgerError
from suppress.ledger.chain_files import read_anchor, read_start, writers_of
from suppress.ledger.folder import lines_after


class Lag(NamedTuple):
    """`lines`: at least so many of the files are not in the table. `oldest_us`: when the first of them was decided."""

    lines: int
    oldest_us: int | None


def lag_of(folder: Path, heads: Mapping[str, Link]) -> Lag:
    """What the table, which has each writer's chain up to `heads`, lacks. Raises LedgerError, with what is damaged."""
    lines, oldest = 0, None
    for writer in writers_of(folder):
        try:
            start, anchor = read_start(folder, writer), read_anchor(folder, writer)
        except ValueError as error:
            raise LedgerError(f"the marks of {writer} are damaged: {error}") from None
        except OSError as error:
            raise LedgerError(f"the decision log in {folder} cannot be read: {error.strerror}") from None
        head = heads.get(writer, start)
        had = head if head.seq > start.seq else start
        if anchor is None or anchor.head.seq <= had.seq:
            continue
        lines += anchor.head.seq - had.seq
        first = next(lines_after(folder, had), None)
        if first is not None:
            oldest = min(filter(None, (oldest, first.record.decided_at_us)))
    return Lag(lines, oldest)

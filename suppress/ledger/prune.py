"""Take out what is older than the log is kept: whole files, from the beginning of each chain."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from suppress.decisions.record import Link, read_line
from suppress.errors import LedgerError
from suppress.ledger.chain_files import ChainFile, files_of, locked, write_start


class Pruned(NamedTuple):
    """What was taken out, and what could not be, with the reason: a damaged file is left for people to look at."""

    files: int
    lines: int
    left: list[str]


def prune_folder(folder: Path, before_us: int) -> Pruned:
    """Take out the files all of whose decisions were taken before an instant, up to the first of a chain that is not.

    The hash of the last line taken stays, so that the rest of its chain verifies. The file a living process writes
    stays too. Raises LedgerError when the folder cannot be read or written.
    """
    taken, lines, left = 0, 0, []
    try:
        for writer, files in files_of(folder).items():
            with locked(folder, writer) as handle:
                whole = files if handle is not None else files[:-1]
                try:
                    for file, last in _old(whole, before_us):
                        write_start(folder, last)
                        file.path.unlink()
                        taken += 1
                        lines += last.seq - file.first_seq + 1
                except ValueError as error:
                    left.append(f"{writer}: {error}")
    except OSError as error:
        raise LedgerError(f"the decision log in {folder} cannot be pruned: {error.strerror}") from None
    return Pruned(taken, lines, left)


def _old(files: list[ChainFile], before_us: int) -> Iterator[tuple[ChainFile, Link]]:
    for file in files:
        last = None
        with file.path.open("rb") as opened:
            for text in opened:
                last = read_line(text.removesuffix(b"\n"))
                if last.record.decided_at_us >= before_us:
                    return
        if last is None:
            # A first batch failed here; nothing was ever promised in it.
            return
        yield file, last.link

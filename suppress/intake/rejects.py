"""Write the refused rows of one input file beside it, so that a person can mend and import them again.

The file appears whole or not at all, replaces that of an earlier import of the same input, and goes when nothing is
refused any more. It holds the rows themselves, personal data included: only its owner may read it.
"""

import csv
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Final, NamedTuple, Self

from suppress.errors import FactsError

HEADING: Final = ("row", "column", "reason", "record")
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


class Refused(NamedTuple):
    """One refused row: its number, the columns at fault (empty = the whole row), why, and the row as JSON text."""

    row: int
    column: str
    reason: str
    record: str


def rejects_path(path: Path, folder: Path | None = None) -> Path:
    """Where the refused rows of `path` go: `FILE.rejects.csv` beside it, or in `folder`."""
    return (folder or path.parent) / f"{path.name}.rejects.csv"


class Rejects:
    """The rejects file being written. A context manager: put in place at its end, dropped when an error passes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self._draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
        self._file: IO[str] | None = None
        self._writer: Any = None

    def add(self, refused: Iterable[Refused]) -> None:
        """Write these rows down. Raises FactsError when the folder cannot be written to."""
        for row in refused:
            if self._file is None:
                self._open()
            self.count += 1
            self._writer.writerow((row.row, *map(escaped, row[1:])))

    def _open(self) -> None:
        try:
            handle = os.open(self._draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        except OSError as error:
            raise FactsError(
                f"the refused rows cannot be written to {self.path}: {error.strerror}; "
                "name another folder with --rejects-dir"
            ) from None
        self._file = os.fdopen(handle, "w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file, lineterminator="\n", quoting=csv.QUOTE_ALL)
        self._writer.writerow(HEADING)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, error_type: type[BaseException] | None, *_: object) -> None:
        if self._file is not None:
            self._file.close()
            if error_type is None:
                self._draft.replace(self.path)
            else:
                self._draft.unlink(missing_ok=True)
        elif error_type is None:
            with suppress(OSError):
                self.path.unlink(missing_ok=True)


def escaped(cell: str) -> str:
    """The cell, behind a `'` when a spreadsheet would take it for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell

"""What every reader of a file format gives: some rows by column, as text cells, with what could not be taken apart."""

from collections.abc import Sequence
from typing import Final, NamedTuple

BATCH_ROWS: Final = 8192


class Broken(NamedTuple):
    """A row that could not even be taken apart. `record`: as much of it as there is."""

    row: int
    reason: str
    record: str


class Batch(NamedTuple):
    """Some rows of a file, by column. `numbers`: the row number of each row as people count it (see docs/imports.md).

    `columns`: all columns of the file as far as known. `read_bytes`: how far into the file this is, for progress.
    """

    numbers: Sequence[int]
    cells: dict[str, Sequence[str]]
    broken: Sequence[Broken]
    columns: Sequence[str]
    read_bytes: int

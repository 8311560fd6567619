"""Turn a file into clean records and refused rows, batch by batch: reader, headings, columns and assembly in a row."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import compress
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import orjson

from suppress.errors import FactsError
from suppress.facts.ids import MAX_ID_CHARACTERS
from suppress.facts.records import Record
from suppress.facts.snapshot import Source
from suppress.intake.assemble import ASSEMBLERS, Table
from suppress.intake.batches import BATCH_ROWS, Batch
from suppress.intake.cells import shown
from suppress.intake.columns import Column, Mistake, ParseColumn, column_parser
from suppress.intake.files import read_batches
from suppress.intake.headings import Headings
from suppress.intake.identities import Identity, Resolve
from suppress.intake.positions import Positions
from suppress.intake.rejects import Refused
from suppress.intake.rows import FORMS, FileTime, RowForm


def nobody(_: Collection[Identity]) -> Mapping[Identity, Sequence[str]]:
    """A `Resolve` that knows no customer."""
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """How a file is to be read. `as_of_us`: the file's own time, which rows without one take.

    `mapping`: the file's column name -> ours. `zone`: in which times without a zone are read; None = refused.
    """

    as_of_us: int
    mapping: Mapping[str, str] = field(default_factory=dict)
    zone: ZoneInfo | None = None
    fold_case: bool = False
    encoding: str | None = None
    batch_rows: int = BATCH_ROWS


class Chunk(NamedTuple):
    """What one batch of a file became. `rows` = records + refused; `notes` are for people, and new in this chunk."""

    records: list[Record]
    refused: list[Refused]
    rows: int
    read_bytes: int
    notes: list[str]


def read_records(path: Path, source: Source, options: ReadOptions, resolve: Resolve = nobody) -> Iterator[Chunk]:
    """The chunks of a file. Raises FactsError when the file as a whole cannot be read or lacks a column."""
    form = FORMS[source]
    headings = Headings(form=form, mapping=options.mapping)
    parsers = _Parsers(form, options)
    with Positions() as positions:
        checked = False
        for batch in read_batches(path, options.encoding, options.batch_rows):
            if not checked and (batch.columns or batch.broken):
                headings.check_unique(batch.columns)
                if batch.columns:
                    headings.check_complete(batch.columns)
                    checked = True
            cells = {ours: cells for name, cells in batch.cells.items() if (ours := headings.ours(name))}
            table = Table(
                rows=len(batch.numbers), values={}, defaults=parsers.defaults, resolve=resolve, positions=positions
            )
            for name, column_cells in cells.items():
                table.values[name], mistakes = parsers.of(name)(column_cells)
                table.mistakes += mistakes
            for name in parsers.required - cells.keys():
                table.values[name] = [None] * table.rows
                table.mistakes += [Mistake(index, name, "is empty") for index in range(table.rows)]
            records: list[Record] = list(ASSEMBLERS[source](table))
            refused = [Refused(row, "", reason, record) for row, reason, record in batch.broken]
            if table.mistakes:
                bad = _by_row(table.mistakes)
                records = list(compress(records, (index not in bad for index in range(table.rows))))
                refused += _refused(batch, bad)
                refused.sort()
            notes, headings.notes = headings.notes, []
            yield Chunk(records, refused, table.rows + len(batch.broken), batch.read_bytes, notes)


class _Parsers:
    """The parsers of one import's columns, made when first needed, and what its empty cells mean."""

    def __init__(self, form: RowForm, options: ReadOptions) -> None:
        self._form = form
        self._options = options
        self._made: dict[str, ParseColumn] = {}
        self.defaults: dict[str, Any] = {column.name: self._settled(column).default for column in form.columns}
        self.required = {column.name for column in form.columns if column.required}

    def of(self, name: str) -> ParseColumn:
        """The parser of the column called `name`."""
        parser = self._made.get(name)
        if parser is None:
            column = self._form.column(name)
            if column is None:
                raise FactsError(f'there is no column "{name}"')
            if len(name) > MAX_ID_CHARACTERS or re.search(r"[\x00-\x1f\x7f]", name):
                raise FactsError("a column has a name that is too long or holds control characters")
            settled = replace(self._settled(column), name=name)
            parser = column_parser(settled, zone=self._options.zone, fold_case=self._options.fold_case)
            self._made[name] = parser
        return parser

    def _settled(self, column: Column) -> Column:
        return replace(column, default=self._options.as_of_us) if column.default is FileTime else column


def _by_row(mistakes: Sequence[Mistake]) -> dict[int, list[Mistake]]:
    rows: dict[int, list[Mistake]] = defaultdict(list)
    for mistake in mistakes:
        rows[mistake.at].append(mistake)
    return rows


def _refused(batch: Batch, bad: Mapping[int, list[Mistake]]) -> list[Refused]:
    refused: list[Refused] = []
    for index, mistakes in bad.items():
        columns = "; ".join(dict.fromkeys(mistake.column or "" for mistake in mistakes))
        reasons = "; ".join(
            f"{mistake.column}: {mistake.reason}" if len(mistakes) > 1 else mistake.reason for mistake in mistakes
        )
        record = {name: shown(cells[index]) for name, cells in batch.cells.items() if cells[index]}
        text = orjson.dumps(record, default=str).decode()
        refused.append(Refused(batch.numbers[index], columns, reasons, text))
    return refused

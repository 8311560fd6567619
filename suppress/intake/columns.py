"""Turn a whole column of cells into typed values at once, because a file has millions of rows.

Cells that repeat are parsed once; ids and times, which rarely repeat, are checked by the batch and only looked at one
by one when something in the batch is wrong. The result is that of `kinds.py` cell by cell, which the tests compare.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from suppress.errors import FactsError
from suppress.facts.ids import MAX_ID_CHARACTERS
from suppress.intake import kinds
from suppress.intake.kinds import EPOCH, MICROSECOND, Kind, ParseOne

REMEMBERED_CELLS: Final = 20_000


class Mistake(NamedTuple):
    """Why the row `at` this place of its batch is refused. `column` is None when the whole row is meant."""

    at: int
    column: str | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of an import. `least` bounds a whole number; `folds`: `--fold-case` applies to it.

    `default`: what an empty cell means, None = unknown; `default_text` says so in the documentation.
    """

    name: str
    kind: Kind
    meaning: str
    required: bool = False
    default: object = None
    default_text: str = ""
    choices: tuple[str, ...] = ()
    least: int | None = None
    zero: bool = True
    folds: bool = False


ParseColumn = Callable[[Sequence[str]], tuple[list[Any], list[Mistake]]]


def column_parser(column: Column, *, zone: ZoneInfo | None, fold_case: bool) -> ParseColumn:
    """The parser of one column: cells in, as many values and the mistakes out (a mistake's value is None)."""
    one = _parse_one(column, zone, fold_case=fold_case)
    cell_by_cell = _each(column, one)
    if column.kind is Kind.ID:
        return _ids_at_once(column, cell_by_cell, fold_case=fold_case and column.folds)
    if column.kind is Kind.INSTANT:
        return _instants_at_once(cell_by_cell)
    return cell_by_cell


def _parse_one(column: Column, zone: ZoneInfo | None, *, fold_case: bool) -> ParseOne:
    parse_id = kinds.parse_folded_id if fold_case and column.folds else kinds.parse_id
    parsers: dict[Kind, ParseOne] = {
        Kind.ID: parse_id,
        Kind.TEXT: kinds.parse_text,
        Kind.WORD: kinds.parse_word,
        Kind.PATH: kinds.parse_path,
        Kind.WHOLE: kinds.whole_parser(column.least, zero=column.zero),
        Kind.CHOICE: kinds.choice_parser(column.choices),
        Kind.YES_NO: kinds.parse_yes_no,
        Kind.INSTANT: kinds.instant_parser(zone),
        Kind.SKUS: kinds.skus_parser(parse_id),
        Kind.MAP: kinds.parse_map,
        Kind.COUNTRY: kinds.parse_country,
        Kind.CURRENCY: kinds.parse_currency,
        Kind.ZONE: kinds.parse_zone,
        Kind.ADDRESS: kinds.parse_address,
    }
    return parsers[column.kind]


class _Remembered(dict[str, Any]):
    """Cell -> value, parsed when first seen. Forgets everything when full, so that memory stays flat."""

    def __init__(self, column: Column, one: ParseOne) -> None:
        super().__init__()
        self.column = column
        self.one = one

    def __missing__(self, cell: str) -> Any:
        if cell and not cell.isspace():
            value = self.one(cell)
        elif self.column.required:
            raise FactsError("is empty")
        else:
            value = self.column.default
        if len(self) >= REMEMBERED_CELLS:
            self.clear()
        self[cell] = value
        return value


def _each(column: Column, one: ParseOne) -> ParseColumn:
    known = _Remembered(column, one)

    def parse(cells: Sequence[str]) -> tuple[list[Any], list[Mistake]]:
        try:
            return list(map(known.__getitem__, cells)), []
        except FactsError:
            pass
        values: list[Any] = []
        mistakes: list[Mistake] = []
        for index, cell in enumerate(cells):
            try:
                values.append(known[cell])
            except FactsError as error:
                values.append(None)
                mistakes.append(Mistake(index, column.name, str(error)))
        return values, mistakes

    return parse


def _ids_at_once(column: Column, cell_by_cell: ParseColumn, *, fold_case: bool) -> ParseColumn:
    def parse(cells: Sequence[str]) -> tuple[list[Any], list[Mistake]]:
        ids = list(map(str.strip, cells))
        joined = "".join(ids)
        if not (joined.isascii() and joined.isprintable()) or max(map(len, ids), default=0) > MAX_ID_CHARACTERS:
            return cell_by_cell(cells)
        if fold_case:
            ids = list(map(str.upper, ids))
        if "" not in ids:
            return ids, []
        if column.required:
            return cell_by_cell(cells)
        return [each or column.default for each in ids], []

    return parse


def _instants_at_once(cell_by_cell: ParseColumn) -> ParseColumn:
    def parse(cells: Sequence[str]) -> tuple[list[Any], list[Mistake]]:
        try:
            return [(at - EPOCH) // MICROSECOND for at in map(datetime.fromisoformat, cells)], []
        except (ValueError, TypeError):
            return cell_by_cell(cells)

    return parse

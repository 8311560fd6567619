"""Turn a CSV file of messages into blocks of text columns. A row that cannot be taken apart is broken, with its number.

The first row names the columns; an empty cell is not given; `items`, `replacements` and `campaign_tags` are `A|B` or a
JSON list (which for `items` may hold maps of sku, placement and score); `attributes` is a JSON map.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import IO, Final

import duckdb
import pyarrow as pa

from suppress.errors import FactsError
from suppress.scan.message_blocks import (
    BLOCK,
    MOST_LINE_BYTES,
    Block,
    Border,
    Read,
    odd_numbers,
    registered,
    text_array,
)
from suppress.scan.message_cells import parsed
from suppress.scan.message_columns import check_columns, message_columns, odd_row

_BLOCK_ROWS: Final = 50_000


def csv_blocks(connection: duckdb.DuckDBPyConnection, stream: IO[bytes], border: Border) -> Iterator[Block]:
    """The blocks of a CSV file. Raises FactsError when it is no UTF-8 or has the wrong columns."""
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    try:
        lines = _text_lines(text)
        first = next((line for line in lines if line.strip()), None)
        if first is None:
            raise FactsError("the file is empty; its first row must name the columns")
        reader = csv.reader(_chained(first, lines), delimiter=max(",;\t", key=first.count), strict=True)
        try:
            heading = [name.strip() for name in next(reader)]
        except csv.Error as error:
            raise FactsError(f"the heading cannot be read: {error}") from None
        check_columns(heading)
        types = dict.fromkeys(heading, duckdb.sqltypes.VARCHAR)
        columns = message_columns(types)
        odd = odd_row(columns)
        for numbers, rows, broken in _csv_rows(reader, len(heading)):
            last = max([1, *numbers[-1:], *(row for row, _ in broken[-1:])])
            cells = list(zip(*rows, strict=True)) if rows else [()] * len(heading)
            table = {"row": pa.array(numbers, pa.int64())}
            for name, column in zip(heading, cells, strict=True):
                table[name] = text_array([None if not cell or cell.isspace() else cell for cell in column])
            registered(connection, table)
            read_odd = _odd_records(connection, odd, heading, zip(numbers, rows, strict=True), border)
            yield Block(BLOCK, columns, odd, len(rows) + len(broken), last, broken, read_odd)
            connection.unregister(BLOCK)
    except UnicodeError as error:
        reason = error.reason if isinstance(error, UnicodeDecodeError) else str(error)
        raise FactsError(f"the file is not UTF-8: {reason}") from None
    finally:
        text.detach()


def _odd_records(
    connection: duckdb.DuckDBPyConnection,
    odd: str,
    heading: Sequence[str],
    records: Iterable[tuple[int, list[str]]],
    border: Border,
) -> Callable[[], Iterator[tuple[int, Read]]]:
    def read() -> Iterator[tuple[int, Read]]:
        are_odd = odd_numbers(connection, BLOCK, odd)
        for number, record in records:
            if number in are_odd:
                cells = {name: cell for name, cell in zip(heading, record, strict=True) if cell and not cell.isspace()}
                yield number, parsed(border, cells)

    return read


def _chained(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _text_lines(text: io.TextIOWrapper) -> Iterator[str]:
    while line := text.readline(MOST_LINE_BYTES):
        if len(line) >= MOST_LINE_BYTES:
            raise FactsError(f"a line has more than {MOST_LINE_BYTES} characters; is it really a CSV file?")
        yield line


def _csv_rows(
    reader: Iterator[list[str]], width: int
) -> Iterator[tuple[list[int], list[list[str]], list[tuple[int, str]]]]:
    numbers: list[int] = []
    rows: list[list[str]] = []
    broken: list[tuple[int, str]] = []
    number = 1
    while True:
        number += 1
        try:
            row = next(reader, None)
        except csv.Error as error:
            broken.append((number, f"cannot be read as CSV: {error}"))
            continue
        if row is None:
            break
        if len(row) == width:
            numbers.append(number)
            rows.append(row)
        elif row:
            broken.append((number, f"has {len(row)} cells; the heading has {width}"))
        if len(rows) + len(broken) >= _BLOCK_ROWS:
            yield numbers, rows, broken
            numbers, rows, broken = [], [], []
    yield numbers, rows, broken

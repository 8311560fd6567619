"""Turn a Parquet file of messages into blocks that DuckDB reads itself, some row groups at a time."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import duckdb

from suppress.errors import FactsError
from suppress.scan.message_blocks import Block, Border, Read
from suppress.scan.message_cells import is_instant, parsed
from suppress.scan.message_columns import FIELDS, check_columns, message_columns, odd_row
from suppress.scan.sql import literal

_BLOCK_ROWS: Final = 491_520
_FETCHED_ROWS: Final = 4_096


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turns what DuckDB says of a damaged Parquet file into a FactsError; a full disk or memory stays what it is."""
    try:
        yield
    except duckdb.Error as error:
        text = str(error).partition("\n")[0][:200]
        is_of_the_machine = isinstance(error, duckdb.OutOfMemoryException | duckdb.InterruptException)
        is_ours = isinstance(error, duckdb.BinderException | duckdb.CatalogException | duckdb.ParserException)
        is_elsewhere = isinstance(error, duckdb.IOException) and str(path) not in str(error)
        if path.suffix.lower() != ".parquet" or is_of_the_machine or is_ours or is_elsewhere:
            raise
        raise FactsError(f"{path}: the Parquet file is cut short or damaged: {text}") from None


def parquet_blocks(connection: duckdb.DuckDBPyConnection, path: Path, border: Border) -> Iterator[Block]:
    """The blocks of a Parquet file. Raises FactsError when it is damaged or has the wrong columns."""
    file = f"read_parquet({literal(str(path))}, file_row_number=true)"
    with readable(path):
        described = connection.sql(f"SELECT * FROM {file}")
        names = [name for name in described.columns if name != "file_row_number"]
        types = dict(zip(described.columns, described.types, strict=True))
        rows: int = connection.sql(f"SELECT count(*) FROM {file}").fetchall()[0][0]
    check_columns(names)
    columns = message_columns({name: types[name] for name in names})
    odd = odd_row(columns)
    for first in range(0, rows, _BLOCK_ROWS):
        end = min(first + _BLOCK_ROWS, rows)
        relation = (
            f"(SELECT file_row_number + 1 AS row, * FROM {file} "
            f"WHERE file_row_number >= {first} AND file_row_number < {end})"
        )
        read_odd = _odd_cells(connection, relation, types, odd, border)
        yield Block(relation, columns, odd, end - first, end, (), read_odd)


def _odd_cells(
    connection: duckdb.DuckDBPyConnection, relation: str, types: Mapping[str, Any], odd: str, border: Border
) -> Callable[[], Iterator[tuple[int, Read]]]:
    names = [name for name in FIELDS if name in types]
    cells = ", ".join(_fetchable(name, types[name]) for name in names)

    def read() -> Iterator[tuple[int, Read]]:
        # On a connection of its own, because who takes these rows writes others meanwhile.
        answer = connection.cursor().execute(f"SELECT row, {cells} FROM {relation} WHERE {odd}")
        while some := answer.fetchmany(_FETCHED_ROWS):
            for row, *values in some:
                yield row, parsed(border, dict(zip(names, values, strict=True)), types)

    return read


def _fetchable(name: str, type_: Any) -> str:
    """A column in a form that becomes a Python value without a database of zones."""
    column = f'"{name}"'
    at = f"{column}::TIMESTAMPTZ"
    return f"CASE WHEN isfinite({at}) THEN epoch_us({at}) ELSE 9223372036854775807 END" if is_instant(type_) else column

"""Write Parquet files with DuckDB: rows staged from Arrow batches, sorted within a memory limit, else spilled."""

# ruff: noqa: S608  (the text is put together from names in this room; values travel as parameters)

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa

from suppress.errors import ResourceError, StoreError
from suppress.stores.lake_lines import quoted
from suppress.stores.lake_tables import Columns

_TYPES: Final = {"string": "VARCHAR", "int64": "BIGINT", "bool": "BOOLEAN"}
# Small enough to read little more than the customers asked for, large enough to compress.
_FORM: Final = "(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a lake's writer may use: `memory` as DuckDB writes it, e.g. `1GB`; `threads` None = all cores."""

    memory: str = "1GB"
    threads: int | None = None


@contextmanager
def open_duckdb(limits: Limits, spill: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB that keeps within its limits by spilling to a folder, removed after.

    Its errors become StoreError, or ResourceError where disk or memory ran out.
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": limits.memory,
        "temp_directory": str(spill),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    if limits.threads is not None:
        config["threads"] = limits.threads
    try:
        with duckdb.connect(":memory:", config=config) as connection:
            yield connection
    except (duckdb.Error, OSError) as error:
        kind = ResourceError if ResourceError.is_cause(error) else StoreError
        raise kind(f"the lake cannot be written: {_said(error)}") from None
    finally:
        with suppress(OSError):
            shutil.rmtree(spill, ignore_errors=True)


def stage(
    connection: duckdb.DuckDBPyConnection, name: str, columns: Columns, batches: Iterable[pa.RecordBatch]
) -> None:
    """Make a table of batches."""
    typed = ", ".join(f"{column} {_TYPES[kind]}" for column, kind in columns)
    connection.execute(f"CREATE OR REPLACE TABLE {name} ({typed})")
    for batch in batches:
        connection.register("batch", pa.Table.from_batches([batch]))
        connection.execute(f"INSERT INTO {name} SELECT * FROM batch")
        connection.unregister("batch")


def write_parquet(connection: duckdb.DuckDBPyConnection, select: str, path: Path) -> int:
    """Write the rows of a SELECT in its order; how many they are."""
    row = connection.execute(f"COPY ({select}) TO '{str(path).replace(chr(39), chr(39) * 2)}' {_FORM}").fetchone()
    return int(row[0]) if row else 0


def read_parquet(path: Path) -> str:
    """A Parquet file as something to select from."""
    return f"read_parquet('{quoted(path)}')"


def bounds_of(duck: duckdb.DuckDBPyConnection, files: Iterable[Path], rows_at_once: int) -> list[str]:
    """Customers at which to cut files sorted by customer, so that each part has about so many rows."""
    paths = ", ".join(f"'{str(file).replace(chr(39), chr(39) * 2)}'" for file in files)
    if not paths:
        return []
    groups = duck.execute(
        f"SELECT stats_min_value, num_values FROM parquet_metadata([{paths}])"
        " WHERE path_in_schema = 'customer_id' ORDER BY stats_min_value"
    ).fetchall()
    bounds: list[str] = []
    waiting = 0
    for smallest, rows in groups:
        if waiting >= rows_at_once and smallest and smallest not in bounds:
            bounds.append(smallest)
            waiting = 0
        waiting += rows
    return bounds


def ranges_of(bounds: list[str]) -> list[str]:
    """A WHERE for each part: customers from one bound up to the next; empty where there is but one part."""
    wheres: list[str] = []
    for low, high in zip([None, *bounds], [*bounds, None], strict=True):
        conditions = [f"customer_id {sign} {_text(at)}" for sign, at in ((">=", low), ("<", high)) if at is not None]
        wheres.append(f" WHERE {' AND '.join(conditions)}" if conditions else "")
    return wheres


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _said(error: duckdb.Error | OSError) -> str:
    told = error.strerror or str(error) if isinstance(error, OSError) else str(error)
    return " ".join(told.split())

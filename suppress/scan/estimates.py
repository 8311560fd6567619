"""Say how many messages and items files hold, roughly and at once: by Parquet footers, and by the start of texts."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import duckdb

from suppress.scan.sql import path

_LOOKED_AT_BYTES: Final = 1 << 20
_LOOKED_AT_ROWS: Final = 1_000


class Estimate(NamedTuple):
    """Rows of message files and items in them; None = nobody can say before they are read."""

    messages: int | None
    items: int | None


def estimate(files: Sequence[Path]) -> Estimate:
    """How much there is to read. Nothing is raised: what cannot be looked into is told when it is read."""
    messages = items = 0.0
    with duckdb.connect() as connection:
        for file in files:
            if file.suffix == ".parquet":
                found = _of_parquet(connection, file)
            elif file.suffix in {".csv", ".jsonl", ".ndjson", ".json"}:
                found = _of_lines(file)
            else:
                found = None
            if found is None:
                return Estimate(None, None)
            messages += found[0]
            items += found[0] * found[1]
    return Estimate(round(messages), round(items))


def _of_parquet(connection: duckdb.DuckDBPyConnection, file: Path) -> tuple[float, float] | None:
    try:
        rows = connection.execute(f"SELECT sum(num_rows) FROM parquet_file_metadata({path(file)})").fetchone()
        each = connection.execute(
            f"SELECT avg(len(items)) FROM (SELECT items FROM read_parquet({path(file)}) LIMIT {_LOOKED_AT_ROWS})"
        ).fetchone()
    except duckdb.Error:
        return None
    return (float(rows[0]), float(each[0] or 0)) if rows and each and rows[0] is not None else None


def _of_lines(file: Path) -> tuple[float, float] | None:
    """As many as the first lines let expect. An item is taken for what stands between the marks of a list."""
    try:
        with file.open("rb") as stream:
            start = stream.read(_LOOKED_AT_BYTES)
        size = file.stat().st_size
    except OSError:
        return None
    lines = start.count(b"\n")
    if not lines:
        return (1.0, 1.0) if start else (0.0, 0.0)
    listed = start.count(b'"sku"') or start.count(b'","') + lines
    if file.suffix == ".csv":
        listed = start.count(b"|") + lines
    return size * lines / max(1, start.rindex(b"\n") + 1), listed / lines

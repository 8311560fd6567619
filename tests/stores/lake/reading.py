"""Read a facts folder in tests: its live rows, as plain values."""

from pathlib import Path
from typing import Any

import duckdb

from suppress.stores.lake import Lake, open_lake
from suppress.stores.lake_lines import FILE_COLUMNS
from suppress.stores.lake_sent import sent_files, sent_relation
from suppress.stores.lake_tables import TABLES

Rows = list[tuple[Any, ...]]


def everything(lake: Path) -> dict[str, Rows]:
    """Every table of the generation that serves, live lines included, sorted."""
    with open_lake(lake) as opened:
        return {name: rows_of(opened, name) for name in ("lines", *(table.name for table in TABLES))}


def rows_of(opened: Lake, name: str) -> Rows:
    with duckdb.connect() as duck:
        select = (
            opened.lines(", ".join(FILE_COLUMNS))
            if name == "lines"
            else sent_relation(opened.folder, sent_files(opened.folder, opened.manifest))
            if name == "sent"
            else f"SELECT * FROM read_parquet('{opened.folder}/{name}.parquet')"
        )
        return sorted(duck.execute(select).fetchall(), key=repr)

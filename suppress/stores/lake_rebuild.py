"""Make a lake's next generation from the whole store: every file anew, from one view of it, with flat memory.

Lines come out of the store sorted by customer and go into files of some millions each, so that no sort ever holds all
of them. Those of customers and skus with credits are settled in Python and have a file of their own.
"""

# ruff: noqa: S608  (the text is put together from names in this room; values travel as parameters)

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa

from suppress.facts.facts_folder import FORMAT, STYLE_COLUMNS
from suppress.stores.database import Database
from suppress.stores.lake_export import BATCH_ROWS, StoreView, as_json, open_view
from suppress.stores.lake_files import Limits, open_duckdb, read_parquet, stage, write_parquet
from suppress.stores.lake_generations import Generation, draft_folder, next_number, publish, writing
from suppress.stores.lake_lines import (
    FILE_COLUMNS,
    FILE_ORDER,
    FOREVER_US,
    VERSION_TYPES,
    StoredLine,
    Version,
    versions_of,
)
from suppress.stores.lake_sent import chunks_of, write_sent
from suppress.stores.lake_tables import LINE_COLUMNS, PRODUCTS, SENT, TABLES, LakeTable, order_of

ROWS_PER_FILE: Final = 2_000_000
"""Lines of one file: sorted in memory at once."""

Progress = Callable[[str, int], None]

_CREDITED: Final = """
    SELECT {columns} FROM order_lines l
    JOIN (SELECT DISTINCT customer_id, sku FROM order_lines WHERE units < 0) c
      ON c.customer_id = l.customer_id AND c.sku = l.sku
    ORDER BY l.customer_id, l.sku
"""
_PAIR: Final = attrgetter("customer_id", "sku")


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A new generation. `rows`: file or `lines` -> how many rows."""

    generation: Generation
    rows: dict[str, int]


def rebuild(database: Database, lake: Path, limits: Limits | None = None, progress: Progress | None = None) -> Written:
    """Write a new generation from the store. Raises StoreError; then the last generation still serves."""
    tell = progress or (lambda _what, _rows: None)
    with writing(lake):
        number = next_number(lake)
        draft = draft_folder(lake, number)
        with open_duckdb(limits or Limits(), draft / "spill") as duck, open_view(database) as view:
            feeds_us = view.feeds_us()
            watermark = view.watermark()
            rows = {table.name: write_table(duck, view, table, draft) for table in TABLES if table is not SENT}
            sent_rows = write_sent(duck, view.table(SENT.table, SENT.columns), draft)
            rows[SENT.name] = sum(sent_rows.values())
            for name, count in rows.items():
                tell(name, count)
            line_rows = _write_lines(duck, view, draft, tell)
            rows["lines"] = sum(line_rows.values())
        manifest = {
            "format": FORMAT,
            "generation": number,
            "made_from": view.shown_url,
            "rebuilt_at": as_json(watermark),
            "feeds_us": {source.value: at_us for source, at_us in feeds_us.items()},
            "loads": as_json(watermark),
            "lines": list(line_rows),
            "line_rows": line_rows,
            "base_files": len(line_rows),
            "sent": list(sent_rows),
            "sent_rows": sent_rows,
            "replaced": [],
            "changes": [],
            "changes_from": number,
            "rows": rows,
        }
        return Written(generation=publish(lake, draft, number, manifest), rows=rows)


def write_table(duck: duckdb.DuckDBPyConnection, view: StoreView, table: LakeTable, folder: Path) -> int:
    """Write one file of the store's rows; how many they are."""
    stage(duck, "staged", table.columns, view.table(table.table, table.columns))
    return write_parquet(duck, f"SELECT {table.kept} FROM staged ORDER BY {order_of(table)}", folder / table.file)


def use_catalogue(duck: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Make `styles` (sku, item_group, category, brand) of a folder's catalogue, for the lines' columns."""
    duck.execute(
        "CREATE OR REPLACE TABLE styles AS"
        f" SELECT sku, item_group, category, brand FROM {read_parquet(folder / PRODUCTS.file)}"
    )


def stage_versions(duck: duckdb.DuckDBPyConnection, name: str, versions: Iterator[Version]) -> None:
    """Make a table of versions."""
    stage(duck, name, tuple(VERSION_TYPES.items()), _version_batches(versions))


def settled(lines: Iterator[StoredLine]) -> Iterator[Version]:
    """The versions of lines that come grouped by customer and sku."""
    for _, of_pair in groupby(lines, key=_PAIR):
        yield from versions_of(of_pair)


PLAIN_VERSION: Final = (
    f"c.customer_id, c.sku, c.ordered_at_us, c.ordered_at_us AS from_us, {FOREVER_US} AS until_us, c.units,"
    " greatest(0, c.units - c.cancelled_units - c.returned_units) AS kept_units,"
    " CAST(c.is_gift AS BOOLEAN) AS is_gift, c.channel, c.order_id, c.line_id"
)
"""The one version of a line no credit touched, over the store's columns `c`."""


def with_styles(versions: str, *, is_sorted: bool = True) -> str:
    """Versions with the catalogue's columns, sorted as a file is. Needs `styles`."""
    order = f" ORDER BY {_ORDER}" if is_sorted else ""
    columns = ", ".join(f"p.{name}" if name in STYLE_COLUMNS else f"v.{name}" for name in FILE_COLUMNS)
    return f"SELECT {columns} FROM ({versions}) v LEFT JOIN styles p ON p.sku = v.sku{order}"


_ORDER: Final = ", ".join(f"v.{name.strip()}" for name in FILE_ORDER.split(","))


def _write_lines(duck: duckdb.DuckDBPyConnection, view: StoreView, draft: Path, tell: Progress) -> dict[str, int]:
    """Write all files of lines; file -> rows."""
    use_catalogue(duck, draft)
    stage_credited(duck, view)
    rows: dict[str, int] = {}
    file = "lines/base-credited.parquet"
    if count := write_parquet(duck, with_styles("SELECT * FROM credited"), draft / file):
        rows[file] = count
    else:
        (draft / file).unlink()
    waiting: Future[int] | None = None
    with ThreadPoolExecutor(1) as writer:
        for number, chunk in enumerate(line_chunks(view)):
            if waiting is not None:
                rows[file] = waiting.result()
                tell("lines", sum(rows.values()))
            file = f"lines/base-{number:04}.parquet"
            waiting = writer.submit(_write_chunk, duck.cursor(), chunk, draft / file)
        if waiting is not None:
            rows[file] = waiting.result()
    tell("lines", sum(rows.values()))
    return rows


def _write_chunk(duck: duckdb.DuckDBPyConnection, chunk: pa.Table, path: Path) -> int:
    duck.register("chunk", chunk)
    return write_parquet(duck, with_styles(plain_lines()), path)


def stage_credited(duck: duckdb.DuckDBPyConnection, view: StoreView) -> None:
    """Make `credited`, the versions of all lines whose customer and sku have a credit, and `credited_pairs`."""
    columns = ", ".join(f"l.{name}" for name, _ in LINE_COLUMNS)
    lines = (StoredLine(*row) for rows in view.rows(_CREDITED.format(columns=columns)) for row in rows)
    stage_versions(duck, "credited", settled(lines))
    duck.execute("CREATE OR REPLACE TABLE credited_pairs AS SELECT DISTINCT customer_id, sku FROM credited")


def plain_lines() -> str:
    """The versions of the lines in `chunk`, without those in `credited`."""
    return (
        f"SELECT {PLAIN_VERSION} FROM chunk c WHERE c.units > 0 AND NOT EXISTS"
        " (SELECT 1 FROM credited_pairs x WHERE x.customer_id = c.customer_id AND x.sku = c.sku)"
    )


def line_chunks(view: StoreView) -> Iterator[pa.Table]:
    """All order lines as stored, sorted by customer, ROWS_PER_FILE at a time."""
    view.sort_in_memory()
    yield from chunks_of(view.table("order_lines", LINE_COLUMNS, "ORDER BY t.customer_id"), ROWS_PER_FILE)


def _version_batches(versions: Iterator[Version]) -> Iterator[pa.RecordBatch]:
    schema = pa.schema(list(VERSION_TYPES.items()))
    held: list[Any] = []
    for version in versions:
        held.append(version)
        if len(held) == BATCH_ROWS:
            yield _batch(held, schema)
            held = []
    if held:
        yield _batch(held, schema)


def _batch(rows: list[Any], schema: pa.Schema) -> pa.RecordBatch:
    columns = zip(zip(*rows, strict=True), schema.types, strict=True)
    return pa.RecordBatch.from_arrays([pa.array(column, type=kind) for column, kind in columns], schema=schema)

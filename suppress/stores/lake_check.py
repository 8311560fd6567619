"""Hold a lake against the store it was made from: as many rows, and the same, of every customer and every sku.

Rows are hashed and the hashes added up per customer (sku), so no order matters and nobody's facts are kept.
"""

# ruff: noqa: S608  (the text is put together from names in this room; values travel as parameters)

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb

from suppress.errors import StoreError
from suppress.facts.snapshot import Source
from suppress.stores.database import Database
from suppress.stores.lake import Lake, open_lake
from suppress.stores.lake_export import StoreView, from_json, open_view
from suppress.stores.lake_files import Limits, open_duckdb, stage
from suppress.stores.lake_lines import FILE_COLUMNS, files_relation
from suppress.stores.lake_rebuild import line_chunks, plain_lines, stage_credited, use_catalogue, with_styles
from suppress.stores.lake_sent import sent_files
from suppress.stores.lake_tables import SENT, TABLES, LakeTable

SHOWN: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class TableCheck:
    """One table. `differing`: how many customers (skus) have other rows in the lake; `first`: some of them."""

    name: str
    about: str
    store_rows: int
    lake_rows: int
    differing: int
    first: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LakeCheck:
    """What a check found. `behind`: sources loaded since the generation was made; then nothing is compared."""

    generation: int
    behind: tuple[Source, ...]
    tables: tuple[TableCheck, ...]

    @property
    def is_sound(self) -> bool:
        """Whether the lake holds what the store holds."""
        return not self.behind and not any(table.differing for table in self.tables)


def check(database: Database, lake: Path, spill: Path, limits: Limits | None = None) -> LakeCheck:
    """Compare every row. Raises StoreError when either cannot be read, or the lake is not of this store."""
    with open_lake(lake) as opened, open_view(database) as view:
        behind = _behind(view, opened)
        if behind:
            return LakeCheck(generation=opened.generation, behind=behind, tables=())
        with open_duckdb(limits or Limits(), spill) as duck:
            tables = [_check_table(duck, view, opened, table) for table in TABLES]
            tables.append(_check_lines(duck, view, opened))
        return LakeCheck(generation=opened.generation, behind=(), tables=tuple(tables))


def sources_behind(database: Database, lake: Path) -> tuple[Source, ...]:
    """What was loaded since the lake was made or refreshed, without comparing rows. Raises StoreError."""
    with open_lake(lake) as opened, open_view(database) as view:
        return _behind(view, opened)


def _behind(view: StoreView, opened: Lake) -> tuple[Source, ...]:
    last = from_json(opened.manifest.get("loads"))
    now = view.watermark()
    for source, load in last.items():
        if now[source].load_seq < load.load_seq or (
            now[source].load_seq == load.load_seq and now[source].token != load.token
        ):
            raise StoreError(
                f"the lake was not made from {view.shown_url} as it is now (was it restored from a copy?);"
                " run `suppress lake rebuild`"
            )
    return tuple(source for source in Source if now[source] != last[source])


def _check_table(duck: duckdb.DuckDBPyConnection, view: StoreView, opened: Lake, table: LakeTable) -> TableCheck:
    stage(duck, "staged", table.columns, view.table(table.table, table.columns))
    files = sent_files(opened.folder, opened.manifest) if table is SENT else [table.file]
    _start_sums(duck)
    _add(duck, "store", table.about, f"SELECT {table.kept} FROM staged")
    if all((opened.folder / file).exists() for file in files):
        _add(duck, "lake", table.about, f"SELECT * FROM {files_relation(opened.folder, files)}")
    return _compared(duck, table.name, table.about)


def _check_lines(duck: duckdb.DuckDBPyConnection, view: StoreView, opened: Lake) -> TableCheck:
    columns = ", ".join(FILE_COLUMNS)
    use_catalogue(duck, opened.folder)
    _start_sums(duck)
    for versions in _stored_lines(duck, view):
        _add(duck, "store", "customer_id", f"SELECT {columns} FROM ({with_styles(versions, is_sorted=False)})")
    _add(duck, "lake", "customer_id", opened.lines(columns))
    return _compared(duck, "lines", "customer_id")


def _stored_lines(duck: duckdb.DuckDBPyConnection, view: StoreView) -> Iterator[str]:
    """Selections of versions that together are all of the store's."""
    stage_credited(duck, view)
    yield "SELECT * FROM credited"
    for chunk in line_chunks(view):
        duck.register("chunk", chunk)
        yield plain_lines()
        duck.unregister("chunk")


def _start_sums(duck: duckdb.DuckDBPyConnection) -> None:
    duck.execute("CREATE OR REPLACE TABLE sums (side VARCHAR, about VARCHAR, rows BIGINT, hashes HUGEINT)")


def _add(duck: duckdb.DuckDBPyConnection, side: str, about: str, select: str) -> None:
    duck.execute(
        f"INSERT INTO sums SELECT '{side}', {about}, count(*), sum(CAST(hash(r) AS HUGEINT))"
        f" FROM ({select}) r GROUP BY {about}"
    )


def _compared(duck: duckdb.DuckDBPyConnection, name: str, about: str) -> TableCheck:
    totals = dict(duck.execute("SELECT side, sum(rows) FROM sums GROUP BY side").fetchall())
    differing = duck.execute(
        "SELECT about FROM sums GROUP BY about"
        " HAVING coalesce(sum(rows) FILTER (side = 'store'), 0) <> coalesce(sum(rows) FILTER (side = 'lake'), 0)"
        " OR coalesce(sum(hashes) FILTER (side = 'store'), 0) <> coalesce(sum(hashes) FILTER (side = 'lake'), 0)"
        " ORDER BY about"
    ).fetchall()
    return TableCheck(
        name=name,
        about=about,
        store_rows=int(totals.get("store", 0)),
        lake_rows=int(totals.get("lake", 0)),
        differing=len(differing),
        first=tuple(row[0] for row in differing[:SHOWN]),
    )

"""Bring a lake up to the store: what was loaded since goes into a delta, and nothing else is read from the store.

Order lines: new ones are appended; where a line was corrected, or a credit came, or a credit there was may now find
another line, the lines of that customer and sku are written anew and mask the older ones. Other tables: their rows that
were loaded replace those with the same key. A line's style, category and brand follow the catalogue.
"""

# ruff: noqa: S608  (the text is put together from names in this room; values travel as parameters)

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa

from suppress.facts.facts_folder import Mask, line_files_of, masks_of
from suppress.facts.snapshot import Source
from suppress.stores.database import Database
from suppress.stores.lake_changes import note_lines, note_restyled, note_table, start_changes, write_changes
from suppress.stores.lake_compact import MOST_DELTAS, compact_lines, fold_deltas
from suppress.stores.lake_export import Row, StoreView, as_json, from_json, open_view
from suppress.stores.lake_files import Limits, open_duckdb, read_parquet, stage, write_parquet
from suppress.stores.lake_generations import (
    Generation,
    current_generation,
    draft_folder,
    exists,
    keep,
    next_number,
    publish,
    writing,
)
from suppress.stores.lake_lines import VERSION_TYPES, StoredLine, lines_relation
from suppress.stores.lake_rebuild import (
    PLAIN_VERSION,
    Progress,
    Written,
    rebuild,
    settled,
    stage_versions,
    use_catalogue,
    with_styles,
)
from suppress.stores.lake_sent import refresh_sent, sent_files, sent_relation, write_sent
from suppress.stores.lake_tables import LINE_COLUMNS, SENT, TABLES, Columns, LakeTable, order_of

MOST_RESTYLED: Final = 2_000_000
"""Lines that may go into a delta because the catalogue changed; beyond, all lines are written anew."""

_PAIR_COLUMNS: Final[Columns] = (("customer_id", "string"), ("sku", "string"))
_PAIR: Final = attrgetter("customer_id", "sku")


@dataclass(frozen=True, slots=True, kw_only=True)
class _News:
    """What the store has that the lake has not. `keys`: source -> keys that were loaded."""

    keys: Mapping[Source, Sequence[Row]]
    corrected: Sequence[Row]

    def __bool__(self) -> bool:
        return bool(self.corrected) or any(self.keys.values())


def refresh(
    database: Database,
    lake: Path,
    limits: Limits | None = None,
    progress: Progress | None = None,
    *,
    compact: bool = False,
) -> Written:
    """Write a new generation with what the store got since the last; the last itself when there is nothing.

    A lake that is not there, or too far behind to tell, is rebuilt. `compact` also merges all deltas into new base
    files. Raises StoreError; then the last generation still serves.
    """
    if exists(lake):
        with writing(lake):
            written = _refresh(database, lake, limits or Limits(), compact=compact)
        if written is not None:
            return written
    return rebuild(database, lake, limits, progress)


def _refresh(database: Database, lake: Path, limits: Limits, *, compact: bool) -> Written | None:
    before = current_generation(lake)
    with open_view(database) as view:
        news = _news(view, before)
        if news is None:
            return None
        feeds = {source.value: at_us for source, at_us in view.feeds_us().items()}
        if not news and not compact and feeds == before.manifest["feeds_us"]:
            return Written(generation=before, rows=before.manifest["rows"])
        number = next_number(lake)
        draft = draft_folder(lake, number)
        view.prefer_indexes()
        with open_duckdb(limits, draft / "spill") as duck:
            start_changes(duck)
            rows = {
                table.name: _table(duck, view, table, before, draft, news.keys[table.source])
                for table in TABLES
                if table is not SENT
            }
            sent_rows = _sent(duck, view, before, draft, number, news.keys[SENT.source], compact=compact)
            rows[SENT.name] = sum(sent_rows.values())
            use_catalogue(duck, draft)
            lines = _lines(duck, view, before, draft, number, news, list(sent_rows))
            if compact:
                lines = compact_lines(duck, draft, lines, number)
            elif len(lines["lines"]) - lines["base_files"] > MOST_DELTAS:
                lines = fold_deltas(duck, draft, lines, number)
            changes = write_changes(duck, before, draft, number)
        manifest = {
            **before.manifest,
            **lines,
            **changes,
            "sent": list(sent_rows),
            "sent_rows": sent_rows,
            "generation": number,
            "made_from": view.shown_url,
            "feeds_us": feeds,
            "loads": as_json(view.watermark()),
            "rows": {**rows, "lines": sum(lines["line_rows"].values())},
        }
    return Written(generation=publish(lake, draft, number, manifest), rows=manifest["rows"])


def _news(view: StoreView, before: Generation) -> _News | None:
    last = from_json(before.manifest.get("loads"))
    keys: dict[Source, Sequence[Row]] = {}
    for source in Source:
        found = view.keys_since(source, last[source])
        if found is None:
            return None
        keys[source] = found
    return _News(keys=keys, corrected=view.corrected_pairs_since(last[Source.ORDERS].load_seq))


def _table(
    duck: duckdb.DuckDBPyConnection,
    view: StoreView,
    table: LakeTable,
    before: Generation,
    draft: Path,
    keys: Sequence[Row],
) -> int:
    """Write the table's file for this generation; how many rows it has."""
    old, new = before.folder / table.file, draft / table.file
    rows_before = before.manifest["rows"].get(table.name, 0)
    if not keys:
        keep(table.file, before, draft)
        return int(rows_before)
    is_whole = 2 * len(keys) > rows_before
    if is_whole:
        stage(duck, "staged", table.columns, view.table(table.table, table.columns))
        replaced, left = f"SELECT * FROM {read_parquet(old)}", None
    else:
        stage(duck, "staged", table.columns, view.fetched(table.table, table.columns, table.key, keys))
        _stage_keys(duck, table.key, keys)
        same = " AND ".join(f"k.{column} = o.{column}" for column in table.key)
        replaced = f"SELECT o.* FROM {read_parquet(old)} o SEMI JOIN offered k ON {same}"
        left = f"SELECT o.* FROM {read_parquet(old)} o ANTI JOIN offered k ON {same}"
    duck.execute(f"CREATE OR REPLACE TABLE fresh AS SELECT {table.kept} FROM staged")
    note_table(duck, table, "SELECT * FROM fresh", replaced)
    all_rows = "SELECT * FROM fresh" if left is None else f"{left} UNION ALL SELECT * FROM fresh"
    return write_parquet(duck, f"SELECT * FROM ({all_rows}) ORDER BY {order_of(table)}", new)


def _sent(
    duck: duckdb.DuckDBPyConnection,
    view: StoreView,
    before: Generation,
    draft: Path,
    number: int,
    keys: Sequence[Row],
    *,
    compact: bool,
) -> dict[str, int]:
    """Write the sent log for this generation; file -> rows."""
    if 2 * len(keys) > before.manifest["rows"][SENT.name]:
        sent_rows = write_sent(duck, view.table(SENT.table, SENT.columns), draft)
        _stage_keys(duck, SENT.key, keys)
        loaded = " SEMI JOIN offered k USING (message_id, customer_id)"
        old, new = (
            f"SELECT r.* FROM ({sent_relation(folder, files)}) r{loaded}"
            for folder, files in ((before.folder, sent_files(before.folder, before.manifest)), (draft, list(sent_rows)))
        )
        note_table(duck, SENT, new, old)
        return sent_rows
    if not keys and not compact:
        for file in before.manifest["sent"]:
            keep(file, before, draft)
        return dict(before.manifest["sent_rows"])
    stage(duck, "staged", SENT.columns, view.fetched(SENT.table, SENT.columns, SENT.key, keys))
    duck.execute(f"CREATE OR REPLACE TABLE fresh AS SELECT {SENT.kept} FROM staged")
    sent_rows = refresh_sent(duck, before, draft, number, compact=compact)
    note_table(duck, SENT, "SELECT * FROM fresh", "SELECT * FROM repeated")
    return sent_rows


def _stage_keys(
    duck: duckdb.DuckDBPyConnection, key: tuple[str, ...], keys: Sequence[Row], name: str = "offered"
) -> None:
    columns = tuple((column, "string") for column in key)
    schema = pa.schema(list(columns))
    arrays = [pa.array([row[number] for row in keys], type=pa.string()) for number in range(len(key))]
    stage(duck, name, columns, [pa.RecordBatch.from_arrays(arrays, schema=schema)])


def _lines(
    duck: duckdb.DuckDBPyConnection,
    view: StoreView,
    before: Generation,
    draft: Path,
    number: int,
    news: _News,
    sent: Sequence[str],
) -> dict[str, Any]:
    """Write the delta; the manifest's entries about lines."""
    manifest = before.manifest
    kept = {name: manifest[name] for name in ("lines", "replaced", "base_files", "line_rows")}
    for file in (*line_files_of(manifest), *(mask.pairs for mask in masks_of(manifest))):
        keep(file, before, draft)
    revised = _revised(duck, view, before, news)
    restyled = note_restyled(duck, before, draft, sent)
    old_lines = lines_relation(before.folder, manifest)
    if restyled:
        duck.execute(
            f"CREATE OR REPLACE TABLE restyled AS SELECT {', '.join(VERSION_TYPES)} FROM ({old_lines}) l"
            " WHERE sku IN (SELECT sku FROM restyled_skus) AND NOT EXISTS"
            " (SELECT 1 FROM touched t WHERE t.customer_id = l.customer_id AND t.sku = l.sku)"
            f" LIMIT {MOST_RESTYLED + 1}"
        )
    else:
        duck.execute("CREATE OR REPLACE TABLE restyled AS SELECT * FROM revised LIMIT 0")
    is_all_restyled = _count(duck, "restyled") > MOST_RESTYLED
    if is_all_restyled:
        duck.execute("DELETE FROM restyled")
    note_lines(duck, old_lines)
    if revised or _count(duck, "restyled"):
        kept = _delta(duck, draft, number, kept)
    if is_all_restyled:
        kept = compact_lines(duck, draft, kept, number)
    return kept


def _delta(duck: duckdb.DuckDBPyConnection, draft: Path, number: int, kept: dict[str, Any]) -> dict[str, Any]:
    file, mask = f"lines/delta-{number:06}.parquet", f"lines/delta-{number:06}.replaced.parquet"
    everything = (
        f"SELECT {PLAIN_VERSION} FROM news c WHERE c.units > 0 AND NOT EXISTS"
        " (SELECT 1 FROM touched t WHERE t.customer_id = c.customer_id AND t.sku = c.sku)"
        " UNION ALL SELECT * FROM revised UNION ALL SELECT * FROM restyled"
    )
    rows = write_parquet(duck, with_styles(everything), draft / file)
    pairs = "SELECT customer_id, sku FROM touched UNION SELECT customer_id, sku FROM restyled"
    masked = write_parquet(duck, f"SELECT * FROM ({pairs}) ORDER BY customer_id, sku", draft / mask)
    replaced = [*kept["replaced"], Mask(mask, len(kept["lines"])).told()] if masked else kept["replaced"]
    if not masked:
        (draft / mask).unlink()
    return {
        **kept,
        "lines": [*kept["lines"], file],
        "replaced": replaced,
        "line_rows": {**kept["line_rows"], file: rows},
    }


def _revised(duck: duckdb.DuckDBPyConnection, view: StoreView, before: Generation, news: _News) -> bool:
    """Make `news` (new rows as stored), `touched` (pairs) and `revised` (their versions); whether there are any."""
    last = from_json(before.manifest["loads"])[Source.ORDERS].load_seq
    keys = news.keys[Source.ORDERS]
    only_new = f"WHERE t.load_seq > {last}"
    stage(
        duck, "news", LINE_COLUMNS, view.fetched("order_lines", LINE_COLUMNS, ("order_id", "line_id"), keys, only_new)
    )
    pairs = duck.execute("SELECT DISTINCT customer_id, sku FROM news").fetchall()
    credited = [
        row
        for batch in view.fetched("order_lines", _PAIR_COLUMNS, ("customer_id", "sku"), pairs, "WHERE t.units < 0")
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True)
    ]
    touched = list(dict.fromkeys([*map(tuple, news.corrected), *credited]))
    _stage_keys(duck, ("customer_id", "sku"), touched, "touched")
    lines = sorted(
        (
            StoredLine(*row)
            for batch in view.fetched("order_lines", LINE_COLUMNS, ("customer_id", "sku"), touched)
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True)
        ),
        key=_PAIR,
    )
    stage_versions(duck, "revised", settled(iter(lines)))
    return bool(touched) or bool(pairs)


def _count(duck: duckdb.DuckDBPyConnection, table: str) -> int:
    row = duck.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(row[0]) if row else 0

"""Note whose facts differ between a generation and the one before, for scans that decide only what changed.

Rows (kind, id, source) gather in a table `changed` and become one small Parquet file a generation.
"""

# ruff: noqa: S608  (the text is put together from names in this room; values travel as parameters)

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import duckdb

from suppress.stores.lake import ONLY_RESTATED
from suppress.stores.lake_files import read_parquet, write_parquet
from suppress.stores.lake_generations import Generation, keep
from suppress.stores.lake_lines import files_relation
from suppress.stores.lake_tables import FEEDBACK, PRODUCTS, STOCK, LakeTable

KEPT_CHANGES: Final = 300
"""Refreshes that are remembered: a day of one every five minutes."""

_STYLE: Final = "sku, item_group, category, brand"


def start_changes(duck: duckdb.DuckDBPyConnection) -> None:
    """Begin with none."""
    duck.execute("CREATE OR REPLACE TABLE changed (kind VARCHAR, id VARCHAR, source VARCHAR)")
    for table in ("restyled_skus", "replaced_skus"):
        duck.execute(f"CREATE OR REPLACE TABLE {table} (sku VARCHAR)")


def note_table(duck: duckdb.DuckDBPyConnection, table: LakeTable, fresh: str, replaced: str) -> None:
    """Note what the rows of `fresh` are about that were not the same among those they `replaced`, and those gone."""
    about, source = table.about, table.source.value
    columns = "* EXCLUDE (updated_at_us)" if table is STOCK else "*"
    new, old = (f"SELECT {columns} FROM ({rows})" for rows in (fresh, replaced))
    _note(duck, f"SELECT '{table.about_kind}', {about}, '{source}' FROM ({_differing(about, new, old)})")
    if table is STOCK:
        restated = f"SELECT {about} FROM ((SELECT * FROM ({fresh})) EXCEPT (SELECT * FROM ({replaced})))"
        done = f"SELECT id FROM changed WHERE source = '{source}'"
        _note(duck, f"SELECT 'sku', {about}, '{ONLY_RESTATED}' FROM ({restated}) WHERE {about} NOT IN ({done})")


def note_restyled(duck: duckdb.DuckDBPyConnection, before: Generation, draft: Path, sent: Sequence[str]) -> bool:
    """Make `restyled_skus`: whose style, category or brand is another than before. Whether there are any.

    And `replaced_skus`: those and whose parts are others. `sent`: the files of the sent log in the draft. Notes the
    customers who saw or spoke of a replaced product, and the other skus of a style that one left.
    """
    old, new = before.folder / PRODUCTS.file, draft / PRODUCTS.file
    if old.exists() and old.samefile(new):
        return False
    for name, columns in (("restyled_skus", _STYLE), ("replaced_skus", f"{_STYLE}, bundle_of")):
        differing = _differing("sku", *(f"SELECT {columns} FROM {read_parquet(path)}" for path in (new, old)))
        duck.execute(f"CREATE OR REPLACE TABLE {name} AS {differing}")
    found = duck.execute("SELECT (SELECT count(*) FROM restyled_skus), (SELECT count(*) FROM replaced_skus)").fetchone()
    restyled, replaced = found or (0, 0)
    if restyled and old.exists():
        before_all = read_parquet(old)
        left = f"SELECT item_group FROM {before_all} WHERE sku IN (SELECT sku FROM restyled_skus)"
        _note(duck, f"SELECT 'sku', sku, 'products' FROM {before_all} WHERE item_group IN ({left})")
    if replaced:
        among = "IN (SELECT sku FROM replaced_skus)"
        if sent:
            shown = f"SELECT customer_id, unnest(items) AS sku FROM {files_relation(draft, sent)}"
            _note(duck, f"SELECT 'customer', customer_id, 'products' FROM ({shown}) WHERE sku {among}")
        if (draft / FEEDBACK.file).exists():
            said = f"{read_parquet(draft / FEEDBACK.file)} WHERE about_kind = 'sku' AND about {among}"
            _note(duck, f"SELECT 'customer', customer_id, 'products' FROM {said}")
    return bool(restyled or replaced)


def note_lines(duck: duckdb.DuckDBPyConnection, old_lines: str) -> None:
    """Note the customers of new and revised lines, and of lines of a replaced product.

    `old_lines`: a SELECT of the lines of the generation before.
    """
    for table in ("news", "touched"):
        _note(duck, f"SELECT 'customer', customer_id, 'orders' FROM {table}")
    if duck.execute("SELECT 1 FROM replaced_skus LIMIT 1").fetchone():
        among = "sku IN (SELECT sku FROM replaced_skus)"
        _note(duck, f"SELECT 'customer', customer_id, 'products' FROM ({old_lines}) WHERE {among}")


def write_changes(duck: duckdb.DuckDBPyConnection, before: Generation, draft: Path, number: int) -> dict[str, Any]:
    """Write the file, take over those of the generations before; the manifest's entries about changes."""
    file = f"changes/{number:06}.parquet"
    (draft / "changes").mkdir()
    write_parquet(duck, "SELECT DISTINCT kind, id, source FROM changed ORDER BY ALL", draft / file)
    older = list(before.manifest["changes"])
    start = before.manifest["changes_from"]
    if len(older) >= KEPT_CHANGES:
        start = older[-KEPT_CHANGES]["generation"]
        older = older[-KEPT_CHANGES + 1 :]
    for each in older:
        keep(each["file"], before, draft)
    return {"changes": [*older, {"generation": number, "file": file}], "changes_from": start}


def _note(duck: duckdb.DuckDBPyConnection, select: str) -> None:
    duck.execute(f"INSERT INTO changed SELECT DISTINCT * FROM ({select})")


def _differing(column: str, new: str, old: str) -> str:
    """The values of a column in rows that are in one of two selections alone."""
    return f"SELECT {column} FROM (({new}) EXCEPT ({old})) UNION SELECT {column} FROM (({old}) EXCEPT ({new}))"

"""Merge the files of order lines: deltas into one, or base and deltas into a new base, from the lake's files alone."""

# ruff: noqa: S608  (the text is put together from names in this room; values travel as parameters)

from pathlib import Path
from typing import Any, Final

import duckdb

from suppress.facts.facts_folder import Mask, masks_of
from suppress.stores.lake_files import bounds_of, ranges_of, write_parquet
from suppress.stores.lake_lines import VERSION_TYPES, files_relation, lines_relation
from suppress.stores.lake_rebuild import ROWS_PER_FILE, with_styles

MOST_DELTAS: Final = 8
"""Deltas that wait side by side: each one more costs every reader a little."""

_VERSION: Final = ", ".join(VERSION_TYPES)


def fold_deltas(duck: duckdb.DuckDBPyConnection, draft: Path, lines: dict[str, Any], number: int) -> dict[str, Any]:
    """All deltas as one, the base as it is; the manifest's new entries about lines. Needs `styles`."""
    base = lines["base_files"]
    deltas = lines["lines"][base:]
    masks = [each._replace(below=each.below - base) for each in masks_of(lines)]
    file, mask = f"lines/folded-{number:06}.parquet", f"lines/folded-{number:06}.replaced.parquet"
    live = lines_relation(draft, {"lines": deltas, "replaced": [each.told() for each in masks]}, _VERSION)
    rows = write_parquet(duck, with_styles(live), draft / file)
    replaced = []
    if masks:
        pairs = f"SELECT DISTINCT customer_id, sku FROM {files_relation(draft, (each.pairs for each in masks))}"
        write_parquet(duck, f"{pairs} ORDER BY customer_id, sku", draft / mask)
        replaced = [Mask(mask, base).told()]
    kept = lines["lines"][:base]
    _remove(draft, [*deltas, *(each.pairs for each in masks)])
    return {
        "lines": [*kept, file],
        "base_files": base,
        "replaced": replaced,
        "line_rows": {**{name: lines["line_rows"][name] for name in kept}, file: rows},
    }


def compact_lines(duck: duckdb.DuckDBPyConnection, draft: Path, lines: dict[str, Any], number: int) -> dict[str, Any]:
    """Everything in a new base of files of like size; the manifest's new entries about lines. Needs `styles`."""
    live = lines_relation(draft, lines, _VERSION)
    line_rows: dict[str, int] = {}
    bounds = bounds_of(duck, (draft / file for file in lines["lines"]), ROWS_PER_FILE)
    for part, where in enumerate(ranges_of(bounds)):
        file = f"lines/base-{number:06}-{part:04}.parquet"
        rows = write_parquet(duck, with_styles(f"SELECT * FROM ({live}){where}"), draft / file)
        if rows:
            line_rows[file] = rows
        else:
            (draft / file).unlink()
    _remove(draft, [*lines["lines"], *(each.pairs for each in masks_of(lines))])
    return {"lines": list(line_rows), "base_files": len(line_rows), "replaced": [], "line_rows": line_rows}


def _remove(draft: Path, files: list[str]) -> None:
    for file in files:
        (draft / file).unlink()

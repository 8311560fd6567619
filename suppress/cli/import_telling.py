"""What `suppress import` says: a line or a JSON map per file, and how the credit notes came out.

No customer and no cell of a refused row is ever printed; those are in the rejects file alone.
"""

from collections.abc import Sequence
from typing import Any

import click
import orjson

from suppress.facts.instants import from_us
from suppress.loading import Credits, FileResult


def tell(source: str, results: Sequence[FileResult], found: Credits | None, format_: str) -> None:
    """Print the results on stdout, `text` or `json`; notes and refusals go to stderr."""
    for result in results:
        for note in result.notes:
            click.echo(f"note: {result.path}: {note}", err=True)
        if result.refused:
            causes = ", ".join(f"{column} {count:,}" for column, count in sorted(result.refused_by_column.items()))
            click.echo(f"refused: {result.path}: {causes}; see {result.rejects}", err=True)
    if format_ == "json":
        told: dict[str, Any] = {"source": source, "files": [_file_told(result) for result in results]}
        if found is not None:
            told["credits"] = _credits_told(found)
        click.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())
        return
    for result in results:
        click.echo(
            f"{result.path}: {result.rows_read:,} rows read, {result.applied:,} applied, "
            f"{result.unchanged:,} unchanged, {result.refused:,} refused, "
            f"{result.seconds:.1f} s, {result.rows_per_second:,} rows/s"
        )
    if found is not None and found.lines:
        click.echo(
            f"credit notes in the store: {found.lines:,} with {found.units:,} units; "
            f"{found.matched_units:,} units matched to earlier purchases, "
            f"{found.unmatched_units:,} unmatched (in {found.unmatched_lines:,} notes)"
        )


def _file_told(result: FileResult) -> dict[str, Any]:
    return {
        "file": str(result.path),
        "as_of": from_us(result.as_of_us).isoformat().replace("+00:00", "Z"),
        "rows_read": result.rows_read,
        "applied": result.applied,
        "unchanged": result.unchanged,
        "refused": result.refused,
        "refused_by_column": dict(result.refused_by_column),
        "rejects": str(result.rejects) if result.rejects else None,
        "notes": list(result.notes),
        "seconds": round(result.seconds, 3),
        "rows_per_second": result.rows_per_second,
    }


def _credits_told(found: Credits) -> dict[str, Any]:
    return {
        "lines": found.lines,
        "units": found.units,
        "matched_units": found.matched_units,
        "unmatched_lines": found.unmatched_lines,
        "unmatched_units": found.unmatched_units,
        "unmatched_skus": list(found.unmatched_skus),
    }

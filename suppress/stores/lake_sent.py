"""The sent log of a lake: one file while it is short, several once it is long, so that a refresh only adds to it.

The files are named under "sent" in the manifest and read together; each is sorted by customer. Messages are added, and
hardly ever changed: where one was, the files are written anew.
"""

# ruff: noqa: S608  (the text is put together from names in this room; values travel as parameters)

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa

from suppress.facts.facts_folder import sent_files_of
from suppress.stores.lake_files import bounds_of, ranges_of, write_parquet
from suppress.stores.lake_generations import Generation, keep
from suppress.stores.lake_lines import files_relation
from suppress.stores.lake_tables import SENT, order_of

ROWS_PER_FILE: Final = 2_000_000
MOST_DELTAS: Final = 8
_DELTA: Final = "sent/delta-"
_ORDER: Final = order_of(SENT)
_SAME: Final = " AND ".join(f"n.{column} = o.{column}" for column in SENT.key)


def sent_files(folder: Path, manifest: Mapping[str, Any]) -> list[str]:
    """The files of the sent log, relative to the folder; none when it was never loaded."""
    return [file for file in sent_files_of(manifest) if (folder / file).exists()]


def sent_relation(folder: Path, files: Sequence[str]) -> str:
    """A SELECT for DuckDB of the whole log."""
    return f"SELECT * FROM {files_relation(folder, files)}"


def write_sent(duck: duckdb.DuckDBPyConnection, batches: Iterator[pa.RecordBatch], folder: Path) -> dict[str, int]:
    """Write the log from batches in any order; file -> rows. Sorts as many rows at once as a file has."""
    runs: list[Path] = []
    for chunk in chunks_of(batches, ROWS_PER_FILE):
        duck.register("chunk", chunk)
        runs.append(folder / f"run-{len(runs):04}.parquet")
        write_parquet(duck, f"SELECT {SENT.kept} FROM chunk ORDER BY {_ORDER}", runs[-1])
        duck.unregister("chunk")
    if not runs:
        duck.register("chunk", pa.Table.from_batches([], schema=pa.schema(list(SENT.columns))))
        return {SENT.file: write_parquet(duck, f"SELECT {SENT.kept} FROM chunk", folder / SENT.file)}
    if len(runs) == 1:
        runs[0].rename(folder / SENT.file)
        return {SENT.file: _rows(duck, f"SELECT * FROM {files_relation(folder, [SENT.file])}")}
    rows = _write_ranges(duck, f"SELECT * FROM {files_relation(Path(), map(str, runs))}", runs, folder, "base")
    for run in runs:
        run.unlink()
    return rows


def refresh_sent(
    duck: duckdb.DuckDBPyConnection, before: Generation, draft: Path, number: int, *, compact: bool
) -> dict[str, int]:
    """Write the log with the rows in `fresh` (new, or with a key that was there); file -> rows."""
    files = sent_files(before.folder, before.manifest)
    known: dict[str, int] = dict(before.manifest["sent_rows"])
    old = sent_relation(before.folder, files)
    duck.execute(f"CREATE OR REPLACE TABLE repeated AS SELECT o.* FROM ({old}) o SEMI JOIN fresh n ON {_SAME}")
    revised = _rows(duck, "SELECT * FROM fresh n SEMI JOIN repeated o USING (message_id, customer_id)"
                          " EXCEPT SELECT * FROM repeated")  # fmt: skip
    added = f"SELECT n.* FROM fresh n ANTI JOIN repeated o ON {_SAME}"
    deltas = [file for file in files if file.startswith(_DELTA)]
    total = sum(known.values()) + _rows(duck, added)
    if total <= ROWS_PER_FILE:
        everything = f"SELECT o.* FROM ({old}) o ANTI JOIN fresh n ON {_SAME} UNION ALL SELECT * FROM fresh"
        select = f"SELECT * FROM ({everything}) ORDER BY {_ORDER}"
        return {SENT.file: write_parquet(duck, select, draft / SENT.file)}
    (draft / "sent").mkdir(exist_ok=True)
    if revised or (compact and deltas):
        everything = f"SELECT o.* FROM ({old}) o ANTI JOIN fresh n ON {_SAME} UNION ALL SELECT * FROM fresh"
        return _write_ranges(duck, everything, [before.folder / file for file in files], draft, f"base-{number:06}")
    kept = [file for file in files if file not in deltas] if len(deltas) >= MOST_DELTAS else files
    folded = [file for file in files if file not in kept]
    for file in kept:
        keep(file, before, draft)
    rows = {file: known[file] for file in kept}
    if folded:
        added = f"{sent_relation(before.folder, folded)} UNION ALL {added}"
    file = f"{_DELTA}{number:06}.parquet"
    if count := write_parquet(duck, f"SELECT * FROM ({added}) ORDER BY {_ORDER}", draft / file):
        rows[file] = count
    else:
        (draft / file).unlink()
    return rows


def chunks_of(batches: Iterator[pa.RecordBatch], rows_at_once: int) -> Iterator[pa.Table]:
    """The batches put together to tables of at least so many rows; the last may have fewer."""
    held: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        held.append(batch)
        rows += batch.num_rows
        if rows >= rows_at_once:
            yield pa.Table.from_batches(held)
            held, rows = [], 0
    if held:
        yield pa.Table.from_batches(held)


def _write_ranges(
    duck: duckdb.DuckDBPyConnection, select: str, sorted_files: Sequence[Path], folder: Path, stem: str
) -> dict[str, int]:
    """Write everything in files of a range of customers each; the first bears the plain name."""
    (folder / "sent").mkdir(exist_ok=True)
    rows: dict[str, int] = {}
    for part, where in enumerate(ranges_of(bounds_of(duck, sorted_files, ROWS_PER_FILE))):
        file = SENT.file if part == 0 else f"sent/{stem}-{part:04}.parquet"
        rows[file] = write_parquet(duck, f"SELECT * FROM ({select}){where} ORDER BY {_ORDER}", folder / file)
    return rows


def _rows(duck: duckdb.DuckDBPyConnection, select: str) -> int:
    row = duck.execute(f"SELECT count(*) FROM ({select})").fetchone()
    return int(row[0]) if row else 0

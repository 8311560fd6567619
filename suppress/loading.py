"""Bring a file into the store: records from `intake`, written by `stores`, refused rows beside the file, a result.

Whatever was written before an interruption stays; running the same file again completes it and changes nothing else.
"""

import gc
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from suppress.facts.records import Record
from suppress.facts.snapshot import Source
from suppress.intake.identities import Identity
from suppress.intake.reading import ReadOptions, read_records
from suppress.intake.rejects import Rejects, rejects_path
from suppress.stores.database import Database
from suppress.stores.load import Loader, unmatched_credits
from suppress.stores.lookups import credit_totals, customers_by_identity

WRITE_ROWS: Final = 30_000
SHOWN_SKUS: Final = 20
COLLECT_ROWS: Final = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far an import is into its file."""

    rows: int
    read_bytes: int
    total_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FileResult:
    """What became of one file. `rows_read` = applied + unchanged + refused.

    `unchanged`: rows the store held already, or a newer version of. `refused_by_column`: how many rows for which
    columns. `rejects`: where the refused rows are, None when there are none. `notes`: what a person should know.
    """

    path: Path
    as_of_us: int
    rows_read: int
    applied: int
    refused: int
    seconds: float
    rejects: Path | None
    refused_by_column: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def unchanged(self) -> int:
        """Rows that were neither applied nor refused."""
        return self.rows_read - self.applied - self.refused

    @property
    def rows_per_second(self) -> int:
        """Rows read per second, whole."""
        return round(self.rows_read / self.seconds) if self.seconds > 0 else self.rows_read


@dataclass(frozen=True, slots=True, kw_only=True)
class Credits:
    """All credit notes of the store, and those no earlier purchase explains (`unmatched_...`).

    `unmatched_lines` counts notes of which at least one unit is unmatched. `unmatched_skus`: the first of their skus.
    """

    lines: int
    units: int
    unmatched_lines: int
    unmatched_units: int
    unmatched_skus: tuple[str, ...]

    @property
    def matched_units(self) -> int:
        """Units that were taken off an earlier purchase."""
        return self.units - self.unmatched_units


def file_time_us(path: Path) -> int:
    """When the file was last modified, in microseconds since 1970 UTC."""
    return path.stat().st_mtime_ns // 1000


def import_file(
    database: Database,
    source: Source,
    path: Path,
    options: ReadOptions,
    *,
    rejects_folder: Path | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> FileResult:
    """Import one file. Raises FactsError when the file cannot be read, StoreError when the database refuses."""
    started = time.perf_counter()
    total_bytes = path.stat().st_size
    rows = applied = 0
    waiting: list[Record] = []
    notes: list[str] = []
    refused_by_column: Counter[str] = Counter()
    target = rejects_path(path, rejects_folder)
    resolve = partial(_resolve, database)
    collected_at = 0
    with _collected_by_hand(), Rejects(target) as rejects, Loader(database, source) as loader:
        for chunk in read_records(path, source, options, resolve):
            waiting += chunk.records
            if len(waiting) >= WRITE_ROWS:
                applied += loader.write(waiting)
                waiting = []
            rejects.add(chunk.refused)
            refused_by_column.update(row.column or "row" for row in chunk.refused)
            notes += chunk.notes
            rows += chunk.rows
            if rows - collected_at >= COLLECT_ROWS:
                collected_at = rows
                gc.collect()
            if on_progress is not None:
                on_progress(Progress(rows=rows, read_bytes=chunk.read_bytes, total_bytes=total_bytes))
        applied += loader.write(waiting)
        loader.finish(options.as_of_us)
    return FileResult(
        path=path,
        as_of_us=options.as_of_us,
        rows_read=rows,
        applied=applied,
        refused=rejects.count,
        seconds=time.perf_counter() - started,
        rejects=target if rejects.count else None,
        refused_by_column=dict(refused_by_column),
        notes=tuple(notes),
    )


def credits_of(database: Database) -> Credits:
    """Every credit note of the store held against the purchases before it. Raises StoreError."""
    lines, units = credit_totals(database)
    unmatched_lines = unmatched_units = 0
    skus: dict[str, None] = {}
    if lines:
        for _, sku, units_left in unmatched_credits(database):
            unmatched_lines += 1
            unmatched_units += units_left
            if len(skus) < SHOWN_SKUS:
                skus[sku] = None
    return Credits(
        lines=lines,
        units=units,
        unmatched_lines=unmatched_lines,
        unmatched_units=unmatched_units,
        unmatched_skus=tuple(skus),
    )


@contextmanager
def _collected_by_hand() -> Iterator[None]:
    # An import makes millions of tuples and no circles: the collector would spend a quarter of the time for nothing.
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _resolve(database: Database, identities: Collection[Identity]) -> Mapping[Identity, Sequence[str]]:
    return customers_by_identity(database, identities)

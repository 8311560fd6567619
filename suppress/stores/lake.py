"""Open a lake for reading: the folder of the generation that serves, how old its facts are, and what changed since.

An open lake's folder stays until it is closed, however many generations follow.
"""

# ruff: noqa: S608  (the text is put together from names in this room; values travel as parameters)

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

import duckdb

from suppress.errors import StoreError
from suppress.facts.facts_folder import feeds_of
from suppress.facts.snapshot import Source
from suppress.stores.lake_generations import hold
from suppress.stores.lake_lines import files_relation, lines_relation
from suppress.stores.urls import read_url

ONLY_RESTATED: Final = "stock_time"
"""The source of a change that is none but in time: a stock figure stated again as it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Whose facts changed between two generations: Parquet files of (kind, id, source), a row perhaps several times.

    `kind`: `customer` (lines, messages, feedback, the record, or what the catalogue says of what they bought or saw) or
    `sku` (product or stock). `source`: where the change came from; ONLY_RESTATED where nothing but the time did.
    """

    files: tuple[Path, ...]

    def relation(self) -> str:
        """A SELECT for DuckDB of (kind, id, source), distinct."""
        if not self.files:
            return "SELECT '' AS kind, '' AS id, '' AS source WHERE false"
        files = files_relation(Path(), map(str, self.files))
        return f"SELECT DISTINCT kind, id, source FROM {files}"

    @property
    def customers(self) -> frozenset[str]:
        """The ids of the customers."""
        return self._ids("kind = 'customer'")

    @property
    def skus(self) -> frozenset[str]:
        """The skus whose product or stock changed in more than the time it was stated."""
        return self._ids(f"kind = 'sku' AND source <> '{ONLY_RESTATED}'")

    @property
    def restated_skus(self) -> frozenset[str]:
        """The skus of which some stock was stated anew, the same as before."""
        return self._ids(f"source = '{ONLY_RESTATED}'")

    def _ids(self, condition: str) -> frozenset[str]:
        with duckdb.connect(":memory:") as connection:
            found = connection.execute(f"SELECT DISTINCT id FROM ({self.relation()}) WHERE {condition}").fetchall()
        return frozenset(row[0] for row in found)


@dataclass(kw_only=True)
class Lake:
    """An open lake. Close it, or use it as a context manager.

    `folder`: the facts folder to read. `generation` counts from 1. `feeds_us`: source -> as of when it is complete,
    None = never loaded. `watermark`: source -> number of the last load it holds.
    """

    folder: Path
    generation: int
    feeds_us: Mapping[Source, int | None]
    watermark: Mapping[Source, int]
    manifest: Mapping[str, Any] = field(repr=False)
    _handle: int | None = field(default=None, repr=False)

    def lines(self, columns: str = "*") -> str:
        """A SELECT for DuckDB of the live versions of all order lines, to be put in parentheses."""
        return lines_relation(self.folder, self.manifest, columns)

    def changed_since(self, generation: int) -> Changes | None:
        """What changed after that generation; None when it is too long ago to tell, or not of this lake."""
        return changes_between(self.folder, self.manifest, generation)

    def close(self) -> None:
        """Let the folder go: it may now be removed."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()


def lake_path(database: str, lake: str | Path | None = None) -> Path:
    """Where the lake of a database is: where it is said to be, else `NAME.lake` beside SQLite's NAME.db, else here.

    Raises StoreError when the URL is none of ours.
    """
    if lake is not None:
        return Path(lake)
    url = read_url(database)
    if url.get_backend_name() == "sqlite":
        return Path(url.database or "suppress.db").with_suffix(".lake")
    return Path(f"{url.database or 'suppress'}.lake")


def open_lake(path: Path) -> Lake:
    """The lake at `path`, as it is now. Raises StoreError when there is none or it cannot be read."""
    generation, handle = hold(path)
    manifest = generation.manifest
    try:
        return Lake(
            folder=generation.folder,
            generation=generation.number,
            feeds_us=feeds_of(manifest),
            watermark={Source(name): int(last[0]) for name, last in manifest["loads"].items()},
            manifest=manifest,
            _handle=handle,
        )
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        os.close(handle)
        raise StoreError(f"{generation.folder} is damaged; run `suppress lake rebuild`") from None


def changes_between(folder: Path, manifest: Mapping[str, Any], generation: int) -> Changes | None:
    """As `Lake.changed_since`, for a folder and its manifest."""
    if not manifest.get("changes_from", manifest["generation"]) <= generation <= manifest["generation"]:
        return None
    newer = (each for each in manifest.get("changes", ()) if each["generation"] > generation)
    return Changes(files=tuple(folder / each["file"] for each in newer))

"""Turn a facts folder into relations a query can read: one SELECT per table, empty where a source was never loaded.

What such a folder is says `facts.facts_folder`. Nothing here reads a row; the text names the files.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb

from suppress.errors import FactsError
from suppress.facts.facts_folder import (
    TABLES,
    by_masks,
    feeds_of,
    file_of,
    line_files_of,
    masks_of,
    read_manifest,
    sent_files_of,
)
from suppress.facts.snapshot import Source
from suppress.scan.sql import literal, name, path


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """A facts folder. `feeds_us`: source -> as of when it is complete; None = never loaded.

    `lines`, `sent`: files of order lines and of the sent log, relative to `root`. `replaced`: files of (customer_id,
    sku) whose lines in the first so many files are void. `one_category`: every product has a category, and all
    products of a style the same one.
    """

    root: Path
    feeds_us: Mapping[Source, int | None]
    lines: Sequence[str] = ()
    sent: Sequence[str] = (file_of("sent"),)
    one_category: bool = False
    replaced: Sequence[tuple[str, int]] = ()
    about: Mapping[str, Any] = field(default_factory=dict, compare=False)

    def relation(self, table: str) -> str:
        """A SELECT of all columns of a table."""
        if table == "lines":
            return self._lines()
        wanted = self.sent if table == "sent" else (file_of(table),)
        files = [self.root / file for file in wanted if (self.root / file).exists()]
        columns = ", ".join(name(column) for column in TABLES[table])
        if files:
            return f"SELECT {columns} FROM read_parquet([{', '.join(map(path, files))}])"
        return _nothing(table)

    def _lines(self) -> str:
        columns = ", ".join(name(column) for column in TABLES["lines"])
        parts = []
        for masks, files in by_masks(self.lines, self.replaced).items():
            part = f"SELECT {columns} FROM read_parquet([{self._paths(files)}])"
            if masks:
                void = f"SELECT customer_id, sku FROM read_parquet([{self._paths(masks)}])"
                part += f" ANTI JOIN ({void}) USING (customer_id, sku)"
            parts.append(part)
        return " UNION ALL ".join(parts) or _nothing("lines")

    def _paths(self, files: Sequence[str]) -> str:
        return ", ".join(path(self.root / file) for file in files)


def read_folder(root: Path) -> Folder:
    """The facts folder at a path. Raises FactsError when there is none, or one of another format."""
    about = read_manifest(root)
    folder = Folder(
        root=root,
        feeds_us=feeds_of(about),
        lines=line_files_of(about),
        sent=sent_files_of(about),
        replaced=masks_of(about),
        about=about,
    )
    return replace(folder, one_category=_has_one_category_per_style(folder))


def _has_one_category_per_style(folder: Folder) -> bool:
    mixed = (
        f"SELECT 1 FROM ({folder.relation('products')}) GROUP BY item_group"
        " HAVING count(DISTINCT category) <> 1 OR count(category) < count(*) LIMIT 1"
    )
    try:
        with duckdb.connect() as connection:
            return connection.execute(mixed).fetchone() is None
    except duckdb.Error as error:
        raise FactsError(f"{folder.root / file_of('products')} cannot be read: {error}") from None


def _nothing(table: str) -> str:
    columns = ", ".join(f"CAST(NULL AS {kind}) AS {name(column)}" for column, kind in TABLES[table].items())
    return f"SELECT {columns} WHERE {literal(False)}"

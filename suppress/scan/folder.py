"""Turn a facts folder into relations a query can read: one SELECT per table, empty where a source was never loaded.

The folder's format is described in `docs/scans.md`. Nothing here reads a row; the text names the files.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import duckdb

from suppress.errors import FactsError
from suppress.facts.snapshot import Source
from suppress.scan.sql import literal, name, path

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"

TABLES: Final[Mapping[str, Mapping[str, str]]] = {
    "products": {
        "sku": "VARCHAR", "item_group": "VARCHAR", "title": "VARCHAR", "category": "VARCHAR", "brand": "VARCHAR",
        "status": "VARCHAR", "replenish_days": "BIGINT", "price_minor": "BIGINT", "currency": "VARCHAR",
        "bundle_of": "VARCHAR[]", "attributes": "MAP(VARCHAR, VARCHAR)",
    },
    "lines": {
        "customer_id": "VARCHAR", "sku": "VARCHAR", "ordered_at_us": "BIGINT", "from_us": "BIGINT",
        "until_us": "BIGINT", "units": "BIGINT", "kept_units": "BIGINT", "is_gift": "BOOLEAN", "channel": "VARCHAR",
        "order_id": "VARCHAR", "line_id": "VARCHAR", "item_group": "VARCHAR", "category": "VARCHAR",
        "brand": "VARCHAR",
    },
    "stock": {
        "sku": "VARCHAR", "location_id": "VARCHAR", "on_hand": "BIGINT", "reserved": "BIGINT",
        "safety_stock": "BIGINT", "incoming_units": "BIGINT", "incoming_at_us": "BIGINT", "availability": "VARCHAR",
        "updated_at_us": "BIGINT",
    },
    "customers": {
        "customer_id": "VARCHAR", "household_id": "VARCHAR", "country": "VARCHAR", "region": "VARCHAR",
        "time_zone": "VARCHAR", "consent": "MAP(VARCHAR, BOOLEAN)", "attributes": "MAP(VARCHAR, VARCHAR)",
        "do_not_contact": "BOOLEAN", "open_case": "BOOLEAN", "late_order": "BOOLEAN",
    },
    "identities": {"kind": "VARCHAR", "value": "VARCHAR", "customer_id": "VARCHAR"},
    "sent": {
        "message_id": "VARCHAR", "customer_id": "VARCHAR", "channel": "VARCHAR", "campaign_id": "VARCHAR",
        "sent_at_us": "BIGINT", "items": "VARCHAR[]",
    },
    "feedback": {
        "customer_id": "VARCHAR", "about_kind": "VARCHAR", "about": "VARCHAR", "says": "VARCHAR", "at_us": "BIGINT",
    },
}  # fmt: skip
"""Table -> column -> type, as every facts folder has them."""


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
    sent: Sequence[str] = ("sent.parquet",)
    one_category: bool = False
    replaced: Sequence[tuple[str, int]] = ()
    about: Mapping[str, Any] = field(default_factory=dict, compare=False)

    def relation(self, table: str) -> str:
        """A SELECT of all columns of a table."""
        if table == "lines":
            return self._lines()
        wanted = self.sent if table == "sent" else (f"{table}.parquet",)
        files = [self.root / file for file in wanted if (self.root / file).exists()]
        columns = ", ".join(name(column) for column in TABLES[table])
        if files:
            return f"SELECT {columns} FROM read_parquet([{', '.join(map(path, files))}])"
        return _nothing(table)

    def _lines(self) -> str:
        columns = ", ".join(name(column) for column in TABLES["lines"])
        parts = []
        for number, file in enumerate(self.lines):
            part = f"SELECT {columns} FROM read_parquet({path(self.root / file)})"
            void = [pairs for pairs, below in self.replaced if number < below]
            if void:
                listed = ", ".join(path(self.root / pairs) for pairs in void)
                part += f" ANTI JOIN (SELECT customer_id, sku FROM read_parquet([{listed}])) USING (customer_id, sku)"
            parts.append(part)
        return " UNION ALL ".join(parts) or _nothing("lines")


def read_folder(root: Path) -> Folder:
    """The facts folder at a path. Raises FactsError when there is none, or one of another format."""
    manifest = root / MANIFEST
    try:
        about = json.loads(manifest.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FactsError(f"{root} is no facts folder: {manifest.name} cannot be read ({error})") from None
    if not isinstance(about, dict):
        raise FactsError(f"{root} is no facts folder: {manifest.name} cannot be read (it holds no map)")
    if about.get("format") != FORMAT:
        raise FactsError(f"{root} is a facts folder of format {about.get('format')}; this version reads {FORMAT}")
    feeds = about.get("feeds_us", {})
    folder = Folder(
        root=root,
        feeds_us={source: feeds.get(source.value) for source in Source},
        lines=tuple(about.get("lines", ())),
        sent=tuple(about.get("sent", ("sent.parquet",))),
        replaced=tuple((entry["pairs"], entry["below"]) for entry in about.get("replaced", ())),
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
        raise FactsError(f"{folder.root / 'products.parquet'} cannot be read: {error}") from None


def _nothing(table: str) -> str:
    columns = ", ".join(f"CAST(NULL AS {kind}) AS {name(column)}" for column, kind in TABLES[table].items())
    return f"SELECT {columns} WHERE {literal(False)}"

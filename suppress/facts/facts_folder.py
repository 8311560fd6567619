"""What a facts folder is: its tables, their columns and types, its manifest, and which rows of it no longer count.

    manifest.json            format, as of when each source is complete, files of lines and sent log, masks
    products.parquet, ...    one file per table of TABLES, except lines and sent, whose files the manifest names

Whoever writes such a folder and whoever reads one goes by this page. `docs/lake.md` tells people of it.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from suppress.errors import FactsError
from suppress.facts.snapshot import Source

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
"""Table -> column -> type, in DuckDB's words. A row of `lines` is one version: it holds for from_us <= t < until_us."""

STYLE_COLUMNS: Final = ("item_group", "category", "brand")
"""The columns of `lines` that follow the catalogue."""


class Mask(NamedTuple):
    """A Parquet file of (customer_id, sku) whose lines no longer count in the first `below` files of lines."""

    pairs: str
    below: int

    def told(self) -> dict[str, str | int]:
        """As it stands under `replaced` in the manifest."""
        return {"pairs": self.pairs, "below": self.below}


def file_of(table: str) -> str:
    """The file of a table, relative to the folder; of the sent log the one it has when the manifest names none."""
    return f"{table}.parquet"


def read_manifest(folder: Path) -> Mapping[str, Any]:
    """The manifest of a facts folder. Raises FactsError when it is missing, damaged, or of another format."""
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError) as error:
        raise FactsError(f"{folder} is no facts folder: {MANIFEST} cannot be read ({error})") from None
    if not isinstance(manifest, dict):
        raise FactsError(f"{folder} is no facts folder: {MANIFEST} cannot be read (it holds no map)")
    if manifest.get("format") != FORMAT:
        raise FactsError(f"{folder} is a facts folder of format {manifest.get('format')}; this version reads {FORMAT}")
    return manifest


def feeds_of(manifest: Mapping[str, Any]) -> dict[Source, int | None]:
    """Source -> as of when it is complete. One the manifest does not name was never loaded."""
    told = manifest.get("feeds_us", {})
    return {source: told.get(source.value) for source in Source}


def line_files_of(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """The files of order lines, relative to the folder, older ones first."""
    return tuple(manifest.get("lines", ()))


def sent_files_of(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """The files of the sent log, relative to the folder; they need not be there."""
    return tuple(manifest.get("sent", (file_of("sent"),)))


def masks_of(manifest: Mapping[str, Any]) -> tuple[Mask, ...]:
    """Which rows of older files of lines no longer count."""
    return tuple(Mask(each["pairs"], each["below"]) for each in manifest.get("replaced", ()))


def by_masks(files: Iterable[str], masks: Sequence[tuple[str, int]]) -> Mapping[tuple[str, ...], Sequence[str]]:
    """Files of lines under the files of pairs that hold for them; in the order of the files."""
    masked: dict[tuple[str, ...], list[str]] = {}
    for number, file in enumerate(files):
        masked.setdefault(tuple(pairs for pairs, below in masks if number < below), []).append(file)
    return masked

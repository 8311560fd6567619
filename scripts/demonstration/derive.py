"""Turn the tables whose columns do not fit an import into files that do. The order lines fit as they are.

What is derived is derived from the data and nothing else; docs/demo.md says how. The stock figures are SYNTHETIC.
"""

import csv
import hashlib
import json
from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pyarrow.compute
import pyarrow.parquet

from scripts.demonstration.tables import SHOP_ZONE, Tables

CYCLES_UNTIL: Final = pd.Timestamp("2017-03-03", tz=SHOP_ZONE)
"""Cycles are derived from purchases before this day, when the first of the 23 later campaigns starts."""

LEAST_GAPS: Final = 100
LONGEST_CYCLE_DAYS: Final = 14
"""Two months of purchases show no gap of two months: longer cycles would come out too short, so they are left out."""

STOCK_SEED: Final = "complete journey 1"
STOCK_AGE: Final = timedelta(hours=2)


def write_products(tables: Tables, folder: Path) -> Path:
    """products.csv. `category` is department / category / type; `title` is type and size, for the data has no names."""
    path = folder / "products.csv"
    cycles, prices = cycle_days(tables), prices_minor(tables)
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(
            ["sku", "title", "category", "brand", "replenish_days", "price_minor", "currency", "attributes.label"]
        )
        for row in tables.products.itertuples():
            levels = [_text(level) for level in (row.department, row.product_category, row.product_type)]
            kind, size = levels[2] or levels[1] or levels[0], _text(row.package_size)
            rows.writerow(
                [
                    row.product_id,
                    f"{kind}, {size}" if size else kind,
                    "/".join(level.replace("/", "-") for level in levels if level),
                    f"manufacturer {row.manufacturer_id}",
                    cycles.get(row.product_type, ""),
                    prices.get(row.product_id, ""),
                    "USD" if row.product_id in prices else "",
                    _text(row.brand),
                ]
            )
    return path


def cycle_days(tables: Tables) -> dict[str, int]:
    """Product type -> days: the median gap between a household's purchases of the same product, to the nearest day.

    Only gaps of a day or more count; types with fewer than 100 gaps or a median above 14 days have none.
    """
    early = tables.lines[tables.lines["bought_at"] < CYCLES_UNTIL].merge(tables.products, on="product_id")
    early = early.sort_values(["household_id", "product_id", "bought_at"], kind="stable")
    seconds = early.groupby(["household_id", "product_id"])["bought_at"].diff().dt.total_seconds()
    days = (seconds / 86_400).where(seconds >= 86_400)
    gaps = days.groupby(early["product_type"]).agg(["count", "median"])
    wanted = gaps[(gaps["count"] >= LEAST_GAPS) & (gaps["median"] <= LONGEST_CYCLE_DAYS)]
    return {str(kind): int(median + 0.5) for kind, median in wanted["median"].items()}


def prices_minor(tables: Tables) -> dict[int, int]:
    """Product -> cents: the median of what was paid for one unit, of all lines of the year; free lines do not count."""
    lines = pd.read_parquet(tables.path("transactions"), columns=["product_id", "quantity", "sales_value"])
    lines = lines[(lines["quantity"] > 0) & (lines["sales_value"] > 0)]
    paid = (100 * lines["sales_value"] / lines["quantity"]).groupby(lines["product_id"]).median()
    return {int(product): cents for product, each in paid.items() if (cents := int(each + 0.5))}


def write_customers(tables: Tables, households: Collection[int], folder: Path) -> Path:
    """customers.jsonl: each household is one customer; what the data says of it becomes attributes."""
    path = folder / "customers.jsonl"
    known = {row["household_id"]: row for row in tables.demographics.to_dict("records")}
    with path.open("w", encoding="utf-8") as file:
        for household in sorted(households):
            told: dict[str, Any] = {"customer_id": str(household), "household_id": str(household), "country": "US"}
            about = known.get(household, {})
            attributes = {
                str(key): str(value) for key, value in about.items() if key != "household_id" and _text(value)
            }
            file.write(json.dumps(told | {"attributes": attributes}) + "\n")
    return path


def write_orders_of(tables: Tables, households: Collection[int], folder: Path) -> Path:
    """transactions.parquet with the order lines of these households alone, columns and rows as they are."""
    path = folder / "transactions.parquet"
    lines = pyarrow.parquet.read_table(tables.path("transactions"))
    wanted = pyarrow.compute.is_in(lines["household_id"], pyarrow.array(sorted(households)))
    pyarrow.parquet.write_table(lines.filter(wanted), path)
    return path


def write_synthetic_stock(starts_at: datetime, skus: Collection[str], folder: Path) -> Path:
    """SYNTHETIC stock as of two hours before a campaign starts: the data set has none, so these are made up, by a seed.

    Of 1,000 products about 30 have no figure, 60 are sold out, 80 have 1 to 3 units and the others 4 to 63.
    """
    day = starts_at.astimezone(SHOP_ZONE).date().isoformat()
    path = folder / f"stock-SYNTHETIC-{day}.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["sku", "location_id", "on_hand", "updated_at"])
        for sku in sorted(skus):
            on_hand = _synthetic_units(day, sku)
            if on_hand is not None:
                rows.writerow([sku, "SYNTHETIC", on_hand, (starts_at - STOCK_AGE).isoformat()])
    return path


def _synthetic_units(day: str, sku: str) -> int | None:
    digest = hashlib.sha256(f"{STOCK_SEED}|{day}|{sku}".encode()).digest()
    lot, units = int.from_bytes(digest[:4]) % 1000, int.from_bytes(digest[4:8])
    if lot < 30:
        return None
    if lot < 90:
        return 0
    return 1 + units % 3 if lot < 170 else 4 + units % 60


def _text(value: Any) -> str:
    return " ".join(value.lower().split()) if isinstance(value, str) else ""

"""Turn a ScanSpec into a seeded facts folder: the columns a scan reads, written once and kept under bench-data.

Skewed as shops are: few skus make most sales (Zipf-like), few customers make most orders (lognormal). Made as arrays
and written by DuckDB, so that 50 M order lines take a minute. Lines carry what came back; there are no credit notes.
"""

import hashlib
import json
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np
import pyarrow as pa

from scripts.benchmarks.shop import AS_OF_US, CHANNELS, COLOURS, COUNTRIES, SEASONS, US_PER_DAY, ZONES

REGIONS: Final = tuple(f"region-{number:02d}" for number in range(12))
STATUSES: Final = ("active", "discontinued", "hidden", "recalled")
FOREVER_US: Final = 1 << 62
_VERSION: Final = 4
"""Raised with every change of what is generated, so that cached folders are built anew."""
_DAYS: Final = 3 * 365
_LINES_PER_ORDER: Final = 2.2
_CUSTOMERS_PER_CHUNK: Final = 25_000
_DRAWS: Final = 1 << 22


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanSpec:
    """How large the shop is. `lines` is met on average; scale 1.0 is the size the bars are stated for."""

    customers: int
    lines: int
    skus: int
    styles: int
    categories: int
    brands: int
    seed: int = 20_261_122

    @classmethod
    def of(cls, scale: float) -> "ScanSpec":
        """The shop at a fraction of its full size; the catalogue shrinks less than the orders."""
        catalogue = min(1.0, scale * 10)
        return cls(
            customers=round(1_000_000 * scale),
            lines=round(50_000_000 * scale),
            skus=round(300_000 * catalogue),
            styles=round(50_000 * catalogue),
            categories=400,
            brands=round(2_000 * catalogue),
        )

    @property
    def fingerprint(self) -> str:
        """Changes with everything that decides what is generated."""
        text = json.dumps([_VERSION, asdict(self), AS_OF_US], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


class ScanShop:
    """The catalogue, the customers and what they bought, as arrays of numbers. Lines are drawn again when asked for."""

    def __init__(self, spec: ScanSpec) -> None:
        self.spec = spec
        rng = np.random.default_rng((spec.seed, 1))
        cuts = np.sort(rng.choice(np.arange(1, spec.skus), spec.styles - 1, replace=False))
        self.style_first = np.concatenate(([0], cuts, [spec.skus])).astype(np.int64)
        self.style_of = np.repeat(np.arange(spec.styles), np.diff(self.style_first))
        self.category_of_style = rng.integers(0, spec.categories, spec.styles)
        brands = np.floor(rng.pareto(0.6, spec.styles) * 3)
        self.brand_of_style = np.minimum(brands, spec.brands - 1).astype(np.int64)
        popularity = np.cumsum(1.0 / (np.arange(spec.skus) + 10) ** 0.9)
        steps = (np.arange(_DRAWS) + 0.5) / _DRAWS * popularity[-1]
        self._drawn = rng.permutation(spec.skus).astype(np.int32)[np.searchsorted(popularity, steps)]
        activity = rng.lognormal(0.0, 1.0, spec.customers)
        self.line_counts = rng.poisson(spec.lines * activity / activity.sum())
        self.line_first = np.concatenate(([0], np.cumsum(self.line_counts)))

    @property
    def lines(self) -> int:
        """How many order lines there are."""
        return int(self.line_first[-1])

    @property
    def categories(self) -> list[str]:
        """Paths of three levels, every fourth of two."""
        return [
            f"dept-{n // 40:02d}/aisle-{n // 8:02d}" + ("" if n % 4 == 3 else f"/shelf-{n:03d}")
            if n % 8 != 7
            else f"dept-{n // 40:02d}/single-{n:03d}"
            for n in range(self.spec.categories)
        ]

    def draw_skus(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """Sku numbers drawn by popularity."""
        return self._drawn[rng.integers(0, _DRAWS, count, dtype=np.int32)]

    def siblings(self, rng: np.random.Generator, skus: np.ndarray) -> np.ndarray:
        """For each sku one of the same style, often the same one."""
        styles = self.style_of[skus]
        first, after = self.style_first[styles], self.style_first[styles + 1]
        return first + (rng.random(len(skus)) * (after - first)).astype(np.int64)

    def bought_skus(self) -> np.ndarray:
        """The sku number of every order line, customer by customer."""
        return np.concatenate([self._skus_of_chunk(start) for start in self._chunks()])

    def sku_ids(self) -> Any:
        """All skus as text, by number."""
        return pa.array([f"SKU-{number:06d}" for number in range(self.spec.skus)])

    def customer_ids(self) -> Any:
        """All customer ids as text, by number: in order of number they are in order of text."""
        return pa.array([f"C-{number:07d}" for number in range(self.spec.customers)])

    def line_batches(self) -> Iterator[Any]:
        """The order lines as Arrow batches, sorted by customer and time."""
        skus, customers = self.sku_ids(), self.customer_ids()
        style_of_sku = self.style_of
        groups = pa.array([f"ST-{number:05d}" for number in range(self.spec.styles)])
        categories = pa.array(self.categories)
        brands = pa.array([f"brand-{number:04d}" for number in range(self.spec.brands)])
        channels = pa.array(CHANNELS)
        for start in self._chunks():
            rng = np.random.default_rng((self.spec.seed, 5, start))
            sku = self._skus_of_chunk(start)
            counts = self.line_counts[start : start + _CUSTOMERS_PER_CHUNK]
            count = len(sku)
            customer = np.repeat(np.arange(start, start + len(counts)), counts)
            place = np.arange(count) - np.repeat(np.cumsum(counts) - counts, counts)
            begins = (place == 0) | (rng.random(count) < 1 / _LINES_PER_ORDER)
            order = np.cumsum(begins) - 1
            days_ago = _DAYS * rng.random(int(order[-1]) + 1 if count else 0) ** 1.3
            minute = np.floor((_DAYS - days_ago) * 1440).astype(np.int64)
            key = np.sort((customer[begins] << 24) | minute)
            minute = (key & ((1 << 24) - 1))[order]
            units = 1 + (rng.random(count) < 0.15).astype(np.int64) + (rng.random(count) < 0.04)
            back = (rng.random(count) < 0.06).astype(np.int64) + (rng.random(count) < 0.01)
            first_line = np.flatnonzero(begins)
            style = style_of_sku[sku]
            yield pa.record_batch(
                {
                    "customer_id": customers.take(pa.array(customer)),
                    "sku": skus.take(pa.array(sku)),
                    "ordered_at_us": AS_OF_US - _DAYS * US_PER_DAY + minute * 60_000_000 - 1_000_000,
                    "units": units,
                    "kept_units": np.maximum(0, units - back),
                    "is_gift": rng.random(count) < 0.02,
                    "channel": channels.take(pa.array(rng.integers(0, len(CHANNELS), len(first_line))[order])),
                    "order_number": self.line_first[start] + order,
                    "line_number": np.arange(count) - first_line[order] + 1,
                    "item_group": groups.take(pa.array(style)),
                    "category": categories.take(pa.array(self.category_of_style[style])),
                    "brand": brands.take(pa.array(self.brand_of_style[style])),
                }
            )

    def products(self) -> Any:
        """The catalogue as an Arrow table of plain columns."""
        spec = self.spec
        rng = np.random.default_rng((spec.seed, 2))
        price = np.floor(rng.lognormal(8.0, 0.9, spec.styles)).astype(np.int64) + 99
        cycle = rng.choice([14, 30, 45, 60, 90], spec.styles)
        consumable = (rng.random(spec.categories) < 0.15)[self.category_of_style]
        style = self.style_of
        return pa.table(
            {
                "number": np.arange(spec.skus),
                "style": style,
                "category": pa.array(self.categories).take(pa.array(self.category_of_style[style])),
                "brand": self.brand_of_style[style],
                "status": pa.array(STATUSES).take(pa.array(rng.choice(4, spec.skus, p=[0.965, 0.02, 0.01, 0.005]))),
                "replenish_days": pa.array(cycle[style], mask=~consumable[style]),
                "price_minor": price[style],
                "colour": pa.array(COLOURS).take(pa.array(rng.integers(0, len(COLOURS), spec.skus))),
                "season": pa.array(SEASONS).take(pa.array(rng.choice(5, spec.styles, p=[0.4] + [0.15] * 4)[style])),
            }
        )

    def stock(self) -> Any:
        """Eleven rows of twelve per sku, one a region; one in a thousand was stated too long ago to be believed."""
        spec, places = self.spec, len(REGIONS)
        rng = np.random.default_rng((spec.seed, 3))
        there = rng.random((spec.skus, places)) < 0.92
        level = rng.lognormal(2.7, 0.7, spec.skus)[:, None]
        on_hand = np.floor(level * rng.lognormal(0.0, 0.5, (spec.skus, places))).astype(np.int64)
        on_hand[rng.random(spec.skus) < 0.03] = 0
        age_s = rng.integers(600, 3 * 3600, (spec.skus, places))
        age_s[rng.random((spec.skus, places)) < 0.001] += 3 * 86_400
        sku, place = np.nonzero(there)
        units = on_hand[sku, place]
        return pa.table(
            {
                "number": sku,
                "location_id": pa.array(REGIONS).take(pa.array(place)),
                "on_hand": units,
                "reserved": np.minimum(units, rng.integers(0, 2, len(sku))),
                "safety_stock": np.ones(len(sku), dtype=np.int64),
                "updated_at_us": AS_OF_US - age_s[sku, place] * 1_000_000,
            }
        )

    def customers(self) -> Any:
        """The customers as an Arrow table of plain columns; one in fifty says no region."""
        count = self.spec.customers
        rng = np.random.default_rng((self.spec.seed, 4))
        region = rng.integers(0, len(REGIONS), count)
        return pa.table(
            {
                "number": np.arange(count),
                "country": pa.array(COUNTRIES).take(pa.array(rng.choice(5, count, p=[0.3, 0.4, 0.1, 0.1, 0.1]))),
                "region": pa.array(REGIONS).take(pa.array(region, mask=rng.random(count) < 0.02)),
                "time_zone": pa.array(ZONES).take(pa.array((np.arange(count) % 12 == 5).astype(np.int64))),
                "email": rng.random(count) >= 0.03,
                "push": rng.random(count) < 0.6,
                "tier": pa.array(("basic", "plus", "gold")).take(pa.array(rng.choice(3, count, p=[0.8, 0.15, 0.05]))),
                "points": rng.integers(0, 1000, count),
                "do_not_contact": rng.random(count) < 0.01,
            }
        )

    def _chunks(self) -> range:
        return range(0, self.spec.customers, _CUSTOMERS_PER_CHUNK)

    def _skus_of_chunk(self, start: int) -> np.ndarray:
        rng = np.random.default_rng((self.spec.seed, 6, start))
        return self.draw_skus(rng, int(self.line_counts[start : start + _CUSTOMERS_PER_CHUNK].sum()))


def facts_folder(shop: ScanShop, folder: Path) -> Path:
    """The facts folder of a shop under `folder`; written when it is not there. Older ones are removed."""
    facts = folder / f"facts-{shop.spec.fingerprint}"
    if (facts / "manifest.json").exists():
        return facts
    for old in folder.glob("facts-*"):
        shutil.rmtree(old)
    begun = time.perf_counter()
    (facts / "lines").mkdir(parents=True)
    with duckdb.connect() as db:
        for name in ("products", "stock", "customers"):
            db.register("given", getattr(shop, name)())
            _copy(db, _TABLES[name], facts / f"{name}.parquet", 122_880)
            db.unregister("given")
        _copy(db, _IDENTITIES.format(path=facts / "customers.parquet"), facts / "identities.parquet", 122_880)
        batches = shop.line_batches()
        first = next(batches)
        db.register("given", pa.RecordBatchReader.from_batches(first.schema, _chained(first, batches)))
        _copy(db, _TABLES["lines"], facts / "lines" / "base-0001.parquet", 100_000)
    feeds = {"products": US_PER_DAY, "orders": 0, "stock": 0, "customers": US_PER_DAY}
    manifest = {
        "format": 1,
        "feeds_us": {**{name: AS_OF_US - age_us for name, age_us in feeds.items()}, "sent": None, "feedback": None},
        "lines": ["lines/base-0001.parquet"],
        "replaced": [],
    }
    (facts / "manifest.json").write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    size = sum(path.stat().st_size for path in facts.rglob("*") if path.is_file())
    print(
        f"  facts: {shop.lines:,} lines, {size / 1e6:,.0f} MB in {time.perf_counter() - begun:.0f} s",
        file=sys.stderr,
        flush=True,
    )
    return facts


def _copy(db: duckdb.DuckDBPyConnection, query: str, path: Path, row_group: int) -> None:
    db.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {row_group})")


def _chained(first: Any, rest: Iterator[Any]) -> Iterator[Any]:
    yield first
    yield from rest


_IDENTITIES: Final = (
    "SELECT 'email' AS kind, lower(customer_id) || '@example.com' AS value, customer_id FROM read_parquet('{path}')"
)
_TABLES: Final = {
    "products": """
        SELECT 'SKU-' || lpad(number::VARCHAR, 6, '0') AS sku, 'ST-' || lpad(style::VARCHAR, 5, '0') AS item_group,
            'Article ' || number || ' of style ' || style AS title, category,
            'brand-' || lpad(brand::VARCHAR, 4, '0') AS brand, status, replenish_days, price_minor, 'EUR' AS currency,
            []::VARCHAR[] AS bundle_of, MAP {'colour': colour, 'season': season} AS attributes
        FROM given""",
    "stock": """
        SELECT 'SKU-' || lpad(number::VARCHAR, 6, '0') AS sku, location_id, on_hand, reserved, safety_stock,
            NULL::BIGINT AS incoming_units, NULL::BIGINT AS incoming_at_us,
            CASE WHEN on_hand > 0 THEN 'in_stock' ELSE 'out_of_stock' END AS availability, updated_at_us
        FROM given""",
    "customers": """
        SELECT 'C-' || lpad(number::VARCHAR, 7, '0') AS customer_id,
            'HH-' || lpad((number // 2)::VARCHAR, 7, '0') AS household_id, country, region, time_zone,
            MAP {'email': email, 'push': push} AS consent, MAP {'tier': tier, 'points': points::VARCHAR} AS attributes,
            do_not_contact, false AS open_case, false AS late_order
        FROM given""",
    "lines": f"""
        SELECT customer_id, sku, ordered_at_us, ordered_at_us AS from_us, {FOREVER_US} AS until_us, units, kept_units,
            is_gift, channel, 'O-' || lpad(order_number::VARCHAR, 9, '0') AS order_id, line_number::VARCHAR AS line_id,
            item_group, category, brand
        FROM given""",
}

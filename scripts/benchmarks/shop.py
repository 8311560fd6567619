"""Turn a Spec into the rows of a seeded shop: products, stock, customers, order lines; the same each time.

Skewed as shops are: few skus make most sales (Zipf-like), few customers make most orders (lognormal). Dedicated
customers have a history of exactly so many lines, so that one thing at a time can be measured.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import numpy as np

Row = tuple[Any, ...]

AS_OF: Final = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
US_PER_DAY: Final = 86_400_000_000
AS_OF_US: Final = int(AS_OF.timestamp()) * 1_000_000
HISTORIES: Final = (0, 20, 500, 5_000)
COLOURS: Final = ("black", "white", "grey", "blue", "red", "green", "beige", "pink")
SEASONS: Final = ("all-year", "spring", "summer", "autumn", "winter")
SIZES: Final = ("XS", "S", "M", "L", "XL", "one-size")
COUNTRIES: Final = ("CH", "DE", "AT", "FR", "IT")
CHANNELS: Final = ("web", "app", "store")
REGIONS: Final = ("north", "south")
ZONES: Final = ("Europe/Zurich", "America/New_York")
SENT_PER_CUSTOMER: Final = 3
"""Messages of the last 30 days, of which a check with caps reads all."""

_VERSION: Final = 6
"""Raised with every change of what is generated, so that cached stores are built anew."""
_ORDERS_PER_CHUNK: Final = 100_000
_LINES_PER_ORDER: Final = 2.2
_YEARS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """How large the shop is. `scale` 1.0 is the size the bars are stated for."""

    customers: int
    lines: int
    skus: int
    styles: int
    categories: int
    brands: int
    dedicated: tuple[int, ...]
    seed: int = 20_261_101

    @classmethod
    def of(cls, scale: float) -> "Spec":
        """The shop at a fraction of its full size; the catalogue shrinks less than the orders."""
        catalogue = min(1.0, scale * 10)
        return cls(
            customers=round(1_000_000 * scale),
            lines=round(20_000_000 * scale),
            skus=round(300_000 * catalogue),
            styles=round(50_000 * catalogue),
            categories=400,
            brands=round(2_000 * catalogue),
            dedicated=(
                5_000,
                max(200, round(20_000 * scale)),
                max(50, round(1_000 * scale)),
                max(10, round(100 * scale)),
            ),
        )

    @property
    def fingerprint(self) -> str:
        """Changes with everything that decides what is generated."""
        text = json.dumps([_VERSION, asdict(self), AS_OF_US], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


class Catalogue(NamedTuple):
    """The catalogue by sku, style and category number. `popularity`: cumulative shares; `style_first`: first sku."""

    skus: list[str]
    styles: np.ndarray
    categories: list[str]
    category_of: np.ndarray
    brands: list[str]
    brand_of: np.ndarray
    prices_minor: np.ndarray
    popularity: np.ndarray
    by_popularity: np.ndarray
    style_first: np.ndarray
    consumable: np.ndarray


class Shop:
    """One generated shop. Every method that yields rows starts from its own seed and can be called again."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.catalogue = _catalogue(spec)
        self.customer_ids = [f"C-{number:07d}" for number in range(spec.customers)]

    def dedicated_customers(self, history: int) -> list[str]:
        """The ids of the customers with exactly that many order lines."""
        return [f"H{history}-{number:05d}" for number in range(self.spec.dedicated[HISTORIES.index(history)])]

    def products(self) -> Iterator[Row]:
        """Rows of `products`."""
        spec, catalogue = self.spec, self.catalogue
        rng = np.random.default_rng((spec.seed, 2))
        status = rng.choice(["active", "discontinued", "hidden", "recalled"], spec.skus, p=[0.965, 0.02, 0.01, 0.005])
        cycle_days = rng.choice([14, 30, 45, 60, 90], spec.styles)
        colour = rng.integers(0, len(COLOURS), spec.skus)
        size = rng.integers(0, len(SIZES), spec.skus)
        bundles = np.random.default_rng((spec.seed, 8)).random(spec.skus) < 0.01
        season = rng.choice(len(SEASONS), spec.styles, p=[0.4, 0.15, 0.15, 0.15, 0.15])
        for number, sku in enumerate(catalogue.skus):
            style = int(catalogue.styles[number])
            category = int(catalogue.category_of[style])
            attributes = (
                f'{{"colour":"{COLOURS[colour[number]]}","season":"{SEASONS[season[style]]}",'
                f'"size":"{SIZES[size[number]]}"}}'
            )
            yield (
                sku,
                f"Article {number} of style {style}",
                f"ST-{style:05d}",
                catalogue.categories[category],
                catalogue.brands[int(catalogue.brand_of[style])],
                str(status[number]),
                int(cycle_days[style]) if catalogue.consumable[category] else None,
                int(catalogue.prices_minor[style]),
                "EUR",
                f'["{catalogue.skus[number - 1]}","{catalogue.skus[number - 2]}"]' if bundles[number] else "[]",
                attributes,
                AS_OF_US - US_PER_DAY,
            )

    def stock(self) -> Iterator[Row]:
        """Rows of `stock`: one location, some sold out (half of them with more on the way), many with few left."""
        rng = np.random.default_rng((self.spec.seed, 3))
        skus = self.catalogue.skus
        on_hand = np.floor(rng.lognormal(3.6, 1.1, len(skus))).astype(np.int64)
        on_hand[rng.random(len(skus)) < 0.03] = 0
        reserved = np.minimum(on_hand, rng.integers(0, 3, len(skus)))
        stated_us = AS_OF_US - rng.integers(600, 3 * 3600, len(skus)) * 1_000_000
        restocked = (on_hand == 0) & (rng.random(len(skus)) < 0.5)
        restock_us = AS_OF_US + rng.integers(1, 60, len(skus)) * US_PER_DAY
        for number, sku in enumerate(skus):
            units = int(on_hand[number])
            availability = "in_stock" if units else "out_of_stock"
            incoming = (20, int(restock_us[number])) if restocked[number] else (None, None)
            yield (sku, "all", units, int(reserved[number]), 2, *incoming, availability, int(stated_us[number]))

    def customers(self) -> Iterator[Row]:
        """Rows of `customers`."""
        rng = np.random.default_rng((self.spec.seed, 4))
        ids = [*self.customer_ids, *(one for history in HISTORIES for one in self.dedicated_customers(history))]
        country = rng.choice(len(COUNTRIES), len(ids), p=[0.3, 0.4, 0.1, 0.1, 0.1])
        tier = rng.choice(3, len(ids), p=[0.8, 0.15, 0.05])
        open_case, late_order, no_contact = rng.random((3, len(ids))) < 0.01
        for number, customer_id in enumerate(ids):
            attributes = f'{{"tier":"{("basic", "plus", "gold")[tier[number]]}","points":"{number % 1000}"}}'
            yield (
                customer_id,
                f"HH-{number // 2:07d}",
                COUNTRIES[country[number]],
                REGIONS[number % 2],
                ZONES[number % 12 == 5],
                '{"advert":true,"email":true,"push":false}' if number % 20 == 0 else '{"email":true,"push":true}',
                attributes,
                int(no_contact[number]),
                int(open_case[number]),
                int(late_order[number]),
                AS_OF_US - US_PER_DAY,
            )

    def identities(self) -> Iterator[Row]:
        """Rows of `identities`: one e-mail address per customer."""
        for customer in self.customers():
            yield ("email", f"{customer[0].lower()}@example.com", customer[0])

    def sent_messages(self) -> Iterator[Row]:
        """Rows of `sent_messages`: a few per customer, of popular items."""
        rng = np.random.default_rng((self.spec.seed, 10))
        ids = [*self.customer_ids, *(one for history in HISTORIES for one in self.dedicated_customers(history))]
        skus = self.catalogue.skus
        for number, customer_id in enumerate(ids):
            days_ago = rng.random(SENT_PER_CUSTOMER) * 30
            shown = self.draw_skus(rng, SENT_PER_CUSTOMER * 4)
            for place in range(SENT_PER_CUSTOMER):
                at_us = AS_OF_US - int(days_ago[place] * US_PER_DAY) - 1_000_000
                items = ",".join(f'"{skus[sku]}"' for sku in shown[place * 4 : place * 4 + 4])
                yield (
                    f"sent-{number}-{place}",
                    customer_id,
                    ("email", "push", "advert")[(number + place) % 3],
                    ("newsletter", "spring-sale")[place % 2],
                    at_us,
                    f"[{items}]",
                    at_us,
                )

    def feedback(self) -> Iterator[Row]:
        """Rows of `feedback`: one customer in ten said something of a sku, one in five of a part of the catalogue."""
        rng = np.random.default_rng((self.spec.seed, 11))
        ids = [*self.customer_ids, *(one for history in HISTORIES for one in self.dedicated_customers(history))]
        for number, customer_id in enumerate(ids):
            at_us = AS_OF_US - int(rng.random() * 300 * US_PER_DAY) - 1_000_000
            if number % 10 == 0:
                sku = self.catalogue.skus[self.draw_skus(rng, 1)[0]]
                yield (customer_id, "sku", sku, "not_interested", at_us)
            if number % 5 == 1:
                shelf = self.catalogue.categories[int(rng.integers(len(self.catalogue.categories)))]
                category = "/".join(shelf.split("/")[: int(rng.integers(1, 4))])
                yield (customer_id, "category", category, "not_interested", at_us)

    def order_lines(self) -> Iterator[list[Row]]:
        """Rows of `order_lines`, in chunks, in the order of their key and of time."""
        spec = self.spec
        orders = round(spec.lines / _LINES_PER_ORDER * 1.02)
        rng = np.random.default_rng((spec.seed, 5))
        activity = np.cumsum(rng.lognormal(0.0, 1.0, spec.customers))
        activity /= activity[-1]
        left = spec.lines
        first = 0
        while left > 0:
            count = _ORDERS_PER_CHUNK
            rng = np.random.default_rng((spec.seed, 6, first))
            buyers = np.minimum(np.searchsorted(activity, rng.random(count)), spec.customers - 1)
            days_ago = _YEARS * 365 * (1 - np.minimum(1, (first + np.sort(rng.random(count)) * count) / orders))
            at_us = AS_OF_US - (days_ago * US_PER_DAY).astype(np.int64) - 1_000_000
            sizes = rng.geometric(1 / _LINES_PER_ORDER, count)
            rows = self._lines(rng, first, "O", sizes, [self.customer_ids[i] for i in buyers.tolist()], at_us.tolist())
            yield rows[:left]
            left -= len(rows)
            first += count
        yield from self._dedicated_lines()

    def _dedicated_lines(self) -> Iterator[list[Row]]:
        first = 0
        for history in HISTORIES[1:]:
            rng = np.random.default_rng((self.spec.seed, 7, history))
            for customer_id in self.dedicated_customers(history):
                days_ago = rng.random(history) * 2 * 365
                at_us = AS_OF_US - (days_ago * US_PER_DAY).astype(np.int64) - 1_000_000
                sizes = np.ones(history, dtype=np.int64)
                yield self._lines(rng, first, "P", sizes, [customer_id] * history, at_us.tolist())
                first += history

    def _lines(
        self, rng: np.random.Generator, first: int, letter: str, sizes: np.ndarray, buyers: list[str], at_us: list[int]
    ) -> list[Row]:
        catalogue = self.catalogue
        count = int(sizes.sum())
        numbers = self.draw_skus(rng, count)
        prices = catalogue.prices_minor[catalogue.styles[numbers]].tolist()
        units = rng.choice([1, 2, 3], count, p=[0.85, 0.11, 0.04]).tolist()
        returned = (rng.random(count) < 0.06).tolist()
        cancelled = (rng.random(count) < 0.01).tolist()
        gift = (rng.random(count) < 0.02).tolist()
        channel = rng.choice(len(CHANNELS), len(buyers)).tolist()
        skus = catalogue.skus
        rows = []
        place = 0
        for order, size in enumerate(sizes.tolist()):
            order_id = f"{letter}{first + order:08d}"
            for line in range(1, size + 1):
                rows.append(
                    (
                        order_id,
                        str(line),
                        buyers[order],
                        skus[numbers[place]],
                        units[place],
                        at_us[order],
                        int(cancelled[place]),
                        int(returned[place]),
                        int(gift[place]),
                        CHANNELS[channel[order]],
                        prices[place],
                        "EUR",
                        at_us[order],
                    )
                )
                place += 1
        return rows

    def draw_skus(self, rng: np.random.Generator, count: int) -> list[int]:
        """Sku numbers drawn by popularity."""
        ranks = np.searchsorted(self.catalogue.popularity, rng.random(count))
        return self.catalogue.by_popularity[np.minimum(ranks, self.spec.skus - 1)].tolist()

    def sibling(self, rng: np.random.Generator, sku_number: int) -> int:
        """A sku of the same style, often the same one."""
        first = self.catalogue.style_first
        style = int(self.catalogue.styles[sku_number])
        return int(rng.integers(first[style], first[style + 1]))


def _catalogue(spec: Spec) -> Catalogue:
    rng = np.random.default_rng((spec.seed, 1))
    cuts = np.sort(rng.choice(np.arange(1, spec.skus), spec.styles - 1, replace=False))
    style_first = np.concatenate(([0], cuts, [spec.skus]))
    weights = 1.0 / (np.arange(spec.skus) + 10) ** 0.9
    popularity = np.cumsum(weights)
    return Catalogue(
        skus=[f"SKU-{number:06d}" for number in range(spec.skus)],
        styles=np.repeat(np.arange(spec.styles), np.diff(style_first)),
        categories=[
            f"dept-{number // 40:02d}/aisle-{number // 8:02d}/shelf-{number:03d}" for number in range(spec.categories)
        ],
        category_of=rng.integers(0, spec.categories, spec.styles),
        brands=[f"brand-{number:04d}" for number in range(spec.brands)],
        brand_of=np.minimum(np.floor(rng.pareto(0.6, spec.styles) * 3), spec.brands - 1).astype(np.int64),
        prices_minor=np.floor(rng.lognormal(8.0, 0.9, spec.styles)).astype(np.int64) + 99,
        popularity=popularity / popularity[-1],
        by_popularity=rng.permutation(spec.skus),
        style_first=style_first,
        consumable=rng.random(spec.categories) < 0.15,
    )

"""Turn products and stock into one row per sku: the values rules compare, and what joins with purchases.

`product` has the columns of the facts folder that rules need and `"item.…"` columns made to measure; `stock PLACE` has,
per sku (and region), the sums over the locations asked for and when the oldest of them was stated.
"""

from collections.abc import Mapping
from typing import Final

from suppress.facts.fields import CUSTOMERS_REGION, label_of
from suppress.facts.inventory import BEST_AVAILABILITY_FIRST
from suppress.facts.snapshot import Source
from suppress.rules.needs import GROUP_IN_STOCK_SHARE, RESTOCK_AT
from suppress.scan.asked import Asked
from suppress.scan.folder import Folder
from suppress.scan.lower import under
from suppress.scan.sql import literal, literals, name
from suppress.scan.usable import Usable

_OF_ITEM: Final = "item.attributes."

PRODUCT_COLUMNS: Final[Mapping[str, str]] = {
    "item.title": "title",
    "item.item_group": "item_group",
    "item.category": "category",
    "item.brand": "brand",
    "item.status": "status",
    "item.price_minor": "price_minor",
    "item.currency": "currency",
    "item.replenish_days": "cycle_days",
}
"""Field -> column of `product`."""

_AVAILABLE: Final = "greatest(0, on_hand - reserved - safety_stock)"
_ALL_KNOWN: Final = "CASE WHEN count({0}) = count(*) THEN CAST(sum({0}) AS BIGINT) END"

STOCK_SUMS: Final[Mapping[str, str]] = {
    "stock.available_units": f"CAST(sum({_AVAILABLE}) AS BIGINT)",
    "stock.on_hand": "CAST(sum(on_hand) AS BIGINT)",
    "stock.reserved": "CAST(sum(reserved) AS BIGINT)",
    "stock.safety_stock": "CAST(sum(safety_stock) AS BIGINT)",
    "stock.incoming_units": _ALL_KNOWN.format("incoming_units"),
    "stock.incoming_at": "min(incoming_at_us)",
    "stock.restock_at": "list(incoming_at_us) FILTER (WHERE incoming_units IS NULL OR incoming_units <> 0)",
    "stock.availability": "CASE "
    + " ".join(f"WHEN bool_or(availability = {literal(word)}) THEN {literal(word)}" for word in BEST_AVAILABILITY_FIRST)
    + " END",
    "stock.age": "min(updated_at_us)",
}
"""Field -> how the figures of several locations become one."""


class Goods:
    """The SQL of everything about skus, for one ruleset and one facts folder."""

    def __init__(self, asked: Asked, folder: Folder, usable: Usable) -> None:
        self.asked = asked
        self._folder = folder
        self._usable = usable
        self._fields = asked.item_fields()
        self.places = self._places()

    def attributes(self) -> list[str]:
        """Declared attributes of items that need a lookup `attribute FIELD`."""
        return [field for field in self._fields if field.startswith(_OF_ITEM) and label_of(field) != field]

    def texts(self, field: str) -> str:
        """A SELECT of every text an attribute, or a field of the product, has."""
        plain = label_of(field)
        return f"SELECT {self._text(plain)} FROM ({self._folder.relation('products')}) g"

    def product(self) -> str:
        """The relation `product`, one row per sku."""
        joins, made = [], []
        for field in self._fields:
            if not field.startswith(_OF_ITEM):
                continue
            text = self._text(label_of(field))
            if label_of(field) == field:
                made.append(f"{text} AS {name(field)}")
                continue
            alias = name(f"a {field}")
            joins.append(f"LEFT JOIN {name(f'attribute {field}')} {alias} ON {alias}.text = {text}")
            made.append(f"{alias}.value AS {name(field)}")
        for pattern, number in self.asked.patterns.items():
            if pattern.field in PRODUCT_COLUMNS or pattern.field.startswith(_OF_ITEM):
                joins.append(
                    f"LEFT JOIN {name(f'match {number}')} k{number} ON k{number}.value = {self._text(pattern.field)}"
                )
                made.append(f"k{number}.hit AS {name(f'match {number}')}")
        columns = [
            "g.sku AS sku", "g.item_group AS item_group", "g.title AS title", "g.category AS category",
            "g.brand AS brand", "g.status AS status", "g.price_minor AS price_minor", "g.currency AS currency",
            f"{self._cycle_days()} AS cycle_days", "g.bundle_of AS bundle_of", *made,
        ]  # fmt: skip
        return f"SELECT {', '.join(columns)} FROM ({self._folder.relation('products')}) g {' '.join(joins)}"

    def stock(self, place: str | None) -> str:
        """The relation `stock PLACE`: per sku what is asked of it there; for the customer's region per region too."""
        sums = [f"{STOCK_SUMS[field]} AS {name(field)}" for field in self._stock_fields(place)]
        columns = ", ".join(("sku", "min(updated_at_us) AS stated_us", *sums))
        stock = self._folder.relation("stock")
        if place is None:
            return f"SELECT {columns} FROM ({stock}) GROUP BY sku"
        if place != CUSTOMERS_REGION:
            return f"SELECT {columns} FROM ({stock}) WHERE location_id = {literal(place)} GROUP BY sku"
        return (
            f"SELECT r.region AS region, {columns} FROM ({stock}) s JOIN ({self._regions()}) r"
            " ON r.location_id = s.location_id GROUP BY sku, r.region"
        )

    def style_stock(self) -> str:
        """The relation `style_stock`: per style the share of skus in stock; `uncounted` when a sku has no figure."""
        return (
            "SELECT g.item_group AS item_group, min(s.stated_us) FILTER (WHERE g.status = 'active') AS stated_us,"
            " bool_or(g.status = 'active' AND s.sku IS NULL) AS uncounted,"
            " 100 * count(*) FILTER (WHERE g.status = 'active' AND s.any_left) // count(*) AS in_stock_share"
            f" FROM ({self._folder.relation('products')}) g LEFT JOIN (SELECT sku, min(updated_at_us) AS stated_us,"
            f" bool_or({_AVAILABLE} > 0) AS any_left FROM ({self._folder.relation('stock')}) GROUP BY sku) s"
            " ON s.sku = g.sku GROUP BY g.item_group"
        )

    def field(self, field: str) -> str | None:
        """The SQL of a field of an item that product or stock tell; None when neither does."""
        if field in PRODUCT_COLUMNS:
            return f"g.{PRODUCT_COLUMNS[field]}"
        if field.startswith(_OF_ITEM):
            return f"g.{name(field)}"
        if field == GROUP_IN_STOCK_SHARE:
            fresh = self._usable.fresh(Source.STOCK, "w.stated_us", "m.as_of_us")
            return f"CASE WHEN NOT w.uncounted AND (w.stated_us IS NULL OR {fresh}) THEN w.in_stock_share END"
        if field.startswith("stock."):
            base, _, place = field.partition(" at ")
            return self._stock_value(base, self.alias(place or None))
        return None

    def joins(self) -> list[str]:
        """What is joined with candidates `c` of messages `m` for these fields: `g`, `w`, and one per place of stock."""
        joins = [f"LEFT JOIN product g ON g.sku = c.sku AND {self._usable.source(Source.PRODUCTS, 'm.as_of_us')}"]
        if GROUP_IN_STOCK_SHARE in self._fields:
            joins.append("LEFT JOIN style_stock w ON w.item_group = g.item_group")
        for place in self.places:
            alias, table = self.alias(place), name(self.table(place))
            region = f" AND {alias}.region = m.region" if place == CUSTOMERS_REGION else ""
            joins.append(f"LEFT JOIN {table} {alias} ON {alias}.sku = c.sku{region}")
        return joins

    def alias(self, place: str | None) -> str:
        """What a place's stock is called in a join."""
        return name(f"stock at {place}") if place else name("stock")

    def table(self, place: str | None) -> str:
        """The name of the relation of a place's stock."""
        return f"stock at {place}" if place else "stock everywhere"

    def _stock_value(self, base: str, alias: str) -> str:
        fresh = self._usable.fresh(Source.STOCK, f"{alias}.stated_us", "m.as_of_us")
        value = f"{alias}.{name(base)}"
        if base == RESTOCK_AT:
            value = f"list_min(list_filter({value}, lambda t: t > m.as_of_us))"
        elif base == "stock.age":
            value = f"CASE WHEN {value} IS NOT NULL THEN greatest(0, m.as_of_us - {value}) END"
        return f"CASE WHEN {fresh} THEN {value} END" if fresh != literal(True) else value

    def _places(self) -> list[str | None]:
        stock = [field for field in self._fields if field.startswith("stock.") and field != GROUP_IN_STOCK_SHARE]
        return list(dict.fromkeys(field.partition(" at ")[2] or None for field in stock))

    def _stock_fields(self, place: str | None) -> list[str]:
        fields = (field.partition(" at ") for field in self._fields if field.startswith("stock."))
        return list(dict.fromkeys(base for base, _, at in fields if (at or None) == place and base in STOCK_SUMS))

    def _regions(self) -> str:
        """Region -> location: those a ruleset names, and every other region is a location of its own name."""
        regions = self.asked.compiled.regions
        named = ", ".join(
            f"({literal(region)}, {literal(location)})"
            for region, locations in regions.items()
            for location in dict.fromkeys(locations)
        )
        own = f"SELECT DISTINCT location_id, location_id FROM ({self._folder.relation('stock')})"
        if regions:
            own += f" WHERE location_id NOT IN ({literals(regions)})"
        listed = f"SELECT * FROM (VALUES {named}) v(region, location_id) UNION ALL " if named else ""
        return f"{listed}SELECT * FROM ({own}) o(region, location_id)"

    def _text(self, field: str) -> str:
        if field in PRODUCT_COLUMNS:
            return f"g.{PRODUCT_COLUMNS[field]}"
        return f"g.attributes[{literal(field.removeprefix(_OF_ITEM))}]"

    def _cycle_days(self) -> str:
        """The product's own cycle, else that of its most specific category."""
        cycles = sorted(self.asked.compiled.cycles_days.items(), key=lambda entry: -len(entry[0]))
        if not cycles:
            return "g.replenish_days"
        cases = " ".join(f"WHEN {under('g.category', path)} THEN {literal(days)}" for path, days in cycles)
        return f"CASE WHEN g.replenish_days IS NOT NULL THEN g.replenish_days {cases} END"

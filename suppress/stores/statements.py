"""The SQL a FactStore reads with: made once from what the rules need, the same text whatever the number of items.

Lists go in as one parameter (JSON on SQLite, an array on PostgreSQL), so both databases prepare each statement once.
Three statements: for whom it is (with the age of every feed), what it shows (with stock), what was bought.
"""

# ruff: noqa: S608  (the text is put together from names in this file alone; values always travel as parameters)

from dataclasses import dataclass
from typing import Final

from suppress.facts.catalog import Product
from suppress.facts.customer import Customer
from suppress.facts.inventory import StockLevel
from suppress.facts.snapshot import FactNeeds

WAYS: Final = {"item_group": "coalesce(p.item_group_id, p.sku)", "category": "p.category", "brand": "p.brand"}
"""Way a line can count as the same as an item, beyond its sku -> the column that must be equal."""

_PRODUCT: Final = tuple(WAYS.get(field, f"p.{field}") for field in Product._fields)
_LEVEL: Final = tuple(f"s.{field}" for field in StockLevel._fields)
_CUSTOMER: Final = tuple(f"c.{field}" for field in Customer._fields)
_LINE: Final = tuple(
    f"l.{column}"
    for column in ("sku", "ordered_at_us", "units", "cancelled_units", "returned_units", "is_gift", "channel")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statements:
    """SQL text in the dialect's parameter style; None where the rules need no such facts.

    `people` (by id) and `addressees` (by id and by address): kind, value, number, then the customer's columns. Feeds
    come as kind `feed` with their name and instant, customers as kind `id`, addresses with the number of customers that
    share them and one of these. `goods`: the sku asked for, product columns, stock columns. `lines`: customer_id, line
    columns, then group, category and brand when they matter; its lists hold the skus, groups, ... of one message.
    `lines_of_many`: the same for several messages, whose lists hold pairs of customer and sku, group, ...
    """

    people: str
    addressees: str
    goods: str | None
    lines: str | None
    lines_of_many: str | None


def statements_for(needs: FactNeeds, dialect: str) -> Statements:
    """The statements that fetch what `needs` names and no more, for `sqlite` or `postgresql`."""
    text = _POSTGRESQL if dialect == "postgresql" else _SQLITE
    ways = tuple(way for way in WAYS if way in needs.history_by)
    wants_products = needs.products or bool(ways)
    return Statements(
        people=_people(text, by_id=needs.customer, by_address=False),
        addressees=_people(text, by_id=needs.customer, by_address=True),
        goods=_goods(text, products=wants_products, stock=needs.stock) if wants_products or needs.stock else None,
        lines=_lines(text, ways, text.among, "{}") if needs.history else None,
        lines_of_many=_lines(text, ways, text.among_pairs, "(l.customer_id, {})") if needs.history else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Dialect:
    ids: str
    addresses: str
    skus: str
    histories: str
    among: str
    among_pairs: str


# CROSS JOIN keeps SQLite from turning the loops round: from the few asked for to the many stored.
_SQLITE: Final = _Dialect(
    ids="json_each(?) k CROSS JOIN customers c ON c.customer_id = k.value",
    addresses=(
        "json_each(?) k CROSS JOIN identities i"
        " ON i.kind = json_extract(k.value, '$[0]') AND i.value = json_extract(k.value, '$[1]')"
    ),
    skus="(SELECT value AS sku FROM json_each(?)) k",
    histories=(
        "json_each(?) k CROSS JOIN order_lines l ON l.customer_id = json_extract(k.value, '$[0]')"
        " AND l.ordered_at_us > json_extract(k.value, '$[1]') AND l.ordered_at_us <= json_extract(k.value, '$[2]')"
    ),
    among="{column} IN (SELECT value FROM json_each(?))",
    among_pairs=("{column} IN (SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?))"),
)
_POSTGRESQL: Final = _Dialect(
    ids="customers c WHERE c.customer_id = ANY(%s::text[])",
    addresses=(
        "identities i JOIN unnest(%s::text[], %s::text[]) k(kind, value) ON i.kind = k.kind AND i.value = k.value"
    ),
    skus="unnest(%s::text[]) k(sku)",
    histories=(
        "unnest(%s::text[], %s::bigint[], %s::bigint[]) k(customer_id, after_us, until_us)"
        " JOIN order_lines l ON l.customer_id = k.customer_id"
        " AND l.ordered_at_us > k.after_us AND l.ordered_at_us <= k.until_us"
    ),
    among="{column} IN (SELECT unnest(%s::text[]))",
    among_pairs="{column} IN (SELECT w.customer_id, w.key FROM unnest(%s::text[], %s::text[]) w(customer_id, key))",
)


def _people(text: _Dialect, *, by_id: bool, by_address: bool) -> str:
    columns = ", ".join(_CUSTOMER)
    nothing = ", ".join(f"CAST(NULL AS text) AS {field}" for field in Customer._fields)
    parts = [f"SELECT 'feed' AS kind, source AS value, as_of_us AS number, {nothing} FROM feeds"]
    if by_id:
        parts.append(f"SELECT 'id', c.customer_id, 1, {columns} FROM {text.ids}")
    if by_address:
        found = (
            "SELECT i.kind, i.value, count(*) AS number, min(i.customer_id) AS customer_id"
            f" FROM {text.addresses} GROUP BY i.kind, i.value"
        )
        parts.append(
            f"SELECT f.kind, f.value, f.number, {columns} FROM ({found}) f"
            " JOIN customers c ON c.customer_id = f.customer_id"
        )
    return " UNION ALL ".join(parts)


def _goods(text: _Dialect, *, products: bool, stock: bool) -> str:
    columns = ["k.sku", *(_PRODUCT if products else ()), *(_LEVEL if stock else ())]
    joins = ["LEFT JOIN products p ON p.sku = k.sku"] if products else []
    joins += ["LEFT JOIN stock s ON s.sku = k.sku"] if stock else []
    return f"SELECT {', '.join(columns)} FROM {text.skus} {' '.join(joins)}"


def _lines(text: _Dialect, ways: tuple[str, ...], among: str, shape: str) -> str:
    columns = ", ".join(["l.customer_id", *_LINE, *(WAYS.values() if ways else ())])
    join = " LEFT JOIN products p ON p.sku = l.sku" if ways else ""
    same = " OR ".join(among.format(column=shape.format(column)) for column in ("l.sku", *(WAYS[way] for way in ways)))
    return f"SELECT {columns} FROM {text.histories}{join} WHERE {same}"

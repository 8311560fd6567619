"""The SQL a FactStore reads with: made once from what the rules need, the same text whatever the number of items.

Three statements: for whom it is (with the age of every feed), what it shows (with stock), and what happened before:
purchases, messages, what was said. A ruleset that needs less asks for less.
"""

# ruff: noqa: S608  (the text is put together from names in this file alone; values always travel as parameters)

from dataclasses import dataclass
from typing import Final

from suppress.facts.catalog import Product
from suppress.facts.customer import Customer
from suppress.facts.inventory import StockLevel
from suppress.facts.snapshot import MOST_MEMBERS, FactNeeds
from suppress.stores.dialects import DIALECTS, Dialect

WAYS: Final = {"item_group": "coalesce(p.item_group_id, p.sku)", "category": "p.category", "brand": "p.brand"}
"""Way a line can count as the same as an item, beyond its sku -> the column that must be equal."""
COMPONENT: Final = "component"

_PRODUCT: Final = tuple(WAYS.get(field, f"p.{field}") for field in Product._fields)
_LEVEL: Final = tuple(f"s.{field}" for field in StockLevel._fields)
_FLAGS: Final = ("do_not_contact", "open_case", "late_order")
_NOBODY: Final = tuple(f"CAST(NULL AS {'boolean' if field in _FLAGS else 'text'})" for field in Customer._fields)
_LINE: Final = tuple(
    f"l.{column}"
    for column in ("sku", "ordered_at_us", "units", "cancelled_units", "returned_units", "is_gift", "channel")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statements:
    """SQL text in the dialect's parameter style; None where the rules need no such facts.

    `people` (by id) and `addressees` (by id and by address): kind, value, number, then the customer's columns. Feeds
    come as kind `feed` with their name and instant, customers as kind `id`, addresses with the number of customers that
    share them and one of these, the members of a household as kind `member` with the household's id.
    `goods`: the sku asked for, or another of its style, product columns, stock columns.
    `past`: customer_id, line columns, then group, category and brand when they matter; its lists hold the skus, groups,
    ... of one message. `past_of_many`: the same for several messages, whose lists hold pairs of customer and sku,
    group, ... Where `is_mixed`, the line columns are those of OrderLine and a last column tells the kind of row:
    `line`, `sent` (a message), `shown` (an item of one), `said` (feedback); see `_sent`, `_shown` and `_said`.
    """

    people: str
    addressees: str
    goods: str | None
    past: str | None
    past_of_many: str | None
    is_mixed: bool


def statements_for(needs: FactNeeds, dialect: str) -> Statements:
    """The statements that fetch what `needs` names and no more, for `sqlite` or `postgresql`."""
    text = DIALECTS[dialect]
    return Statements(
        people=_people(text, needs, by_address=False),
        addressees=_people(text, needs, by_address=True),
        goods=_goods(text, needs) if wants_products(needs) or wants_stock(needs) else None,
        past=_past(text, needs, text.among, "{}", "{}"),
        past_of_many=_past(text, needs, text.among_pairs, "(l.customer_id, {})", "(e.customer_id, {})"),
        is_mixed=_is_mixed(needs),
    )


def ways_of(wanted: frozenset[str]) -> tuple[str, ...]:
    """The ways of counting as the same that compare a column of the product, in the order of their lists."""
    return tuple(way for way in WAYS if way in wanted)


def wants_customers(needs: FactNeeds) -> bool:
    """Whether the customer is read: a household is found by its customer."""
    return needs.customer or needs.household


def wants_products(needs: FactNeeds) -> bool:
    """Whether products are read: for the rules, or to know what counts as the same."""
    by_product = (needs.history_by | (needs.sent_by if needs.sent else frozenset())) - {"sku"}
    return needs.products or needs.group_stock or bool(by_product)


def wants_stock(needs: FactNeeds) -> bool:
    """Whether stock is read."""
    return needs.stock or needs.group_stock


def _people(text: Dialect, needs: FactNeeds, *, by_address: bool) -> str:
    columns = ", ".join(f"c.{field}" for field in Customer._fields)
    member = ", ".join(("m.customer_id", *_NOBODY[1:]))
    members = text.members.format(most=MOST_MEMBERS + 1)
    parts = [f"SELECT 'feed' AS kind, source AS value, as_of_us AS number, {', '.join(_NOBODY)} FROM feeds"]
    if wants_customers(needs):
        parts.append(f"SELECT 'id', c.customer_id, 1, {columns} FROM {text.ids}")
    if needs.household:
        parts.append(f"SELECT 'member', c.household_id, 1, {member} FROM {text.ids} {members}")
    if by_address:
        found = (
            "SELECT i.kind, i.value, count(*) AS number, min(i.customer_id) AS customer_id"
            f" FROM {text.addresses} GROUP BY i.kind, i.value"
        )
        customers = f"({found}) f JOIN customers c ON c.customer_id = f.customer_id"
        parts.append(f"SELECT f.kind, f.value, f.number, {columns} FROM {customers}")
        if needs.household:
            parts.append(f"SELECT 'member', c.household_id, 1, {member} FROM {customers} {members} WHERE f.number = 1")
    return " UNION ALL ".join(parts)


def _goods(text: Dialect, needs: FactNeeds) -> str:
    products, stock = wants_products(needs), wants_stock(needs)
    columns = ["k.sku", *(_PRODUCT if products else ()), *(_LEVEL if stock else ())]
    joins = ["LEFT JOIN products p ON p.sku = k.sku"] if products else []
    joins += ["LEFT JOIN stock s ON s.sku = k.sku"] if stock else []
    skus = _of_same_style(text) if needs.group_stock else text.skus
    return f"SELECT {', '.join(columns)} FROM {skus} {' '.join(joins)}"


def _of_same_style(text: Dialect) -> str:
    """The skus asked for and all others of their styles; a product without a style is one of its own, by its sku."""
    styles = f"SELECT {WAYS['item_group']} AS style FROM asked a {text.join} products p ON p.sku = a.sku"
    # Not `item_group_id IS NULL`: PostgreSQL might then read all products without a style along that index.
    own = "coalesce(q.item_group_id, q.sku)"
    return (
        f"(WITH asked AS (SELECT k.sku FROM {text.skus}), styles AS ({styles})"
        " SELECT sku FROM asked"
        f" UNION SELECT q.sku FROM styles g {text.join} products q ON q.item_group_id = g.style"
        f" UNION SELECT q.sku FROM styles g {text.join} products q ON q.sku = g.style AND {own} = g.style) k"
    )


def _is_mixed(needs: FactNeeds) -> bool:
    return needs.order_ids or COMPONENT in needs.history_by or needs.sent or needs.feedback


def _past(text: Dialect, needs: FactNeeds, among: str, line_key: str, message_key: str) -> str | None:
    parts = []
    if needs.history:
        parts.append(_lines(text, needs, among, line_key))
    if needs.sent:
        parts.append(_sent(text))
        if needs.sent_by:
            parts.append(_shown(text, ways_of(needs.sent_by), among, message_key))
    if needs.feedback:
        parts.append(_said(text))
    return " UNION ALL ".join(parts) or None


def _lines(text: Dialect, needs: FactNeeds, among: str, key: str) -> str:
    ways = ways_of(needs.history_by)
    of_product = bool(ways) or COMPONENT in needs.history_by
    columns = ["l.customer_id", *_LINE, *(WAYS.values() if of_product else ())]
    if _is_mixed(needs):
        columns += () if of_product else _nulls(text=3)
        columns.append("l.order_id" if needs.order_ids else "''")
        columns.append("p.bundle_of" if COMPONENT in needs.history_by else "CAST(NULL AS text)")
        columns.append("'line'")
    same = [among.format(column=key.format(column)) for column in ("l.sku", *(WAYS[way] for way in ways))]
    if COMPONENT in needs.history_by:
        same.append("p.bundle_of <> '[]'")
    histories = f"{text.spans} {text.join} order_lines l ON {text.span.format(table='l', at='ordered_at_us')}"
    join = " LEFT JOIN products p ON p.sku = l.sku" if of_product else ""
    return f"SELECT {', '.join(columns)} FROM {histories}{join} WHERE {' OR '.join(same)}"


def _sent(text: Dialect) -> str:
    """A message: instant, channel, its id in the order's place, its campaign in the bundle's."""
    columns = (
        "m.customer_id",
        *("CAST(NULL AS text)", "m.sent_at_us", *_nulls(bigint=3), *_nulls(boolean=1), "m.channel"),
        *(*_nulls(text=3), "m.message_id", "m.campaign_id", "'sent'"),
    )
    return f"SELECT {', '.join(columns)} FROM {_messages(text)}"


def _shown(text: Dialect, ways: tuple[str, ...], among: str, key: str) -> str:
    """An item of a message: sku, group, category, the message's id in the order's place."""
    columns = (
        "e.customer_id",
        *("e.value", *_nulls(bigint=4), *_nulls(boolean=1), *_nulls(text=1)),
        *((WAYS["item_group"], WAYS["category"]) if ways else _nulls(text=2)),
        *(*_nulls(text=1), "e.message_id", *_nulls(text=1), "'shown'"),
    )
    same = " OR ".join(among.format(column=key.format(column)) for column in ("e.value", *(WAYS[way] for way in ways)))
    join = " LEFT JOIN products p ON p.sku = e.value" if ways else ""
    return f"SELECT {', '.join(columns)} FROM {text.shown.format(messages=_messages(text))}{join} WHERE {same}"


def _said(text: Dialect) -> str:
    """What was said: sku if it was of one, instant, group, category, and the words in the order's place."""
    columns = (
        "b.customer_id",
        *("CASE WHEN b.about_kind = 'sku' THEN b.about END", "b.updated_at_us"),
        *(*_nulls(bigint=3), *_nulls(boolean=1), *_nulls(text=1), WAYS["item_group"]),
        "CASE WHEN b.about_kind = 'sku' THEN p.category ELSE b.about END",
        *(*_nulls(text=1), "b.says", *_nulls(text=1), "'said'"),
    )
    feedback = f"{text.spans} {text.join} feedback b ON {text.span.format(table='b', at='updated_at_us')}"
    join = "LEFT JOIN products p ON b.about_kind = 'sku' AND p.sku = b.about"
    return f"SELECT {', '.join(columns)} FROM {feedback} {join}"


def _messages(text: Dialect) -> str:
    return f"{text.spans} {text.join} sent_messages m ON {text.span.format(table='m', at='sent_at_us')}"


def _nulls(**number_of: int) -> tuple[str, ...]:
    """As many NULLs of each type as said: in a UNION the columns' types must agree."""
    return tuple(f"CAST(NULL AS {kind})" for kind, number in number_of.items() for _ in range(number))

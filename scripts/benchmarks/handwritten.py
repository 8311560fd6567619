"""Rival (a): what a good engineer writes by hand for exactly these rules, three statements and a row of `if`s.

The `if`s are spelled out from the same rules as the YAML, as Python source, and compiled once. The first rule that
fires decides; no reasons, evidence, ages of feeds or dates of return are made: a bare decision.
"""

from collections.abc import Callable, Sequence
from typing import Any

import orjson

from scripts.benchmarks.rules import STOCK_MAX_AGE_HOURS, BenchRule
from scripts.benchmarks.shop import AS_OF_US
from suppress import Message
from suppress.stores.database import Database

Dropped = dict[str, str]
"""Dropped sku -> the rule that decided."""

STOCK_MAX_AGE_US = STOCK_MAX_AGE_HOURS * 3_600_000_000

VARIABLES = (
    *("as_of_us", "channel", "campaign", "country", "category", "brand", "status", "price", "season", "colour"),
    *("available", "availability", "due", "sku_last_us", "style_last_us", "style_lines", "category_last_us"),
    "brand_lines",
)

_UNITS = """
def units(lines, which, low_us, high_us):
    total = 0
    for line in lines:
        if low_us < line[0] <= high_us:
            total += line[which]
    return total
"""


def first_rule(rules: Sequence[BenchRule]) -> Callable[..., str | None]:
    """A function of `VARIABLES` that gives the id of the first rule that fires."""
    checks = "".join(f"    if {rule.python}:\n        return {rule.id!r}\n" for rule in rules)
    return _compiled(f"def made({', '.join(VARIABLES)}):\n{checks}    return None\n")


def joined_fact(rules: Sequence[BenchRule]) -> tuple[Callable[..., dict[str, Any]], dict[str, str]]:
    """A function of `VARIABLES` that gives one flat fact with every column the rules test, and column -> its key."""
    columns = {leaf.column: leaf.column_python for rule in rules for leaf in rule.leaves} | {"due": "due"}
    keys = {column: f"c{number}" for number, column in enumerate(columns)}
    pairs = ", ".join(f"{keys[column]!r}: {python}" for column, python in columns.items())
    return _compiled(f"def made({', '.join(VARIABLES)}):\n    return {{{pairs}}}\n"), keys


def _compiled(source: str) -> Callable[..., Any]:
    space: dict[str, Any] = {}
    exec(_UNITS + source, space)
    made: Callable[..., Any] = space["made"]
    return made


class HandWritten:
    """Three statements on a driver connection, then the `if`s."""

    def __init__(self, database: Database, decide: Callable[..., Any]) -> None:
        self._connection: Any = database.read().connection.driver_connection
        self._decide = decide
        self._mark = "?" if database.dialect == "sqlite" else "%s"
        self._goods: dict[int, str] = {}
        mark = self._mark
        self._customer = f"SELECT country FROM customers WHERE customer_id = {mark}"
        self._lines = (
            "SELECT l.sku, l.ordered_at_us, l.units, l.cancelled_units, l.returned_units,"
            " p.item_group_id, p.category, p.brand FROM order_lines l JOIN products p ON p.sku = l.sku"
            f" WHERE l.customer_id = {mark} AND l.ordered_at_us <= {mark}"
        )

    def dropped(self, message: Message) -> Dropped:
        """The dropped items of a message and the rule that decided each."""
        return {sku: rule for sku, rule in self.each_item(message) if rule is not None}

    def each_item(self, message: Message) -> list[tuple[str, Any]]:
        """What `decide` says for every item of a message."""
        as_of_us = AS_OF_US
        execute = self._connection.execute
        customer = execute(self._customer, (message.customer_id,)).fetchone()
        country = customer[0] if customer else None
        skus = tuple(item.sku for item in message.items)
        goods = execute(self._goods_statement(len(skus)), skus).fetchall()
        sku_last: dict[str, int] = {}
        sku_last_units: dict[str, int] = {}
        style_last: dict[str, int] = {}
        style_lines: dict[str, list[tuple[int, int, int]]] = {}
        category_last: dict[str, int] = {}
        brand_lines: dict[str, list[tuple[int, int, int]]] = {}
        bought = execute(self._lines, (message.customer_id, as_of_us)).fetchall()
        for sku, at_us, ordered, cancelled, returned, style, category, brand in bought:
            kept = max(0, ordered - cancelled - returned)
            if kept:
                if at_us > sku_last.get(sku, 0):
                    sku_last[sku] = at_us
                    sku_last_units[sku] = kept
                elif at_us == sku_last[sku]:
                    sku_last_units[sku] += kept
                if at_us > style_last.get(style, 0):
                    style_last[style] = at_us
                if at_us > category_last.get(category, 0):
                    category_last[category] = at_us
            line = (at_us, kept, ordered)
            style_lines.setdefault(style, []).append(line)
            brand_lines.setdefault(brand, []).append(line)
        decisions = []
        for row in goods:
            sku, style, category, brand, status, price, cycle_days, text = row[:8]
            on_hand, reserved, safety_stock, availability, stated_us = row[8:]
            available = None
            if on_hand is not None and as_of_us - stated_us < STOCK_MAX_AGE_US:
                available = max(0, on_hand - reserved - safety_stock)
            attributes = orjson.loads(text)
            last_us = sku_last.get(sku, 0)
            lasts_us = (cycle_days or 0) * sku_last_units.get(sku, 0) * 86_400_000_000
            due = cycle_days is not None and last_us > 0 and as_of_us >= last_us + lasts_us
            decision = self._decide(
                as_of_us,
                message.channel,
                message.campaign_id,
                country,
                category,
                brand,
                status,
                price,
                attributes.get("season"),
                attributes.get("colour"),
                available,
                availability,
                due,
                last_us,
                style_last.get(style, 0),
                style_lines.get(style, ()),
                category_last.get(category, 0),
                brand_lines.get(brand, ()),
            )
            decisions.append((sku, decision))
        return decisions

    def _goods_statement(self, count: int) -> str:
        if count not in self._goods:
            marks = ", ".join([self._mark] * count)
            self._goods[count] = (
                "SELECT p.sku, p.item_group_id, p.category, p.brand, p.status, p.price_minor, p.replenish_days,"
                " p.attributes, s.on_hand, s.reserved, s.safety_stock, s.availability, s.updated_at_us"
                f" FROM products p LEFT JOIN stock s ON s.sku = p.sku WHERE p.sku IN ({marks})"
            )
        return self._goods[count]

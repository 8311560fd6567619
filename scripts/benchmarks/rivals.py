"""Rivals (b), (c), (d): the ORM loop a user writes first, the bare durable-rules call, zen-engine.

(c) and (d) are handed facts that are joined already: they show what the rule engine alone costs, without any database.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import durable_rules_engine as durable
import orjson
import zen
from sqlmodel import Session, select

from scripts.benchmarks.handwritten import STOCK_MAX_AGE_US, Dropped
from scripts.benchmarks.rules import BenchRule, Leaf
from scripts.benchmarks.shop import AS_OF_US
from suppress import Message
from suppress.stores.database import Database
from suppress.stores.tables import CustomerRow, OrderLineRow, ProductRow, StockRow

Facts = Mapping[str, Sequence[tuple[str, dict[str, Any]]]]
"""message_id -> (sku, joined fact) of each of its items."""


class OrmLoop:
    """(b) SQLModel objects: the customer, the lines with their products, then one query per item."""

    def __init__(self, database: Database, decide: Callable[..., str | None]) -> None:
        self._engine = database._read_engine
        self._decide = decide

    def dropped(self, message: Message) -> Dropped:
        """The dropped items of a message and the rule that decided each."""
        as_of_us = AS_OF_US
        found: Dropped = {}
        with Session(self._engine) as session:
            customer = session.get(CustomerRow, message.customer_id)
            lines = session.exec(
                select(OrderLineRow, ProductRow)
                .join(ProductRow, ProductRow.sku == OrderLineRow.sku)
                .where(OrderLineRow.customer_id == message.customer_id, OrderLineRow.ordered_at_us <= as_of_us)
            ).all()
            for item in message.items:
                product, stock = session.exec(
                    select(ProductRow, StockRow)
                    .join(StockRow, StockRow.sku == ProductRow.sku, isouter=True)
                    .where(ProductRow.sku == item.sku)
                ).one()
                available = None
                if stock and as_of_us - stock.updated_at_us < STOCK_MAX_AGE_US:
                    available = max(0, stock.on_hand - stock.reserved - stock.safety_stock)
                attributes = json.loads(product.attributes)
                kept = [
                    (line, its, max(0, line.units - line.cancelled_units - line.returned_units)) for line, its in lines
                ]
                last_us = max(
                    (line.ordered_at_us for line, _, units in kept if line.sku == item.sku and units), default=0
                )
                cycle_days = product.replenish_days
                last_units = sum(
                    units for line, _, units in kept if line.sku == item.sku and line.ordered_at_us == last_us
                )
                lasts_us = (cycle_days or 0) * last_units * 86_400_000_000
                due = cycle_days is not None and last_us > 0 and as_of_us >= last_us + lasts_us
                same_style = [
                    (line.ordered_at_us, units, line.units)
                    for line, its, units in kept
                    if its.item_group_id == product.item_group_id
                ]
                rule = self._decide(
                    as_of_us,
                    message.channel,
                    message.campaign_id,
                    customer.country if customer else None,
                    product.category,
                    product.brand,
                    product.status,
                    product.price_minor,
                    attributes.get("season"),
                    attributes.get("colour"),
                    available,
                    stock.availability if stock else None,
                    due,
                    last_us,
                    max((at_us for at_us, units, _ in same_style if units), default=0),
                    same_style,
                    max(
                        (line.ordered_at_us for line, its, units in kept if its.category == product.category and units),
                        default=0,
                    ),
                    [
                        (line.ordered_at_us, units, line.units)
                        for line, its, units in kept
                        if its.brand == product.brand
                    ],
                )
                if rule is not None:
                    found[item.sku] = rule
        return found


class BareDurable:
    """(c) The raw C module: encode the joined fact, assert, drain, retract. First in file order decides."""

    def __init__(self, rules: Sequence[BenchRule], keys: Mapping[str, str], facts: Facts) -> None:
        self._facts = facts
        self._rules = [rule.id for rule in rules]
        definitions: dict[str, Any] = {"canary": {"all": [{"m": {"t": "canary"}}]}}
        for number, rule in enumerate(rules):
            tests = [_durable(leaf, keys) for leaf in rule.leaves]
            tests = [{"$or": tests}] if rule.any_of else tests
            if rule.unless_due:
                tests.insert(0, {keys["due"]: False})
            tests.sort(key=lambda test: "$or" in test)
            definitions[f"r{number}"] = {"all": [{"m": {"$and": [{"t": "i"}, *tests]}}]}
        self._handle = durable.create_ruleset(f"bench-{len(rules)}", json.dumps(definitions))
        _, self._offset = durable.assert_event(self._handle, '{"t":"canary"}')
        self._drain()

    def dropped(self, message: Message) -> Dropped:
        """The dropped items of a message and the rule that decided each."""
        found: Dropped = {}
        for sku, fact in self._facts[message.message_id or ""]:
            code, _ = durable.assert_fact(self._handle, orjson.dumps({**fact, "t": "i", "id": sku}).decode())
            if code == 0:
                found[sku] = self._rules[min(self._drain())]
                durable.retract_fact(self._handle, f'{{"id":"{sku}"}}')
        return found

    def _drain(self) -> set[int]:
        fired = set()
        started = durable.start_action_for_state(self._handle, self._offset)
        message = started and started[1]
        while message:
            name = message[2 : message.index('"', 2)]
            fired.add(-1 if name == "canary" else int(name[1:]))
            message = durable.complete_and_start_action(self._handle, self._offset)
        return fired


class Zen:
    """(d) zen-engine: all rules as one compiled expression, a list of yes and no, on the joined fact."""

    def __init__(self, rules: Sequence[BenchRule], keys: Mapping[str, str], facts: Facts) -> None:
        self._facts = facts
        self._rules = [rule.id for rule in rules]
        parts = []
        for rule in rules:
            joined = (" or " if rule.any_of else " and ").join(_zen(leaf, keys) for leaf in rule.leaves)
            parts.append(f"(({joined}) and {keys['due']} == false)" if rule.unless_due else f"({joined})")
        self._expression = zen.compile_expression(f"[{', '.join(parts)}]")

    def dropped(self, message: Message) -> Dropped:
        """The dropped items of a message and the rule that decided each."""
        found: Dropped = {}
        for sku, fact in self._facts[message.message_id or ""]:
            fired = self._expression.evaluate(fact)
            if True in fired:
                found[sku] = self._rules[fired.index(True)]
        return found


_COMPARED = {"below": "$lt", "above": "$gt"}


def _durable(leaf: Leaf, keys: Mapping[str, str]) -> dict[str, Any]:
    key = keys[leaf.column]
    if leaf.operator == "is":
        return {key: leaf.value}
    if leaf.operator == "in":
        tests = [{key: value} for value in leaf.value]
        return {"$or": tests} if len(tests) > 1 else tests[0]
    return {_COMPARED[leaf.operator]: {key: leaf.value}}


def _zen(leaf: Leaf, keys: Mapping[str, str]) -> str:
    signs = {"is": "==", "below": "<", "above": ">", "in": "in"}
    return f"{keys[leaf.column]} {signs[leaf.operator]} {json.dumps(leaf.value)}"

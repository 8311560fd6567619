"""The naive oracle: rules told straight on a FactBook, without features, caches, engines or cleverness.

Written from DESIGN alone, with datetimes and plain loops, so that a mistake in `suppress.engine` is not repeated here.
It answers the core of a decision: which rules fire where, what is shown, and the verdict.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from suppress.decisions.decision import Mode
from suppress.facts.book import FactBook
from suppress.facts.fields import Operator
from suppress.facts.instants import from_us
from suppress.facts.message import Message
from suppress.facts.snapshot import Source
from suppress.rules.ruleset import Effect, Rule, Ruleset, WhenUnknown
from suppress.rules.tree import All, AnyOf, Bought, Condition, Duration, Instant, Not


@dataclass
class Naive:
    """One case. `fired`: (place, rule id) -> True or None (unknown)."""

    ruleset: Ruleset
    book: FactBook
    message: Message
    as_of: datetime
    items: list[tuple[str, list[str], bool]] = field(default_factory=list)
    replacements: list[tuple[str, list[str], bool]] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    message_rules: list[str] = field(default_factory=list)
    verdict: str = "send"

    def decide(self) -> Naive:
        for item in self.message.items:
            self.items.append(self._judge(item.sku, item.placement))
        slots = len(self.message.items) if self.message.slots is None else self.message.slots
        self.shown = [sku for sku, _, dropped in self.items if not dropped][:slots]
        for sku in self.message.replacements:
            if len(self.shown) < slots and sku not in self.shown and sku not in [r[0] for r in self.replacements]:
                judged = self._judge(sku, None)
                self.replacements.append(judged)
                if not judged[2]:
                    self.shown.append(sku)
        fired = [rule for rule in self._rules(Effect.SUPPRESS_MESSAGE) if self._fires(rule, None, None)]
        self.message_rules = [rule.id for rule in fired]
        if any(self._obeyed(rule) for rule in fired):
            self.verdict = "suppress"
        return self

    def _judge(self, sku: str, placement: str | None) -> tuple[str, list[str], bool]:
        fired = [rule for rule in self._rules(Effect.DROP_ITEM) if self._fires(rule, sku, placement)]
        return sku, [rule.id for rule in fired], any(self._obeyed(rule) for rule in fired)

    def _rules(self, effect: Effect) -> list[Rule]:
        def active(rule: Rule) -> bool:
            started = rule.starts is None or from_us(rule.starts.us) <= self.as_of
            ended = rule.ends is not None and from_us(rule.ends.us) <= self.as_of
            return rule.effect is effect and rule.mode is not Mode.OFF and started and not ended

        return [rule for rule in self.ruleset.rules if active(rule)]

    def _obeyed(self, rule: Rule) -> bool:
        return rule.mode is Mode.ENFORCE and self.ruleset.mode is Mode.ENFORCE

    def _fires(self, rule: Rule, sku: str | None, placement: str | None) -> bool:
        when = self._truth(rule.when, sku, placement)
        unless = False if rule.unless is None else self._truth(rule.unless, sku, placement)
        if when is False or unless is True:
            return False
        if when is True and unless is False:
            return True
        return rule.when_unknown is WhenUnknown.BLOCK

    def _truth(self, node: Condition, sku: str | None, placement: str | None) -> bool | None:
        if isinstance(node, All | AnyOf):
            truths = [self._truth(part, sku, placement) for part in node.parts]
            strongest = not isinstance(node, All)
            if strongest in truths:
                return strongest
            return None if None in truths else not strongest
        if isinstance(node, Not):
            inner = self._truth(node.part, sku, placement)
            return inner if inner is None else not inner
        if isinstance(node, Bought):
            assert sku is not None
            return self._bought(node, sku)
        seen = self._value(node.field.name, sku, placement)
        wanted = [_value_of(value) for value in node.values]
        if node.operator is Operator.EXISTS:
            return (seen is not None) is wanted[0]
        return None if seen is None else _compare(node.operator, seen, wanted)

    # facts ------------------------------------------------------------------------------------------------------

    def _too_old(self, source: Source, stated: datetime) -> bool:
        allowed = self.ruleset.max_age.get(source)
        return allowed is not None and not stated > self.as_of - timedelta(microseconds=allowed.us)

    def _usable(self, source: Source) -> bool:
        loaded = self.book.feeds_us.get(source)
        return loaded is not None and not self._too_old(source, from_us(loaded))

    def _customer(self) -> str | None:
        if self.message.customer_id is not None:
            return self.message.customer_id
        wanted = ("email", self.message.email)
        found = [c.customer_id for c in self.book.customers.values() if wanted in c.identities]
        return found[0] if len(found) == 1 else None

    def _product(self, sku: str):
        return self.book.products.get(sku) if self._usable(Source.PRODUCTS) else None

    def _purchases(self):
        """(order, kept units) of the customer up to as_of, with credits taken off newest first."""
        mine = [o for o in self.book.orders.values() if o.customer_id == self._customer()]
        mine = [o for o in mine if from_us(o.ordered_at_us) <= self.as_of]
        kept = {o.order_id: max(0, o.units - o.cancelled_units - o.returned_units) for o in mine if o.units > 0}
        for credit in sorted((o for o in mine if o.units < 0), key=lambda o: o.ordered_at_us):
            left = -credit.units
            earlier = [
                o for o in mine if o.units > 0 and o.sku == credit.sku and o.ordered_at_us <= credit.ordered_at_us
            ]
            for order in sorted(earlier, key=lambda o: (o.ordered_at_us, o.units), reverse=True):
                taken = min(left, kept[order.order_id])
                kept[order.order_id] -= taken
                left -= taken
        return [(o, kept[o.order_id]) for o in mine if o.units > 0]

    def _bought(self, node: Bought, sku: str) -> bool | None:
        if not self._usable(Source.ORDERS) or self._customer() is None:
            return None

        def key(of: str) -> str | None:
            known = self.book.products.get(of)
            if node.same.value == "sku":
                return of
            if known is None:
                return None
            return (
                (known.item_group_id or known.sku)
                if node.same.value == "item_group"
                else getattr(known, node.same.value)
            )

        mine = key(sku) if node.same.value == "sku" or self._product(sku) else None
        units = 0
        for order, kept in self._purchases():
            at = from_us(order.ordered_at_us)
            same = order.sku == sku if mine is None else key(order.sku) == mine
            recent = node.within is None or at > self.as_of - timedelta(microseconds=node.within.us)
            old = node.not_within is None or at <= self.as_of - timedelta(microseconds=node.not_within.us)
            if same and recent and old:
                units += kept if node.kept else order.units
        if units >= node.at_least:
            return True
        return None if mine is None else False

    def _value(self, name: str, sku: str | None, placement: str | None):
        area, _, rest = name.partition(".")
        if area == "item":
            return self._item_value(rest, sku, placement)
        if area == "stock":
            return self._stock_value(rest, sku)
        if area == "customer":
            return self._customer_value(rest)
        slots = len(self.message.items) if self.message.slots is None else self.message.slots
        return {
            "message.channel": self.message.channel,
            "message.slots": slots,
            "message.items_asked": len(self.message.items),
            "message.items_kept": len(self.shown),
            "message.attributes.theme": self.message.attributes.get("theme"),
            "campaign.id": self.message.campaign_id,
        }[name]

    def _item_value(self, rest: str, sku: str | None, placement: str | None):
        assert sku is not None
        if rest in {"sku", "placement"}:
            return sku if rest == "sku" else placement
        product = self._product(sku)
        if rest == "replenishment_due":
            return self._due(product, sku)
        if product is None:
            return None
        if rest.startswith("attributes."):
            return json.loads(product.attributes).get(rest.removeprefix("attributes."))
        return (product.item_group_id or product.sku) if rest == "item_group" else getattr(product, rest)

    def _due(self, product, sku: str) -> bool | None:
        if not self._usable(Source.ORDERS) or self._customer() is None:
            return None
        times = [from_us(order.ordered_at_us) for order, kept in self._purchases() if order.sku == sku and kept]
        if not times:
            return False
        if product is None:
            return None
        return product.replenish_days is not None and self.as_of >= max(times) + timedelta(days=product.replenish_days)

    def _stock_value(self, rest: str, sku: str | None):
        levels = [level for level in self.book.stock.values() if level.sku == sku]
        if not levels:
            return None
        oldest = min(from_us(level.updated_at_us) for level in levels)
        if self._too_old(Source.STOCK, oldest):
            return None
        if rest == "age":
            return max(0, (self.as_of - oldest) // timedelta(microseconds=1))
        if rest == "available_units":
            return sum(max(0, level.on_hand - level.reserved - level.safety_stock) for level in levels)
        if rest == "availability":
            stated = [level.availability for level in levels]
            return next((w for w in ("in_stock", "backorder", "preorder", "out_of_stock") if w in stated), None)
        figures = [getattr(level, "incoming_at_us" if rest == "incoming_at" else rest) for level in levels]
        if rest == "incoming_at":
            return min((figure for figure in figures if figure is not None), default=None)
        return None if None in figures else sum(figures)

    def _customer_value(self, rest: str):
        who = self._customer()
        if rest in {"known", "id"}:
            return who is not None if rest == "known" else who
        record = self.book.customers.get(who) if who and self._usable(Source.CUSTOMERS) else None
        if record is None:
            return None
        if rest.startswith("attributes."):
            return json.loads(record.attributes).get(rest.removeprefix("attributes."))
        return getattr(record, rest)


def _value_of(value):
    return value.us if isinstance(value, Duration | Instant) else value


def _compare(operator: Operator, seen, wanted) -> bool:
    first = wanted[0]
    answers = {
        Operator.IS: lambda: seen == first,
        Operator.IS_NOT: lambda: seen != first,
        Operator.IN: lambda: seen in wanted,
        Operator.NOT_IN: lambda: seen not in wanted,
        Operator.BELOW: lambda: seen < first,
        Operator.AT_MOST: lambda: seen <= first,
        Operator.AT_LEAST: lambda: seen >= first,
        Operator.ABOVE: lambda: seen > first,
        Operator.BETWEEN: lambda: first <= seen <= wanted[1],
        Operator.UNDER: lambda: seen.split("/")[: len(first.split("/"))] == first.split("/"),
        Operator.STARTS_WITH: lambda: seen[: len(first)] == first,
        Operator.CONTAINS: lambda: seen.find(first) >= 0,
        Operator.MATCHES: lambda: bool(re.search(first, seen)),
    }
    return answers[operator]()

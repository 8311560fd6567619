"""The naive oracle on what a customer bought, was shown and sent, and said: plain loops over all there is."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from suppress.facts.instants import from_us
from suppress.facts.snapshot import Source
from suppress.rules.tree import THIS, Bought, By, Count, Duration, Parts, Said, Same, Sent, Shown
from tests.agreement.naive_words import is_under

if TYPE_CHECKING:
    from suppress.facts.records import OrderRecord
    from tests.agreement.naive import Naive

Truth = bool | None


@dataclass
class History:
    """The past of one case."""

    case: Naive

    def key(self, of: str, same: Same) -> str | None:
        """The style, category or brand of a sku in the catalogue; None when it does not say."""
        product = self.case.book.products.get(of)
        if same is Same.SKU:
            return of
        if product is None:
            return None
        return self.case.style(product) if same is Same.ITEM_GROUP else getattr(product, same.value)

    def mine(self, sku: str, same: Same) -> str | None:
        """The same of the item itself, which a catalogue that is too old does not say."""
        return self.key(sku, same) if same is Same.SKU or self.case.product(sku) is not None else None

    def in_window(self, at_us: int, within: Duration | None, not_within: Duration | None) -> bool:
        at, now = from_us(at_us), self.case.as_of
        recent = within is None or at > now - timedelta(microseconds=within.us)
        old = at <= (now if not_within is None else now - timedelta(microseconds=not_within.us))
        return recent and old

    # bought -----------------------------------------------------------------------------------------------------

    def purchases(self, who: str) -> list[tuple[OrderRecord, int]]:
        """(order line, kept units) of a customer up to as_of, with credits taken off newest first."""
        lines = [o for o in self.case.book.orders.values() if o.customer_id == who]
        lines = [o for o in lines if from_us(o.ordered_at_us) <= self.case.as_of]
        bought = [o for o in lines if o.units > 0]
        kept = {(o.order_id, o.line_id): max(0, o.units - o.cancelled_units - o.returned_units) for o in bought}

        def age(o: OrderRecord) -> tuple[object, ...]:
            # Which of several lines at one instant a credit meets first is a convention.
            return o.ordered_at_us, o.units, kept_before[o.order_id, o.line_id], o.is_gift, o.channel or ""

        kept_before = dict(kept)
        for credit in sorted((o for o in lines if o.units < 0), key=lambda o: o.ordered_at_us):
            left = -credit.units
            earlier = [o for o in bought if o.sku == credit.sku and o.ordered_at_us <= credit.ordered_at_us]
            for line in sorted(earlier, key=age, reverse=True):
                taken = min(left, kept[line.order_id, line.line_id])
                kept[line.order_id, line.line_id] -= taken
                left -= taken
        return [(o, kept[o.order_id, o.line_id]) for o in bought]

    def bought(self, node: Bought, sku: str) -> Truth:
        who = self.case.customer_id()
        if not self.case.usable(Source.ORDERS) or who is None:
            return None
        people, all_people_known = [who], True
        if node.by is By.HOUSEHOLD:
            record = self.case.customer()
            all_people_known = record is not None
            if record is not None and record.household_id is not None:
                others = [c for c in self.case.book.customers.values() if c.household_id == record.household_id]
                people += [c.customer_id for c in others if c.customer_id != who]
        lines = []
        for person in people:
            for order, kept in self.purchases(person):
                units = kept if node.kept else order.units
                wanted = node.gifts or not order.is_gift
                wanted = wanted and (not node.channels or order.channel in node.channels)
                if units and wanted and self.in_window(order.ordered_at_us, node.within, node.not_within):
                    lines.append((order, units))
        if node.same is Same.COMPONENT:
            owned, item_known = self.owned(node, sku, lines)
        else:
            mine = self.mine(sku, node.same)
            same = [(o, n) for o, n in lines if (o.sku == sku if mine is None else self.key(o.sku, node.same) == mine)]
            owned, item_known = self.enough(node, same), mine is not None
        return True if owned else False if item_known and all_people_known else None

    def enough(self, node: Bought, lines: list[tuple[OrderRecord, int]]) -> bool:
        if node.count is Count.ORDERS:
            return len({order.order_id for order, _ in lines}) >= node.at_least
        return sum(units for _, units in lines) >= node.at_least

    def owned(self, node: Bought, sku: str, lines: list[tuple[OrderRecord, int]]) -> tuple[bool, bool]:
        """Whether the sku is owned, itself, inside a bundle or as its parts; and whether all of that is known."""

        def inside(of: str, line: OrderRecord) -> int:
            product = self.case.product(line.sku)
            return 0 if product is None else json.loads(product.bundle_of).count(of)

        def has(of: str) -> bool:
            counted = []
            for line, units in lines:
                if line.sku == of:
                    counted.append((line, units))
                elif inside(of, line):
                    counted.append((line, units * inside(of, line)))
            return self.enough(node, counted)

        product = self.case.product(sku)
        parts = [] if product is None else json.loads(product.bundle_of)
        if has(sku):
            return True, True
        enough = all if node.parts is Parts.ALL else any
        return bool(parts) and enough(has(part) for part in parts), product is not None

    def due(self, product, sku: str) -> Truth:
        who = self.case.customer_id()
        if not self.case.usable(Source.ORDERS) or who is None:
            return None
        mine = [(o.ordered_at_us, kept) for o, kept in self.purchases(who) if o.sku == sku and kept]
        if not mine:
            return False
        if product is None:
            return None
        days = self.case.cycle_days(product)
        if days is None:
            return False
        last = max(at for at, _ in mine)
        units = sum(kept for at, kept in mine if at == last)
        return self.case.as_of >= from_us(last) + timedelta(days=days * units)

    # shown, sent, said ------------------------------------------------------------------------------------------

    def messages(self, node: Shown | Sent):
        """Messages to the customer, this one left out, that the channels and campaigns admit."""
        own = self.case.message
        for sent in self.case.book.sent.values():
            mine = sent.customer_id == self.case.customer_id() and from_us(sent.sent_at_us) <= self.case.as_of
            itself = own.message_id is not None and sent.message_id == own.message_id
            by_channel = self.named(sent.channel, node.channels, own.channel)
            if mine and not itself and by_channel and self.named(sent.campaign_id, node.campaigns, own.campaign_id):
                yield sent

    def named(self, word: str | None, words: tuple[str, ...], own: str | None) -> bool:
        return not words or (word is not None and word in [own if named == THIS else named for named in words])

    def unclear(self, node: Shown | Sent) -> bool:
        """Whether the message's own channel or campaign is asked for and it has none."""
        own = self.case.message
        return (THIS in node.channels and own.channel is None) or (THIS in node.campaigns and own.campaign_id is None)

    def shown(self, node: Shown, sku: str) -> Truth:
        if not self.case.usable(Source.SENT) or self.case.customer_id() is None or self.unclear(node):
            return None
        mine = self.mine(sku, node.same)
        count = 0
        for sent in self.messages(node):
            items = json.loads(sent.items)
            holds = sku in items if mine is None else any(self.key(item, node.same) == mine for item in items)
            if holds and self.in_window(sent.sent_at_us, node.within, node.not_within):
                count += 1
        if count >= node.at_least:
            return True
        return None if mine is None else False

    def sent(self, node: Sent) -> Truth:
        if not self.case.usable(Source.SENT) or self.case.customer_id() is None or self.unclear(node):
            return None
        count = 0
        for sent in self.messages(node):
            if node.calendar is not None:
                inside = from_us(sent.sent_at_us) >= self.case.start_of(node.calendar.value, node.zone)
            else:
                inside = self.in_window(sent.sent_at_us, node.within, None)
            if inside:
                count += 1
        return count >= node.at_least

    def said(self, node: Said, sku: str) -> Truth:
        if not self.case.usable(Source.FEEDBACK) or self.case.customer_id() is None:
            return None
        mine = self.mine(sku, node.same)
        for said in self.case.book.feedback.values():
            if said.customer_id != self.case.customer_id() or said.says not in node.says:
                continue
            if not self.in_window(said.updated_at_us, node.within, None):
                continue
            if said.about_kind == "sku":
                about_it = said.about == sku if mine is None else self.key(said.about, node.same) == mine
            else:
                about_it = node.same is Same.CATEGORY and mine is not None and is_under(mine, said.about)
            if about_it:
                return True
        return None if mine is None else False

"""Facts held in memory, for case files and tests: records in, Snapshot out, in the plainest way that is right.

The database store answers the same question with indexes and joins; the store suite compares the two.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from suppress.decisions.decision import Why
from suppress.errors import FactsError
from suppress.facts.catalog import Product
from suppress.facts.customer import Customer
from suppress.facts.feedback import Feedback
from suppress.facts.history import OrderLine
from suppress.facts.identity import normal_email, normal_phone
from suppress.facts.inventory import StockLevel
from suppress.facts.message import Message
from suppress.facts.records import (
    CustomerRecord,
    FeedbackRecord,
    OrderRecord,
    ProductRecord,
    Record,
    SentRecord,
    StockRecord,
)
from suppress.facts.sent_log import SentItem, SentMessage
from suppress.facts.snapshot import MOST_MEMBERS, FactNeeds, Snapshot, Source

K = TypeVar("K")
R = TypeVar("R", bound=Record)


@dataclass(kw_only=True)
class FactBook:
    """All facts of a small shop. `feeds_us`: source -> as of when it is complete; None = never loaded."""

    products: dict[str, ProductRecord] = field(default_factory=dict)
    orders: dict[tuple[str, str], OrderRecord] = field(default_factory=dict)
    stock: dict[tuple[str, str], StockRecord] = field(default_factory=dict)
    customers: dict[str, CustomerRecord] = field(default_factory=dict)
    sent: dict[tuple[str, str], SentRecord] = field(default_factory=dict)
    feedback: dict[tuple[str, str, str, str], FeedbackRecord] = field(default_factory=dict)
    feeds_us: dict[Source, int | None] = field(default_factory=dict)

    def add(self, records: Iterable[Record]) -> None:
        """Take records in; the newer of two with the same key stays."""
        for record in records:
            match record:
                case ProductRecord():
                    _newer(self.products, record.sku, record)
                case OrderRecord():
                    _newer(self.orders, (record.order_id, record.line_id), record)
                case StockRecord():
                    _newer(self.stock, (record.sku, record.location_id), record)
                case CustomerRecord():
                    _newer(self.customers, record.customer_id, record)
                case SentRecord():
                    _newer(self.sent, (record.message_id, record.customer_id), record)
                case FeedbackRecord():
                    _newer(self.feedback, record[:4], record)

    def snapshot(self, message: Message, as_of_us: int, needs: FactNeeds) -> Snapshot:
        """All facts about the message at `as_of_us`. `needs` is taken as a hint; a book gives all it has."""
        del needs
        skus = self._of_same_style({item.sku for item in message.items} | set(message.replacements))
        customer_id, problem = self._recipient(message)
        record = self.customers.get(customer_id) if customer_id else None
        others = self._others_in_household(record)
        is_crowd = len(others) >= MOST_MEMBERS
        household = {} if is_crowd else {member: self._lines(member, as_of_us) for member in others}
        return Snapshot(
            message=message,
            as_of_us=as_of_us,
            customer_id=customer_id,
            customer_problem=problem,
            customer=_customer(record) if record else None,
            products={sku: _product(self.products[sku]) for sku in skus if sku in self.products},
            stock={
                sku: levels
                for sku in skus
                if (levels := tuple(_level(level) for level in self.stock.values() if level.sku == sku))
            },
            lines=self._lines(customer_id, as_of_us),
            household_problem=Why.AMBIGUOUS if is_crowd else None,
            household_lines={member: lines for member, lines in household.items() if lines},
            sent=self._sent(customer_id, as_of_us),
            feedback=self._feedback(customer_id, as_of_us),
            feeds_us={source: self.feeds_us.get(source) for source in Source},
        )

    def _recipient(self, message: Message) -> tuple[str | None, Why | None]:
        if message.customer_id is not None:
            return message.customer_id, None
        try:
            wanted = (
                ("email", normal_email(message.email))
                if message.email is not None
                else ("phone", normal_phone(message.phone or ""))
            )
        except FactsError:
            return None, Why.MISSING
        found = [record.customer_id for record in self.customers.values() if wanted in record.identities]
        if len(found) > 1:
            return None, Why.AMBIGUOUS
        return (found[0], None) if found else (None, Why.MISSING)

    def _of_same_style(self, skus: set[str]) -> set[str]:
        """These skus, and every other of their styles; a sku the catalogue lacks has no style."""
        styles = {_style(self.products[sku]) for sku in skus if sku in self.products}
        return skus | {product.sku for product in self.products.values() if _style(product) in styles}

    def _others_in_household(self, record: CustomerRecord | None) -> list[str]:
        if record is None or record.household_id is None:
            return []
        return [
            other.customer_id
            for other in self.customers.values()
            if other.household_id == record.household_id and other.customer_id != record.customer_id
        ]

    def _lines(self, customer_id: str | None, as_of_us: int) -> tuple[OrderLine, ...]:
        return tuple(
            self._line(line)
            for line in self.orders.values()
            if line.customer_id == customer_id and line.ordered_at_us <= as_of_us
        )

    def _line(self, record: OrderRecord) -> OrderLine:
        product = self.products.get(record.sku)
        return OrderLine(
            sku=record.sku,
            ordered_at_us=record.ordered_at_us,
            units=record.units,
            cancelled_units=record.cancelled_units,
            returned_units=record.returned_units,
            is_gift=record.is_gift,
            channel=record.channel,
            item_group=_style(product) if product else None,
            category=product.category if product else None,
            brand=product.brand if product else None,
            order_id=record.order_id,
            bundle_of=tuple(json.loads(product.bundle_of)) if product else (),
        )

    def _sent(self, customer_id: str | None, as_of_us: int) -> tuple[SentMessage, ...]:
        found = [
            SentMessage(
                message_id=record.message_id,
                sent_at_us=record.sent_at_us,
                channel=record.channel,
                campaign_id=record.campaign_id,
                items=tuple(SentItem(sku, *self._style_and_category(sku)) for sku in json.loads(record.items)),
            )
            for record in self.sent.values()
            if record.customer_id == customer_id and record.sent_at_us <= as_of_us
        ]
        return tuple(sorted(found, key=lambda sent: (sent.sent_at_us, sent.message_id)))

    def _feedback(self, customer_id: str | None, as_of_us: int) -> tuple[Feedback, ...]:
        found = [
            Feedback(record.says, record.updated_at_us, record.about, *self._style_and_category(record.about))
            if record.about_kind == "sku"
            else Feedback(record.says, record.updated_at_us, category=record.about)
            for record in self.feedback.values()
            if record.customer_id == customer_id and record.updated_at_us <= as_of_us
        ]
        return tuple(sorted(found, key=lambda said: (said.at_us, said.says, said.sku or "", said.category or "")))

    def _style_and_category(self, sku: str) -> tuple[str | None, str | None]:
        product = self.products.get(sku)
        return (_style(product), product.category) if product else (None, None)


def _newer(table: dict[K, R], key: K, record: R) -> None:
    known = table.get(key)
    if known is None or known.updated_at_us < record.updated_at_us:
        table[key] = record


def _style(record: ProductRecord) -> str:
    return record.item_group_id or record.sku


def _product(record: ProductRecord) -> Product:
    return Product(
        sku=record.sku,
        item_group=_style(record),
        title=record.title,
        category=record.category,
        brand=record.brand,
        status=record.status,
        replenish_days=record.replenish_days,
        price_minor=record.price_minor,
        currency=record.currency,
        bundle_of=tuple(json.loads(record.bundle_of)),
        attributes=json.loads(record.attributes),
    )


def _level(record: StockRecord) -> StockLevel:
    return StockLevel(
        sku=record.sku,
        location_id=record.location_id,
        on_hand=record.on_hand,
        updated_at_us=record.updated_at_us,
        reserved=record.reserved,
        safety_stock=record.safety_stock,
        incoming_units=record.incoming_units,
        incoming_at_us=record.incoming_at_us,
        availability=record.availability,
    )


def _customer(record: CustomerRecord) -> Customer:
    return Customer(
        customer_id=record.customer_id,
        household_id=record.household_id,
        country=record.country,
        region=record.region,
        time_zone=record.time_zone,
        consent=json.loads(record.consent),
        attributes=json.loads(record.attributes),
        do_not_contact=record.do_not_contact,
        open_case=record.open_case,
        late_order=record.late_order,
    )

"""Turn facts into the typed values rules compare, for one message or one (message, item), at one instant.

A value is read when it is asked for and kept. Every name of the vocabulary has a reader in one of the two tables at the
end; a test says which is forgotten.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Final, NamedTuple

from suppress.decisions.decision import Why
from suppress.engine.evaluate import Seen, Truth
from suppress.engine.history import ItemHistory
from suppress.engine.opinions import said
from suppress.engine.outreach import Outreach
from suppress.engine.purchases import Purchases
from suppress.engine.shared import SharedFacts, UnknownFact
from suppress.engine.shelf import STOCK_READERS, Shelf, group_in_stock_share
from suppress.facts.attributes import value_of
from suppress.facts.catalog import Product
from suppress.facts.fields import FieldType, label_of
from suppress.facts.local_time import clock_us, day_number, weekday
from suppress.facts.message import Item
from suppress.facts.snapshot import Snapshot, Source
from suppress.rules.tree import Bought, Past, Said, Same, Sent, Shown

_OF_ITEM: Final = "item.attributes."
_OF_MESSAGE: Final = "message.attributes."
_OF_CUSTOMER: Final = "customer.attributes."
_CONSENT: Final = "customer.consent."
_FROM_THE_MESSAGE: Final = frozenset({"item.sku", "item.placement"})


class Placed(NamedTuple):
    """An item that has its place in the message already."""

    sku: str
    product: Product | None


class MessageValues:
    """The values of one message's own fields. `items_kept` is None until the items are decided.

    `at_us` moves clocks, calendars and windows to a later instant while every other fact stays as it is at `as_of`.
    """

    __slots__ = ("_fields", "_known", "at_us", "dropped_codes", "items_kept", "outreach", "purchases", "shared")

    def __init__(
        self,
        shared: SharedFacts,
        items_kept: int | None = None,
        dropped_codes: tuple[str, ...] = (),
        at_us: int | None = None,
        purchases: Purchases | None = None,
        outreach: Outreach | None = None,
    ) -> None:
        self.shared = shared
        self.items_kept = items_kept
        self.dropped_codes = dropped_codes
        self.at_us = shared.as_of_us if at_us is None else at_us
        self.purchases = Purchases(shared) if purchases is None else purchases
        self.outreach = Outreach(shared, self.at_us) if outreach is None else outreach
        self._fields: dict[str, Seen] = {}
        self._known: dict[int, Truth] = {}

    def later(self, at_us: int) -> "MessageValues":
        """The same facts with clocks, calendars and windows as of a later instant."""
        purchases, outreach = self.purchases, self.outreach.later(at_us)
        return MessageValues(self.shared, self.items_kept, self.dropped_codes, at_us, purchases, outreach)

    def field(self, name: str) -> Seen:
        """The value of a message, customer or campaign field; None = unknown."""
        known = self._fields
        if name in known:
            return known[name]
        known[name] = value = message_reader(name)(self)
        return value

    def past(self, node: Past) -> Truth:
        """Whether so many messages were sent. What is about an item is never asked: validation keeps it out."""
        if not isinstance(node, Sent):
            raise NotImplementedError(node)
        known = self._known
        key = id(node)
        if key not in known:
            known[key] = self.outreach.sent(node)
        return known[key]

    def never_bought(self, node: Bought) -> bool:
        """Never asked: `bought` is about an item, and validation keeps it out of message rules."""
        raise NotImplementedError(node)

    def why_unknown(self, what: "str | Past") -> UnknownFact:
        """Why that field or condition has no value."""
        shared = self.shared
        if isinstance(what, Sent):
            lacking = self.outreach.lacks(what)
            problem = self.outreach.problem()
            return problem or UnknownFact(lacking or Source.SENT.value, None, Why.MISSING)
        name = str(what)
        problem = None
        if name == "customer.id":
            problem = shared.recipient_problem()
        elif name.startswith("customer."):
            problem = shared.customer_problem()
        return problem or UnknownFact(label_of(name), None, Why.MISSING)


class ItemValues:
    """The values of one item: its own, its stock's, its customer's history with it, and the message's.

    `gaps`: names of fields, ids of conditions on the past: what was asked for and is unknown. `placed`: the items that
    stand in the message before it.
    """

    __slots__ = (
        "_fields",
        "_past",
        "_shelves",
        "gaps",
        "history",
        "item",
        "message",
        "placed",
        "product",
        "shared",
    )

    def __init__(
        self, message: MessageValues, item: Item, placed: tuple[Placed, ...] = (), history: ItemHistory | None = None
    ) -> None:
        shared = message.shared
        self.message = message
        self.shared = shared
        self.item = item
        self.placed = placed
        self.gaps: set[str | int] = set()
        self._fields: dict[str, Seen] = {}
        self._past: dict[int, Truth] = {}
        self._shelves: dict[str | None, Shelf] = {}
        self.product: Product | None = None
        if shared.problem_with(Source.PRODUCTS) is None:
            self.product = shared.snapshot.products.get(item.sku)
        self.history = history or ItemHistory(
            message.purchases, item.sku, self.product, self.cycle_days(), message.at_us
        )

    def later(self, at_us: int) -> "ItemValues":
        """The same facts with clocks, calendars, windows and cycles as of a later instant."""
        return ItemValues(self.message.later(at_us), self.item, self.placed, self.history.later(at_us))

    def field(self, name: str) -> Seen:
        """The value of a field; None = unknown."""
        known = self._fields
        if name in known:
            return known[name]
        known[name] = value = item_reader(name)(self)
        if value is None:
            self.gaps.add(name)
        return value

    def past(self, node: Past) -> Truth:
        """Whether the customer's history holds what the node describes."""
        known = self._past
        key = id(node)
        if key in known:
            return known[key]
        known[key] = value = self._read_past(node)
        if value is None:
            self.gaps.add(key)
        return value

    def never_bought(self, node: Bought) -> bool:
        """Whether nothing that counts as the same was ever bought, for certain."""
        return self.history.never_bought(node)

    def shelf(self, at: str | None = None) -> Shelf:
        """The item's stock: whole, at a location, or in the customer's region."""
        found = self._shelves.get(at)
        if found is None:
            found = self._shelves[at] = Shelf(self.shared, self.item.sku, at)
        return found

    def cycle_days(self) -> int | None:
        """Days one unit lasts: the product's own, else those of its most specific category; None = no consumable."""
        product = self.product
        if product is None:
            return None
        if product.replenish_days is not None or product.category is None:
            return product.replenish_days
        cycles, path = self.shared.terms.cycles_days, product.category
        while path and cycles:
            if path in cycles:
                return cycles[path]
            path = path.rpartition("/")[0]
        return None

    def why_unknown(self, what: str | Past) -> UnknownFact:
        """Why that field or condition has no value."""
        if not isinstance(what, str):
            return self._why_no_past(what)
        sku = self.item.sku
        if what == "item.replenishment_due":
            return self.message.purchases.problem() or self._why_no_product_value("item.replenish_days")
        if what.startswith("stock."):
            return self._why_no_stock(what)
        if what in _FROM_THE_MESSAGE:
            return UnknownFact(what, sku, Why.MISSING)
        if what.startswith("item."):
            return self._why_no_product_value(label_of(what))
        if what.startswith("message.kept_of_"):
            return self._why_no_product_value(f"item.{what.removeprefix('message.kept_of_').partition(' ')[0]}")
        return self.message.why_unknown(what)

    def _read_past(self, node: Past) -> Truth:
        match node:
            case Bought():
                return self.history.bought(node)
            case Shown():
                return self.message.outreach.shown(node, self.item.sku, self.product)
            case Said():
                return said(self.shared, node, self.item.sku, self.product, self.message.at_us)
            case Sent():
                return self.message.past(node)

    def _why_no_past(self, node: Past) -> UnknownFact:
        match node:
            case Sent():
                return self.message.why_unknown(node)
            case Bought(same=same):
                problem = self.history.why_unknown(node)
            case Shown(same=same):
                problem = self.message.outreach.problem()
                lacking = self.message.outreach.lacks(node)
                if problem is None and lacking is not None:
                    problem = UnknownFact(lacking, None, Why.MISSING)
            case Said(same=same):
                problem = self.shared.history_problem(Source.FEEDBACK)
        name = "item.sku" if same is Same.COMPONENT else f"item.{same.value}"
        return problem or self._why_no_product_value(name)

    def _why_no_stock(self, name: str) -> UnknownFact:
        base, _, at = name.partition(" at ")
        if base == "stock.group_in_stock_share":
            if self.product is None:
                return self._why_no_product_value("item.item_group")
            return UnknownFact(base, self.item.sku, Why.MISSING)
        return self.shelf(at or None).problem or UnknownFact(name, self.item.sku, Why.MISSING)

    def _why_no_product_value(self, name: str) -> UnknownFact:
        if self.product is not None:
            return UnknownFact(name, self.item.sku, Why.MISSING)
        problem = self.shared.problem_with(Source.PRODUCTS)
        return problem or UnknownFact(Source.PRODUCTS.value, self.item.sku, Why.MISSING)


def _replenishment_due(values: ItemValues) -> Truth:
    if values.message.purchases.problem() is not None:
        return None
    history = values.history
    if values.product is None:
        return None if history.last_kept_us() is not None else False
    due_us = history.due_at_us()
    if due_us is None:
        return False
    values.shared.note_change(due_us)
    return history.at_us >= due_us


def _product(attribute: str) -> Callable[[ItemValues], Seen]:
    def read(values: ItemValues) -> Seen:
        return None if values.product is None else getattr(values.product, attribute)

    return read


def _stock(name: str, at: str | None = None) -> Callable[[ItemValues], Seen]:
    return lambda values: values.shelf(at).read(name)


def _placed_alike(attribute: str) -> Callable[[ItemValues], Seen]:
    """Items placed before with the same value; those of which the catalogue knows nothing count by their sku."""

    def read(values: ItemValues) -> Seen:
        own = None if values.product is None else getattr(values.product, attribute)
        if own is None:
            return None
        return sum(
            1
            for placed in values.placed
            if placed.sku == values.item.sku
            or (placed.product is not None and getattr(placed.product, attribute) == own)
        )

    return read


def _placed_under(path: str) -> Callable[[ItemValues], Seen]:
    def read(values: ItemValues) -> Seen:
        if values.shared.problem_with(Source.PRODUCTS) is not None:
            return None
        categories = (placed.product.category if placed.product else None for placed in values.placed)
        return sum(category is not None and f"{category}/".startswith(f"{path}/") for category in categories)

    return read


def _customer(attribute: str) -> Callable[[MessageValues], Seen]:
    def read(values: MessageValues) -> Seen:
        customer = values.shared.customer()
        return None if customer is None else getattr(customer, attribute)

    return read


def _consent_to(channel: str | None) -> Callable[[MessageValues], Seen]:
    """Consent to a channel, or (None) to the message's own."""

    def read(values: MessageValues) -> Seen:
        customer = values.shared.customer()
        wanted = values.shared.snapshot.message.channel if channel is None else channel
        if customer is None or wanted is None:
            return None
        agreed: bool | None = customer.consent.get(wanted)
        return agreed

    return read


def _local_time(values: MessageValues) -> Seen:
    values.shared.note_next_clock()
    return clock_us(values.at_us, values.shared.zone())


def _local_weekday(values: MessageValues) -> Seen:
    values.shared.note_next_midnight()
    return weekday(values.at_us, values.shared.zone())


def _local_date(values: MessageValues) -> Seen:
    values.shared.note_next_midnight()
    return day_number(values.at_us, values.shared.zone())


def _attribute(name: str, prefix: str) -> Callable[[Mapping[str, str], SharedFacts], Seen]:
    """What reads an attribute from all there are, as the type its ruleset declares."""
    plain = label_of(name)
    type_ = FieldType(name.rpartition(" as ")[2]) if plain != name else FieldType.TEXT
    attribute = plain.removeprefix(prefix)
    return lambda texts, shared: value_of(texts.get(attribute), type_, shared.terms.choices.get(name, ()))


def _customer_attribute(name: str) -> Callable[[MessageValues], Seen]:
    read_from = _attribute(name, _OF_CUSTOMER)

    def read(values: MessageValues) -> Seen:
        customer = values.shared.customer()
        return None if customer is None else read_from(customer.attributes, values.shared)

    return read


@cache
def item_reader(name: str) -> Callable[[ItemValues], Seen]:
    """What reads a field for one item. Only names that rules use are asked for, so all are kept."""
    reader = ITEM_READERS.get(name)
    if reader is not None:
        return reader
    base, _, at = name.partition(" at ")
    if at and base in STOCK_READERS:
        return _stock(base, at)
    if name.startswith("message.kept_of_category under "):
        return _placed_under(name.partition(" under ")[2])
    if name.startswith(_OF_ITEM):
        of_item = _attribute(name, _OF_ITEM)
        return lambda values: of_item(values.product.attributes, values.shared) if values.product else None
    return lambda values: values.message.field(name)


@cache
def message_reader(name: str) -> Callable[[MessageValues], Seen]:
    """What reads a field of the message, its customer or its campaign. Raises KeyError for a name nobody knows."""
    if name.startswith(_OF_MESSAGE):
        of_message = _attribute(name, _OF_MESSAGE)
        return lambda values: of_message(values.shared.snapshot.message.attributes, values.shared)
    if name.startswith(_OF_CUSTOMER):
        return _customer_attribute(name)
    if name.startswith(_CONSENT):
        return _consent_to(name.removeprefix(_CONSENT))
    return MESSAGE_READERS[name]


def slots_of(snapshot: Snapshot) -> int:
    """Places in the message: as stated, else as many as items."""
    message = snapshot.message
    return len(message.items) if message.slots is None else message.slots


ITEM_READERS: Final[Mapping[str, Callable[[ItemValues], Seen]]] = {
    "item.sku": lambda values: values.item.sku,
    "item.placement": lambda values: values.item.placement,
    "item.title": _product("title"),
    "item.item_group": _product("item_group"),
    "item.category": _product("category"),
    "item.brand": _product("brand"),
    "item.status": _product("status"),
    "item.price_minor": _product("price_minor"),
    "item.currency": _product("currency"),
    "item.replenish_days": lambda values: values.cycle_days(),
    "item.replenishment_due": _replenishment_due,
    **{name: _stock(name) for name in STOCK_READERS},
    "stock.group_in_stock_share": lambda values: group_in_stock_share(values.shared, values.product),
    "message.kept_of_sku": lambda values: sum(placed.sku == values.item.sku for placed in values.placed),
    "message.kept_of_item_group": _placed_alike("item_group"),
    "message.kept_of_category": _placed_alike("category"),
    "message.kept_of_brand": _placed_alike("brand"),
}

MESSAGE_READERS: Final[Mapping[str, Callable[[MessageValues], Seen]]] = {
    "customer.known": lambda values: values.shared.snapshot.customer_id is not None,
    "customer.id": lambda values: values.shared.snapshot.customer_id,
    "customer.household_id": _customer("household_id"),
    "customer.country": _customer("country"),
    "customer.region": _customer("region"),
    "customer.time_zone": _customer("time_zone"),
    "customer.consent": _consent_to(None),
    "customer.do_not_contact": _customer("do_not_contact"),
    "customer.open_case": _customer("open_case"),
    "customer.late_order": _customer("late_order"),
    "message.channel": lambda values: values.shared.snapshot.message.channel,
    "message.slots": lambda values: slots_of(values.shared.snapshot),
    "message.items_asked": lambda values: len(values.shared.snapshot.message.items),
    "message.items_kept": lambda values: values.items_kept,
    "message.dropped_code": lambda values: values.dropped_codes,
    "message.local_time": _local_time,
    "message.local_weekday": _local_weekday,
    "message.local_date": _local_date,
    "campaign.id": lambda values: values.shared.snapshot.message.campaign_id,
    "campaign.tag": lambda values: values.shared.snapshot.message.campaign_tags,
}

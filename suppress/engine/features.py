"""Turn facts into the typed values rules compare, for one (message, item) at one instant.

A value is read when it is asked for and kept. Every name of the vocabulary has a reader in one of the two tables at the
end; a test says which is forgotten.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Final

from suppress.decisions.decision import Why
from suppress.engine.evaluate import Seen, Truth
from suppress.engine.history import ItemHistory
from suppress.engine.shared import SharedFacts, UnknownFact
from suppress.facts.catalog import Product
from suppress.facts.customer import Customer
from suppress.facts.inventory import StockLevel, oldest_us
from suppress.facts.message import Item
from suppress.facts.snapshot import Snapshot, Source
from suppress.rules.tree import Bought, Same

_OF_ITEM: Final = "item.attributes."
_OF_MESSAGE: Final = "message.attributes."
_OF_CUSTOMER: Final = "customer.attributes."
_BEST_FIRST: Final = ("in_stock", "backorder", "preorder", "out_of_stock")


class MessageValues:
    """The values of one message's own fields. `items_kept` is None until the items are decided."""

    __slots__ = ("items_kept", "shared")

    def __init__(self, shared: SharedFacts, items_kept: int | None = None) -> None:
        self.shared = shared
        self.items_kept = items_kept

    def field(self, name: str) -> Seen:
        """The value of a message, customer or campaign field; None = unknown."""
        return message_reader(name)(self)

    def bought(self, node: Bought) -> Truth:
        """Never asked: `bought` is about an item, and validation keeps it out of message rules."""
        raise NotImplementedError(node)

    def never_bought(self, same: Same) -> bool:
        """Never asked, for the same reason."""
        raise NotImplementedError(same)

    def why_unknown(self, name: str) -> UnknownFact:
        """Why that field has no value."""
        shared = self.shared
        problem = None
        if name.startswith("customer."):
            problem = shared.customer_problem()
            if name != "customer.id":
                problem = problem or shared.problem_with(Source.CUSTOMERS)
                if problem is None and shared.snapshot.customer is None:
                    problem = UnknownFact(Source.CUSTOMERS.value, None, Why.MISSING)
        return problem or UnknownFact(name, None, Why.MISSING)


class ItemValues:
    """The values of one item: its own, its stock's, its customer's history with it, and the message's.

    `has_gaps`: whether a value that was asked for is unknown. `history_at_us` moves windows and cycles to a later
    instant while every other fact stays as it is at `as_of`.
    """

    __slots__ = (
        "_fields",
        "has_gaps",
        "history",
        "item",
        "levels",
        "message",
        "product",
        "shared",
        "stock_problem",
    )

    def __init__(self, message: MessageValues, item: Item, history_at_us: int | None = None) -> None:
        shared = message.shared
        self.message = message
        self.shared = shared
        self.item = item
        self.has_gaps = False
        self._fields: dict[str, Seen] = {}
        self.product: Product | None = None
        if shared.problem_with(Source.PRODUCTS) is None:
            self.product = shared.snapshot.products.get(item.sku)
        self.history = ItemHistory(shared, item.sku, self.product, history_at_us)
        self.levels: tuple[StockLevel, ...] = shared.snapshot.stock.get(item.sku, ())
        self.stock_problem = self._stock_problem()

    def later(self, at_us: int) -> "ItemValues":
        """The same facts with windows and cycles as of a later instant."""
        return ItemValues(self.message, self.item, at_us)

    def field(self, name: str) -> Seen:
        """The value of a field; None = unknown."""
        known = self._fields
        if name in known:
            return known[name]
        known[name] = value = item_reader(name)(self)
        if value is None:
            self.has_gaps = True
        return value

    def bought(self, node: Bought) -> Truth:
        """Whether the customer bought it: unknown when nobody knows the purchases, or what counts as the same."""
        value = self.history.bought(node)
        if value is None:
            self.has_gaps = True
        return value

    def never_bought(self, same: Same) -> bool:
        """Whether nothing that counts as the same was ever bought, for certain."""
        return self.history.never_bought(same)

    def why_unknown(self, what: str | Bought) -> UnknownFact:
        """Why that field or condition has no value."""
        sku, shared = self.item.sku, self.shared
        if isinstance(what, Bought):
            return shared.history_problem() or self._why_no_product_value(f"item.{what.same.value}")
        if what == "item.replenishment_due":
            return shared.history_problem() or self._why_no_product_value("item.replenish_days")
        if what.startswith("stock."):
            return self.stock_problem or UnknownFact(what, sku, Why.MISSING)
        if what.startswith("item.") and what != "item.placement":
            return self._why_no_product_value(what)
        if what == "item.placement":
            return UnknownFact(what, sku, Why.MISSING)
        return self.message.why_unknown(what)

    def _why_no_product_value(self, name: str) -> UnknownFact:
        if self.product is not None:
            return UnknownFact(name, self.item.sku, Why.MISSING)
        problem = self.shared.problem_with(Source.PRODUCTS)
        return problem or UnknownFact(Source.PRODUCTS.value, self.item.sku, Why.MISSING)

    def _stock_problem(self) -> UnknownFact | None:
        shared = self.shared
        if Source.STOCK in shared.snapshot.unavailable:
            return UnknownFact(Source.STOCK.value, None, Why.UNAVAILABLE)
        if not self.levels:
            return UnknownFact(Source.STOCK.value, self.item.sku, Why.MISSING)
        stated_us = oldest_us(self.levels)
        if shared.is_stale(Source.STOCK, stated_us):
            return UnknownFact(Source.STOCK.value, self.item.sku, Why.STALE, stated_us)
        return None


def _replenishment_due(values: ItemValues) -> Truth:
    shared = values.shared
    if shared.history_problem() is not None:
        return None
    if values.product is None:
        return None if values.history.last_kept_us() is not None else False
    due_us = values.history.due_at_us()
    if due_us is None:
        return False
    shared.note_change(due_us)
    return values.history.at_us >= due_us


def _stock_sum(attribute: str) -> Callable[[ItemValues], Seen]:
    def read(values: ItemValues) -> Seen:
        if values.stock_problem is not None:
            return None
        figures = [getattr(level, attribute) for level in values.levels]
        return None if None in figures else sum(figures)

    return read


def _incoming_at(values: ItemValues) -> Seen:
    if values.stock_problem is not None:
        return None
    return min((level.incoming_at_us for level in values.levels if level.incoming_at_us is not None), default=None)


def _availability(values: ItemValues) -> Seen:
    if values.stock_problem is not None:
        return None
    stated = {level.availability for level in values.levels}
    return next((word for word in _BEST_FIRST if word in stated), None)


def _stock_age(values: ItemValues) -> Seen:
    if values.stock_problem is not None:
        return None
    stated_us = oldest_us(values.levels)
    for bound_us in values.shared.age_bounds_us:
        values.shared.note_change(stated_us + bound_us)
        values.shared.note_change(stated_us + bound_us + 1)
    return max(0, values.shared.as_of_us - stated_us)


def _product(attribute: str) -> Callable[[ItemValues], Seen]:
    def read(values: ItemValues) -> Seen:
        return None if values.product is None else getattr(values.product, attribute)

    return read


def _known_customer(values: MessageValues) -> Customer | None:
    customer = values.shared.snapshot.customer
    if customer is None or values.shared.problem_with(Source.CUSTOMERS) is not None:
        return None
    return customer


def _customer(attribute: str) -> Callable[[MessageValues], Seen]:
    def read(values: MessageValues) -> Seen:
        customer = _known_customer(values)
        return None if customer is None else getattr(customer, attribute)

    return read


def _customer_attribute(attribute: str) -> Callable[[MessageValues], Seen]:
    def read(values: MessageValues) -> Seen:
        customer = _known_customer(values)
        return None if customer is None else customer.attributes.get(attribute)

    return read


@cache
def item_reader(name: str) -> Callable[[ItemValues], Seen]:
    """What reads a field for one item. Only names that rules use are asked for, so all are kept."""
    reader = ITEM_READERS.get(name)
    if reader is not None:
        return reader
    if name.startswith(_OF_ITEM):
        attribute = name.removeprefix(_OF_ITEM)
        return lambda values: values.product.attributes.get(attribute) if values.product else None
    of_message = message_reader(name)
    return lambda values: of_message(values.message)


@cache
def message_reader(name: str) -> Callable[[MessageValues], Seen]:
    """What reads a field of the message, its customer or its campaign. Raises KeyError for a name nobody knows."""
    if name.startswith(_OF_MESSAGE):
        attribute = name.removeprefix(_OF_MESSAGE)
        return lambda values: values.shared.snapshot.message.attributes.get(attribute)
    if name.startswith(_OF_CUSTOMER):
        return _customer_attribute(name.removeprefix(_OF_CUSTOMER))
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
    "item.replenish_days": _product("replenish_days"),
    "item.replenishment_due": _replenishment_due,
    "stock.available_units": _stock_sum("available_units"),
    "stock.on_hand": _stock_sum("on_hand"),
    "stock.reserved": _stock_sum("reserved"),
    "stock.safety_stock": _stock_sum("safety_stock"),
    "stock.incoming_units": _stock_sum("incoming_units"),
    "stock.incoming_at": _incoming_at,
    "stock.availability": _availability,
    "stock.age": _stock_age,
}

MESSAGE_READERS: Final[Mapping[str, Callable[[MessageValues], Seen]]] = {
    "customer.known": lambda values: values.shared.snapshot.customer_id is not None,
    "customer.id": lambda values: values.shared.snapshot.customer_id,
    "customer.household_id": _customer("household_id"),
    "customer.country": _customer("country"),
    "customer.region": _customer("region"),
    "customer.time_zone": _customer("time_zone"),
    "message.channel": lambda values: values.shared.snapshot.message.channel,
    "message.slots": lambda values: slots_of(values.shared.snapshot),
    "message.items_asked": lambda values: len(values.shared.snapshot.message.items),
    "message.items_kept": lambda values: values.items_kept,
    "campaign.id": lambda values: values.shared.snapshot.message.campaign_id,
}

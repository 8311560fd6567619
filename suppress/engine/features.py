"""Turn facts into the typed values rules compare, for one (message, item) at one instant.

A value is read when it is asked for and kept. Every name of the vocabulary has a reader in one of the two tables at the
end; a test says which is forgotten.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Final

from suppress.decisions.decision import Why
from suppress.engine.evaluate import Seen, Truth
from suppress.engine.shared import PurchaseUnits, SharedFacts, UnknownFact
from suppress.facts.catalog import Product
from suppress.facts.customer import Customer
from suppress.facts.instants import US_PER_DAY
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

    `has_gaps`: whether a value that was asked for is unknown. `history_at_us` moves windows and cycles to a later instant while every other fact stays as it is at `as_of`.
    """

    __slots__ = (
        "_bought",
        "_fields",
        "_purchases",
        "has_gaps",
        "history_at_us",
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
        self.history_at_us = shared.as_of_us if history_at_us is None else history_at_us
        self._fields: dict[str, Seen] = {}
        self._bought: dict[int, Truth] = {}
        self._purchases: dict[Same, tuple[Sequence[PurchaseUnits], bool]] = {}
        self.product: Product | None = None
        if shared.problem_with(Source.PRODUCTS) is None:
            self.product = shared.snapshot.products.get(item.sku)
        self.has_gaps = False
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
        known = self._bought
        key = id(node)
        if key in known:
            return known[key]
        value = self._read_bought(node)
        known[key] = value
        if value is None:
            self.has_gaps = True
        return value

    def never_bought(self, same: Same) -> bool:
        """Whether nothing that counts as the same was ever bought, for certain."""
        if self.shared.history_problem() is not None:
            return False
        purchases, sure = self._counted(same)
        return sure and not purchases

    def units_bought(self, node: Bought) -> tuple[int, int | None]:
        """Units counted for the node and when the last of them was bought; None = none counted."""
        units, last_us = 0, None
        low_us, high_us = self._window(node)
        for purchase in self._counted(node.same)[0]:
            counted = purchase.kept_units if node.kept else purchase.ordered_units
            if low_us < purchase.at_us <= high_us and counted:
                units += counted
                last_us = purchase.at_us if last_us is None else max(last_us, purchase.at_us)
        return units, last_us

    def flips(self, node: Bought) -> list[int]:
        """The instants after `as_of` at which the node's truth changes if nothing else happens, in order."""
        if self.shared.history_problem() is not None:
            return []
        changes: dict[int, int] = {}
        units = 0
        for purchase in self._counted(node.same)[0]:
            counted = purchase.kept_units if node.kept else purchase.ordered_units
            enters_us = purchase.at_us + (node.not_within.us if node.not_within else 0)
            leaves_us = purchase.at_us + node.within.us if node.within else None
            for at_us, delta in ((enters_us, counted), (leaves_us, -counted)):
                if at_us is None:
                    continue
                if at_us <= self.shared.as_of_us:
                    units += delta
                else:
                    changes[at_us] = changes.get(at_us, 0) + delta
        flips = []
        for at_us in sorted(changes):
            before, units = units, units + changes[at_us]
            if (before >= node.at_least) is not (units >= node.at_least):
                flips.append(at_us)
        return flips

    def due_at_us(self) -> int | None:
        """When the item is due for replenishment, counted from the last purchase; None when it never is."""
        days = self.product.replenish_days if self.product else None
        last_us = self.last_kept_us()
        return None if days is None or last_us is None else last_us + days * US_PER_DAY

    def last_kept_us(self) -> int | None:
        """When the customer last bought and kept this sku; None when never."""
        kept = (p.at_us for p in self.shared.purchases(Same.SKU, self.item.sku) if p.kept_units)
        return max(kept, default=None)

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

    def _read_bought(self, node: Bought) -> Truth:
        shared = self.shared
        if shared.history_problem() is not None:
            return None
        purchases, sure = self._counted(node.same)
        if not purchases:
            return False if sure else None
        low_us, high_us = self._window(node)
        within_us = node.within.us if node.within else None
        not_within_us = node.not_within.us if node.not_within else 0
        units = 0
        for at_us, kept_units, ordered_units in purchases:
            if at_us > high_us:
                shared.note_change(at_us + not_within_us)
            elif at_us > low_us:
                units += kept_units if node.kept else ordered_units
                if within_us is not None:
                    shared.note_change(at_us + within_us)
        return True if units >= node.at_least else False if sure else None

    def _counted(self, same: Same) -> tuple[Sequence[PurchaseUnits], bool]:
        """The purchases that count as the same, and whether that is all of them: an item is always the same as itself."""
        found = self._purchases.get(same)
        if found is None:
            key = self._key(same)
            if key is None:
                found = self.shared.purchases(Same.SKU, self.item.sku), False
            else:
                found = self.shared.purchases(same, key), True
            self._purchases[same] = found
        return found

    def _key(self, same: Same) -> str | None:
        if same is Same.SKU:
            return self.item.sku
        product = self.product
        if product is None:
            return None
        if same is Same.ITEM_GROUP:
            return product.item_group
        return product.category if same is Same.CATEGORY else product.brand

    def _window(self, node: Bought) -> tuple[int, int]:
        at_us = self.history_at_us
        low_us = at_us - node.within.us if node.within else -(1 << 62)
        return low_us, at_us - node.not_within.us if node.not_within else at_us


def _replenishment_due(values: ItemValues) -> Truth:
    shared = values.shared
    if shared.history_problem() is not None:
        return None
    if values.product is None:
        return None if values.last_kept_us() is not None else False
    due_us = values.due_at_us()
    if due_us is None:
        return False
    shared.note_change(due_us)
    return values.history_at_us >= due_us


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

"""Turn facts into the values rules compare for one (message, item), at one instant.

A value is read when it is asked for and kept. Every name of the vocabulary that is about an item has a reader in the
table at the end, all others in `message_values`; a test says which is forgotten.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Final, NamedTuple

from suppress.decisions.decision import Why
from suppress.engine.evaluate import Seen, Truth
from suppress.engine.history import ItemHistory
from suppress.engine.message_values import MessageValues, attribute_reader
from suppress.engine.opinions import said
from suppress.engine.shared import UnknownFact
from suppress.engine.shelf import STOCK_READERS, Shelf, StyleShelf
from suppress.facts.catalog import Product, is_under
from suppress.facts.fields import label_of
from suppress.facts.message import Item
from suppress.facts.snapshot import Source
from suppress.rules.needs import GROUP_IN_STOCK_SHARE, REPLENISHMENT_DUE
from suppress.rules.tree import Bought, Past, Said, Same, Sent, Shown

_OF_ITEM: Final = "item.attributes."
_FROM_THE_MESSAGE: Final = frozenset({"item.sku", "item.placement"})


class Placed(NamedTuple):
    """An item that has its place in the message already."""

    sku: str
    product: Product | None


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

    def style_shelf(self) -> StyleShelf | None:
        """The stock of the item's whole style; None when the style is unknown."""
        return None if self.product is None else StyleShelf(self.shared, self.product.item_group)

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
        if what == REPLENISHMENT_DUE:
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
        if base == GROUP_IN_STOCK_SHARE:
            style = self.style_shelf()
            problem = None if style is None else style.problem
            return problem or self._why_no_product_value("item.item_group")
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


def _group_in_stock_share(values: ItemValues) -> Seen:
    shelf = values.style_shelf()
    return None if shelf is None or shelf.problem is not None else shelf.share


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
        return sum(category is not None and is_under(category, path) for category in categories)

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
        of_item = attribute_reader(name, _OF_ITEM)
        return lambda values: of_item(values.product.attributes, values.shared) if values.product else None
    return lambda values: values.message.field(name)


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
    "stock.group_in_stock_share": _group_in_stock_share,
    "message.kept_of_sku": lambda values: sum(placed.sku == values.item.sku for placed in values.placed),
    "message.kept_of_item_group": _placed_alike("item_group"),
    "message.kept_of_category": _placed_alike("category"),
    "message.kept_of_brand": _placed_alike("brand"),
}

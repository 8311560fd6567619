"""All facts about one message at one instant: what the engines see, and all they see."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from suppress.decisions.decision import Why
from suppress.facts.catalog import Product
from suppress.facts.customer import Customer
from suppress.facts.feedback import Feedback
from suppress.facts.history import OrderLine
from suppress.facts.inventory import StockLevel
from suppress.facts.message import Message
from suppress.facts.sent_log import SentMessage


class Source(StrEnum):
    """Where facts come from. Each source is imported on its own and has its own age."""

    PRODUCTS = "products"
    ORDERS = "orders"
    STOCK = "stock"
    CUSTOMERS = "customers"
    SENT = "sent"
    FEEDBACK = "feedback"


@dataclass(frozen=True, slots=True, kw_only=True)
class FactNeeds:
    """What a compiled ruleset wants fetched; the store reads no more than this.

    `history_by`: the ways a line can count as the same as an item (`sku`, `item_group`, `category`, `brand`,
    `component`); empty = no history wanted. `history_window_us`: how far back order lines are wanted; None = for ever.
    `order_ids`: lines with the id of their order. `household`: the lines of everybody in the customer's household.
    `group_stock`: products and stock of every sku in the items' styles. `sent`: the sent log, back to `sent_window_us`
    (None = for ever); `sent_by`: the ways an earlier shown item can count as the same; empty = messages without items.
    """

    products: bool = False
    stock: bool = False
    customer: bool = False
    history_by: frozenset[str] = frozenset()
    history_window_us: int | None = None
    order_ids: bool = False
    household: bool = False
    group_stock: bool = False
    sent: bool = False
    sent_by: frozenset[str] = frozenset()
    sent_window_us: int | None = None
    feedback: bool = False

    @property
    def history(self) -> bool:
        """Whether any order lines are wanted."""
        return bool(self.history_by)

    @property
    def sources(self) -> tuple[Source, ...]:
        """The sources anything is wanted from."""
        wanted = {
            Source.PRODUCTS: self.products,
            Source.ORDERS: self.history,
            Source.STOCK: self.stock,
            Source.CUSTOMERS: self.customer,
            Source.SENT: self.sent,
            Source.FEEDBACK: self.feedback,
        }
        return tuple(source for source, is_wanted in wanted.items() if is_wanted)

    def __or__(self, other: "FactNeeds") -> "FactNeeds":
        """What two rulesets together want."""
        return FactNeeds(
            products=self.products or other.products,
            stock=self.stock or other.stock,
            customer=self.customer or other.customer,
            history_by=self.history_by | other.history_by,
            history_window_us=_wider(self, other, "history"),
            order_ids=self.order_ids or other.order_ids,
            household=self.household or other.household,
            group_stock=self.group_stock or other.group_stock,
            sent=self.sent or other.sent,
            sent_by=self.sent_by | other.sent_by,
            sent_window_us=_wider(self, other, "sent"),
            feedback=self.feedback or other.feedback,
        )


def _wider(one: FactNeeds, other: FactNeeds, what: str) -> int | None:
    windows = [getattr(needs, f"{what}_window_us") for needs in (one, other) if getattr(needs, what)]
    return None if None in windows else max(windows, default=None)


MOST_MEMBERS: Final = 50
"""A household of more is none: many customers share a word that stands for "not known", and nobody lives with them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All facts about one message at `as_of_us`.

    `customer_id` is None when the recipient could not be found (`customer_problem` says why). `customer` is None when
    the customer is known by id alone. `lines` holds the customer's order lines up to `as_of_us` that can matter to the
    message's items, `household_lines` those of the others in the household, by customer (none when there are more than
    MOST_MEMBERS of them, and then `household_problem` says so); `products` and `stock` miss
    the skus nobody knows and hold those of the same style where rules ask for it. `sent` and `feedback` are up to
    `as_of_us`, oldest first. `feeds_us`: source -> as of when it was last loaded; None = never. `reserved`: sku ->
    places in other messages that use its budget (limits); None = nobody can say. `unavailable`: sources that could not
    be read just now.
    """

    message: Message
    as_of_us: int
    customer_id: str | None = None
    customer_problem: Why | None = None
    customer: Customer | None = None
    products: Mapping[str, Product] = field(default_factory=dict)
    stock: Mapping[str, tuple[StockLevel, ...]] = field(default_factory=dict)
    lines: tuple[OrderLine, ...] = ()
    household_problem: Why | None = None
    household_lines: Mapping[str, tuple[OrderLine, ...]] = field(default_factory=dict)
    sent: tuple[SentMessage, ...] = ()
    feedback: tuple[Feedback, ...] = ()
    feeds_us: Mapping[Source, int | None] = field(default_factory=dict)
    reserved: Mapping[str, int] | None = field(default_factory=dict)
    unavailable: frozenset[Source] = frozenset()


def unavailable_snapshot(message: Message, as_of_us: int) -> Snapshot:
    """What is known when the facts cannot be read at all: nothing, and it says so."""
    return Snapshot(
        message=message,
        as_of_us=as_of_us,
        customer_id=message.customer_id,
        customer_problem=Why.UNAVAILABLE if message.customer_id is None else None,
        unavailable=frozenset(Source),
    )

"""All facts about one message at one instant: what the engines see, and all they see."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from suppress.decisions.decision import Why
from suppress.facts.catalog import Product
from suppress.facts.customer import Customer
from suppress.facts.history import OrderLine
from suppress.facts.inventory import StockLevel
from suppress.facts.message import Message


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

    `history_window_us`: how far back order lines are wanted; None = for ever. `history_by`: the ways a line can count
    as the same as an item (`sku`, `item_group`, `category`, `brand`); empty = no history wanted.
    """

    products: bool = False
    stock: bool = False
    customer: bool = False
    history_by: frozenset[str] = frozenset()
    history_window_us: int | None = None

    @property
    def history(self) -> bool:
        """Whether any order lines are wanted."""
        return bool(self.history_by)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All facts about one message at `as_of_us`.

    `customer_id` is None when the recipient could not be found (`customer_problem` says why). `customer` is None when
    the customer is known by id alone. `lines` holds the customer's order lines up to `as_of_us` that can matter to the
    message's items; `products` and `stock` miss the skus nobody knows. `feeds_us`: source -> as of when it was last
    loaded; None = never. `unavailable`: sources that could not be read just now.
    """

    message: Message
    as_of_us: int
    customer_id: str | None = None
    customer_problem: Why | None = None
    customer: Customer | None = None
    products: Mapping[str, Product] = field(default_factory=dict)
    stock: Mapping[str, tuple[StockLevel, ...]] = field(default_factory=dict)
    lines: tuple[OrderLine, ...] = ()
    feeds_us: Mapping[Source, int | None] = field(default_factory=dict)
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

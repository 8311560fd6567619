"""Turn stock figures into what rules compare: sums over the locations asked for, what is stated, when more arrives.

A missing row is unknown, not zero, and a sum is only as fresh as its oldest part. `at`: None = all locations, a
location id, or `customer.region` for those of the customer's region.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from suppress.decisions.decision import Why
from suppress.engine.evaluate import Seen
from suppress.engine.shared import SharedFacts, UnknownFact
from suppress.facts.fields import CUSTOMERS_REGION
from suppress.facts.inventory import BEST_AVAILABILITY_FIRST, StockLevel, oldest_us
from suppress.facts.snapshot import Source

_SELLABLE: Final = "active"


class Shelf:
    """The stock of one sku, whole or at some locations. `stated_us`: when its oldest figure was; None = it has none."""

    __slots__ = ("levels", "problem", "shared", "stated_us")

    def __init__(self, shared: SharedFacts, sku: str, at: str | None = None) -> None:
        self.shared = shared
        levels, problem = _levels_at(shared, sku, at)
        self.levels: Sequence[StockLevel] = levels
        self.stated_us = oldest_us(levels) if levels else None
        self.problem: UnknownFact | None = problem or _problem_of(shared, sku, self.stated_us)

    def read(self, name: str) -> Seen:
        """The value of a stock field that goes by location; None = unknown."""
        return None if self.problem is not None else STOCK_READERS[name](self)


class StyleShelf:
    """The stock of all active skus of a style. `problem`: why the share of what can be had is unknown, or None."""

    __slots__ = ("levels", "problem", "share")

    def __init__(self, shared: SharedFacts, style: str) -> None:
        group = shared.of_same_style(style)
        stock = shared.snapshot.stock
        shelves = {other.sku: stock.get(other.sku, ()) for other in group if other.status == _SELLABLE}
        self.levels: Sequence[StockLevel] = [level for shelf in shelves.values() for level in shelf]
        uncounted = next((sku for sku, shelf in shelves.items() if not shelf), None)
        self.problem: UnknownFact | None = None
        if uncounted is not None:
            self.problem = _problem_of(shared, uncounted, None)
        elif self.levels:
            oldest = min(self.levels, key=lambda level: level.updated_at_us)
            self.problem = _problem_of(shared, oldest.sku, oldest.updated_at_us)
        available = len({level.sku for level in self.levels if level.available_units > 0})
        self.share = 100 * available // max(1, len(group))
        """Percent of the style's skus that are active and available, rounded down."""


def _levels_at(shared: SharedFacts, sku: str, at: str | None) -> tuple[Sequence[StockLevel], UnknownFact | None]:
    levels = shared.snapshot.stock.get(sku, ())
    if at is None:
        return levels, None
    locations: Sequence[str] = (at,)
    if at == CUSTOMERS_REGION:
        customer = shared.customer()
        if customer is None:
            return (), shared.customer_problem()
        if customer.region is None:
            return (), UnknownFact(CUSTOMERS_REGION, None, Why.MISSING)
        locations = shared.terms.regions.get(customer.region, (customer.region,))
    return [level for level in levels if level.location_id in locations], None


def _problem_of(shared: SharedFacts, sku: str, stated_us: int | None) -> UnknownFact | None:
    unavailable = shared.snapshot.unavailable
    if unavailable and Source.STOCK in unavailable:
        return UnknownFact(Source.STOCK.value, None, Why.UNAVAILABLE)
    if stated_us is None:
        return UnknownFact(Source.STOCK.value, sku, Why.MISSING)
    if shared.is_stale(Source.STOCK, stated_us):
        return UnknownFact(Source.STOCK.value, sku, Why.STALE, stated_us)
    return None


def _sum_of(attribute: str) -> Callable[[Shelf], Seen]:
    def read(shelf: Shelf) -> Seen:
        figures = [getattr(level, attribute) for level in shelf.levels]
        return None if None in figures else sum(figures)

    return read


def _incoming_at(shelf: Shelf) -> Seen:
    return min((level.incoming_at_us for level in shelf.levels if level.incoming_at_us is not None), default=None)


def _restock_at(shelf: Shelf) -> Seen:
    as_of_us = shelf.shared.as_of_us
    at_us = min(
        (
            level.incoming_at_us
            for level in shelf.levels
            if level.incoming_at_us is not None and level.incoming_at_us > as_of_us and level.incoming_units != 0
        ),
        default=None,
    )
    if at_us is not None:
        shelf.shared.note_change(at_us)
    return at_us


def _availability(shelf: Shelf) -> Seen:
    stated = [level.availability for level in shelf.levels]
    for word in BEST_AVAILABILITY_FIRST:
        if word in stated:
            return word
    return None


def _age(shelf: Shelf) -> Seen:
    shared, stated_us = shelf.shared, shelf.stated_us
    if stated_us is None:
        return None
    for bound_us in shared.terms.age_bounds_us:
        shared.note_change(stated_us + bound_us)
        shared.note_change(stated_us + bound_us + 1)
    return max(0, shared.as_of_us - stated_us)


STOCK_READERS: Final[Mapping[str, Callable[[Shelf], Seen]]] = {
    "stock.available_units": _sum_of("available_units"),
    "stock.on_hand": _sum_of("on_hand"),
    "stock.reserved": _sum_of("reserved"),
    "stock.safety_stock": _sum_of("safety_stock"),
    "stock.incoming_units": _sum_of("incoming_units"),
    "stock.incoming_at": _incoming_at,
    "stock.restock_at": _restock_at,
    "stock.availability": _availability,
    "stock.age": _age,
}

"""Turn order lines into purchases found by what makes them count as the same: the customer's, and the household's.

Credits are settled per customer. A bundle bought stands under each of its parts as well.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from suppress.decisions.decision import Why
from suppress.engine.shared import SharedFacts, UnknownFact
from suppress.facts.history import OrderLine, settle
from suppress.facts.snapshot import Source
from suppress.rules.tree import Bought, By, Count, Same


class Purchase(NamedTuple):
    """One purchase as windows count it."""

    at_us: int
    kept_units: int
    ordered_units: int
    is_gift: bool
    channel: str | None
    order_id: str

    def counted(self, node: Bought) -> int:
        """Units that count for the node, before windows; 0 = none."""
        if (self.is_gift and not node.gifts) or (node.channels and self.channel not in node.channels):
            return 0
        return self.kept_units if node.kept else self.ordered_units


Index = dict[Same, dict[str, list[Purchase]]]
_NONE: Final[Sequence[Purchase]] = ()
_BY_ITSELF = (Same.SKU, Same.ITEM_GROUP, Same.CATEGORY, Same.BRAND)


class Purchases:
    """What the customer and the household bought, by key. Lines are settled and indexed when first asked for."""

    __slots__ = ("_others", "_own", "_problem", "_problem_read", "shared")

    def __init__(self, shared: SharedFacts) -> None:
        self.shared = shared
        self._own: Index | None = None
        self._others: Index | None = None
        self._problem: UnknownFact | None = None
        self._problem_read = False

    def problem(self) -> UnknownFact | None:
        """Why the customer's purchases cannot be used, or None."""
        if not self._problem_read:
            self._problem = self.shared.history_problem(Source.ORDERS)
            self._problem_read = True
        return self._problem

    def household_problem(self) -> UnknownFact | None:
        """Why the household cannot be named, or None. A known customer without a household is one of her own."""
        return self.shared.customer_problem()

    def found(self, same: Same, key: str, by: By = By.CUSTOMER) -> Sequence[Purchase]:
        """The purchases that count as the same, by that key. For COMPONENT: of the sku, and of bundles it is in."""
        if self._own is None:
            self._own = _index([self.shared.snapshot.lines])
        own = self._own[same].get(key, _NONE)
        if by is By.CUSTOMER or self.household_problem() is not None:
            return own
        if self._others is None:
            self._others = _index(self.shared.snapshot.household_lines.values())
        others = self._others[same].get(key, _NONE)
        return (*own, *others) if others else own


def units_or_orders(purchases: Iterable[tuple[Purchase, int]], count: Count) -> int:
    """How much counted purchases come to."""
    if count is Count.UNITS:
        return sum(units for _, units in purchases)
    return len({purchase.order_id for purchase, _ in purchases})


def missing_product(sku: str) -> UnknownFact:
    """The catalogue does not know the sku."""
    return UnknownFact(Source.PRODUCTS.value, sku, Why.MISSING)


def _index(histories: Iterable[Iterable[OrderLine]]) -> Index:
    """Purchases by key, of several customers, each settled by itself."""
    index: Index = {same: {} for same in Same}
    for lines in histories:
        _add(index, lines)
    return index


def _add(index: Index, lines: Iterable[OrderLine]) -> None:
    by_sku, by_group, by_category, by_brand = (index[same] for same in _BY_ITSELF)
    by_component = index[Same.COMPONENT]
    settled, _ = settle(lines)
    for line, kept_units in settled:
        bought = Purchase(line.ordered_at_us, kept_units, line.units, line.is_gift, line.channel, line.order_id)
        by_sku.setdefault(line.sku, []).append(bought)
        by_component.setdefault(line.sku, []).append(bought)
        if line.item_group is not None:
            by_group.setdefault(line.item_group, []).append(bought)
        if line.category is not None:
            by_category.setdefault(line.category, []).append(bought)
        if line.brand is not None:
            by_brand.setdefault(line.brand, []).append(bought)
        if line.bundle_of:
            for part, number in Counter(line.bundle_of).items():
                if part == line.sku:
                    continue  # A product that names itself as its part is still one product.
                by_component.setdefault(part, []).append(
                    bought._replace(kept_units=kept_units * number, ordered_units=line.units * number)
                )

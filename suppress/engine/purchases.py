"""Turn order lines into purchases found by what makes them count as the same: the customer's, and the household's.

Credits are settled per customer. A bundle bought stands under each of its parts as well.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

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


Index = Mapping[str, Sequence[Purchase]]
_NONE: Final[Sequence[Purchase]] = ()


class Purchases:
    """What the customer and the household bought, by key. Lines are settled and indexed when first asked for."""

    __slots__ = ("_indexes", "_problem", "_problem_read", "_settled", "shared")

    def __init__(self, shared: SharedFacts) -> None:
        self.shared = shared
        self._settled: dict[By, list[tuple[OrderLine, Purchase]]] = {}
        self._indexes: dict[tuple[By, Same], Index] = {}
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
        problem = self.shared.snapshot.household_problem
        if problem is not None:
            return UnknownFact("customer.household_id", None, problem)
        return self.shared.customer_problem()

    def found(self, same: Same, key: str, by: By = By.CUSTOMER) -> Sequence[Purchase]:
        """The purchases that count as the same, by that key. For COMPONENT: of the sku, and of bundles it is in."""
        own = self._index(By.CUSTOMER, same).get(key, _NONE)
        if by is By.CUSTOMER or self.household_problem() is not None:
            return own
        others = self._index(By.HOUSEHOLD, same).get(key, _NONE)
        return (*own, *others) if others else own

    def _index(self, by: By, same: Same) -> Index:
        """By key, the customer's own purchases, or (HOUSEHOLD) those of the others."""
        found = self._indexes.get((by, same))
        if found is None:
            settled = self._settled.get(by)
            if settled is None:
                snapshot = self.shared.snapshot
                histories = [snapshot.lines] if by is By.CUSTOMER else snapshot.household_lines.values()
                settled = self._settled[by] = [entry for lines in histories for entry in _purchases(lines)]
            found = self._indexes[by, same] = _by_component(settled) if same is Same.COMPONENT else _by(same, settled)
        return found


def units_or_orders(purchases: Iterable[tuple[Purchase, int]], count: Count) -> int:
    """How much counted purchases come to."""
    if count is Count.UNITS:
        return sum(units for _, units in purchases)
    return len({purchase.order_id for purchase, _ in purchases})


def _purchases(lines: Iterable[OrderLine]) -> list[tuple[OrderLine, Purchase]]:
    settled, _ = settle(lines)
    return [
        (line, Purchase(line.ordered_at_us, kept_units, line.units, line.is_gift, line.channel, line.order_id))
        for line, kept_units in settled
    ]


def _by(same: Same, settled: Iterable[tuple[OrderLine, Purchase]]) -> Index:
    attribute = same.value
    index: dict[str, list[Purchase]] = {}
    for line, bought in settled:
        key = getattr(line, attribute)
        if key is not None:
            index.setdefault(key, []).append(bought)
    return index


def _by_component(settled: Iterable[tuple[OrderLine, Purchase]]) -> Index:
    index: dict[str, list[Purchase]] = {}
    for line, bought in settled:
        index.setdefault(line.sku, []).append(bought)
        for part, number in Counter(line.bundle_of).items():
            # A product that names itself as its part is still one product.
            if part != line.sku:
                within = bought._replace(
                    kept_units=bought.kept_units * number, ordered_units=bought.ordered_units * number
                )
                index.setdefault(part, []).append(within)
    return index

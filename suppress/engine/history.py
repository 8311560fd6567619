"""Turn purchases into what they say of one item: bought in a window, how much, when that changes.

The purchases that count are those of the same sku, style, category or brand, or of what contains the item and what it
contains. Where nobody knows the item's style, category, brand or parts, those of its sku count, for an item is always
the same as itself, and the rest is unknown.
"""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from suppress.engine.evaluate import Truth
from suppress.engine.purchases import Purchase, Purchases, units_or_orders
from suppress.engine.sameness import key_of
from suppress.engine.shared import UnknownFact
from suppress.facts.catalog import Product
from suppress.facts.instants import US_PER_DAY
from suppress.facts.snapshot import Source
from suppress.rules.tree import Bought, By, Count, Parts, Same


class _Counted(NamedTuple):
    """The purchases that count as the same. `parts`: of each part, when the item is a bundle. `sure`: these are all."""

    own: Sequence[Purchase]
    sure: bool
    parts: tuple[Sequence[Purchase], ...] = ()

    @property
    def lists(self) -> tuple[Sequence[Purchase], ...]:
        return (self.own, *self.parts) if self.parts else (self.own,)


class ItemHistory:
    """What the customer bought, seen from one item. Windows and cycles end at `at_us`, which is `as_of` or later."""

    __slots__ = ("_cycle_days", "_found", "at_us", "product", "purchases", "sku")

    def __init__(
        self, purchases: Purchases, sku: str, product: Product | None, cycle_days: int | None, at_us: int
    ) -> None:
        self.purchases = purchases
        self.sku = sku
        self.product = product
        self.at_us = at_us
        self._cycle_days = cycle_days
        self._found: dict[tuple[Same, By], _Counted] = {}

    def later(self, at_us: int) -> "ItemHistory":
        """The same purchases with windows and cycles that end at a later instant."""
        history = ItemHistory(self.purchases, self.sku, self.product, self._cycle_days, at_us)
        history._found = self._found
        return history

    def bought(self, node: Bought) -> Truth:
        """Whether the customer bought it: unknown when nobody knows the purchases, or what counts as the same."""
        if self.purchases.problem() is not None:
            return None
        counted = self._counted(node)
        if not counted.own and not counted.parts:
            return False if counted.sure else None
        enough = [self._enough(purchases, node) for purchases in counted.lists]
        return True if _holds(enough, node.parts) else False if counted.sure else None

    def why_unknown(self, node: Bought) -> UnknownFact | None:
        """Why the purchases cannot be counted; None when it is the item of which too little is known."""
        problem = self.purchases.problem()
        if problem is None and node.by is By.HOUSEHOLD:
            problem = self.purchases.household_problem()
        return problem

    def never_bought(self, node: Bought) -> bool:
        """Whether nothing that counts as the same was ever bought, for certain."""
        if self.purchases.problem() is not None:
            return False
        counted = self._counted(node)
        return counted.sure and not any(counted.lists)

    def amount(self, node: Bought) -> tuple[int, int | None]:
        """Units or orders counted for the node, and when the last of them was bought; None = none counted."""
        low_us, high_us = self._window(node)
        found = [
            (purchase, units)
            for purchases in self._counted(node).lists
            for purchase in purchases
            if low_us < purchase.at_us <= high_us and (units := purchase.counted(node))
        ]
        return units_or_orders(found, node.count), max((purchase.at_us for purchase, _ in found), default=None)

    def flips(self, node: Bought) -> list[int]:
        """The instants after `as_of` at which the node's truth changes if nothing else happens, in order."""
        if self.purchases.problem() is not None:
            return []
        as_of_us = self.purchases.shared.as_of_us
        lists = self._counted(node).lists
        tallies = [_Tally(node) for _ in lists]
        later: dict[int, list[tuple[_Tally, str, int]]] = {}
        for tally, purchases in zip(tallies, lists, strict=True):
            for purchase in purchases:
                units = purchase.counted(node)
                enters_us = purchase.at_us + (node.not_within.us if node.not_within else 0)
                leaves_us = purchase.at_us + node.within.us if node.within else None
                for at_us, delta in ((enters_us, units), (leaves_us, -units)):
                    if at_us is not None and at_us <= as_of_us:
                        tally.add(purchase.order_id, delta)
                    elif at_us is not None:
                        later.setdefault(at_us, []).append((tally, purchase.order_id, delta))
        flips = []
        held = _holds([tally.is_enough for tally in tallies], node.parts)
        for at_us in sorted(later):
            for tally, order_id, delta in later[at_us]:
                tally.add(order_id, delta)
            holds = _holds([tally.is_enough for tally in tallies], node.parts)
            if holds is not held:
                flips.append(at_us)
                held = holds
        return flips

    def due_at_us(self) -> int | None:
        """When the item is due for replenishment, counted from the last purchase; None when it never is.

        The cycle is that of one unit, so it is multiplied by the units of the last purchase.
        """
        last_us = None if self._cycle_days is None else self.last_kept_us()
        if self._cycle_days is None or last_us is None:
            return None
        units = sum(p.kept_units for p in self.purchases.found(Same.SKU, self.sku) if p.at_us == last_us)
        return last_us + self._cycle_days * units * US_PER_DAY

    def last_kept_us(self) -> int | None:
        """When the customer last bought and kept this sku; None when never."""
        kept = (p.at_us for p in self.purchases.found(Same.SKU, self.sku) if p.kept_units)
        return max(kept, default=None)

    def _enough(self, purchases: Sequence[Purchase], node: Bought) -> bool:
        """Whether these come to `at_least` within the window; notes when one of them enters or leaves it."""
        note_change = self.purchases.shared.note_change
        low_us, high_us = self._window(node)
        within_us = node.within.us if node.within else None
        not_within_us = node.not_within.us if node.not_within else 0
        total = 0
        orders = set()
        for purchase in purchases:
            at_us = purchase.at_us
            if at_us > high_us:
                note_change(at_us + not_within_us)
            elif at_us > low_us:
                if within_us is not None:
                    note_change(at_us + within_us)
                units = purchase.counted(node)
                if units:
                    total += units
                    orders.add(purchase.order_id)
        return (total if node.count is Count.UNITS else len(orders)) >= node.at_least

    def _counted(self, node: Bought) -> _Counted:
        """The purchases that count as the same, and whether those are all."""
        found = self._found.get((node.same, node.by))
        if found is None:
            found = self._found[node.same, node.by] = self._find(node.same, node.by)
        return found

    def _find(self, same: Same, by: By) -> _Counted:
        sure = by is By.CUSTOMER or self.purchases.household_problem() is None
        if same is Same.COMPONENT:
            # A catalogue too old to say what the item is cannot say what was inside the bundles bought either.
            usable = self.purchases.shared.problem_with(Source.PRODUCTS) is None
            own = self.purchases.found(Same.COMPONENT if usable else Same.SKU, self.sku, by)
            if self.product is None:
                return _Counted(own, False)
            parts = dict.fromkeys(self.product.bundle_of)
            return _Counted(own, sure, tuple(self.purchases.found(Same.COMPONENT, part, by) for part in parts))
        key = key_of(same, self.sku, self.product)
        if key is None:
            return _Counted(self.purchases.found(Same.SKU, self.sku, by), False)
        return _Counted(self.purchases.found(same, key, by), sure)

    def _window(self, node: Bought) -> tuple[int, int]:
        at_us = self.at_us
        low_us = at_us - node.within.us if node.within else -(1 << 62)
        return low_us, at_us - node.not_within.us if node.not_within else at_us


class _Tally:
    """Counted units while purchases enter and leave a window."""

    __slots__ = ("_node", "_of_order", "_units")

    def __init__(self, node: Bought) -> None:
        self._node = node
        self._units = 0
        self._of_order: Counter[str] = Counter()

    def add(self, order_id: str, units: int) -> None:
        self._units += units
        self._of_order[order_id] += units

    @property
    def is_enough(self) -> bool:
        if self._node.count is Count.UNITS:
            return self._units >= self._node.at_least
        return sum(1 for units in self._of_order.values() if units) >= self._node.at_least


def _holds(enough: Sequence[bool], parts: Parts) -> bool:
    """Whether the item itself was bought often enough (first), or all (any) of its parts (the others)."""
    own, *of_parts = enough
    return own or (bool(of_parts) and (all(of_parts) if parts is Parts.ALL else any(of_parts)))

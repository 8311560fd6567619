"""Turn the customer's purchases into what they say of one item: bought in a window, how much, when that changes.

The purchases that count are those of the same sku, style, category or brand. Where nobody knows the item's style,
category or brand, those of its sku count, for an item is always the same as itself, and the rest is unknown.
"""

from collections.abc import Sequence

from suppress.engine.evaluate import Truth
from suppress.engine.shared import PurchaseUnits, SharedFacts
from suppress.facts.catalog import Product
from suppress.facts.instants import US_PER_DAY
from suppress.rules.tree import Bought, Same


class ItemHistory:
    """What the customer bought, seen from one item. Windows and cycles end at `at_us`, which is `as_of` or later."""

    __slots__ = ("_known", "_purchases", "at_us", "product", "shared", "sku")

    def __init__(self, shared: SharedFacts, sku: str, product: Product | None, at_us: int | None = None) -> None:
        self.shared = shared
        self.sku = sku
        self.product = product
        self.at_us = shared.as_of_us if at_us is None else at_us
        self._known: dict[int, Truth] = {}
        self._purchases: dict[Same, tuple[Sequence[PurchaseUnits], bool]] = {}

    def bought(self, node: Bought) -> Truth:
        """Whether the customer bought it: unknown when nobody knows the purchases, or what counts as the same."""
        known = self._known
        key = id(node)
        if key in known:
            return known[key]
        known[key] = value = self._read(node)
        return value

    def never_bought(self, same: Same) -> bool:
        """Whether nothing that counts as the same was ever bought, for certain."""
        if self.shared.history_problem() is not None:
            return False
        purchases, sure = self._counted(same)
        return sure and not purchases

    def units(self, node: Bought) -> tuple[int, int | None]:
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
        kept = (p.at_us for p in self.shared.purchases(Same.SKU, self.sku) if p.kept_units)
        return max(kept, default=None)

    def _read(self, node: Bought) -> Truth:
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
        """The purchases that count as the same, and whether those are all."""
        found = self._purchases.get(same)
        if found is None:
            key = self._key(same)
            if key is None:
                found = self.shared.purchases(Same.SKU, self.sku), False
            else:
                found = self.shared.purchases(same, key), True
            self._purchases[same] = found
        return found

    def _key(self, same: Same) -> str | None:
        if same is Same.SKU:
            return self.sku
        product = self.product
        if product is None:
            return None
        if same is Same.ITEM_GROUP:
            return product.item_group
        return product.category if same is Same.CATEGORY else product.brand

    def _window(self, node: Bought) -> tuple[int, int]:
        at_us = self.at_us
        low_us = at_us - node.within.us if node.within else -(1 << 62)
        return low_us, at_us - node.not_within.us if node.not_within else at_us

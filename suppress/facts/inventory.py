"""What the shop can deliver: stock per sku and location, and the sums rules compare."""

from collections.abc import Sequence
from typing import Final, NamedTuple

AVAILABILITIES: Final = ("in_stock", "out_of_stock", "preorder", "backorder")
BEST_AVAILABILITY_FIRST: Final = ("in_stock", "backorder", "preorder", "out_of_stock")
"""Of several locations the best counts."""


class StockLevel(NamedTuple):
    """Units of one sku at one location, as the shop's feed stated them at `updated_at_us`."""

    sku: str
    location_id: str
    on_hand: int
    updated_at_us: int
    reserved: int = 0
    safety_stock: int = 0
    incoming_units: int | None = None
    incoming_at_us: int | None = None
    availability: str | None = None

    @property
    def available_units(self) -> int:
        """Units that can be sold: on hand minus reserved minus safety stock, never below 0."""
        return max(0, self.on_hand - self.reserved - self.safety_stock)


def oldest_us(levels: Sequence[StockLevel]) -> int:
    """When the oldest of the figures was stated: a sum is only as fresh as its oldest part."""
    return min(level.updated_at_us for level in levels)

"""What the shop sells: one Product per sku.

Facts that arrive in great numbers are NamedTuples: as immutable as a frozen dataclass, and made straight from a
database row at a quarter of the cost, which the check would otherwise feel.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

PRODUCT_STATUSES: Final = ("active", "discontinued", "recalled", "hidden")


class Product(NamedTuple):
    """One sellable thing. None = unknown.

    `item_group`: products that differ by size or colour share it; a product without one is its own group.
    `category`: path with `/` between levels. `replenish_days`: days until one unit of a consumable is used up; None =
    not a consumable. `price_minor`: minor units of `currency`. `bundle_of`: the skus inside, when it is a bundle.
    """

    sku: str
    item_group: str
    title: str | None = None
    category: str | None = None
    brand: str | None = None
    status: str = "active"
    replenish_days: int | None = None
    price_minor: int | None = None
    currency: str | None = None
    bundle_of: tuple[str, ...] = ()
    attributes: Mapping[str, str] = {}


def is_under(category: str, top: str) -> bool:
    """Whether a category is `top` or below it: `food/tea` is under `food`, `foodstuff` is not."""
    return category.startswith(top) and (len(category) == len(top) or category[len(top)] == "/")

"""What a customer said of a product or of a category."""

from typing import Final, NamedTuple

SAYINGS: Final = ("already_own", "not_interested", "bought_as_gift")


class Feedback(NamedTuple):
    """One thing said: of a sku (style and category are today's catalogue's), or of a category (`sku` is None)."""

    says: str
    at_us: int
    sku: str | None = None
    item_group: str | None = None
    category: str | None = None

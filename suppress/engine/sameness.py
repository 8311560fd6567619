"""Turn an item into what makes something earlier count as the same: its sku, style, category or brand."""

from suppress.facts.catalog import Product
from suppress.rules.tree import Same


def key_of(same: Same, sku: str, product: Product | None) -> str | None:
    """The item's own key, to be found again in purchases, messages and feedback; None = nobody knows it."""
    if same is Same.SKU:
        return sku
    key: str | None = None if product is None else getattr(product, same.value)
    return key

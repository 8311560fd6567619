"""Turn feedback into what the customer said of an item, of its style or of its category."""

from collections.abc import Iterable

from suppress.engine.evaluate import Truth
from suppress.engine.sameness import key_of
from suppress.engine.shared import SharedFacts
from suppress.facts.catalog import Product, is_under
from suppress.facts.feedback import Feedback
from suppress.facts.snapshot import Source
from suppress.rules.tree import Said, Same


def said(shared: SharedFacts, node: Said, sku: str, product: Product | None, at_us: int) -> Truth:
    """Whether it was said: unknown without feedback; where style or category are unknown, the sku alone counts."""
    if shared.history_problem(Source.FEEDBACK) is not None:
        return None
    found = False
    for opinion in opinions(shared, node, sku, product, at_us):
        found = True
        if node.within is not None:
            shared.note_change(opinion.at_us + node.within.us)
    return True if found else False if key_of(node.same, sku, product) is not None else None


def opinions(shared: SharedFacts, node: Said, sku: str, product: Product | None, at_us: int) -> Iterable[Feedback]:
    """What was said of the item within the window that ends at `at_us`."""
    low_us = at_us - node.within.us if node.within else -(1 << 62)
    for opinion in shared.snapshot.feedback:
        if (
            opinion.says in node.says
            and low_us < opinion.at_us <= shared.as_of_us
            and _is_about(opinion, node.same, sku, product)
        ):
            yield opinion


def flips(shared: SharedFacts, node: Said, sku: str, product: Product | None) -> list[int]:
    """The instant at which the last of what was said leaves the window; none when it never does."""
    if node.within is None or shared.history_problem(Source.FEEDBACK) is not None:
        return []
    last_us = max((o.at_us for o in opinions(shared, node, sku, product, shared.as_of_us)), default=None)
    return [] if last_us is None else [last_us + node.within.us]


def _is_about(opinion: Feedback, same: Same, sku: str, product: Product | None) -> bool:
    if opinion.sku == sku:
        return True
    if product is None or same is Same.SKU:
        return False
    if same is Same.ITEM_GROUP:
        return opinion.item_group == product.item_group
    if opinion.category is None or product.category is None:
        return False
    if opinion.sku is not None:
        return opinion.category == product.category
    return is_under(product.category, opinion.category)

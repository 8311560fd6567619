"""Turn candidates into `pair`: one row per (message, candidate) with the keys of its product, to join any past with.

Keys are NULL when the catalogue does not know the product or cannot be used. The rows also hold what tells where a
condition on the past can matter at all.
"""

from collections.abc import Sequence
from typing import Final

from suppress.facts.fields import Operator
from suppress.facts.snapshot import Source
from suppress.rules.tree import Compare, Leaf, Past, Same
from suppress.scan.asked import Asked
from suppress.scan.goods import Goods
from suppress.scan.lower import truth
from suppress.scan.relevance import relevance
from suppress.scan.sql import all_of, any_of, literal, name
from suppress.scan.usable import Usable

PAIR: Final = "pair_no"
PAIR_NO: Final = "c.message_no * 1048576 + c.position"
"""One number for a message's candidate; a message has fewer than a million of them."""
PAIR_OF_C: Final = "c.pair_no"
KEYS: Final = {Same.COMPONENT: "sku", Same.ITEM_GROUP: "item_group", Same.CATEGORY: "category", Same.BRAND: "brand"}


class Pairs:
    """The SQL of pairs, for one ruleset."""

    def __init__(self, asked: Asked, usable: Usable, goods: Goods) -> None:
        self.asked = asked
        self._usable = usable
        self._goods = goods

    def pair(self) -> str:
        """The relation `pair`."""
        known = self.knows_products()
        plain = [f", {self._goods.field(field)} AS {name(field)}" for field in self._plain_item_fields()]
        plain += [f", m.{name(field)} AS {name(field)}" for field in self._plain_message_fields()]
        return (
            f"SELECT {PAIR_NO} AS pair_no, c.sku, m.customer_id, m.as_of_us, m.message_id, m.channel, m.campaign_id,"
            f" g.item_group, g.category, g.brand, g.bundle_of, g.cycle_days, {known} AS knows_products{''.join(plain)}"
            " FROM candidate c JOIN message m ON m.message_no = c.message_no"
            f" LEFT JOIN product g ON g.sku = c.sku AND {known}"
        )

    def relevant(self, nodes: Sequence[Past]) -> str:
        """Where any of these conditions can matter, as a condition on pairs `c`."""
        alternatives = []
        for node in nodes:
            found = relevance((*self.asked.item_rules, *self.asked.limit_rules), node, self._is_plain)
            if found is None:
                return "TRUE"
            alternatives += [
                all_of([f"coalesce({truth(condition, self.asked)}, TRUE)" for condition in beside]) for beside in found
            ]
        return any_of(list(dict.fromkeys(alternatives)))

    def knows_products(self) -> str:
        """Whether the catalogue can be used for message `m`."""
        return self._usable.source(Source.PRODUCTS, "m.as_of_us")

    def _plain_item_fields(self) -> list[str]:
        fields = self.asked.item_fields()
        return [field for field in fields if field.startswith("item.") and self._goods.field(field) is not None]

    def _plain_message_fields(self) -> list[str]:
        asked = {leaf.field.name for leaf in self.asked.item_leaves if isinstance(leaf, Compare)}
        return [field for field in self.asked.message_fields() if field in asked]

    def _is_plain(self, leaf: Leaf) -> bool:
        if not isinstance(leaf, Compare) or leaf.operator is Operator.MATCHES:
            return False
        return leaf.field.name in (*self._plain_item_fields(), *self._plain_message_fields())


def is_known(same: Same) -> str:
    """Whether the candidate's own key is known, by which the same is found."""
    if same is Same.SKU:
        return literal(True)
    return f"g.{KEYS[same]} IS NOT NULL"

"""Say in SQL which order lines count for a condition on purchases, how much, and when last."""

from typing import Final

from suppress.rules.tree import Bought, Count, Same
from suppress.scan.asked import Asked
from suppress.scan.sql import literal, literals

LINE: Final = "l.ordered_at_us, l.units, l.kept_units, l.is_gift, l.channel, l.order_id"
"""What is asked of an order line beside its keys."""


def units(node: Bought) -> str:
    """How many units of line `l` a condition looks at: those bought, or those not given back."""
    return "l.kept_units" if node.kept else "l.units"


def counts(node: Bought) -> str:
    """Whether line `l`, which holds the pair's `as_of_us`, counts."""
    parts = [f"{units(node)} > 0"]
    if node.same is not Same.COMPONENT:
        parts.append(f"l.same_{node.same.value}")
    if node.within is not None:
        parts.append(f"l.ordered_at_us > l.as_of_us - {literal(node.within.us)}")
    if node.not_within is not None:
        parts.append(f"l.ordered_at_us <= l.as_of_us - {literal(node.not_within.us)}")
    if not node.gifts:
        parts.append("NOT l.is_gift")
    if node.channels:
        parts.append(f"l.channel IN ({literals(node.channels)})")
    return " AND ".join(parts)


def counted(asked: Asked, node: Bought, times: str = "") -> list[str]:
    """What is counted of lines `l`, which hold `as_of_us`: the amount, and the last instant.

    `times`: what units are multiplied by.
    """
    where = counts(node)
    amount = (
        f"count(DISTINCT l.order_id) FILTER (WHERE {where})"
        if node.count is Count.ORDERS
        else f"CAST(sum({units(node)}{times}) FILTER (WHERE {where}) AS BIGINT)"
    )
    return [
        f"{amount} AS {asked.amount(node)}",
        f"max(l.ordered_at_us) FILTER (WHERE {where}) AS {asked.last(node)}",
    ]

"""What the customer bought: order lines with their state, and credits that arrived without their order."""

from collections.abc import Iterable
from typing import NamedTuple


class OrderLine(NamedTuple):
    """One line of one order, or (negative `units`) a credit note that names no order line.

    `item_group`, `category`, `brand`, `bundle_of` are those of the sku in today's catalogue; None = the catalogue does
    not say, and then the line counts for its sku alone. `order_id` is empty where nobody asked for it.
    """

    sku: str
    ordered_at_us: int
    units: int
    cancelled_units: int = 0
    returned_units: int = 0
    is_gift: bool = False
    channel: str | None = None
    item_group: str | None = None
    category: str | None = None
    brand: str | None = None
    order_id: str = ""
    bundle_of: tuple[str, ...] = ()


class Purchase(NamedTuple):
    """An order line after all that came back: `kept_units` = units - cancelled - returned - credited, at least 0."""

    line: OrderLine
    kept_units: int


class UnmatchedCredit(NamedTuple):
    """Units of a credit note for which no earlier line of the same sku was found."""

    line: OrderLine
    units: int


def settle(lines: Iterable[OrderLine]) -> tuple[list[Purchase], list[UnmatchedCredit]]:
    """The purchases of one customer with credits taken off, and the credits that matched nothing.

    A credit is matched to that customer's earlier (or simultaneous) lines of the same sku, newest first. Credits are
    settled in order of time, so the result does not depend on the order in which `lines` come.
    """
    bought: list[OrderLine] = []
    returned: list[OrderLine] = []
    for line in lines:
        (bought if line.units > 0 else returned).append(line)
    if not returned:
        return [Purchase(line, _kept(line)) for line in bought], []
    bought.sort(key=_order)
    kept = [_kept(line) for line in bought]
    of_sku: dict[str, list[int]] = {}
    for index, line in enumerate(bought):
        of_sku.setdefault(line.sku, []).append(index)
    unmatched: list[UnmatchedCredit] = []
    for credit in sorted(returned, key=_order):
        left = -credit.units
        for index in reversed(of_sku.get(credit.sku, ())):
            if left and bought[index].ordered_at_us <= credit.ordered_at_us:
                taken = min(left, kept[index])
                kept[index] -= taken
                left -= taken
        if left:
            unmatched.append(UnmatchedCredit(credit, left))
    return [Purchase(line, units) for line, units in zip(bought, kept, strict=True)], unmatched


def _kept(line: OrderLine) -> int:
    return max(0, line.units - line.cancelled_units - line.returned_units)


def _order(line: OrderLine) -> tuple[int, str, int, int, bool, str]:
    return (line.ordered_at_us, line.sku, line.units, _kept(line), line.is_gift, line.channel or "")

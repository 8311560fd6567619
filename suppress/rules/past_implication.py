"""Say whether one look at the customer's history holds whenever another does, from their shape.

Sound in three-valued logic, as `implication` is: windows that lie in windows, words among words, counts above counts,
and never a look that may be unknown where the other is certain.
"""

from typing import Final

from suppress.rules.tree import (
    LONGEST_PERIOD_US,
    THIS,
    Bought,
    By,
    Count,
    Duration,
    Parts,
    Past,
    Period,
    Said,
    Same,
    Sent,
    Shown,
)

_CONTAINED: Final = {Period.DAY: frozenset(Period), Period.WEEK: {Period.WEEK}, Period.MONTH: {Period.MONTH}}


def past_implies(first: Past, second: Past) -> bool:
    """Whether `second` certainly holds whenever `first` does, and is never false unless `first` is."""
    match first, second:
        case Bought(), Bought():
            return (
                _is_as_wide(first.same, second.same)
                and _counts(first, second)
                and (first.kept or not second.kept)
                and (second.gifts or not first.gifts)
                and (first.by is By.CUSTOMER or second.by is By.HOUSEHOLD)
                and _are_among(first.channels, second.channels, this=False)
                and (first.parts is second.parts or second.parts is Parts.ANY or first.same is not Same.COMPONENT)
                and _lies_within(first, second)
            )
        case Shown(), Shown():
            return (
                _is_as_wide(first.same, second.same)
                and first.at_least >= second.at_least
                and _are_among(first.channels, second.channels)
                and _are_among(first.campaigns, second.campaigns)
                and _lies_within(first, second)
            )
        case Sent(), Sent():
            return (
                first.at_least >= second.at_least
                and _are_among(first.channels, second.channels)
                and _are_among(first.campaigns, second.campaigns)
                and _is_later(first, second)
            )
        case Said(), Said():
            return (
                set(first.says) <= set(second.says)
                and _is_as_wide(first.same, second.same)
                and _is_shorter(first.within, second.within)
            )
        case _:
            return False


def _is_as_wide(first: Same, second: Same) -> bool:
    """What is the same sku is the same by every other measure, for an item is always the same as itself."""
    return first is second or first is Same.SKU


def _counts(first: Bought, second: Bought) -> bool:
    """Every order has at least one unit; a single unit is in an order."""
    if first.at_least < second.at_least:
        return False
    return first.count is second.count or first.count is Count.ORDERS or second.at_least == 1


def _are_among(first: tuple[str, ...], second: tuple[str, ...], *, this: bool = True) -> bool:
    """None named = all. `this` is unknown where the message has none, so both must ask for it or neither."""
    if this and (THIS in first) is not (THIS in second):
        return False
    return not second or (bool(first) and set(first) <= set(second))


def _lies_within(first: Bought | Shown, second: Bought | Shown) -> bool:
    inner, outer = (node.not_within.us if node.not_within else 0 for node in (first, second))
    return _is_shorter(first.within, second.within) and outer <= inner


def _is_shorter(first: Duration | None, second: Duration | None) -> bool:
    return second is None or (first is not None and first.us <= second.us)


def _is_later(first: Sent, second: Sent) -> bool:
    """Whether the first look goes back no further than the second."""
    if first.calendar is None:
        return second.calendar is None and _is_shorter(first.within, second.within)
    if second.calendar is None:
        return second.within is None or LONGEST_PERIOD_US[first.calendar] <= second.within.us
    return first.zone == second.zone and second.calendar in _CONTAINED[first.calendar]

"""Say when a dropped item could be shown again, if nothing happens but time.

Only what time alone changes is moved: windows, replenishment cycles, clocks and calendars, the dates of rules. Stock
and all other facts stay as they are (a stock figure does not become better by growing stale), so an item that is also
sold out has no date.
"""

from collections.abc import Callable, Sequence
from typing import Final

from suppress.engine.evaluate import fires
from suppress.engine.features import ItemValues
from suppress.engine.opinions import flips as opinion_flips
from suppress.engine.shared import SharedFacts
from suppress.facts.local_time import next_midnight_us, next_turn_us
from suppress.rules.compile import CompiledRule
from suppress.rules.needs import LOCAL_FIELDS, REPLENISHMENT_DUE
from suppress.rules.tree import Bought, ClockTime, Compare, Leaf, Said, Sent, Shown

MOST_INSTANTS: Final = 64
"""Instants tried before giving up. More than a few occur only for hundreds of purchases under interleaved windows."""

_CLOCK: Final = "message.local_time"


def eligible_again_us(
    values: ItemValues,
    fired: Sequence[CompiledRule],
    moving_rules: Sequence[CompiledRule],
    is_obeyed: Callable[[CompiledRule], bool],
) -> int | None:
    """The first instant after `as_of` at which no obeyed rule drops the item; None when time alone does not help.

    `fired`: the rules that fire now. `moving_rules`: the item rules of which `moves` is true; the others stay.
    """
    as_of_us = values.shared.as_of_us
    pending: set[int] = set()
    for rule in fired:
        if is_obeyed(rule):
            changes = _changes(rule, values, as_of_us)
            if not changes:
                return None
            pending.update(changes)
    tried: set[int] = set()
    while pending and len(tried) < MOST_INSTANTS:
        at_us = min(pending)
        pending.remove(at_us)
        tried.add(at_us)
        then = values.later(at_us)
        firing = (rule for rule in moving_rules if is_obeyed(rule) and rule.applies_at(at_us) and fires(rule, then))
        # One that still drops the item is enough to go on: the others are met when that one stops.
        still = next(firing, None)
        if still is None:
            return at_us
        changes = _changes(still, values, at_us)
        if not changes:
            return None
        pending.update(changes)
        pending -= tried
    return None


def _changes(rule: CompiledRule, values: ItemValues, after_us: int) -> list[int]:
    """Instants after `after_us` at which the rule may start or stop firing; of what recurs, the next one."""
    changes = [] if rule.ends_us is None else [rule.ends_us]
    for leaf in rule.moving_leaves:
        changes.extend(_flips(leaf, values, after_us))
    return [at_us for at_us in changes if at_us > after_us]


def _flips(leaf: Leaf, values: ItemValues, after_us: int) -> list[int]:
    sku, product = values.item.sku, values.product
    match leaf:
        case Bought():
            return values.history.flips(leaf)
        case Shown():
            return values.message.outreach.flips(leaf, sku, product)
        case Sent():
            return values.message.outreach.flips(leaf)
        case Said():
            return opinion_flips(values.shared, leaf, sku, product)
        case Compare(field=field) if field.name == REPLENISHMENT_DUE:
            due_us = values.history.due_at_us()
            return [] if due_us is None else [due_us]
        case Compare(field=field) if field.name in LOCAL_FIELDS:
            return [_next_local(leaf, values.shared, after_us)]
        case _:
            return []


def _next_local(leaf: Compare, shared: SharedFacts, after_us: int) -> int:
    if leaf.field.name != _CLOCK:
        return next_midnight_us(after_us, shared.zone())
    walls_us = tuple(value.us for value in leaf.values if isinstance(value, ClockTime))
    return next_turn_us(after_us, walls_us, shared.zone())

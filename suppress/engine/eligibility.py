"""Say when a dropped item could be shown again, if nothing happens but time.

Only what time alone changes is moved: windows, replenishment cycles, the dates of rules. Stock and all other facts stay
as they are (a stock figure does not become better by growing stale), so an item that is also sold out has no date.
"""

from collections.abc import Sequence
from typing import Final

from suppress.decisions.decision import Mode
from suppress.engine.evaluate import fires
from suppress.engine.features import ItemValues
from suppress.rules.compile import REPLENISHMENT_DUE, CompiledRule
from suppress.rules.tree import Bought, leaves

MOST_INSTANTS: Final = 64
"""Instants tried before giving up. More than a few occur only for hundreds of purchases under interleaved windows."""


def moves(rule: CompiledRule) -> bool:
    """Whether time alone can make the rule start or stop firing."""
    return bool(rule.starts_us or rule.ends_us) or any(
        isinstance(leaf, Bought) or leaf.field.name == REPLENISHMENT_DUE for leaf in leaves(rule.condition)
    )


def eligible_again_us(
    values: ItemValues, fired: Sequence[CompiledRule], moving_rules: Sequence[CompiledRule]
) -> int | None:
    """The first instant after `as_of` at which no enforced rule drops the item; None when time alone does not help.

    `fired`: the rules that fire now. `moving_rules`: the item rules of which `moves` is true; the others stay.
    """
    pending: set[int] = set()
    for rule in fired:
        if rule.mode is Mode.ENFORCE:
            changes = _changes(rule, values)
            if not changes:
                return None
            pending.update(changes)
    tried: set[int] = set()
    while pending and len(tried) < MOST_INSTANTS:
        at_us = min(pending)
        pending.remove(at_us)
        tried.add(at_us)
        then = values.later(at_us)
        still = [
            rule for rule in moving_rules if rule.mode is Mode.ENFORCE and rule.applies_at(at_us) and fires(rule, then)
        ]
        if not still:
            return at_us
        for rule in still:
            changes = [change_us for change_us in _changes(rule, values) if change_us > at_us]
            if not changes:
                return None
            pending.update(changes)
        pending -= tried
    return None


def _changes(rule: CompiledRule, values: ItemValues) -> list[int]:
    """The instants after `as_of` at which the rule may start or stop firing."""
    as_of_us = values.shared.as_of_us
    changes = [] if rule.ends_us is None else [rule.ends_us]
    for leaf in leaves(rule.condition):
        if isinstance(leaf, Bought):
            changes.extend(values.history.flips(leaf))
        elif leaf.field.name == REPLENISHMENT_DUE:
            due_us = values.history.due_at_us()
            if due_us is not None:
                changes.append(due_us)
    return [at_us for at_us in changes if at_us > as_of_us]

"""Say in SQL when a rule that fires now stops firing by the passing of time alone, where that has a closed form.

It has one when the rule can only ever stop: its windows have no `not_within` and ask for units or one message, clocks
and calendars are not asked, replenishment being due only excuses. Then a condition ends with its first part that ends
(`all`) or its last (`any`), and an item may be shown again when the last of its rules has ended. The others are worked
out by the engine, message by message (`engine.eligibility` is the reference of both).
"""

from collections.abc import Iterable
from typing import Final

from suppress.decisions.decision import Mode
from suppress.rules.compile import CompiledRule
from suppress.rules.needs import LOCAL_FIELDS, REPLENISHMENT_DUE
from suppress.rules.ruleset import WhenUnknown
from suppress.rules.tree import All, AnyOf, Bought, Compare, Condition, Not, Said, Same, Sent, Shown
from suppress.scan.asked import Asked, counts_down
from suppress.scan.lower import truth
from suppress.scan.sql import literal

NEVER: Final = 1 << 62
_NOW: Final = literal(0)


def has_end(rule: CompiledRule) -> bool:
    """Whether there is a closed form of when the rule stops."""
    return rule.starts_us is None and _only_falls(rule.condition, negated=False)


def all_have_ends(rules: Iterable[CompiledRule]) -> bool:
    """Whether there is a closed form for every rule that may be obeyed."""
    return all(has_end(rule) for rule in rules if rule.mode is Mode.ENFORCE)


def end_of_rule(rule: CompiledRule, asked: Asked) -> str:
    """The instant at which a rule that fires stops; NEVER when time alone does not help."""
    if not has_end(rule):
        return literal(NEVER)
    end = _end(rule.condition, asked, rule.when_unknown is WhenUnknown.BLOCK)
    return end if rule.ends_us is None else f"least({end}, {literal(rule.ends_us)})"


def _only_falls(condition: Condition, *, negated: bool) -> bool:
    match condition:
        case All(parts=parts) | AnyOf(parts=parts):
            return all(_only_falls(part, negated=negated) for part in parts)
        case Not(part=part):
            return _only_falls(part, negated=not negated)
        case Compare(field=field):
            return (
                field.name != REPLENISHMENT_DUE or _only_excuses(condition, negated)
            ) and field.name not in LOCAL_FIELDS
        case Bought(not_within=None, at_least=at_least, same=same):
            return not negated and same is not Same.COMPONENT and (at_least == 1 or counts_down(condition))
        case Shown(not_within=None, at_least=1) | Said():
            return not negated
        case Sent(calendar=None, at_least=1):
            return not negated
        case _:
            return False


def _only_excuses(leaf: Compare, negated: bool) -> bool:
    """Whether the leaf becomes false, never true, once the item is due."""
    return (
        leaf.operator.value in ("is", "is_not") and ((leaf.operator.value == "is") is bool(leaf.values[0])) is negated
    )


def _end(condition: Condition, asked: Asked, blocks: bool) -> str:
    """When the condition stops being true (`blocks`: when it becomes false); NEVER, or now when it is not any more."""
    match condition:
        case All(parts=parts):
            return f"least({', '.join(_end(part, asked, blocks) for part in parts)})"
        case AnyOf(parts=parts):
            return f"greatest({', '.join(_end(part, asked, blocks) for part in parts)})"
        case Not(part=All(parts=parts)):
            return f"greatest({', '.join(_end(Not(part=part), asked, blocks) for part in parts)})"
        case Not(part=AnyOf(parts=parts)):
            return f"least({', '.join(_end(Not(part=part), asked, blocks) for part in parts)})"
        case Not(part=Not(part=part)):
            return _end(part, asked, blocks)
        case Bought(within=within) | Shown(within=within) | Said(within=within) | Sent(within=within) if within:
            past, last = asked.past(condition), asked.last(condition)
            if isinstance(condition, Bought) and counts_down(condition):
                last = asked.reach(condition)
            ended = f"{last} + {literal(within.us)}"
            # Where something else may count, what is true becomes unknown, and a rule that blocks goes on.
            if blocks and not isinstance(condition, Sent):
                sure = asked.sure(condition)
                ended = f"CASE WHEN {sure} THEN {ended} ELSE {literal(NEVER)} END"
            return f"CASE WHEN {past} THEN {ended} WHEN {_holds(past, blocks)} THEN {literal(NEVER)} ELSE {_NOW} END"
        case _ if _asks_due(condition):
            outcome = truth(condition, asked)
            due = f"coalesce(due_at_us, {literal(NEVER)})"
            return (
                f"CASE WHEN {outcome} THEN {due} WHEN {_holds(outcome, blocks)} THEN {literal(NEVER)} ELSE {_NOW} END"
            )
        case _:
            outcome = truth(condition, asked)
            return f"CASE WHEN {_holds(outcome, blocks)} THEN {literal(NEVER)} ELSE {_NOW} END"


def _holds(outcome: str, blocks: bool) -> str:
    return f"coalesce({outcome}, {literal(blocks)})"


def _asks_due(condition: Condition) -> bool:
    inner = condition.part if isinstance(condition, Not) else condition
    return isinstance(inner, Compare) and inner.field.name == REPLENISHMENT_DUE

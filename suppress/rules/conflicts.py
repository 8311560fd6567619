"""Hold the rules of a ruleset against one another: sound rules in, Problems out.

Told are rules that never decide, because another one always does before them or over them, and exceptions that change
nothing, because another rule does what they except from.
"""

from typing import Final

from suppress.decisions.decision import Mode
from suppress.problems import Position
from suppress.rules.findings import Findings, quoted
from suppress.rules.implication import Implication
from suppress.rules.places import line_of
from suppress.rules.ruleset import Effect, Limit, Rule, WhenUnknown
from suppress.rules.tree import All

_MOST_RULES_COMPARED: Final = 400
"""Up to this rule each is compared with the others; identical rules are found beyond it too."""

_STRONGER: Final = {
    Effect.DROP_ITEM: frozenset({Effect.DROP_ITEM, Effect.SUPPRESS_MESSAGE}),
    Effect.LIMIT_ITEM: frozenset({Effect.DROP_ITEM, Effect.SUPPRESS_MESSAGE}),
    Effect.HOLD_MESSAGE: frozenset({Effect.HOLD_MESSAGE, Effect.SUPPRESS_MESSAGE}),
    Effect.SUPPRESS_MESSAGE: frozenset({Effect.SUPPRESS_MESSAGE}),
}
"""Effect -> those that leave nothing of what an exception from it would save."""

_DOES: Final = {
    Effect.DROP_ITEM: "drops these items",
    Effect.LIMIT_ITEM: "limits these items",
    Effect.HOLD_MESSAGE: "holds these messages",
    Effect.SUPPRESS_MESSAGE: "suppresses these messages",
}


def find_conflicts(rules: list[Rule], findings: Findings) -> None:
    """Note what rules of one ruleset do to one another. `rules`: those without errors, in file order."""
    enforced = [rule for rule in rules if rule.mode is Mode.ENFORCE]
    _check_order(enforced, Implication(), findings)
    compared = enforced[:_MOST_RULES_COMPARED]
    implication = Implication()
    for rule in compared:
        if rule.effect is Effect.HOLD_MESSAGE:
            _check_hold(rule, compared, implication, findings)
        if rule.unless is not None:
            _check_exception(rule, compared, implication, findings)


def _check_order(rules: list[Rule], implication: Implication, findings: Findings) -> None:
    """Note rules that never decide, because an earlier one fires whenever they do."""
    first: dict[tuple[object, ...], Rule] = {}
    for number, rule in enumerate(rules):
        key = (rule.effect, rule.hold, rule.limit, rule.when, rule.unless)
        twin = first.setdefault(key, rule)
        if twin is not rule and _is_surer(twin, rule):
            findings.add("unreachable-rule", *_never_decides(rule, twin, "says the same"))
            continue
        if number >= _MOST_RULES_COMPARED or implication.is_spent:
            continue
        if rule.limit is not None:
            _check_limit(rule, rule.limit, rules, implication, findings)
            continue
        wider = next((e for e in rules[:number] if _does_the_same(e, rule) and _is_wider(e, rule, implication)), None)
        if wider is not None:
            findings.warn("unreachable-rule", *_never_decides(rule, wider, "holds whenever this one does"))


def _check_limit(rule: Rule, limit: Limit, rules: list[Rule], implication: Implication, findings: Findings) -> None:
    """Note a limit that another one undercuts wherever it applies; of equal ones the first decides."""
    is_earlier = True
    for other in rules:
        if other is rule:
            is_earlier = False
        elif (
            other.limit is not None
            and (other.limit.hundredths < limit.hundredths or (is_earlier and other.limit == limit))
            and _is_wider(other, rule, implication)
        ):
            findings.warn(
                "unreachable-rule",
                f"the rule {quoted(rule.id)} never decides: {quoted(other.id)} in "
                f"{line_of(other.position, rule.position)} limits these items as tightly",
                rule.position,
                "the tightest limit counts; delete one of the two, or make the other narrower",
            )
            return


def _never_decides(rule: Rule, earlier: Rule, why: str) -> tuple[str, Position, str]:
    return (
        f"the rule {quoted(rule.id)} never decides: {quoted(earlier.id)} in "
        f"{line_of(earlier.position, rule.position)} {why}",
        rule.position,
        "put the narrower rule first, or delete one of the two",
    )


def _check_hold(rule: Rule, rules: list[Rule], implication: Implication, findings: Findings) -> None:
    for other in rules:
        if implication.is_spent:
            return
        if other.effect is Effect.SUPPRESS_MESSAGE and _is_wider(other, rule, implication):
            findings.warn(
                "hold-without-effect",
                f"the rule {quoted(rule.id)} never holds a message: {quoted(other.id)} in "
                f"{line_of(other.position, rule.position)} suppresses it",
                rule.position,
                "a message is suppressed rather than held; make one of the two narrower",
            )
            return


def _check_exception(rule: Rule, rules: list[Rule], implication: Implication, findings: Findings) -> None:
    """Note an exception that another rule takes back."""
    if rule.unless is None:
        return
    excepted = All(parts=(rule.when, rule.unless))
    for other in rules:
        if implication.is_spent:
            return
        if (
            other is not rule
            and other.unless is None
            and other.effect in _STRONGER[rule.effect]
            and _covers_dates(other, rule)
            and (other.always or not rule.always)
            and implication.implies(excepted, other.when)
            and not implication.implies(rule.when, other.when)
        ):
            findings.warn(
                "void-exception",
                f"the exception of {quoted(rule.id)} saves nothing: {quoted(other.id)} in "
                f"{line_of(other.position, rule.position)} {_DOES[other.effect]}",
                rule.unless.position,
                "delete the exception, or make the other rule narrower",
            )
            return


def _does_the_same(earlier: Rule, later: Rule) -> bool:
    """Whether nothing is left to do for the later rule once the earlier has fired."""
    return earlier.effect is later.effect and earlier.hold == later.hold


def _is_wider(one: Rule, other: Rule, implication: Implication) -> bool:
    """Whether the one fires, whatever is unknown, whenever the other does."""
    if not _is_surer(one, other) or not implication.implies(other.when, one.when):
        return False
    if one.unless is None:
        return True
    return other.unless is not None and implication.implies(one.unless, other.unless)


def _is_surer(one: Rule, other: Rule) -> bool:
    """Whether the one is in force whenever the other is, obeyed wherever it is, and as certain of what is unknown."""
    return (
        _covers_dates(one, other)
        and (one.always or not other.always)
        and one.when_unknown in (WhenUnknown.BLOCK, other.when_unknown)
    )


def _covers_dates(one: Rule, other: Rule) -> bool:
    starts = one.starts is None or (other.starts is not None and one.starts.us <= other.starts.us)
    ends = one.ends is None or (other.ends is not None and other.ends.us <= one.ends.us)
    return starts and ends

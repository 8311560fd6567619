"""Turn a rule into one English sentence, and a condition into the words of its evidence.

The same words stand in decisions, in `suppress rules` and in every later face. A negation is pushed down to the leaves,
because "has not bought" reads better than "it is not the case that".
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from suppress.decisions.decision import Mode
from suppress.facts.fields import Field, FieldType, Operator
from suppress.facts.instants import from_us
from suppress.rules.ruleset import Effect, Rule, WhenUnknown
from suppress.rules.tree import (
    All,
    AnyOf,
    Bought,
    Compare,
    Condition,
    Duration,
    Instant,
    Leaf,
    Not,
    Same,
    Scalar,
)

_EFFECTS: Final = {
    Effect.DROP_ITEM: ("Drop the item", "drop it"),
    Effect.SUPPRESS_MESSAGE: ("Do not send the message", "do not send it"),
}
_SAME: Final = {
    Same.SKU: "this item",
    Same.ITEM_GROUP: "an item of the same style",
    Same.CATEGORY: "an item of the same category",
    Same.BRAND: "an item of the same brand",
}
_MANY_SAME: Final = {
    Same.SKU: "this item",
    Same.ITEM_GROUP: "the same style",
    Same.CATEGORY: "the same category",
    Same.BRAND: "the same brand",
}
_COMPARED: Final = {
    Operator.IS: "is",
    Operator.IS_NOT: "is not",
    Operator.BELOW: "is below",
    Operator.AT_MOST: "is at most",
    Operator.AT_LEAST: "is at least",
    Operator.ABOVE: "is above",
    Operator.STARTS_WITH: "starts with",
    Operator.CONTAINS: "contains",
    Operator.MATCHES: "matches the pattern",
}
_TIMED: Final = {
    Operator.BELOW: "is before",
    Operator.AT_MOST: "is not after",
    Operator.AT_LEAST: "is not before",
    Operator.ABOVE: "is after",
}
_LONG: Final = {**_COMPARED, Operator.BELOW: "is less than", Operator.ABOVE: "is more than"}
_VERBS: Final = {FieldType.INSTANT: {**_COMPARED, **_TIMED}, FieldType.DURATION: _LONG}
_NOT_COMPARED: Final = {
    Operator.STARTS_WITH: "does not start with",
    Operator.CONTAINS: "does not contain",
    Operator.MATCHES: "does not match the pattern",
}
_OPPOSITE: Final = {
    Operator.IS: Operator.IS_NOT,
    Operator.IS_NOT: Operator.IS,
    Operator.IN: Operator.NOT_IN,
    Operator.NOT_IN: Operator.IN,
    Operator.BELOW: Operator.AT_LEAST,
    Operator.AT_MOST: Operator.ABOVE,
    Operator.AT_LEAST: Operator.BELOW,
    Operator.ABOVE: Operator.AT_MOST,
}
_COUNTS: Final = {
    Operator.IS: "exactly {}",
    Operator.BELOW: "fewer than {}",
    Operator.AT_MOST: "at most {}",
    Operator.AT_LEAST: "at least {}",
    Operator.ABOVE: "more than {}",
}
_MONTHS: Final = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


def rule_sentence(rule: Rule) -> str:
    """The whole rule in one sentence, followed by what limits it (dates, shadow mode, what is unknown)."""
    do, do_it = _EFFECTS[rule.effect]
    text = f"{do} when {condition_words(rule.when)}"
    if rule.unless is not None:
        text += f", unless {condition_words(rule.unless)}"
    if rule.when_unknown is WhenUnknown.BLOCK:
        text += f"; if that cannot be known, {do_it} too"
    if rule.starts is not None or rule.ends is not None:
        text += f" ({_period(rule.starts, rule.ends)})"
    if rule.mode is not Mode.ENFORCE:
        text += " (recorded, not obeyed)" if rule.mode is Mode.SHADOW else " (switched off)"
    return f"{text}."


def condition_words(condition: Condition) -> str:
    """The condition as a clause: `the customer bought and kept this item in the last 30 days`."""
    return _words(condition, negated=False, inside=None)


def leaf_words(leaf: Leaf, *, negated: bool = False) -> str:
    """One leaf as a clause, or its opposite."""
    return _bought(leaf, negated=negated) if isinstance(leaf, Bought) else _compare(leaf, negated=negated)


def date_words(at: datetime) -> str:
    """A date as people write it: `3 November 2026`, with the time of day when it is not midnight UTC."""
    at = at.astimezone(UTC)
    day = f"{at.day} {_MONTHS[at.month - 1]} {at.year}"
    if at == at.replace(hour=0, minute=0, second=0, microsecond=0):
        return day
    clock = at.strftime("%H:%M") if at.second == at.microsecond == 0 else at.strftime("%H:%M:%S")
    return f"{day} {clock} UTC"


def _words(condition: Condition, *, negated: bool, inside: type | None) -> str:
    match condition:
        case Not(part=part):
            return _words(part, negated=not negated, inside=inside)
        case All(parts=parts) | AnyOf(parts=parts):
            if len(parts) == 1:
                return _words(parts[0], negated=negated, inside=inside)
            joined_by_and = isinstance(condition, All) is not negated
            kind = All if joined_by_and else AnyOf
            clauses = [_words(part, negated=negated, inside=kind) for part in parts]
            if joined_by_and:
                text = _listed(clauses, "and")
                return f"both {text}" if inside is AnyOf and len(parts) == 2 else text
            text = ", or ".join(clauses) if any(", " in clause for clause in clauses) else _listed(clauses, "or")
            return f"either {text}" if inside is All or len(parts) == 2 else text
        case _:
            return leaf_words(condition, negated=negated)


def _compare(leaf: Compare, *, negated: bool) -> str:
    field = leaf.field
    if leaf.operator is Operator.EXISTS:
        known = leaf.values[0] is not negated
        subject = field.phrase if _is_noun(field) else f"the number of {_units(field.unit, 2)} {field.phrase}"
        if field.type is FieldType.YES_NO:
            return f"it is {'' if known else 'not '}known whether {field.phrase}"
        return f"{subject} is {'' if known else 'not '}known"
    if field.type is FieldType.YES_NO:
        says = (leaf.values[0] is True) is (leaf.operator is Operator.IS)
        return field.phrase if says is not negated else field.phrase.replace(" is ", " is not ", 1)
    if field.type is FieldType.NUMBER and not _is_noun(field):
        return _counted(leaf, negated=negated)
    return f"{field.phrase} {_predicate(leaf, negated=negated)}"


def _predicate(leaf: Compare, *, negated: bool) -> str:
    operator, values = leaf.operator, _values(leaf)
    if negated and operator in _OPPOSITE:
        operator = _OPPOSITE[operator]
        negated = False
    not_ = "not " if negated else ""
    match operator:
        case Operator.IN:
            return f"is {_listed(values, 'or')}"
        case Operator.NOT_IN:
            return f"is {_none_of(values)}"
        case Operator.BETWEEN:
            return f"is {not_}between {values[0]} and {values[1]}"
        case Operator.UNDER:
            return f"is {not_}{values[0]} or below it" if not negated else f"is neither {values[0]} nor below it"
        case Operator.STARTS_WITH | Operator.CONTAINS | Operator.MATCHES:
            return f"{(_NOT_COMPARED if negated else _COMPARED)[operator]} {values[0]}"
        case _:
            return f"{_VERBS.get(leaf.field.type, _COMPARED)[operator]} {values[0]}"


def _counted(leaf: Compare, *, negated: bool) -> str:
    operator, numbers = leaf.operator, [int(value) for value in leaf.values if isinstance(value, int)]
    if negated and operator in _OPPOSITE:
        operator, negated = _OPPOSITE[operator], False
    last = numbers[-1]
    subject = f"the number of {_units(leaf.field.unit, 2)} {leaf.field.phrase}"
    match operator:
        case Operator.IS_NOT:
            return f"{subject} is not {last}"
        case Operator.NOT_IN:
            return f"{subject} is {_none_of([str(number) for number in numbers])}"
        case Operator.BETWEEN if negated:
            return f"{subject} is not between {numbers[0]} and {last}"
        case Operator.IN:
            amount = _listed([str(number) for number in numbers], "or")
        case Operator.BETWEEN:
            amount = f"{numbers[0]} to {last}"
        case Operator.BELOW if last == 1:
            amount = "no"
        case Operator.IS if last == 0:
            amount, last = "no", 1
        case _:
            amount = _COUNTS[operator].format(last)
    be = "is" if last == 1 else "are"
    return f"{amount} {_units(leaf.field.unit, last)} {be} {leaf.field.phrase}"


def _bought(leaf: Bought, *, negated: bool) -> str:
    did = "bought and kept" if leaf.kept else "bought"
    if leaf.at_least > 1:
        what = f"{'fewer than' if negated else 'at least'} {leaf.at_least} units of {_MANY_SAME[leaf.same]}"
    else:
        did = f"has not {did}" if negated else did
        what = _SAME[leaf.same]
    return f"the customer {did} {what}{_window(leaf)}"


def _window(leaf: Bought) -> str:
    if leaf.within and leaf.not_within:
        newest, oldest = duration_words(leaf.not_within), duration_words(leaf.within)
        number, _, unit = newest.partition(" ")
        newest = number if oldest.endswith(f" {unit}") else newest
        return f" between {newest} and {oldest} ago"
    if leaf.within:
        return f" in the last {duration_words(leaf.within, bare_one=True)}"
    return f" at least {duration_words(leaf.not_within)} ago" if leaf.not_within else ""


def duration_words(duration: Duration, *, bare_one: bool = False) -> str:
    """`180 days`, `1 day`; with `bare_one` `day` alone, for `in the last day`."""
    number, _, unit = duration.text.partition(" ")
    unit = unit.strip().removesuffix("s")
    if number == "1":
        return unit if bare_one else f"1 {unit}"
    return f"{number} {unit}s"


def _period(starts: Instant | None, ends: Instant | None) -> str:
    parts = []
    if starts is not None:
        parts.append(f"from {_boundary(starts)}")
    if ends is not None:
        by_date = "T" not in ends.text
        parts.append(f"until {'the end of ' if by_date else ''}{_boundary(ends)}")
    return " ".join(parts)


def _boundary(instant: Instant) -> str:
    if "T" not in instant.text:
        return date_words(datetime.strptime(instant.text, "%Y-%m-%d").replace(tzinfo=UTC))
    return date_words(from_us(instant.us))


def _values(leaf: Compare) -> list[str]:
    """The values in words; a unit stands once, behind the last of several numbers."""
    words = [_value(value, leaf.field) for value in leaf.values]
    if leaf.field.type is FieldType.NUMBER and leaf.field.unit:
        words[-1] += f" {_units(leaf.field.unit, 2 if len(words) > 1 else int(words[-1]))}"
    return words


def _value(value: Scalar, field: Field) -> str:
    match value:
        case Duration():
            return duration_words(value)
        case Instant():
            return _boundary(value)
        case str():
            if field.type is FieldType.CHOICE:
                return value.replace("_", " ")
            return value if field.type is FieldType.PATH else f"“{value}”"
        case _:
            return str(value)


def _is_noun(field: Field) -> bool:
    return field.phrase.startswith("the ")


def _units(unit: str | None, count: int) -> str:
    name = unit or "units"
    return name.removesuffix("s") if count == 1 else name


def _listed(words: Sequence[str], last: str) -> str:
    if len(words) == 1:
        return words[0]
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def _none_of(words: Sequence[str]) -> str:
    return f"neither {_listed(words, 'nor')}" if len(words) > 1 else f"not {words[0]}"

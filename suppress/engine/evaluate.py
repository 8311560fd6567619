"""Turn a condition tree and values into true, false or unknown: the reference every other engine must agree with.

Small and obvious on purpose. The logic is SQL's three-valued logic (Kleene): a comparison with an unknown value is
unknown, `all` with a false part is false, `any` with a true part is true, `not` keeps unknown. Every leaf is always
read, without short cuts, so that an evaluation asks for the same facts whatever their values are.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Final, Protocol

from suppress.facts.catalog import is_under
from suppress.facts.fields import FieldType, Operator
from suppress.rules.compile import CompiledRule
from suppress.rules.ruleset import WhenUnknown
from suppress.rules.tree import (
    All,
    AnyOf,
    Bought,
    Compare,
    Condition,
    Leaf,
    Not,
    Past,
    Said,
    Sent,
    Shown,
    plain,
)

Truth = bool | None
"""True, false, or None for unknown."""

Seen = str | int | bool | tuple[str, ...] | None
"""A field's value; durations, instants and times of day in microseconds, dates in days; None = unknown."""


class Values(Protocol):
    """What conditions are evaluated on: the facts about one item, or one message, at one instant."""

    def field(self, name: str) -> Seen:
        """The value of a field of the vocabulary; None = unknown."""

    def past(self, node: Past) -> Truth:
        """Whether the customer's history holds what the node describes."""

    def never_bought(self, node: Bought) -> bool:
        """Whether nothing that counts as the same was ever bought, for certain: then each such `bought` is false."""


def truth(condition: Condition, values: Values) -> Truth:
    """The truth of a condition."""
    match condition:
        case Compare():
            return compare(condition, values.field(condition.field.name))
        case All(parts=parts):
            return all_of([truth(part, values) for part in parts])
        case AnyOf(parts=parts):
            return any_of([truth(part, values) for part in parts])
        case Bought() | Shown() | Sent() | Said():
            return values.past(condition)
        case Not(part=part):
            return negation(truth(part, values))


def all_of(parts: Iterable[Truth]) -> Truth:
    """False when a part is false, else unknown when a part is unknown, else true."""
    truths = list(parts)
    return False if False in truths else None if None in truths else True


def any_of(parts: Iterable[Truth]) -> Truth:
    """True when a part is true, else unknown when a part is unknown, else false."""
    truths = list(parts)
    return True if True in truths else None if None in truths else False


def negation(part: Truth) -> Truth:
    """The opposite; unknown stays unknown."""
    return None if part is None else not part


def compare(leaf: Compare, seen: Seen) -> Truth:
    """The truth of one comparison on the value seen. Only `exists` has an answer for an unknown value."""
    if leaf.operator is Operator.EXISTS:
        return (seen is not None) == leaf.values[0]
    if seen is None:
        return None
    # Hot: most types are compared as they are kept.
    special = _SPECIAL.get(leaf.field.type)
    return _COMPARISONS[leaf.operator](seen, leaf.values) if special is None else special(leaf, seen)


def fires(rule: CompiledRule, values: Values) -> bool:
    """Whether the rule fires: its condition is true, or unknown and the rule blocks what is unknown."""
    outcome = truth(rule.condition, values)
    return outcome is True or (outcome is None and rule.when_unknown is WhenUnknown.BLOCK)


def carriers(condition: Condition, values: Values, own: Truth, *, negated: bool = False) -> Iterator[tuple[Leaf, bool]]:
    """The leaves the condition's truth rests on, each with whether it stands under a `not`. `own`: that truth.

    A true `any` rests on its true parts, a false `all` on its false ones, everything else on all that share its truth
    or are needed for it.
    """
    match condition:
        case All(parts=parts):
            for part in parts:
                # All parts of what is true are; else each has its own say.
                of_part = True if own is True else truth(part, values)
                if own is not False or of_part is False:
                    yield from carriers(part, values, of_part, negated=negated)
        case AnyOf(parts=parts):
            for part in parts:
                of_part = False if own is False else truth(part, values)
                if of_part is own:
                    yield from carriers(part, values, of_part, negated=negated)
        case Not(part=part):
            yield from carriers(part, values, negation(own), negated=not negated)
        case _:
            yield condition, negated


@lru_cache(maxsize=1024)
def _pattern(text: str) -> Any:
    import re2  # noqa: PLC0415

    return re2.compile(text)


_COMPARISONS: Final[dict[Operator, Callable[[Any, Sequence[Any]], bool]]] = {
    Operator.IS: lambda seen, wanted: seen == wanted[0],
    Operator.IS_NOT: lambda seen, wanted: seen != wanted[0],
    Operator.IN: lambda seen, wanted: seen in wanted,
    Operator.NOT_IN: lambda seen, wanted: seen not in wanted,
    Operator.BELOW: lambda seen, wanted: seen < wanted[0],
    Operator.AT_MOST: lambda seen, wanted: seen <= wanted[0],
    Operator.AT_LEAST: lambda seen, wanted: seen >= wanted[0],
    Operator.ABOVE: lambda seen, wanted: seen > wanted[0],
    Operator.BETWEEN: lambda seen, wanted: wanted[0] <= seen <= wanted[1],
    Operator.UNDER: lambda seen, wanted: is_under(seen, wanted[0]),
    Operator.STARTS_WITH: lambda seen, wanted: seen.startswith(wanted[0]),
    Operator.CONTAINS: lambda seen, wanted: wanted[0] in seen,
    Operator.MATCHES: lambda seen, wanted: _pattern(wanted[0]).search(seen) is not None,
}


def _as_kept(leaf: Compare, seen: Any) -> bool:
    return _COMPARISONS[leaf.operator](seen, [plain(value) for value in leaf.values])


def _on_the_clock(leaf: Compare, seen: Any) -> bool:
    """A time of day is up to, not including, the second bound, past midnight when that one is earlier."""
    if leaf.operator is not Operator.BETWEEN:
        return _as_kept(leaf, seen)
    first, second = (plain(value) for value in leaf.values)
    if first < second:  # type: ignore[operator]
        return bool(first <= seen < second)
    return bool(seen >= first or seen < second)


def _of_several(leaf: Compare, seen: Any) -> bool:
    """Several words are one of the values when any is; `is_not` and `not_in` are the opposites."""
    found = any(word in leaf.values for word in seen)
    return found is (leaf.operator in (Operator.IS, Operator.IN))


_SPECIAL: Final[dict[FieldType, Callable[[Compare, Any], bool]]] = {
    FieldType.DURATION: _as_kept,
    FieldType.INSTANT: _as_kept,
    FieldType.DAY: _as_kept,
    FieldType.CLOCK: _on_the_clock,
    FieldType.WORDS: _of_several,
}

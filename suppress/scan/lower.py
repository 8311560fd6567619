"""Turn a condition tree into one SQL expression over typed columns: true, false or NULL for unknown.

SQL's logic is the language's logic, so `all`, `any` and `not` are AND, OR and NOT. Every leaf reads one column: the
value of a field, or the truth of a condition on the past. `engine.evaluate` is the reference it must agree with.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

from suppress.facts.fields import FieldType, Operator
from suppress.rules.compile import CompiledRule
from suppress.rules.ruleset import WhenUnknown
from suppress.rules.tree import (
    All,
    AnyOf,
    Bought,
    Compare,
    Condition,
    Not,
    Past,
    Said,
    Sent,
    Shown,
    plain,
)
from suppress.scan.sql import literal, literals, texts


class Columns(Protocol):
    """Where the values of leaves stand."""

    def field(self, name: str) -> str:
        """The SQL of a field's value; NULL = unknown."""

    def past(self, node: Past) -> str:
        """The SQL of the truth of a condition on the past; NULL = unknown."""

    def matches(self, field: str, pattern: str) -> str:
        """The SQL of whether a field's value contains a match; NULL = the value is unknown."""


def truth(condition: Condition, columns: Columns) -> str:
    """The SQL of the truth of a condition."""
    match condition:
        case Compare():
            return compare(condition, columns)
        case Bought() | Shown() | Sent() | Said():
            return columns.past(condition)
        case All(parts=parts):
            return "(" + " AND ".join(truth(part, columns) for part in parts) + ")" if parts else "TRUE"
        case AnyOf(parts=parts):
            return "(" + " OR ".join(truth(part, columns) for part in parts) + ")" if parts else "FALSE"
        case Not(part=part):
            return f"(NOT {truth(part, columns)})"


def fires(rule: CompiledRule, outcome: str, as_of_us: str) -> str:
    """The SQL of whether a rule fires, never NULL; `outcome` is the name of the column of its truth."""
    base = f"coalesce({outcome}, {literal(rule.when_unknown is WhenUnknown.BLOCK)})"
    dates = [] if rule.starts_us is None else [f"{as_of_us} >= {literal(rule.starts_us)}"]
    if rule.ends_us is not None:
        dates.append(f"{as_of_us} < {literal(rule.ends_us)}")
    return " AND ".join((base, *dates))


def compare(leaf: Compare, columns: Columns) -> str:
    """The SQL of one comparison. Only `exists` has an answer for an unknown value."""
    seen = columns.field(leaf.field.name)
    if leaf.operator is Operator.EXISTS:
        return f"({seen} IS {'NOT ' if leaf.values[0] else ''}NULL)"
    if leaf.operator is Operator.MATCHES:
        return columns.matches(leaf.field.name, str(leaf.values[0]))
    wanted = [plain(value) for value in leaf.values]
    if leaf.field.type is FieldType.WORDS:
        return _of_several(leaf.operator, seen, wanted)
    if leaf.field.type is FieldType.CLOCK and leaf.operator is Operator.BETWEEN:
        return _on_the_clock(seen, wanted)
    return f"({_COMPARISONS[leaf.operator](seen, wanted)})"


def under(category: str, top: str) -> str:
    """The SQL of whether a category is `top` or below it."""
    return f"({category} = {literal(top)} OR starts_with({category}, {literal(top + '/')}))"


_Wanted = Sequence[str | int | bool]

_COMPARISONS: Final[Mapping[Operator, Callable[[str, _Wanted], str]]] = {
    Operator.IS: lambda seen, wanted: f"{seen} = {literal(wanted[0])}",
    Operator.IS_NOT: lambda seen, wanted: f"{seen} <> {literal(wanted[0])}",
    Operator.IN: lambda seen, wanted: f"{seen} IN ({literals(wanted)})",
    Operator.NOT_IN: lambda seen, wanted: f"{seen} NOT IN ({literals(wanted)})",
    Operator.BELOW: lambda seen, wanted: f"{seen} < {literal(wanted[0])}",
    Operator.AT_MOST: lambda seen, wanted: f"{seen} <= {literal(wanted[0])}",
    Operator.AT_LEAST: lambda seen, wanted: f"{seen} >= {literal(wanted[0])}",
    Operator.ABOVE: lambda seen, wanted: f"{seen} > {literal(wanted[0])}",
    Operator.BETWEEN: lambda seen, wanted: f"{seen} BETWEEN {literal(wanted[0])} AND {literal(wanted[1])}",
    Operator.UNDER: lambda seen, wanted: under(seen, str(wanted[0])),
    Operator.STARTS_WITH: lambda seen, wanted: f"starts_with({seen}, {literal(wanted[0])})",
    Operator.CONTAINS: lambda seen, wanted: f"contains({seen}, {literal(wanted[0])})",
}


def _of_several(operator: Operator, seen: str, wanted: _Wanted) -> str:
    """Several words are one of the values when any is; `is_not` and `not_in` are the opposites."""
    found = f"list_has_any({seen}, {texts(str(word) for word in wanted)})"
    return found if operator in (Operator.IS, Operator.IN) else f"(NOT {found})"


def _on_the_clock(seen: str, wanted: _Wanted) -> str:
    """A time of day is up to, not including, the second bound, past midnight when that one is earlier."""
    first, second = wanted
    joint = "AND" if int(first) < int(second) else "OR"
    return f"({seen} >= {literal(first)} {joint} {seen} < {literal(second)})"

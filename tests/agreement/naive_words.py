"""How the naive oracle reads attributes and compares values, one plain line each."""

from __future__ import annotations

import re
from datetime import date

from suppress.facts.fields import Field, FieldType, Operator
from suppress.rules.tree import Compare


def compare(node: Compare, seen, wanted) -> bool:
    """A known value against what is wanted."""
    first = wanted[0]
    if node.field.type is FieldType.WORDS:
        some = any(word in seen for word in wanted)
        return some if node.operator in {Operator.IS, Operator.IN} else not some
    if node.field.type is FieldType.CLOCK and node.operator is Operator.BETWEEN:
        second = wanted[1]
        return first <= seen < second if first <= second else seen >= first or seen < second
    answers = {
        Operator.IS: lambda: seen == first,
        Operator.IS_NOT: lambda: seen != first,
        Operator.IN: lambda: seen in wanted,
        Operator.NOT_IN: lambda: seen not in wanted,
        Operator.BELOW: lambda: seen < first,
        Operator.AT_MOST: lambda: seen <= first,
        Operator.AT_LEAST: lambda: seen >= first,
        Operator.ABOVE: lambda: seen > first,
        Operator.BETWEEN: lambda: first <= seen <= wanted[1],
        Operator.UNDER: lambda: is_under(seen, first),
        Operator.STARTS_WITH: lambda: seen[: len(first)] == first,
        Operator.CONTAINS: lambda: seen.find(first) >= 0,
        Operator.MATCHES: lambda: bool(re.search(first, seen)),
    }
    return answers[node.operator]()


def is_under(category: str, path: str) -> bool:
    """Whether it is that category or one below it."""
    return category.split("/")[: len(path.split("/"))] == path.split("/")


def read_attribute(text: str | None, of: Field):
    """The text as the declared type; None when there is none or it cannot be read as that."""
    if text is None:
        return None
    if of.type is FieldType.NUMBER:
        return int(text) if re.fullmatch("-?[0-9]+", text) else None
    if of.type is FieldType.YES_NO:
        return {"yes": True, "true": True, "no": False, "false": False}.get(text)
    if of.type is FieldType.DAY:
        try:
            return (date.fromisoformat(text) - date(1970, 1, 1)).days
        except ValueError:
            return None
    if of.type is FieldType.CHOICE:
        return text if text in of.choices else None
    return text

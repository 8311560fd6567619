"""Say what the leaves of rules ask for: fields, conditions on the past, and what these are compared with."""

from collections.abc import Iterable

from suppress.facts.fields import FieldType, Operator
from suppress.rules.tree import ClockTime, Compare, Duration, Leaf, Past


def unique(all_leaves: Iterable[Leaf]) -> list[Leaf]:
    """The leaves, once each."""
    return list(dict.fromkeys(all_leaves))


def asked(all_leaves: Iterable[Leaf]) -> list[str | Past]:
    """What rules ask for: field names and conditions on the past, once each."""
    return list(dict.fromkeys(leaf.field.name if isinstance(leaf, Compare) else leaf for leaf in all_leaves))


def choices(all_leaves: Iterable[Leaf]) -> dict[str, tuple[str, ...]]:
    """The fields that are one of a few words, and the words."""
    compared = (leaf.field for leaf in all_leaves if isinstance(leaf, Compare))
    return {field.name: field.choices for field in compared if field.type is FieldType.CHOICE}


def clocks(all_leaves: Iterable[Leaf]) -> tuple[int, ...]:
    """The times of day that rules compare with."""
    compared = (leaf for leaf in all_leaves if isinstance(leaf, Compare))
    return tuple({value.us for leaf in compared for value in leaf.values if isinstance(value, ClockTime)})


def is_exists(leaf: Leaf) -> bool:
    """Whether the leaf asks if something is known: then an empty field is an answer and no gap in the facts."""
    return isinstance(leaf, Compare) and leaf.operator is Operator.EXISTS


def age_bounds(all_leaves: Iterable[Leaf]) -> tuple[int, ...]:
    """The ages that rules compare with, in microseconds."""
    return tuple(
        value.us
        for leaf in all_leaves
        if isinstance(leaf, Compare) and leaf.field.type is FieldType.DURATION
        for value in leaf.values
        if isinstance(value, Duration)
    )

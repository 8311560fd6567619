"""The condition tree: what a rule says, as plain data that engines, wording and checks walk.

Nodes are frozen and compare by meaning: where a condition stood in the file (`position`) and how a duration was spelled
do not count. Nothing here evaluates; each engine stands beside the tree.
"""

import dataclasses
from dataclasses import dataclass
from enum import StrEnum

from suppress.facts.fields import Field, Operator
from suppress.problems import Position

_NOWHERE = Position("")


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time as written (`180 days`) and in microseconds."""

    us: int
    text: str = dataclasses.field(compare=False)


@dataclass(frozen=True, slots=True)
class Instant:
    """A moment as written (`2026-12-01`, `2026-12-01T09:00:00Z`) and in microseconds since 1970 UTC."""

    us: int
    text: str = dataclasses.field(compare=False)


Scalar = str | int | bool | Duration | Instant
"""What a field is compared with. TEXT, CHOICE, PATH: str. NUMBER: int. YES_NO: bool."""


class Same(StrEnum):
    """How an earlier purchase counts as the same as the item."""

    SKU = "sku"
    ITEM_GROUP = "item_group"
    CATEGORY = "category"
    BRAND = "brand"


@dataclass(frozen=True, slots=True, kw_only=True)
class All:
    """True when every part is true."""

    parts: tuple["Condition", ...]
    position: Position = dataclasses.field(default=_NOWHERE, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyOf:
    """True when at least one part is true."""

    parts: tuple["Condition", ...]
    position: Position = dataclasses.field(default=_NOWHERE, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """True when its part is false; unknown stays unknown."""

    part: "Condition"
    position: Position = dataclasses.field(default=_NOWHERE, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compare:
    """A field against one value (`values` of one), a list (`in`, `not_in`) or two bounds (`between`).

    Unknown when the field is, except for `exists`, whose value is a bool and whose answer is never unknown.
    """

    field: Field
    operator: Operator
    values: tuple[Scalar, ...]
    position: Position = dataclasses.field(default=_NOWHERE, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bought:
    """The customer bought at least `at_least` units of the same sku, style, category or brand in a window.

    A line counts when `as_of - within < ordered_at <= as_of - not_within`; None = no bound but `as_of` itself.
    `kept`: count units not cancelled, returned or credited; False: all units ordered.
    """

    same: Same
    within: Duration | None = None
    not_within: Duration | None = None
    at_least: int = 1
    kept: bool = True
    position: Position = dataclasses.field(default=_NOWHERE, compare=False)


Leaf = Compare | Bought
Condition = All | AnyOf | Not | Compare | Bought


def leaves(condition: Condition) -> tuple[Leaf, ...]:
    """Every leaf of a condition, in file order, repetitions included."""
    match condition:
        case All(parts=parts) | AnyOf(parts=parts):
            return tuple(leaf for part in parts for leaf in leaves(part))
        case Not(part=part):
            return leaves(part)
        case _:
            return (condition,)

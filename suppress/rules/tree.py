"""The condition tree: what a rule says, as plain data that engines, wording and checks walk.

Nodes are frozen and compare by meaning: where a condition stood in the file (`position`) and how a duration was spelled
do not count. Nothing here evaluates; each engine stands beside the tree.
"""

import dataclasses
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from suppress.facts.fields import Field, Operator
from suppress.facts.instants import US_PER_DAY
from suppress.problems import Position

_NOWHERE = Position("")

THIS: Final = "this"
"""As a channel or campaign of `shown` and `sent`: the message's own."""

CUSTOMER_ZONE: Final = "customer"
SHOP_ZONE: Final = "shop"
"""Zones of a calendar beside IANA names: the customer's (else the shop's), the ruleset's `time_zone`."""


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


@dataclass(frozen=True, slots=True)
class ClockTime:
    """A time of day as written (`22:00`) and in microseconds since midnight on the wall clock."""

    us: int
    text: str = dataclasses.field(compare=False)


@dataclass(frozen=True, slots=True)
class Day:
    """A calendar day as written (`2026-12-25`) and in days since 1 January 1970."""

    days: int
    text: str = dataclasses.field(compare=False)


Scalar = str | int | bool | Duration | Instant | ClockTime | Day
"""What a field is compared with. TEXT, CHOICE, PATH, WORDS: str. NUMBER: int. YES_NO: bool."""


def plain(value: Scalar) -> str | int | bool:
    """The comparable value of a literal: microseconds for lengths, instants and times of day, days for dates."""
    match value:
        case Duration(us=us) | Instant(us=us) | ClockTime(us=us):
            return us
        case Day(days=days):
            return days
        case _:
            return value


class Same(StrEnum):
    """How something earlier counts as the same as the item. `component`: itself, inside a bundle, or as its parts."""

    SKU = "sku"
    ITEM_GROUP = "item_group"
    CATEGORY = "category"
    BRAND = "brand"
    COMPONENT = "component"


class By(StrEnum):
    """Whose purchases count."""

    CUSTOMER = "customer"
    HOUSEHOLD = "household"


class Count(StrEnum):
    """What `at_least` of a purchase counts."""

    UNITS = "units"
    ORDERS = "orders"


class Parts(StrEnum):
    """How many parts of a bundle must be owned for the bundle to be."""

    ALL = "all"
    ANY = "any"


class Period(StrEnum):
    """A calendar period, from its first local midnight on; weeks begin on Monday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


LONGEST_PERIOD_US: Final = {
    # A local day may be longer than 24 hours, and a zone's clocks were once set back by a whole day.
    period: (days + 2) * US_PER_DAY
    for period, days in ((Period.DAY, 1), (Period.WEEK, 7), (Period.MONTH, 31))
}


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

    Unknown when the field is, except for `exists`, whose value is a bool and whose answer is never unknown. A time of
    day is `between` from the first bound up to, not including, the second, past midnight when the second is earlier.
    A field of several words (WORDS) `is` a word when one of them is, `is_not` when none is.
    """

    field: Field
    operator: Operator
    values: tuple[Scalar, ...]
    position: Position = dataclasses.field(default=_NOWHERE, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bought:
    """The customer (or the household) bought at least `at_least` units or orders of the same in a window.

    A line counts when `as_of - within < ordered_at <= as_of - not_within`; None = no bound but `as_of` itself.
    `kept`: count units not cancelled, returned or credited; False: all units ordered. `gifts`: lines bought as a gift
    count too. `channels`: only lines of these channels; empty = all. `parts`: for `same: component` alone.
    """

    same: Same
    within: Duration | None = None
    not_within: Duration | None = None
    at_least: int = 1
    count: Count = Count.UNITS
    kept: bool = True
    by: By = By.CUSTOMER
    gifts: bool = True
    channels: tuple[str, ...] = ()
    parts: Parts = Parts.ALL
    position: Position = dataclasses.field(default=_NOWHERE, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """At least `at_least` earlier messages to the customer held such an item (same: sku, item_group or category).

    A message counts once, when `as_of - within < sent_at <= as_of - not_within` and channel and campaign are among
    those named; empty = all. The message being checked never counts itself.
    """

    same: Same
    within: Duration | None = None
    not_within: Duration | None = None
    at_least: int = 1
    channels: tuple[str, ...] = ()
    campaigns: tuple[str, ...] = ()
    position: Position = dataclasses.field(default=_NOWHERE, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """At least `at_least` messages were sent to the customer: in the last `within`, or since a calendar period began.

    Exactly one of `within` and `calendar` is given. `zone`: `customer`, `shop` or an IANA name; with `calendar` only.
    """

    within: Duration | None = None
    calendar: Period | None = None
    zone: str | None = None
    at_least: int = 1
    channels: tuple[str, ...] = ()
    campaigns: tuple[str, ...] = ()
    position: Position = dataclasses.field(default=_NOWHERE, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """The customer said one of `says` of the same sku, item_group or category, in the last `within`; None = ever."""

    says: tuple[str, ...]
    same: Same
    within: Duration | None = None
    position: Position = dataclasses.field(default=_NOWHERE, compare=False)


Past = Bought | Shown | Sent | Said
"""What is counted over the customer's history."""

Leaf = Compare | Bought | Shown | Sent | Said
Condition = All | AnyOf | Not | Compare | Bought | Shown | Sent | Said


def leaves(condition: Condition) -> tuple[Leaf, ...]:
    """Every leaf of a condition, in file order, repetitions included."""
    match condition:
        case All(parts=parts) | AnyOf(parts=parts):
            return tuple(leaf for part in parts for leaf in leaves(part))
        case Not(part=part):
            return leaves(part)
        case _:
            return (condition,)

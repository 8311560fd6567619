"""A ruleset as its author meant it: made by `reading`, checked by `validate`, made ready for engines by `compile`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from suppress.decisions.decision import Mode
from suppress.facts.fields import Field
from suppress.facts.snapshot import Source
from suppress.problems import Position
from suppress.rules.tree import ClockTime, Condition, Duration, Instant, Leaf, leaves

ADDED_LATER: Final = {"added_later": True}
"""Marks a field that no ruleset had at first: where it is None it takes no part in the fingerprint, which so stays."""


class Effect(StrEnum):
    """What a rule does when it fires. One rule, one effect."""

    DROP_ITEM = "drop: item"
    LIMIT_ITEM = "limit: item"
    SUPPRESS_MESSAGE = "suppress: message"
    HOLD_MESSAGE = "hold: message"

    @property
    def is_about_items(self) -> bool:
        """Whether the rule is asked of each item, not of the message."""
        return self in _ABOUT_ITEMS


_ABOUT_ITEMS: Final = frozenset({Effect.DROP_ITEM, Effect.LIMIT_ITEM})


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Until when a message is held; exactly one is given.

    `until`: the next time the customer's clock (else the shop's) shows it. `length`: so long from `as_of`. `restock`:
    until the first of the dropped items is in stock again.
    """

    until: ClockTime | None = None
    length: Duration | None = None
    restock: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """How far an item's stock is shared out. `hundredths`: hundredths of a message per available unit, at least 1."""

    hundredths: int

    def budget(self, available_units: int) -> int:
        """In how many places of messages the item may stand: whole ones, rounded down."""
        return available_units * self.hundredths // 100


class WhenUnknown(StrEnum):
    """What a rule does when its condition ends unknown. `allow`: not fire. `block`: fire, marked unknown.

    A rule that limits does the same where the units are unknown. `allow`: no limit. `block`: nothing to share out.
    """

    ALLOW = "allow"
    BLOCK = "block"


class OnUnavailable(StrEnum):
    """What becomes of a message whose facts the service cannot have in time. `allow`: sent as it is. `block`: not sent.

    `hold`: kept until it is checked again. It stands in for the rules, and is obeyed where any of them would be.
    """

    ALLOW = "allow"
    BLOCK = "block"
    HOLD = "hold"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule. It fires when `when` holds and `unless` does not, from `starts` until (not including) `ends`.

    `hold`, `limit`: with the effects HOLD_MESSAGE, LIMIT_ITEM. `always`: neither a shadow ruleset nor a control group
    switches it off. `max_share`: parts per ten thousand of messages (items, for `drop: item` and `limit`) it may act on
    before a plan or scan stops.
    """

    id: str
    effect: Effect
    hold: Hold | None = None
    limit: Limit | None = field(default=None, metadata=ADDED_LATER)
    always: bool = False
    max_share: int | None = None
    code: str
    when: Condition
    unless: Condition | None = None
    title: str | None = None
    when_unknown: WhenUnknown = WhenUnknown.ALLOW
    mode: Mode = Mode.ENFORCE
    starts: Instant | None = None
    ends: Instant | None = None
    position: Position = field(compare=False)
    places: Mapping[str, Position] = field(default_factory=dict, compare=False, repr=False)

    def place(self, key: str) -> Position:
        """Where the value of a key stands in the file; the rule's own place when it was not written."""
        return self.places.get(key, self.position)

    def leaves(self) -> tuple[Leaf, ...]:
        """Every leaf of the rule, those of `unless` after those of `when`."""
        return leaves(self.when) + (() if self.unless is None else leaves(self.unless))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruleset:
    """All rules of one file, in file order. `max_age`: source -> age beyond which its facts are unknown.

    `codes`: reason codes of its own, each with its meaning. `mode` is the loudest a rule may be: in a shadow ruleset
    no rule is obeyed but those that say `always`. `cycles`: category path -> replenishment cycle in whole days.
    `regions`: a customer's region -> stock locations. `attributes`: declared types of attributes, by full name.
    `control_group`, `max_share`: parts per ten thousand. `on_unavailable`: None = it says nothing, and the service must
    refuse. `bases`: names of the rulesets it was built on (`use`).
    """

    name: str
    rules: tuple[Rule, ...]
    owner: str | None = None
    mode: Mode = Mode.ENFORCE
    time_zone: str = "UTC"
    max_age: Mapping[Source, Duration] = field(default_factory=dict)
    codes: Mapping[str, str] = field(default_factory=dict)
    cycles: Mapping[str, Duration] = field(default_factory=dict)
    regions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    attributes: Mapping[str, Field] = field(default_factory=dict)
    control_group: int = 0
    max_share: int | None = None
    on_unavailable: OnUnavailable | None = field(default=None, metadata=ADDED_LATER)
    bases: tuple[str, ...] = field(default=(), compare=False)
    position: Position = field(compare=False)
    places: Mapping[str, Position] = field(default_factory=dict, compare=False, repr=False)

    def place(self, key: str) -> Position:
        """Where the value of a key stands in the file; the ruleset's own place when it was not written."""
        return self.places.get(key, self.position)

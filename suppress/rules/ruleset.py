"""A ruleset as its author meant it: made by `reading`, checked by `validate`, made ready for engines by `compile`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from suppress.decisions.decision import Mode
from suppress.facts.snapshot import Source
from suppress.problems import Position
from suppress.rules.tree import Condition, Duration, Instant


class Effect(StrEnum):
    """What a rule does when it fires. One rule, one effect."""

    DROP_ITEM = "drop: item"
    SUPPRESS_MESSAGE = "suppress: message"


class WhenUnknown(StrEnum):
    """What a rule does when its condition ends unknown. `allow`: not fire. `block`: fire, marked unknown."""

    ALLOW = "allow"
    BLOCK = "block"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule. It fires when `when` holds and `unless` does not, from `starts` until (not including) `ends`."""

    id: str
    effect: Effect
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruleset:
    """All rules of one file, in file order. `max_age`: source -> age beyond which its facts are unknown.

    `codes`: reason codes of its own, each with its meaning. `mode` is the loudest a rule may be: in a shadow ruleset
    no rule is obeyed.
    """

    name: str
    rules: tuple[Rule, ...]
    owner: str | None = None
    mode: Mode = Mode.ENFORCE
    time_zone: str = "UTC"
    max_age: Mapping[Source, Duration] = field(default_factory=dict)
    codes: Mapping[str, str] = field(default_factory=dict)
    position: Position = field(compare=False)
    places: Mapping[str, Position] = field(default_factory=dict, compare=False, repr=False)

    def place(self, key: str) -> Position:
        """Where the value of a key stands in the file; the ruleset's own place when it was not written."""
        return self.places.get(key, self.position)

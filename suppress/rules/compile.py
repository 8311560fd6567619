"""Turn a checked Ruleset into the form engines run: active rules in file order, their sentences, the facts they need.

`when` and `unless` become one condition (`when` and not `unless`). The fingerprint covers the meaning, not the
spelling: two files that say the same thing share it, and a comment does not change it.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from enum import Enum
from typing import Any

from suppress.decisions.decision import Mode
from suppress.facts.instants import US_PER_DAY
from suppress.facts.snapshot import FactNeeds, Source
from suppress.rules.needs import facts_needed, moves, needs_of_effect
from suppress.rules.ruleset import ADDED_LATER, Effect, Hold, Limit, OnUnavailable, Rule, Ruleset, WhenUnknown
from suppress.rules.tree import All, AnyOf, Condition, Leaf, Not, leaves
from suppress.rules.wording import rule_sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledRule:
    """One rule an engine evaluates. `number`: its place in the file. Applies while `starts_us <= as_of < ends_us`.

    `mode` is the ruleset's where that is quieter, but for rules that say `always`, which control groups obey as well.
    """

    number: int
    id: str
    code: str
    effect: Effect
    mode: Mode
    when_unknown: WhenUnknown
    condition: Condition
    sentence: str
    title: str | None = None
    hold: Hold | None = None
    limit: Limit | None = None
    always: bool = False
    max_share: int | None = None
    starts_us: int | None = None
    ends_us: int | None = None
    moving_leaves: tuple[Leaf, ...] = field(init=False, repr=False, compare=False)
    """The leaves that time alone can change."""

    def __post_init__(self) -> None:
        moving = tuple(leaf for leaf in leaves(self.condition) if moves(leaf))
        object.__setattr__(self, "moving_leaves", moving)

    @property
    def moves(self) -> bool:
        """Whether time alone can make the rule start or stop firing."""
        return bool(self.starts_us or self.ends_us or self.moving_leaves)

    def applies_at(self, as_of_us: int) -> bool:
        """Whether the rule is between its start and its end."""
        return (self.starts_us is None or self.starts_us <= as_of_us) and (
            self.ends_us is None or as_of_us < self.ends_us
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledRuleset:
    """What both engines run. `max_age_us`: source -> age beyond which its facts are unknown.

    `item_rules`: those that drop items. `limit_rules`: those that share stock out, asked of items no rule drops.
    `message_rules`: those that suppress and those that hold. `cycles_days`: category -> days one unit lasts. `regions`:
    region -> stock locations. `control_group`, `max_share`: parts per ten thousand. `on_unavailable`: None = not said.
    `version`: the number under which the ruleset was published; None = it comes from files.
    """

    name: str
    fingerprint: str
    mode: Mode
    item_rules: tuple[CompiledRule, ...]
    message_rules: tuple[CompiledRule, ...]
    limit_rules: tuple[CompiledRule, ...] = ()
    max_age_us: Mapping[Source, int]
    time_zone: str
    cycles_days: Mapping[str, int]
    regions: Mapping[str, tuple[str, ...]]
    control_group: int
    max_share: int | None
    on_unavailable: OnUnavailable | None = None
    needs: FactNeeds
    version: int | None = None

    @property
    def rules(self) -> tuple[CompiledRule, ...]:
        """Every rule, in file order."""
        return tuple(sorted((*self.item_rules, *self.limit_rules, *self.message_rules), key=lambda rule: rule.number))


def compile_ruleset(ruleset: Ruleset) -> CompiledRuleset:
    """The compiled form of a ruleset that `validate` found no errors in. Rules that are `off` are left out."""
    shared: dict[Leaf, Leaf] = {}
    compiled = tuple(
        _compile_rule(number, rule, ruleset, shared)
        for number, rule in enumerate(ruleset.rules)
        if rule.mode is not Mode.OFF
    )
    if ruleset.mode is Mode.OFF:
        compiled = ()
    return CompiledRuleset(
        name=ruleset.name,
        fingerprint=fingerprint(ruleset),
        mode=ruleset.mode,
        item_rules=tuple(rule for rule in compiled if rule.effect is Effect.DROP_ITEM),
        message_rules=tuple(rule for rule in compiled if not rule.effect.is_about_items),
        limit_rules=tuple(rule for rule in compiled if rule.effect is Effect.LIMIT_ITEM),
        max_age_us={source: age.us for source, age in ruleset.max_age.items()},
        time_zone=ruleset.time_zone,
        cycles_days={path: cycle.us // US_PER_DAY for path, cycle in ruleset.cycles.items()},
        regions=ruleset.regions,
        control_group=ruleset.control_group,
        max_share=ruleset.max_share,
        on_unavailable=ruleset.on_unavailable,
        needs=_needs_of(compiled),
    )


def _needs_of(compiled: tuple[CompiledRule, ...]) -> FactNeeds:
    needs = facts_needed(leaf for rule in compiled for leaf in leaves(rule.condition))
    for rule in compiled:
        needs |= needs_of_effect(rule.hold, rule.limit)
    return needs


def fingerprint(ruleset: Ruleset) -> str:
    """`sha256:` of the ruleset's meaning: the same for every spelling of the same rules."""
    text = json.dumps(_plain(ruleset), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _compile_rule(number: int, rule: Rule, ruleset: Ruleset, shared: dict[Leaf, Leaf]) -> CompiledRule:
    condition = rule.when
    if rule.unless is not None:
        condition = All(parts=(rule.when, Not(part=rule.unless)), position=rule.position)
    condition = _with_shared_leaves(condition, shared)
    return CompiledRule(
        number=number,
        id=rule.id,
        code=rule.code,
        effect=rule.effect,
        mode=Mode.SHADOW if ruleset.mode is Mode.SHADOW and not rule.always else rule.mode,
        when_unknown=rule.when_unknown,
        condition=condition,
        sentence=rule_sentence(rule),
        title=rule.title,
        hold=rule.hold,
        limit=rule.limit,
        always=rule.always,
        max_share=rule.max_share,
        starts_us=rule.starts.us if rule.starts else None,
        ends_us=rule.ends.us if rule.ends else None,
    )


def _with_shared_leaves(condition: Condition, shared: dict[Leaf, Leaf]) -> Condition:
    """The same condition with equal leaves as one object, so that engines read each only once."""
    match condition:
        case All(parts=parts) | AnyOf(parts=parts):
            return replace(condition, parts=tuple(_with_shared_leaves(part, shared) for part in parts))
        case Not(part=part):
            return replace(condition, part=_with_shared_leaves(part, shared))
        case _:
            return shared.setdefault(condition, condition)


def _plain(value: object) -> Any:
    """The comparable content of a dataclass tree: fields that take part in `==`, under the class's name."""
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value) and not isinstance(value, type):
        content = {
            f.name: _plain(getattr(value, f.name))
            for f in fields(value)
            if f.compare and not (f.metadata == ADDED_LATER and getattr(value, f.name) is None)
        }
        return {"is": type(value).__name__, **content}
    if isinstance(value, Mapping):
        return {str(_plain(key)): _plain(entry) for key, entry in value.items()}
    if isinstance(value, tuple):
        return [_plain(entry) for entry in value]
    return value

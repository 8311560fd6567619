"""Hold two decisions about one message against each other: old and new Decision in, a Comparison out."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from suppress.decisions.decision import Decision, ItemDecision, ItemVerdict, Mode, Reason, Verdict
from suppress.rules.compile import CompiledRuleset
from suppress.rules.ruleset import Effect


class Change(StrEnum):
    """What the new rules do that the old ones did not. The first three are about messages, the others about items."""

    SILENCED = "newly silenced"
    HELD = "newly held"
    SENT = "newly sent"
    DROPPED = "newly dropped"
    ALLOWED = "newly allowed"


_BY_VERDICT: Final = {Verdict.SUPPRESS: Change.SILENCED, Verdict.HOLD: Change.HELD, Verdict.SEND: Change.SENT}
_BEHIND: Final = {Verdict.SUPPRESS: Effect.SUPPRESS_MESSAGE, Verdict.HOLD: Effect.HOLD_MESSAGE}


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemChange:
    """One item that is dropped by one of the rulesets alone."""

    change: Change
    old: ItemDecision
    new: ItemDecision


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What differs between two decisions about one message.

    `verdict`: how the verdict changed; None = it did not. `other_reason`: items dropped both times, by different rules.
    `hold_moved`: held both times, until different times. `goes_out`: sent or held both times; `shown_changed` is asked
    of those alone, because what a suppressed message would have shown nobody sees.
    """

    verdict: Change | None
    items: tuple[ItemChange, ...]
    other_reason: int
    hold_moved: bool
    goes_out: bool
    shown_changed: bool

    @property
    def changes(self) -> frozenset[Change]:
        """The kinds of change the message meets."""
        kinds = {item.change for item in self.items}
        return frozenset(kinds if self.verdict is None else {*kinds, self.verdict})

    @property
    def changed(self) -> bool:
        """Whether anything the recipient could notice is different."""
        return bool(self.changes) or self.hold_moved or self.shown_changed


def compare(old: Decision, new: Decision) -> Comparison:
    """What differs between the decisions of two rulesets about the same message and facts."""
    items: list[ItemChange] = []
    other_reason = 0
    for before, after in zip(old.items, new.items, strict=True):
        if before.verdict is not after.verdict:
            change = Change.DROPPED if after.verdict is ItemVerdict.DROP else Change.ALLOWED
            items.append(ItemChange(change=change, old=before, new=after))
        elif before.verdict is ItemVerdict.DROP:
            other_reason += _rule_of(before.deciding) != _rule_of(after.deciding)
    goes_out = Verdict.SUPPRESS not in (old.verdict, new.verdict)
    return Comparison(
        verdict=None if old.verdict is new.verdict else _BY_VERDICT[new.verdict],
        items=tuple(items),
        other_reason=other_reason,
        hold_moved=old.verdict is new.verdict is Verdict.HOLD and old.hold_until != new.hold_until,
        goes_out=goes_out,
        shown_changed=goes_out and old.shown != new.shown,
    )


def effects_of(compiled: CompiledRuleset) -> Mapping[str, Effect]:
    """Rule id -> what the rule does."""
    return {rule.id: rule.effect for rule in compiled.rules}


def verdict_reason(decision: Decision, effects: Mapping[str, Effect]) -> Reason | None:
    """The reason behind the verdict: the first enforced one that asks for it, in file order; None when it is sent."""
    behind = _BEHIND.get(decision.verdict)
    return next((r for r in decision.reasons if r.mode is Mode.ENFORCE and effects.get(r.rule) is behind), None)


def _rule_of(reason: Reason | None) -> str | None:
    return None if reason is None else reason.rule

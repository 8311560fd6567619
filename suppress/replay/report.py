"""What a replay says: counts of what changes, by rule and campaign, and persons to look at. Plain, frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass

from suppress.decisions.decision import Evidence, ItemVerdict, Outcome, Verdict
from suppress.decisions.shares import SHARE_PARTS
from suppress.replay.compare import Change
from suppress.rules.ruleset import Effect, OnUnavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """How many persons, messages and items meet something. `items` is 0 for what happens to whole messages.

    `persons_exact`: False when there were too many to count one by one, and their number is an estimate.
    """

    persons: int = 0
    persons_exact: bool = True
    messages: int = 0
    items: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What one ruleset made of a message or an item, and why.

    `verdict`: send, hold, suppress, keep or drop. The others are those of the deciding reason,
    None without one; `outcome` is unknown when the rule fired because facts are missing. `dropped`: of a whole message,
    the skus it lost, each with the rule that decided so.
    """

    verdict: str
    rule: str | None = None
    code: str | None = None
    sentence: str | None = None
    outcome: Outcome | None = None
    evidence: tuple[Evidence, ...] = ()
    dropped: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One person who meets a change. `sku` is None when the change is about the whole message."""

    customer_id: str | None
    message_id: str | None
    campaign_id: str | None
    sku: str | None
    old: Side
    new: Side


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleCounts:
    """What one ruleset's rule of some id did: items for `drop: item`, else messages.

    `fired`: obeyed; `decided`: obeyed, and the reason that is counted; `shadow`: fired without being obeyed.
    """

    fired: int = 0
    decided: int = 0
    shadow: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleChange:
    """One rule under both rulesets; `old` or `new` is None where the ruleset has no such rule (or it is off).

    A rule whose effect changed is told twice. `sentence`: as the new ruleset has it, else the old. `takes`: items newly
    dropped (messages newly suppressed or held) for its reason; `frees`: items and messages it decided and does no more,
    because the verdict is another.
    """

    rule: str
    effect: Effect
    sentence: str
    old: RuleCounts | None
    new: RuleCounts | None
    takes: int
    frees: int

    @property
    def changed(self) -> bool:
        """Whether it came, went, or acts differently."""
        return self.old != self.new or bool(self.takes or self.frees)


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignChange:
    """One campaign's messages. `campaign_id` is None for messages without one; `changed` counts messages.

    `by_change`: messages for changes of the verdict, items for changes of items.
    """

    campaign_id: str | None
    messages: int
    changed: int
    by_change: Mapping[Change, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownChange:
    """What recipients see of the messages that go out (are sent or held) under both rulesets: counts of messages.

    `changed` = `fewer` + `more` + `others` (as many items, but different ones or another order).
    `replaced_old`, `replaced_new`: items whose place a replacement took, in all messages.
    """

    messages: int
    changed: int
    fewer: int
    more: int
    others: int
    replaced_old: int
    replaced_new: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A `max_share` held against what would happen. `rule` is None for the ruleset's own.

    `acted_on` of `total` messages (items, for a `drop: item` rule); `max_share` in parts per ten thousand.
    """

    rule: str | None
    counts: str
    acted_on: int
    total: int
    max_share: int

    @property
    def passed(self) -> bool:
        """Whether more than the allowed share is acted on; exact, in whole numbers."""
        return self.acted_on * SHARE_PARTS > self.max_share * self.total


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What changes when one ruleset takes the place of another.

    `audience`: all that was replayed; no part of it has more persons. `changed`: what meets any change.
    `verdicts`, `items`: (before, now) -> count; every message and every item is in exactly one cell.
    `other_reason`: items dropped both times, by different rules. `hold_moved`: messages held until another time.
    `unknown`: fact -> messages in which the new rules asked for it in vain. `shares`: every `max_share` of the new
    ruleset. `on_unavailable`: before and now; None = not said.
    """

    old_ruleset: str
    old_fingerprint: str
    new_ruleset: str
    new_fingerprint: str
    audience: Touched
    verdicts: Mapping[tuple[Verdict, Verdict], int]
    items: Mapping[tuple[ItemVerdict, ItemVerdict], int]
    changed: Touched
    by_change: Mapping[Change, Touched]
    other_reason: int
    hold_moved: int
    shown: ShownChange
    rules: tuple[RuleChange, ...]
    campaigns: tuple[CampaignChange, ...]
    other_campaigns: int
    unknown: Mapping[str, int]
    examples: Mapping[Change, tuple[Example, ...]]
    shares: tuple[Share, ...]
    on_unavailable: tuple[OnUnavailable | None, OnUnavailable | None] = (None, None)

    @property
    def passed(self) -> tuple[Share, ...]:
        """Every `max_share` that would be passed."""
        return tuple(share for share in self.shares if share.passed)

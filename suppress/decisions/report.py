"""What a scan says in the end: counts of a whole campaign, and examples in plain values. It is `report.json`.

Nothing in it depends on the clock of the machine: the same output folder gives the same report, byte for byte.
Messages and items are counted as they are in the output; counts of items are of the candidates of the messages, not of
the replacements that were tried, unless a field says so. Instants are aware UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Self

from suppress.decisions.decision import ItemVerdict, Mode, Verdict
from suppress.decisions.report_json import from_plain, to_plain
from suppress.decisions.shares import SHARE_PARTS

FORMAT: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRule:
    """A rule as the report tells it. `acts_on`: items or messages. `max_share` in parts per ten thousand."""

    id: str
    code: str
    acts_on: str
    effect: str
    mode: Mode
    sentence: str
    title: str | None = None
    max_share: int | None = None

    @property
    def name(self) -> str:
        """What people call it: its title, else its id."""
        return self.title or self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportContext:
    """What the output tables do not say: whose rules these are, and how old the facts were.

    `facts_as_of`: source -> when it was complete; None = never loaded. `max_age_us`: source -> age beyond which its
    facts are unknown. `control_group`, `max_share`: parts per ten thousand. `decided_anew`: of a scan that only decided
    what changed since another one, the messages it decided; else None.
    """

    ruleset: str
    fingerprint: str
    rules: tuple[ReportRule, ...]
    facts_as_of: Mapping[str, datetime | None] = field(default_factory=dict)
    max_age_us: Mapping[str, int] = field(default_factory=dict)
    control_group: int = 0
    max_share: int | None = None
    campaign: str | None = None
    engine: str = "duckdb"
    decided_anew: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """Messages by verdict."""

    send: int = 0
    hold: int = 0
    suppress: int = 0

    @property
    def messages(self) -> int:
        """All of them."""
        return self.send + self.hold + self.suppress


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """Candidates, and what became of them. `shown`: those with a slot in a message that is sent, replacements included.

    `replaced`: candidates whose place a replacement took. `replacements_tried`: how many were looked at.
    """

    asked: int = 0
    kept: int = 0
    dropped: int = 0
    replaced: int = 0
    replacements_tried: int = 0
    shown: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFigures:
    """What one rule did, in items or messages as it acts on.

    `decided`: the reason that is counted. `fired`: obeyed, whether it decided or not. `alone`: obeyed, and no other
    rule was: what would go out without it. `unknown`: of `fired`, those where facts were missing. `tried`: fired in
    shadow mode; `would_change`: of those, the ones kept or sent all the same. `spared`: fired for somebody in the
    control group.
    """

    rule: str
    decided: int = 0
    fired: int = 0
    alone: int = 0
    unknown: int = 0
    tried: int = 0
    would_change: int = 0
    spared: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A `max_share` beside what happened. `rule` None: the ruleset's own. `max_share` in parts per ten thousand."""

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
class Cell:
    """Candidates of one category and price band, and how many of them were dropped."""

    asked: int
    dropped: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryRow:
    """One category over all price bands, then its candidates without a price. `category` None: none stated."""

    category: str | None
    cells: tuple[Cell, ...]
    unpriced: Cell


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceMap:
    """Categories over price bands, of products priced in one currency (and of those without a price, in the first map).

    `edges_minor`: n edges make n + 1 bands: below the first, from one to the next, from the last. `others`: how many
    further categories are added up in the last row.
    """

    currency: str | None
    edges_minor: tuple[int, ...]
    rows: tuple[CategoryRow, ...]
    others: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Clue:
    """One thing a rule read: the field by its label, the value seen (None = unknown), since when."""

    field: str
    seen: str | None
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Prevented:
    """Something a customer did not get to see. `sku` None: the whole message was kept back."""

    message_id: str
    customer_id: str | None
    channel: str | None
    as_of: datetime
    rule: str
    code: str
    sku: str | None = None
    title: str | None = None
    category: str | None = None
    price_minor: int | None = None
    currency: str | None = None
    clues: tuple[Clue, ...] = ()
    replaced_by: str | None = None
    replaced_by_title: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """One sku's share of the stock: places it had, places used, candidates that got none."""

    sku: str
    title: str | None
    budget: int
    used: int
    turned_away: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Budgets:
    """Stock shared out. `exhausted`: skus of which every place is used. `scarce`: those that turned most away."""

    skus: int
    budget: int
    used: int
    turned_away: int
    exhausted: int
    scarce: tuple[Budget, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownFact:
    """A fact rules asked for in vain: in how many messages, and of how many of their items (0 = asked of messages)."""

    fact: str
    messages: int
    items: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceAge:
    """How old a source was when the last message was judged. `as_of` None: never loaded. `max_age_us` None: any age."""

    source: str
    as_of: datetime | None
    age_us: int | None
    max_age_us: int | None

    @property
    def stale(self) -> bool:
        """Whether its facts counted as unknown for their age."""
        return self.age_us is not None and self.max_age_us is not None and self.age_us > self.max_age_us


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlGroup:
    """Those for whom rules are recorded and not obeyed; what they got that others would not have."""

    share: int
    customers: int = 0
    messages: int = 0
    messages_spared: int = 0
    items_spared: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldBucket:
    """Messages held until some time from `starts_at` on, as long as the bucket is wide."""

    starts_at: datetime
    messages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Holds:
    """When held messages are due. `undated`: held until they are checked again."""

    bucket_hours: int = 1
    buckets: tuple[HoldBucket, ...] = ()
    undated: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The messages of one campaign or channel. `name` None: none stated. `others`: how many are added up in it."""

    name: str | None
    verdicts: Verdicts
    others: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictMove:
    """Messages by their verdict in the run before and in this one."""

    before: Verdict
    now: Verdict
    messages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleMove:
    """What a rule decided in the run before and in this one; None where that ruleset has no such rule."""

    rule: str
    before: int | None
    now: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """This run beside the one before. `new`, `gone`: messages only one of them has. `items` None: it told none."""

    ruleset: str | None
    fingerprint: str | None
    as_of: datetime | None
    verdicts: Verdicts
    items: Items | None
    moves: tuple[VerdictMove, ...]
    new: int
    gone: int
    rules: tuple[RuleMove, ...]

    @property
    def changed(self) -> int:
        """Messages in both runs whose verdict is another."""
        return sum(move.messages for move in self.moves if move.before is not move.now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One suppressed or held message (`sku` None) or dropped item, drawn to be looked at.

    `also`: further rules that were obeyed. `again_at`: when it would be allowed again, or until when it is held.
    """

    message_id: str
    customer_id: str | None
    sku: str | None
    title: str | None
    verdict: Verdict | ItemVerdict
    rule: str | None
    code: str | None
    also: tuple[str, ...] = ()
    again_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Rows drawn by rule, so that rare rules are seen, too; `total`: how many there are in all."""

    rows: tuple[Row, ...] = ()
    total: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanReport:
    """A campaign, decided. `as_of_from`, `as_of_to`: the first and last instant messages were judged as of; None = no
    messages. `customers`: different known ones. `unknown_customers`: messages whose recipient nobody knows.
    `decided_anew`: of a scan that only decided what changed since another one, the messages it decided, which all other
    figures are of; then `whole` and `shares` are of the whole campaign. Else both are None.
    """

    ruleset: str
    fingerprint: str
    campaign: str | None
    engine: str
    as_of_from: datetime | None
    as_of_to: datetime | None
    verdicts: Verdicts
    customers: int
    unknown_customers: int
    items: Items
    rules: tuple[ReportRule, ...]
    figures: tuple[RuleFigures, ...]
    shares: tuple[Share, ...] = ()
    prices: tuple[PriceMap, ...] = ()
    prevented: tuple[Prevented, ...] = ()
    budgets: Budgets | None = None
    unknown: tuple[UnknownFact, ...] = ()
    sources: tuple[SourceAge, ...] = ()
    control: ControlGroup | None = None
    holds: Holds = field(default_factory=Holds)
    campaigns: tuple[Group, ...] = ()
    channels: tuple[Group, ...] = ()
    previous: Comparison | None = None
    sample: Sample = field(default_factory=Sample)
    decided_anew: int | None = None
    whole: Verdicts | None = None

    @property
    def passed(self) -> tuple[Share, ...]:
        """Every `max_share` that is passed."""
        return tuple(share for share in self.shares if share.passed)

    def rule(self, rule_id: str) -> ReportRule | None:
        """The rule of that id; None when the ruleset has none."""
        return next((rule for rule in self.rules if rule.id == rule_id), None)

    def to_dict(self) -> dict[str, Any]:
        """The JSON shape; times as RFC 3339 in UTC."""
        return {"format": FORMAT, **to_plain(self)}

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> Self:
        """The report of that JSON shape. Raises ValueError when it is none, or of a later format."""
        if told.get("format") != FORMAT:
            raise ValueError(f"this is no report of format {FORMAT}")
        return from_plain(cls, {key: value for key, value in told.items() if key != "format"})

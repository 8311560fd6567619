"""Count what became of messages and items, rule by rule. Decisions in, counts and a few examples out."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from scripts.demonstration.messages import Draft
from suppress import Decision, ItemDecision, ItemVerdict, Verdict


@dataclass(slots=True, kw_only=True)
class Counts:
    """Of one campaign or of all. `dropped` and `suppressed`: deciding rule -> items, messages."""

    messages: int = 0
    items: int = 0
    kept: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    suppressed: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Counts") -> None:
        """Add the other's counts to these."""
        self.messages += other.messages
        self.items += other.items
        self.kept += other.kept
        self.dropped += other.dropped
        self.suppressed += other.suppressed


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One item's decision with the message it stood in."""

    draft: Draft
    item: ItemDecision


class Tally:
    """Counts per campaign, the first example per rule and campaign (rule "" = kept), and decisions per engine."""

    def __init__(self) -> None:
        self.by_campaign: dict[int, Counts] = {}
        self.engines: Counter[str] = Counter()
        self.examples: dict[str, dict[int, Example]] = defaultdict(dict)

    def add(self, draft: Draft, decision: Decision) -> None:
        """Count one decision."""
        counts = self.by_campaign.setdefault(draft.campaign_id, Counts())
        counts.messages += 1
        counts.items += len(decision.items)
        self.engines[decision.engine] += 1
        if decision.verdict is Verdict.SUPPRESS and decision.deciding is not None:
            counts.suppressed[decision.deciding.rule] += 1
        for item in decision.items:
            rule = ""
            if item.verdict is ItemVerdict.KEEP:
                counts.kept += 1
            elif item.deciding is not None:
                rule = item.deciding.rule
                counts.dropped[rule] += 1
            self.examples[rule].setdefault(draft.campaign_id, Example(draft=draft, item=item))

    @property
    def total(self) -> Counts:
        """The counts of all campaigns together."""
        total = Counts()
        for counts in self.by_campaign.values():
            total.add(counts)
        return total

    def chosen_examples(self, most: int) -> list[Example]:
        """Up to `most` examples: of every rule one before of any rule a second, each from a different campaign."""
        rules = sorted(self.examples, key=lambda rule: (rule == "", -self.total.dropped[rule], rule))
        campaigns = sorted(self.by_campaign, key=lambda number: (-self.by_campaign[number].messages, number))
        chosen: list[Example] = []
        used: set[int] = set()
        for _ in range(most):
            for rule in rules:
                free = [n for n in campaigns if n in self.examples[rule] and n not in used]
                if free and len(chosen) < most:
                    used.add(free[0])
                    chosen.append(self.examples[rule][free[0]])
        return chosen

"""Add up comparisons: messages with their old and new decisions in, a Report out. Memory stays flat."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from suppress.decisions.decision import Decision, ItemDecision, ItemVerdict, Mode, Reason, Verdict
from suppress.facts.message import Message
from suppress.replay.compare import Change, Comparison, compare, effects_of, verdict_reason
from suppress.replay.limits import shares_of
from suppress.replay.people import Persons, Sample, stable_hash
from suppress.replay.report import CampaignChange, Example, Report, RuleChange, RuleCounts, ShownChange, Side, Touched
from suppress.rules.compile import CompiledRule, CompiledRuleset
from suppress.rules.ruleset import Effect

EXAMPLES: Final = 10
"""Persons shown for each kind of change."""

MOST_CAMPAIGNS: Final = 5_000
"""Campaigns counted one by one; messages of further ones are one number (whoever has more means something else)."""


class RuleTally:
    """What each rule of one ruleset did."""

    def __init__(self, compiled: CompiledRuleset) -> None:
        self.effects = effects_of(compiled)
        self.fired: Counter[str] = Counter()
        self.decided: Counter[str] = Counter()
        self.shadow: Counter[str] = Counter()

    def add(self, decision: Decision) -> None:
        """Count the rules of one decision."""
        for item in decision.items:
            self._count(item.reasons, item.deciding)
        self._count(decision.reasons, verdict_reason(decision, self.effects))

    def counts(self, rule: str, effect: Effect) -> RuleCounts | None:
        """What the rule did; None when the ruleset has no such rule of this effect."""
        if self.effects.get(rule) is not effect:
            return None
        return RuleCounts(fired=self.fired[rule], decided=self.decided[rule], shadow=self.shadow[rule])

    def _count(self, reasons: tuple[Reason, ...], deciding: Reason | None) -> None:
        for reason in reasons:
            (self.fired if reason.mode is Mode.ENFORCE else self.shadow)[reason.rule] += 1
        if deciding is not None:
            self.decided[deciding.rule] += 1


class Tally:
    """Adds up what differs between two rulesets, message by message."""

    def __init__(self, old: CompiledRuleset, new: CompiledRuleset) -> None:
        self._old, self._new = old, new
        self._old_rules, self._new_rules = RuleTally(old), RuleTally(new)
        self._persons, self._persons_changed = Persons(), Persons()
        self._persons_by = {change: Persons() for change in Change}
        self._verdicts: Counter[tuple[Verdict, Verdict]] = Counter()
        self._items: Counter[tuple[ItemVerdict, ItemVerdict]] = Counter()
        self._messages_by: Counter[Change] = Counter()
        self._items_by: Counter[Change] = Counter()
        self._single: Counter[str] = Counter()
        self._takes: Counter[str] = Counter()
        self._frees: Counter[str] = Counter()
        self._unknown: Counter[str] = Counter()
        self._campaigns: dict[str | None, Counter[str]] = {}
        self._other_campaigns = 0
        self._samples: dict[Change, Sample[Example]] = {change: Sample(EXAMPLES) for change in Change}

    def add(self, message: Message, old: Decision, new: Decision) -> None:
        """Count one message with what either ruleset decides about it."""
        compared = compare(old, new)
        self._old_rules.add(old)
        self._new_rules.add(new)
        self._verdicts[old.verdict, new.verdict] += 1
        for before, after in zip(old.items, new.items, strict=True):
            self._items[before.verdict, after.verdict] += 1
        for fact in {missing.fact for missing in new.facts_missing}:
            self._unknown[fact] += 1
        self._count_shown(compared, old, new)
        self._count_changes(compared, old, new)
        self._count_campaign(message.campaign_id, compared)
        person = stable_hash(new.customer_id, *(() if new.customer_id else (message.email, message.phone)))
        self._persons.add(person)
        if compared.changed:
            self._persons_changed.add(person)
        if compared.changes:
            for change in compared.changes:
                self._persons_by[change].add(person)
            self._sample(person, message, compared, old, new)

    def report(self) -> Report:
        """What was counted."""
        single = self._single
        by_change = {
            change: _touched(self._persons_by[change], self._messages_by[change], self._items_by[change])
            for change in Change
        }
        most = max(touched.persons for touched in by_change.values())
        changed = _touched(self._persons_changed, single["changed"], self._items_by.total(), at_least=most)
        messages, items = self._verdicts.total(), self._items.total()
        return Report(
            old_ruleset=self._old.name,
            old_fingerprint=self._old.fingerprint,
            on_unavailable=(self._old.on_unavailable, self._new.on_unavailable),
            new_ruleset=self._new.name,
            new_fingerprint=self._new.fingerprint,
            audience=_touched(self._persons, messages, items, at_least=changed.persons),
            verdicts={(old, new): self._verdicts[old, new] for old in Verdict for new in Verdict},
            items={(old, new): self._items[old, new] for old in ItemVerdict for new in ItemVerdict},
            changed=changed,
            by_change=by_change,
            other_reason=single["other_reason"],
            hold_moved=single["hold_moved"],
            shown=ShownChange(
                messages=single["goes_out"],
                changed=single["fewer"] + single["more"] + single["others"],
                fewer=single["fewer"],
                more=single["more"],
                others=single["others"],
                replaced_old=single["replaced_old"],
                replaced_new=single["replaced_new"],
            ),
            rules=self._rules(),
            campaigns=self._told_campaigns(),
            other_campaigns=self._other_campaigns,
            unknown=dict(sorted(self._unknown.items())),
            examples={change: tuple(sample.values()) for change, sample in self._samples.items()},
            shares=shares_of(self._new, self._new_rules.fired, self._verdicts, items),
        )

    def _count_shown(self, compared: Comparison, old: Decision, new: Decision) -> None:
        self._single["replaced_old"] += sum(item.replaced_by is not None for item in old.items)
        self._single["replaced_new"] += sum(item.replaced_by is not None for item in new.items)
        self._single["goes_out"] += compared.goes_out
        if compared.shown_changed:
            longer = len(new.shown) - len(old.shown)
            self._single["more" if longer > 0 else "fewer" if longer else "others"] += 1

    def _count_changes(self, compared: Comparison, old: Decision, new: Decision) -> None:
        self._single["changed"] += compared.changed
        self._single["other_reason"] += compared.other_reason
        self._single["hold_moved"] += compared.hold_moved
        self._messages_by.update(compared.changes)
        for item in compared.items:
            self._items_by[item.change] += 1
            _count_rule(self._frees, item.old.deciding)
            _count_rule(self._takes, item.new.deciding)
        if compared.verdict is not None:
            _count_rule(self._frees, verdict_reason(old, self._old_rules.effects))
            _count_rule(self._takes, verdict_reason(new, self._new_rules.effects))

    def _count_campaign(self, campaign_id: str | None, compared: Comparison) -> None:
        counts = self._campaigns.get(campaign_id)
        if counts is None:
            if len(self._campaigns) >= MOST_CAMPAIGNS:
                self._other_campaigns += 1
                return
            counts = self._campaigns[campaign_id] = Counter()
        counts["messages"] += 1
        counts["changed"] += compared.changed
        if compared.verdict is not None:
            counts[compared.verdict] += 1
        for item in compared.items:
            counts[item.change] += 1

    def _told_campaigns(self) -> tuple[CampaignChange, ...]:
        return tuple(
            CampaignChange(
                campaign_id=campaign_id,
                messages=counts["messages"],
                changed=counts["changed"],
                by_change={change: counts[change] for change in Change},
            )
            for campaign_id, counts in sorted(
                self._campaigns.items(), key=lambda entry: (-entry[1]["changed"], entry[0] or "", entry[0] is None)
            )
        )

    def _rules(self) -> tuple[RuleChange, ...]:
        """All rules of the new ruleset in its order, then those only the old one had."""
        rules: dict[tuple[str, Effect], CompiledRule] = {}
        for compiled in (self._new, self._old):
            for rule in compiled.rules:
                rules.setdefault((rule.id, rule.effect), rule)
        return tuple(
            RuleChange(
                rule=rule.id,
                effect=rule.effect,
                sentence=rule.sentence,
                old=(before := self._old_rules.counts(rule.id, rule.effect)),
                new=(after := self._new_rules.counts(rule.id, rule.effect)),
                takes=self._takes[rule.id] if after else 0,
                frees=self._frees[rule.id] if before else 0,
            )
            for rule in rules.values()
        )

    def _sample(self, person: int, message: Message, compared: Comparison, old: Decision, new: Decision) -> None:
        at = old.as_of.isoformat()
        for place, item in enumerate(compared.items):
            value = stable_hash(message.message_id, at, item.new.sku, place)
            if self._samples[item.change].wants(person, value):
                sides = _item_side(item.old), _item_side(item.new)
                self._samples[item.change].put(person, value, _example(message, new, item.new.sku, *sides))
        if compared.verdict is not None:
            value = stable_hash(message.message_id, at)
            if self._samples[compared.verdict].wants(person, value):
                sides = _message_side(old, self._old_rules.effects), _message_side(new, self._new_rules.effects)
                self._samples[compared.verdict].put(person, value, _example(message, new, None, *sides))


def _touched(persons: Persons, messages: int, items: int, *, at_least: int = 0) -> Touched:
    """An estimate of persons is kept between `at_least` (those of a part) and the messages they were sent."""
    count = max(min(persons.count(), messages), at_least)
    return Touched(persons=count, persons_exact=persons.is_exact, messages=messages, items=items)


def _count_rule(counter: Counter[str], reason: Reason | None) -> None:
    if reason is not None:
        counter[reason.rule] += 1


def _example(message: Message, decision: Decision, sku: str | None, old: Side, new: Side) -> Example:
    return Example(
        customer_id=decision.customer_id,
        message_id=message.message_id,
        campaign_id=message.campaign_id,
        sku=sku,
        old=old,
        new=new,
    )


def _item_side(item: ItemDecision) -> Side:
    return _side(item.verdict.value, item.deciding)


def _message_side(decision: Decision, effects: Mapping[str, Effect]) -> Side:
    dropped = tuple((item.sku, item.deciding.rule) for item in decision.items if item.deciding is not None)
    return replace(_side(decision.verdict.value, verdict_reason(decision, effects)), dropped=dropped)


def _side(verdict: str, reason: Reason | None) -> Side:
    if reason is None:
        return Side(verdict=verdict)
    return Side(
        verdict=verdict,
        rule=reason.rule,
        code=reason.code,
        sentence=reason.sentence,
        outcome=reason.outcome,
        evidence=reason.evidence,
    )

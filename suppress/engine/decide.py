"""Turn a compiled ruleset and a Snapshot into a Decision: items, then slots and replacements, then the message.

Pure: no clock, no database, no log. The same snapshot gives the same decision, whatever the engine. A message that is
sent with more of a limited item than is left is placed anew without it, until it takes no more than there is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from suppress.decisions.decision import (
    Decision,
    ItemDecision,
    ItemVerdict,
    MissingFact,
    Mode,
    Reason,
    Verdict,
    first_enforced,
)
from suppress.engine.asks import age_bounds, asked, choices, clocks, is_exists, unique
from suppress.engine.control import in_control_group
from suppress.engine.eligibility import eligible_again_us, moves
from suppress.engine.evaluate import truth
from suppress.engine.evidence import Anyones, ReasonWriter
from suppress.engine.features import ItemValues, Placed
from suppress.engine.guarded import DURABLE, REFERENCE, Answer, Engine
from suppress.engine.holding import hold_until_us
from suppress.engine.message_values import MessageValues, slots_of
from suppress.engine.shared import SharedFacts, Terms, UnknownFact
from suppress.engine.sharing import AVAILABLE_UNITS, NO_RESERVATIONS, Holder, Share, refused, share_of
from suppress.facts.fields import label_of
from suppress.facts.instants import from_us
from suppress.facts.inventory import oldest_us
from suppress.facts.local_time import zone_of
from suppress.facts.message import Item
from suppress.facts.snapshot import Snapshot, Source
from suppress.rules.compile import CompiledRule, CompiledRuleset
from suppress.rules.needs import goes_by_customers_clock
from suppress.rules.ruleset import Effect
from suppress.rules.tree import leaves

_CUSTOMERS_ZONE: Final = "customer.time_zone"


class _Judged(NamedTuple):
    """One item with what its rules said. `limits`: the rules that share it out. `share`: of which it got none."""

    item: Item
    values: ItemValues
    reasons: tuple[Reason, ...]
    fired: tuple[CompiledRule, ...]
    dropped: bool
    limits: tuple[CompiledRule, ...] = ()
    share: Share | None = None

    @property
    def code(self) -> str | None:
        """The code the item was dropped for; None when it is kept."""
        decided = first_enforced(self.reasons)
        return decided.code if decided else None


class _Placed(NamedTuple):
    """Candidates with their places. `tried`: the replacements that were looked at. `shown`: (candidate, judged)."""

    items: tuple[_Judged, ...]
    tried: tuple[_Judged, ...]
    shown: tuple[tuple[int, _Judged], ...]

    @property
    def judged(self) -> tuple[_Judged, ...]:
        """All that were looked at."""
        return (*self.items, *self.tried)


class _Verdict(NamedTuple):
    """What becomes of the message, and why."""

    verdict: Verdict
    hold_until_us: int | None
    reasons: tuple[Reason, ...]
    outcome: MessageValues


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A decision, and what it takes of stock that is shared out.

    `draws`: sku -> places in the message that use its budget; none unless the message is sent. `limited`: the skus
    shown for which a limit rule fires, obeyed or not: how much of them others hold matters to the decision.
    """

    decision: Decision
    draws: Mapping[str, int]
    limited: tuple[str, ...]


class _Run:
    """One decision under way: whose rules are obeyed, which engines answered."""

    __slots__ = ("engines", "is_control")

    def __init__(self, *, is_control: bool) -> None:
        self.is_control = is_control
        self.engines: set[str] = set()

    def obeys(self, rule: CompiledRule) -> bool:
        """Whether the rule is obeyed: enforced, and `always` where the customer is in the control group."""
        return rule.mode is Mode.ENFORCE and (rule.always or not self.is_control)


class Decider:
    """Decides messages by one compiled ruleset on one engine. Keeps no facts between two decisions."""

    def __init__(self, compiled: CompiledRuleset, engine: Engine) -> None:
        self.compiled = compiled
        self.engine = engine
        self._item_rules = {rule.number: rule for rule in compiled.item_rules}
        self._limit_rules = {rule.number: rule for rule in compiled.limit_rules}
        self._message_rules = {rule.number: rule for rule in compiled.message_rules}
        about_items = (*compiled.item_rules, *compiled.limit_rules)
        item_leaves = unique(leaf for rule in about_items for leaf in leaves(rule.condition))
        message_leaves = unique(leaf for rule in compiled.message_rules for leaf in leaves(rule.condition))
        all_leaves = (*item_leaves, *message_leaves)
        item_asks = dict.fromkeys((*asked(item_leaves), *([AVAILABLE_UNITS] if compiled.limit_rules else [])))
        self._item_asks = [(one if isinstance(one, str) else id(one), one) for one in item_asks]
        self._message_asks = asked(message_leaves)
        if any(goes_by_customers_clock(leaf) for leaf in all_leaves) or any(
            rule.hold is not None and rule.hold.until is not None for rule in compiled.message_rules
        ):
            self._message_asks.append(_CUSTOMERS_ZONE)
        self._answered_by_exists = {
            label_of(name)
            for name in set(asked(leaf for leaf in all_leaves if is_exists(leaf)))
            - set(asked(leaf for leaf in all_leaves if not is_exists(leaf)))
            if isinstance(name, str) and not (compiled.limit_rules and name == AVAILABLE_UNITS)
        }
        self._numbers = {rule.id: rule.number for rule in compiled.rules}
        self._moving_rules = tuple(rule for rule in compiled.item_rules if moves(rule))
        needs = compiled.needs
        wanted = (
            (Source.PRODUCTS, needs.products),
            (Source.ORDERS, needs.history),
            (Source.CUSTOMERS, needs.customer),
            (Source.SENT, needs.sent),
            (Source.FEEDBACK, needs.feedback),
        )
        self._feeds = [(source, source.value) for source, is_wanted in wanted if is_wanted]
        self._reasons_in_words = ReasonWriter()
        self._terms = Terms(
            max_age_us=compiled.max_age_us,
            age_bounds_us=age_bounds(item_leaves),
            clocks_us=clocks(all_leaves),
            zone=zone_of(compiled.time_zone) or ZoneInfo("UTC"),
            cycles_days=compiled.cycles_days,
            regions=compiled.regions,
            choices=choices(all_leaves),
        )
        self._boundaries_us = [
            at_us for rule in compiled.rules for at_us in (rule.starts_us, rule.ends_us) if at_us is not None
        ]

    def decide(self, snapshot: Snapshot, decision_id: str) -> Decision:
        """The decision for the snapshot's message, as of the snapshot's instant."""
        return self.weigh(snapshot, decision_id).decision

    def weigh(self, snapshot: Snapshot, decision_id: str) -> Decided:
        """The decision, and what it draws from the budgets of limited items beyond what others hold already."""
        compiled = self.compiled
        shared = SharedFacts(snapshot, self._terms)
        message = MessageValues(shared)
        run = _Run(is_control=in_control_group(compiled.name, snapshot.customer_id, compiled.control_group))
        without: dict[int, Share] = {}
        while True:
            placed = self._place(message, run, without)
            told = self._verdict(shared, placed, run)
            holders = self._holders(placed, run) if told.verdict is Verdict.SEND else ()
            over = refused(holders, snapshot.reserved)
            if not over:
                break
            without |= over
        if told.verdict is Verdict.SEND:
            placed = self._with_shadows(placed, run)
        decision = self._decision(decision_id, shared, placed, told, run)
        draws: dict[str, int] = {}
        for holder in holders:
            draws[holder.sku] = draws.get(holder.sku, 0) + 1
        limited = dict.fromkeys(one.item.sku for _, one in placed.shown if one.limits)
        return Decided(decision=decision, draws=draws, limited=tuple(limited))

    def _place(self, message: MessageValues, run: _Run, without: Mapping[int, Share]) -> _Placed:
        """Items, then replacements, into the slots; `without` those candidates that got nothing of their budget."""
        snapshot = message.shared.snapshot
        slots, items = slots_of(snapshot), snapshot.message.items
        placed: list[Placed] = []
        shown: list[tuple[int, _Judged]] = []
        judged: list[_Judged] = []
        for number, item in enumerate(items):
            one = self._judge(item, message, tuple(placed), run, without.get(number))
            judged.append(one)
            if not one.dropped and len(placed) < slots:
                placed.append(Placed(item.sku, one.values.product))
                shown.append((number, one))
        tried: list[_Judged] = []
        for number, sku in enumerate(snapshot.message.replacements, start=len(items)):
            if len(placed) >= slots:
                break
            if any(sku == there.sku for there in placed) or any(sku == one.item.sku for one in tried):
                continue
            one = self._judge(Item(sku=sku), message, tuple(placed), run, without.get(number))
            tried.append(one)
            if not one.dropped:
                placed.append(Placed(sku, one.values.product))
                shown.append((number, one))
        return _Placed(tuple(judged), tuple(tried), tuple(shown))

    def _judge(
        self, item: Item, message: MessageValues, placed: tuple[Placed, ...], run: _Run, share: Share | None
    ) -> _Judged:
        values = ItemValues(message, item, placed)
        answer = self.engine.item_rules(values)
        reasons, fired = self._reasons(values, answer, self._item_rules, run)
        dropped = any(run.obeys(rule) for rule in fired)
        if dropped or not self._limit_rules:
            return _Judged(item, values, reasons, fired, dropped)
        limits = self._limits(values, run)
        if share is None:
            return _Judged(item, values, reasons, fired, dropped, limits)
        reason = self._reasons_in_words.refusal_of(share, values, Mode.ENFORCE)
        return _Judged(item, values, self._in_file_order(reasons, reason), fired, True, limits, share)

    def _limits(self, values: ItemValues, run: _Run) -> tuple[CompiledRule, ...]:
        answer = self.engine.limit_rules(values)
        run.engines.add(answer.engine)
        as_of_us = values.shared.as_of_us
        rules = (self._limit_rules[number] for number in sorted(answer.fired))
        limits = tuple(rule for rule in rules if rule.applies_at(as_of_us))
        if limits:
            # Whether the units are known is asked of every item that is limited, with a slot or without.
            values.field(AVAILABLE_UNITS)
        return limits

    def _holders(self, placed: _Placed, run: _Run) -> tuple[Holder, ...]:
        """The places shown that use up a budget."""
        return tuple(
            Holder(number, one.item.sku, one.item.score, share)
            for number, one in placed.shown
            if one.limits and (share := share_of(filter(run.obeys, one.limits), one.values)) is not None
        )

    def _with_shadows(self, placed: _Placed, run: _Run) -> _Placed:
        """What limits that are not obeyed would have left out, because nothing is left of it, with their reasons."""
        told: dict[int, _Judged] = {}
        for number, one in placed.shown:
            for rule in one.limits:
                if not run.obeys(rule) and (share := share_of([rule], one.values)) and share.is_used_up:
                    known = told.get(number, one)
                    reason = self._reasons_in_words.refusal_of(share, one.values, Mode.SHADOW)
                    told[number] = known._replace(reasons=self._in_file_order(known.reasons, reason))
        if not told:
            return placed
        changed = {id(one): told[number] for number, one in placed.shown if number in told}
        return _Placed(
            tuple(changed.get(id(one), one) for one in placed.items),
            tuple(changed.get(id(one), one) for one in placed.tried),
            tuple((number, told.get(number, one)) for number, one in placed.shown),
        )

    def _in_file_order(self, reasons: tuple[Reason, ...], reason: Reason) -> tuple[Reason, ...]:
        return tuple(sorted((*reasons, reason), key=lambda one: self._numbers[one.rule]))

    def _decision(self, decision_id: str, shared: SharedFacts, placed: _Placed, told: _Verdict, run: _Run) -> Decision:
        snapshot, compiled = shared.snapshot, self.compiled
        unused = iter([one.item.sku for one in placed.tried if not one.dropped])
        return Decision(
            decision_id=decision_id,
            message_id=snapshot.message.message_id,
            customer_id=snapshot.customer_id,
            verdict=told.verdict,
            hold_until=_instant(told.hold_until_us),
            as_of=from_us(snapshot.as_of_us),
            valid_until=_instant(self._valid_until_us(shared)),
            items=tuple(self._told(one, next(unused, None) if one.dropped else None, run) for one in placed.items),
            replacements=tuple(self._told(one, None, run) for one in placed.tried),
            shown=tuple(one.item.sku for _, one in placed.shown),
            reasons=told.reasons,
            facts_as_of=self._facts_as_of(shared, placed.judged),
            facts_missing=self._facts_missing(placed.judged, told.outcome),
            ruleset=compiled.name,
            fingerprint=compiled.fingerprint,
            mode=compiled.mode,
            control_group=run.is_control,
            engine=REFERENCE if REFERENCE in run.engines else DURABLE,
        )

    def _reasons(
        self, values: Anyones, answer: Answer, rules: dict[int, CompiledRule], run: _Run
    ) -> tuple[tuple[Reason, ...], tuple[CompiledRule, ...]]:
        run.engines.add(answer.engine)
        if not answer.fired:
            return (), ()
        as_of_us = values.shared.as_of_us
        fired = tuple(rule for number in sorted(answer.fired) if (rule := rules[number]).applies_at(as_of_us))
        write = self._reasons_in_words.reason_of
        return tuple(
            write(rule, values, truth(rule.condition, values), Mode.ENFORCE if run.obeys(rule) else Mode.SHADOW)
            for rule in fired
        ), fired

    def _verdict(self, shared: SharedFacts, placed: _Placed, run: _Run) -> _Verdict:
        codes = tuple(dict.fromkeys(code for one in placed.items if one.dropped and (code := one.code)))
        outcome = MessageValues(shared, items_kept=len(placed.shown), dropped_codes=codes)
        reasons, fired = self._reasons(outcome, self.engine.message_rules(outcome), self._message_rules, run)
        obeyed = [rule for rule in fired if run.obeys(rule)]
        if any(rule.effect is Effect.SUPPRESS_MESSAGE for rule in obeyed):
            return _Verdict(Verdict.SUPPRESS, None, reasons, outcome)
        holds = [rule.hold for rule in obeyed if rule.hold is not None]
        if not holds:
            return _Verdict(Verdict.SEND, None, reasons, outcome)
        dropped = (one.values for one in placed.items if one.dropped)
        return _Verdict(Verdict.HOLD, hold_until_us(holds, shared, dropped), reasons, outcome)

    def _told(self, one: _Judged, replaced_by: str | None, run: _Run) -> ItemDecision:
        again_us = None
        if one.dropped and one.share is None:
            again_us = eligible_again_us(one.values, one.fired, self._moving_rules, run.obeys)
        return ItemDecision(
            sku=one.item.sku,
            verdict=ItemVerdict.DROP if one.dropped else ItemVerdict.KEEP,
            placement=one.item.placement,
            replaced_by=replaced_by,
            eligible_again_at=_instant(again_us),
            reasons=one.reasons,
        )

    def _valid_until_us(self, shared: SharedFacts) -> int | None:
        for at_us in self._boundaries_us:
            shared.note_change(at_us)
        return shared.next_change_us

    def _facts_as_of(self, shared: SharedFacts, judged: Iterable[_Judged]) -> dict[str, datetime | None]:
        feeds_us = shared.snapshot.feeds_us
        ages: dict[str, datetime | None] = {}
        for source, name in self._feeds:
            loaded_us = feeds_us.get(source)
            ages[name] = None if loaded_us is None else from_us(min(loaded_us, shared.as_of_us))
        if self.compiled.needs.stock:
            stock = shared.snapshot.stock
            # Where a whole style counts, so does the age of its other skus.
            shelves = stock.values() if self.compiled.needs.group_stock else (stock.get(o.item.sku) for o in judged)
            stated = [oldest_us(levels) for levels in shelves if levels]
            ages[Source.STOCK.value] = from_us(min(stated)) if stated else None
        return ages

    def _facts_missing(self, judged: Iterable[_Judged], message: MessageValues) -> tuple[MissingFact, ...]:
        unknown: dict[UnknownFact, None] = {}
        for one in judged:
            gaps = one.values.gaps
            if gaps:
                unknown.update((one.values.why_unknown(what), None) for key, what in self._item_asks if key in gaps)
            if one.limits and one.values.shared.snapshot.reserved is None:
                unknown[NO_RESERVATIONS] = None
        for what in self._message_asks:
            value = message.field(what) if isinstance(what, str) else message.past(what)
            if value is None:
                unknown[message.why_unknown(what)] = None
        return tuple(
            MissingFact(fact=fact.fact, about=fact.about, why=fact.why, as_of=_instant(fact.as_of_us))
            for fact in unknown
            if fact.fact not in self._answered_by_exists
        )


def _instant(at_us: int | None) -> datetime | None:
    return None if at_us is None else from_us(at_us)

"""Turn a compiled ruleset and a Snapshot into a Decision: items, then slots and replacements, then the message.

Pure: no clock, no database, no log. The same snapshot gives the same decision, whatever the engine.
"""

from collections.abc import Iterable
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
from suppress.engine.control import in_control_group
from suppress.engine.eligibility import eligible_again_us, moves
from suppress.engine.evaluate import truth
from suppress.engine.evidence import Anyones, ReasonWriter
from suppress.engine.features import ItemValues, Placed
from suppress.engine.guarded import DURABLE, REFERENCE, Answer, Engine
from suppress.engine.holding import hold_until_us
from suppress.engine.message_values import MessageValues, slots_of
from suppress.engine.shared import SharedFacts, Terms, UnknownFact
from suppress.facts.fields import FieldType, Operator, label_of
from suppress.facts.instants import from_us
from suppress.facts.inventory import oldest_us
from suppress.facts.local_time import zone_of
from suppress.facts.message import Item
from suppress.facts.snapshot import Snapshot, Source
from suppress.rules.compile import CompiledRule, CompiledRuleset
from suppress.rules.needs import goes_by_customers_clock
from suppress.rules.ruleset import Effect
from suppress.rules.tree import ClockTime, Compare, Duration, Leaf, Past, leaves

_CUSTOMERS_ZONE: Final = "customer.time_zone"


class _Judged(NamedTuple):
    """One item with what its rules said."""

    item: Item
    values: ItemValues
    reasons: tuple[Reason, ...]
    fired: tuple[CompiledRule, ...]
    dropped: bool

    @property
    def code(self) -> str | None:
        """The code the item was dropped for; None when it is kept."""
        decided = first_enforced(self.reasons)
        return decided.code if decided else None


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
        self._message_rules = {rule.number: rule for rule in compiled.message_rules}
        item_leaves = _unique(leaf for rule in compiled.item_rules for leaf in leaves(rule.condition))
        message_leaves = _unique(leaf for rule in compiled.message_rules for leaf in leaves(rule.condition))
        all_leaves = (*item_leaves, *message_leaves)
        self._item_asks = [(asked if isinstance(asked, str) else id(asked), asked) for asked in _asked(item_leaves)]
        self._message_asks = _asked(message_leaves)
        if any(goes_by_customers_clock(leaf) for leaf in all_leaves) or any(
            rule.hold is not None and rule.hold.until is not None for rule in compiled.message_rules
        ):
            self._message_asks.append(_CUSTOMERS_ZONE)
        self._answered_by_exists = {
            label_of(name)
            for name in set(_asked(leaf for leaf in all_leaves if _is_exists(leaf)))
            - set(_asked(leaf for leaf in all_leaves if not _is_exists(leaf)))
            if isinstance(name, str)
        }
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
            age_bounds_us=_age_bounds(item_leaves),
            clocks_us=_clocks(all_leaves),
            zone=zone_of(compiled.time_zone) or ZoneInfo("UTC"),
            cycles_days=compiled.cycles_days,
            regions=compiled.regions,
            choices=_choices(all_leaves),
        )
        self._boundaries_us = [
            at_us
            for rule in (*compiled.item_rules, *compiled.message_rules)
            for at_us in (rule.starts_us, rule.ends_us)
            if at_us is not None
        ]

    def decide(self, snapshot: Snapshot, decision_id: str) -> Decision:
        """The decision for the snapshot's message, as of the snapshot's instant."""
        compiled = self.compiled
        shared = SharedFacts(snapshot, self._terms)
        message = MessageValues(shared)
        run = _Run(is_control=in_control_group(compiled.name, snapshot.customer_id, compiled.control_group))
        slots = slots_of(snapshot)
        placed: list[Placed] = []
        judged: list[_Judged] = []
        for item in snapshot.message.items:
            one = self._judge(item, message, tuple(placed), run)
            judged.append(one)
            if not one.dropped and len(placed) < slots:
                placed.append(Placed(item.sku, one.values.product))
        tried: list[_Judged] = []
        filled: list[str] = []
        for sku in snapshot.message.replacements:
            if len(placed) >= slots:
                break
            if any(sku == there.sku for there in placed) or any(sku == one.item.sku for one in tried):
                continue
            one = self._judge(Item(sku=sku), message, tuple(placed), run)
            tried.append(one)
            if not one.dropped:
                placed.append(Placed(sku, one.values.product))
                filled.append(sku)
        codes = tuple(dict.fromkeys(code for one in judged if one.dropped and (code := one.code)))
        outcome = MessageValues(shared, items_kept=len(placed), dropped_codes=codes)
        reasons, fired = self._reasons(outcome, self.engine.message_rules(outcome), self._message_rules, run)
        verdict, hold_until_us = self._verdict(fired, shared, judged, run)
        unused = iter(filled)
        return Decision(
            decision_id=decision_id,
            message_id=snapshot.message.message_id,
            customer_id=snapshot.customer_id,
            verdict=verdict,
            hold_until=_instant(hold_until_us),
            as_of=from_us(snapshot.as_of_us),
            valid_until=_instant(self._valid_until_us(shared)),
            items=tuple(self._told(one, next(unused, None) if one.dropped else None, run) for one in judged),
            replacements=tuple(self._told(one, None, run) for one in tried),
            shown=tuple(there.sku for there in placed),
            reasons=reasons,
            facts_as_of=self._facts_as_of(shared, (*judged, *tried)),
            facts_missing=self._facts_missing((*judged, *tried), outcome),
            ruleset=compiled.name,
            fingerprint=compiled.fingerprint,
            mode=compiled.mode,
            control_group=run.is_control,
            engine=REFERENCE if REFERENCE in run.engines else DURABLE,
        )

    def _judge(self, item: Item, message: MessageValues, placed: tuple[Placed, ...], run: _Run) -> _Judged:
        values = ItemValues(message, item, placed)
        answer = self.engine.item_rules(values)
        reasons, fired = self._reasons(values, answer, self._item_rules, run)
        return _Judged(item, values, reasons, fired, any(run.obeys(rule) for rule in fired))

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

    def _verdict(
        self, fired: tuple[CompiledRule, ...], shared: SharedFacts, judged: list[_Judged], run: _Run
    ) -> tuple[Verdict, int | None]:
        obeyed = [rule for rule in fired if run.obeys(rule)]
        if any(rule.effect is Effect.SUPPRESS_MESSAGE for rule in obeyed):
            return Verdict.SUPPRESS, None
        holds = [rule.hold for rule in obeyed if rule.hold is not None]
        if not holds:
            return Verdict.SEND, None
        dropped = (one.values for one in judged if one.dropped)
        return Verdict.HOLD, hold_until_us(holds, shared, dropped)

    def _told(self, one: _Judged, replaced_by: str | None, run: _Run) -> ItemDecision:
        again_us = None
        if one.dropped:
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
                unknown.update((one.values.why_unknown(asked), None) for key, asked in self._item_asks if key in gaps)
        for asked in self._message_asks:
            value = message.field(asked) if isinstance(asked, str) else message.past(asked)
            if value is None:
                unknown[message.why_unknown(asked)] = None
        return tuple(
            MissingFact(fact=fact.fact, about=fact.about, why=fact.why, as_of=_instant(fact.as_of_us))
            for fact in unknown
            if fact.fact not in self._answered_by_exists
        )


def _unique(all_leaves: Iterable[Leaf]) -> list[Leaf]:
    return list(dict.fromkeys(all_leaves))


def _asked(all_leaves: Iterable[Leaf]) -> list[str | Past]:
    """What rules ask for: field names and conditions on the past, once each."""
    return list(dict.fromkeys(leaf.field.name if isinstance(leaf, Compare) else leaf for leaf in all_leaves))


def _choices(all_leaves: Iterable[Leaf]) -> dict[str, tuple[str, ...]]:
    """The fields that are one of a few words, and the words."""
    compared = (leaf.field for leaf in all_leaves if isinstance(leaf, Compare))
    return {field.name: field.choices for field in compared if field.type is FieldType.CHOICE}


def _clocks(all_leaves: Iterable[Leaf]) -> tuple[int, ...]:
    """The times of day that rules compare with."""
    compared = (leaf for leaf in all_leaves if isinstance(leaf, Compare))
    return tuple({value.us for leaf in compared for value in leaf.values if isinstance(value, ClockTime)})


def _is_exists(leaf: Leaf) -> bool:
    """Whether the leaf asks if something is known: then an empty field is an answer and no gap in the facts."""
    return isinstance(leaf, Compare) and leaf.operator is Operator.EXISTS


def _age_bounds(all_leaves: Iterable[Leaf]) -> tuple[int, ...]:
    return tuple(
        value.us
        for leaf in all_leaves
        if isinstance(leaf, Compare) and leaf.field.type is FieldType.DURATION
        for value in leaf.values
        if isinstance(value, Duration)
    )


def _instant(at_us: int | None) -> datetime | None:
    return None if at_us is None else from_us(at_us)

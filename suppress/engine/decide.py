"""Turn a compiled ruleset and a Snapshot into a Decision: items, then slots and replacements, then the message.

Pure: no clock, no database, no log. The same snapshot gives the same decision, whatever the engine.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from suppress.decisions.decision import Decision, ItemDecision, ItemVerdict, MissingFact, Mode, Reason, Verdict
from suppress.engine.eligibility import eligible_again_us, moves
from suppress.engine.evaluate import truth
from suppress.engine.evidence import Anyones, ReasonWriter
from suppress.engine.features import ItemValues, MessageValues, slots_of
from suppress.engine.guarded import DURABLE, REFERENCE, Answer, Engine
from suppress.engine.shared import SharedFacts, UnknownFact
from suppress.facts.fields import FieldType, Operator
from suppress.facts.instants import from_us
from suppress.facts.inventory import oldest_us
from suppress.facts.message import Item
from suppress.facts.snapshot import Snapshot, Source
from suppress.rules.compile import CompiledRule, CompiledRuleset
from suppress.rules.tree import Bought, Compare, Duration, Leaf, leaves


class _Judged(NamedTuple):
    """One item with what its rules said."""

    item: Item
    values: ItemValues
    reasons: tuple[Reason, ...]
    fired: tuple[CompiledRule, ...]
    dropped: bool


class Decider:
    """Decides messages by one compiled ruleset on one engine. Keeps no facts between two decisions."""

    def __init__(self, compiled: CompiledRuleset, engine: Engine) -> None:
        self.compiled = compiled
        self.engine = engine
        self._item_rules = {rule.number: rule for rule in compiled.item_rules}
        self._message_rules = {rule.number: rule for rule in compiled.message_rules}
        item_leaves = _unique(leaf for rule in compiled.item_rules for leaf in leaves(rule.condition))
        message_leaves = _unique(leaf for rule in compiled.message_rules for leaf in leaves(rule.condition))
        self._item_asks = _asked(item_leaves)
        self._message_asks = [name for name in _asked(message_leaves) if isinstance(name, str)]
        all_leaves = (*item_leaves, *message_leaves)
        self._answered_by_exists = set(_asked(leaf for leaf in all_leaves if _is_exists(leaf))) - set(
            _asked(leaf for leaf in all_leaves if not _is_exists(leaf))
        )
        self._moving_rules = tuple(rule for rule in compiled.item_rules if moves(rule))
        self._reasons_in_words = ReasonWriter()
        self._age_bounds_us = _age_bounds(item_leaves)
        self._boundaries_us = [
            at_us
            for rule in (*compiled.item_rules, *compiled.message_rules)
            for at_us in (rule.starts_us, rule.ends_us)
            if at_us is not None
        ]

    def decide(self, snapshot: Snapshot, decision_id: str) -> Decision:
        """The decision for the snapshot's message, as of the snapshot's instant."""
        shared = SharedFacts(snapshot, self.compiled.max_age_us, self._age_bounds_us)
        message = MessageValues(shared)
        engines: set[str] = set()
        judged = [self._judge(item, message, engines) for item in snapshot.message.items]
        slots = slots_of(snapshot)
        shown = [one.item.sku for one in judged if not one.dropped][:slots]
        tried: list[_Judged] = []
        filled: list[str] = []
        for sku in snapshot.message.replacements:
            if len(shown) >= slots:
                break
            if sku in shown or any(sku == one.item.sku for one in tried):
                continue
            one = self._judge(Item(sku=sku), message, engines)
            tried.append(one)
            if not one.dropped:
                shown.append(sku)
                filled.append(sku)
        outcome = MessageValues(shared, items_kept=len(shown))
        reasons, fired = self._reasons(outcome, self.engine.message_rules(outcome), self._message_rules, engines)
        unused = iter(filled)
        return Decision(
            decision_id=decision_id,
            message_id=snapshot.message.message_id,
            customer_id=snapshot.customer_id,
            verdict=Verdict.SUPPRESS if any(rule.mode is Mode.ENFORCE for rule in fired) else Verdict.SEND,
            hold_until=None,
            as_of=from_us(snapshot.as_of_us),
            valid_until=_instant(self._valid_until_us(shared)),
            items=tuple(self._told(one, next(unused, None) if one.dropped else None) for one in judged),
            replacements=tuple(self._told(one, None) for one in tried),
            shown=tuple(shown),
            reasons=reasons,
            facts_as_of=self._facts_as_of(shared, (*judged, *tried)),
            facts_missing=self._facts_missing((*judged, *tried), outcome),
            ruleset=self.compiled.name,
            fingerprint=self.compiled.fingerprint,
            mode=self.compiled.mode,
            engine=REFERENCE if REFERENCE in engines else DURABLE,
        )

    def _judge(self, item: Item, message: MessageValues, engines: set[str]) -> _Judged:
        values = ItemValues(message, item)
        answer = self.engine.item_rules(values)
        reasons, fired = self._reasons(values, answer, self._item_rules, engines)
        return _Judged(item, values, reasons, fired, any(rule.mode is Mode.ENFORCE for rule in fired))

    def _reasons(
        self, values: Anyones, answer: Answer, rules: dict[int, CompiledRule], engines: set[str]
    ) -> tuple[tuple[Reason, ...], tuple[CompiledRule, ...]]:
        engines.add(answer.engine)
        if not answer.fired:
            return (), ()
        as_of_us = values.shared.as_of_us
        fired = tuple(rule for number in sorted(answer.fired) if (rule := rules[number]).applies_at(as_of_us))
        write = self._reasons_in_words.reason_of
        return tuple(write(rule, values, truth(rule.condition, values)) for rule in fired), fired

    def _told(self, one: _Judged, replaced_by: str | None) -> ItemDecision:
        again_us = None
        if one.dropped:
            again_us = eligible_again_us(one.values, one.fired, self._moving_rules)
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
        needs = self.compiled.needs
        wanted = (
            (Source.PRODUCTS, needs.products),
            (Source.ORDERS, needs.history),
            (Source.CUSTOMERS, needs.customer),
        )
        feeds_us = shared.snapshot.feeds_us
        ages: dict[str, datetime | None] = {}
        for source, is_wanted in wanted:
            if is_wanted:
                loaded_us = feeds_us.get(source)
                ages[source.value] = None if loaded_us is None else from_us(min(loaded_us, shared.as_of_us))
        if needs.stock:
            stated = [oldest_us(one.values.levels) for one in judged if one.values.levels]
            ages[Source.STOCK.value] = from_us(min(stated)) if stated else None
        return ages

    def _facts_missing(self, judged: Iterable[_Judged], message: MessageValues) -> tuple[MissingFact, ...]:
        unknown: dict[UnknownFact, None] = {}
        for one in judged:
            values = one.values
            if not values.has_gaps:
                continue
            for asked in self._item_asks:
                value = values.field(asked) if isinstance(asked, str) else values.bought(asked)
                if value is None:
                    unknown[values.why_unknown(asked)] = None
        for name in self._message_asks:
            if message.field(name) is None:
                unknown[message.why_unknown(name)] = None
        return tuple(
            MissingFact(fact=fact.fact, about=fact.about, why=fact.why, as_of=_instant(fact.as_of_us))
            for fact in unknown
            if fact.fact not in self._answered_by_exists
        )


def _unique(all_leaves: Iterable[Leaf]) -> list[Leaf]:
    return list(dict.fromkeys(all_leaves))


def _asked(all_leaves: Iterable[Leaf]) -> list[str | Bought]:
    """What rules ask for: field names and purchase conditions, once each."""
    return list(dict.fromkeys(leaf if isinstance(leaf, Bought) else leaf.field.name for leaf in all_leaves))


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

"""Turn a compiled ruleset and a Snapshot into a Decision: items, then slots and replacements, then the message.

Pure: no clock, no database, no log. The same snapshot gives the same decision, whatever the engine. A message that is
sent with more of a limited item than is left is placed anew without it, until it takes no more than there is.
"""

from collections import Counter
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
    Reason,
    Verdict,
)
from suppress.engine.asks import age_bounds, asked, choices, clocks, is_exists, unique
from suppress.engine.control import in_control_group
from suppress.engine.eligibility import eligible_again_us
from suppress.engine.guarded import DURABLE, REFERENCE, Engine
from suppress.engine.holding import hold_until_us
from suppress.engine.message_values import MessageValues
from suppress.engine.placing import Judged, Placer, Placing, Run
from suppress.engine.shared import SharedFacts, Terms, UnknownFact
from suppress.engine.sharing import NO_RESERVATIONS, Share, refused
from suppress.facts.fields import label_of
from suppress.facts.instants import from_us
from suppress.facts.inventory import oldest_us
from suppress.facts.local_time import zone_of
from suppress.facts.snapshot import Snapshot, Source
from suppress.rules.compile import CompiledRuleset
from suppress.rules.needs import AVAILABLE_UNITS, goes_by_customers_clock
from suppress.rules.ruleset import Effect
from suppress.rules.tree import leaves

_CUSTOMERS_ZONE: Final = "customer.time_zone"


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
    that had a slot and for which a limit rule fires, obeyed or not: how much others hold of them matters.
    """

    decision: Decision
    draws: Mapping[str, int]
    limited: tuple[str, ...]


class Decider:
    """Decides messages by one compiled ruleset on one engine. Keeps no facts between two decisions."""

    def __init__(self, compiled: CompiledRuleset, engine: Engine) -> None:
        self.compiled = compiled
        self.engine = engine
        self._placer = Placer(compiled, engine)
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
        self._moving_rules = tuple(rule for rule in compiled.item_rules if rule.moves)
        # The age of stock is not that of its feed, but of its rows.
        self._feeds = [(source, source.value) for source in compiled.needs.sources if source is not Source.STOCK]
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
        run = Run(is_control=in_control_group(compiled.name, snapshot.customer_id, compiled.control_group))
        without: dict[int, Share] = {}
        limited: dict[str, None] = {}
        draws: Counter[str] = Counter()
        while True:
            placed = self._placer.place(message, run, without)
            told = self._verdict(shared, placed, run)
            if told.verdict is not Verdict.SEND or not compiled.limit_rules:
                break
            limited.update((one.item.sku, None) for _, one in placed.shown if one.limits)
            holders = self._placer.holders(placed, run)
            over = refused(holders, snapshot.reserved)
            if not over:
                draws.update(holder.sku for holder in holders)
                placed = self._placer.with_shadows(placed, run)
                break
            without |= over
        decision = self._decision(decision_id, shared, placed, told, run)
        return Decided(decision=decision, draws=draws, limited=tuple(limited))

    def _decision(self, decision_id: str, shared: SharedFacts, placed: Placing, told: _Verdict, run: Run) -> Decision:
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
            version=compiled.version,
            mode=compiled.mode,
            control_group=run.is_control,
            engine=REFERENCE if REFERENCE in run.engines else DURABLE,
        )

    def _verdict(self, shared: SharedFacts, placed: Placing, run: Run) -> _Verdict:
        codes = tuple(dict.fromkeys(code for one in placed.items if one.dropped and (code := one.code)))
        outcome = MessageValues(shared, items_kept=len(placed.shown), dropped_codes=codes)
        reasons, fired = self._placer.reasons(outcome, self.engine.message_rules(outcome), self._message_rules, run)
        obeyed = [rule for rule in fired if run.obeys(rule)]
        if any(rule.effect is Effect.SUPPRESS_MESSAGE for rule in obeyed):
            return _Verdict(Verdict.SUPPRESS, None, reasons, outcome)
        holds = [rule.hold for rule in obeyed if rule.hold is not None]
        if not holds:
            return _Verdict(Verdict.SEND, None, reasons, outcome)
        dropped = (one.values for one in placed.items if one.dropped)
        return _Verdict(Verdict.HOLD, hold_until_us(holds, shared, dropped), reasons, outcome)

    def _told(self, one: Judged, replaced_by: str | None, run: Run) -> ItemDecision:
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

    def _facts_as_of(self, shared: SharedFacts, judged: Iterable[Judged]) -> dict[str, datetime | None]:
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

    def _facts_missing(self, judged: Iterable[Judged], message: MessageValues) -> tuple[MissingFact, ...]:
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

"""Turn a message and what its rules say into what it shows: items in order, then replacements, into its slots."""

from collections.abc import Mapping
from typing import NamedTuple

from suppress.decisions.decision import Mode, Reason, first_enforced
from suppress.engine.evaluate import Truth, truth
from suppress.engine.evidence import Anyones, ReasonWriter
from suppress.engine.features import ItemValues, Placed
from suppress.engine.guarded import Answer, Engine
from suppress.engine.message_values import MessageValues, slots_of
from suppress.engine.sharing import Holder, Share, share_of
from suppress.facts.message import Item
from suppress.rules.compile import CompiledRule, CompiledRuleset
from suppress.rules.needs import AVAILABLE_UNITS
from suppress.rules.ruleset import WhenUnknown


class Judged(NamedTuple):
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


class Placing(NamedTuple):
    """Candidates with their places. `tried`: the replacements that were looked at. `shown`: (candidate, judged)."""

    items: tuple[Judged, ...]
    tried: tuple[Judged, ...]
    shown: tuple[tuple[int, Judged], ...]

    @property
    def judged(self) -> tuple[Judged, ...]:
        """All that were looked at."""
        return (*self.items, *self.tried)


class Run:
    """One decision under way: whose rules are obeyed, which engines answered."""

    __slots__ = ("engines", "is_control")

    def __init__(self, *, is_control: bool) -> None:
        self.is_control = is_control
        self.engines: set[str] = set()

    def obeys(self, rule: CompiledRule) -> bool:
        """Whether the rule is obeyed: enforced, and `always` where the customer is in the control group."""
        return rule.mode is Mode.ENFORCE and (rule.always or not self.is_control)


class Placer:
    """Fills the slots of messages by one compiled ruleset on one engine."""

    def __init__(self, compiled: CompiledRuleset, engine: Engine) -> None:
        self.engine = engine
        self._item_rules = {rule.number: rule for rule in compiled.item_rules}
        self._limit_rules = {rule.number: rule for rule in compiled.limit_rules}
        self._numbers = {rule.id: rule.number for rule in compiled.rules}
        self._words = ReasonWriter()

    def place(self, message: MessageValues, run: Run, without: Mapping[int, Share]) -> Placing:
        """Items, then replacements, into the slots; `without` those candidates that got nothing of their budget."""
        snapshot = message.shared.snapshot
        slots, items = slots_of(snapshot), snapshot.message.items
        placed: list[Placed] = []
        shown: list[tuple[int, Judged]] = []
        judged: list[Judged] = []
        for number, item in enumerate(items):
            one = self._judge(item, message, tuple(placed), run, without.get(number))
            judged.append(one)
            if not one.dropped and len(placed) < slots:
                placed.append(Placed(item.sku, one.values.product))
                shown.append((number, one))
        tried: list[Judged] = []
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
        return Placing(tuple(judged), tuple(tried), tuple(shown))

    def _judge(
        self, item: Item, message: MessageValues, placed: tuple[Placed, ...], run: Run, share: Share | None
    ) -> Judged:
        values = ItemValues(message, item, placed)
        answer = self.engine.item_rules(values)
        reasons, fired = self.reasons(values, answer, self._item_rules, run)
        dropped = any(run.obeys(rule) for rule in fired)
        if dropped or not self._limit_rules:
            return Judged(item, values, reasons, fired, dropped)
        limits = self._limits(values, run)
        if share is None:
            return Judged(item, values, reasons, fired, dropped, limits)
        reason = self._words.refusal_of(share, values, Mode.ENFORCE)
        return Judged(item, values, self._in_file_order(reasons, reason), fired, True, limits, share)

    def _limits(self, values: ItemValues, run: Run) -> tuple[CompiledRule, ...]:
        answer = self.engine.limit_rules(values)
        run.engines.add(answer.engine)
        as_of_us = values.shared.as_of_us
        rules = (self._limit_rules[number] for number in sorted(answer.fired))
        limits = tuple(rule for rule in rules if rule.applies_at(as_of_us))
        if limits:
            # Whether the units are known is asked of every item that is limited, with a slot or without.
            values.field(AVAILABLE_UNITS)
        return limits

    def holders(self, placed: Placing, run: Run) -> tuple[Holder, ...]:
        """The places shown that use up a budget."""
        return tuple(
            Holder(number, one.item.sku, one.item.score, share)
            for number, one in placed.shown
            if one.limits and (share := share_of(filter(run.obeys, one.limits), one.values)) is not None
        )

    def with_shadows(self, placed: Placing, run: Run) -> Placing:
        """What limits that are not obeyed would have left out, because nothing is left of it, with their reasons."""
        told: dict[int, Judged] = {}
        for number, one in placed.shown:
            for rule in one.limits:
                if not run.obeys(rule) and (share := share_of([rule], one.values)) and share.is_used_up:
                    known = told.get(number, one)
                    reason = self._words.refusal_of(share, one.values, Mode.SHADOW)
                    told[number] = known._replace(reasons=self._in_file_order(known.reasons, reason))
        if not told:
            return placed
        changed = {id(one): told[number] for number, one in placed.shown if number in told}
        return Placing(
            tuple(changed.get(id(one), one) for one in placed.items),
            tuple(changed.get(id(one), one) for one in placed.tried),
            tuple((number, told.get(number, one)) for number, one in placed.shown),
        )

    def _in_file_order(self, reasons: tuple[Reason, ...], reason: Reason) -> tuple[Reason, ...]:
        return tuple(sorted((*reasons, reason), key=lambda one: self._numbers[one.rule]))

    def reasons(
        self, values: Anyones, answer: Answer, rules: Mapping[int, CompiledRule], run: Run
    ) -> tuple[tuple[Reason, ...], tuple[CompiledRule, ...]]:
        """Those of the rules an engine names that apply now, each with why."""
        run.engines.add(answer.engine)
        if not answer.fired:
            return (), ()
        as_of_us = values.shared.as_of_us
        fired = tuple([rule for number in sorted(answer.fired) if (rule := rules[number]).applies_at(as_of_us)])
        write = self._words.reason_of
        told = [
            write(rule, values, _outcome(rule, values), Mode.ENFORCE if run.obeys(rule) else Mode.SHADOW)
            for rule in fired
        ]
        return tuple(told), fired


def _outcome(rule: CompiledRule, values: Anyones) -> Truth:
    """The truth of a rule that fires: whoever said so has found it true, unless the rule blocks what is unknown."""
    return truth(rule.condition, values) if rule.when_unknown is WhenUnknown.BLOCK else True

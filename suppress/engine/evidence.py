"""Turn a rule that fired and the values it fired on into a Reason: outcome, sentence, and what was seen."""

from dataclasses import replace
from typing import NamedTuple

from suppress.decisions.decision import Evidence, Mode, Outcome, Reason
from suppress.engine.evaluate import Truth, carriers, truth
from suppress.engine.features import ItemValues
from suppress.engine.message_values import MessageValues
from suppress.engine.opinions import opinions
from suppress.engine.sharing import Share
from suppress.facts.fields import FieldType
from suppress.facts.instants import from_us
from suppress.facts.snapshot import Source
from suppress.rules.compile import CompiledRule
from suppress.rules.leaf_names import leaf_name
from suppress.rules.needs import AVAILABLE_UNITS
from suppress.rules.tree import All, AnyOf, Bought, Compare, Condition, Leaf, Not, Said, Sent, Shown, leaves
from suppress.rules.wording import clock_words, counted, date_words, day_words, leaf_words, length_words, limit_words
from suppress.rules.wording_terms import unit_words

Anyones = ItemValues | MessageValues

PLACES_TAKEN = "stock.places_taken"
"""In evidence: in how many places of messages a limited item stands already."""


class _Known(NamedTuple):
    """What is the same each time a leaf is evidence."""

    leaf: Leaf
    name: str
    source: Source | None
    wanted: str


class ReasonWriter:
    """Writes the reasons of one compiled ruleset; the words of each leaf are made once."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, bool], _Known] = {}
        self._of_all: dict[int, tuple[CompiledRule, tuple[_Known, ...]]] = {}

    def reason_of(self, rule: CompiledRule, values: Anyones, outcome: Truth, mode: Mode) -> Reason:
        """Why the rule fired: the leaves its truth rests on, each with the value seen and the value wanted."""
        rests_on = self._all_of(rule) if outcome is True else None
        if rests_on is None:
            carried = {(id(leaf), negated): leaf for leaf, negated in carriers(rule.condition, values, outcome)}
            rests_on = tuple([self._known_of(leaf, negated) for (_, negated), leaf in carried.items()])
        return Reason(
            rule=rule.id,
            code=rule.code,
            sentence=rule.sentence,
            outcome=Outcome.UNKNOWN if outcome is None else Outcome.TRUE,
            mode=mode,
            evidence=tuple([_evidence(known, values) for known in rests_on]),
        )

    def refusal_of(self, share: Share, values: ItemValues, mode: Mode) -> Reason:
        """Why a limit left the item out: why it applies, the units there are, and the places that are taken."""
        rule = share.rule
        outcome = truth(rule.condition, values)
        reason = self.reason_of(rule, values, outcome, mode)
        if share.available_units is None or share.taken is None:
            reason = replace(reason, outcome=Outcome.UNKNOWN)
        as_of_us = _as_of(Source.STOCK, values)
        units = Evidence(
            field=AVAILABLE_UNITS,
            seen=share.available_units,
            wanted="" if rule.limit is None else f"it stands in {limit_words(rule.limit)}",
            as_of=None if as_of_us is None else from_us(as_of_us),
        )
        places = Evidence(field=PLACES_TAKEN, seen=share.taken, wanted=f"fewer than {share.budget} places are taken")
        return replace(reason, evidence=(*reason.evidence, units, places))

    def _all_of(self, rule: CompiledRule) -> tuple[_Known, ...] | None:
        """What a true rule rests on whatever the values are; None where that goes by the values."""
        found = self._of_all.get(id(rule))
        if found is None:
            # The rule is kept, so that no other can ever have its id.
            leaves_all = () if _has_choice(rule.condition) else leaves(rule.condition)
            known = dict.fromkeys(self._known_of(leaf, negated=False) for leaf in leaves_all)
            found = self._of_all[id(rule)] = (rule, tuple(known))
        return found[1] or None

    def _known_of(self, leaf: Leaf, negated: bool) -> _Known:
        known = self._known.get((id(leaf), negated))
        if known is None:
            # The leaf is kept with its words, so that no other leaf can ever have its id.
            known = _Known(leaf, leaf_name(leaf), _source(leaf), leaf_words(leaf, negated=negated))
            self._known[id(leaf), negated] = known
        return known


def _evidence(known: _Known, values: Anyones) -> Evidence:
    as_of_us = _as_of(known.source, values)
    return Evidence(
        field=known.name,
        seen=_seen(known.leaf, values),
        wanted=known.wanted,
        as_of=None if as_of_us is None else from_us(as_of_us),
    )


def _has_choice(condition: Condition) -> bool:
    """Whether a true condition may rest on some of its leaves only."""
    match condition:
        case All(parts=parts):
            return any(map(_has_choice, parts))
        case AnyOf() | Not():
            return True
        case _:
            return False


def _source(leaf: Leaf) -> Source | None:
    match leaf:
        case Bought():
            return Source.ORDERS
        case Shown() | Sent():
            return Source.SENT
        case Said():
            return Source.FEEDBACK
        case Compare(field=field):
            return field.source


def _seen(leaf: Leaf, values: Anyones) -> str | int | bool | None:
    if isinstance(leaf, Compare):
        return _seen_value(leaf, values)
    if values.past(leaf) is None:
        return None
    match leaf:
        case Bought() if isinstance(values, ItemValues):
            amount, last_us = values.history.amount(leaf)
            unit = leaf.count.value
        case Shown() if isinstance(values, ItemValues):
            amount, last_us = values.message.outreach.seen(leaf, values.item.sku, values.product)
            unit = "messages"
        case Sent():
            message = values.message if isinstance(values, ItemValues) else values
            amount, last_us = message.outreach.seen(leaf)
            unit = "messages"
        case Said() if isinstance(values, ItemValues):
            said = list(opinions(values.shared, leaf, values.item.sku, values.product, values.message.at_us))
            if not said:
                return "nothing"
            last = max(said, key=lambda opinion: opinion.at_us)
            return f"{last.says.replace('_', ' ')}, on {date_words(from_us(last.at_us))}"
        case _:
            return None
    if last_us is None:
        return f"no {unit_words(unit, 1)}"
    return f"{counted(amount, unit)}, the last on {date_words(from_us(last_us))}"


def _seen_value(leaf: Compare, values: Anyones) -> str | int | bool | None:
    value = values.field(leaf.field.name)
    if isinstance(value, tuple):
        return ", ".join(value)
    if value is None or isinstance(value, str | bool):
        return value
    match leaf.field.type:
        case FieldType.DURATION:
            return length_words(value)
        case FieldType.INSTANT:
            return date_words(from_us(value))
        case FieldType.CLOCK:
            return clock_words(value)
        case FieldType.DAY:
            return day_words(value)
        case _:
            return value


def _as_of(source: Source | None, values: Anyones) -> int | None:
    if source is None:
        return None
    if source is Source.STOCK and isinstance(values, ItemValues):
        return values.shelf().stated_us
    loaded_us = values.shared.snapshot.feeds_us.get(source)
    return None if loaded_us is None else min(loaded_us, values.shared.as_of_us)

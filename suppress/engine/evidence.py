"""Turn a rule that fired and the values it fired on into a Reason: outcome, sentence, and what was seen."""

from suppress.decisions.decision import Evidence, Outcome, Reason
from suppress.engine.evaluate import Truth, carriers
from suppress.engine.features import ItemValues, MessageValues
from suppress.facts.fields import FieldType
from suppress.facts.instants import US_PER_DAY, US_PER_HOUR, US_PER_MINUTE, US_PER_SECOND, from_us
from suppress.facts.inventory import oldest_us
from suppress.facts.snapshot import Source
from suppress.rules.compile import CompiledRule
from suppress.rules.tree import Bought, Compare, Leaf
from suppress.rules.wording import date_words, leaf_words

Anyones = ItemValues | MessageValues


class ReasonWriter:
    """Writes the reasons of one compiled ruleset; the words of each leaf are made once."""

    def __init__(self) -> None:
        self._wanted: dict[tuple[int, bool], tuple[Leaf, str]] = {}

    def reason_of(self, rule: CompiledRule, values: Anyones, outcome: Truth) -> Reason:
        """Why the rule fired: the leaves its truth rests on, each with the value seen and the value wanted."""
        rests_on = {(id(leaf), negated): leaf for leaf, negated in carriers(rule.condition, values)}
        return Reason(
            rule=rule.id,
            code=rule.code,
            sentence=rule.sentence,
            outcome=Outcome.UNKNOWN if outcome is None else Outcome.TRUE,
            mode=rule.mode,
            evidence=tuple(self._evidence(leaf, negated, values) for (_, negated), leaf in rests_on.items()),
        )

    def _evidence(self, leaf: Leaf, negated: bool, values: Anyones) -> Evidence:
        source = Source.ORDERS if isinstance(leaf, Bought) else leaf.field.source
        as_of_us = _as_of(source, values)
        return Evidence(
            field=f"bought.{leaf.same.value}" if isinstance(leaf, Bought) else leaf.field.name,
            seen=_seen(leaf, values),
            wanted=self._words(leaf, negated),
            as_of=None if as_of_us is None else from_us(as_of_us),
        )

    def _words(self, leaf: Leaf, negated: bool) -> str:
        known = self._wanted.get((id(leaf), negated))
        if known is None:
            # The leaf is kept with its words, so that no other leaf can ever have its id.
            known = self._wanted[id(leaf), negated] = (leaf, leaf_words(leaf, negated=negated))
        return known[1]


def _seen(leaf: Leaf, values: Anyones) -> str | int | bool | None:
    if isinstance(leaf, Compare):
        value = values.field(leaf.field.name)
        if value is None or isinstance(value, str | bool):
            return value
        if leaf.field.type is FieldType.DURATION:
            return _length_words(value)
        return date_words(from_us(value)) if leaf.field.type is FieldType.INSTANT else value
    if not isinstance(values, ItemValues):
        return None
    if values.bought(leaf) is None:
        return None
    units, last_us = values.history.units(leaf)
    if last_us is None:
        return "no unit"
    return f"{units} unit{'' if units == 1 else 's'}, the last on {date_words(from_us(last_us))}"


def _as_of(source: Source | None, values: Anyones) -> int | None:
    if source is None:
        return None
    if source is Source.STOCK and isinstance(values, ItemValues):
        return oldest_us(values.levels) if values.levels else None
    loaded_us = values.shared.snapshot.feeds_us.get(source)
    return None if loaded_us is None else min(loaded_us, values.shared.as_of_us)


def _length_words(us: int) -> str:
    for unit_us, unit in ((US_PER_DAY, "day"), (US_PER_HOUR, "hour"), (US_PER_MINUTE, "minute")):
        if us >= 2 * unit_us:
            return f"{us // unit_us} {unit}s"
    seconds = us // US_PER_SECOND
    return f"{seconds} second{'' if seconds == 1 else 's'}"

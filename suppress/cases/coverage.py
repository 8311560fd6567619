"""Turn played stories into coverage: which branches of which rules the cases of a ruleset have tried.

A rule has two branches, fired and not fired. So has each leaf of its condition and each `any` alternative made of
several: true and false, as seen for any item or message a story judged while the rule applied. What is unknown tries
neither. A rule that is off has none.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from suppress.engine.evaluate import Values, truth
from suppress.engine.guarded import Answer, ReferenceEngine
from suppress.problems import Position
from suppress.rules.compile import CompiledRule, CompiledRuleset
from suppress.rules.ruleset import Rule, Ruleset
from suppress.rules.tree import All, AnyOf, Condition, Not, leaves
from suppress.rules.wording import condition_words

_UNTRIED: Final = {
    (True, False): "never true",
    (False, True): "never false",
    (True, True): "never true, never false",
}
_UNFIRED: Final = {
    (True, False): "never fires",
    (False, True): "fires every time",
    (True, True): "is never judged",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A rule or a part of its condition, and which of its two branches were seen.

    `words`: the part as a clause; None for the rule itself. `true` of a rule: it fired.
    """

    position: Position
    words: str | None
    true: bool
    false: bool

    @property
    def covered(self) -> int:
        """How many of the two branches were seen."""
        return self.true + self.false


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleCoverage:
    """What the cases tried of one rule. The first point is the rule itself."""

    rule: str
    points: tuple[Point, ...]

    @property
    def covered(self) -> int:
        """How many branches were seen."""
        return sum(point.covered for point in self.points)

    @property
    def total(self) -> int:
        """How many branches there are."""
        return 2 * len(self.points)

    @property
    def uncovered(self) -> tuple[tuple[Position, str], ...]:
        """Each gap with its place, in words; a rule that no case judged is one gap, whatever its parts."""
        itself, *parts = self.points
        if not itself.covered:
            return ((itself.position, f"the rule {self.rule} {_UNFIRED[True, True]}"),)
        gaps = [] if itself.covered == 2 else [(itself.position, f"the rule {self.rule} {_UNFIRED[_gap(itself)]}")]
        gaps += [(part.position, f"{part.words}: {_UNTRIED[_gap(part)]}") for part in parts if part.covered < 2]
        return tuple(gaps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What the cases of one rule file tried of its rules, in file order, rules that are off left out."""

    ruleset: str
    file: str
    rules: tuple[RuleCoverage, ...]

    @property
    def covered(self) -> int:
        """How many branches were seen."""
        return sum(rule.covered for rule in self.rules)

    @property
    def total(self) -> int:
        """How many branches there are."""
        return sum(rule.total for rule in self.rules)

    def reaches(self, percent: float) -> bool:
        """Whether at least `percent` of the branches were seen; there is nothing to see where all rules are off."""
        return self.covered * 100 >= percent * self.total


def percent_of(part: RuleCoverage | Coverage) -> float:
    """The share of branches seen, in percent with one decimal, rounded down: 100 means all."""
    return part.covered * 1000 // part.total / 10 if part.total else 100.0


class RecordingEngine:
    """The reference engine, remembering what it saw. `as_of_us` is set to the instant of each story in turn."""

    def __init__(self, compiled: CompiledRuleset, ruleset: Ruleset) -> None:
        self.as_of_us = 0
        self._compiled = compiled
        self._ruleset = ruleset
        self._engine = ReferenceEngine(compiled)
        self._parts = {rule.number: tuple(_parts(rule.condition)) for rule in compiled.rules}
        self._seen: set[tuple[int, int, bool]] = set()

    def item_rules(self, values: Values) -> Answer:
        """The item rules that fire, as the reference says."""
        return self._record(self._compiled.item_rules, values, self._engine.item_rules(values))

    def limit_rules(self, values: Values) -> Answer:
        """The limit rules that fire, as the reference says."""
        return self._record(self._compiled.limit_rules, values, self._engine.limit_rules(values))

    def message_rules(self, values: Values) -> Answer:
        """The message rules that fire, as the reference says."""
        return self._record(self._compiled.message_rules, values, self._engine.message_rules(values))

    def close(self) -> None:
        """Nothing to free."""

    def coverage(self, file: str) -> Coverage:
        """What was seen so far of the rules in `file`."""
        rules = tuple(self._told(rule) for rule in self._compiled.rules)
        return Coverage(ruleset=self._compiled.name, file=file, rules=rules)

    def _record(self, rules: Sequence[CompiledRule], values: Values, answer: Answer) -> Answer:
        for rule in rules:
            if not rule.applies_at(self.as_of_us):
                continue
            self._seen.add((rule.number, -1, rule.number in answer.fired))
            for place, part in enumerate(self._parts[rule.number]):
                outcome = truth(part, values)
                if outcome is not None:
                    self._seen.add((rule.number, place, outcome))
        return answer

    def _told(self, compiled: CompiledRule) -> RuleCoverage:
        rule = self._ruleset.rules[compiled.number]
        places = _places(rule)
        parts = self._parts[compiled.number]
        return RuleCoverage(
            rule=rule.id,
            points=(
                self._point(compiled, -1, rule.position, None),
                *(
                    self._point(compiled, place, places.get(place, part.position), condition_words(part))
                    for place, part in enumerate(parts)
                ),
            ),
        )

    def _point(self, rule: CompiledRule, place: int, position: Position, words: str | None) -> Point:
        true, false = ((rule.number, place, outcome) in self._seen for outcome in (True, False))
        return Point(position=position, words=words, true=true, false=false)


def _parts(condition: Condition) -> Iterator[Condition]:
    """The leaves of a condition in file order, and before its leaves each `any` alternative made of several."""
    match condition:
        case All(parts=parts):
            for part in parts:
                yield from _parts(part)
        case AnyOf(parts=parts):
            for part in parts:
                if len(leaves(part)) > 1:
                    yield part
                yield from _parts(part)
        case Not(part=part):
            yield from _parts(part)
        case _:
            yield condition


def _places(rule: Rule) -> Mapping[int, Position]:
    """Where each part stands. Compiled rules share equal leaves, so that theirs may be the place of another rule."""
    written = [part for condition in (rule.when, rule.unless) if condition is not None for part in _parts(condition)]
    return dict(enumerate(part.position for part in written))


def _gap(point: Point) -> tuple[bool, bool]:
    return not point.true, not point.false

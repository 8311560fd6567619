"""Play every story of tests/cases and rulesets on every engine, and see that together they cover the language."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from suppress.cases.play import ENGINES, Played, case_files, play
from suppress.cases.story import WANTS
from suppress.decisions.decision import ItemVerdict, Mode, Outcome, Verdict, Why
from suppress.facts.feedback import SAYINGS
from suppress.facts.fields import ATTRIBUTE_PREFIXES, ATTRIBUTE_TYPES, FIELDS, OPERATORS, Operator
from suppress.facts.snapshot import Source
from suppress.problems import Problem
from suppress.rules.reading import read_ruleset
from suppress.rules.ruleset import Effect, Rule, Ruleset, WhenUnknown
from suppress.rules.tree import Bought, By, Compare, Count, Leaf, Parts, Period, Said, Same, Sent, Shown, leaves

ROOT: Final = Path(__file__).parent.parent
FOLDERS: Final = (ROOT / "tests" / "cases", ROOT / "rulesets")
LEAST_STORIES: Final = 80

PLAYED: Final = {path: play(path) for folder in FOLDERS for path in case_files(folder)}


def _all() -> Iterator[Any]:
    for path, file in PLAYED.items():
        for one in file.stories:
            name = path.name.removesuffix(".cases.yaml")
            yield pytest.param(one, id=f"{name}: {one.story.name}")


def _stories() -> list[Played]:
    """The stories of tests/cases alone: shipped rules may change, what the language means may not."""
    return [one for path, file in PLAYED.items() for one in file.stories if path.parent == FOLDERS[0]]


@pytest.mark.parametrize("played", list(_all()))
def test_a_story_ends_as_told(played: Played) -> None:
    """Every engine decides what the story wants, and all engines alike."""
    told = "\n".join(f"  {difference}" for difference in played.differences)

    assert set(ENGINES) == set(played.decisions)
    assert played.passed, f"{played.story.position.file}:{played.story.position.line} {played.story.name}\n{told}"


@pytest.mark.parametrize("path", PLAYED, ids=lambda path: path.name)
def test_a_case_file_has_no_mistakes(path: Path) -> None:
    """Every case of a case file can be played, and no two of a file have the same name."""
    file = PLAYED[path]
    names = [one.story.name for one in file.stories]

    assert () == tuple(str(problem) for problem in file.problems)
    assert [] == [name for name in dict.fromkeys(names) if names.count(name) > 1]
    assert [] != names


def test_every_rule_file_has_stories() -> None:
    """There is a case file beside every rule file of tests/cases."""
    rules = {path.stem for path in FOLDERS[0].glob("*.yaml") if not path.name.endswith(".cases.yaml")}

    assert rules == {path.name.removesuffix(".cases.yaml") for path in case_files(FOLDERS[0])}


def test_there_are_many_stories() -> None:
    """The language is told in at least eighty stories."""
    assert LEAST_STORIES <= len(_stories())


class Told:
    """What the stories of tests/cases bring up: rules beside them, rules that fired in them, decisions, wants."""

    def __init__(self) -> None:
        self.rulesets: list[Ruleset] = []
        self.fired: list[Rule] = []
        self.quiet: list[Rule] = []
        for path, file in PLAYED.items():
            if path.parent == FOLDERS[0]:
                ruleset, problems = _ruleset(path)
                assert ruleset is not None, problems
                self.rulesets.append(ruleset)
                fired = {rule for one in file.stories for rule in fired_in(one)}
                self.fired += [rule for rule in ruleset.rules if rule.id in fired]
                self.quiet += [rule for rule in ruleset.rules if rule.id not in fired]
        self.leaves: list[Leaf] = [
            leaf
            for rule in self.fired
            for condition in (rule.when, rule.unless)
            if condition is not None
            for leaf in leaves(condition)
        ]
        self.compares = [leaf for leaf in self.leaves if isinstance(leaf, Compare)]
        self.bought = [leaf for leaf in self.leaves if isinstance(leaf, Bought)]


@pytest.fixture(scope="module")
def told() -> Told:
    return Told()


def _ruleset(cases: Path) -> tuple[Ruleset | None, tuple[Problem, ...]]:
    return read_ruleset(cases.with_name(cases.name.removesuffix(".cases.yaml") + ".yaml"))


def fired_in(played: Played) -> set[str]:
    """The ids of the rules that fired in a story, whether obeyed or not."""
    decision = next(iter(played.decisions.values()))
    reasons = [*decision.reasons, *(r for item in (*decision.items, *decision.replacements) for r in item.reasons)]
    return {reason.rule for reason in reasons}


def test_every_field_is_told(told: Told) -> None:
    """Each field of the vocabulary stands in a rule that fires in a story."""
    forgotten = FIELDS.keys() - {leaf.field.name for leaf in told.compares}

    assert set() == forgotten


def test_every_kind_of_attribute_is_told(told: Told) -> None:
    """Attributes of items, customers and messages each stand in a rule that fires in a story."""
    names = [leaf.field.name for leaf in told.compares]

    assert [] == [prefix for prefix in ATTRIBUTE_PREFIXES if not any(name.startswith(prefix) for name in names)]


def test_every_operator_is_told_of_every_type(told: Told) -> None:
    """Each operator that can be said of a type stands, with that type, in a rule that fires in a story."""
    possible = {(type_.value, operator.value) for type_, operators in OPERATORS.items() for operator in operators}
    said = {(leaf.field.type.value, leaf.operator.value) for leaf in told.compares}

    assert set() == possible - said
    assert {operator.value for operator in Operator} == {operator for _, operator in said}


def test_every_way_to_have_bought_is_told(told: Told) -> None:
    """Each `same`, both windows alone and together, units and orders, and every other key stand in rules that fire."""
    assert set(Same) == {leaf.same for leaf in told.bought}
    assert _every_window(told.bought)
    assert {True, False} == {leaf.kept for leaf in told.bought}
    assert {True, False} == {leaf.gifts for leaf in told.bought}
    assert set(By) == {leaf.by for leaf in told.bought}
    assert set(Count) == {leaf.count for leaf in told.bought if leaf.at_least > 1}
    assert any(leaf.channels for leaf in told.bought)
    assert set(Parts) == {leaf.parts for leaf in told.bought if leaf.same is Same.COMPONENT}


def test_every_way_to_have_been_shown_is_told(told: Told) -> None:
    """Each `same`, window, number, channel and campaign of `shown` stands in a rule that fires."""
    shown = [leaf for leaf in told.leaves if isinstance(leaf, Shown)]

    assert {Same.SKU, Same.ITEM_GROUP, Same.CATEGORY} == {leaf.same for leaf in shown}
    assert {(False, False), (True, False), (True, True)} <= {
        (bool(leaf.within), bool(leaf.not_within)) for leaf in shown
    }
    assert any(leaf.at_least > 1 for leaf in shown)
    assert any(leaf.channels for leaf in shown)
    assert ("this",) in {leaf.campaigns for leaf in shown}


def test_every_way_to_have_been_sent_is_told(told: Told) -> None:
    """Rolling windows, every calendar period and kind of zone, channels and campaigns stand in rules that fire."""
    sent = [leaf for leaf in told.leaves if isinstance(leaf, Sent)]

    assert {None, *Period} == {leaf.calendar for leaf in sent}
    assert {None, "customer", "shop"} < {leaf.zone for leaf in sent}
    assert any(leaf.at_least > 1 for leaf in sent)
    assert {0, 1, 2} <= {len(leaf.channels) for leaf in sent}
    assert ("this",) in {leaf.channels for leaf in sent}
    assert ("this",) in {leaf.campaigns for leaf in sent}


def test_everything_to_have_said_is_told(told: Told) -> None:
    """Each saying, each `same`, with and without a window, stands in a rule that fires."""
    said = [leaf for leaf in told.leaves if isinstance(leaf, Said)]

    assert set(SAYINGS) == {saying for leaf in said for saying in leaf.says}
    assert {Same.SKU, Same.ITEM_GROUP, Same.CATEGORY} == {leaf.same for leaf in said}
    assert {True, False} == {leaf.within is not None for leaf in said}


def test_every_way_to_narrow_a_field_is_told(told: Told) -> None:
    """A location, the customer's region and a category narrow fields that fire; each attribute type is declared."""
    places = {leaf.field.at for leaf in told.compares}

    assert "customer.region" in places
    assert places - {None, "customer.region"}
    assert any(leaf.field.under for leaf in told.compares)
    assert set(ATTRIBUTE_TYPES) == {
        leaf.field.type
        for leaf in told.compares
        if any(leaf.field.name.startswith(prefix) for prefix in ATTRIBUTE_PREFIXES if "attributes" in prefix)
    }


def _every_window(bought: list[Bought]) -> bool:
    return {(False, False), (True, False), (False, True), (True, True)} == {
        (leaf.within is not None, leaf.not_within is not None) for leaf in bought
    }


def test_every_setting_of_a_rule_is_told(told: Told) -> None:
    """Each effect, mode, `when_unknown`, exception and date stands in a rule that fires in a story, or is off."""
    rules = [rule for ruleset in told.rulesets for rule in ruleset.rules]

    assert set(Mode) == {rule.mode for rule in rules}
    assert set(Mode) == {ruleset.mode for ruleset in told.rulesets}
    assert set(Effect) == {rule.effect for rule in told.fired}
    assert set(WhenUnknown) == {rule.when_unknown for rule in told.fired}
    assert any(rule.unless for rule in told.fired)
    assert any(rule.starts for rule in told.fired)
    assert any(rule.ends for rule in told.fired)
    assert any(rule.always for rule in told.fired)
    assert {"until", "length", "restock"} == {
        kind for rule in told.fired if rule.hold for kind in ("until", "length", "restock") if getattr(rule.hold, kind)
    }
    for setting in ("codes", "cycles", "regions", "attributes", "control_group", "max_share", "bases"):
        assert any(getattr(ruleset, setting) for ruleset in told.rulesets), setting
    assert set(Source) == {source for ruleset in told.rulesets for source in ruleset.max_age}


def test_only_what_is_off_never_fires(told: Told) -> None:
    """Every rule beside a story fires in one of them, unless the rule or its ruleset is off."""
    silent = [
        f"{ruleset.name}: {rule.id}"
        for ruleset in told.rulesets
        for rule in ruleset.rules
        if rule in told.quiet and Mode.OFF not in (rule.mode, ruleset.mode)
    ]

    assert [] == silent


def test_every_kind_of_answer_is_told() -> None:
    """Each verdict, outcome and reason why a fact could not be used is the end of a story."""
    decisions = [next(iter(one.decisions.values())) for one in _stories()]
    items = [item for decision in decisions for item in (*decision.items, *decision.replacements)]

    assert set(Verdict) == {decision.verdict for decision in decisions}
    assert set(ItemVerdict) == {item.verdict for item in items}
    assert {Outcome.TRUE, Outcome.UNKNOWN} == {reason.outcome for item in items for reason in item.reasons}
    assert set() == set(Why) - {missing.why for decision in decisions for missing in decision.facts_missing}


def test_every_question_is_asked() -> None:
    """Each thing a story may want of a decision is wanted in one of them."""
    assert set() == set(WANTS) - {asked for one in _stories() for asked in one.story.want}

"""A sentence is made of chips that know the place in the file they came from."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suppress.problems import Position
from suppress.rules.reading import read_ruleset
from suppress.rules.ruleset import Rule
from suppress.rules.tree import All, AnyOf, Condition, Not, leaves
from suppress.rules.wording import condition_chips, condition_words, rule_chips, rule_sentence
from suppress.rules.wording_chips import Chip, Role, text_of
from tests.agreement.generate import a_ruleset
from tests.rules.test_wording import LANGUAGE


def with_places(condition: Condition, places: Iterator[int]) -> Condition:
    """The condition with each node on a line of its own."""
    placed = replace(condition, position=Position("rules.yaml", next(places)))
    match placed:
        case All(parts=parts) | AnyOf(parts=parts):
            return replace(placed, parts=tuple(with_places(part, places) for part in parts))
        case Not(part=part):
            return replace(placed, part=with_places(part, places))
        case _:
            return placed


def conditions_of(rule: Rule) -> list[Condition]:
    """`when`, and `unless` where there is one."""
    return [condition for condition in (rule.when, rule.unless) if condition is not None]


@given(st.randoms(use_true_random=False))
@settings(max_examples=200, deadline=None)
def test_every_leaf_has_a_chip(rng: Random) -> None:
    """Of any rule, each leaf's place is carried by a chip with words, and the chips joined are the sentence."""
    for rule in a_ruleset(rng, limits=True).rules[:8]:
        lines = iter(range(1, 10_000))
        unless = None if rule.unless is None else with_places(rule.unless, lines)
        placed = replace(rule, when=with_places(rule.when, lines), unless=unless)
        chips = rule_chips(placed)

        assert rule_sentence(rule) == text_of(chips)
        assert [] == [
            leaf
            for condition in conditions_of(placed)
            for leaf in leaves(condition)
            if not any(chip.position == leaf.position and chip.text.strip() for chip in chips)
        ]


@given(st.randoms(use_true_random=False))
@settings(max_examples=200, deadline=None)
def test_sentences_are_well_formed(rng: Random) -> None:
    """Of any rule, the sentence begins with a capital, ends with a full stop, and joins without doubled blanks."""
    for rule in a_ruleset(rng, limits=True).rules[:8]:
        chips = rule_chips(rule)
        glued = [f"{one.text[-1]}{two.text[0]}" for one, two in pairwise(chips)]

        assert chips[0].text[0].isupper()
        assert "." == chips[-1].text
        assert "  " not in glued
        assert [] == [chip for chip in chips if not chip.text]
        assert balanced(chips)


def balanced(chips: tuple[Chip, ...]) -> bool:
    """Whether parentheses of the glue close as they open."""
    open_ = 0
    for chip in chips:
        if chip.role is Role.GLUE:
            open_ += chip.text.count("(") - chip.text.count(")")
            if open_ < 0:
                return False
    return open_ == 0


@given(st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_negating_twice_changes_nothing(rng: Random) -> None:
    """A condition negated twice reads as it did, and negated once it does not."""
    for rule in a_ruleset(rng, limits=True).rules[:8]:
        words = condition_words(rule.when)

        assert words == condition_words(Not(part=Not(part=rule.when)))
        assert words != text_of(condition_chips(rule.when, negated=True))


@pytest.fixture(scope="module")
def lines() -> list[str]:
    """The lines of the rule file that uses everything."""
    return LANGUAGE.read_text().splitlines()


def test_places_are_those_of_the_file(lines: list[str]) -> None:
    """Where a chip says it came from, the file has something that is written there."""
    ruleset, problems = read_ruleset(LANGUAGE)
    assert ruleset is not None, problems
    for rule in ruleset.rules:
        for chip in rule_chips(rule):
            if chip.position is not None:
                assert str(LANGUAGE) == chip.position.file
                assert lines[chip.position.line - 1][chip.position.column - 1 :].strip(), chip


@pytest.mark.parametrize(
    ("rule_id", "text", "role", "written"),
    [
        ("recall", "Always: ", Role.LIMIT, "yes"),
        ("recall", "drop the item", Role.EFFECT, "item"),
        ("recall", "recalled", Role.VALUE, "item.status: recalled"),
        ("recall", "; if that cannot be known, drop it too", Role.LIMIT, "block"),
        ("bought-sku", " in the last year", Role.WINDOW, "bought: {same: sku"),
        ("bought-windows", " between 30 and 365 days ago", Role.WINDOW, "bought: {same: brand"),
        ("weekend", "Hold the message until 08:00 where the customer lives", Role.EFFECT, '{until: "08:00"}'),
        ("night", "21:00", Role.VALUE, "message.local_time: {between"),
        ("from-to", "from 1 December 2026", Role.LIMIT, "2026-12-01"),
        ("from-to", " until the end of 31 December 2026", Role.LIMIT, "2026-12-31"),
        ("from-to", "; recorded, not obeyed", Role.LIMIT, "shadow"),
        ("none-of-these", "home/kitchen", Role.VALUE, "item.category: {under: home/kitchen}"),
        ("deep", "customer's region", Role.FIELD, "customer.region: {in"),
    ],
)
def test_a_phrase_leads_to_its_place(rule_id: str, text: str, role: Role, written: str, lines: list[str]) -> None:
    """The chip with that text points at what was written for it."""
    ruleset, problems = read_ruleset(LANGUAGE)
    assert ruleset is not None, problems
    rule = next(rule for rule in ruleset.rules if rule.id == rule_id)
    chip = next(chip for chip in rule_chips(rule) if text in chip.text)

    assert role == chip.role
    assert chip.position is not None
    assert lines[chip.position.line - 1][chip.position.column - 1 :].startswith(written)

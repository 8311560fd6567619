"""What a decision says about the future: `valid_until` and `eligible_again_at`, tried on random cases."""

import os
from dataclasses import replace
from random import Random

from hypothesis import given, seed, settings
from hypothesis import strategies as st

from suppress.decisions.decision import Decision, ItemVerdict
from suppress.engine.decide import Decider
from suppress.engine.guarded import ReferenceEngine
from suppress.facts.fields import FieldType
from suppress.facts.instants import US_PER_DAY, US_PER_YEAR, from_us, to_us
from suppress.rules.compile import compile_ruleset
from suppress.rules.ruleset import Rule, Ruleset
from suppress.rules.tree import Compare, Leaf, leaves
from tests.agreement.generate import AS_OF_US, a_book, a_message, a_ruleset
from tests.conftest import LONG, SEED

EXAMPLES = int(os.environ.get("SUPPRESS_TIME_CASES") or 1500)
STANDING_STILL = ("stock.restock_at", "message.kept_of_")
random_cases = given(st.randoms(use_true_random=False))


@seed(SEED)
@settings(LONG, max_examples=EXAMPLES)
@random_cases
def test_decision_holds_until_valid_until(rng: Random) -> None:
    """With the same facts, the verdicts are the same at any instant before `valid_until`."""
    ruleset = a_ruleset(rng, limits=True)
    compiled = compile_ruleset(ruleset)
    decider = Decider(compiled, ReferenceEngine(compiled))
    snapshot = a_book(rng).snapshot(a_message(rng), AS_OF_US, compiled.needs)
    now = decider.decide(snapshot, "")
    end_us = AS_OF_US + 3 * US_PER_YEAR if now.valid_until is None else to_us(now.valid_until)
    for at_us in {min(AS_OF_US + 1, end_us - 1), (AS_OF_US + end_us) // 2, end_us - 1}:
        then = decider.decide(replace(snapshot, as_of_us=at_us), "")

        assert _verdicts(now) == _verdicts(then), f"differs at {from_us(at_us)}"


@seed(SEED)
@settings(LONG, max_examples=EXAMPLES)
@random_cases
def test_item_is_eligible_from_the_stated_instant_and_not_before(rng: Random) -> None:
    """A dropped item is kept at `eligible_again_at` and dropped at all earlier instants, other facts standing still."""
    ruleset = _without_ages(a_ruleset(rng))
    compiled = compile_ruleset(ruleset)
    decider = Decider(compiled, ReferenceEngine(compiled))
    snapshot = a_book(rng).snapshot(a_message(rng), AS_OF_US, compiled.needs)
    decision = decider.decide(snapshot, "")
    for place, item in enumerate(decision.items):
        if item.verdict is ItemVerdict.KEEP:
            assert item.eligible_again_at is None
            continue
        again_us = None if item.eligible_again_at is None else to_us(item.eligible_again_at)
        end_us = AS_OF_US + 2 * US_PER_YEAR if again_us is None else again_us
        tried = {AS_OF_US + 1, end_us - 1, *(rng.randrange(AS_OF_US, end_us) for _ in range(4))}
        tried |= {AS_OF_US + days * US_PER_DAY for days in (1, 2, 30, 365)}
        for at_us in {at_us for at_us in tried if at_us < end_us}:
            then = decider.decide(replace(snapshot, as_of_us=at_us), "")

            assert ItemVerdict.DROP is then.items[place].verdict, f"kept already at {from_us(at_us)}"
        if again_us is not None:
            then = decider.decide(replace(snapshot, as_of_us=again_us), "")

            assert ItemVerdict.KEEP is then.items[place].verdict


def _verdicts(decision: Decision) -> tuple[object, ...]:
    items = [(i.verdict, [r.rule for r in i.reasons]) for i in (*decision.items, *decision.replacements)]
    return items, decision.shown, decision.verdict, [r.rule for r in decision.reasons]


def _without_ages(ruleset: Ruleset) -> Ruleset:
    """The ruleset without what stands still for `eligible_again_at`, though it moves when all is decided anew later.

    These are maximum ages, the age of stock and the next restock, and what the items before this one come to.
    """

    def moves_otherwise(leaf: Leaf) -> bool:
        if not isinstance(leaf, Compare):
            return False
        return leaf.field.type is FieldType.DURATION or leaf.field.name.startswith(STANDING_STILL)

    def is_left_out(rule: Rule) -> bool:
        parts = [rule.when] if rule.unless is None else [rule.when, rule.unless]
        return any(moves_otherwise(leaf) for part in parts for leaf in leaves(part))

    return replace(ruleset, max_age={}, rules=tuple(rule for rule in ruleset.rules if not is_left_out(rule)))

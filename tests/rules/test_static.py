"""What static checks claim is true of the evaluator: on random conditions, over random facts and histories."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suppress.engine.evaluate import Truth
from suppress.problems import Position
from suppress.rules.contradictions import find_contradictions
from suppress.rules.findings import Findings
from suppress.rules.implication import Implication
from suppress.rules.ruleset import Effect, Rule, Ruleset, WhenUnknown
from suppress.rules.tree import All, Condition, Not
from suppress.rules.validate import find_problems
from tests.conftest import LONG
from tests.rules.facts_to_try import a_few_leaves, a_tree, alike, truths

RANDOMS = st.randoms(use_true_random=False)


def is_refused(condition: Condition) -> bool:
    findings = Findings()
    find_contradictions(condition, Implication(), findings)
    return findings.error_count > 0


def check_implication(rng: Random, first: Condition, second: Condition) -> bool:
    """Whether the one is said to imply the other; asserts that it does."""
    if not Implication().implies(first, second):
        return False
    for one, two in truths(rng, [first, second]):
        assert one is not True or two is True, (first, second)
        assert two is not False or one is False, (first, second)
    return True


@settings(LONG, max_examples=200)
@given(RANDOMS)
def test_what_implies_does_imply(rng: Random) -> None:
    """Whatever is known: the one true makes the other true, the other false makes the one false."""
    leaves = a_few_leaves(rng)
    for leaf in leaves[1:]:
        check_implication(rng, leaves[0], leaf)
        check_implication(rng, leaf, leaves[0])
        check_implication(rng, Not(part=leaf), leaves[0])
        check_implication(rng, leaf, Not(part=leaves[0]))
        check_implication(rng, Not(part=leaf), Not(part=leaves[0]))
        check_implication(rng, Not(part=leaves[0]), Not(part=leaf))
    check_implication(rng, a_tree(rng, leaves), a_tree(rng, leaves))


@settings(LONG, max_examples=200)
@given(RANDOMS)
def test_a_contradiction_is_never_true(rng: Random) -> None:
    """A condition that is refused because its parts contradict one another is true for no facts."""
    leaves = a_few_leaves(rng)
    parts = tuple(leaf if rng.random() < 0.6 else Not(part=leaf) for leaf in leaves)
    condition = All(parts=parts) if rng.random() < 0.5 else All(parts=(*parts[:1], a_tree(rng, leaves, 1)))
    if any(is_refused(part) for part in condition.parts) or not is_refused(condition):
        return
    for (found,) in truths(rng, [condition]):
        assert found is not True, condition


def test_much_is_claimed() -> None:
    """Of random neighbours, many imply or contradict one another: the tests above are not about nothing."""
    rng = Random(20_261_122)
    implied = contradicted = 0
    for _ in range(300):
        leaves = a_few_leaves(rng)
        other = alike(rng, leaves[0])
        implied += check_implication(rng, leaves[0], other)
        contradicted += is_refused(All(parts=(leaves[0], Not(part=other))))

    assert implied >= 50
    assert contradicted >= 50


POSITIONS = [Position("r.yaml", line) for line in range(1, 9)]


def some_rules(rng: Random) -> Ruleset:
    """A few rules over the same few leaves, with exceptions."""
    leaves = a_few_leaves(rng)
    rules = [
        Rule(
            id=f"r{number}",
            effect=Effect.DROP_ITEM,
            code="recalled",
            when=a_tree(rng, leaves, rng.choice((0, 1))),
            unless=a_tree(rng, leaves, rng.choice((0, 1))) if rng.random() < 0.5 else None,
            when_unknown=rng.choice(tuple(WhenUnknown)),
            position=position,
            places={"unless": position},
        )
        for number, position in enumerate(POSITIONS[: rng.choice((2, 3, 4))])
    ]
    return Ruleset(name="r", rules=tuple(rules), position=Position("r.yaml"))


def whole(rule: Rule) -> Condition:
    return rule.when if rule.unless is None else All(parts=(rule.when, Not(part=rule.unless)))


def fires(rule: Rule, found: Truth) -> bool:
    return found is True or (found is None and rule.when_unknown is WhenUnknown.BLOCK)


def check_rules(rng: Random) -> set[str]:
    """The codes of what is said of random rules; asserts that it is true."""
    ruleset = some_rules(rng)
    # What is said of an exception stands where the exception begins: here each has the place of its rule.
    rules = [replace(rule, unless=_placed(rule)) for rule in ruleset.rules]
    problems = find_problems(replace(ruleset, rules=tuple(rules)))
    said = {(problem.code, problem.position.line - 1) for problem in problems}
    conditions = [c for rule in rules for c in (rule.when, rule.unless or rule.when, whole(rule))]
    for found in truths(rng, conditions, shops=1) if said else ():
        when, unless, all_of = found[0::3], found[1::3], found[2::3]
        for code, at in said:
            match code:
                case "never-fires":
                    assert all_of[at] is not True, rules[at]
                case "unreachable-rule":
                    earlier = range(at)
                    assert not fires(rules[at], all_of[at]) or any(fires(rules[e], all_of[e]) for e in earlier), rules
                case "idle-exception":
                    assert not (when[at] is True and unless[at] is True), rules[at]
                case "void-exception" if when[at] is True and unless[at] is True:
                    assert any(all_of[other] is True for other in range(len(rules)) if other != at), rules
                case _:
                    pass
    return {code for code, _ in said}


def _placed(rule: Rule) -> Condition | None:
    """The exception, itself at the place of its rule, and its parts nowhere."""
    return None if rule.unless is None else replace(rule.unless, position=rule.position)


@settings(LONG, max_examples=200)
@given(RANDOMS)
def test_what_is_said_of_rules_is_true(rng: Random) -> None:
    """A rule that never decides never does, one that never fires never does, an exception in vain saves nothing."""
    check_rules(rng)


@pytest.mark.parametrize("code", ["never-fires", "unreachable-rule", "idle-exception", "void-exception"])
def test_much_is_said_of_rules(code: str) -> None:
    """Each of the claims is made often enough on random rules to be tried."""
    rng = Random(20_261_122)

    assert sum(code in check_rules(rng) for _ in range(400)) >= 10

"""Words are as exact as the tree: what reads the same means the same."""

from itertools import product
from random import Random

import pytest

from suppress.facts.fields import FIELDS, Operator
from suppress.rules.tree import All, AnyOf, Bought, ClockTime, Compare, Condition, Leaf, Not, Same, Scalar, Sent, Shown
from suppress.rules.wording import condition_words
from tests.rules.test_wording import BASES

Truth = dict[Leaf, bool]


def _leaf(name: str, operator: Operator, *values: Scalar) -> Compare:
    return Compare(field=FIELDS[name], operator=operator, values=values)


ATOMS: tuple[tuple[Leaf, ...], ...] = (
    (
        _leaf("item.brand", Operator.IS, "Acme"),
        _leaf("message.channel", Operator.IN, "email", "sms", "push"),
        _leaf("customer.known", Operator.IS, True),
        _leaf("stock.available_units", Operator.BELOW, 1),
    ),
    (
        _leaf("item.category", Operator.UNDER, "toys"),
        _leaf("item.category", Operator.UNDER, "games"),
        _leaf("item.category", Operator.IN, "books", "music", "film"),
        _leaf("item.status", Operator.IS, "recalled"),
    ),
    (
        _leaf("message.local_weekday", Operator.IS, "sunday"),
        _leaf("message.local_time", Operator.BELOW, ClockTime(1, "08:00")),
        _leaf("campaign.tag", Operator.IS, "night"),
        BASES[Sent],
    ),
    (BASES[Bought], BASES[Shown], BASES[Sent], Bought(same=Same.BRAND, at_least=2)),
)
"""Conditions that stand for a truth of their own; those of one field or one subject are told together."""


def a_tree(rng: Random, atoms: tuple[Leaf, ...], depth: int) -> Condition:
    """A tree of at most that depth over the atoms."""
    if depth == 0 or rng.random() < 0.25:
        atom = rng.choice(atoms)
        return Not(part=atom) if rng.random() < 0.3 else atom
    parts = tuple(a_tree(rng, atoms, depth - 1) for _ in range(rng.choice((1, 2, 2, 2, 3))))
    group = All(parts=parts) if rng.random() < 0.5 else AnyOf(parts=parts)
    return Not(part=group) if rng.random() < 0.15 else group


def holds(condition: Condition, truth: Truth) -> bool:
    """Whether the tree is true when the atoms are so."""
    match condition:
        case All(parts=parts):
            return all(holds(part, truth) for part in parts)
        case AnyOf(parts=parts):
            return any(holds(part, truth) for part in parts)
        case Not(part=part):
            return not holds(part, truth)
        case _:
            return truth[condition]


@pytest.mark.parametrize("atoms", ATOMS)
def test_what_reads_the_same_means_the_same(atoms: tuple[Leaf, ...]) -> None:
    """Of some thousand trees over four conditions, no two that differ in truth share their words."""
    rng = Random(4)
    worlds = [dict(zip(atoms, truths, strict=True)) for truths in product((True, False), repeat=len(atoms))]
    meanings: dict[str, tuple[bool, ...]] = {}
    for _ in range(4_000):
        tree = a_tree(rng, atoms, rng.choice((1, 2, 2, 3, 4)))
        meaning = tuple(holds(tree, world) for world in worlds)

        assert meaning == meanings.setdefault(condition_words(tree), meaning), condition_words(tree)

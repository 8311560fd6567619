"""Random facts and random conditions over them, for trying what static checks claim on the reference evaluator.

History comes from random shops read by the engine. Fields take any value at the edges of what conditions compare them
with, whether a shop could have it or not, so that a claim that is not true of all values is soon found out.
"""

from dataclasses import fields, replace
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

from suppress.engine.evaluate import Seen, Truth, truth
from suppress.engine.features import ItemValues
from suppress.engine.message_values import MessageValues
from suppress.engine.shared import SharedFacts, Terms
from suppress.facts.fields import OPERATORS, Field, FieldType, Operator, Scope
from suppress.facts.snapshot import FactNeeds
from suppress.rules.extents import limits
from suppress.rules.tree import All, AnyOf, Bought, Compare, Condition, Leaf, Not, Past, Same, Sent, leaves, plain
from tests.agreement import generate
from tests.agreement.generate import AS_OF_US, a_book, a_leaf, a_message

ITEM_RULES = Scope.ITEM


class Facts:
    """What is known of one item of one message: its fields as set, its history as the engine reads it."""

    def __init__(self, values: ItemValues) -> None:
        self.set: dict[str, Seen] = {}
        self._values = values
        self._kept: list[Past] = []

    def field(self, name: str) -> Seen:
        return self.set.get(name)

    def past(self, node: Past) -> Truth:
        # The engine remembers nodes by identity; those of a test must not be forgotten before it is over.
        self._kept.append(node)
        return self._values.past(node)

    def never_bought(self, node: Bought) -> bool:
        return self._values.never_bought(node)


def some_items(rng: Random, shops: int = 1) -> list[ItemValues]:
    """The items of a few messages in a few shops."""
    found = []
    for _ in range(shops):
        book = a_book(rng)
        for _ in range(3):
            message = a_message(rng)
            snapshot = book.snapshot(message, AS_OF_US, FactNeeds())
            shared = SharedFacts(snapshot, Terms(zone=ZoneInfo("Europe/Zurich")))
            found += [ItemValues(MessageValues(shared), item) for item in message.items]
    return found


def truths(rng: Random, conditions: list[Condition], shops: int = 2, times: int = 4) -> list[list[Truth]]:
    """The truth of the conditions on random facts, again and again."""
    asked = [leaf for condition in conditions for leaf in leaves(condition) if isinstance(leaf, Compare)]
    domains = {leaf.field.name: domain(leaf.field, asked) for leaf in asked}
    found = []
    for item in some_items(rng, shops):
        facts = Facts(item)
        for _ in range(times if domains else 1):
            facts.set = {name: rng.choice(values) for name, values in domains.items()}
            found.append([truth(condition, facts) for condition in conditions])
    return found


def domain(field: Field, asked: list[Compare]) -> list[Seen]:
    """Unknown, and values at and beside those a field is compared with."""
    literals = [
        plain(value)
        for leaf in asked
        if leaf.field == field and leaf.operator is not Operator.EXISTS
        for value in leaf.values
    ]
    if field.type is FieldType.WORDS:
        words = [str(literal) for literal in literals]
        return [(), *((word,) for word in words), *pairwise(words), tuple(words), ("other",)]
    if field.type is FieldType.YES_NO:
        return [None, True, False]
    if field.type is FieldType.CHOICE:
        return [None, *field.choices]
    texts = [literal for literal in literals if isinstance(literal, str)]
    numbers = [literal + beside for literal in literals if isinstance(literal, int) for beside in (-1, 0, 1)]
    least, most = limits(field)
    possible = [n for n in numbers if (least is None or n >= least) and (most is None or n <= most)]
    nearby = [text + end for text in texts for end in ("", "/x", "x")]
    return [None, *possible, *nearby, *(text[:2] for text in texts)] if literals else [None, least or 0]


def alike(rng: Random, leaf: Leaf) -> Leaf:
    """A leaf that differs from another in a few things only, so that one often implies or excludes the other."""
    if isinstance(leaf, Compare):
        operator = rng.choice(OPERATORS[leaf.field.type])
        return replace(leaf, operator=operator, values=generate._values(rng, leaf.field, operator))
    other = next(other for _ in range(1000) if type(other := a_leaf(rng, ITEM_RULES)) is type(leaf))
    taken = {f.name: getattr(other, f.name) for f in fields(leaf) if f.name != "position" and rng.random() < 0.25}
    if isinstance(leaf, Sent) and taken.keys() & {"within", "calendar", "zone"}:
        taken |= {name: getattr(other, name) for name in ("within", "calendar", "zone")}
    if taken.get("same") is Same.COMPONENT and rng.random() < 0.5:
        taken["same"] = Same.SKU
    return replace(leaf, **taken)


def a_few_leaves(rng: Random) -> list[Leaf]:
    """One or two leaves and a handful that look like them."""
    first = [a_leaf(rng, ITEM_RULES) for _ in range(rng.choice((1, 1, 2)))]
    return [*first, *(alike(rng, rng.choice(first)) for _ in range(rng.choice((1, 2, 3))))]


def a_tree(rng: Random, parts: list[Leaf], depth: int = 2) -> Condition:
    """A tree over these leaves."""
    kind = rng.random()
    if depth == 0 or kind < 0.3:
        return rng.choice(parts)
    if kind < 0.5:
        return Not(part=a_tree(rng, parts, depth - 1))
    some = tuple(a_tree(rng, parts, depth - 1) for _ in range(rng.choice((1, 2, 2, 3))))
    return All(parts=some) if kind < 0.8 else AnyOf(parts=some)

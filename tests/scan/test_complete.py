"""The scan knows the whole language: every field, operator, node and effect is lowered; a forgotten one is named."""

import inspect
from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any, get_args

import pytest

from suppress.decisions.decision import Mode
from suppress.facts.book import FactBook
from suppress.facts.fields import FIELDS, OPERATORS, Field, FieldType, Operator, Scope, qualified
from suppress.facts.instants import US_PER_DAY
from suppress.facts.message import Item, Message
from suppress.facts.snapshot import Source
from suppress.problems import Position
from suppress.rules import tree
from suppress.rules.compile import CompiledRuleset, compile_ruleset
from suppress.rules.ruleset import Effect, Hold, Limit, Rule, Ruleset, WhenUnknown
from tests.agreement.generate import AS_OF_US, DRAWN_FIELDS
from tests.scan.campaign import no_report, scanned

POSITION = Position("complete.yaml")
AT_ONCE = 40
OF_ITEM = tree.Compare(field=FIELDS["item.sku"], operator=Operator.EXISTS, values=(True,))
OF_MESSAGE = tree.Compare(field=FIELDS["customer.id"], operator=Operator.EXISTS, values=(True,))
DAY = tree.Duration(US_PER_DAY, "1 day")
VALUES: dict[FieldType, tuple[tree.Scalar, tree.Scalar]] = {
    FieldType.TEXT: ("a", "b"),
    FieldType.PATH: ("a", "b"),
    FieldType.WORDS: ("a", "b"),
    FieldType.NUMBER: (1, 2),
    FieldType.DURATION: (DAY, tree.Duration(2 * US_PER_DAY, "2 days")),
    FieldType.INSTANT: (tree.Instant(0, "1970-01-01"), tree.Instant(AS_OF_US, "2026-10-25T01:00:00Z")),
    FieldType.CLOCK: (tree.ClockTime(0, "00:00"), tree.ClockTime(3_600_000_000, "01:00")),
    FieldType.DAY: (tree.Day(0, "1970-01-01"), tree.Day(1, "1970-01-02")),
    FieldType.YES_NO: (True, False),
}
NODES: dict[type, tuple[Any, ...]] = {
    tree.Bought: tuple(
        tree.Bought(same=same, by=by, count=count, parts=parts, within=within, not_within=not_within)
        for same, by, count, parts, (within, not_within) in product(
            tree.Same, tree.By, tree.Count, tree.Parts, ((None, None), (DAY, None), (None, DAY))
        )
    ),
    tree.Shown: tuple(
        tree.Shown(same=same, channels=("this",)) for same in (tree.Same.SKU, tree.Same.ITEM_GROUP, tree.Same.CATEGORY)
    ),
    tree.Said: tuple(
        tree.Said(says=("already_own",), same=same)
        for same in (tree.Same.SKU, tree.Same.ITEM_GROUP, tree.Same.CATEGORY)
    ),
    tree.Sent: (
        tree.Sent(within=DAY),
        *(tree.Sent(calendar=period, zone=zone) for period in tree.Period for zone in ("customer", "shop", "UTC")),
    ),
    tree.Compare: (tree.Compare(field=FIELDS["item.brand"], operator=Operator.IS, values=("a",)),),
    tree.All: (tree.All(parts=(tree.Bought(same=tree.Same.SKU), tree.Bought(same=tree.Same.BRAND))),),
    tree.AnyOf: (tree.AnyOf(parts=(tree.Bought(same=tree.Same.SKU), tree.Bought(same=tree.Same.BRAND))),),
    tree.Not: (tree.Not(part=tree.Bought(same=tree.Same.SKU)),),
}
"""Node -> one condition of each kind it can be."""


def rule(number: int, when: tree.Condition, effect: Effect = Effect.DROP_ITEM, **more: Any) -> Rule:
    return Rule(
        id=f"rule-{number}",
        effect=effect,
        code="out_of_stock",
        when=when,
        when_unknown=WhenUnknown.ALLOW,
        mode=Mode.ENFORCE,
        position=POSITION,
        **more,
    )


def compiled(*rules: Rule) -> CompiledRuleset:
    return compile_ruleset(Ruleset(name="complete", rules=rules, position=POSITION))


def scan_by(rules: CompiledRuleset, root: Path) -> list[dict[str, Any]]:
    """The rows of one message, scanned in a shop of which nothing is known."""
    book = FactBook(feeds_us=dict.fromkeys(Source, AS_OF_US))
    message = Message(items=(Item(sku="A"), Item(sku="B")), customer_id="ada", message_id="m", channel="email")
    with no_report():
        return scanned(root, rules, book, [message], AS_OF_US).messages


def forgotten(conditions: Sequence[tree.Condition], root: Path, effect: Effect = Effect.DROP_ITEM) -> dict[str, str]:
    """The conditions a scan cannot be run by, each with what stood in the way; tried by the dozen, then one by one."""
    found: dict[str, str] = {}
    for start in range(0, len(conditions), AT_ONCE):
        some = conditions[start : start + AT_ONCE]
        try:
            folder = root / f"{effect.name} {start}"
            folder.mkdir()
            scan_by(compiled(*(rule(number, when, effect) for number, when in enumerate(some))), folder)
        except Exception as error:
            if len(some) == 1:
                return {str(some[0]): f"{type(error).__name__}: {str(error)[:200]}"}
            for number, when in enumerate(some):
                one = root / f"{effect.name} {start} {number}"
                one.mkdir()
                found |= forgotten([when], one, effect)
    return found


def compares(field: Field) -> list[tree.Compare]:
    """A comparison by every operator the field's type allows."""
    found = []
    for operator in OPERATORS[field.type]:
        values: tuple[tree.Scalar, ...] = field.choices[:2] if field.type is FieldType.CHOICE else VALUES[field.type]
        if operator is Operator.EXISTS:
            values = (True,)
        elif operator not in (Operator.BETWEEN, Operator.IN, Operator.NOT_IN):
            values = values[:1]
        found.append(tree.Compare(field=field, operator=operator, values=values))
    return found


def every_field() -> list[Field]:
    """The vocabulary, each field that can be narrowed narrowed too, and fields made to measure."""
    narrowed = [
        qualified(field, at=at) for field in FIELDS.values() if field.by_location for at in ("east", "customer.region")
    ]
    return list(dict.fromkeys((*FIELDS.values(), *narrowed, *DRAWN_FIELDS)))


def test_every_field_and_operator_is_lowered(tmp_path: Path) -> None:
    """A scan by rules that compare every field by every operator of its type runs; a forgotten field is named."""
    asked = [leaf for field in every_field() for leaf in compares(field)]
    of_items = [leaf for leaf in asked if leaf.field.scope is not Scope.OUTCOME]
    of_messages = [leaf for leaf in asked if leaf.field.scope is not Scope.ITEM]

    assert FIELDS.keys() <= {leaf.field.name for leaf in asked}
    assert set(Operator) == {leaf.operator for leaf in asked}
    assert {} == forgotten(of_items, tmp_path)
    assert {} == forgotten(of_messages, tmp_path, Effect.SUPPRESS_MESSAGE)


def test_every_node_is_known_here() -> None:
    """The table of nodes names every kind of node a tree can have."""
    kinds = {kind for _, kind in inspect.getmembers(tree, inspect.isclass) if kind in _parts_of(tree.Condition)}

    assert kinds == NODES.keys()
    assert _parts_of(tree.Leaf) <= NODES.keys()


def _parts_of(union: Any) -> set[Any]:
    return {part for one in get_args(union) for part in (_parts_of(one) or {one})}


@pytest.mark.parametrize("kind", NODES, ids=lambda kind: kind.__name__)
def test_every_node_is_lowered(kind: type, tmp_path: Path) -> None:
    """A scan by rules with the node in all its ways runs."""
    assert {} == forgotten(NODES[kind], tmp_path)


EFFECTS: dict[Effect, dict[str, Any]] = {
    Effect.DROP_ITEM: {"verdict": "send", "kept": [], "rule": None},
    Effect.SUPPRESS_MESSAGE: {"verdict": "suppress", "kept": ["A", "B"], "rule": "rule-0"},
    Effect.HOLD_MESSAGE: {"verdict": "hold", "kept": ["A", "B"], "rule": "rule-0"},
    Effect.LIMIT_ITEM: {"verdict": "send", "kept": [], "rule": None},
}
"""Effect -> what becomes of a message when its rule fires, in a shop of which nothing is known."""


def test_every_effect_is_known_here() -> None:
    """The table of effects names every effect."""
    assert set(Effect) == EFFECTS.keys()


@pytest.mark.parametrize("effect", EFFECTS, ids=lambda effect: effect.name.lower())
def test_every_effect_is_obeyed(effect: Effect, tmp_path: Path) -> None:
    """A rule of the effect that always fires does to a scanned message what the effect says."""
    hold = Hold(until=tree.ClockTime(0, "00:00")) if effect is Effect.HOLD_MESSAGE else None
    limit = Limit(hundredths=100) if effect is Effect.LIMIT_ITEM else None
    always = rule(0, OF_ITEM if effect.is_about_items else OF_MESSAGE, effect, hold=hold, limit=limit)
    [row] = scan_by(compiled(replace(always, when_unknown=WhenUnknown.BLOCK)), tmp_path)

    assert EFFECTS[effect] == {name: row[name] for name in EFFECTS[effect]}


@pytest.mark.parametrize(
    "hold",
    [Hold(until=tree.ClockTime(0, "00:00")), Hold(length=DAY), Hold(restock=True)],
    ids=["until", "for", "restock"],
)
def test_every_hold_is_lowered(hold: Hold, tmp_path: Path) -> None:
    """Each kind of hold holds; only of a restock nobody knows the date here."""
    [row] = scan_by(compiled(rule(0, OF_MESSAGE, Effect.HOLD_MESSAGE, hold=hold)), tmp_path)

    assert "hold" == row["verdict"]
    assert (row["hold_until"] is None) is hold.restock

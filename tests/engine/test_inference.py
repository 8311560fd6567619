"""durable-rules against the reference: the same answer for every rule, every value, every unknown, from any thread."""

import threading
from collections.abc import Sequence
from enum import StrEnum

import pytest
from durable_trees import COLUMNS, HARD_INTS, PURCHASES, TEXTS, Facts, a_rule, compare, conditions, facts, rulesets
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from suppress.engine import inference
from suppress.engine.evaluate import Seen, Values, fires
from suppress.engine.inference import Inference
from suppress.errors import EngineError
from suppress.facts.fields import Operator
from suppress.rules.compile import CompiledRule
from suppress.rules.tree import All, AnyOf, Condition, Not

QUICK = settings(deadline=None, suppress_health_check=list(HealthCheck))
UNITS = "stock.available_units"
SOLD_OUT = a_rule(compare(UNITS, Operator.BELOW, 1), number=4)


def assert_agreement(rules: Sequence[CompiledRule], items: Sequence[Values]) -> None:
    """Both engines name the same rules for every item."""
    shared = Inference(rules, name="agreement")
    try:
        for item in items:
            assert frozenset(rule.number for rule in rules if fires(rule, item)) == shared.fired(item)
    finally:
        shared.close()


@settings(QUICK, max_examples=300)
@given(rules=rulesets(), items=st.lists(facts(), min_size=2, max_size=6))
def test_small_rulesets_agree(rules: tuple[CompiledRule, ...], items: list[Facts]) -> None:
    """Any rules over any columns, with unknowns and values the engine must not hold."""
    assert_agreement(rules, items)


@settings(QUICK, max_examples=15)
@given(rules=rulesets(max_rules=3, max_leaves=80), items=st.lists(facts(), min_size=2, max_size=4))
def test_large_trees_agree(rules: tuple[CompiledRule, ...], items: list[Facts]) -> None:
    """Trees of up to 80 leaves, of which parts are decided in Python."""
    assert_agreement(rules, items)


@settings(QUICK, max_examples=10)
@given(
    trees=st.lists(conditions(max_leaves=5), min_size=100, max_size=120),
    items=st.lists(facts(), min_size=3, max_size=6),
)
def test_a_hundred_rules_agree(trees: list[Condition], items: list[Facts]) -> None:
    """100 rules and more, over several rule sets of the engine."""
    assert_agreement([a_rule(tree, number=n, block=bool(n % 2)) for n, tree in enumerate(trees)], items)


@settings(QUICK, max_examples=20)
@given(tree=conditions(max_leaves=6), levels=st.integers(20, 64), items=st.lists(facts(), min_size=2, max_size=4))
def test_deep_trees_agree(tree: Condition, levels: int, items: list[Facts]) -> None:
    """Trees of up to 64 levels of `all`, `any` and `not` in turn."""
    for level in range(levels):
        own = compare(UNITS, Operator.IS if level % 2 else Operator.IS_NOT, level % 4)
        tree = (
            Not(part=tree) if level % 3 == 0 else All(parts=(own, tree)) if level % 3 == 1 else AnyOf(parts=(own, tree))
        )
    assert_agreement([a_rule(tree, number=1), a_rule(tree, number=2, block=True)], items)


@settings(QUICK, max_examples=30)
@given(
    parts=st.lists(conditions(max_leaves=2), min_size=9, max_size=60), items=st.lists(facts(), min_size=2, max_size=5)
)
def test_wide_alls_and_anys_agree(parts: list[Condition], items: list[Facts]) -> None:
    """Up to 60 parts side by side."""
    wide = (AnyOf(parts=tuple(parts)), All(parts=tuple(Not(part=part) for part in parts)))
    assert_agreement([a_rule(tree, number=n, block=bool(n & 1)) for n, tree in enumerate(wide * 2)], items)


@pytest.mark.parametrize("size", [2, 64, 65, 500, 5_000])
@pytest.mark.parametrize("block", [False, True])
def test_long_lists_agree(size: int, block: bool) -> None:
    """Lists of any length, of texts and of numbers, `in` and `not_in`."""
    rules = [
        a_rule(compare("item.sku", Operator.IN, *(f"s{n}" for n in range(size))), number=1, block=block),
        a_rule(compare("item.sku", Operator.NOT_IN, *(f"s{n}" for n in range(size))), number=2, block=block),
        a_rule(compare(UNITS, Operator.IN, *range(size)), number=3, block=block),
        a_rule(Not(part=compare(UNITS, Operator.IN, *range(size))), number=4, block=block),
    ]
    seen: list[Seen] = [None, 0, 1, size - 1, size]
    assert_agreement(rules, [Facts({"item.sku": f"s{n}", UNITS: n}) for n in seen] + [Facts({})])


@pytest.mark.parametrize("text", [*TEXTS, "x" * 1024, "</script>", "a\u2028b", "\x7f", "'", '"', '"}', "\\", "\\u0041"])
def test_texts_agree(text: str) -> None:
    """A text equals itself and nothing else, however it has to be written."""
    rules = [a_rule(compare("item.sku", Operator.IS, other), number=n) for n, other in enumerate(TEXTS)]
    own = a_rule(compare("item.sku", Operator.IS, text), number=100)
    assert_agreement(
        [*rules, own], [Facts({"item.sku": text}), Facts({"item.sku": f"{text} "}), Facts({"item.sku": ""})]
    )


def test_huge_numbers_agree() -> None:
    """Every comparison of every huge number with every other."""
    operators = (Operator.IS, Operator.IS_NOT, Operator.BELOW, Operator.AT_MOST, Operator.AT_LEAST, Operator.ABOVE)
    rules = [
        a_rule(compare(UNITS, operator, n), number=place * len(operators) + index)
        for place, n in enumerate(HARD_INTS)
        for index, operator in enumerate(operators)
    ]
    assert_agreement(rules, [Facts({UNITS: n}) for n in (*HARD_INTS, 0)])


def test_no_rules() -> None:
    """Without rules nothing fires, and nothing is asked of the engine."""
    empty = Inference((), name="empty")

    assert frozenset() == empty.fired(Facts({}))
    empty.close()


def test_a_subclass_of_text() -> None:
    """A value of a string enumeration is the text it stands for."""

    class Status(StrEnum):
        RECALLED = "recalled"

    rule = a_rule(compare("item.status", Operator.IS, "recalled"), number=4)
    shared = Inference([rule], name="enum")

    assert {4} == shared.fired(Facts({"item.status": Status.RECALLED}))
    shared.close()


def test_each_field_is_read_once() -> None:
    """However many rules and rule sets use a field, an item is asked for it once."""
    asked: list[str] = []

    class Counting(Facts):
        def field(self, name: str) -> Seen:
            asked.append(name)
            return super().field(name)

    rules = [a_rule(compare(UNITS, Operator.ABOVE, n), number=n) for n in range(120)]
    shared = Inference(rules, name="once")
    shared.fired(Counting({UNITS: 5}))

    assert [UNITS] == asked
    shared.close()


def test_threads_share_one_inference() -> None:
    """Eight threads on one Inference, each with items of its own, all get the answers of the reference."""
    rules = [a_rule(compare(UNITS, Operator.ABOVE, n), number=n) for n in range(60)]
    rules += [a_rule(node, number=100 + n, block=True) for n, node in enumerate(PURCHASES)]
    shared = Inference(rules, name="threads")
    wrong: list[object] = []
    start = threading.Barrier(8)

    def work(own: int) -> None:
        items = [Facts({UNITS: (own * 7 + n) % 61}, {PURCHASES[own % 4]: bool(n % 2)}) for n in range(20)]
        wanted = [frozenset(rule.number for rule in rules if fires(rule, item)) for item in items]
        start.wait()
        for _ in range(15):
            wrong.extend((want, got) for want, got in zip(wanted, map(shared.fired, items), strict=True) if want != got)

    threads = [threading.Thread(target=work, args=(own,)) for own in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    shared.close()

    assert [] == wrong


def test_replaced_while_in_use() -> None:
    """A closed Inference says so, and what was running when it closed got its answer."""
    shared = Inference([SOLD_OUT], name="old")
    answers: list[frozenset[int]] = []
    refused = threading.Event()

    def work() -> None:
        try:
            while True:
                answers.append(shared.fired(Facts({UNITS: 0})))
        except EngineError:
            refused.set()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    while len(answers) < 100:
        pass
    shared.close()
    for thread in threads:
        thread.join()

    assert refused.is_set()
    assert {frozenset({4})} == set(answers)
    with pytest.raises(EngineError, match="closed"):
        shared.fired(Facts({UNITS: 0}))
    shared.close()


def test_an_error_of_the_values_is_the_callers() -> None:
    """What the values raise reaches the caller as it is, and the next item is decided."""

    class Broken(Facts):
        def field(self, name: str) -> Seen:
            raise LookupError(name)

    shared = Inference([SOLD_OUT], name="values")
    with pytest.raises(LookupError):
        shared.fired(Broken({}))

    assert {4} == shared.fired(Facts({UNITS: 0}))
    shared.close()


def test_a_missing_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where durable-rules cannot be imported, an Inference cannot be made."""
    monkeypatch.setattr(inference, "engine", None)

    with pytest.raises(EngineError, match="durable-rules"):
        Inference([SOLD_OUT], name="missing")


def test_an_engine_that_refuses_the_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules the engine cannot read are an EngineError that names it."""
    monkeypatch.setattr(inference, "definition", lambda _: {"$and": [5]})

    with pytest.raises(EngineError, match="refuses the rules of refused-0"):
        Inference([SOLD_OUT], name="refused")


def test_an_engine_that_decides_wrongly_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """An Inference whose first answer differs from the reference's is not given out."""
    rule = a_rule(compare(UNITS, Operator.BELOW, 1), block=True)
    monkeypatch.setattr(inference, "definition", lambda _: {"f0": 77})

    with pytest.raises(EngineError, match="wrongly"):
        Inference([rule], name="wrong")


@seed(7)
@settings(QUICK, max_examples=25)
@given(items=st.lists(facts(), min_size=1, max_size=4))
def test_every_operator_of_every_column_agrees(items: list[Facts]) -> None:
    """One rule per column, operator and answer to the unknown."""
    from suppress.facts.fields import OPERATORS, FieldType

    constants = {FieldType.YES_NO: True, FieldType.NUMBER: 2, FieldType.INSTANT: 2, FieldType.DURATION: 2}
    rules = []
    for column in COLUMNS:
        for operator in OPERATORS[column.type]:
            value = True if operator is Operator.EXISTS else constants.get(column.type, "a")
            leaf = compare(column.name, operator, *([value] * (2 if operator is Operator.BETWEEN else 1)))
            for tree in (leaf, Not(part=leaf)):
                rules += [a_rule(tree, number=len(rules) + block, block=bool(block)) for block in (0, 1)]
    assert_agreement(rules, items)

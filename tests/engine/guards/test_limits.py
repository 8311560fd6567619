"""D01 to D04: sizes beyond which the engine hangs, crashes or silently forgets."""

import threading

import pytest
from durable_log import EngineLog
from durable_trees import Facts, a_rule, compare
from durable_witness import witness

from suppress.engine import inference
from suppress.engine.durable_chunks import MAX_PENDING, chunks_of, pending
from suppress.engine.durable_form import Columns, rule_form
from suppress.engine.inference import Inference
from suppress.facts.fields import Operator
from suppress.rules.tree import All, AnyOf, Condition

UNITS = "stock.available_units"


def test_guard_d01_many_different_first_tests(agree, log: EngineLog) -> None:
    """600 rules that begin differently are spread over rule sets, and all are decided right."""
    rules = [a_rule(compare(UNITS, Operator.IS, n), number=n) for n in range(600)]

    got = agree(rules, [Facts({UNITS: 0}), Facts({UNITS: 599}), Facts({UNITS: 600}), Facts({})])

    assert [{0}, {599}, set(), set()] == got
    assert all(len(rules) <= 401 for rules in log.definitions())


def test_guard_d01_many_different_tests_behind_a_shared_one(agree) -> None:
    """Lists behind the same first test count together: 12 lists of 60 never make one test with 720 followers."""
    rules = [
        a_rule(
            All(
                parts=(
                    compare("customer.known", Operator.IS, True),
                    compare("item.sku", Operator.IN, *(f"{n}-{place}" for place in range(60))),
                )
            ),
            number=n,
        )
        for n in range(12)
    ]

    got = agree(rules, [Facts({"customer.known": True, "item.sku": f"{n}-{n}"}) for n in range(12)])

    assert [{n} for n in range(12)] == got


def test_witness_d01() -> None:
    """513 different conditions under one node never return; 512 are created and fail on the first fact."""
    create = "handle = ruleset({f'r{n}': {'x': n} for n in range(%d)})\n"

    assert witness(create % 513, seconds=3).hung
    assert "error code: 303" in witness(create % 512 + "fired(handle, {'x': 0})").complained


def test_guard_d02_identical_rules(agree, log: EngineLog) -> None:
    """300 rules of one meaning become one durable rule that stands for all of them."""
    rules = [a_rule(compare(UNITS, Operator.BELOW, 1), number=n) for n in range(300)]

    assert [frozenset(range(300))] == agree(rules, [Facts({UNITS: 0})])
    assert 1 == len(log.conditions())


def test_witness_d02() -> None:
    """256 rules of one condition crash on the first matching fact."""
    assert witness("fired(ruleset({f'r{n}': {'t': 1} for n in range(256)}), {'t': 1})").crashed


def wide(first: int) -> Condition:
    """Four comparisons that are true together of large numbers."""
    fields = (UNITS, "stock.on_hand", "stock.reserved", "stock.safety_stock")
    return AnyOf(parts=tuple(compare(name, Operator.ABOVE, first) for name in fields))


LARGE = Facts(dict.fromkeys((UNITS, "stock.on_hand", "stock.reserved", "stock.safety_stock"), 999))
RICH = Facts({**LARGE.fields, "customer.known": True})


@pytest.mark.parametrize(
    ("conditions", "item"),
    [
        pytest.param([compare(UNITS, Operator.ABOVE, n) for n in range(130)], LARGE, id="130 rules true together"),
        pytest.param([wide(n) for n in range(40)], LARGE, id="40 rules with an any of four in front"),
        pytest.param(
            [All(parts=(compare("customer.known", Operator.IS, True), wide(n))) for n in range(40)],
            RICH,
            id="40 rules with an any of four behind the same test",
        ),
        pytest.param(
            [All(parts=(wide(n), wide(n + 100))) for n in range(20)], LARGE, id="20 rules with two anys of four"
        ),
        pytest.param([AnyOf(parts=tuple(wide(n) for n in range(9)))], LARGE, id="an any of 36"),
    ],
)
def test_guard_d03_many_true_together(agree, conditions: list[Condition], item: Facts) -> None:
    """Whatever is true together, the engine's stack is never full: all rules fire."""
    rules = [a_rule(condition, number=n) for n, condition in enumerate(conditions)]

    assert [frozenset(range(len(rules)))] == agree(rules, [item])


def test_guard_d03_pending_is_counted_on_the_merged_tree() -> None:
    """Rules that share their first test count together, and no chunk comes near the engine's stack."""
    columns = Columns()
    shared = compare("customer.known", Operator.IS, True)
    forms = {f"r{n}": rule_form(All(parts=(shared, wide(n))), block=False, columns=columns) for n in range(40)}

    assert pending(list(forms.values())) > 64
    assert all(pending(list(chunk.forms.values())) <= MAX_PENDING for chunk in chunks_of(forms))


@pytest.mark.parametrize(
    "rules",
    [
        "{f'r{n}': {'$gt': {'x': n}} for n in range(65)}",
        "{f'r{n}': {'$and': [{'$or': [{'$gt': {k: n}} for k in 'xabc']}, {'x': 999}]} for n in range(17)}",
        "{f'r{n}': {'$and': [{'x': 999}, {'$or': [{'$gt': {k: n}} for k in 'xabc']}]} for n in range(17)}",
    ],
    ids=["65 rules", "17 ors of four in front", "17 ors of four behind a shared test"],
)
def test_witness_d03(rules: str) -> None:
    """Too many rules true together: error 303 and no rule fires."""
    outcome = witness(f"print(fired(ruleset({rules}), {{'x': 999, 'a': 999, 'b': 999, 'c': 999}}))")

    assert "error code: 303" in outcome.complained
    assert "" == outcome.said


def deep(levels: int) -> Condition:
    """`all` and `any` in turn, each with one test of its own."""
    tree: Condition = compare(UNITS, Operator.BELOW, 1)
    for level in range(levels):
        kind = AnyOf if level % 2 else All
        tree = kind(parts=(compare("item.price_minor", Operator.IS_NOT, level), tree))
    return tree


def test_guard_d04_deep_trees(agree) -> None:
    """A tree of 64 levels runs on the engine: what exceeds 15 groups is decided as a column."""
    rules = [a_rule(deep(64), block=block, number=block) for block in (False, True)]
    prices = (None, 0, 1, 2, 62, 63, 64)

    agree(rules, [Facts({UNITS: units, "item.price_minor": price}) for units in (None, 0, 1) for price in prices])


def test_guard_d04_many_fields_and_many_absences(agree, log: EngineLog) -> None:
    """600 fields in one ruleset, by presence and absence, never make a fact of more than 252 of them."""
    names = [f"item.attributes.a{n}" for n in range(600)]
    rules = [a_rule(compare(name, Operator.EXISTS, False), number=n) for n, name in enumerate(names)]

    got = agree(rules, [Facts({}), Facts(dict.fromkeys(names, "x"))])

    assert [frozenset(range(600)), frozenset()] == got
    assert all(len(fact) <= 252 for fact in log.facts())


def test_guard_d04_sessions_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """More threads than sessions wait for one; the engine never sees more states than allowed."""
    monkeypatch.setattr(inference, "MAX_SESSIONS", 2)
    shared = Inference([a_rule(compare(UNITS, Operator.BELOW, 1))], name="few")
    answers: list[frozenset[int]] = []

    def work() -> None:
        answers.extend(shared.fired(Facts({UNITS: n % 2})) for n in range(100))

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert 300 == answers.count(frozenset({0}))
    assert 300 == answers.count(frozenset())
    assert shared._made <= 2
    shared.close()


@pytest.mark.parametrize(
    ("script", "error"),
    [
        ("c = {'x': 1}\nfor n in range(16): c = {'$and': [c, {'y': n}]}\nruleset({'r': c})", "113"),
        ("fired(ruleset({'r': [{f'a{n}': {'t': n}} for n in range(17)]}), {'t': 0})\n"
         "for n in range(17): fired(h, {'t': n})", "304"),
        ("fired(ruleset({'r': {'t': 1}}), {'t': 1, **{f'f{n}': n for n in range(252)}})", "302"),
        ("ruleset({f'r{n}': {'$nex': {f'f{n}': 1}} for n in range(130)})", "107"),
    ],
    ids=["16 groups", "17 patterns", "253 fields", "130 absences"],
)  # fmt: skip
def test_witness_d04(script: str, error: str) -> None:
    """Beyond each limit stands an error code."""
    script = script.replace("fired(ruleset({'r': [", "h = ruleset({'r': [").replace("]}), {'t': 0})", "]})")

    assert f"error code: {error}" in witness(script).complained


def test_witness_d04_states() -> None:
    """The state after the 1,024th raises MemoryError."""
    script = "h = ruleset({'r': {'t': 1}})\nfor n in range(1025): fired(h, {'t': 1, 'sid': f'x{n}'})"

    assert "MemoryError" in witness(script).complained

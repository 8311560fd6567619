"""D19, D22 to D25, D27, D29: names and values the engine confuses, firings it repeats, memory it never frees."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from durable_log import EngineLog
from durable_trees import PURCHASES, Facts, a_rule, compare
from durable_witness import witness

from suppress.engine.durable_form import FALSE, MAX_FIRINGS, TEXT_STAND_IN, TRUE, UNKNOWN, Columns, name_hash
from suppress.engine.inference import Inference
from suppress.errors import EngineError
from suppress.facts.fields import Operator
from suppress.rules.tree import All, AnyOf, Condition, Not

UNITS = "stock.available_units"
SKU = "item.sku"


def test_guard_d19_names_never_share_a_hash(agree) -> None:
    """Two attributes whose names share a hash are told apart: the engine sees short names of our own."""
    one, other = "item.attributes.attr_0821175", "item.attributes.attr_1352960"
    rules = [a_rule(compare(one, Operator.IS, "x"), number=1), a_rule(compare(other, Operator.IS, "y"), number=2)]

    assert [{1}, {2}, set()] == agree(rules, [Facts({one: "x"}), Facts({other: "y"}), Facts({one: "y", other: "x"})])


def test_guard_d19_column_names() -> None:
    """The names of 5,000 columns, and those the engine reserves, have different hashes."""
    columns = Columns()
    keys = [columns.native_key(compare(f"item.attributes.a{n}", Operator.IS, "x")) for n in range(5_000)]
    taken = [*keys, "id", "sid", "t", "m", "$s", "$i", "$m", "$forward"]

    assert len(taken) == len({name_hash(name) for name in taken})
    assert 926444256 == name_hash("id")
    assert name_hash("attr_0821175") == name_hash("attr_1352960")


def test_witness_d19() -> None:
    """A rule on one field matches a fact that has another, whose name has the same hash."""
    assert "['r']" == witness("print(fired(ruleset({'r': {'attr_0821175': 1}}), {'attr_1352960': 1}))").said


def test_guard_d22_absence_alone(agree, log: EngineLog) -> None:
    """A rule of absences fires once for the item, never for the engine's own fact: the guard stands first."""
    rules = [
        a_rule(compare(SKU, Operator.EXISTS, False), number=1),
        a_rule(Not(part=compare(UNITS, Operator.EXISTS, True)), number=2),
        a_rule(compare(UNITS, Operator.BELOW, 1), number=3, block=True),
    ]

    assert [{1, 2, 3}, {1, 2, 3}] == agree(rules, [Facts({}), Facts({})])
    assert all({"t": "i"} == condition["$and"][0] for condition in log.conditions())
    assert all('"t":"i"' in str(result) for _, result in log.of("start_action_for_state") if "r" in str(result)[:9])


def test_witness_d22() -> None:
    """A rule of an absence fires twice, once for a fact the engine made itself."""
    script = """
h = ruleset({'r': {'$nex': {'q': 1}}})
code, offset = C.assert_fact(h, '{"t":1}')
print(*('own' if '$s' in m['r']['m'] else 'ours' for m in drain(h, offset)))
"""
    assert ["ours", "own"] == sorted(witness(script).said.split())


BIG = "x" * 65_536
HARD: list[tuple[Condition, dict[str, str | int]]] = [
    (compare(SKU, Operator.IS, "5"), {SKU: "5"}),
    (compare(SKU, Operator.IS, "true"), {SKU: "true"}),
    (compare(SKU, Operator.IS, BIG), {SKU: "y" * 65_536}),
    (compare(SKU, Operator.IS, BIG), {SKU: BIG}),
    (compare(SKU, Operator.IS, "ab"), {SKU: "ab" + "x" * 65_534}),
    (compare(SKU, Operator.IS_NOT, "ab"), {SKU: "ab" + "x" * 65_534}),
    (compare(SKU, Operator.IN, "a", BIG), {SKU: BIG}),
    (compare(SKU, Operator.EXISTS, True), {SKU: BIG}),
    (compare(SKU, Operator.IS, "x" * 1024), {SKU: "x" * 1024}),
    (compare(SKU, Operator.IS, TEXT_STAND_IN), {SKU: BIG}),
    (compare(SKU, Operator.IS, TEXT_STAND_IN), {SKU: TEXT_STAND_IN}),
    (compare(SKU, Operator.IS, "naïve 日本 🧺 \"q\" \\ \n \x00"), {SKU: "naïve 日本 🧺 \"q\" \\ \n \x00"}),
    (compare(UNITS, Operator.IS, 2**63), {UNITS: 2**63 - 1}),
    (compare(UNITS, Operator.IS, 2**65), {UNITS: 2**64}),
    (compare(UNITS, Operator.IS, 2**62), {UNITS: 2**62}),
    (compare(UNITS, Operator.IS, 2**62), {UNITS: 2**62 + 1}),
    (compare(UNITS, Operator.IS, 2**62 + 1), {UNITS: 2**70}),
    (compare(UNITS, Operator.ABOVE, 2**62), {UNITS: 2**64}),
    (compare(UNITS, Operator.BELOW, -(2**62)), {UNITS: -(2**64)}),
    (compare(UNITS, Operator.IS, 2**53 + 1), {UNITS: 2**53}),
    (compare(UNITS, Operator.IS_NOT, 1), {}),
]  # fmt: skip


@pytest.mark.parametrize(("condition", "fields"), HARD)
def test_guard_d23_typed_and_cut(agree, condition: Condition, fields: dict[str, str | int]) -> None:
    """Values the engine compares wrongly never reach it, and the answer is right, also under `not` and `block`."""
    rules = [
        a_rule(condition, number=1),
        a_rule(Not(part=condition), number=2),
        a_rule(condition, number=3, block=True),
        a_rule(Not(part=condition), number=4, block=True),
    ]

    agree(rules, [Facts(fields), Facts({})])


def test_guard_d23_a_lone_surrogate(agree) -> None:
    """A text that is not valid UTF-8 exists, and equals nothing."""
    rules = [a_rule(compare(SKU, Operator.IS, "a"), number=1), a_rule(compare(SKU, Operator.IS_NOT, "a"), number=2)]

    assert [{2}] == agree(rules, [Facts({SKU: "a\ud800"})])


@pytest.mark.parametrize(("field", "value"), [(UNITS, "5"), (UNITS, True), (SKU, 5), ("customer.known", 1)])
def test_guard_d23_a_value_of_another_type(agree, field: str, value: str | int) -> None:
    """A value that is not of its field's type is an EngineError, so the reference answers."""
    wanted: dict[str, str | int | bool] = {UNITS: 5, SKU: "5", "customer.known": True}

    with pytest.raises(EngineError, match=type(value).__name__):
        agree([a_rule(compare(field, Operator.IS, wanted[field]))], [Facts({field: value})])


def test_guard_d23_unknown_is_left_out(agree, log: EngineLog) -> None:
    """No fact holds a null, and no constant is one."""
    agree([a_rule(compare(UNITS, Operator.IS_NOT, 1), block=True)], [Facts({UNITS: None}), Facts({})])

    assert "null" not in json.dumps([log.facts(), log.definitions()])


@pytest.mark.parametrize(
    ("when", "fact", "right"),
    [
        ("{'a': '5'}", {"a": 5}, False),
        ("{'$lt': {'a': 'a b'}}", {"a": "a"}, True),
        ("{'a': 'x' * 65536}", {"a": "y" * 65_536}, False),
        ("{'a': 2**65}", {"a": 2**64}, False),
        ("{'$neq': {'a': 1}}", {"a": None}, True),
    ],
    ids=["text and number", "order of texts", "long texts", "huge numbers", "null"],
)
def test_witness_d23(when: str, fact: dict[str, object], right: bool) -> None:
    """The engine's comparison says the opposite of what is right."""
    script = f"print(bool(fired(ruleset({{'r': {when}}}), json.loads(sys.stdin.read() or sys.argv[1]))))"
    script = script.replace("json.loads(sys.stdin.read() or sys.argv[1])", f"json.loads({json.dumps(fact)!r})")

    assert str(not right) == witness(script).said


@pytest.mark.parametrize("value", [1e-05, 1e16, float("inf"), float("nan")])
def test_guard_d24_no_float_is_posted(agree, value: float) -> None:
    """A float never reaches the engine, whatever its spelling would be."""
    with pytest.raises(EngineError, match="float"):
        agree([a_rule(compare(UNITS, Operator.BELOW, 1))], [Facts({UNITS: value})])  # type: ignore[dict-item]


@pytest.mark.parametrize(("text", "error"), [("1e-05", 204), ("1e16", 204), ("inf", 202)])
def test_witness_d24(text: str, error: int) -> None:
    """A number with an exponent and no dot, or inf, cannot be read, in a fact and in a rule."""
    fact = f"""C.assert_fact(ruleset({{'r': {{'t': 1}}}}), '{{"t":1,"v":{text}}}')"""
    rule = f"""C.create_ruleset('x', '{{"r":{{"all":[{{"m":{{"v":{text}}}}}]}}}}')"""

    assert f"error code: {error}" in witness(fact).complained
    assert f"error code: {error}" in witness(rule).complained


def test_guard_d25_no_decimal_point(agree, log: EngineLog) -> None:
    """No number with a decimal point is in any rule or fact, so the process's locale cannot matter."""
    condition = AnyOf(parts=(compare(UNITS, Operator.BELOW, 2), compare("item.price_minor", Operator.ABOVE, 150)))
    agree([a_rule(condition)], [Facts({UNITS: 1, "item.price_minor": 170}), Facts({"item.price_minor": 100})])

    def numbers(value: object) -> list[object]:
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        return [value] + [number for part in inner for number in numbers(part)]

    assert not [part for part in numbers([log.facts(), log.definitions()]) if isinstance(part, float)]


def test_witness_d25(tmp_path: Path) -> None:
    """In a locale with a decimal comma 1.7 is not above 1.5."""
    if shutil.which("localedef") is None:
        pytest.skip("localedef is not installed, so there is no locale with a decimal comma")
    made = subprocess.run(
        ["localedef", "--no-archive", "-i", "de_DE", "-f", "UTF-8", str(tmp_path / "de_DE.UTF-8")],
        capture_output=True,
        check=False,
        env=os.environ | {"LC_ALL": "C"},
    )
    if not (tmp_path / "de_DE.UTF-8" / "LC_NUMERIC").exists():
        pytest.skip(f"no German locale can be made here: {made.stderr!r}")
    script = """
import locale
locale.setlocale(locale.LC_ALL, 'de_DE.UTF-8')
print(fired(ruleset({'r': {'$gt': {'a': 1.5}}}), '{"a":1.7}'))
"""
    assert "[]" == witness(script, LOCPATH=str(tmp_path)).said
    assert "['r']" == witness(script.replace("locale.setlocale", "#")).said


def test_guard_d27_one_rule_is_one_reason(agree, log: EngineLog) -> None:
    """A rule with many true branches is one number in the answer, and fires no more often than is bounded."""
    both = tuple(
        AnyOf(parts=(compare(name, Operator.ABOVE, 0), compare("stock.on_hand", Operator.ABOVE, n)))
        for n, name in enumerate((UNITS, "stock.reserved", "stock.safety_stock", "stock.incoming_units"))
    )
    fields = (UNITS, "stock.reserved", "stock.safety_stock", "stock.incoming_units", "stock.on_hand")

    assert [{7}] == agree([a_rule(All(parts=both), number=7)], [Facts(dict.fromkeys(fields, 9))])
    fired = [
        r for _, r in log.of("start_action_for_state") + log.of("complete_and_start_action") if r and "r0" in str(r)
    ]
    assert 1 < len(fired) <= MAX_FIRINGS


def test_witness_d27() -> None:
    """An or of two true branches fires twice, two such ors four times."""
    script = """
either, other = {'$or': [{'a': 1}, {'b': 1}]}, {'$or': [{'c': 1}, {'d': 1}]}
for rule in either, {'$and': [either, other]}:
    print(len(fired(ruleset({'r': rule}), dict.fromkeys('abcd', 1))))
"""
    assert "2\n4" == witness(script).said


def test_guard_d29_patterns_stay_outside(agree, log: EngineLog) -> None:
    """Patterns, prefixes and purchases are decided in Python and posted as a number; the engine sees none."""
    conditions = [
        compare("item.title", Operator.MATCHES, "^a.*b$"),
        compare("item.title", Operator.STARTS_WITH, "a"),
        compare("item.title", Operator.CONTAINS, "b"),
        compare("item.category", Operator.UNDER, "home"),
        *PURCHASES,
    ]
    rules = [a_rule(condition, number=n, block=bool(n % 2)) for n, condition in enumerate(conditions)]
    agree(rules, [Facts({"item.title": "a b", "item.category": "home/bed"}, {PURCHASES[0]: True}), Facts({})])

    assert "$mt" not in json.dumps(log.definitions())
    posted = [{name: fact[name] for name in set(fact) - {"id", "sid", "t"}} for fact in log.facts()]
    assert {f"f{n}" for n in range(len(rules))} >= {name for columns in posted for name in columns}
    assert {FALSE, TRUE, UNKNOWN} >= {number for columns in posted for number in columns.values()}


def test_a_condition_decided_in_python_is_posted_where_it_could_satisfy_a_test(agree, log: EngineLog) -> None:
    """Rules that fire on certain truth alone get no column for a condition that is false or unknown."""
    like_a = compare("item.title", Operator.STARTS_WITH, "a")
    agree([a_rule(like_a, number=0)], [Facts({"item.title": text}, {}) for text in ("a", "b", None)])
    agree([a_rule(like_a, number=0, block=True)], [Facts({"item.title": text}, {}) for text in ("a", "b", None)])

    told = [fact.get("f0") for fact in log.facts()]
    assert [None, TRUE, None, None, UNKNOWN, TRUE, FALSE, UNKNOWN] == told


def resident_kb() -> int:
    """Memory of this process in KB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from /proc")
def test_guard_d29_three_hundred_reloads_do_not_leak() -> None:
    """Replacing 50 rules 300 times, patterns included, grows the process by less than 6 MB; a leak would be 200."""
    rules = [
        a_rule(
            All(
                parts=(
                    compare(UNITS, Operator.BELOW, n),
                    AnyOf(
                        parts=(compare("item.title", Operator.MATCHES, f"a{n}"), compare(SKU, Operator.IN, "a", "b"))
                    ),
                )
            ),
            number=n,
            block=bool(n % 2),
        )
        for n in range(50)
    ]
    items = [Facts({UNITS: 3, "item.title": "a7", SKU: "b"}), Facts({})]

    def reload(times: int) -> None:
        for _ in range(times):
            fresh = Inference(rules, name="reload")
            for item in items:
                fresh.fired(item)
            fresh.close()

    reload(30)
    before = resident_kb()
    reload(300)

    assert resident_kb() - before < 6 * 1024


def test_witness_d29() -> None:
    """A rule set with regular expressions leaks megabytes although it is deleted."""
    script = """
import os
def resident():
    return int(open('/proc/self/statm').read().split()[1]) * os.sysconf('SC_PAGE_SIZE') // 1024
def reload():
    h = ruleset({f'r{n}': {'$mt': {'a': f'(abc|def|g{n})+x*'}} for n in range(20)})
    fired(h, {'sid': 's', 'a': 'abc'})
    C.delete_state(h, 's')
    C.delete_ruleset(h)
reload()
before = resident()
for _ in range(5):
    reload()
print((resident() - before) // 5)
"""
    assert int(witness(script).said) > 1024

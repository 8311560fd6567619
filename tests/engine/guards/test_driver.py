"""D05 to D12, D20, D21, D26, D28, D30: ways of calling the engine that crash it, hang it or lose answers."""

import ast
import inspect
import itertools
from collections import defaultdict

import pytest
from durable_log import EngineLog
from durable_trees import Facts, a_rule, compare
from durable_witness import witness

from suppress.engine import inference
from suppress.engine.durable_form import name_hash
from suppress.engine.inference import MAX_SESSIONS, Inference
from suppress.errors import EngineError
from suppress.facts.fields import Operator

UNITS = "stock.available_units"
SOLD_OUT = a_rule(compare(UNITS, Operator.BELOW, 1), number=0)
FEW = a_rule(compare(UNITS, Operator.BELOW, 5), number=1)
ANY_STOCK = a_rule(compare(UNITS, Operator.EXISTS, True), number=2)
RULES = (SOLD_OUT, FEW, ANY_STOCK)
ITEMS = tuple(Facts({UNITS: units}) for units in (0, 3, 9, 0, None, 3))
ANSWERS = [{0, 1, 2}, {1, 2}, {2}, {0, 1, 2}, set(), {1, 2}]


def engine_functions_used() -> set[str]:
    """Every function of the C module that the source of `engine/inference.py` names."""
    tree = ast.parse(inspect.getsource(inference))
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "engine"
    }


def test_guard_d05_d06_d07_d08_d11_only_sound_functions(log: EngineLog, agree) -> None:
    """Only single asserts and retracts, drains and deletions are called: no batch, no timer, no state update."""
    sound = {
        "create_ruleset", "delete_ruleset", "delete_state", "abandon_action", "assert_event", "assert_fact",
        "retract_fact", "start_action_for_state", "complete_and_start_action",
    }  # fmt: skip
    agree(RULES, ITEMS)

    assert sound == engine_functions_used()
    assert sound >= set(log.names())


def test_witness_d05() -> None:
    """A batch of nothing says it was stored and gives a state nobody set: to drain it crashes."""
    script = "h = ruleset({'r': {'t': 1}})\ncode, offset = C.assert_facts(h, '[]')\nprint(code, flush=True)\n"

    # The assert alone returns; what follows it in every driver, starting the action, is what dies.
    assert "0" == witness(script).said
    assert witness(script + "C.start_action_for_state(h, offset)").crashed


def test_witness_d06() -> None:
    """A batch of an empty fact crashes."""
    assert witness("C.assert_facts(ruleset({'r': {'t': 1}}), '[{}]')").crashed


def test_witness_d07() -> None:
    """An empty fact within a batch hangs; alone it is answered."""
    rule = "h = ruleset({'r': {'t': 1}})\n"

    assert witness(rule + 'C.assert_facts(h, \'[{"t":1},{},{"t":1,"k":2}]\')', seconds=2).hung
    assert "1" == witness(rule + "print(C.assert_fact(h, '{}')[0])").said


def test_guard_d08_no_floats(agree) -> None:
    """A float where a whole number belongs is an EngineError, so the reference answers."""
    with pytest.raises(EngineError, match="float"):
        agree(RULES, [Facts({UNITS: 1e-05})])  # type: ignore[dict-item]


def test_witness_d08() -> None:
    """A bad number ends a batch silently: one of three facts fires, and the code says all is well."""
    script = """
h = ruleset({'r': {'t': 1}})
code, offset = C.assert_facts(h, '[{"t":1,"k":1},{"t":1,"v":1e-05},{"t":1,"k":3}]')
print(code, len(list(drain(h, offset))))
"""
    assert "0 1" == witness(script).said


def test_guard_d09_canary_first(agree, log: EngineLog) -> None:
    """The canary fires in every state before any fact, so every state may be deleted."""
    agree(RULES, ITEMS)
    seen: dict[str, list[str]] = defaultdict(list)
    for name, arguments, result in log.calls:
        if name in {"assert_event", "assert_fact"}:
            assert '"sid":"s1"' in arguments[1]
            seen[str(arguments[0])].append(name)
            assert result[0] == 0 or name == "assert_fact"

    assert [["assert_event"] + ["assert_fact"] * (len(ITEMS) + 1)] == list(seen.values())


def test_witness_d09() -> None:
    """Deleting a state in which no rule fired frees pointers that were never set."""
    script = """
h = ruleset({'r': {'t': 1}})
for n in range(200):
    C.assert_fact(h, json.dumps({'sid': f's{n}', 't': 2}))
    C.delete_state(h, f's{n}')
print('survived')
"""
    assert witness(script, perturbed=True).crashed


def test_guard_d10_drained_to_the_end(agree, log: EngineLog) -> None:
    """Every started drain is completed until nothing is left before anything else is asked of the engine."""
    agree(RULES, ITEMS)
    draining = False
    for name, _, result in log.calls:
        if draining:
            assert "complete_and_start_action" == name
        draining = name in {"start_action_for_state", "complete_and_start_action"} and result is not None

    assert not draining
    assert "delete_state" in log.names()


def test_witness_d10() -> None:
    """Deleting a state in the middle of a drain: the next step crashes or fails."""
    script = """
h = ruleset({'a': {'t': 1}, 'b': {'$gt': {'t': 0}}})
code, offset = C.assert_fact(h, '{"sid":"s","t":1}')
C.start_action_for_state(h, offset)
C.delete_state(h, 's')
print('next', C.complete_and_start_action(h, offset))
"""
    outcome = witness(script, perturbed=True)

    assert outcome.crashed or "error code" in outcome.complained
    assert not outcome.said.startswith("next ('")


def test_witness_d11() -> None:
    """After deleting half of the states, timers read what now lies where they were and choke on it."""
    script = """
h = ruleset({'a': {'t': 1}})
for n in range(STATES):
    fired(h, {'sid': f's{n}', 't': 1})
for n in range(STATES // 2):
    C.delete_state(h, f's{n}')
rubbish = [bytes(600) for _ in range(20000)] + [bytes(200 + n % 400) for n in range(40000)]
for _ in range(STATES):
    C.assert_timers(h)
print('survived')
"""
    # What lies there is up to the allocator, which differs between Pythons: several shapes are tried.
    outcomes = (witness(script.replace("STATES", str(states)), perturbed=True) for states in (200, 800, 400, 100))

    assert any(outcome.crashed or "error code: 20" in outcome.complained for outcome in outcomes)


BROKEN_BY = ("start_action_for_state", "complete_and_start_action", "assert_fact", "retract_fact")


@pytest.mark.parametrize("function", BROKEN_BY)
def test_guard_d12_a_fault_is_an_error_and_the_session_is_rebuilt(log: EngineLog, function: str) -> None:
    """Whichever call fails, the answer is an EngineError, and the next answers are right."""
    shared = Inference(RULES, name="fault")
    log.breaks[function] = RuntimeError("broken on purpose")

    with pytest.raises(EngineError, match="broken on purpose"):
        shared.fired(ITEMS[0])

    assert ANSWERS == [shared.fired(item) for item in ITEMS]
    assert 1 == log.names().count("delete_state")
    shared.close()


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, MemoryError])
def test_guard_d12_an_interrupt_in_a_drain(log: EngineLog, interrupt: type[BaseException]) -> None:
    """An interrupt in the middle of a drain leaves nothing behind that a later item could meet."""
    shared = Inference(RULES, name="interrupt")
    log.breaks["complete_and_start_action"] = interrupt()  # type: ignore[assignment]

    with pytest.raises((interrupt, EngineError)):
        shared.fired(ITEMS[0])

    assert ANSWERS == [shared.fired(item) for item in ITEMS]
    shared.close()


@pytest.mark.parametrize(
    ("function", "answer"),
    [
        ("assert_fact", (2, 0)),
        ("assert_fact", (3, 0)),
        ("start_action_for_state", None),
        ("start_action_for_state", ("{}", '{"r0":{"m":{"t":"i","id":"another"}}}')),
        ("complete_and_start_action", '{"_canary":{"m":{"t":"_canary"}}}'),
        ("retract_fact", (1, 0)),
    ],
    ids=["observed", "deferred", "no start", "another fact", "another rule", "not retracted"],
)
def test_guard_d12_an_impossible_answer_is_an_error(log: EngineLog, function: str, answer: object) -> None:
    """An answer the engine cannot rightly give is an EngineError, never the absence of a firing."""
    shared = Inference(RULES, name="impossible")
    log.answers[function] = answer

    with pytest.raises(EngineError):
        shared.fired(ITEMS[0])

    assert ANSWERS == [shared.fired(item) for item in ITEMS]
    shared.close()


def test_guard_d12_a_second_fault_is_for_good(log: EngineLog) -> None:
    """When the rebuilding of a session fails, the engine is not asked again."""
    shared = Inference(RULES, name="twice")
    log.breaks = {"assert_fact": RuntimeError("first"), "assert_event": RuntimeError("second")}
    for _ in range(3):
        with pytest.raises(EngineError):
            shared.fired(ITEMS[0])
    asked = len(log.calls)

    with pytest.raises(EngineError, match="second"):
        shared.fired(ITEMS[0])

    assert asked == len(log.calls)
    shared.close()


def test_witness_d12() -> None:
    """After a start without a complete the next fact is accepted and no rule fires."""
    script = """
h = ruleset({'a': {'t': 1}})
code, offset = C.assert_fact(h, '{"id":"1","t":1}')
C.start_action_for_state(h, offset)
code, offset = C.assert_fact(h, '{"id":"2","t":1}')
print(code, C.start_action_for_state(h, offset))
"""
    assert "0 None" == witness(script).said


def test_guard_d20_sessions_have_fixed_names(agree, log: EngineLog) -> None:
    """The engine knows a session by a fixed name whose hash no other shares, never by a customer or a sku."""
    sku = a_rule(compare("item.sku", Operator.IS, "SKU-04294420"))
    agree([sku], [Facts({"item.sku": "SKU-04294420"}), Facts({"item.sku": "SKU-02756535"})])

    assert {"s1"} == {fact["sid"] for fact in log.facts()}
    assert MAX_SESSIONS == len({name_hash(f"s{n + 1}") for n in range(MAX_SESSIONS)})


def test_witness_d20() -> None:
    """A session is found by the hash of its name: one customer's item meets another's purchase."""
    script = """
h = ruleset({'r': [{'a': {'t': 'buy'}}, {'b': {'$and': [{'t': 'item'}, {'sku': {'a': 'sku'}}]}}]})
fired(h, {'sid': 'SKU-04294420', 't': 'buy', 'sku': 'x'})
print(fired(h, {'sid': 'SKU-02756535', 't': 'item', 'sku': 'x'}))
"""
    assert "['r']" == witness(script).said


def test_guard_d21_one_live_fact(agree, log: EngineLog) -> None:
    """A fact is taken back before the next is asserted, and its id is ours, so ids cannot collide."""
    agree(RULES, ITEMS)
    live = 0
    for name, _, result in log.calls:
        if name == "assert_fact":
            assert 0 == live
            live = int(result[0] == 0)
        elif name == "retract_fact":
            live -= 1

    assert 0 == live
    assert len({name_hash(fact["id"]) for fact in log.facts()}) == len({fact["id"] for fact in log.facts()})


def test_witness_d21() -> None:
    """Of two facts whose ids share a hash the second is dropped, and retracting one removes the other."""
    script = """
h = ruleset({'r': {'t': 1}})
print(fired(h, {'id': 'SKU-04294420', 't': 1, 'a': 1}), C.assert_fact(h, '{"id":"SKU-02756535","t":1,"a":2}')[0])
C.retract_fact(h, '{"id":"SKU-02756535"}')
print(fired(h, {'id': 'SKU-04294420', 't': 1, 'a': 3}))
"""
    assert "['r'] 2\n['r']" == witness(script).said


def test_guard_d26_items_are_facts(agree, log: EngineLog) -> None:
    """All rules that match an item fire; the only events are the canaries."""
    assert ANSWERS == agree(RULES, ITEMS)
    assert all('"t":"_canary"' in arguments[1] for arguments, _ in log.of("assert_event"))


def test_witness_d26() -> None:
    """Of three rules that match one event only one fires."""
    script = """
h = ruleset({'a': {'t': 1}, 'b': {'$gt': {'t': 0}}, 'c': {'$lt': {'t': 2}}})
code, offset = C.assert_event(h, '{"t":1}')
print(len(list(drain(h, offset))))
"""
    assert "1" == witness(script).said


def test_guard_d28_the_same_item_again(agree, log: EngineLog) -> None:
    """The same item gives the same answer as often as it is asked, under an explicit id that is not the last one."""
    assert [{0, 1, 2}] * 40 == agree(RULES, [Facts({UNITS: 0})] * 40)
    assert all(a["id"] != b["id"] for a, b in itertools.pairwise(log.facts()))


def test_witness_d28() -> None:
    """The same content again, in another order and without an id, is dropped."""
    script = """
h = ruleset({'r': {'t': 1}})
print(fired(h, {'t': 1, 'a': 1, 'b': 2}), C.assert_fact(h, '{"b":2,"a":1,"t":1}')[0])
"""
    assert "['r'] 2" == witness(script).said


def test_guard_d30_the_session_is_repeated(agree, log: EngineLog) -> None:
    """A fact is taken back by its id and its session."""
    agree(RULES, ITEMS)
    posted = [
        f'{{"id":"{fact["id"]}","sid":"{fact["sid"]}"}}'
        for fact, (_, result) in zip(log.facts(), log.of("assert_fact"), strict=True)
        if result[0] == 0
    ]

    assert posted == [arguments[1] for arguments, _ in log.of("retract_fact")]


def test_guard_d30_nothing_is_left_behind(log: EngineLog) -> None:
    """After a hundred items the engine holds none of them."""
    shared = Inference(RULES, name="empty")
    for item in ITEMS * 20:
        shared.fired(item)
    (handle,) = {arguments[0] for arguments, _ in log.of("assert_fact")}

    assert '"t":"i"' not in str(log.get_facts(handle, "s1"))
    shared.close()


def test_witness_d30() -> None:
    """Retracting from a named state without naming it says yes and does nothing."""
    script = """
h = ruleset({'r': {'t': 1}})
fired(h, {'id': '1', 'sid': 's', 't': 1})
print(C.retract_fact(h, '{"id":"1"}')[0], C.assert_fact(h, '{"id":"1","sid":"s","t":1}')[0])
"""
    assert "0 2" == witness(script).said

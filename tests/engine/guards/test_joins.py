"""D13 to D18: joins, negated patterns and references, which the engine answers wrongly or does not survive."""

from typing import Any

import pytest
from durable_log import logged
from durable_trees import rulesets
from durable_witness import witness
from hypothesis import HealthCheck, given, settings

from suppress.engine.inference import Inference
from suppress.rules.compile import CompiledRule

SOUND_OPERATORS = {"$and", "$or", "$neq", "$lt", "$lte", "$gt", "$gte", "$ex", "$nex"}


def leaves(condition: dict[str, Any]) -> list[tuple[str, Any]]:
    """Field and constant of every leaf; an operator that is not sound fails."""
    ((key, value),) = condition.items()
    if key in {"$and", "$or"}:
        assert value
        return [leaf for part in value for leaf in leaves(part)]
    if key.startswith("$"):
        assert key in SOUND_OPERATORS
        ((key, value),) = value.items()
    return [(key, value)]


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(rules=rulesets(max_rules=5))
def test_guard_d13_d14_d15_d16_d17_d18_no_joins_no_references(rules: tuple[CompiledRule, ...]) -> None:
    """A rule is one pattern `m` of tests against constants, behind the guard: no join, negation or reference."""
    with pytest.MonkeyPatch.context() as patch:
        log = logged(patch)
        Inference(rules, name="joins").close()

    for condition in log.conditions():
        found = leaves(condition)
        assert ("t", "i") == found[0]
        assert {"t": "i"} == condition["$and"][0]
        for field, constant in found[1:]:
            assert field[0] == "f"
            assert field[1:].isdigit()
            assert isinstance(constant, str | int)


def test_witness_d13() -> None:
    """Joins whose last correlated test is false read beyond their expressions, until the process dies."""
    script = """
import random
more, less = {'$gt': {'n': {'rec': 'n'}}}, {'$lt': {'n': {'rec': 'n'}}}
join = {'$and': [{'t': 'p'}, {'k': {'rec': 'k'}}, %s]}
h = ruleset({f'r{n}': [{'rec': {'t': 'i'}}, {'p': join}] for n in range(%d)})
for turn in range(400):
    facts = [{'id': f'{turn}-{n}', 't': 'i' if n == 8 else 'p', 'k': 1, 'n': random.randrange(5)} for n in range(9)]
    offsets = [offset for code, offset in [C.assert_fact(h, json.dumps(fact)) for fact in facts] if code == 0]
    if offsets:
        list(drain(h, offsets[-1]))
    for fact in facts:
        C.retract_fact(h, json.dumps({'id': fact['id']}))
"""
    # What lies behind the expressions decides whether a process dies at once, so several shapes are tried.
    shapes = [("more", 5), ("more", 20), ("more", 1), ("more, less", 5), ("more, less", 60)] * 4
    assert any(witness(script % shape, perturbed=True).crashed for shape in shapes)


def test_witness_d14() -> None:
    """An or before the join makes the join be ignored."""
    script = """
h = ruleset({'r': [{'rec': {'t': 'item'}},
                   {'p': {'$and': [{'$or': [{'t': 'buy'}, {'t': 'ret'}]}, {'sku': {'rec': 'sku'}}]}}]})
pairs = []
for kind, sku in (('item', 'A'), ('item', 'B'), ('buy', 'A'), ('buy', 'C')):
    code, offset = C.assert_fact(h, json.dumps({'t': kind, 'sku': sku}))
    pairs += [m['r']['rec']['sku'] + m['r']['p']['sku'] for m in drain(h, offset)] if code == 0 else []
print(*sorted(pairs))
"""
    assert "AA AC BA BC" == witness(script).said


def test_witness_d15() -> None:
    """Not bought fires for an item that was bought, when the purchase comes after the item."""
    script = """
h = ruleset({'r': [{'rec': {'t': 'item'}}, {'p$not': {'$and': [{'t': 'buy'}, {'sku': {'rec': 'sku'}}]}}]})
offset = 0
for kind, sku in (('item', 'A'), ('item', 'B'), ('buy', 'A')):
    code, found = C.assert_fact(h, json.dumps({'t': kind, 'sku': sku}))
    offset = found or offset
print(*sorted(m['r']['rec']['sku'] for m in drain(h, offset)))
"""
    assert "A B" == witness(script).said


def test_witness_d16() -> None:
    """A negated pattern in front never fires."""
    script = """
h = ruleset({'r': [{'p$not': {'t': 'buy'}}, {'rec': {'t': 'item'}}]})
print(fired(h, {'t': 'item', 'sku': 'A'}))
"""
    assert "[]" == witness(script).said


def test_witness_d17() -> None:
    """A join on null, or on what is missing, is an error in the middle of an update."""
    script = """
h = ruleset({'r': [{'rec': {'t': 'i'}}, {'p': {'$and': [{'t': 'p'}, {'$gt': {'n': {'rec': 'n'}}}]}}]})
fired(h, '{"t":"i"%s}')
fired(h, '{"t":"p"%s}')
"""
    assert "error code: 312" in witness(script % (',"n":1', ',"n":null')).complained
    assert "error code: 311" in witness(script % ("", ',"n":1')).complained


def test_witness_d18() -> None:
    """A reference to a missing field of the same fact takes the result of the test before it."""
    script = """
h = ruleset({'r': {'$and': [{'t': 1}, {'$gt': {'z': 0}}, {'x': {'$m': 'y'}}]}})
print(fired(h, {'t': 1, 'z': 3, 'x': 5}))
"""
    assert "['r']" == witness(script).said

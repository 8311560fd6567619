"""How conditions become the form durable-rules holds: both normal forms, the limits, and what is left to Python."""

import pytest
from durable_trees import PURCHASES, compare, conditions
from hypothesis import HealthCheck, given, settings

from suppress.engine.durable_chunks import MAX_PENDING, chunks_of, fits_alone, pending
from suppress.engine.durable_form import (
    FALSE,
    MAX_FIRINGS,
    MAX_GROUPS,
    MAX_PROBES,
    TRUE,
    And,
    Columns,
    Form,
    Or,
    Probe,
    definition,
    derived_form,
    firings,
    groups,
    probes,
    rule_form,
    within_limits,
)
from suppress.errors import EngineError
from suppress.facts.fields import Operator
from suppress.rules.tree import All, AnyOf, Condition, Not

UNITS = "stock.available_units"
BELOW = compare(UNITS, Operator.BELOW, 1)
BETWEEN = compare(UNITS, Operator.BETWEEN, 2, 5)
STATUS_IN = compare("item.status", Operator.IN, "recalled", "hidden")
KNOWN = compare("customer.known", Operator.IS, True)
PREFIX = compare("item.title", Operator.STARTS_WITH, "a")

LT, GTE = Probe("$lt", "f0", 1), Probe("$gte", "f0", 1)
ABSENT = Probe("$nex", "f0", 1)
RECALLED, HIDDEN = Probe("$eq", "f0", "recalled"), Probe("$eq", "f0", "hidden")
NOT_RECALLED, NOT_HIDDEN = Probe("$neq", "f0", "recalled"), Probe("$neq", "f0", "hidden")

FORMS: list[tuple[str, Condition, bool, Form]] = [
    ("certainly", BELOW, False, LT),
    ("certainly not", Not(part=BELOW), False, GTE),
    ("not not", Not(part=Not(part=BELOW)), False, LT),
    ("possibly", BELOW, True, Or((ABSENT, LT), 1)),
    ("possibly not", Not(part=BELOW), True, Or((ABSENT, GTE), 1)),
    ("between", BETWEEN, False, And((Probe("$gte", "f0", 2), Probe("$lte", "f0", 5)))),
    ("not between", Not(part=BETWEEN), False, Or((Probe("$lt", "f0", 2), Probe("$gt", "f0", 5)), 1)),
    ("possibly not between", Not(part=BETWEEN), True, Or((ABSENT, Probe("$lt", "f0", 2), Probe("$gt", "f0", 5)), 1)),
    ("in", STATUS_IN, False, Or((RECALLED, HIDDEN), 1)),
    ("not in", Not(part=STATUS_IN), False, And((NOT_RECALLED, NOT_HIDDEN))),
    ("possibly in", STATUS_IN, True, Or((ABSENT, RECALLED, HIDDEN), 1)),
    ("possibly not in", Not(part=STATUS_IN), True, Or((ABSENT, And((NOT_RECALLED, NOT_HIDDEN))), 1)),
    ("in of one", compare("item.status", Operator.IN, "hidden", "hidden"), False, HIDDEN),
    ("exists", compare(UNITS, Operator.EXISTS, True), True, Probe("$ex", "f0", 1)),
    ("does not exist", compare(UNITS, Operator.EXISTS, False), True, ABSENT),
    ("not exists", Not(part=compare(UNITS, Operator.EXISTS, True)), False, ABSENT),
    ("derived", PREFIX, False, Probe("$eq", "f0", TRUE)),
    ("derived not", Not(part=PREFIX), False, Probe("$eq", "f0", FALSE)),
    ("derived possibly", PREFIX, True, Probe("$neq", "f0", FALSE)),
    ("derived possibly not", Not(part=PREFIX), True, Probe("$neq", "f0", TRUE)),
    ("bought", PURCHASES[0], False, Probe("$eq", "f0", TRUE)),
    ("the same twice", All(parts=(BELOW, BELOW)), False, LT),
    ("all flattened", All(parts=(BELOW, All(parts=(KNOWN,)))), False, And((LT, Probe("$eq", "f1", True)))),
    ("ors last", All(parts=(STATUS_IN, KNOWN)), False, And((Probe("$eq", "f1", True), Or((RECALLED, HIDDEN), 1)))),
    ("not any is all not", Not(part=AnyOf(parts=(BELOW, KNOWN))), False, And((GTE, Probe("$neq", "f1", True)))),
    ("not all is any not", Not(part=All(parts=(BELOW, KNOWN))), False, Or((GTE, Probe("$neq", "f1", True)), 2)),
    ("all of nothing", All(parts=()), False, Probe("$eq", "f0", TRUE)),
    ("any of nothing", AnyOf(parts=()), True, Probe("$neq", "f0", FALSE)),
]


@pytest.mark.parametrize(("condition", "block", "form"), [pytest.param(*rest, id=name) for name, *rest in FORMS])
def test_forms(condition: Condition, block: bool, form: Form) -> None:
    """Each condition has this form: unknown never satisfies it, or with `block` always does."""
    assert form == rule_form(condition, block=block, columns=Columns())


def test_definition() -> None:
    """The engine's own spelling."""
    form = And((LT, Probe("$eq", "f1", "a"), Or((ABSENT, Probe("$ex", "f2", 1)), 1)))

    assert {
        "$and": [{"$lt": {"f0": 1}}, {"f1": "a"}, {"$or": [{"$nex": {"f0": 1}}, {"$ex": {"f2": 1}}]}]
    } == definition(form)


def test_equal_conditions_share_a_column() -> None:
    """Two spellings of one purchase, or of one prefix, are decided once."""
    columns = Columns()
    forms = [rule_form(All(parts=(PURCHASES[0], PREFIX)), block=block, columns=columns) for block in (False, True)]

    assert 2 == len({test.column for form in forms for test in probes(form)})
    assert 2 == len(columns.derived)


@pytest.mark.parametrize(
    ("condition", "native"),
    [
        pytest.param(compare("item.sku", Operator.IN, *map(str, range(64))), True, id="a list of 64"),
        pytest.param(compare("item.sku", Operator.IN, *map(str, range(65))), False, id="a list of 65"),
        pytest.param(compare("item.sku", Operator.IS, "x" * 1024), True, id="1 KB of text"),
        pytest.param(compare("item.sku", Operator.IS, "é" * 513), False, id="1,026 bytes of text"),
        pytest.param(compare("item.sku", Operator.IS, "\ud800"), False, id="a lone surrogate"),
        pytest.param(compare(UNITS, Operator.IS, 2**62), True, id="62 bits"),
        pytest.param(compare(UNITS, Operator.IS, 2**62 + 1), False, id="more than 62 bits"),
        pytest.param(compare(UNITS, Operator.IS, "5"), False, id="a text for a number"),
        pytest.param(compare(UNITS, Operator.IS, True), False, id="a yes for a number"),
        pytest.param(compare("item.title", Operator.MATCHES, "a"), False, id="a pattern"),
        pytest.param(compare("item.category", Operator.UNDER, "a"), False, id="a path"),
    ],
)
def test_what_the_engine_may_compare(condition: Condition, native: bool) -> None:
    """Only exact, typed, short comparisons become tests of the engine; the rest is decided in Python."""
    columns = Columns()
    rule_form(condition, block=False, columns=columns)

    assert (int(native), int(not native)) == (len(columns.native), len(columns.derived))


def test_only_the_part_that_is_too_wide_is_derived() -> None:
    """An any of 20 beside one test: the test stays native, the any becomes one column."""
    wide = AnyOf(parts=tuple(compare(f"item.attributes.a{n}", Operator.IS, "x") for n in range(20)))
    columns = Columns()
    form = rule_form(All(parts=(KNOWN, wide)), block=False, columns=columns)

    assert ["f0", "f21"] == [test.column for test in probes(form)]
    assert [wide] == list(columns.derived)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(condition=conditions(max_leaves=60))
def test_every_form_is_within_the_limits(condition: Condition) -> None:
    """Whatever a marketer writes, its form is one the engine holds, in a chunk of its own if need be."""
    for block in (False, True):
        form = rule_form(condition, block=block, columns=Columns())

        assert groups(form) <= MAX_GROUPS
        assert firings(form) <= MAX_FIRINGS
        assert len(list(probes(form))) <= MAX_PROBES
        assert fits_alone(form)


def test_chunks_hold_every_form_once_and_in_order() -> None:
    """Chunks are a partition of the forms, each within the engine's stack."""
    columns = Columns()
    forms = {
        f"r{n}": rule_form(compare(UNITS, Operator.ABOVE, n), block=bool(n % 2), columns=columns) for n in range(200)
    }
    chunks = chunks_of(forms)

    assert list(forms) == [name for chunk in chunks for name in chunk.forms]
    assert len(chunks) > 200 // 48
    assert all(pending(list(chunk.forms.values())) <= MAX_PENDING for chunk in chunks)


def test_a_form_beyond_all_limits_is_refused() -> None:
    """A form nobody should have made is an error, not a rule that is left out."""
    monster = Or(tuple(Probe("$gt", f"f{n}", 0) for n in range(100)), 100)

    assert not within_limits(monster)
    with pytest.raises(EngineError):
        chunks_of({"r0": monster})


def test_derived_form_fits_anywhere() -> None:
    """A whole condition as one column is one test."""
    assert Probe("$neq", "f0", FALSE) == derived_form(BELOW, block=True, columns=Columns())

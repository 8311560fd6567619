"""The house stands as drawn: floors, doors, and nothing of the vocabulary forgotten anywhere."""

import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from suppress.engine.evaluate import _COMPARISONS
from suppress.engine.features import ITEM_READERS
from suppress.engine.message_values import MESSAGE_READERS
from suppress.facts.fields import FIELDS, OPERATOR_MEANINGS, OPERATORS, FieldType, Operator, Scope
from suppress.facts.snapshot import Source
from suppress.rules import tree
from suppress.rules.schema import ruleset_schema
from suppress.rules.wording import leaf_words
from tests.rules.test_wording import a_leaf_for

ROOT = Path(__file__).parent.parent
HEAVY = ("sqlmodel", "sqlalchemy", "alembic", "psycopg", "durable_rules_engine", "pyarrow", "pandas", "phonenumbers")


def test_import_contracts_hold() -> None:
    """No arrow runs up, no circle, and each outside package has its one door."""
    outcome = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-logo"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert 0 == outcome.returncode, outcome.stdout + outcome.stderr


def test_contracts_have_no_exceptions_list() -> None:
    """The walls stand without holes."""
    assert "ignore_imports" not in (ROOT / "pyproject.toml").read_text()


@pytest.mark.parametrize("name", FIELDS)
def test_every_field_is_read(name: str) -> None:
    """Each name of the vocabulary has a reader, in the table of its scope."""
    readers = ITEM_READERS if FIELDS[name].scope is Scope.ITEM else MESSAGE_READERS

    assert name in readers


def test_no_reader_without_a_field() -> None:
    """Nothing is read that no rule may name."""
    assert set(FIELDS) == {*ITEM_READERS, *MESSAGE_READERS}


@pytest.mark.parametrize("operator", Operator)
def test_every_operator_is_everywhere(operator: Operator) -> None:
    """Each operator has a meaning, a type that allows it, and an evaluation (`exists` has its own)."""
    assert operator in OPERATOR_MEANINGS
    assert any(operator in allowed for allowed in OPERATORS.values())
    assert operator in _COMPARISONS or operator is Operator.EXISTS


@pytest.mark.parametrize("type_", FieldType)
def test_every_type_has_operators(type_: FieldType) -> None:
    """A field of any type can be compared, and asked whether it is known; several words always are, if only none."""
    assert OPERATORS[type_]
    assert (Operator.EXISTS in OPERATORS[type_]) is (type_ is not FieldType.WORDS)


@pytest.mark.parametrize("node", get_args(tree.Condition))
@pytest.mark.parametrize(
    "place",
    [
        "suppress/engine/evaluate.py",
        "suppress/engine/inference.py",
        "suppress/rules/wording.py",
        "suppress/rules/conditions.py",
        "suppress/rules/compile.py",
        "tests/agreement/generate.py",
        "tests/agreement/naive.py",
    ],
)
def test_every_node_is_known_everywhere(node: type, place: str) -> None:
    """A kind of condition that one of the walkers forgets is named here."""
    text = (ROOT / place).read_text()
    if place == "suppress/engine/inference.py":
        # Whatever is counted over the past is one kind to the engine: a column decided in Python.
        text += (ROOT / "suppress/engine/durable_form.py").read_text()
        text += " ".join(past.__name__ for past in get_args(tree.Past)) if "values.past(" in text else ""
    if place == "suppress/rules/conditions.py":
        text += (ROOT / "suppress/rules/past.py").read_text()
    if place == "suppress/rules/compile.py":
        text += (ROOT / "suppress/rules/needs.py").read_text()
    forgotten = node.__name__ not in text and node is not tree.Compare

    assert not forgotten, f"{place} does not mention {node.__name__}"


def test_schema_knows_every_field_and_operator() -> None:
    """Editors complete what rules may write."""
    text = str(ruleset_schema())

    assert [] == [name for name in FIELDS if name not in text]
    assert [] == [operator for operator in Operator if operator.value not in text]


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("negated", [False, True])
def test_every_field_has_words_for_every_operator(name: str, negated: bool) -> None:
    """Each comparison a rule may write, and its opposite, reads as a clause."""
    field = FIELDS[name]
    for operator in OPERATORS[field.type]:
        words = leaf_words(a_leaf_for(field, operator), negated=negated)

        assert words == words.strip()
        assert "  " not in words
        assert "{" not in words


def test_every_source_can_grow_stale() -> None:
    """A ruleset may bound the age of each source its rules read."""
    text = str(ruleset_schema())

    assert [] == [source for source in Source if f"{source.value}_max_age" not in text]


@pytest.mark.parametrize(
    "command",
    [
        ["--help"],
        ["lint", "--help"],
        ["test", "--help"],
        ["plan", "--help"],
        ["lint", "rulesets"],
        ["fmt", "--check", "rulesets"],
        ["rules", "rulesets"],
    ],
)
def test_marketers_commands_start_light(command: list[str]) -> None:
    """What a marketer runs all day imports neither the database library nor the engine."""
    program = f"import sys; sys.argv = ['suppress', *{command!r}]\n" + (
        "import atexit\n"
        f"atexit.register(lambda: print('HEAVY', [m for m in {HEAVY!r} if m in sys.modules]))\n"
        "from suppress.cli import main; main()"
    )
    outcome = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)

    assert "HEAVY []" in outcome.stdout, outcome.stdout + outcome.stderr

"""The JSON schema of rule files follows the vocabulary, is fresh on disk, and takes and refuses what it should."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from jsonschema import Draft7Validator

from suppress.decisions.reasons import REASON_CODES
from suppress.facts.fields import ATTRIBUTE_PREFIXES, FIELDS, OPERATORS, Operator
from suppress.problems import errors_in
from suppress.rules.document import parse_document, plain
from suppress.rules.header import DEFAULT_KEYS, TOP_KEYS
from suppress.rules.reading import parse_ruleset, rule_files
from suppress.rules.rule import RULE_KEYS
from suppress.rules.schema import ruleset_schema
from suppress.rules.tree import Condition
from tests.rules.printing import conditions, printed

ROOT = Path(__file__).parents[2]
PROBLEMS = sorted((ROOT / "tests" / "problems").glob("*.yaml"))
SCHEMA = ruleset_schema()
VALIDATOR = Draft7Validator(SCHEMA)

BEYOND_A_SCHEMA = {
    "always-true", "bad-pattern", "beyond-max-age", "bounds-swapped", "code-taken", "curly-quotes",
    "duplicate-id", "duplicate-key", "duration-too-long", "ended", "ends-before-start", "impossible-condition",
    "impossible-window", "name-unlike-file", "never-fires", "no-such-date", "number-too-large", "outer-spaces",
    "pattern-too-long", "quiet-ruleset", "several-lines", "text-too-long", "too-deep", "unknown-time-zone",
    "unreachable-rule", "unregistered-code", "wrong-scope",
}  # fmt: skip
"""Problems of meaning, length and spelling, which the schema leaves to `suppress lint`."""

SEEN_BY_THE_SCHEMA = {
    "bad-code", "bad-name", "condition-expected", "decimal-number", "duration-zero", "empty-condition", "empty-list",
    "list-expected", "map-expected", "missing-effect", "missing-key", "missing-unit", "missing-zone", "not-a-date",
    "not-a-duration", "not-a-number", "not-yes-or-no", "number-with-separators", "quoted-number", "repeated-value",
    "several-effects", "too-few-units", "two-values-expected", "unknown-field", "unknown-key", "unknown-operator",
    "unknown-unit", "unknown-value", "value-expected", "wrong-effect", "wrong-operator",
}  # fmt: skip


def complaints(data: bytes) -> list[str]:
    node, _ = parse_document(data, "f.yaml")
    return [error.message for error in VALIDATOR.iter_errors(plain(node))]


def test_the_schema_is_a_schema() -> None:
    """It is valid draft-07 itself."""
    Draft7Validator.check_schema(SCHEMA)


def test_the_file_is_fresh() -> None:
    """rulesets/ruleset.schema.json is what `suppress schema` prints; rewrite it with --out when this fails."""
    assert SCHEMA == json.loads((ROOT / "rulesets" / "ruleset.schema.json").read_text(encoding="utf-8"))


def test_every_name_of_the_language_is_there() -> None:
    """Keys, fields, operators and reason codes are the same as the reader's, each with its meaning."""
    rule, condition = SCHEMA["definitions"]["rule"], SCHEMA["definitions"]["condition"]
    groups = {"all", "any", "not", "bought"}

    assert set(TOP_KEYS) == set(SCHEMA["properties"])
    assert set(RULE_KEYS) == set(rule["properties"])
    assert set(DEFAULT_KEYS) == set(SCHEMA["properties"]["defaults"]["properties"])
    assert set(FIELDS) | groups == set(condition["properties"])
    assert len(ATTRIBUTE_PREFIXES) == len(condition["patternProperties"])
    assert set(REASON_CODES) == {
        option["enum"][0] for option in rule["properties"]["code"]["anyOf"] if "enum" in option
    }
    for name, field in FIELDS.items():
        shape = condition["properties"][name]
        assert shape["description"].startswith(field.meaning)
        assert {operator.value for operator in OPERATORS[field.type]} == set(shape["anyOf"][-1]["properties"])
        assert (Operator.IS in OPERATORS[field.type]) == (len(shape["anyOf"]) == 2)


def test_no_choice_is_a_const() -> None:
    """Editors complete `enum` inside lists, and not `const`."""
    assert '"const"' not in json.dumps(SCHEMA)


@given(conditions())
def test_what_the_reader_reads_the_schema_takes(condition: Condition) -> None:
    """Any condition that can be written passes the schema."""
    text = "version: 1\nruleset: f\nrules:\n  - id: r\n    drop: item\n    code: recalled\n    when:\n" + printed(
        condition, 6
    )

    assert [] == complaints(text.encode())


@pytest.mark.parametrize("path", PROBLEMS, ids=lambda path: path.stem)
def test_the_schema_and_lint_agree_on_shapes(path: Path) -> None:
    """A file whose mistakes are of shape fails the schema; one whose mistakes are of meaning alone passes."""
    data = path.read_bytes()
    node, unreadable = parse_document(data, path.name)
    if node is None or unreadable:
        return
    _, problems = parse_ruleset(data, path.name)
    codes = {problem.code for problem in problems} - {"too-many-problems"}
    if codes <= BEYOND_A_SCHEMA:
        assert [] == complaints(data)
    elif codes & SEEN_BY_THE_SCHEMA:
        assert complaints(data)


def test_nearly_every_mistake_of_shape_is_tried() -> None:
    """The two lists of codes stand for codes that golden files show; only an end in the past needs a date."""
    shown: set[str] = set()
    for path in PROBLEMS:
        _, problems = parse_ruleset(path.read_bytes(), path.name)
        shown |= {problem.code for problem in problems}

    assert set() == SEEN_BY_THE_SCHEMA - shown
    assert {"ended"} == BEYOND_A_SCHEMA - shown


def test_our_rulesets_pass() -> None:
    """Every rule file we ship, and every one beside our cases, passes its own schema."""
    files = [path for folder in ("rulesets", "tests/cases") for path in rule_files(ROOT / folder)[0]]

    assert files
    assert [] == [(path.name, told) for path in files if (told := complaints(path.read_bytes()))]


@pytest.mark.parametrize(
    ("change", "passes"),
    [
        ({}, True),
        ({"mode": "shadow", "time_zone": "Europe/Zurich", "owner": "crm"}, True),
        ({"defaults": {"stock_max_age": "6 hours", "when_unknown": "block"}}, True),
        ({"codes": {"not_in_season": "later"}}, True),
        ({"version": "1"}, False),
        ({"version": 2}, False),
        ({"rules": []}, False),
        ({"rule": []}, False),
        ({"defaults": {"stock_max_age": 6}}, False),
        ({"codes": {"Not": "x"}}, False),
    ],
)
def test_the_top_of_a_file(change: dict[str, Any], passes: bool) -> None:
    """The top keys take what they should and refuse the rest."""
    rule = {"id": "r", "drop": "item", "code": "recalled", "when": {"item.status": "recalled"}}
    document = {"version": 1, "ruleset": "f", "rules": [rule]} | change

    assert passes == VALIDATOR.is_valid(document)


def test_the_reader_agrees_about_the_good_ones() -> None:
    """The document the table above starts from is sound for the reader, too."""
    text = b"{version: 1, ruleset: f, rules: [{id: r, drop: item, code: recalled, when: {item.status: recalled}}]}"
    ruleset, problems = parse_ruleset(text, "f.yaml")

    assert ruleset is not None
    assert () == errors_in(problems)

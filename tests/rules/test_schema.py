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
from suppress.rules.entries import CONDITIONS, PAST
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
    "always-not-enforced", "always-true", "attribute-not-declared", "bad-pattern", "beyond-max-age", "bounds-equal",
    "bounds-swapped", "code-taken", "curly-quotes", "duplicate-id", "duplicate-key", "duration-too-long", "ended",
    "ends-before-start", "impossible-condition", "impossible-window", "name-unlike-file", "never-fires",
    "no-such-date", "not-whole-days", "number-too-large", "outer-spaces", "pattern-too-long", "quiet-ruleset",
    "several-lines", "text-too-long", "too-deep", "unknown-definition", "unknown-time-zone", "unreachable-rule",
    "unregistered-code", "wrong-scope",
}  # fmt: skip
"""Problems of meaning, length and spelling, which the schema leaves to `suppress lint`."""

SEEN_BY_THE_SCHEMA = {
    "bad-code", "bad-name", "condition-expected", "decimal-number", "duration-zero", "empty-condition", "empty-list",
    "list-expected", "map-expected", "missing-effect", "missing-key", "missing-operator", "missing-percent",
    "missing-unit", "missing-window", "missing-zone", "not-a-date", "not-a-duration", "not-a-number", "not-a-share",
    "not-a-time-of-day", "not-an-attribute", "not-yes-or-no", "number-with-separators", "parts-without-component",
    "quoted-number", "repeated-value", "several-effects", "several-holds", "several-windows", "share-too-large",
    "too-few-units", "two-values-expected", "unknown-field", "unknown-key", "unknown-operator", "unknown-type",
    "unknown-unit", "unknown-value", "value-expected", "wrong-effect", "wrong-operator", "zone-without-calendar",
}  # fmt: skip

ONLY_THE_READER_KNOWS = {
    "at-of-the-customer", "attribute-declared-as-a-date", "attribute-declared-as-a-number",
    "attribute-not-declared-as-a-number", "attribute-not-in-the-list", "attribute-of-a-choice-misspelled",
    "attribute-of-yes-or-no-above",
}  # fmt: skip
"""Files whose mistake is in the type of an attribute, or in the name of a place."""


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

    assert set(TOP_KEYS) == set(SCHEMA["properties"])
    assert set(RULE_KEYS) == set(rule["properties"])
    assert set(DEFAULT_KEYS) == set(SCHEMA["properties"]["defaults"]["properties"])
    assert set(CONDITIONS) | set(FIELDS) == set(condition["properties"])
    assert {name: [entry.name for entry in entries] for name, entries in PAST.items()} == {
        name: list(SCHEMA["definitions"][name]["properties"]) for name in PAST
    }
    assert len(ATTRIBUTE_PREFIXES) == len(condition["patternProperties"])
    assert set(REASON_CODES) == {
        option["enum"][0] for option in rule["properties"]["code"]["anyOf"] if "enum" in option
    }
    for name, field in FIELDS.items():
        shape = condition["properties"][name]
        assert shape["description"].startswith(field.meaning)
        qualifiers = {word for word, has in (("at", field.by_location), ("under", field.by_category)) if has}
        operators = {operator.value for operator in OPERATORS[field.type]}
        assert operators | qualifiers == set(shape["anyOf"][-1]["properties"])
        assert (Operator.IS in OPERATORS[field.type]) == (len(shape["anyOf"]) == 2)


def test_every_key_is_described() -> None:
    """Whatever an editor completes, it can explain."""
    shapes = [SCHEMA, *SCHEMA["definitions"].values(), SCHEMA["properties"]["defaults"]]
    named = [(name, shape) for where in shapes for name, shape in where.get("properties", {}).items()]

    assert len(named) > 60
    assert [] == [name for name, shape in named if not shape.get("description")]


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
    elif codes & SEEN_BY_THE_SCHEMA and path.stem not in ONLY_THE_READER_KNOWS:
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
        ({"use": "base"}, True),
        ({"use": ["base", "winter"], "rules": [{"id": "r", "mode": "shadow"}]}, True),
        ({"rules": [{"id": "r", "mode": "shadow"}]}, False),
        ({"use": []}, False),
        ({"use": "../base"}, False),
        ({"control_group": "5%", "max_share": 0.4}, True),
        ({"control_group": "12.25%"}, True),
        ({"control_group": 5}, False),
        ({"control_group": "120%"}, False),
        ({"max_share": "0.125%"}, False),
        ({"on_unavailable": "hold"}, True),
        ({"on_unavailable": "yes"}, False),
        ({"define": {"red": {"item.brand": "a"}}}, True),
        ({"define": {"red": "a"}}, False),
        ({"attributes": {"customer.attributes.points": "number", "item.attributes.size": ["S", "M", 42]}}, True),
        ({"attributes": {"points": "number"}}, False),
        ({"attributes": {"customer.attributes.points": "integer"}}, False),
        ({"cycles": {"grocery/coffee": "30 days"}, "regions": {"ZH": ["z-1"], "BE": "bern"}}, True),
        ({"cycles": {"grocery/coffee": 30}}, False),
        ({"cycles": {"/grocery": "30 days"}}, False),
        ({"regions": {"ZH": []}}, False),
        ({"defaults": {"sent_max_age": "2 days", "feedback_max_age": "1 week"}}, True),
    ],
)
def test_the_top_of_a_file(change: dict[str, Any], passes: bool) -> None:
    """The top keys take what they should and refuse the rest."""
    rule = {"id": "r", "drop": "item", "code": "recalled", "when": {"item.status": "recalled"}}
    document = {"version": 1, "ruleset": "f", "rules": [rule]} | change

    assert passes == VALIDATOR.is_valid(document)


@pytest.mark.parametrize(
    ("written", "passes"),
    [
        ("drop: item", True), ("suppress: message", True), ("hold: {until: '08:00'}", True),
        ("hold: {for: 2 hours}", True), ("hold: {until: restock}", True), ("hold: message", False),
        ("hold: {}", False), ("hold: {until: 8}", False),
        ("hold: {until: '8:00'}", False), ("hold: {until: '08:00', for: 2 hours}", False), ("hold: {for: 2}", False),
        ("hold: {for: 2 hours}, suppress: message", False), ("limit: {messages_per_unit: 3}", True),
        ("limit: {messages_per_unit: 0.5}", True), ("limit: {messages_per_unit: 0}", False), ("limit: 3", False),
        ("limit: {}", False), ("limit: {messages_per_unit: two}", False),
        ("limit: {messages_per_unit: 1}, drop: item", False),
        ("drop: item, always: yes", True), ("drop: item, always: maybe", False), ("drop: item, max_share: 40%", True),
        ("drop: item, max_share: 40", False),
    ],
)  # fmt: skip
def test_the_effects_of_a_rule(written: str, passes: bool) -> None:
    """One effect, rightly written, and what may stand beside it."""
    rule = f"{{id: r, {written}, code: recalled, when: {{customer.country: CH}}}}"

    assert passes == (not complaints(f"version: 1\nruleset: f\nrules: [{rule}]".encode()))


@pytest.mark.parametrize(
    ("when", "passes"),
    [
        ("bought: {same: component, parts: any, by: household, gifts: exclude, at_least: 2 orders}", True),
        ("bought: {same: sku, channel: [a, b], at_least: 2 units}", True),
        ("bought: {same: sku, parts: any}", False), ("bought: {same: sku, by: family}", False),
        ("bought: {same: sku, gifts: no}", False), ("bought: {same: sku, at_least: 2 times}", False),
        ("bought: {same: sku, channel: [a, a]}", False), ("bought: {same: sku, campaign: a}", False),
        ("shown: {same: category, within: 2 days, not_within: 1 day, at_least: 2 times, campaign: this}", True),
        ("shown: {same: brand}", False), ("shown: {within: 2 days}", False), ("shown: {same: sku, kept: yes}", False),
        ("sent: {within: 7 days, at_least: 3, channel: this}", True), ("sent: {calendar: week, zone: customer}", True),
        ("sent: {calendar: week}", False), ("sent: {at_least: 3}", False), ("sent: {within: 1 day, zone: shop}", False),
        ("sent: {within: 7 days, calendar: week, zone: shop}", False), ("sent: {calendar: year, zone: shop}", False),
        ("said: {says: [already_own, not_interested], same: item_group, within: 1 year}", True),
        ("said: {says: hello, same: sku}", False), ("said: {same: sku}", False), ("said: {says: already_own}", False),
        ("defined: loyal", True), ("defined: [loyal]", False),
        ("stock.on_hand: {at: zurich-1, below: 3}", True), ("stock.on_hand: {at: [a], below: 3}", False),
        ("item.brand: {at: zurich-1, is: a}", False), ("message.kept_of_category: {under: a/b, at_least: 2}", True),
        ("message.kept_of_category: {under: a/, at_least: 2}", False),
        ("message.local_time: {between: ['22:00', 07:30]}", True), ("message.local_time: {below: 24:00}", False),
        ("message.local_time: 22:00", False), ("message.local_date: 2026-12-25", True),
        ("message.local_date: {in: [25.12.2026]}", False), ("message.local_weekday: sunday", True),
        ("message.local_weekday: Sunday", False), ("campaign.tag: {in: [a, b]}", True),
        ("campaign.tag: {exists: yes}", False), ("stock.group_in_stock_share: {below: 50%}", True),
        ("stock.group_in_stock_share: {below: 150%}", False), ("stock.on_hand: {below: 50%}", False),
        ("customer.attributes.points: {at_least: 9}", True), ("customer.consent.sms: no", True),
    ],
)  # fmt: skip
def test_the_schema_and_the_reader_agree_on_new_conditions(when: str, passes: bool) -> None:
    """What the one takes the other takes, and what the one refuses the other refuses."""
    text = f"""version: 1
ruleset: f
attributes: {{customer.attributes.points: number}}
define: {{loyal: {{customer.country: CH}}}}
rules:
  - id: r
    drop: item
    code: recalled
    when: {{{when}}}
"""
    _, problems = parse_ruleset(text.encode(), "f.yaml")

    assert passes == (not complaints(text.encode()))
    assert passes == (not errors_in(problems))


def test_the_reader_agrees_about_the_good_ones() -> None:
    """The document the table above starts from is sound for the reader, too."""
    text = b"{version: 1, ruleset: f, rules: [{id: r, drop: item, code: recalled, when: {item.status: recalled}}]}"
    ruleset, problems = parse_ruleset(text, "f.yaml")

    assert ruleset is not None
    assert () == errors_in(problems)

"""What an editor says of the word under the mouse: the same words as the vocabulary's."""

import pytest

from suppress.decisions.reasons import REASON_CODES
from suppress.facts.fields import FIELDS, OPERATOR_MEANINGS, OPERATORS, Field, FieldType, Operator
from suppress.rules.entries import CONDITIONS
from tests.editor.drafting import CURSOR, Editor
from tests.editor.test_completion import FILE, WHEN, named

HISTORY = [name for name in CONDITIONS if name not in {"all", "any", "not", "defined"}]
OPERATOR_FIELDS = {
    operator: next(field for field in FIELDS.values() if operator in OPERATORS[field.type]) for operator in Operator
}
A_VALUE = {FieldType.NUMBER: "3", FieldType.YES_NO: "yes", FieldType.PATH: "home/bedroom", FieldType.DAY: "2026-12-24"}
"""A value where one may stand without an operator; else `exists: yes` does for any type."""


def hovered(word: str) -> str:
    return f"{word[:2]}{CURSOR}{word[2:]}"


def short(field: Field) -> str:
    if Operator.IS not in OPERATORS[field.type]:
        return "{exists: yes}"
    return field.choices[0] if field.choices else A_VALUE.get(field.type, "spring")


@pytest.mark.parametrize("field", FIELDS.values(), ids=named)
def test_a_field_says_what_it_means(editor: Editor, field: Field) -> None:
    """Over a field stands its meaning, and what a number of it counts."""
    said = editor.explanation(f"{WHEN}{hovered(field.name)}: {short(field)}\n")

    assert field.meaning in said
    assert field.unit is None or f"({field.unit})" in said


@pytest.mark.parametrize("operator", Operator)
def test_an_operator_says_what_it_means(editor: Editor, operator: Operator) -> None:
    """Over an operator stands its meaning, not that of its field."""
    field = OPERATOR_FIELDS[operator]
    said = editor.explanation(f"{WHEN}{field.name}:\n        {hovered(operator.value)}: {short(field)}\n")

    assert OPERATOR_MEANINGS[operator] in said
    assert field.meaning not in said


@pytest.mark.parametrize("name", HISTORY)
def test_a_condition_about_the_past_says_what_it_means(editor: Editor, name: str) -> None:
    """Over `bought` and its like stands what they ask."""
    assert CONDITIONS[name] in editor.explanation(f"{WHEN}{hovered(name)}: {{within: 30 days}}\n")


@pytest.mark.parametrize("code", REASON_CODES)
def test_a_reason_code_says_what_it_means(editor: Editor, code: str) -> None:
    """Over a reason code stands its meaning."""
    said = editor.explanation(f"{FILE}rules:\n  - id: a\n    code: {hovered(code)}\n")

    assert REASON_CODES[code] in said

"""What may be said of a field, as JSON schema: one value, or a map of operators and of what narrows the field."""

from typing import Final

from suppress.facts.fields import (
    ATTRIBUTE_TYPES,
    CUSTOMERS_REGION,
    FIELDS,
    OPERATOR_MEANINGS,
    OPERATORS,
    Field,
    FieldType,
    Operator,
)
from suppress.rules.entries import QUALIFIERS
from suppress.rules.schema_values import PATH, TEXT, YES_NO, Schema, said, value_of

_OF_ATTRIBUTES: Final = tuple(
    operator for operator in Operator if any(operator in OPERATORS[type_] for type_ in ATTRIBUTE_TYPES)
)
"""What may be said of an attribute, whose type the schema does not know."""


def field_shape(field: Field) -> Schema:
    """The shape of what stands behind a field's name."""
    operators: Schema = {
        "title": "operators",
        "type": "object",
        "minProperties": 1,
        "additionalProperties": False,
        "properties": {
            **{
                operator.value: said(OPERATOR_MEANINGS[operator], _operand(field, operator))
                for operator in _operators(field)
            },
            **_qualifiers(field),
        },
    }
    if _qualifiers(field):
        operators["dependencies"] = {word: {"minProperties": 2} for word in _qualifiers(field)}
    unit = f" ({field.unit})" if field.unit else ""
    short = [_short(field)] if Operator.IS in OPERATORS[field.type] else []
    return {"description": field.meaning + unit, "anyOf": [*short, operators]}


def _operators(field: Field) -> tuple[Operator, ...]:
    is_attribute = field.type is FieldType.TEXT and field.name not in FIELDS
    return _OF_ATTRIBUTES if is_attribute else OPERATORS[field.type]


def _qualifiers(field: Field) -> dict[str, Schema]:
    found: dict[str, Schema] = {}
    if field.by_location:
        found["at"] = said(QUALIFIERS["at"], {**TEXT, "examples": [CUSTOMERS_REGION]})
    if field.by_category:
        found["under"] = said(QUALIFIERS["under"], PATH)
    return found


def _short(field: Field) -> Schema:
    """The value in `FIELD: value`. Its message names the operators: editors show it for a wrong one of these, too."""
    value = value_of(field)
    choices = " or ".join(f"`{choice}`" for choice in field.choices)
    wanted = value.get("errorMessage") or f"write {choices or 'a text'}"
    operators = ", ".join(f"`{word}`" for word in [*(o.value for o in _operators(field)), *_qualifiers(field)])
    return {**value, "errorMessage": f"{wanted}; or a map of {operators}"}


def _operand(field: Field, operator: Operator) -> Schema:
    match operator:
        case Operator.EXISTS:
            return YES_NO
        case Operator.IN | Operator.NOT_IN:
            return {"type": "array", "minItems": 1, "uniqueItems": True, "items": value_of(field)}
        case Operator.BETWEEN:
            return {"type": "array", "minItems": 2, "maxItems": 2, "items": value_of(field)}
        case Operator.STARTS_WITH | Operator.CONTAINS | Operator.MATCHES:
            return TEXT
        case _:
            return value_of(field)

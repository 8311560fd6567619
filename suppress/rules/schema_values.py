"""The shapes of values in the JSON schema: one for each type a rule compares with, and for names, shares and counts.

Editors show an `errorMessage` instead of patterns and types; validators take no notice of it.
"""

from typing import Any, Final

from suppress.facts.fields import Field, FieldType
from suppress.rules.comparisons import DROPPED_CODE, PERCENT
from suppress.rules.literals import UNITS_US

Schema = dict[str, Any]

NAME: Final[Schema] = {
    "type": "string",
    "pattern": "^[a-z0-9][a-z0-9-]*$",
    "errorMessage": "write lower-case letters, digits and `-`",
}
_A_TEXT: Final[Schema] = {"type": ["string", "number"], "errorMessage": "write a text"}
TEXT: Final[Schema] = {"anyOf": [_A_TEXT, {"if": {"type": "boolean"}, "else": _A_TEXT}]}
"""`true` is a text, too, but not one to be offered: editors complete what stands under `type`, and not behind `if`."""
CODE: Final[Schema] = {
    "type": "string",
    "pattern": "^[a-z][a-z0-9_]*$",
    "errorMessage": "write lower-case letters, digits and `_`",
}
_UNITS: Final = "|".join(f"{unit}s?" for unit in UNITS_US)
DURATION: Final[Schema] = {
    "type": "string",
    "pattern": rf"^0*[1-9][0-9]*\s*({_UNITS})$",
    "errorMessage": "write a whole number with its unit, e.g. `30 days` or `6 hours`",
    "examples": ["30 days", "6 hours"],
}
INSTANT: Final[Schema] = {
    "type": "string",
    "pattern": (
        r"^[0-9]{4}-[0-9]{2}-[0-9]{2}"
        r"([Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)? ?([Zz]|[+-][0-9]{2}:[0-9]{2}))?$"
    ),
    "errorMessage": "write a date such as `2026-12-24`, or a time with its zone such as `2026-12-24T18:00:00Z`",
    "examples": ["2026-12-24", "2026-12-24T18:00:00Z"],
}
YES_NO: Final[Schema] = {
    "type": ["boolean", "string"],
    "pattern": "^([Yy]es|[Nn]o|[Tt]rue|[Ff]alse)$",
    "errorMessage": "write `yes` or `no`",
    "examples": ["yes", "no"],
}
PATH: Final[Schema] = {
    "type": "string",
    "pattern": "^[^/]+(/[^/]+)*$",
    "errorMessage": "write a category such as `home/bedroom`, without `/` at its ends",
}
NUMBER: Final[Schema] = {"type": "integer", "errorMessage": "write a whole number, without quotes"}
PERCENTAGE: Final[Schema] = {
    "type": ["integer", "string"],
    "minimum": 0,
    "maximum": 100,
    "pattern": "^0*([0-9]{1,2}|100) ?%?$",
    "errorMessage": "write whole percent from 0 to 100, e.g. `50%`",
    "examples": ["50%"],
}
CLOCK: Final[Schema] = {
    "type": "string",
    "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$",
    "errorMessage": "write hours and minutes, e.g. `08:00` or `22:30`",
    "examples": ["08:00", "22:00"],
}
DAY: Final[Schema] = {
    "type": "string",
    "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
    "errorMessage": "write a date such as `2026-12-25`",
    "examples": ["2026-12-25"],
}
MESSAGES: Final[Schema] = {
    "type": "number",
    "minimum": 0.01,
    "errorMessage": "write a number above 0 with up to two decimals, e.g. `2` or `0.5`",
    "examples": [1, 2, 0.5],
}
_SHARE_TOLD: Final = "write a share from 0% to 100%, e.g. `40%`"
SHARE: Final[Schema] = {
    "type": ["number", "string"],
    "pattern": r"^0*([0-9]{1,2}(\.[0-9]{1,2}0*)?|100(\.0+)?) ?%$",
    "errorMessage": _SHARE_TOLD,
    # Editors have words of their own for a number beyond its limits; of a wrong type they say ours.
    "if": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
    "else": {"type": "string", "errorMessage": _SHARE_TOLD},
    "examples": ["5%", "40%"],
}

_VALUES: Final[dict[FieldType, Schema]] = {
    FieldType.TEXT: TEXT,
    FieldType.PATH: PATH,
    FieldType.NUMBER: NUMBER,
    FieldType.DURATION: DURATION,
    FieldType.INSTANT: INSTANT,
    FieldType.YES_NO: YES_NO,
    FieldType.CLOCK: CLOCK,
    FieldType.DAY: DAY,
    FieldType.WORDS: TEXT,
}


def said(description: str, schema: Schema) -> Schema:
    """A schema with a description. Beside a reference it is not wrapped: editors would complete the key without `:`."""
    return {"description": description, **schema}


def value_of(field: Field) -> Schema:
    """The shape of one value a field is compared with."""
    if field.type is FieldType.CHOICE:
        return {"enum": list(field.choices)}
    if field.type is FieldType.NUMBER and field.unit == PERCENT:
        return PERCENTAGE
    return CODE if field.name == DROPPED_CODE else _VALUES[field.type]


def one_or_list(schema: Schema) -> Schema:
    """One value, or a list of several without repeats."""
    return {"anyOf": [schema, {"type": "array", "minItems": 1, "uniqueItems": True, "items": schema}]}


def count_of(words: tuple[str, ...]) -> Schema:
    """A whole number from 1 on, alone or followed by what it counts."""
    forms = "|".join(f"{word}?" for word in words)
    example = " or ".join(f"`3 {word}`" for word in words)
    message = f"write a whole number from 1 on, e.g. `3` or {example}"
    return {
        "anyOf": [
            {"type": "integer", "minimum": 1, "errorMessage": message},
            {
                "type": "string",
                "pattern": rf"^0*[1-9][0-9]*\s+({forms})$",
                "errorMessage": message,
                "examples": [f"3 {word}" for word in words],
            },
        ]
    }

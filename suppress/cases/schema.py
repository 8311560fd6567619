"""Turn the keys of a story and the columns of imports into the JSON schema (draft-07) of case files, for editors.

Made of the tables the reader of cases uses, so that no key is forgotten. Choices are `enum`, never `const`, and what
YAML takes for a number or a truth value is taken where a text is meant: case files are read as they are written.
"""

from typing import Any, Final

from suppress.cases.shapes import (
    CASE_KEYS,
    FEEDS_MEANING,
    FILE_KEYS,
    ITEM_KEYS,
    MESSAGE_KEYS,
    NO_DATE,
    QUESTIONS,
    RESERVED_MEANING,
    UNAVAILABLE,
)
from suppress.decisions.decision import Outcome, Verdict
from suppress.decisions.reasons import REASON_CODES
from suppress.facts.snapshot import Source
from suppress.intake.columns import Column
from suppress.intake.kinds import Kind
from suppress.intake.rows import FORMS, RowForm
from suppress.rules.literals import UNITS_US

Schema = dict[str, Any]

_TEXT: Final = {"type": ["string", "number", "boolean"], "errorMessage": "write a text"}
_TEXTS: Final = {"type": ["array", "null"], "items": _TEXT, "errorMessage": "write a list, e.g. `[C-1, C-2]`"}
_UNITS: Final = "|".join(f"{unit}s?" for unit in (*UNITS_US, "millisecond", "microsecond"))
_RELATIVE: Final = rf"now|in [0-9]{{1,15}} ({_UNITS})|[0-9]{{1,15}} ({_UNITS}) ago"
_EXACT: Final = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.,][0-9]{1,6})?)?([Zz]|[+-][0-9]{2}:?[0-9]{2})"
)
_FIXED_TIME: Final = {
    "type": "string",
    "pattern": f"^{_EXACT}$",
    "errorMessage": "write a time with its zone, e.g. `2026-11-22T09:00:00Z`",
    "examples": ["2026-11-22T09:00:00Z"],
}
_TIME: Final = {
    "type": "string",
    "pattern": f"^({_RELATIVE}|{_EXACT})$",
    "errorMessage": "write a time told from as_of, e.g. `6 days ago`, or with its zone: `2026-11-22T09:00:00Z`",
    "examples": ["6 days ago", "in 2 hours", "now"],
}
_TIME_OR_NEVER: Final = {
    "type": "string",
    "pattern": f"^(never|{_RELATIVE}|{_EXACT})$",
    "errorMessage": "write a time told from as_of, e.g. `in 5 days`, a time with its zone, or `never`",
    "examples": ["in 5 days", "never"],
}
_WHOLE: Final = {
    "type": ["integer", "string"],
    "pattern": r"^[+-]?[0-9]{1,15}(\.0+)?$",
    "errorMessage": "write a whole number",
}
_YES_NO: Final = {
    "type": ["boolean", "integer", "string"],
    "pattern": "^([Yy]([Ee][Ss])?|[Nn][Oo]?|[Tt]([Rr][Uu][Ee])?|[Ff]([Aa][Ll][Ss][Ee])?|0|1)$",
    "errorMessage": "write `yes` or `no`",
}
_KINDS: Final[dict[Kind, Schema]] = {
    Kind.WHOLE: _WHOLE,
    Kind.YES_NO: _YES_NO,
    Kind.INSTANT: _TIME,
    Kind.SKUS: {
        "anyOf": [
            {"type": "array", "items": {"anyOf": [_TEXT, {"type": "object", "required": ["sku"]}]}},
            {"type": "string"},
        ],
        "errorMessage": "write a list of skus, e.g. `[C-1, C-2]`",
    },
    Kind.MAP: {
        "type": ["object", "string"],
        "additionalProperties": {**_TEXT, "type": [*_TEXT["type"], "null"]},
        "errorMessage": "write a map, e.g. `{colour: red}`",
    },
}
_FILLED: Final = {Source.ORDERS: {"order_id", "units"}, Source.STOCK: {"updated_at"}}
"""Columns an import needs and a story may leave out."""

_FILLED_GROUP: Final = "customer_id"

_CODES: Final = {
    "anyOf": [
        *({"enum": [code], "description": meaning} for code, meaning in REASON_CODES.items()),
        {"type": "string", "pattern": "^[a-z][a-z0-9_]*$"},
    ],
    "errorMessage": "write a reason code, e.g. `recently_purchased`",
}
_ANSWERS: Final[dict[str, Schema]] = {
    "verdict": {"enum": [verdict.value for verdict in Verdict]},
    "dropped": {"additionalProperties": _CODES},
    "message": {"items": _CODES},
    "outcome": {"additionalProperties": {"enum": [Outcome.TRUE.value, Outcome.UNKNOWN.value, True]}},
    "eligible_again_at": {"additionalProperties": _TIME_OR_NEVER},
    "valid_until": _TIME_OR_NEVER,
    "hold_until": {**_TIME_OR_NEVER, "pattern": f"^({NO_DATE}|{_RELATIVE}|{_EXACT})$"},
    "control_group": {"type": ["string", "boolean"], "enum": ["yes", "no", True, False]},
}
"""Where more can be said of an answer than its shape."""


def cases_schema() -> Schema:
    """The schema of a case file, as plain data for JSON."""
    file: dict[str, Schema] = {
        "given": {"$ref": "#/definitions/given"},
        "cases": {"type": "array", "minItems": 1, "items": {"$ref": "#/definitions/case"}},
    }
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": "cases.schema.json",
        "title": "Cases",
        "description": "Stories beside the rules: what is given, the message, and what the decision must be.",
        "type": "object",
        "additionalProperties": False,
        "required": ["cases"],
        "properties": {key: _said(meaning, file[key]) for key, meaning in FILE_KEYS.items()},
        "definitions": {
            "case": _case(),
            "given": _given(),
            "message": _message(),
            "want": _want(),
            **{source.value: _row(form) for source, form in FORMS.items()},
        },
    }


def _said(description: str, schema: Schema) -> Schema:
    """A schema with a description. Beside a reference it is not wrapped: editors would complete the key without `:`."""
    return {"description": description, **schema}


def _case() -> Schema:
    keys: dict[str, Schema] = {
        "name": {"type": "string", "minLength": 1, "errorMessage": "write a sentence"},
        "as_of": _FIXED_TIME,
        "given": {"$ref": "#/definitions/given"},
        "message": {"$ref": "#/definitions/message"},
        "want": {"$ref": "#/definitions/want"},
    }
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["name", "message", "want"],
        "anyOf": [
            {"required": ["as_of"], "errorMessage": "write `as_of`, or in the message `send_at`"},
            {"properties": {"message": {"required": ["send_at"]}}},
        ],
        "properties": {key: _said(meaning, keys[key]) for key, meaning in CASE_KEYS.items()},
        "defaultSnippets": [
            {
                "label": "case",
                "description": "a story: what is given, the message, what is wanted",
                "body": {
                    "name": "${1:what it shows}",
                    "as_of": "${2:2026-11-22T09:00:00Z}",
                    "given": {"orders": [{"sku": "${3:C-1}", "ordered_at": "${4:6 days ago}"}]},
                    "message": {"items": ["${3:C-1}"]},
                    "want": {"verdict": "${5:send}", "dropped": {"${3:C-1}": "${6:recently_purchased}"}},
                },
            }
        ],
    }


def _given() -> Schema:
    feed = {**_TIME_OR_NEVER, "errorMessage": "write a time, e.g. `3 days ago`, or `never`"}
    return {
        "type": ["object", "null"],
        "additionalProperties": False,
        "properties": {
            **{
                source.value: {
                    "description": f"{source.value}, with the columns of an import",
                    "type": ["array", "null"],
                    "items": {"$ref": f"#/definitions/{source.value}"},
                    "errorMessage": "write a list of rows, each a map of columns",
                }
                for source in Source
            },
            "reserved": {
                "description": RESERVED_MEANING,
                "type": ["object", "null"],
                "additionalProperties": _WHOLE,
            },
            "feeds": {
                "description": FEEDS_MEANING,
                "anyOf": [
                    {"enum": [UNAVAILABLE]},
                    {
                        "type": ["object", "null"],
                        "additionalProperties": False,
                        "properties": {
                            source.value: _said(f"when {source.value} were last loaded", feed) for source in Source
                        },
                    },
                ],
            },
        },
    }


def _row(form: RowForm) -> Schema:
    """The row of one source. What a story fills in by itself may be left out."""
    filled = _FILLED.get(form.source, set())
    row: Schema = {
        "type": "object",
        "additionalProperties": False,
        "required": [column.name for column in form.columns if column.required and column.name not in filled],
        "properties": {column.name: _column(column) for column in form.columns},
    }
    groups = [group for group in form.one_of if _FILLED_GROUP not in group]
    if groups:
        row["allOf"] = [
            {"anyOf": [{"required": [name], "errorMessage": f"write {' or '.join(group)}"} for name in group]}
            for group in groups
        ]
    if form.prefixes:
        row["patternProperties"] = {
            f"^{column.name.replace('.', chr(92) + '.')}.+$": _column(column) for column in form.prefixes
        }
    return row


def _column(column: Column) -> Schema:
    schema: Schema = {"enum": list(column.choices)} if column.choices else _KINDS.get(column.kind, _TEXT)
    if not column.required:
        schema = _or_nothing(schema)
    empty = f"; when left out: {column.default_text}" if column.default_text else ""
    return _said(column.meaning.replace(r"\|", "|") + empty, schema)


def _or_nothing(schema: Schema) -> Schema:
    if "enum" in schema:
        return {**schema, "enum": [*schema["enum"], None]}
    if "anyOf" in schema:
        return {**schema, "anyOf": [*schema["anyOf"], {"type": "null"}]}
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return {**schema, "type": [*types, "null"]}


def _message() -> Schema:
    item = {
        "anyOf": [
            _TEXT,
            {
                "type": "object",
                "additionalProperties": False,
                "required": ["sku"],
                "properties": {
                    key: _said(meaning, {"type": "number"} if key == "score" else _TEXT)
                    for key, meaning in ITEM_KEYS.items()
                },
            },
        ],
        "errorMessage": "write a sku, or a map with sku, placement and score",
    }
    keys: dict[str, Schema] = {
        "items": {"type": "array", "items": item, "errorMessage": "write a list, e.g. `[C-1, C-2]`"},
        "replacements": _TEXTS,
        "slots": {"type": "integer", "minimum": 0, "errorMessage": "write how many items fit"},
        "campaign_tags": _TEXTS,
        "send_at": _TIME,
        "attributes": {"type": "object", "additionalProperties": _TEXT, "errorMessage": "write a map"},
    }
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["items"],
        "properties": {key: _said(meaning, keys.get(key, _TEXT)) for key, meaning in MESSAGE_KEYS.items()},
    }


def _want() -> Schema:
    return {
        "type": "object",
        "additionalProperties": False,
        "minProperties": 1,
        "properties": {
            name: _said(
                question.meaning,
                {
                    **_shape(question.shape),
                    **_ANSWERS.get(name, {}),
                    "errorMessage": f"write e.g. `{name}: {question.example}`",
                },
            )
            for name, question in QUESTIONS.items()
        },
    }


def _shape(shape: str) -> Schema:
    match shape:
        case "one word":
            return {"type": "string"}
        case "a list":
            return {"type": ["array", "null"], "items": _TEXT}
        case "a map of skus to words":
            return {"type": ["object", "null"], "additionalProperties": _TEXT}
        case _:
            return {"type": ["object", "null"], "additionalProperties": _TEXTS}

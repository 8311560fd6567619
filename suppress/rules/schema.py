"""Turn the vocabulary into the JSON schema (draft-07) of rule files, by which editors complete and underline.

The schema knows shapes, names and choices; what a rule means is checked by `suppress lint`. Choices are `enum`, never
`const`: the YAML language server completes only the former inside lists. It shows an `errorMessage` instead of patterns
and types, and offers `defaultSnippets`; validators know neither and take no notice.
"""

import re
from typing import Any, Final

from suppress.decisions.reasons import REASON_CODES
from suppress.facts.fields import (
    ATTRIBUTE_PREFIXES,
    FIELDS,
    OPERATOR_MEANINGS,
    OPERATORS,
    Field,
    FieldType,
    Operator,
)
from suppress.rules.header import DEFAULT_KEYS, MODES, WHEN_UNKNOWN
from suppress.rules.literals import UNITS_US
from suppress.rules.tree import Same

Schema = dict[str, Any]

_NAME: Final = {
    "type": "string",
    "pattern": "^[a-z0-9][a-z0-9-]*$",
    "errorMessage": "write lower-case letters, digits and `-`",
}
_TEXT: Final = {"type": ["string", "number", "boolean"], "errorMessage": "write a text"}
_UNITS: Final = "|".join(f"{unit}s?" for unit in UNITS_US)
_DURATION: Final = {
    "type": "string",
    "pattern": rf"^0*[1-9][0-9]*\s*({_UNITS})$",
    "errorMessage": "write a whole number with its unit, e.g. `30 days` or `6 hours`",
    "examples": ["30 days", "6 hours"],
}
_INSTANT: Final = {
    "type": "string",
    "pattern": (
        r"^[0-9]{4}-[0-9]{2}-[0-9]{2}"
        r"([Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)? ?([Zz]|[+-][0-9]{2}:[0-9]{2}))?$"
    ),
    "errorMessage": "write a date such as `2026-12-24`, or a time with its zone such as `2026-12-24T18:00:00Z`",
    "examples": ["2026-12-24", "2026-12-24T18:00:00Z"],
}
_YES_NO: Final = {
    "type": ["boolean", "string"],
    "pattern": "^([Yy]es|[Nn]o|[Tt]rue|[Ff]alse)$",
    "errorMessage": "write `yes` or `no`",
    "examples": ["yes", "no"],
}
_VALUES: Final[dict[FieldType, Schema]] = {
    FieldType.TEXT: _TEXT,
    FieldType.PATH: {
        "type": "string",
        "pattern": "^[^/]+(/[^/]+)*$",
        "errorMessage": "write a category such as `home/bedroom`, without `/` at its ends",
    },
    FieldType.NUMBER: {"type": "integer", "errorMessage": "write a whole number, without quotes"},
    FieldType.DURATION: _DURATION,
    FieldType.INSTANT: _INSTANT,
    FieldType.YES_NO: _YES_NO,
}
_EFFECTS: Final = {"drop": "item", "suppress": "message"}
_CONDITION: Final = {"$ref": "#/definitions/condition"}


def ruleset_schema() -> Schema:
    """The schema of a rule file, as plain data for JSON."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": "ruleset.schema.json",
        "title": "Ruleset",
        "description": "Rules that say which items are dropped from a message and which messages are not sent.",
        "type": "object",
        "additionalProperties": False,
        "required": ["version", "ruleset", "rules"],
        "properties": {
            "version": _said("the version of the rule language", {"enum": [1]}),
            "ruleset": _said("the name of the ruleset, the same as the file's", _NAME),
            "owner": _said("whom to ask about these rules", _TEXT),
            "mode": _said("the loudest any rule of this file may be", {"$ref": "#/definitions/mode"}),
            "time_zone": _said("the zone dates are meant in, e.g. Europe/Zurich; default UTC", {"type": "string"}),
            "defaults": _defaults(),
            "codes": {
                "description": "reason codes of this ruleset's own, each with its meaning",
                "type": "object",
                "propertyNames": {"pattern": "^[a-z][a-z0-9_]*$"},
                "additionalProperties": _TEXT,
            },
            "rules": _said(
                "the rules; of those that fire, the first decides",
                {"type": "array", "minItems": 1, "items": {"$ref": "#/definitions/rule"}},
            ),
        },
        "definitions": {
            "rule": _rule(),
            "condition": _condition(),
            "bought": _bought(),
            "mode": {"enum": list(MODES)},
            "whenUnknown": {"enum": list(WHEN_UNKNOWN)},
        },
    }


def _said(description: str, schema: Schema) -> Schema:
    """A schema with a description. Beside a reference it is not wrapped: editors would complete the key without `:`."""
    return {"description": description, **schema}


def _defaults() -> Schema:
    properties = {
        key: _said("facts older than this are unknown", _DURATION) for key in DEFAULT_KEYS if key != "when_unknown"
    }
    properties["when_unknown"] = _said(
        "what rules do whose condition ends unknown", {"$ref": "#/definitions/whenUnknown"}
    )
    return {
        "description": "what holds for every rule that does not say otherwise",
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
    }


def _rule() -> Schema:
    known = [{"enum": [code], "description": meaning} for code, meaning in REASON_CODES.items()]
    date = "date (in the ruleset's zone) or time with zone"
    effects = " or ".join(f"`{effect}: {value}`" for effect, value in _EFFECTS.items())
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["id", "code", "when"],
        "oneOf": [{"required": [effect], "errorMessage": f"write one effect: {effects}"} for effect in _EFFECTS],
        "defaultSnippets": [_snippet(effect) for effect in _EFFECTS],
        "properties": {
            "id": _said("the rule's name, unique in the file", _NAME),
            "title": _said("what the rule is for, in a few words", _TEXT),
            "drop": _said("drop the item when the rule fires", {"enum": ["item"]}),
            "suppress": _said("do not send the message when the rule fires", {"enum": ["message"]}),
            "code": {
                "description": "the reason code campaign systems see",
                "anyOf": [*known, {"type": "string", "pattern": "^[a-z][a-z0-9_]*$"}],
            },
            "when": _said("when the rule fires", _CONDITION),
            "unless": _said("the exceptions", _CONDITION),
            "when_unknown": _said(
                "what to do when facts are missing: allow does not fire, block fires",
                {"$ref": "#/definitions/whenUnknown"},
            ),
            "mode": _said("enforce: obeyed; shadow: recorded only; off: not played", {"$ref": "#/definitions/mode"}),
            "starts": _said(f"the rule holds from here on: {date}", _INSTANT),
            "ends": _said(f"the rule holds until here: {date}; a date counts to its end", _INSTANT),
        },
    }


def _snippet(effect: str) -> Schema:
    """A whole rule to fill in, offered where a rule begins."""
    body = {"id": "$1", "title": "$2", effect: _EFFECTS[effect], "code": "$3", "when": {"$4": ""}}
    return {"label": f"rule: {effect} {_EFFECTS[effect]}", "description": "a new rule", "body": body}


def _condition() -> Schema:
    several = {"type": "array", "minItems": 1, "items": _CONDITION}
    return {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": False,
        "properties": {
            "all": _said("every condition of the list holds", several),
            "any": _said("at least one condition of the list holds", several),
            "not": _said("the condition does not hold", _CONDITION),
            "bought": _said("the customer bought the same before", {"$ref": "#/definitions/bought"}),
            **{name: _field(field) for name, field in FIELDS.items()},
        },
        "patternProperties": {
            f"^{re.escape(prefix)}.+$": _field(field) for prefix, field in ATTRIBUTE_PREFIXES.items()
        },
    }


def _field(field: Field) -> Schema:
    operators: Schema = {
        "title": "operators",
        "type": "object",
        "minProperties": 1,
        "additionalProperties": False,
        "properties": {
            operator.value: _said(OPERATOR_MEANINGS[operator], _operand(field, operator))
            for operator in OPERATORS[field.type]
        },
    }
    unit = f" ({field.unit})" if field.unit else ""
    short = [_short(field)] if Operator.IS in OPERATORS[field.type] else []
    return {"description": field.meaning + unit, "anyOf": [*short, operators]}


def _short(field: Field) -> Schema:
    """The value in `FIELD: value`. Its message names the operators: editors show it for a wrong one of these, too."""
    value = _value(field)
    wanted = value.get("errorMessage") or "write " + " or ".join(f"`{choice}`" for choice in field.choices)
    operators = ", ".join(f"`{operator.value}`" for operator in OPERATORS[field.type])
    return {**value, "errorMessage": f"{wanted}; or a map of {operators}"}


def _value(field: Field) -> Schema:
    return {"enum": list(field.choices)} if field.type is FieldType.CHOICE else _VALUES[field.type]


def _operand(field: Field, operator: Operator) -> Schema:
    match operator:
        case Operator.EXISTS:
            return _YES_NO
        case Operator.IN | Operator.NOT_IN:
            return {"type": "array", "minItems": 1, "uniqueItems": True, "items": _value(field)}
        case Operator.BETWEEN:
            return {"type": "array", "minItems": 2, "maxItems": 2, "items": _value(field)}
        case Operator.STARTS_WITH | Operator.CONTAINS | Operator.MATCHES:
            return _TEXT
        case _:
            return _value(field)


def _bought() -> Schema:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["same"],
        "properties": {
            "same": _said("what counts as the same as the item", {"enum": [same.value for same in Same]}),
            "within": _said("bought at most this long ago", _DURATION),
            "not_within": _said("and at least this long ago", _DURATION),
            "at_least": {
                "description": "so many units, 1 by default",
                "anyOf": [
                    {"type": "integer", "minimum": 1},
                    {"type": "string", "pattern": "^0*[1-9][0-9]*\\s+units?$"},
                ],
            },
            "kept": _said(
                "yes: units not returned or cancelled; any: all units ordered",
                {
                    "type": ["boolean", "string"],
                    "pattern": "^([Yy]es|[Tt]rue|any)$",
                    "errorMessage": "write `yes` or `any`",
                    "not": {"enum": [False]},
                    "examples": ["yes", "any"],
                },
            ),
        },
    }

"""Turn the vocabulary into the JSON schema (draft-07) of rule files, by which editors complete and underline.

The schema knows shapes, names and choices; what a rule means is checked by `suppress lint`. Choices are `enum`, never
`const`: the YAML language server completes only the former inside lists. It shows an `errorMessage` instead of patterns
and types, and offers `defaultSnippets`; validators know neither and take no notice.
"""

import re
from typing import Final

from suppress.decisions.reasons import REASON_CODES
from suppress.facts.fields import ATTRIBUTE_PREFIXES, FIELDS
from suppress.rules.effects import EFFECT_KEYS, EFFECT_TARGETS, RESTOCK
from suppress.rules.entries import CONDITIONS, DEFAULTS, HOLD, LIMIT, PAST, REQUIRED, RULE, TOP, Entry
from suppress.rules.header import MODES, ON_UNAVAILABLE, WHEN_UNKNOWN
from suppress.rules.schema_fields import field_shape
from suppress.rules.schema_past import past_shapes
from suppress.rules.schema_values import (
    CLOCK,
    CODE,
    DURATION,
    INSTANT,
    MESSAGES,
    NAME,
    PATH,
    SHARE,
    TEXT,
    YES_NO,
    Schema,
    one_or_list,
    said,
)
from suppress.rules.tables import TYPE_WORDS

_CONDITION: Final[Schema] = {"$ref": "#/definitions/condition"}
_MODE: Final[Schema] = {"$ref": "#/definitions/mode"}
_WHEN_UNKNOWN: Final[Schema] = {"$ref": "#/definitions/whenUnknown"}
_ATTRIBUTE: Final = "^(item|customer|message)\\.attributes\\..+$"
_SECOND_EFFECT: Final[Schema] = {
    "type": "null",
    "errorMessage": "a rule has one effect: write a second rule for the other",
}
"""What no effect is; so that a second one is underlined with these words."""
_CYCLE: Final[Schema] = {**DURATION, "errorMessage": "write whole days, e.g. `30 days`", "examples": ["30 days"]}
_SNIPPETS: Final[tuple[tuple[str, Schema], ...]] = (
    *((f"{effect} {target}", {effect: target}) for effect, target in EFFECT_TARGETS.items()),
    ("hold", {"hold": {"until": "08:00"}}),
    ("limit", {"limit": {"messages_per_unit": 1}}),
)


def ruleset_schema() -> Schema:
    """The schema of a rule file, as plain data for JSON."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": "ruleset.schema.json",
        "title": "Ruleset",
        "description": "Rules that say which items are dropped from a message, which messages are held or not sent.",
        "type": "object",
        "additionalProperties": False,
        "required": ["version", "ruleset"],
        "properties": _properties(TOP, _TOP_SHAPES),
        # A file that builds on others may have no rules of its own, and rules that only change a base's.
        "if": {"required": ["use"]},
        "else": {"required": ["rules"], "properties": {"rules": {"items": _whole_rule()}}},
        "definitions": {
            "rule": _rule(),
            "condition": _condition(),
            **past_shapes(),
            "hold": _hold(),
            "limit": _limit(),
            "mode": {"enum": list(MODES)},
            "whenUnknown": {"enum": list(WHEN_UNKNOWN)},
        },
    }


def _properties(entries: tuple[Entry, ...], shapes: dict[str, Schema]) -> dict[str, Schema]:
    return {entry.name: said(_told(entry), shapes[entry.name]) for entry in entries}


def _told(entry: Entry) -> str:
    has_default = entry.default and entry.default != REQUIRED
    return f"{entry.meaning} (default: {entry.default})" if has_default else entry.meaning


def _map_of(values: Schema, names: Schema) -> Schema:
    return {"type": "object", "propertyNames": names, "additionalProperties": values}


def _named(value: Schema) -> Schema:
    """The shape of keys that are spelled as such a value is; a key is a text whatever it looks like."""
    return {"pattern": value["pattern"], "errorMessage": value["errorMessage"]}


def _defaults() -> Schema:
    shapes = {entry.name: _WHEN_UNKNOWN if entry.name == "when_unknown" else DURATION for entry in DEFAULTS}
    return {"type": "object", "additionalProperties": False, "properties": _properties(DEFAULTS, shapes)}


_TOP_SHAPES: Final[dict[str, Schema]] = {
    "version": {"enum": [1]},
    "ruleset": NAME,
    "use": one_or_list(NAME),
    "owner": TEXT,
    "mode": _MODE,
    "time_zone": {"type": "string"},
    "control_group": SHARE,
    "max_share": SHARE,
    "on_unavailable": {"enum": list(ON_UNAVAILABLE)},
    "defaults": _defaults(),
    "codes": _map_of(TEXT, _named(CODE)),
    "attributes": _map_of(
        {
            "anyOf": [
                {"enum": list(TYPE_WORDS)},
                {"type": "array", "minItems": 1, "uniqueItems": True, "items": TEXT},
            ]
        },
        {"pattern": _ATTRIBUTE, "errorMessage": "write the whole name, e.g. `customer.attributes.tier`"},
    ),
    "cycles": _map_of(_CYCLE, _named(PATH)),
    "regions": _map_of(one_or_list(TEXT), {"minLength": 1}),
    "define": _map_of(_CONDITION, _named(NAME)),
    "rules": {"type": "array", "minItems": 1, "items": {"$ref": "#/definitions/rule"}},
}


def _rule() -> Schema:
    known = [{"enum": [code], "description": meaning} for code, meaning in REASON_CODES.items()]
    shapes: dict[str, Schema] = {
        "id": NAME,
        "title": TEXT,
        **{effect: {"enum": [target]} for effect, target in EFFECT_TARGETS.items()},
        "hold": {"$ref": "#/definitions/hold"},
        "limit": {"$ref": "#/definitions/limit"},
        "code": {"anyOf": [*known, CODE]},
        "when": _CONDITION,
        "unless": _CONDITION,
        "when_unknown": _WHEN_UNKNOWN,
        "mode": _MODE,
        "always": YES_NO,
        "max_share": SHARE,
        "starts": INSTANT,
        "ends": INSTANT,
    }
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["id"],
        "defaultSnippets": [_snippet(name, effect) for name, effect in _SNIPPETS],
        "properties": _properties(RULE, shapes),
    }


def _whole_rule() -> Schema:
    """What a rule needs that changes no other."""
    effects = [*EFFECT_KEYS]
    told = ", ".join(f"`{effect}: {target}`" for effect, target in EFFECT_TARGETS.items())
    return {
        "required": [entry.name for entry in RULE if entry.default == REQUIRED],
        "anyOf": [
            {
                "required": [effect],
                "errorMessage": (
                    f"write one effect: {told}, `hold: {{until: ...}}` or `limit: {{messages_per_unit: ...}}`"
                ),
            }
            for effect in effects
        ],
        "dependencies": {
            effect: {"properties": dict.fromkeys(effects[place + 1 :], _SECOND_EFFECT)}
            for place, effect in enumerate(effects[:-1])
        },
    }


def _snippet(name: str, effect: Schema) -> Schema:
    """A whole rule to fill in, offered where a rule begins."""
    body = {"id": "$1", "title": "$2", **effect, "code": "$3", "when": {"$4": ""}}
    return {"label": f"rule: {name}", "description": "a new rule", "body": body}


def _hold() -> Schema:
    until = {"anyOf": [CLOCK, {"enum": [RESTOCK]}]}
    return {
        "type": "object",
        "additionalProperties": False,
        "oneOf": [
            {"type": "object", "required": [entry.name], "errorMessage": "write `until` or `for`"} for entry in HOLD
        ],
        "properties": _properties(HOLD, {"until": until, "for": DURATION}),
    }


def _limit() -> Schema:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [entry.name for entry in LIMIT],
        "properties": _properties(LIMIT, {"messages_per_unit": MESSAGES}),
    }


def _condition() -> Schema:
    several = {"type": "array", "minItems": 1, "items": _CONDITION}
    shapes: dict[str, Schema] = {
        "all": several,
        "any": several,
        "not": _CONDITION,
        "defined": {"type": "string"},
        **{name: {"$ref": f"#/definitions/{name}"} for name in PAST},
    }
    return {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": False,
        "properties": {
            **{name: said(meaning, shapes[name]) for name, meaning in CONDITIONS.items()},
            **{name: field_shape(field) for name, field in FIELDS.items()},
        },
        "patternProperties": {
            f"^{re.escape(prefix)}.+$": field_shape(field) for prefix, field in ATTRIBUTE_PREFIXES.items()
        },
    }

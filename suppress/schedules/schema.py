"""Make the JSON schema (draft-07) of files of schedules, by which editors complete and underline.

The schema knows shapes, names and choices; what a cron expression means, whether a place exists and whose folder is
whose is checked by `suppress scheduler --check`. Editors show an `errorMessage`; validators take no notice of it.
"""

from typing import Final

from suppress.rules.schema_values import DURATION, TEXT, YES_NO, Schema, said
from suppress.schedules.reading import DEFAULT_OUT
from suppress.schedules.times import MOST_BEFORE

_SCHEDULE: Final[Schema] = {"$ref": "#/definitions/schedule"}
_SCHEDULES: Final[Schema] = {"type": "array", "minItems": 1, "items": _SCHEDULE}
_NAME: Final[Schema] = {
    "type": ["string", "integer"],
    "pattern": "^[a-z0-9][a-z0-9_-]{0,79}$",
    "errorMessage": "write small letters, digits, `-` and `_`, e.g. `morning-mail`",
    "examples": ["morning-mail"],
}
_CRON: Final[Schema] = {
    "type": "string",
    "pattern": r"^\s*[^\s@]\S*(\s+\S+){4}\s*$",
    "errorMessage": "write minute, hour, day, month and weekday, e.g. `0 9 * * mon-fri`",
    "examples": ["0 9 * * mon-fri"],
}
_MOMENT: Final[Schema] = {
    "type": "string",
    "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2})?([Zz]|[+-][0-9]{2}:[0-9]{2})?$",
    "errorMessage": "write date and time, e.g. `2026-12-01T09:00`",
    "examples": ["2026-12-01T09:00"],
}
_WEBHOOK: Final[Schema] = {
    "type": "string",
    "pattern": "^[Hh][Tt][Tt][Pp][Ss]?://[^/]",
    "errorMessage": "write an address that begins with `https://`",
    "examples": ["https://"],
}


def schedules_schema() -> Schema:
    """The schema of a file of schedules, as plain data for JSON."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": "schedules.schema.json",
        "title": "Schedules",
        "description": "When messages go out, how long before that they are scanned, and whom to tell.",
        "anyOf": [
            _SCHEDULES,
            {
                "type": "object",
                "additionalProperties": False,
                "required": ["schedules"],
                "properties": {
                    "version": said("version of this language", {"enum": [1]}),
                    "schedules": said("the schedules, each begun with `- name:`", _SCHEDULES),
                },
            },
        ],
        "definitions": {"schedule": _schedule(), "when": _when(), "notify": _notify(), "query": _query()},
    }


def _schedule() -> Schema:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["name", "messages", "when"],
        "properties": {
            "name": said("small letters, digits, `-`, `_`; runs are named after it", _NAME),
            "messages": said(
                "a file or folder of messages, with {name}, {date} and {time} of the send; or a query",
                {"anyOf": [TEXT, {"$ref": "#/definitions/query"}]},
            ),
            "ruleset": said("which ruleset decides (default: the only one, else retail-default)", TEXT),
            "when": said("when messages go out", {"$ref": "#/definitions/when"}),
            "before": said(
                "how long before the send to scan; the first scan is whole, later ones decide what changed"
                " (default: at the send)",
                {
                    "anyOf": [
                        DURATION,
                        {
                            "type": "array",
                            "minItems": 1,
                            "maxItems": MOST_BEFORE,
                            "uniqueItems": True,
                            "items": DURATION,
                        },
                    ]
                },
            ),
            "out": said(f"the output folder (default: {DEFAULT_OUT})", {**TEXT, "examples": [DEFAULT_OUT]}),
            "notify": said("whom to tell how a run ended", {"$ref": "#/definitions/notify"}),
        },
    }


def _when() -> Schema:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "cron": said("sends that come again: minute, hour, day, month, weekday; `zone` is needed", _CRON),
            "at": said(
                "one send, or a list of them; `zone` is needed where a time does not name its own",
                {"anyOf": [_MOMENT, {"type": "array", "minItems": 1, "items": _MOMENT}]},
            ),
            "zone": said(
                "the place by whose clock you send",
                {"type": "string", "minLength": 1, "examples": ["Europe/Zurich", "UTC"]},
            ),
        },
        **_one_of("cron", "at"),
        "dependencies": {"cron": ["zone"]},
    }


def _notify() -> Schema:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "command": said(
                "a program and its arguments, given a JSON object on its standard input; no shell",
                {"type": "array", "minItems": 1, "items": TEXT, "errorMessage": "write `[program, argument]`"},
            ),
            "webhook": said("an address that gets a JSON object by POST", _WEBHOOK),
            "allow_private": said("the webhook may be in the own network (default: no)", YES_NO),
        },
        **_one_of("command", "webhook"),
    }


def _query() -> Schema:
    select: Schema = {
        "type": "string",
        "pattern": r"^\s*([Ss][Ee][Ll][Ee][Cc][Tt]|[Ww][Ii][Tt][Hh])\s",
        "errorMessage": "write one SELECT",
    }
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["query"],
        "properties": {"query": said("one SELECT on the store; its columns are those of a message file", select)},
    }


def _one_of(*names: str) -> Schema:
    told = " or ".join(f"`{name}`" for name in names)
    return {"oneOf": [{"type": "object", "required": [name], "errorMessage": f"write {told}"} for name in names]}

"""What stands under `bought`, `shown`, `sent` and `said`, as JSON schema."""

from typing import Final

from suppress.facts.feedback import SAYINGS
from suppress.rules.entries import PAST, REQUIRED
from suppress.rules.past import COUNTS_OF, GIFTS, SAME_OF
from suppress.rules.schema_values import DURATION, TEXT, Schema, count_of, one_or_list, said
from suppress.rules.tree import CUSTOMER_ZONE, SHOP_ZONE, THIS, By, Parts, Period, Same

_KEPT: Final[Schema] = {
    "type": ["boolean", "string"],
    "pattern": "^([Yy]es|[Tt]rue|any)$",
    "errorMessage": "write `yes` or `any`",
    "not": {"enum": [False]},
    "examples": ["yes", "any"],
}
_WINDOW: Final[dict[str, Schema]] = {"within": DURATION, "not_within": DURATION}
_NAMES: Final = one_or_list({**TEXT, "examples": [THIS]})
_SHAPES: Final[dict[str, dict[str, Schema]]] = {
    "bought": {
        "same": {"enum": list(SAME_OF["bought"])},
        **_WINDOW,
        "at_least": count_of(COUNTS_OF["bought"]),
        "kept": _KEPT,
        "by": {"enum": [by.value for by in By]},
        "gifts": {"enum": list(GIFTS)},
        "channel": one_or_list({**TEXT, "not": {"enum": [THIS]}}),
        "parts": {"enum": [parts.value for parts in Parts]},
    },
    "shown": {
        "same": {"enum": list(SAME_OF["shown"])},
        **_WINDOW,
        "at_least": count_of(COUNTS_OF["shown"]),
        "channel": _NAMES,
        "campaign": _NAMES,
    },
    "sent": {
        "within": DURATION,
        "calendar": {"enum": [period.value for period in Period]},
        "zone": {"type": "string", "examples": [CUSTOMER_ZONE, SHOP_ZONE, "Europe/Zurich"]},
        "at_least": count_of(COUNTS_OF["sent"]),
        "channel": _NAMES,
        "campaign": _NAMES,
    },
    "said": {
        "says": one_or_list({"enum": list(SAYINGS)}),
        "same": {"enum": list(SAME_OF["said"])},
        "within": DURATION,
    },
}
_ALSO: Final[dict[str, Schema]] = {
    "bought": {
        "dependencies": {
            "parts": {
                "properties": {"same": {"enum": [Same.COMPONENT.value]}},
                "errorMessage": "`parts` stands with `same: component`",
            }
        }
    },
    "sent": {
        "anyOf": [
            {"required": [window], "errorMessage": "write `within`, or `calendar` and `zone`"}
            for window in ("within", "calendar")
        ],
        "dependencies": {
            "zone": ["calendar"],
            "calendar": ["zone"],
            "within": {
                # A pattern none of the periods has: what `not` refuses, an editor tells without a message of ours.
                "properties": {"calendar": {"pattern": "^$", "errorMessage": "write `within` or `calendar`, not both"}}
            },
        },
    },
}


def past_shapes() -> dict[str, Schema]:
    """One definition for each condition about the past, by its name."""
    return {
        name: {
            "type": "object",
            "additionalProperties": False,
            "required": [entry.name for entry in entries if entry.default == REQUIRED],
            "properties": {
                entry.name: _described(entry.meaning, entry.default, _SHAPES[name][entry.name]) for entry in entries
            },
            **_ALSO.get(name, {}),
        }
        for name, entries in PAST.items()
    }


def _described(meaning: str, default: str, shape: Schema) -> Schema:
    return said(f"{meaning} (default: {default})" if default and default != REQUIRED else meaning, shape)

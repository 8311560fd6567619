"""Say in our words what pydantic found wrong with a value: its detail in, a few words out that begin with `it`.

Values are never repeated, for they may be personal, and no reader need know what a validator is.
"""

from collections.abc import Mapping
from typing import Any, Final

A_TIME: Final = "it must be a time like 2026-11-22T09:00:00Z"
NO_ZONE: Final = "it has no zone; write it like 2026-11-22T09:00:00Z"

_WORDS: Final = {
    "missing": "it is missing",
    "extra_forbidden": "no such field",
    "string_type": "it must be text",
    "string_unicode": "it holds half a character (a lone surrogate)",
    "int_type": "it must be a whole number",
    "int_parsing": "it must be a whole number",
    "int_parsing_size": "it must be a whole number of fewer digits",
    "int_from_float": "it must be a whole number",
    "float_type": "it must be a number",
    "finite_number": "it must be a finite number",
    "bool_type": "it must be true or false",
    "list_type": "it must be a list",
    "dict_type": "it must be a map of names to values",
    "model_type": "it must be a map of names to values",
    "invalid_key": "a name must be text",
    "datetime_type": A_TIME,
    "datetime_parsing": A_TIME,
    "datetime_from_date_parsing": A_TIME,
    "timezone_aware": NO_ZONE,
}


def words_of(detail: Mapping[str, Any], more: Mapping[str, str] | None = None) -> str:
    """What is wrong. `detail`: one of pydantic's errors, with its context. `more`: words for types, before ours."""
    kind, context = detail["type"], detail.get("ctx") or {}
    words = (more or {}).get(kind) or _WORDS.get(kind)
    if words is not None:
        return words
    match kind:
        case "too_long" | "string_too_long":
            return f"at most {context['max_length']:,} {_counted(context)} are allowed"
        case "too_short" | "string_too_short":
            least = context["min_length"]
            return "it is empty" if least == 1 else f"at least {least:,} {_counted(context)} are needed"
        case "greater_than_equal":
            return f"it must be {context['ge']:,} or more"
        case "less_than_equal":
            return f"it must be {context['le']:,} or less"
        case "enum" | "literal_error":
            return f"it must be {context['expected']}".replace("'", '"')
    words = str(detail["msg"]).removeprefix("Value error, ")
    return words[:1].lower() + words[1:]


def _counted(context: Mapping[str, Any]) -> str:
    return "entries" if context.get("field_type") in {"List", "Dictionary"} else "characters"

"""Turn the text of an attribute into a value of the type its ruleset declares; what cannot be read is unknown."""

import re
from collections.abc import Collection
from datetime import date
from typing import Final

from suppress.facts.fields import FieldType

_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,15}")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_YES_NO: Final = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()


def value_of(text: str | None, type_: FieldType, choices: Collection[str] = ()) -> str | int | bool | None:
    """NUMBER: a whole number. YES_NO: yes, no, true, false, 1, 0 in any case. DAY: days since 1970. TEXT: as it is.

    CHOICE: the text, when it is one of `choices`.
    """
    if text is None:
        return None
    plain = text.strip()
    match type_:
        case FieldType.NUMBER:
            return int(plain) if _WHOLE.fullmatch(plain) else None
        case FieldType.YES_NO:
            return _YES_NO.get(plain.lower())
        case FieldType.DAY:
            return _day(plain)
        case FieldType.CHOICE:
            return plain if plain in choices else None
        case _:
            return text


def _day(text: str) -> int | None:
    if not _DATE.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text).toordinal() - _EPOCH_DAY
    except ValueError:
        return None

"""Turn what a person or system wrote as an id into the one form ids are compared in.

Ids are strings: NFC-normalised, trimmed, 1 to 255 characters, no control characters, no surrogates.
Comparison is case-sensitive; an import may fold case for sloppy codes.
"""

import unicodedata
from typing import Final

from suppress.errors import FactsError

MAX_ID_CHARACTERS: Final = 255


def clean_id(text: str, what: str) -> str:
    """The id in its compared form. `what` names it in the error. Raises FactsError when it cannot be an id."""
    if not isinstance(text, str):
        raise FactsError(f"{what} must be text, not {type(text).__name__}")
    cleaned = text.strip()
    if not (cleaned.isascii() and cleaned.isprintable()):
        cleaned = unicodedata.normalize("NFC", cleaned)
        for character in cleaned:
            if unicodedata.category(character) in {"Cc", "Cs"}:
                raise FactsError(f"{what} holds the character U+{ord(character):04X}, which no id may hold")
    if not cleaned:
        raise FactsError(f"{what} is empty")
    if len(cleaned) > MAX_ID_CHARACTERS:
        raise FactsError(f"{what} has {len(cleaned)} characters; at most {MAX_ID_CHARACTERS} are allowed")
    return cleaned

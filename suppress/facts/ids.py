"""Turn what a person or system wrote as an id or text into the one form it is compared in.

Ids are strings: NFC-normalised, trimmed, 1 to 255 characters, no control characters, no surrogates.
Comparison is case-sensitive; an import may fold case for sloppy codes.
"""

import unicodedata
from typing import Final

from suppress.errors import FactsError

MAX_ID_CHARACTERS: Final = 255
MAX_TEXT_CHARACTERS: Final = 10_000


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


def clean_text(text: str, what: str) -> str:
    """Free text, NFC-normalised: at most 10,000 characters, no NUL, no surrogates. Raises FactsError otherwise."""
    if not isinstance(text, str):
        raise FactsError(f"{what} must be text, not {type(text).__name__}")
    if len(text) > MAX_TEXT_CHARACTERS:
        raise FactsError(f"{what} has {len(text)} characters; at most {MAX_TEXT_CHARACTERS} are allowed")
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise FactsError(f"{what} holds half a character (a lone surrogate)")
    if "\x00" in text:
        raise FactsError(f"{what} holds the character U+0000, which no text may hold")
    return text if text.isascii() else unicodedata.normalize("NFC", text)

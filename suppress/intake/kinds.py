"""Turn cells of text into typed values: one parser per kind of column, and every refusal says what would be right.

A parser takes one cell that is not empty and gives its value, or raises FactsError. What an empty cell means is the
column's business (`columns.py`).
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import orjson

from suppress.errors import FactsError
from suppress.facts.ids import MAX_ID_CHARACTERS, clean_id
from suppress.intake.cells import TYPED, json_of, plain
from suppress.problems import did_you_mean

ParseOne = Callable[[str], Any]

MAX_TEXT_CHARACTERS: Final = 2000
MAX_LIST_LENGTH: Final = 1000
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,15}(?:\.0+)?")
_YES: Final = frozenset({"yes", "true", "1", "y", "t"})
_NO: Final = frozenset({"no", "false", "0", "n", "f"})


class Kind(StrEnum):
    """What a column holds, in the words of the documentation."""

    ID = "id"
    TEXT = "text"
    WORD = "text of at most 40 characters"
    PATH = "path"
    WHOLE = "whole number"
    CHOICE = "one of"
    YES_NO = "yes or no"
    INSTANT = "time"
    SKUS = "list of skus"
    MAP = "map"
    COUNTRY = "country"
    CURRENCY = "currency"
    ZONE = "time zone"
    ADDRESS = "address"


def fold(text: str) -> str:
    """The form sloppy codes are compared in under `--fold-case`: upper case, `ß` as `SS`."""
    return text.upper() if text.isascii() else unicodedata.normalize("NFC", text.casefold().upper())


def parse_id(cell: str) -> str:
    """A clean id (`facts.ids`)."""
    return clean_id(plain(cell, "text or a number"), "it")


def parse_folded_id(cell: str) -> str:
    """A clean id in folded case."""
    return clean_id(fold(parse_id(cell)), "it")


def parse_text(cell: str) -> str:
    """Text on one line: runs of white space become one space; other control characters are refused."""
    text = unicodedata.normalize("NFC", " ".join(plain(cell, "text").split()))
    if not text.isprintable():
        for character in text:
            if unicodedata.category(character) in {"Cc", "Cs"}:
                raise FactsError(f"holds the character U+{ord(character):04X}, which no text may hold")
    return _at_most(MAX_TEXT_CHARACTERS, text)


def parse_word(cell: str) -> str:
    """A short text that stands in the database's indexes beside ids, such as a channel: at most 40 characters."""
    return _at_most(40, parse_text(cell))


def _at_most(characters: int, text: str) -> str:
    if len(text) > characters:
        raise FactsError(f"has {len(text)} characters; at most {characters} are allowed")
    return text


def parse_path(cell: str) -> str | None:
    """A path with `/` between levels: each level trimmed, empty levels left out. None when no level is left."""
    levels = (level.strip() for level in parse_text(cell).split("/"))
    return _at_most(MAX_ID_CHARACTERS, "/".join(level for level in levels if level)) or None


def whole_parser(least: int | None, *, zero: bool) -> ParseOne:
    """A parser of whole numbers of at most 15 digits, `3` or `3.0`, not below `least`; 0 only when `zero`."""

    def parse(cell: str) -> int:
        text = plain(cell, "a whole number")
        if not _WHOLE.fullmatch(text):
            raise FactsError(f'must be a whole number like 3, not "{_short(text)}"')
        number = int(text.partition(".")[0])
        if least is not None and number < least:
            raise FactsError(f"is {number}; it must be {least} or more")
        if number == 0 and not zero:
            raise FactsError("is 0; write how many were bought, or a negative number for a credit note")
        return number

    return parse


def choice_parser(choices: Sequence[str]) -> ParseOne:
    """A parser of one of a few words, whatever their case and with space or hyphen for underscore."""

    def parse(cell: str) -> str:
        text = plain(cell, "text")
        word = re.sub(r"[ -]", "_", text.lower())
        if word not in choices:
            hint = did_you_mean(word, choices) or f"choose from {', '.join(choices)}"
            raise FactsError(f'must be one of {len(choices)} words, not "{_short(text)}"; {hint}')
        return word

    return parse


def parse_yes_no(cell: str) -> bool:
    """`yes`, `true`, `1` and `no`, `false`, `0`, in any case."""
    text = cell.removeprefix(TYPED).strip().lower()
    if text in _YES:
        return True
    if text in _NO:
        return False
    raise FactsError(f'must be yes or no, not "{_short(text)}"')


def instant_parser(zone: ZoneInfo | None) -> ParseOne:
    """A parser of times into microseconds since 1970 UTC.

    A time without a zone is read in `zone`, and refused when that is None. Where a clock change makes it mean two
    instants the first is taken; where it means none (the skipped hour) it is read with the offset before the change.
    """

    def parse(cell: str) -> int:
        text = plain(cell, "a time")
        try:
            at = datetime.fromisoformat(text.upper())
        except ValueError:
            raise FactsError(f'must be a time like 2026-11-22T09:00:00Z, not "{_short(text)}"') from None
        if at.tzinfo is None:
            if zone is None:
                raise FactsError("has no zone; write it like 2026-11-22T09:00:00Z, or say which with --time-zone ZONE")
            at = at.replace(tzinfo=zone)
        return (at - EPOCH) // MICROSECOND

    return parse


def parse_country(cell: str) -> str:
    """An ISO 3166 code of two letters, upper-cased."""
    text = plain(cell, "text").upper()
    if not (len(text) == 2 and text.isascii() and text.isalpha()):
        raise FactsError(f'must be a country code of two letters like CH, not "{_short(text)}"')
    return text


def parse_currency(cell: str) -> str:
    """An ISO 4217 code of three letters, upper-cased."""
    text = plain(cell, "text").upper()
    if not (len(text) == 3 and text.isascii() and text.isalpha()):
        raise FactsError(f'must be a currency code of three letters like EUR, not "{_short(text)}"')
    return text


def parse_zone(cell: str) -> str:
    """The name of an IANA time zone."""
    name = plain(cell, "text")
    if not _is_zone(name):
        raise FactsError(f'must be a time zone like Europe/Zurich, not "{_short(name)}"')
    return name


@lru_cache(maxsize=1024)
def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def parse_address(cell: str) -> str:
    """An e-mail address or phone number as typed; which form it is compared in depends on other columns."""
    return plain(cell, "text")


def skus_parser(parse_sku: ParseOne) -> ParseOne:
    """A parser of a list of skus, `a|b`, a JSON list, or a JSON list of maps with `sku`; gives JSON text."""

    def parse(cell: str) -> str:
        text = cell.removeprefix(TYPED).strip()
        entries: list[object]
        if text.startswith("["):
            found = json_of(text, "a list")
            entries = found if isinstance(found, list) else [found]
        elif cell.startswith(TYPED):
            raise FactsError("must be a list of skus")
        else:
            entries = [entry for entry in text.split("|") if entry.strip()]
        if len(entries) > MAX_LIST_LENGTH:
            raise FactsError(f"has {len(entries)} entries; at most {MAX_LIST_LENGTH} are allowed")
        return orjson.dumps([_sku(entry, parse_sku) for entry in entries]).decode()

    return parse


def _sku(entry: object, parse_sku: ParseOne) -> str:
    value = entry.get("sku") if isinstance(entry, dict) else entry
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise FactsError("must be a list of skus, or of maps with a sku")
    try:
        return str(parse_sku(str(value)))
    except FactsError as error:
        raise FactsError(f"has a sku that cannot be one: {error}") from None


def parse_map(cell: str) -> dict[str, object]:
    """A flat JSON map with text keys; empty values are left out. Values are text, numbers or yes/no."""
    found = json_of(cell, "a map like {...}")
    if not isinstance(found, dict):
        raise FactsError("must be a map like {...}")
    if len(found) > MAX_LIST_LENGTH:
        raise FactsError(f"has {len(found)} entries; at most {MAX_LIST_LENGTH} are allowed")
    flat: dict[str, object] = {}
    for key, value in found.items():
        if isinstance(value, list | dict):
            raise FactsError("must be a flat map: no list or map inside")
        if value is not None and value != "":
            flat[clean_id(key, "a key in it")] = value
    return flat


def _short(text: str) -> str:
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= 40 else one_line[:39] + "…"

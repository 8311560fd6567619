"""Turn the bytes of a file into text: UTF-8, of bounded size, without characters that mislead eyes or line counts.

Bytes in; text or None out, and Problems that say where the stray byte or character stands.
"""

import codecs
import re
from typing import Final, NamedTuple

from suppress.problems import Position
from suppress.rules.findings import Findings

MAX_BYTES: Final = 1_000_000

_BOMS: Final = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_BOM: Final = "\ufeff"
_SAVE_AS_UTF8: Final = "save the file with the encoding UTF-8"

CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
INVISIBLE: Final = re.compile("[\u200b\u2028-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_LINE_BREAK: Final = re.compile("\r\n|\r|\n")


def read_text(data: bytes, file: str, findings: Findings, max_bytes: int = MAX_BYTES) -> str | None:
    """The text of a file; None when it cannot be used, with the reason in `findings`. A byte order mark is dropped."""
    if len(data) > max_bytes:
        findings.add(
            "file-too-large",
            f"the file has {len(data):,} bytes; at most {max_bytes:,} are read",
            Position(file),
            "split it into several files",
        )
        return None
    encoding = _foreign_encoding(data)
    if encoding is not None:
        findings.add("wrong-encoding", f"the file is written in {encoding}", Position(file), _SAVE_AS_UTF8)
        return None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as stray:
        before = data[: stray.start].decode("utf-8")
        findings.add(
            "wrong-encoding",
            f"the byte 0x{data[stray.start]:02x} is not UTF-8 text",
            place_of(before.removeprefix(_BOM), len(before.removeprefix(_BOM)), file),
            f"{_SAVE_AS_UTF8}; it may be in an older one, such as Windows-1252",
        )
        return None
    text = text.removeprefix(_BOM)
    return text if _is_visible(text, file, findings) else None


def place_of(text: str, offset: int, file: str) -> Position:
    """Line and column of the character at `offset`, both from 1."""
    line, start = 1, 0
    for line_break in _LINE_BREAK.finditer(text, 0, offset):
        line, start = line + 1, line_break.end()
    return Position(file, line, offset - start + 1)


class Stray(NamedTuple):
    """A character that must not stand in a text: what to say of it, and where it is, in characters from 0."""

    code: str
    message: str
    help: str
    offset: int


def stray_character(text: str) -> Stray | None:
    """The first character that must not stand in a text; None when all is well."""
    found = CONTROL.search(text)
    if found:
        return Stray(
            "control-character",
            f"the control character U+{ord(found[0]):04X} stands here",
            "delete it; it often comes with text copied from elsewhere",
            found.start(),
        )
    found = INVISIBLE.search(text)
    if found:
        return Stray(
            "invisible-character",
            f"the invisible character U+{ord(found[0]):04X} stands here",
            "delete it and type the text anew; it often comes with text copied from elsewhere",
            found.start(),
        )
    return None


def _is_visible(text: str, file: str, findings: Findings) -> bool:
    stray = stray_character(text)
    if stray is None:
        return True
    findings.add(stray.code, stray.message, place_of(text, stray.offset, file), stray.help)
    return False


def _foreign_encoding(data: bytes) -> str | None:
    for mark, name in _BOMS:
        if data.startswith(mark):
            return name
    head = data[:4]
    if len(head) == 4 and head.count(0) == 3:
        return "UTF-32"
    if len(head) >= 2 and head[:2].count(0) == 1 and 0 < head[0] + head[1] < 0x80:
        return "UTF-16"
    return None

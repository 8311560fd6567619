"""The nodes of a document: maps, lists and scalars as they were written, each with its place.

Nothing is interpreted here: `NO`, `on`, `012` and `22:00` are the text that stands in the file. `plain` turns nodes
into Python values for files that are plain data.
"""

import re
from dataclasses import dataclass
from typing import Any, Final

from suppress.problems import Position

_YES: Final = frozenset({"yes", "Yes", "YES", "true", "True", "TRUE"})
_NO: Final = frozenset({"no", "No", "NO", "false", "False", "FALSE"})
_NULL: Final = frozenset({"", "~", "null", "Null", "NULL"})
_INTEGER: Final = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_DECIMAL: Final = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})\.[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class ScalarNode:
    """A value without parts. `quoted`: it stood in quotes or in a text block, so it is text whatever it looks like."""

    text: str
    quoted: bool
    position: Position

    @property
    def is_null(self) -> bool:
        """Whether nothing, `~` or `null` stands there."""
        return not self.quoted and self.text in _NULL


@dataclass(frozen=True, slots=True)
class ListNode:
    """A list."""

    items: tuple["Node", ...]
    position: Position


@dataclass(frozen=True, slots=True)
class MapNode:
    """A map in file order, without duplicate keys."""

    entries: tuple[tuple[ScalarNode, "Node"], ...]
    position: Position

    def get(self, key: str) -> "Node | None":
        """The value under a key; None when the key is absent."""
        return next((value for name, value in self.entries if name.text == key), None)


@dataclass(frozen=True, slots=True)
class BrokenNode:
    """Something that was refused and reported; whoever meets it stays silent."""

    position: Position


Node = ScalarNode | ListNode | MapNode | BrokenNode


def plain(node: Node | None) -> Any:
    """Maps as dict, lists as list, scalars as str, int, float, bool or None.

    Unquoted yes/no/true/false, whole numbers, decimals and null are what they look like; everything else is text:
    dates, times, `012`, `on`, exponents and numbers of more than 18 digits.
    """
    match node:
        case MapNode(entries=entries):
            return {key.text: plain(value) for key, value in entries}
        case ListNode(items=items):
            return [plain(item) for item in items]
        case ScalarNode():
            return _plain_scalar(node)
        case _:
            return None


def _plain_scalar(node: ScalarNode) -> str | int | float | bool | None:
    text = node.text
    if node.quoted:
        return text
    if text in _NULL:
        return None
    if text in _YES or text in _NO:
        return text in _YES
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _DECIMAL.fullmatch(text) else text

"""The parts a sentence is made of: pieces of text, each with what it says and the place in the file it came from."""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

from suppress.problems import Position


class Role(StrEnum):
    """What a chip says. `limit`: what bounds the whole rule (dates, mode, `always`, what is unknown)."""

    EFFECT = "effect"
    FIELD = "field"
    OPERATOR = "operator"
    VALUE = "value"
    WINDOW = "window"
    GLUE = "glue"
    LIMIT = "limit"


class Chip(NamedTuple):
    """A piece of a sentence, blanks included: a sentence is its chips joined. `position` is None for some glue."""

    text: str
    role: Role
    position: Position | None = None


Chips = tuple[Chip, ...]
Piece = tuple[str, Role]


def text_of(chips: Iterable[Chip]) -> str:
    """The chips as plain text."""
    return "".join(chip.text for chip in chips)


def placed(position: Position, pieces: Iterable[Piece]) -> Chips:
    """Pieces of one place as chips; empty ones fall away."""
    return tuple(Chip(text, role, position) for text, role in pieces if text)


def enumerated(values: Sequence[str], last: str, role: Role = Role.VALUE) -> list[Piece]:
    """`a, b or c` as pieces: each value one of its own."""
    pieces: list[Piece] = []
    for place, value in enumerate(values):
        if place:
            pieces.append((f" {last} " if place == len(values) - 1 else ", ", Role.GLUE))
        pieces.append((value, role))
    return pieces

"""Say where something stands, seen from another place: `line 5`, `this line`, or `line 5 of base.yaml`."""

from pathlib import PurePath

from suppress.problems import Position


def line_of(position: Position, seen_from: Position) -> str:
    """The line, and the file where it is another one."""
    if position.file == seen_from.file:
        return "this line" if position.line == seen_from.line else f"line {position.line}"
    return f"line {position.line} of {PurePath(position.file).name}"

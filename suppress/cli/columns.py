"""Put texts side by side in columns: a few cells a row in, lines no wider than asked for out."""

import textwrap
from collections.abc import Sequence
from itertools import zip_longest

GAP = "  "


def side_by_side(rows: Sequence[Sequence[str]], width: int, *, indent: str = "") -> list[list[str]]:
    """Rows of cells as lines of padded cells, `GAP` between them; long cells are wrapped, a cell may hold lines.

    All rows have as many cells. The first column is as wide as it needs to be, the others share what is left, each
    taking no more than it needs. Joined by `GAP` behind `indent`, no line is wider than `width`, unless the first
    column alone is.
    """
    needed = [max(len(line) for row in rows for line in row[at].split("\n")) for at in range(len(rows[0]))]
    left = width - len(indent) - needed[0] - len(GAP) * (len(needed) - 1)
    widths = [needed[0], *_shared(needed[1:], max(left, 10 * (len(needed) - 1)))]
    lines: list[list[str]] = []
    for row in rows:
        cells = [_wrapped(cell, wide) for cell, wide in zip(row, widths, strict=True)]
        lines += [
            [f"{part:<{wide}}" for part, wide in zip(line, widths, strict=True)]
            for line in zip_longest(*cells, fillvalue="")
        ]
    return lines


def _shared(needed: Sequence[int], left: int) -> list[int]:
    """How wide each column may be: what it needs, or an equal share of what the narrower ones leave."""
    widths = [0] * len(needed)
    open_columns = sorted(range(len(needed)), key=lambda at: needed[at])
    for place, at in enumerate(open_columns):
        widths[at] = min(needed[at], left // (len(open_columns) - place))
        left -= widths[at]
    return widths


def _wrapped(cell: str, width: int) -> list[str]:
    return [
        line
        for text in cell.split("\n")
        for line in textwrap.wrap(
            text, max(width, 1), subsequent_indent="  " if width > 20 else "", break_on_hyphens=False
        )
        or [""]
    ]

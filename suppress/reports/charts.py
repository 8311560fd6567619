"""Draw figures as inline SVG without a word in it: the words and numbers stand beside, where they can be read aloud.

Colours are classes of page.css; a pattern tells the verdicts apart where colour does not.
"""

from collections.abc import Sequence
from typing import Final

from suppress.decisions.report import Verdicts
from suppress.reports.markup import Safe, join, tag

_WIDTH: Final = 1000

PATTERNS: Final = tag(
    "svg",
    tag(
        "defs",
        tag(
            "pattern",
            tag("rect", width=10, height=10, class_="ground-hold"),
            tag("path", d="M-2 12 L12 -2 M-2 2 L2 -2 M8 12 L12 8", class_="stroke"),
            id_="pattern-hold", width=10, height=10, patternUnits="userSpaceOnUse",
        ),
        tag(
            "pattern",
            tag("rect", width=9, height=9, class_="ground-suppress"),
            tag("circle", cx=2.5, cy=2.5, r=1.3, class_="dot"),
            tag("circle", cx=7, cy=7, r=1.3, class_="dot"),
            id_="pattern-suppress", width=9, height=9, patternUnits="userSpaceOnUse",
        ),
    ),
    width=0, height=0, aria_hidden="true", class_="patterns",
)  # fmt: skip
"""The patterns all pictures of a page share; stands once, at its start."""


def verdict_bar(verdicts: Verdicts, says: str, *, height: int = 44, small: bool = False) -> Safe:
    """The three verdicts as one bar. `says`: the same in words. What there is, is at least a sliver wide."""
    total = verdicts.messages or 1
    parts = [("send", verdicts.send), ("hold", verdicts.hold), ("suppress", verdicts.suppress)]
    widths = [max(4.0, count / total * _WIDTH) if count else 0.0 for _, count in parts]
    scale = _WIDTH / (sum(widths) or 1)
    drawn: list[Safe] = []
    left = 0.0
    for (verdict, _), width in zip(parts, widths, strict=True):
        if width:
            drawn.append(
                tag("rect", x=f"{left:.1f}", y=0, width=f"{width * scale:.1f}", height=height, class_=f"fill-{verdict}")
            )
        left += width * scale
    return tag(
        "svg",
        *drawn,
        role="img",
        aria_label=says,
        view_box=f"0 0 {_WIDTH} {height}",
        preserveAspectRatio="none",
        class_="bar bar-small" if small else "bar bar-tall",
    )


def swatch(verdict: str) -> Safe:
    """The colour and pattern of a verdict, as a mark beside its name."""
    return tag(
        "svg",
        tag("rect", width=18, height=18, rx=3, class_=f"fill-{verdict}"),
        view_box="0 0 18 18",
        class_="swatch",
        aria_hidden="true",
    )


def part_bar(part: int, largest: int, *, kind: str = "suppress", limit: float | None = None) -> Safe:
    """One bar of a list, beside the largest of them. `limit`: a mark at that part of the largest."""
    width = max(3.0, part / largest * _WIDTH) if part and largest else 0.0
    mark = (
        tag("rect", x=f"{min(limit, 1) * _WIDTH - 4:.1f}", y=0, width=8, height=12, class_="mark")
        if limit is not None
        else None
    )
    return tag(
        "svg",
        tag("rect", width=_WIDTH, height=12, class_="track"),
        tag("rect", width=f"{width:.1f}", height=12, class_=f"plain-{kind}") if width else None,
        mark,
        view_box=f"0 0 {_WIDTH} 12",
        preserveAspectRatio="none",
        class_="part",
        aria_hidden="true",
    )


def columns(counts: Sequence[int], says: str) -> Safe:
    """Counts as columns from left to right. `says`: the same in words."""
    largest = max(counts, default=0) or 1
    wide = _WIDTH / max(1, len(counts))
    drawn = [
        tag(
            "rect",
            x=f"{number * wide + wide * 0.08:.1f}",
            y=f"{200 - count / largest * 196:.1f}",
            width=f"{wide * 0.84:.1f}",
            height=f"{count / largest * 196:.1f}",
            class_="fill-hold",
        )
        for number, count in enumerate(counts)
        if count
    ]
    return tag(
        "svg",
        join(*drawn),
        tag("rect", x=0, y=199, width=_WIDTH, height=1, class_="axis"),
        role="img",
        aria_label=says,
        view_box=f"0 0 {_WIDTH} 200",
        preserveAspectRatio="none",
        class_="columns",
    )

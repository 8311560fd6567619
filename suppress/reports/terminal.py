"""Tell a ScanReport on a terminal: what becomes of the messages, what rules did, what customers were spared.

The console decides about colours and width; without colours every word and number is still there.
"""

import os
from typing import TYPE_CHECKING, Final

from suppress.decisions.decision import Mode
from suppress.decisions.report import ScanReport
from suppress.reports.prevented import told
from suppress.reports.words import (
    age_sentence,
    changed_sentence,
    headline,
    items_sentence,
    number,
    share,
    share_sentence,
    source_name,
    whole_verdicts,
)

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

EXAMPLES: Final = 3
MOST_UNKNOWN: Final = 5

_COLOURS: Final = {"send": "green", "hold": "yellow", "suppress": "red"}
_MARKS: Final = {"send": "█", "hold": "▒", "suppress": "░"}
_BAR: Final = 60


def print_report(report: ScanReport, console: "Console | None" = None) -> None:
    """A page of at most 100 columns; without a console, on standard output, where `NO_COLOR` and `CI` are respected."""
    from rich.console import Console  # noqa: PLC0415 - rich is slow to import
    from rich.text import Text  # noqa: PLC0415

    console = console or Console(no_color=True if os.environ.get("CI") else None, highlight=False)
    width = min(100, console.width)
    console.print(Text(headline(report), style="bold"), width=width)
    if whole_verdicts(report).messages:
        console.print(_bar(report))
    for line in filter(None, (items_sentence(report), changed_sentence(report))):
        console.print(Text(line), width=width)
    for line in _warnings(report):
        console.print(Text(f"! {line}", style="bold red"), width=width)
    if report.rules:
        console.print()
        console.print(_rules(report), width=width)
    if report.prevented:
        console.print()
        console.print(Text("What customers were spared", style="bold"))
        for one in report.prevented[:EXAMPLES]:
            console.print(Text(f"- {told(one, report)}"), width=width)
    if report.unknown:
        console.print()
        console.print(Text(_unknown(report)), width=width)


def _bar(report: ScanReport) -> "Text":
    """The verdicts as a bar of three marks, with what each stands for."""
    from rich.text import Text  # noqa: PLC0415

    counts = whole_verdicts(report)
    numbers = {"send": counts.send, "hold": counts.hold, "suppress": counts.suppress}
    text = Text(no_wrap=False)
    for verdict, count in numbers.items():
        length = max(1, round(count * _BAR / counts.messages)) if count else 0
        text.append(_MARKS[verdict] * length, style=_COLOURS[verdict])
    text.append("\n")
    for verdict, count in numbers.items():
        text.append(f"{_MARKS[verdict]} ", style=_COLOURS[verdict])
        text.append(f"{verdict} {number(count)} ({share(count, counts.messages)})   ")
    text.rstrip()
    return text


def _warnings(report: ScanReport) -> list[str]:
    """Limits that are passed and sources that are too old."""
    lines = [share_sentence(passed, passed.rule or "messages not sent now") for passed in report.passed]
    lines.extend(f"{source_name(source.source)}: {age_sentence(source)}" for source in report.sources if source.stale)
    return lines


def _rules(report: ScanReport) -> "Table":
    """A line per rule that did anything, those in shadow marked as such."""
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    for head, justify in (("rule", "left"), ("acts on", "left"), ("decided", "right"), ("share", "right"),
                          ("only this rule", "right"), ("", "left")):  # fmt: skip
        table.add_column(Text(head), justify="right" if justify == "right" else "left", overflow="fold")
    for rule, figures in zip(report.rules, report.figures, strict=True):
        if not (figures.fired or figures.tried or figures.spared):
            continue
        total = report.items.asked if rule.acts_on == "items" else report.verdicts.messages
        is_obeyed = rule.mode is Mode.ENFORCE
        table.add_row(
            Text(rule.id),
            Text(rule.acts_on),
            Text(number(figures.decided) if is_obeyed else ""),
            Text(share(figures.decided, total) if is_obeyed else ""),
            Text(number(figures.alone) if is_obeyed else ""),
            Text("" if is_obeyed else f"shadow: {number(figures.would_change)} more"),
        )
    return table


def _unknown(report: ScanReport) -> str:
    told_ = [
        f"{one.fact} ({share(one.messages, report.verdicts.messages)} of messages)"
        for one in report.unknown[:MOST_UNKNOWN]
    ]
    rest = len(report.unknown) - len(told_)
    return f"unknown: {', '.join(told_)}{f' and {rest} more' if rest > 0 else ''}"

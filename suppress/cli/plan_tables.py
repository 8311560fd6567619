"""The tables of a plan: counts of a Report in, lines of at most 100 columns out."""

import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from suppress.decisions.decision import Verdict
from suppress.replay.compare import Change
from suppress.replay.report import CampaignChange, Report, RuleChange, RuleCounts

WIDTH: Final = 98
"""Beside two columns of indentation."""

_ON_ITEMS: Final = (Change.DROPPED, Change.ALLOWED)


def share_of(part: int, whole: int) -> str:
    """`1,001 (8.3 %)`; what is there is never told as 0 %, and what is not all never as 100 %."""
    if not part or not whole:
        return f"{part:,} (0 %)"
    percent = part * 100 / whole
    told = "100" if part == whole else "<0.1" if percent < 0.1 else ">99.9" if percent > 99.9 else f"{percent:.1f}"
    return f"{part:,} ({told} %)"


def change_table(report: Report) -> Iterator[str]:
    """A line per kind of change: persons, messages and items, each with its share of the whole."""
    rows = []
    for change in Change:
        touched = report.by_change[change]
        items = share_of(touched.items, report.audience.items) if change in _ON_ITEMS else ""
        messages = share_of(touched.messages, report.audience.messages)
        persons = share_of(touched.persons, report.audience.persons)
        if not touched.persons_exact:
            persons = f"about {persons}"
        rows.append((change.value, persons, messages, items))
    yield from _table(("", "people", "messages", "items"), rows, left=1)


def verdict_table(report: Report) -> Iterator[str]:
    """Before down, now across: messages."""
    used = [
        v for v in Verdict if v is not Verdict.HOLD or any(Verdict.HOLD in k for k, n in report.verdicts.items() if n)
    ]
    rows = [(old.value, *(f"{report.verdicts[old, new]:,}" for new in used)) for old in used]
    yield from _table(("", *(verdict.value for verdict in used)), rows, left=1)


def rule_table(report: Report) -> Iterator[str]:
    """A line per rule that acts differently: on how many items or messages, and what it takes and frees."""
    rows = [
        (
            rule.rule,
            "items" if rule.effect.is_about_items else "messages",
            _acts_on(rule.old),
            _acts_on(rule.new),
            f"{rule.takes:,}" if rule.takes else "",
            f"{rule.frees:,}" if rule.frees else "",
            _note(rule),
        )
        for rule in report.rules
        if rule.changed
    ]
    yield from _table(("rule", "acts on", "before", "now", "newly", "no longer", ""), rows, left=2)


def campaign_table(campaigns: Sequence[CampaignChange]) -> Iterator[str]:
    """A line per campaign: its messages, how many change, and each kind of change there is."""
    kinds = [change for change in Change if any(campaign.by_change[change] for campaign in campaigns)]
    rows = [
        (
            campaign.campaign_id or "(no campaign)",
            f"{campaign.messages:,}",
            share_of(campaign.changed, campaign.messages),
            *(f"{campaign.by_change[change]:,}" if campaign.by_change[change] else "" for change in kinds),
        )
        for campaign in campaigns
    ]
    heads = (change.value.removeprefix("newly ") for change in kinds)
    yield from _table(("campaign", "messages", "changed", *heads), rows, left=1)


def _acts_on(counts: RuleCounts | None) -> str:
    return "-" if counts is None else f"{counts.fired:,}"


def _note(rule: RuleChange) -> str:
    """Why a rule acts differently, where the numbers alone do not say it."""
    if rule.old is None:
        return "new rule" if rule.new and not rule.new.shadow else "new rule, in shadow"
    if rule.new is None:
        return "gone"
    if rule.new.shadow and not rule.old.shadow:
        return f"in shadow now: {rule.new.shadow:,}"
    if rule.old.shadow and not rule.new.shadow:
        return "no longer in shadow"
    return ""


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]], *, left: int) -> Iterator[str]:
    """Lines of a table whose first `left` columns are words; long words are folded, numbers never are."""
    from rich.console import Console  # noqa: PLC0415 - rich is slow to import, and most commands draw no table
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    for number, head in enumerate(heads):
        is_word = number < left or not head
        table.add_column(Text(head), justify="left" if is_word else "right", overflow="fold", no_wrap=not is_word)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console = Console(file=io.StringIO(), width=WIDTH, color_system=None, legacy_windows=False)
    with console.capture() as captured:
        console.print(table)
    for line in captured.get().splitlines():
        yield f"  {line}".rstrip()

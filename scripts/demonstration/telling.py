"""Tell what the demo did: counts, drops per rule with bars, examples, time and rate. An outcome in, lines out."""

from typing import Final

import pandas as pd
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from scripts.demonstration.campaigns_scan import Scanned
from scripts.demonstration.run import Outcome
from scripts.demonstration.tables import SHOP_ZONE
from scripts.demonstration.tally import Counts, Example

BAR_CHARACTERS: Final = 30
EXAMPLES: Final = 5


def tell(console: Console, outcome: Outcome, sentences: dict[str, str], titles: pd.Series) -> None:
    """Print the whole report. `sentences`: rule -> its sentence; `titles`: product_id -> what it is called."""
    total = outcome.tally.total
    _tell_load(console, outcome)
    sent = total.messages - total.suppressed.total()
    console.print(
        f"\n[bold]{total.messages:,} messages with {total.items:,} items[/bold]; "
        f"{total.kept:,} items kept ([bold]{_share(total.kept, total.items)}[/bold]), "
        f"{total.items - total.kept:,} dropped; {sent:,} messages to send, {total.suppressed.total():,} not to send\n"
    )
    console.print(_drops(total, sentences))
    console.print("\n[bold]Five decisions in words[/bold]")
    for example in outcome.tally.chosen_examples(EXAMPLES):
        _tell_example(console, example, titles)
    _tell_time(console, outcome)


def tell_scan(console: Console, outcome: Outcome, scanned: Scanned) -> None:
    """Print what the scan of all messages said, how it compares with the checks, and where its report is."""
    console.print("\n[bold]The same campaigns in one scan[/bold] (stock as of the last start)\n")
    console.print(escape(scanned.told.rstrip()), highlight=False)
    steps = ("writing the message file", "making the lake", "scanning", "comparing")
    console.print("\n" + ", ".join(f"{step} {outcome.seconds[step]:.1f} s" for step in steps))
    console.print(escape(str(scanned.agreement)), style="bold" if not scanned.agreement.differences else "red")
    console.print(f"\nThe report, worth opening in a browser: [bold]{(scanned.out / 'report.html').resolve()}[/bold]")


def _tell_load(console: Console, outcome: Outcome) -> None:
    console.print("\n[bold]Loaded[/bold]")
    for source, told in outcome.imported.items():
        refused = f", {told['refused']:,} refused" if told["refused"] else ""
        if told["refused_by_column"]:
            causes = ", ".join(f"{column}: {count:,}" for column, count in told["refused_by_column"].items())
            refused += f" ({causes}; see {told['rejects']})"
        console.print(escape(f"  {source}: {told['applied']:,} rows{refused}, {told['rows_per_second']:,} rows/s"))
    console.print(
        f"  stock: {outcome.stock_rows:,} rows, [bold]SYNTHETIC[/bold]: the data set has no stock, these are made up"
    )


def _drops(total: Counts, sentences: dict[str, str]) -> Table:
    table = Table(title="What the rules decided", title_justify="left", title_style="bold")
    table.add_column("rule")
    table.add_column("decided", justify="right", no_wrap=True)
    table.add_column("of all", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True, min_width=BAR_CHARACTERS)
    most = max([*total.dropped.values(), total.kept, 1])
    rows = [("kept", total.kept, total.items, "green", "")]
    rows += [(rule, count, total.items, "red", sentences.get(rule, "")) for rule, count in total.dropped.most_common()]
    for rule, count, of, colour, sentence in rows:
        bar = "█" * max(1, round(BAR_CHARACTERS * count / most)) if count else ""
        name = f"{escape(rule)}\n[dim]{escape(sentence)}[/dim]" if sentence else rule
        table.add_row(name, f"{count:,} items", _share(count, of), f"[{colour}]{bar}[/{colour}]")
    for rule, count in total.suppressed.most_common():
        bar = "█" * max(1, round(BAR_CHARACTERS * count / total.messages))
        name = f"{escape(rule)}\n[dim]{escape(sentences.get(rule, ''))}[/dim]"
        table.add_row(name, f"{count:,} messages", _share(count, total.messages), f"[yellow]{bar}[/yellow]")
    return table


def _tell_example(console: Console, example: Example, titles: pd.Series) -> None:
    draft, item = example.draft, example.item
    title = titles.get(int(item.sku), "not in the catalogue")
    day = draft.send_at.astimezone(SHOP_ZONE).date()
    verdict = "[green]kept[/green]" if item.deciding is None else "[red]dropped[/red]"
    console.print(
        f"\n  Household {draft.household_id}, campaign {draft.campaign_id} of {day}: "
        f"{escape(f'{title} (product {item.sku})')} is {verdict}."
    )
    reason = item.deciding
    if reason is None:
        console.print("    No rule objects.")
        return
    console.print(escape(f"    {reason.rule} ({reason.code}): {reason.sentence}"), highlight=False)
    for evidence in reason.evidence:
        seen = _seen(evidence.seen)
        as_of = f" as of {evidence.as_of:%Y-%m-%d %H:%M} UTC" if evidence.as_of else ""
        console.print(escape(f"    seen: {evidence.field} {seen}{as_of}; asked: {evidence.wanted}"), style="dim")
    if item.eligible_again_at is not None:
        console.print(f"    It could be shown again from {item.eligible_again_at:%Y-%m-%d %H:%M} UTC.", style="dim")


def _tell_time(console: Console, outcome: Outcome) -> None:
    total, seconds = outcome.tally.total, outcome.seconds
    engines = ", ".join(f"{count:,} by {engine}" for engine, count in sorted(outcome.tally.engines.items()))
    rate, items = total.messages / seconds["checking"], total.items / seconds["checking"]
    steps = ", ".join(f"{step} {each:.1f} s" for step, each in seconds.items())
    console.print(f"\nDecided: {engines}; engine faults: {outcome.faults}; facts unreadable: {outcome.unreadable}")
    console.print(f"Checked at {rate:,.0f} messages/s ({items:,.0f} items/s), on one core")
    console.print(f"Time: {sum(seconds.values()):.1f} s ({steps})")


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "-"


def _seen(value: str | int | bool | None) -> str:
    if value is None:
        return "unknown"
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)

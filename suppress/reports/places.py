"""Write where drops happen and when held messages go: categories over prices, campaigns and channels, hours."""

from datetime import UTC
from typing import Final

from suppress.decisions.report import Cell as Counts
from suppress.decisions.report import Group, Holds, PriceMap, ScanReport
from suppress.reports import charts
from suppress.reports.markup import Safe, join, tag
from suppress.reports.scope import scope
from suppress.reports.tables import Cell, Column, Row, table
from suppress.reports.words import band, counted, listed, number, share
from suppress.rules.wording import date_words

SHADES: Final = 7
ENOUGH: Final = 100
"""Candidates a field needs to set the scale of the colours: in a field of few, every share is an accident."""

MOST_LABELS: Final = 24
HOURS_PER_DAY: Final = 24


def prices(report: ScanReport) -> Safe | None:
    """Which items were dropped: categories over price bands. Nothing without prices."""
    if not report.prices:
        return None
    first, *further = report.prices
    others = [prices.currency or "no currency" for prices in further]
    return tag(
        "section",
        tag("h2", "Where it hits: category over price", id_="prices"),
        scope(report),
        tag(
            "p",
            "Each field says which share of the items recommended there was taken out; the stronger the "
            "colour, the more. Below it, how many that are.",
        ),
        _map(first),
        tag("details", tag("summary", f"Items priced in {listed(others)}"), *(_map(prices) for prices in further))
        if further
        else None,
        aria_labelledby="prices",
    )


def _map(prices: PriceMap) -> Safe:
    unpriced = any(row.unpriced.asked for row in prices.rows)
    fields = [cell for row in prices.rows for cell in (*row.cells, row.unpriced) if cell.asked]
    counted_ = [cell for cell in fields if cell.asked >= ENOUGH] or fields
    darkest = max((_part(cell) for cell in counted_), default=0.0)
    columns = [Column("Category", wide=True)]
    columns.extend(Column(band(prices, index), numeric=True) for index in range(len(prices.edges_minor) + 1))
    if unpriced:
        columns.append(Column("no price", numeric=True))
    rows: list[Row] = []
    for number_, row in enumerate(prices.rows):
        is_rest = bool(prices.others) and number_ == len(prices.rows) - 1
        name = f"{counted(prices.others, 'other category', 'other categories')}" if is_rest else row.category
        cells = (*row.cells, row.unpriced) if unpriced else row.cells
        rows.append((Cell(_path(name)), *(_heat(cell, darkest) for cell in cells)))
    currency = f"prices in {prices.currency}" if prices.currency else "prices without a currency"
    return table(f"Items taken out, by category and price ({currency})", columns, rows, style="heat")


def _heat(cell: Counts, darkest: float) -> Cell:
    if not cell.asked:
        return Cell(tag("span", "–", class_="muted"), style="shade-0")
    shade = round(_part(cell) / darkest * SHADES) if darkest else 0
    shade = min(SHADES, max(1, shade)) if cell.dropped else 0
    return Cell(
        join(
            tag("span", share(cell.dropped, cell.asked), class_="part-of"),
            tag("span", number(cell.dropped), tag("span", f" of {number(cell.asked)} taken out", class_="unseen"),
                class_="count"),
        ),
        style=f"shade-{shade}",
    )  # fmt: skip


def _part(cell: Counts) -> float:
    return cell.dropped / cell.asked if cell.asked else 0.0


def _path(path: str | None) -> Safe:
    """A category with its last level in front of the eye."""
    if path is None:
        return tag("span", "no category", class_="muted")
    above, _, last = path.rpartition("/")
    words = last.replace("-", " ")
    return join(words, tag("span", f"in {above.replace('/', ' › ').replace('-', ' ')}", class_="muted small above")
                if above else None)  # fmt: skip


def audiences(report: ScanReport) -> Safe | None:
    """Campaigns and channels; nothing when there is only one of each."""
    parts = [
        _groups(f"Messages by {noun}", noun, groups)
        for noun, groups in (("campaign", report.campaigns), ("channel", report.channels))
        if len(groups) > 1
    ]
    if not parts:
        return None
    return tag(
        "section",
        tag("h2", "Campaigns and channels", id_="campaigns"),
        scope(report),
        *parts,
        aria_labelledby="campaigns",
    )


def _groups(caption: str, noun: str, groups: tuple[Group, ...]) -> Safe:
    rows: list[Row] = []
    for group in groups:
        name = group.name or (f"{number(group.others)} others" if group.others else f"no {noun}")
        counts = group.verdicts
        says = f"{name}: {number(counts.send)} go out, {number(counts.hold)} wait, {number(counts.suppress)} stay home"
        bar = charts.verdict_bar(counts, says, height=12, small=True)
        rows.append(
            (
                Cell(join(tag("span", name, class_="name"), bar), name),
                counts.messages,
                counts.send,
                counts.hold,
                counts.suppress,
            )
        )
    columns = (
        Column(noun.capitalize(), wide=True),
        Column("Messages", numeric=True),
        Column("Go out", numeric=True),
        Column("Wait", numeric=True),
        Column("Stay home", numeric=True),
    )
    return table(caption, columns, rows, style="rules")


def held(report: ScanReport) -> Safe | None:
    """When held messages are due; nothing when none is held."""
    holds = report.holds
    if not holds.buckets and not holds.undated:
        return None
    undated = (
        tag(
            "p", f"{counted(holds.undated, 'message')} {'waits' if holds.undated == 1 else 'wait'} until checked again."
        )
        if holds.undated
        else None
    )
    return tag(
        "section",
        tag("h2", "When those that wait are due", id_="held"),
        scope(report),
        _histogram(holds) if holds.buckets else None,
        undated,
        aria_labelledby="held",
    )


def _hours(holds: Holds) -> Safe | None:
    """The time of day under each column, where there is room; the table says the same aloud."""
    if len(holds.buckets) > MOST_LABELS or holds.bucket_hours >= HOURS_PER_DAY:
        return None
    hours = (tag("span", f"{bucket.starts_at.astimezone(UTC):%H}") for bucket in holds.buckets)
    return tag("div", *hours, class_="hours muted small", aria_hidden="true")


def _histogram(holds: Holds) -> Safe:
    if len(holds.buckets) == 1:
        only = holds.buckets[0]
        return tag("p", f"{counted(only.messages, 'message')}, all from {date_words(only.starts_at)} on.")
    counts = [bucket.messages for bucket in holds.buckets]
    most = max(holds.buckets, key=lambda bucket: bucket.messages)
    width = "hour" if holds.bucket_hours == 1 else f"{holds.bucket_hours} hours"
    peak = f"Most at once, {number(most.messages)}, in the {width} from {date_words(most.starts_at)}."
    rows: list[Row] = [(date_words(bucket.starts_at), bucket.messages) for bucket in holds.buckets if bucket.messages]
    columns = (Column("Due from (UTC)", wide=True), Column("Messages", numeric=True))
    return join(
        tag("p", peak),
        tag(
            "figure",
            charts.columns(counts, f"Messages due, per {width}. {peak}"),
            _hours(holds),
            tag(
                "figcaption",
                tag("span", date_words(holds.buckets[0].starts_at)),
                tag("span", date_words(holds.buckets[-1].starts_at)),
                class_="muted small ends",
            ),
        ),
        tag("details", tag("summary", "The same as a table"), table("Messages due", columns, rows)),
    )

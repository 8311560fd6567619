"""Write the rows to look through: a sample of what was held back, that can be searched, narrowed and sorted."""

from suppress.decisions.decision import ItemVerdict, Verdict
from suppress.decisions.report import Row as Drawn
from suppress.decisions.report import ScanReport
from suppress.reports.markup import Safe, join, tag, void
from suppress.reports.scope import scope
from suppress.reports.tables import Cell, Column, Row, table
from suppress.reports.words import counted, number
from suppress.rules.wording import date_words

_WORDS = {Verdict.SUPPRESS: "suppressed", Verdict.HOLD: "held", ItemVerdict.DROP: "taken out"}


def lookup(report: ScanReport) -> Safe | None:
    """The section; nothing when nothing was held back."""
    sample = report.sample
    if not sample.rows:
        return None
    drawn = (
        f"All {counted(sample.total, 'row')}" if len(sample.rows) == sample.total
        else f"{number(len(sample.rows))} of {number(sample.total)} rows, drawn so that every rule is among them"
    )  # fmt: skip
    rules = sorted({row.rule for row in sample.rows if row.rule})
    columns = (
        Column("Message"),
        Column("Customer"),
        Column("Item", wide=True),
        Column("Verdict"),
        Column("Rule"),
        Column("Again from"),
    )
    return tag(
        "section",
        tag("h2", "Look it up", id_="look-it-up"),
        scope(report),
        tag("p", f"{drawn}. The whole of it is in items.parquet and messages.parquet beside this page."),
        tag(
            "form",
            tag("label", tag("span", "Search"), void("input", type_="search", id_="search", autocomplete="off"),
                for_="search"),
            tag("label", tag("span", "Rule"),
                tag("select", tag("option", "all rules", value=""),
                    *(tag("option", _name(report, rule), value=rule) for rule in rules), id_="rule"), for_="rule"),
            tag("label", tag("span", "Verdict"),
                tag("select", tag("option", "all", value=""),
                    *(tag("option", word, value=word) for word in _WORDS.values()), id_="verdict"), for_="verdict"),
            role="search",
            aria_label="Narrow the rows",
            class_="tools",
            hidden=True,
        ),
        tag("p", role="status", id_="found", class_="muted small"),
        table("Messages and items held back", columns, [_row(report, row) for row in sample.rows], sortable=True,
              id_="rows", style="rows"),
        tag("button", "Show all rows", type_="button", id_="more", hidden=True, class_="more"),
        aria_labelledby="look-it-up",
    )  # fmt: skip


def _row(report: ScanReport, row: Drawn) -> Row:
    item = (
        Cell(tag("span", "the whole message", class_="muted"), "")
        if row.sku is None
        else Cell(
            join(row.title or row.sku, tag("code", row.sku, class_="code") if row.title else None),
            (row.title or row.sku).lower(),
        )
    )
    also = f"also: {', '.join(_name(report, rule) for rule in row.also)}" if row.also else None
    rule = join(_name(report, row.rule), tag("span", also, class_="muted small above") if also else None)
    return (
        Cell(row.message_id),
        row.customer_id or Cell(tag("span", "unknown", class_="muted"), ""),
        item,
        _WORDS.get(row.verdict, row.verdict.value),
        Cell(tag("span", rule, data_rule=row.rule or ""), _name(report, row.rule).lower()),
        Cell(date_words(row.again_at), row.again_at.isoformat()) if row.again_at else Cell("", ""),
    )


def _name(report: ScanReport, rule_id: str | None) -> str:
    rule = report.rule(rule_id) if rule_id else None
    return rule.name if rule else rule_id or "no rule"

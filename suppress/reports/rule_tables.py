"""Write what each rule did: those that are obeyed, those that are only tried, and how near each is to its limit."""

from suppress.decisions.decision import Mode
from suppress.decisions.report import ReportRule, RuleFigures, ScanReport, Share
from suppress.decisions.shares import SHARE_PARTS
from suppress.reports import charts
from suppress.reports.markup import Safe, join, tag
from suppress.reports.scope import scope
from suppress.reports.tables import Cell, Column, Row, table
from suppress.reports.words import listed, number, parts_share, share


def rules(report: ScanReport) -> Safe:
    """The section of all rules."""
    pairs = list(zip(report.rules, report.figures, strict=True))
    enforced = [(rule, told) for rule, told in pairs if rule.mode is Mode.ENFORCE]
    tried = [(rule, told) for rule, told in pairs if rule.mode is not Mode.ENFORCE]
    on_items = [(rule, told) for rule, told in enforced if rule.acts_on == "items"]
    on_messages = [(rule, told) for rule, told in enforced if rule.acts_on == "messages"]
    return tag(
        "section",
        tag("h2", "Rules", id_="rules"),
        scope(report),
        tag(
            "p",
            "The first rule that fires is the reason that is counted. “Only this rule”: what would go out without it.",
        ),
        _table("Items taken out, by rule", on_items, report.items.asked, "items") if on_items else None,
        _table("Messages not sent now, by rule", on_messages, report.verdicts.messages, "messages")
        if on_messages
        else None,
        _tried(tried, report) if tried else None,
        _shares(report) if report.shares else None,
        aria_labelledby="rules",
    )


def _table(caption: str, pairs: list[tuple[ReportRule, RuleFigures]], total: int, noun: str) -> Safe:
    """The rules that fired, and a line with those that did not."""
    quiet = [rule.name for rule, told in pairs if not (told.fired or told.spared)]
    pairs = [(rule, told) for rule, told in pairs if told.fired or told.spared]
    largest = max((told.decided for _, told in pairs), default=0)
    rows: list[Row] = [
        (
            Cell(_named(rule, charts.part_bar(told.decided, largest, kind=_kind(rule))), rule.name.lower()),
            told.decided,
            Cell(share(told.decided, total), told.decided),
            told.alone,
            told.fired,
            told.unknown,
        )
        for rule, told in pairs
    ]
    columns = (
        Column("Rule", wide=True),
        Column(f"{noun.capitalize()}", numeric=True),
        Column("Share", numeric=True),
        Column("Only this rule", numeric=True),
        Column("Fired in all", numeric=True),
        Column("Facts unknown", numeric=True),
    )
    return join(
        table(caption, columns, rows, sortable=True, style="rules") if rows else None,
        tag("p", f"Did not fire: {listed(quiet)}.", class_="muted small") if quiet else None,
    )


def _tried(pairs: list[tuple[ReportRule, RuleFigures]], report: ScanReport) -> Safe:
    """Rules in shadow mode, apart, so that nobody takes them for what happened."""
    rows: list[Row] = []
    for rule, told in pairs:
        total = report.items.asked if rule.acts_on == "items" else report.verdicts.messages
        more = f"{number(told.would_change)} more {rule.acts_on}"
        rows.append(
            (
                Cell(_named(rule), rule.name.lower()),
                Cell(
                    f"would have {'dropped' if rule.acts_on == 'items' else 'kept back'} {more} "
                    f"({share(told.would_change, total)})",
                    told.would_change,
                ),
                told.tried,
            )
        )
    columns = (Column("Rule", wide=True), Column("If it were obeyed"), Column("Fired", numeric=True))
    return join(
        tag("h3", "In shadow: recorded, not obeyed"),
        table("Rules being tried", columns, rows, style="rules"),
    )


def _shares(report: ScanReport) -> Safe:
    """Every `max_share`, and what is left of it."""
    rows: list[Row] = [_share_row(report, told) for told in report.shares]
    columns = (
        Column("Limit", wide=True),
        Column("Now", numeric=True),
        Column("At most", numeric=True),
        Column("Room left"),
    )
    return join(
        tag("h3", "How near the limits are"),
        tag("p", "Of the whole campaign.", class_="scope muted small") if report.whole is not None else None,
        table("Shares that rules may act on (max_share)", columns, rows, style="rules"),
    )


def _share_row(report: ScanReport, told: Share) -> Row:
    rule = report.rule(told.rule) if told.rule else None
    name = (rule.name if rule else told.rule) or "Messages not sent now, by all rules together"
    left = told.max_share * told.total // SHARE_PARTS - told.acted_on
    allowed = told.max_share / SHARE_PARTS
    reached = told.acted_on / told.total if told.total else 0.0
    largest = max(allowed, reached, 0.0001)
    bar = charts.part_bar(round(reached * 1_000_000), round(largest * 1_000_000), kind="hold", limit=allowed / largest)
    words = f"passed by {number(-left)} {told.counts}" if told.passed else f"{number(max(0, left))} {told.counts}"
    return (
        Cell(join(tag("span", name, class_="name"), bar)),
        share(told.acted_on, told.total),
        parts_share(told.max_share),
        Cell(words, style="passed" if told.passed else None),
    )


def _named(rule: ReportRule, bar: Safe | None = None) -> Safe:
    return join(
        tag("span", rule.name, class_="name"),
        bar,
        tag("span", rule.sentence, " ", class_="muted small sentence-of-rule"),
        tag("code", rule.code, class_="code"),
    )


def _kind(rule: ReportRule) -> str:
    """The colour of what the rule does."""
    return "hold" if rule.effect.startswith("hold") else "suppress"

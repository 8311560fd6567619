"""Write what was short or missing, and what changed: stock budgets, unknown facts, ages of sources, the run before."""

from suppress.decisions.decision import Verdict
from suppress.decisions.report import ScanReport
from suppress.reports import charts
from suppress.reports.markup import Safe, join, tag
from suppress.reports.scope import scope
from suppress.reports.tables import Cell, Column, Row, table
from suppress.reports.words import age_sentence, changed_sentence, counted, number, share, source_name
from suppress.rules.wording import date_words

_VERBS = {Verdict.SEND: "go out", Verdict.HOLD: "wait", Verdict.SUPPRESS: "stay home"}


def budgets(report: ScanReport) -> Safe | None:
    """How stock was shared out; nothing when no rule limits it."""
    told = report.budgets
    if told is None:
        return None
    rows: list[Row] = [
        (
            Cell(join(tag("span", one.title or one.sku, class_="name"),
                      charts.part_bar(one.used, one.used + one.turned_away, kind="send"),
                      tag("code", one.sku, class_="code") if one.title else None), one.title or one.sku),
            one.budget,
            one.used,
            one.turned_away,
        )
        for one in told.scarce
    ]  # fmt: skip
    columns = (
        Column("Item", wide=True),
        Column("Places", numeric=True),
        Column("Used", numeric=True),
        Column("Turned away", numeric=True),
    )
    return tag(
        "section",
        tag("h2", "Stock shared out", id_="stock"),
        scope(report),
        tag(
            "p",
            f"{counted(told.skus, 'item')} had {counted(told.budget, 'place')} in messages; {number(told.used)} are "
            f"used ({share(told.used, told.budget)}). Of {counted(told.exhausted, 'item')} every place is taken, and "
            f"{counted(told.turned_away, 'candidate')} went without.",
        ),
        table(
            "Items that turned most away; the bar is the part of candidates that got a place",
            columns,
            rows,
            sortable=True,
            style="rules",
        )
        if rows
        else None,
        aria_labelledby="stock",
    )


def unknown(report: ScanReport) -> Safe | None:
    """What rules asked for and could not have, and how old every source was."""
    if not report.unknown and not report.sources:
        return None
    return tag(
        "section",
        tag("h2", "What nobody knew", id_="unknown"),
        scope(report),
        _unknown(report) if report.unknown else tag("p", "Every fact that rules asked for was known."),
        _sources(report) if report.sources else None,
        aria_labelledby="unknown",
    )


def _unknown(report: ScanReport) -> Safe:
    messages = report.verdicts.messages
    rows: list[Row] = [
        (
            Cell(tag("code", one.fact), one.fact),
            one.messages,
            Cell(share(one.messages, messages), one.messages),
            one.items if one.items else Cell("–", 0),
        )
        for one in report.unknown
    ]
    columns = (
        Column("Fact", wide=True),
        Column("Messages", numeric=True),
        Column("Share", numeric=True),
        Column("Items", numeric=True),
    )
    return join(
        tag("p", "Rules asked for these facts in vain. What they did then is what their “when_unknown” says."),
        table("Unknown facts", columns, rows, sortable=True),
    )


def _sources(report: ScanReport) -> Safe:
    rows: list[Row] = [
        (
            source_name(one.source),
            Cell(age_sentence(one), style="passed" if one.stale else None),
            date_words(one.as_of) if one.as_of else "–",
        )
        for one in report.sources
    ]
    columns = (Column("Source"), Column("Age when the last message was decided"), Column("Complete as of"))
    return table("How old the facts were", columns, rows)


def compared(report: ScanReport) -> Safe | None:
    """What changed since the run before; nothing without one."""
    before = report.previous
    if before is None:
        return None
    if before.fingerprint is None:
        rules = "What rules it went by is not known."
    elif before.fingerprint == report.fingerprint:
        rules = "Both runs went by the same rules."
    else:
        rules = "The rules are not the same as then."
    return tag(
        "section",
        tag("h2", "Since the run before", id_="previous"),
        scope(report),
        tag("p", f"{changed_sentence(report)} {rules}"),
        _moves(report),
        _rule_moves(report) if before.rules else None,
        aria_labelledby="previous",
    )


def _moves(report: ScanReport) -> Safe:
    assert report.previous is not None  # noqa: S101 - the caller has looked
    counts = {(move.before, move.now): move.messages for move in report.previous.moves}
    rows: list[Row] = [
        (
            f"then: {_VERBS[before]}",
            *(Cell(number(counts.get((before, now), 0)), style="same" if before is now else None) for now in Verdict),
        )
        for before in Verdict
    ]
    columns = (
        Column("Messages in both runs", wide=True),
        *(Column(f"now: {_VERBS[now]}", numeric=True) for now in Verdict),
    )
    return table("Verdicts then and now", columns, rows)


def _rule_moves(report: ScanReport) -> Safe:
    assert report.previous is not None  # noqa: S101 - the caller has looked
    rows: list[Row] = []
    for move in report.previous.rules:
        rule = report.rule(move.rule)
        change = (move.now or 0) - (move.before or 0)
        if move.before is None:
            note = "a new rule"
        elif move.now is None:
            note = "the rule is gone"
        else:
            note = f"{'▲' if change > 0 else '▼'} {number(abs(change))} {'more' if change > 0 else 'fewer'}"
        rows.append(
            (
                rule.name if rule else move.rule,
                Cell(number(move.before) if move.before is not None else "–", move.before or 0),
                Cell(number(move.now) if move.now is not None else "–", move.now or 0),
                Cell(note, abs(change)),
            )
        )
    columns = (
        Column("Rule", wide=True),
        Column("Then", numeric=True),
        Column("Now", numeric=True),
        Column("Change"),
    )
    return table("What rules decided then and now", columns, rows, sortable=True)

"""Turn an output folder into its ScanReport: what was decided, counted in SQL, with examples drawn from it.

Every figure is counted where the rows lie, in passes that keep a handful of groups; only what the report tells comes to
Python. No clock is asked: the ages of facts are those at the last instant a message was judged as of.
"""

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import duckdb

from suppress.decisions.decision import Verdict
from suppress.decisions.report import (
    Budget,
    Budgets,
    Comparison,
    ControlGroup,
    ReportContext,
    ReportRule,
    RuleFigures,
    RuleMove,
    ScanReport,
    Share,
    SourceAge,
    VerdictMove,
    Verdicts,
)
from suppress.facts.instants import from_us, to_us
from suppress.rules.compile import CompiledRule
from suppress.rules.ruleset import Effect
from suppress.scan.figures_counts import MessageCounts, groups, holds, item_counts, message_counts, unknown_facts
from suppress.scan.figures_examples import examples
from suppress.scan.figures_prices import count_skus, price_maps
from suppress.scan.sql import path

SCARCE: Final = 10
"""Skus whose budgets are told one by one."""

NUMBERED: Final = "file_row_number = true"

_NO_PRODUCTS: Final = """SELECT NULL::VARCHAR AS sku, NULL::VARCHAR AS title, NULL::VARCHAR AS category,
    NULL::BIGINT AS price_minor, NULL::VARCHAR AS currency WHERE FALSE"""


def scan_report(
    connection: duckdb.DuckDBPyConnection,
    out: Path,
    context: ReportContext,
    *,
    products: Path | None = None,
    budgets: Path | None = None,
    previous: Path | None = None,
) -> ScanReport:
    """The report of the tables in `out`.

    `products`: products.parquet of the facts folder, for titles, categories and prices. `budgets`: a Parquet file of
    sku, budget, used, turned_away. `previous`: the output folder of the run to compare with. Tables the connection
    makes meanwhile are temporary and gone afterwards.
    """
    _view(connection, "report_messages", f"SELECT * FROM read_parquet({path(out / 'messages.parquet')}, {NUMBERED})")
    _view(connection, "report_items", f"SELECT * FROM read_parquet({path(out / 'items.parquet')}, {NUMBERED})")
    _view(
        connection,
        "report_products",
        f"SELECT sku, title, category, price_minor, currency FROM read_parquet({path(products)})"
        if products is not None and products.exists()
        else _NO_PRODUCTS,
    )
    count_skus(connection)
    try:
        return _report(connection, context, budgets=budgets, previous=previous)
    finally:
        for view in ("report_messages", "report_items", "report_products", "report_before"):
            connection.execute(f"DROP VIEW IF EXISTS {view}")
        for table in ("report_skus", "report_dropped", "report_codes"):
            connection.execute(f"DROP TABLE IF EXISTS {table}")


def shares_told(
    connection: duckdb.DuckDBPyConnection, messages: str, items: str, context: ReportContext
) -> tuple[Verdicts, tuple[Share, ...]]:
    """What a report says of verdicts and shares, and no more, of SELECTs of rows of the two tables.

    Items are gone through only where a rule that drops them has a `max_share`.
    """
    _view(connection, "report_messages", messages)
    _view(connection, "report_items", items)
    try:
        told = message_counts(connection, context)
        asked, figures = 0, dict(told.figures)
        if any(rule.max_share is not None and rule.acts_on == "items" for rule in context.rules):
            counted = item_counts(connection, context, shown=told.shown)
            asked, figures = counted.items.asked, {**counted.figures, **figures}
        every = tuple(figures.get(rule.id, RuleFigures(rule=rule.id)) for rule in context.rules)
        return told.verdicts, _shares(context, told.verdicts, asked, every)
    finally:
        for view in ("report_messages", "report_items"):
            connection.execute(f"DROP VIEW IF EXISTS {view}")


def rules_of(rules: Iterable[CompiledRule]) -> tuple[ReportRule, ...]:
    """Compiled rules as a report tells them, in file order."""
    return tuple(
        ReportRule(
            id=rule.id,
            code=rule.code,
            acts_on="messages" if rule.effect in (Effect.SUPPRESS_MESSAGE, Effect.HOLD_MESSAGE) else "items",
            effect=rule.effect.value,
            mode=rule.mode,
            sentence=rule.sentence,
            title=rule.title,
            max_share=rule.max_share,
        )
        for rule in sorted(rules, key=lambda rule: rule.number)
    )


def _report(
    connection: duckdb.DuckDBPyConnection, context: ReportContext, *, budgets: Path | None, previous: Path | None
) -> ScanReport:
    messages = message_counts(connection, context)
    items = item_counts(connection, context, shown=messages.shown)
    figures = tuple(
        {**items.figures, **messages.figures}.get(rule.id, RuleFigures(rule=rule.id)) for rule in context.rules
    )
    told, sample = examples(connection, messages.from_us, messages.to_us)
    report = ScanReport(
        ruleset=context.ruleset,
        fingerprint=context.fingerprint,
        campaign=context.campaign,
        engine=context.engine,
        as_of_from=None if messages.from_us is None else from_us(messages.from_us),
        as_of_to=None if messages.to_us is None else from_us(messages.to_us),
        verdicts=messages.verdicts,
        customers=messages.customers,
        unknown_customers=messages.unknown_customers,
        items=items.items,
        rules=context.rules,
        figures=figures,
        shares=_shares(context, messages.verdicts, items.items.asked, figures),
        prices=price_maps(connection),
        prevented=told,
        budgets=_budgets(connection, budgets),
        unknown=unknown_facts(connection),
        sources=_sources(context, messages.to_us),
        control=_control(context, messages, items.spared),
        holds=holds(connection),
        campaigns=groups(connection, "campaign_id", messages.verdicts),
        channels=groups(connection, "channel", messages.verdicts),
        sample=sample,
        decided_anew=context.decided_anew,
    )
    return report if previous is None else _compared(connection, report, previous)


def _shares(
    context: ReportContext, verdicts: Verdicts, items: int, figures: tuple[RuleFigures, ...]
) -> tuple[Share, ...]:
    """The ruleset's share first, then those of its rules in file order."""
    shares = []
    if context.max_share is not None:
        silent = verdicts.hold + verdicts.suppress
        shares.append(
            Share(rule=None, counts="messages", acted_on=silent, total=verdicts.messages, max_share=context.max_share)
        )
    for rule, counted in zip(context.rules, figures, strict=True):
        if rule.max_share is not None:
            total = items if rule.acts_on == "items" else verdicts.messages
            shares.append(
                Share(rule=rule.id, counts=rule.acts_on, acted_on=counted.fired, total=total, max_share=rule.max_share)
            )
    return tuple(shares)


def _sources(context: ReportContext, last_us: int | None) -> tuple[SourceAge, ...]:
    return tuple(
        SourceAge(
            source=source,
            as_of=at,
            age_us=None if at is None or last_us is None else max(0, last_us - to_us(at)),
            max_age_us=context.max_age_us.get(source),
        )
        for source, at in context.facts_as_of.items()
    )


def _control(context: ReportContext, messages: MessageCounts, items_spared: int) -> ControlGroup | None:
    if not context.control_group:
        return None
    return ControlGroup(
        share=context.control_group,
        customers=messages.control_customers,
        messages=messages.control_messages,
        messages_spared=messages.spared,
        items_spared=items_spared,
    )


def _budgets(connection: duckdb.DuckDBPyConnection, budgets: Path | None) -> Budgets | None:
    if budgets is None or not budgets.exists():
        return None
    table = f"read_parquet({path(budgets)})"
    skus, budget, used, turned_away, exhausted = _one(
        connection,
        f"""SELECT count(*), sum(budget), sum(used), sum(turned_away), count(*) FILTER (used >= budget)
            FROM {table}""",
    )
    scarce = connection.execute(
        f"""SELECT sku, title, budget, used, turned_away FROM {table} LEFT JOIN report_products USING (sku)
            ORDER BY turned_away DESC, used DESC, sku LIMIT {SCARCE}"""
    ).fetchall()
    return Budgets(
        skus=skus,
        budget=int(budget or 0),
        used=int(used or 0),
        turned_away=int(turned_away or 0),
        exhausted=exhausted,
        scarce=tuple(
            Budget(sku=sku, title=title, budget=of, used=taken, turned_away=away)
            for sku, title, of, taken, away in scarce
        ),
    )


def _compared(connection: duckdb.DuckDBPyConnection, report: ScanReport, previous: Path) -> ScanReport:
    """The report with what changed since the run in that folder."""
    _view(
        connection,
        "report_before",
        f"SELECT message_id, verdict FROM read_parquet({path(previous / 'messages.parquet')})",
    )
    moves = connection.execute(
        """SELECT earlier.verdict, now.verdict, count(*)
           FROM report_messages AS now FULL JOIN report_before AS earlier USING (message_id) GROUP BY ALL"""
    ).fetchall()
    both = {(before, now): count for before, now, count in moves if before and now}
    told = _told(previous)
    before = Verdicts(
        **{verdict.value: sum(count for earlier, _, count in moves if earlier == verdict) for verdict in Verdict}
    )
    return replace(
        report,
        previous=Comparison(
            ruleset=told.ruleset if told else None,
            fingerprint=told.fingerprint if told else None,
            as_of=told.as_of_to if told else None,
            verdicts=before,
            items=told.items if told else None,
            moves=tuple(
                VerdictMove(before=earlier, now=now, messages=both[earlier, now])
                for earlier in Verdict
                for now in Verdict
                if (earlier, now) in both
            ),
            new=sum(count for earlier, _, count in moves if earlier is None),
            gone=sum(count for _, now, count in moves if now is None),
            rules=_rule_moves(told, report) if told else (),
        ),
    )


def _told(previous: Path) -> ScanReport | None:
    """The report of that run; None when it left none that can be read."""
    try:
        return ScanReport.from_dict(json.loads((previous / "report.json").read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None


def _rule_moves(before: ScanReport, now: ScanReport) -> tuple[RuleMove, ...]:
    """Rules that decide more or less than before, in file order; those that are gone stand last."""
    earlier = {figures.rule: figures.decided for figures in before.figures}
    later = {figures.rule: figures.decided for figures in now.figures}
    return tuple(
        RuleMove(rule=rule, before=earlier.get(rule), now=later.get(rule))
        for rule in dict.fromkeys([*later, *earlier])
        if earlier.get(rule) != later.get(rule)
    )


def _view(connection: duckdb.DuckDBPyConnection, view: str, query: str) -> None:
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {view} AS {query}")


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    row: tuple[Any, ...] | None = connection.execute(query).fetchone()
    return row or ()

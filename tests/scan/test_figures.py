"""An output folder becomes the right figures: each counted by hand here, all of them once in a golden report."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from suppress.decisions.decision import Mode, Verdict
from suppress.decisions.report import ReportContext, ReportRule, RuleFigures, RuleMove, ScanReport, VerdictMove
from suppress.scan.figures import scan_report
from suppress.scan.figures_prices import round_edges
from tests.reports.output import clue, reason, write_output, write_table

GOLDEN = Path(__file__).parent / "golden" / "report.json"
AS_OF = "2026-11-22T09:00:00Z"
BOUGHT = reason("already-bought", "recently_purchased")
SOLD_OUT = reason("sold-out", "out_of_stock")
SOLD_OUT_UNKNOWN = reason("sold-out", "out_of_stock", outcome="unknown")
TRIED = reason("too-dear", "price_out_of_range", mode="shadow")
SPARED = reason("already-bought", "recently_purchased", mode="shadow")
NO_CONSENT = reason("no-consent", "no_consent")
NIGHT = reason("night", "quiet_hours")
CAP_SPARED = reason("night", "quiet_hours", mode="shadow")


def rule(id_: str, code: str, acts_on: str = "items", **others: Any) -> ReportRule:
    """A rule of the report; enforced unless said otherwise."""
    given = {"effect": "drop: item", "mode": Mode.ENFORCE, "sentence": f"Sentence of {id_}."}
    return ReportRule(id=id_, code=code, acts_on=acts_on, **(given | others))


CONTEXT = ReportContext(
    ruleset="shop",
    fingerprint="sha256:abc",
    rules=(
        rule("already-bought", "recently_purchased", title="Has it already", max_share=3000),
        rule("sold-out", "out_of_stock"),
        rule("too-dear", "price_out_of_range", mode=Mode.SHADOW),
        rule("never-fires", "restricted"),
        rule("no-consent", "no_consent", "messages", effect="suppress: message"),
        rule("night", "quiet_hours", "messages", effect="hold: message", max_share=2000),
    ),
    facts_as_of={
        "orders": datetime(2026, 11, 22, 8, tzinfo=UTC),
        "stock": datetime(2026, 11, 21, 9, tzinfo=UTC),
        "feedback": None,
    },
    max_age_us={"stock": 6 * 3_600_000_000, "orders": 24 * 3_600_000_000},
    control_group=500,
    max_share=5000,
    campaign="winter",
)

MESSAGES = [
    {"message_id": "m-1", "customer_id": "c-1", "channel": "email", "items_asked": 2, "items_kept": 1,
     "items_dropped": 1},
    {"message_id": "m-2", "customer_id": "c-2", "channel": "email", "verdict": "suppress", "rule": "no-consent",
     "code": "no_consent", "reasons": [NO_CONSENT, NIGHT], "items_kept": 2},
    {"message_id": "m-3", "customer_id": "c-3", "channel": "sms", "verdict": "hold", "rule": "night",
     "code": "quiet_hours", "reasons": [NIGHT], "hold_until": "2026-11-23T07:00:00Z", "items_kept": 1},
    {"message_id": "m-4", "customer_id": "c-1", "channel": "email", "control_group": True, "reasons": [CAP_SPARED],
     "items_kept": 2},
    {"message_id": "m-5", "customer_id": None, "channel": "email", "unknown": ["customer.time_zone"], "items_kept": 1,
     "as_of": "2026-11-22T10:00:00Z"},
]  # fmt: skip

ITEMS = [
    {"message_id": "m-1", "customer_id": "c-1", "position": 1, "sku": "A", "verdict": "drop", "rule": "already-bought",
     "code": "recently_purchased", "reasons": [BOUGHT, SOLD_OUT_UNKNOWN], "replaced_by": "R",
     "eligible_again_at": "2027-01-01T00:00:00Z", "unknown": ["stock.available_units"],
     "evidence": [clue("bought.sku", "2", "2026-11-20T10:00:00Z"), clue("stock.available_units", None)]},
    {"message_id": "m-1", "customer_id": "c-1", "position": 2, "sku": "B", "shown": True, "reasons": [TRIED],
     "unknown": ["stock.available_units"]},
    {"message_id": "m-1", "customer_id": "c-1", "position": 3, "sku": "R", "is_replacement": True, "shown": True},
    {"message_id": "m-2", "customer_id": "c-2", "position": 1, "sku": "A", "verdict": "drop", "rule": "sold-out",
     "code": "out_of_stock", "reasons": [SOLD_OUT, TRIED],
     "evidence": [clue("stock.available_units", "0", "2026-11-21T09:00:00Z")]},
    {"message_id": "m-3", "customer_id": "c-3", "position": 1, "sku": "C", "shown": True},
    {"message_id": "m-4", "customer_id": "c-1", "position": 1, "sku": "A", "shown": True, "reasons": [SPARED]},
    {"message_id": "m-4", "customer_id": "c-1", "position": 2, "sku": "D", "shown": True},
    {"message_id": "m-5", "customer_id": None, "position": 1, "sku": "D", "shown": True},
]  # fmt: skip

PRODUCTS = [
    {"sku": "A", "title": "Blue mattress", "category": "home/bedroom", "price_minor": 89900, "currency": "CHF"},
    {"sku": "B", "title": "Lamp", "category": "home/light", "price_minor": 4500, "currency": "CHF"},
    {"sku": "C", "title": "Knife", "category": "home/kitchen", "price_minor": 9900, "currency": "JPY"},
    {"sku": "D", "title": "Mystery", "category": None},
    {"sku": "R", "title": "Red pillow", "category": "home/bedroom", "price_minor": 3900, "currency": "CHF"},
]


@pytest.fixture
def connection() -> Any:
    """DuckDB in memory."""
    with duckdb.connect() as connection:
        yield connection


@pytest.fixture
def report(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> ScanReport:
    """The report of the small campaign above."""
    return scan_report(
        connection,
        write_output(tmp_path / "out", MESSAGES, ITEMS),
        CONTEXT,
        products=write_table(tmp_path / "products.parquet", "products", PRODUCTS),
        budgets=write_table(
            tmp_path / "budgets.parquet",
            "budgets",
            [
                {"sku": "A", "budget": 3, "used": 3, "turned_away": 4},
                {"sku": "Z", "budget": 5, "used": 2, "turned_away": 0},
            ],
        ),
    )


def test_report_json_is_the_golden_one(report: ScanReport) -> None:
    """Everything the report says of the small campaign; SUPPRESS_REWRITE=1 writes it anew."""
    told = json.dumps(report.to_dict(), indent=1, ensure_ascii=False) + "\n"
    if os.environ.get("SUPPRESS_REWRITE"):
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(told, encoding="utf-8")

    assert GOLDEN.read_text(encoding="utf-8") == told


def test_report_json_reads_back(report: ScanReport) -> None:
    """What was written is what is read."""
    assert report == ScanReport.from_dict(json.loads(json.dumps(report.to_dict())))


def test_verdicts_and_customers(report: ScanReport) -> None:
    """Messages by verdict; customers once, whoever is unknown apart."""
    assert (3, 1, 1) == (report.verdicts.send, report.verdicts.hold, report.verdicts.suppress)
    assert (3, 1) == (report.customers, report.unknown_customers)
    assert (datetime(2026, 11, 22, 9, tzinfo=UTC), datetime(2026, 11, 22, 10, tzinfo=UTC)) == (
        report.as_of_from,
        report.as_of_to,
    )


def test_items_are_candidates_and_shown_are_those_that_go_out(report: ScanReport) -> None:
    """Replacements are no candidates; what a held message shows is not shown yet."""
    items = report.items

    assert (7, 5, 2, 1, 1) == (items.asked, items.kept, items.dropped, items.replaced, items.replacements_tried)
    assert 1 + 2 + 1 == items.shown


@pytest.mark.parametrize(
    "expected",
    [
        RuleFigures(rule="already-bought", decided=1, fired=1, spared=1),
        RuleFigures(rule="sold-out", decided=1, fired=2, alone=1, unknown=1),
        RuleFigures(rule="too-dear", tried=2, would_change=1),
        RuleFigures(rule="never-fires"),
        RuleFigures(rule="no-consent", decided=1, fired=1),
        RuleFigures(rule="night", decided=1, fired=2, alone=1, spared=1),
    ],
    ids=lambda expected: expected.rule,
)
def test_figures_of_a_rule(report: ScanReport, expected: RuleFigures) -> None:
    """What decided, fired, was alone, rested on unknown facts, was only tried, and was spared the control group."""
    assert expected in report.figures


def test_shares_are_held_against_what_they_bound(report: ScanReport) -> None:
    """The ruleset's bounds messages not sent, a rule's what it acts on; fired counts, not decided."""
    assert [(None, 2, 5, False), ("already-bought", 1, 7, False), ("night", 2, 5, True)] == [
        (share.rule, share.acted_on, share.total, share.passed) for share in report.shares
    ]


def test_price_maps_keep_currencies_apart(report: ScanReport) -> None:
    """A map per currency; items without a price stand in the first one."""
    chf, jpy = report.prices
    cells = {row.category: (row.cells, row.unpriced) for row in chf.rows}

    assert ("CHF", "JPY") == (chf.currency, jpy.currency)
    assert (3, 2) == (sum(cell.asked for cell in cells["home/bedroom"][0]), cells["home/bedroom"][0][-1].dropped)
    assert 2 == cells[None][1].asked
    assert {"home/kitchen"} == {row.category for row in jpy.rows}


def test_prevented_tells_the_worst_first_and_each_customer_once(report: ScanReport) -> None:
    """A dear thing bought two days ago comes first, with what was shown instead; unwanted messages follow."""
    first, *others = report.prevented

    assert ("m-1", "A", "Blue mattress", 89900, "Red pillow") == (
        first.message_id,
        first.sku,
        first.title,
        first.price_minor,
        first.replaced_by_title,
    )
    assert datetime(2026, 11, 20, 10, tzinfo=UTC) == first.clues[0].at
    assert {"m-2", "m-3"} == {one.message_id for one in others}


def test_a_purchase_is_as_old_as_it_was_at_its_own_message(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """Bought a day before a message of last month is worse than a week before one of today, whoever comes first."""
    times = {
        "now": ("2026-11-22T09:00:00Z", "2026-11-15T09:00:00Z"),
        "then": ("2026-10-22T09:00:00Z", "2026-10-21T09:00:00Z"),
    }
    messages = [{"message_id": name, "customer_id": name, "as_of": as_of} for name, (as_of, _) in times.items()]
    items = [
        {"message_id": name, "customer_id": name, "position": 1, "sku": sku, "verdict": "drop",
         "rule": "already-bought", "code": "recently_purchased", "reasons": [BOUGHT],
         "evidence": [clue("bought.sku", "1", bought)]}
        for (name, (_, bought)), sku in zip(times.items(), ("A", "B"), strict=True)
    ]  # fmt: skip
    report = scan_report(connection, write_output(tmp_path / "out", messages, items), CONTEXT)

    assert ["then", "now"] == [one.message_id for one in report.prevented]


def test_unknown_facts_count_messages_once(report: ScanReport) -> None:
    """Two items of one message that lack a fact are one message and two items."""
    assert [("customer.time_zone", 1, 0), ("stock.available_units", 1, 2)] == [
        (one.fact, one.messages, one.items) for one in report.unknown
    ]


def test_sources_have_an_age_and_a_limit(report: ScanReport) -> None:
    """Ages are those at the last message; beyond the limit a source is stale, and one never loaded has no age."""
    assert [("orders", 2, False), ("stock", 25, True), ("feedback", None, False)] == [
        (one.source, None if one.age_us is None else one.age_us // 3_600_000_000, one.stale) for one in report.sources
    ]


def test_control_group_is_counted(report: ScanReport) -> None:
    """Its customers, messages, and what they got that others would not have."""
    group = report.control

    assert group is not None
    assert (500, 1, 1, 1, 1) == (
        group.share, group.customers, group.messages, group.messages_spared, group.items_spared
    )  # fmt: skip


def test_budgets_are_added_up(report: ScanReport) -> None:
    """Places, those used, those turned away; the scarcest first."""
    budgets = report.budgets

    assert budgets is not None
    assert (2, 8, 5, 4, 1) == (budgets.skus, budgets.budget, budgets.used, budgets.turned_away, budgets.exhausted)
    assert [("A", "Blue mattress"), ("Z", None)] == [(one.sku, one.title) for one in budgets.scarce]


def test_sample_has_messages_and_items_with_all_their_rules(report: ScanReport) -> None:
    """All that was held back, when there is little of it."""
    rows = {(row.message_id, row.sku): row for row in report.sample.rows}

    assert 4 == report.sample.total
    assert {("m-1", "A"), ("m-2", None), ("m-2", "A"), ("m-3", None)} == set(rows)
    assert ("sold-out",) == rows["m-1", "A"].also
    assert datetime(2026, 11, 23, 7, tzinfo=UTC) == rows["m-3", None].again_at


def test_comparison_counts_moves_new_and_gone(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """Messages by verdict then and now, those only one run has, and what each rule decides more or less."""
    before = write_output(
        tmp_path / "before",
        [
            {"message_id": "m-1"},
            {"message_id": "m-2", "verdict": "hold", "rule": "night", "code": "quiet_hours", "reasons": [NIGHT]},
            {"message_id": "m-0", "verdict": "suppress", "rule": "old", "code": "restricted"},
        ],
    )
    (before / "report.json").write_text(json.dumps(scan_report(connection, before, CONTEXT).to_dict()))
    now = scan_report(connection, write_output(tmp_path / "out", MESSAGES, ITEMS), CONTEXT, previous=before)

    assert now.previous is not None
    assert (1, 3, 1) == (now.previous.changed, now.previous.new, now.previous.gone)
    assert VerdictMove(before=Verdict.HOLD, now=Verdict.SUPPRESS, messages=1) in now.previous.moves
    assert RuleMove(rule="no-consent", before=0, now=1) in now.previous.rules
    assert "sha256:abc" == now.previous.fingerprint


def test_a_previous_run_without_a_report_is_compared_by_its_tables(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """Verdicts are compared; what rules it had nobody can say."""
    before = write_output(tmp_path / "before", [{"message_id": "m-1", "verdict": "suppress"}])
    now = scan_report(connection, write_output(tmp_path / "out", MESSAGES, ITEMS), CONTEXT, previous=before)

    assert now.previous is not None
    assert (1, 4, None, ()) == (
        now.previous.changed,
        now.previous.new,
        now.previous.fingerprint,
        now.previous.rules,
    )


def test_nothing_to_decide_is_a_report_too(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """No message, no item, no products: every figure is nought and nothing fails."""
    report = scan_report(connection, write_output(tmp_path / "out", [], []), CONTEXT)

    assert 0 == report.verdicts.messages == report.items.asked == len(report.sample.rows)
    assert (None, ()) == (report.as_of_to, report.prices)


def test_what_the_connection_had_it_keeps(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """No view or table is left behind."""
    scan_report(connection, write_output(tmp_path / "out", MESSAGES, ITEMS), CONTEXT)

    assert [] == connection.execute("SHOW TABLES").fetchall()


def test_a_path_with_a_quote_is_a_path(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """A folder's name never becomes part of a query."""
    report = scan_report(connection, write_output(tmp_path / "it is o", MESSAGES, ITEMS), CONTEXT)
    (tmp_path / "it is o").rename(tmp_path / "it's")

    assert report == scan_report(connection, tmp_path / "it's", CONTEXT)


@pytest.mark.parametrize(
    ("low", "high", "edges"),
    [
        (1990, 89900, (2000, 5000, 10000, 20000, 50000)),
        (1, 1_000_000, (1, 20, 1000, 50000, 1_000_000)),
        (3000, 4000, (4000,)),
        (0, 0, (1,)),
    ],
)
def test_price_bands_are_round(low: float, high: float, edges: tuple[int, ...]) -> None:
    """Ones, twos and fives with zeros, at most five of them."""
    assert edges == round_edges(low, high)


@pytest.mark.parametrize("wrong", [{}, {"format": 2}, {"format": 1}, {"format": 1, "verdicts": 3}])
def test_a_report_of_another_kind_is_refused(wrong: dict[str, Any]) -> None:
    """What is no report of this format is a ValueError, not half a report."""
    with pytest.raises(ValueError, match=r"no report of format|no ScanReport"):
        ScanReport.from_dict(wrong)

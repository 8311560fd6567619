"""Make the output of a campaign that never was, of any size: a home and fashion shop's letter before Christmas.

    python -m tests.reports.example FOLDER [MESSAGES]

writes messages.parquet, items.parquet, products.parquet, budgets.parquet, the run before in FOLDER/previous, and the
report of it all. The same size gives the same tables.
"""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from suppress.decisions.decision import Mode
from suppress.decisions.report import ReportContext, ReportRule, ScanReport
from suppress.reports.html import render
from suppress.scan.figures import scan_report
from tests.reports.output import COLUMNS

MESSAGES = 20_000
AS_OF = "2026-11-22 16:00:00+00"
_HOUR_US = 3_600_000_000

KINDS: tuple[tuple[str, str, tuple[str, ...], int, int, int | None], ...] = (
    # category, noun, makes, cheapest and dearest price in minor units, days one unit lasts
    ("home/bedroom/mattresses", "mattress", ("Cloud", "Alpine", "Nordic", "Studio"), 29900, 189900, None),
    ("home/bedroom/duvets", "duvet", ("Feather", "Merino", "Summer", "Winter"), 4900, 39900, None),
    ("home/bedroom/lamps", "bedside lamp", ("Moon", "Paper", "Brass", "Opal"), 1900, 14900, None),
    ("home/kitchen/knives", "chef’s knife", ("Santoku", "Forged", "Ceramic"), 2400, 24900, None),
    ("home/kitchen/coffee", "coffee beans 1 kg", ("House", "Dark", "Ethiopian", "Decaf"), 1290, 3890, 30),
    ("home/appliances/washing-machines", "washing machine", ("Silent", "Compact", "Family"), 39900, 149900, None),
    ("home/garden/furniture", "garden chair", ("Folding", "Teak", "Rattan"), 3900, 49900, None),
    ("fashion/women/dresses", "dress", ("Linen", "Wrap", "Midi", "Velvet"), 3900, 24900, None),
    ("fashion/women/shoes", "ankle boots", ("Suede", "Chelsea", "Lined"), 5900, 28900, None),
    ("fashion/men/jackets", "rain jacket", ("Trail", "City", "Harbour"), 6900, 39900, None),
    ("fashion/men/shirts", "shirt", ("Oxford", "Flannel", "Poplin"), 2900, 11900, None),
    ("kids/toys/building-blocks", "building blocks", ("Castle", "Harbour", "Farm"), 990, 14900, None),
    ("beauty/care/shampoo", "shampoo 300 ml", ("Nettle", "Almond", "Sea"), 590, 2990, 45),
    ("electronics/audio/headphones", "headphones", ("Studio", "Run", "Quiet"), 2900, 44900, None),
)
COLOURS = ("blue", "sand", "forest", "charcoal", "rust", "white", "rose", "ink")

RULES = (
    ReportRule(id="recalled", code="recalled", acts_on="items", effect="drop: item", mode=Mode.ENFORCE,
               title="Recalled for safety", sentence="Drop an item when its status is recalled."),
    ReportRule(id="sold-out", code="out_of_stock", acts_on="items", effect="drop: item", mode=Mode.ENFORCE,
               title="Nothing to deliver", max_share=1500,
               sentence="Drop an item when fewer than 1 unit of it is available, or nobody knows how many are."),
    ReportRule(id="last-few", code="low_stock", acts_on="items", effect="drop: item", mode=Mode.ENFORCE,
               title="Too few left for an e-mail or an advert",
               sentence="Drop an item when the channel is email or advert and 1 to 4 units of it are available."),
    ReportRule(id="already-bought", code="recently_purchased", acts_on="items", effect="drop: item",
               mode=Mode.ENFORCE, title="The customer has this already", max_share=1200,
               sentence="Drop an item when the customer bought the same style within the last 365 days."),
    ReportRule(id="not-used-up-yet", code="not_yet_due", acts_on="items", effect="drop: item", mode=Mode.ENFORCE,
               title="What the customer bought is not used up yet",
               sentence="Drop an item that is used up when the customer has not used up what they bought."),
    ReportRule(id="one-is-enough", code="one_is_enough", acts_on="items", effect="drop: item", mode=Mode.ENFORCE,
               title="The household has one, and nobody needs two",
               sentence="Drop an item when the household bought one of the same category within the last 8 years."),
    ReportRule(id="enough-of-this-brand", code="recent_buyer", acts_on="items", effect="drop: item",
               mode=Mode.SHADOW, title="The customer just bought a lot of this brand",
               sentence="Drop an item when the customer bought 3 or more units of its brand within the last 7 days."),
    ReportRule(id="no-consent", code="no_consent", acts_on="messages", effect="suppress: message",
               mode=Mode.ENFORCE, title="The customer has not agreed to this channel", max_share=2000,
               sentence="Suppress a message when the customer has not agreed to its channel."),
    ReportRule(id="weekly-cap", code="frequency_capped", acts_on="messages", effect="suppress: message",
               mode=Mode.ENFORCE, title="Enough letters for this week",
               sentence="Suppress a message when 3 or more were sent to the customer within the last 7 days."),
    ReportRule(id="too-few-items", code="too_few_items", acts_on="messages", effect="suppress: message",
               mode=Mode.ENFORCE, title="Too little left of the e-mail",
               sentence="Suppress an e-mail when fewer than 3 items of it are kept."),
    ReportRule(id="night", code="quiet_hours", acts_on="messages", effect="hold: message", mode=Mode.ENFORCE,
               title="It is night where the customer lives",
               sentence="Hold a message until 08:00 when it is between 21:00 and 08:00 where the customer lives."),
)  # fmt: skip

CONTEXT = ReportContext(
    ruleset="retail-default",
    fingerprint="sha256:2f5c1a9be0c7f2d1b64e3f6a7ad0c1f4d3f0a1be55aa90b7",
    rules=RULES,
    facts_as_of={
        "products": datetime(2026, 11, 22, 3, 0, tzinfo=UTC),
        "orders": datetime(2026, 11, 22, 14, 45, tzinfo=UTC),
        "stock": datetime(2026, 11, 22, 8, 30, tzinfo=UTC),
        "customers": datetime(2026, 11, 21, 23, 0, tzinfo=UTC),
        "sent": datetime(2026, 11, 22, 15, 50, tzinfo=UTC),
        "feedback": None,
    },
    max_age_us={"stock": 6 * _HOUR_US, "orders": 24 * _HOUR_US},
    control_group=500,
    max_share=4000,
    campaign="christmas-letter",
)


def write_example(folder: Path, messages: int = MESSAGES, products: int = 2_000) -> Path:
    """The folder with the tables of the run; the run before it is in its `previous`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "previous").mkdir(exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute(
            "SET TimeZone = 'UTC'; SET preserve_insertion_order = false; SET threads = 2; SET memory_limit = '5GB'"
        )
        connection.execute("CREATE MACRO drawn(seed) AS (md5_number_lower(seed) >> 12)::BIGINT")
        connection.execute(f"CREATE TABLE products ({COLUMNS['products']})")
        connection.execute(_products_sql(), {"products": products})
        connection.execute(f"COPY products TO '{folder}/products.parquet' (FORMAT parquet)")
        for run, salt in ((folder / "previous", "before"), (folder, "now")):
            _write_run(connection, run, messages, products, salt)
        connection.execute(
            f"""COPY (
                SELECT sku, n AS budget, least(n, asked) AS used, greatest(asked - n, 0) AS turned_away
                FROM (SELECT sku, count(*) AS asked, 1 + drawn(sku) % {max(2, messages // 120)} AS n
                      FROM items WHERE verdict = 'keep' GROUP BY sku) ORDER BY sku LIMIT 400
            ) TO '{folder}/budgets.parquet' (FORMAT parquet)"""
        )
    return folder


def _products_sql() -> str:
    kinds = ", ".join(
        f"({number}, '{category}', '{noun}', {list(makes)!r}, {low}, {high}, {days or 'NULL'})"
        for number, (category, noun, makes, low, high, days) in enumerate(KINDS)
    )
    return f"""
        INSERT INTO products
        WITH kinds(kind, category, noun, makes, low, high, days) AS (VALUES {kinds}),
        draws AS (SELECT i, drawn('p' || i) AS draw FROM range($products) AS r(i))
        SELECT printf('SKU-%06d', i), printf('G-%05d', i // 4),
            makes[1 + draw % len(makes)] || ' ' || noun || ', '
                || {list(COLOURS)!r}[1 + (draw // 8) % {len(COLOURS)}],
            category, 'Brand ' || (draw // 64) % 40, CASE WHEN draw % 211 = 0 THEN 'recalled' ELSE 'active' END, days,
            CASE WHEN draw % 97 = 0 THEN NULL
                 ELSE (low + (high - low) * pow((draw // 1024) % 1000 / 1000.0, 2.2))::BIGINT // 10 * 10 END,
            CASE WHEN draw % 53 = 0 THEN 'EUR' ELSE 'CHF' END, NULL, NULL
        FROM draws JOIN kinds ON kind = draw % {len(KINDS)} ORDER BY i"""


def _write_run(connection: duckdb.DuckDBPyConnection, run: Path, messages: int, products: int, salt: str) -> None:
    connection.execute(
        f"""CREATE OR REPLACE TABLE heads AS
        SELECT i, printf('m-%07d', i) AS message_id,
            CASE WHEN draw % 500 = 0 THEN NULL ELSE printf('c-%06d', draw % {messages}) END AS customer_id,
            CASE draw % 10 WHEN 0 THEN 'push' WHEN 1 THEN 'sms' ELSE 'email' END AS channel,
            CASE (draw // 16) % 5 WHEN 0 THEN 'christmas-last-call' WHEN 1 THEN 'new-in' ELSE 'christmas-letter' END
                AS campaign_id,
            TIMESTAMPTZ '{AS_OF}' + INTERVAL 1 MINUTE * ((draw // 128) % 90)::INTEGER AS as_of,
            drawn('{salt}' || i // 9 * 9 || 'x' || i) % 10000 AS u, (draw // 1024) % 10000 AS steady,
            (draw // 4096) % 20 = 0 AS control_group
        FROM (SELECT i, drawn('m' || i) AS draw FROM range({messages}) AS r(i))"""
    )
    connection.execute(
        f"""CREATE OR REPLACE TABLE items AS
        WITH pairs AS (
            SELECT heads.*, position::INTEGER AS position, position > 6 AS is_replacement,
                drawn('i' || i || '-' || position) AS draw,
                drawn('{salt}' || i || '-' || position) % 10000 AS v
            FROM heads, range(1, 8) AS r(position)),
        priced AS (SELECT pairs.*, products.* EXCLUDE (attributes, bundle_of)
            FROM pairs JOIN products ON sku = printf('SKU-%06d', (draw % {products}) * (draw // 65536 % {products})
                // {products})
            WHERE NOT is_replacement OR u % 3 = 0),
        judged AS (SELECT *, list_filter([
            CASE WHEN status = 'recalled' THEN {{"rule": 'recalled', code: 'recalled', outcome: 'true'}} END,
            CASE WHEN v < 420 OR (drawn(sku) % 23 = 0 AND v < 7000) THEN
                {{"rule": 'sold-out', code: 'out_of_stock',
                  outcome: CASE WHEN v < 60 THEN 'unknown' ELSE 'true' END}} END,
            CASE WHEN v BETWEEN 420 AND 600 THEN {{"rule": 'last-few', code: 'low_stock', outcome: 'true'}} END,
            CASE WHEN (draw // 9) % 10000 < 700 AND replenish_days IS NULL THEN
                {{"rule": 'already-bought', code: 'recently_purchased', outcome: 'true'}} END,
            CASE WHEN (draw // 9) % 10000 < 1500 AND replenish_days IS NOT NULL THEN
                {{"rule": 'not-used-up-yet', code: 'not_yet_due', outcome: 'true'}} END,
            CASE WHEN (draw // 11) % 10000 < 2500 AND category IN ('home/bedroom/mattresses',
                    'home/appliances/washing-machines') THEN
                {{"rule": 'one-is-enough', code: 'one_is_enough', outcome: 'true'}} END,
            CASE WHEN v BETWEEN 3000 AND 3240 THEN
                {{"rule": 'enough-of-this-brand', code: 'recent_buyer', outcome: 'true'}} END
            ], lambda r: r IS NOT NULL) AS fired FROM priced),
        moded AS (SELECT *, list_transform(fired, lambda r: {{"rule": r."rule", code: r.code, outcome: r.outcome,
                mode: CASE WHEN r."rule" = 'enough-of-this-brand' OR (control_group AND r."rule" <> 'recalled')
                           THEN 'shadow' ELSE 'enforce' END}}) AS reasons FROM judged),
        decided AS (SELECT *, list_filter(reasons, lambda r: r.mode = 'enforce')[1] AS deciding FROM moded),
        placed AS (SELECT *, CASE WHEN deciding IS NOT NULL AND NOT is_replacement AND position = min(position)
                FILTER (deciding IS NOT NULL AND NOT is_replacement) OVER w
            THEN max(sku) FILTER (deciding IS NULL AND is_replacement) OVER w END AS replaced_by
            FROM decided WINDOW w AS (PARTITION BY i)),
        shelved AS (SELECT *, count(*) FILTER (replaced_by IS NOT NULL) OVER (PARTITION BY i) > 0 AS helped FROM placed)
        SELECT i, u, steady, message_id, customer_id, position, is_replacement, sku, NULL::VARCHAR AS placement,
            (draw % 1000) / 1000.0 AS score, CASE WHEN deciding IS NULL THEN 'keep' ELSE 'drop' END AS verdict,
            deciding IS NULL AND (NOT is_replacement OR helped) AS shown, replaced_by, deciding."rule" AS "rule",
            deciding.code AS code, CASE WHEN len(reasons) > 0 THEN reasons END AS reasons,
            CASE deciding."rule" WHEN 'already-bought' THEN as_of + INTERVAL 1 DAY * (365 - draw % 360)::INTEGER
                WHEN 'not-used-up-yet' THEN as_of + INTERVAL 1 DAY * (1 + draw % 30)::INTEGER END AS eligible_again_at,
            CASE deciding."rule"
                WHEN 'recalled' THEN [{{field: 'item.status', seen: 'recalled', "at": NULL::TIMESTAMPTZ}}]
                WHEN 'sold-out' THEN [{{field: 'stock.available_units',
                    seen: CASE WHEN deciding.outcome = 'true' THEN '0' END,
                    "at": TIMESTAMPTZ '2026-11-22 08:30:00+00'}}]
                WHEN 'last-few' THEN [{{field: 'stock.available_units', seen: (1 + draw % 4)::VARCHAR,
                    "at": TIMESTAMPTZ '2026-11-22 08:30:00+00'}}]
                WHEN 'already-bought' THEN [{{field: 'item.replenish_days', seen: NULL, "at": NULL}},
                    {{field: CASE draw % 3 WHEN 0 THEN 'bought.sku' ELSE 'bought.item_group' END,
                     seen: (1 + (draw // 77) % 2 * (draw // 79) % 2)::VARCHAR,
                     "at": as_of - INTERVAL 1 HOUR * (7 + pow((draw // 1000) % 1000 / 1000.0, 2) * 8600)::INTEGER}}]
                WHEN 'not-used-up-yet' THEN [{{field: 'bought.sku', seen: '1',
                     "at": as_of - INTERVAL 1 HOUR * (20 + (draw // 1000) % 600)::INTEGER}}]
                WHEN 'one-is-enough' THEN [{{field: 'bought.category', seen: '1',
                     "at": as_of - INTERVAL 1 HOUR * (30 + pow((draw // 1000) % 1000 / 1000.0, 2) * 40000)::INTEGER}}]
            END AS evidence,
            CASE WHEN v < 60 THEN ['stock.available_units'] WHEN v BETWEEN 8000 AND 8100 THEN ['said.category'] END
                AS unknown
        FROM shelved"""
    )
    connection.execute(
        """CREATE OR REPLACE TABLE messages AS
        WITH counted AS (SELECT i, count(*) FILTER (shown) AS kept_units,
                list(sku ORDER BY position) FILTER (shown) AS kept,
                count(*) FILTER (verdict = 'drop' AND NOT is_replacement) AS dropped FROM items GROUP BY i),
        fired AS (SELECT heads.*, kept_units, kept, dropped, list_filter([
            CASE WHEN steady < 720 THEN {"rule": 'no-consent', code: 'no_consent', outcome: 'true'} END,
            CASE WHEN u BETWEEN 800 AND 1200
                THEN {"rule": 'weekly-cap', code: 'frequency_capped', outcome: 'true'} END,
            CASE WHEN kept_units < 4 THEN {"rule": 'too-few-items', code: 'too_few_items', outcome: 'true'} END,
            CASE WHEN steady BETWEEN 5000 AND 5640 THEN {"rule": 'night', code: 'quiet_hours', outcome: 'true'} END
            ], lambda r: r IS NOT NULL) AS found FROM heads JOIN counted USING (i)),
        moded AS (SELECT *, list_transform(found, lambda r: {"rule": r."rule", code: r.code, outcome: r.outcome,
            mode: CASE WHEN control_group AND r."rule" <> 'no-consent' THEN 'shadow' ELSE 'enforce' END}) AS reasons
            FROM fired),
        decided AS (SELECT *, list_filter(reasons, lambda r: r.mode = 'enforce')[1] AS deciding FROM moded)
        SELECT i, message_id, customer_id, channel, campaign_id, as_of,
            CASE WHEN deciding IS NULL THEN 'send' WHEN deciding."rule" = 'night' THEN 'hold' ELSE 'suppress' END
                AS verdict,
            CASE WHEN deciding."rule" = 'night' AND steady > 5020
                 THEN TIMESTAMPTZ '2026-11-23 00:00:00+00' + INTERVAL 1 HOUR * (steady * steady % 10)::INTEGER END
                AS hold_until,
            kept, 6 AS items_asked, kept_units::INTEGER AS items_kept, dropped::INTEGER AS items_dropped,
            deciding."rule" AS "rule", deciding.code AS code, CASE WHEN len(reasons) > 0 THEN reasons END AS reasons,
            control_group, CASE WHEN customer_id IS NULL THEN ['customer.time_zone', 'customer.consent'] END AS unknown
        FROM decided"""
    )
    connection.execute(
        f"COPY (SELECT * EXCLUDE (i) FROM messages ORDER BY i) TO '{run}/messages.parquet' (FORMAT parquet)"
    )
    connection.execute(
        f"""COPY (SELECT items.* EXCLUDE (i, u, steady) FROM items
                  WHERE NOT is_replacement OR i IN (SELECT i FROM items WHERE verdict = 'drop' AND NOT is_replacement)
                  ORDER BY i, position)
            TO '{run}/items.parquet' (FORMAT parquet)"""
    )


def report_of(folder: Path) -> ScanReport:
    """The report of the example in that folder."""
    with duckdb.connect() as connection:
        earlier = scan_report(connection, folder / "previous", CONTEXT, products=folder / "products.parquet")
        (folder / "previous" / "report.json").write_text(json.dumps(earlier.to_dict()), encoding="utf-8")
        return scan_report(
            connection,
            folder,
            CONTEXT,
            products=folder / "products.parquet",
            budgets=folder / "budgets.parquet",
            previous=folder / "previous",
        )


if __name__ == "__main__":
    there = Path(sys.argv[1])
    report = report_of(write_example(there, *(int(part) for part in sys.argv[2:])))
    (there / "report.json").write_text(json.dumps(report.to_dict(), indent=1), encoding="utf-8")
    (there / "report.html").write_text(render(report), encoding="utf-8")
    print(there / "report.html")

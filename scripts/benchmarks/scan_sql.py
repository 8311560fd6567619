"""Rival (a): DuckDB SQL written by hand for the eight rules of `scan-8.yaml` on the columns of a facts folder.

`one-join`: purchases of the sku, the style and the category come from one join on (customer, category), which is right
only because every sku has one style and every style one category. `three-joins` needs no such thing. Both gather which
rules fired as bits per message, so that the wide table of pairs with their texts is never sorted nor carried about, and
where the stock of a sku is short as bits per sku.
"""

import json
import sys
import time
from pathlib import Path
from typing import Final

import duckdb

from scripts.benchmarks.shop import AS_OF_US, US_PER_DAY

DROPS: Final = (
    "bought-this",
    "bought-this-style",
    "one-is-enough",
    "nearly-sold-out",
    "too-few-where-she-lives",
    "not-for-sale",
)
"""The item rules in the order of the file: bit 0 to bit 5 of an item."""
FORMS: Final = ("one-join", "three-joins")


def one_enough(category: str) -> str:
    """The categories of which one is enough, as SQL."""
    shelves = ("dept-00", "dept-03/aisle-17", "dept-05/aisle-26")
    return "(" + " OR ".join(f"{category} = '{one}' OR {category} LIKE '{one}/%'" for one in shelves) + ")"


def _since(days: int) -> int:
    return AS_OF_US - days * US_PER_DAY


_PLACE: Final = """
CREATE TEMP TABLE place AS
SELECT location_id, (row_number() OVER () - 1)::INTEGER AS place
FROM (SELECT DISTINCT location_id FROM read_parquet('{facts}/stock.parquet'))"""
_GOODS: Final = f"""
CREATE TEMP TABLE goods AS
WITH shelf AS (
    SELECT sku, place, greatest(0, on_hand - reserved - safety_stock) AS units, updated_at_us
    FROM read_parquet('{{facts}}/stock.parquet') JOIN place USING (location_id)
), total AS (
    SELECT sku, sum(units) AS units, min(updated_at_us) AS stated_us,
        bit_or(CASE WHEN units < 2 AND updated_at_us > {_since(1)} THEN 1 << place ELSE 0 END) AS short
    FROM shelf GROUP BY sku
)
SELECT sku, item_group, category, {one_enough("category")} AS one_enough, coalesce(short, 0) AS short,
    CASE WHEN coalesce(units < 20 OR stated_us <= {_since(1)}, true) THEN 8 ELSE 0 END
    | CASE WHEN status IN ('discontinued', 'hidden', 'recalled') THEN 32 ELSE 0 END AS own
FROM read_parquet('{{facts}}/products.parquet') LEFT JOIN total USING (sku)"""
# Rows stay in the order of the message file where its scan is on the probing side of every join.
_IN_ORDER: Final = "SET disabled_optimizers = 'join_order,build_side_probe_side'"
_ANY_ORDER: Final = "RESET disabled_optimizers"
_ASKED: Final = """
CREATE TEMP TABLE asked AS
SELECT file_row_number::INTEGER AS n, message_id, message.customer_id, items, place, consent[channel] AS agreed
FROM read_parquet('{messages}', file_row_number = true) AS message
LEFT JOIN (SELECT customer_id, region, consent FROM read_parquet('{facts}/customers.parquet')) AS customer
    ON customer.customer_id = message.customer_id
LEFT JOIN place ON location_id = region"""
_PAIR: Final = """
    pair AS MATERIALIZED (
        SELECT n, position, customer_id, sku, item_group, category, one_enough,
            own | CASE WHEN (short >> place) & 1 = 1 THEN 16 ELSE 0 END AS own
        FROM (
            SELECT n, customer_id, place, unnest(items) AS sku, generate_subscripts(items, 1)::TINYINT AS position
            FROM asked
        ) JOIN goods USING (sku)
    )"""
_HOLDS: Final = f"from_us <= {AS_OF_US} AND until_us > {AS_OF_US} AND ordered_at_us <= {AS_OF_US} AND kept_units > 0"
_BOUGHT: Final = {
    "one-join": f"""
        SELECT n, position,
            CASE WHEN line.sku = pair.sku AND ordered_at_us > {_since(90)} THEN 1 ELSE 0 END
            | CASE WHEN line.item_group = pair.item_group AND ordered_at_us > {_since(180)} THEN 2 ELSE 0 END
            | CASE WHEN one_enough THEN 4 ELSE 0 END AS bits
        FROM pair JOIN read_parquet('{{facts}}/lines/*.parquet') AS line USING (customer_id, category)
        WHERE {_HOLDS} AND ordered_at_us > {_since(365)}
            AND (ordered_at_us > {_since(180)} OR {one_enough("line.category")})
            AND (one_enough OR (line.item_group = pair.item_group AND ordered_at_us > {_since(180)}))""",
    "three-joins": f"""
        SELECT n, position, 1 AS bits FROM pair SEMI JOIN (
            SELECT customer_id, sku FROM read_parquet('{{facts}}/lines/*.parquet')
            WHERE {_HOLDS} AND ordered_at_us > {_since(90)}
        ) USING (customer_id, sku)
        UNION ALL
        SELECT n, position, 2 FROM pair SEMI JOIN (
            SELECT customer_id, item_group FROM read_parquet('{{facts}}/lines/*.parquet')
            WHERE {_HOLDS} AND ordered_at_us > {_since(180)}
        ) USING (customer_id, item_group)
        UNION ALL
        SELECT n, position, 4 FROM pair SEMI JOIN (
            SELECT customer_id, category FROM read_parquet('{{facts}}/lines/*.parquet')
            WHERE {_HOLDS} AND ordered_at_us > {_since(365)} AND {one_enough("category")}
        ) USING (customer_id, category) WHERE one_enough""",
}
_FIRED: Final = """
CREATE TEMP TABLE fired AS
WITH {pair}, bought AS ({bought}),
each AS (FROM bought UNION ALL SELECT n, position, own FROM pair WHERE own > 0)
SELECT n, bit_or(bits::BIGINT << (6 * (position - 1))) AS bits FROM each GROUP BY n"""
_JUDGED: Final = """
CREATE TEMP VIEW judged AS
SELECT message_id, customer_id, items, agreed, coalesce(bits, 0) AS bits FROM asked LEFT JOIN fired USING (n)"""
_OF_ITEM: Final = "((bits >> (6 * (position - 1))) & 63)"
_RULE: Final = " ".join(f"WHEN {_OF_ITEM} & {1 << bit} > 0 THEN '{rule}'" for bit, rule in enumerate(DROPS))
_ITEMS: Final = f"""
COPY (
    SELECT message_id, position, sku, CASE WHEN {_OF_ITEM} = 0 THEN 'keep' ELSE 'drop' END AS verdict,
        CASE WHEN {_OF_ITEM} = 0 THEN NULL {_RULE} END AS rule
    FROM (
        SELECT message_id, bits, unnest(items) AS sku, generate_subscripts(items, 1)::INTEGER AS position FROM judged
    )
) TO '{{out}}/items.parquet' (FORMAT parquet, COMPRESSION zstd, STRING_DICTIONARY_PAGE_SIZE_LIMIT 100000)"""
_MESSAGES: Final = """
COPY (
    SELECT message_id, customer_id, CASE WHEN rule IS NULL THEN 'send' ELSE 'suppress' END AS verdict, rule, kept
    FROM (
        SELECT *, CASE WHEN NOT agreed THEN 'no-consent' WHEN len(kept) < 2 THEN 'too-few-items' END AS rule
        FROM (
            SELECT *,
                [items[i] FOR i IN range(1, len(items) + 1) IF (bits >> (6 * (i - 1)::INTEGER)) & 63 = 0] AS kept
            FROM judged
        )
    )
) TO '{out}/messages.parquet' (FORMAT parquet, COMPRESSION zstd)"""


def statements(facts: Path, messages: Path, out: Path, form: str = "one-join") -> dict[str, str]:
    """The statements by name, in order."""
    paths = {"facts": facts, "messages": messages, "out": out}
    return {
        "place": _PLACE.format(**paths),
        "goods": _GOODS.format(**paths),
        "in order": _IN_ORDER,
        "asked": _ASKED.format(**paths),
        "any order": _ANY_ORDER,
        "fired": _FIRED.format(pair=_PAIR, bought=_BOUGHT[form].format(**paths)),
        "in order again": _IN_ORDER,
        "judged": _JUDGED,
        "items": _ITEMS.format(**paths),
        "messages": _MESSAGES.format(**paths),
    }


def _main(facts: str, messages: str, out: str, form: str = "one-join") -> None:
    begun = time.perf_counter()
    told: dict[str, float] = {}
    Path(out).mkdir(parents=True)
    with duckdb.connect(config={"memory_limit": "4GB"}) as db:
        db.execute("SET enable_progress_bar = false")
        for name, statement in statements(Path(facts), Path(messages), Path(out), form).items():
            start = time.perf_counter()
            db.execute(statement)
            told[name] = round(time.perf_counter() - start, 3)
    print(json.dumps({"work_s": time.perf_counter() - begun, "stages": told}))


if __name__ == "__main__":
    _main(*sys.argv[1:])

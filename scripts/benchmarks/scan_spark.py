"""Rival (e): the plan of rival (a) as Spark SQL on Apache Spark, local[2], from the same Parquet files.

What it writes has no order, because that would cost it a shuffle more.
"""

import json
import sys
import time
from pathlib import Path
from typing import Final

from scripts.benchmarks.scan_sql import DROPS, one_enough
from scripts.benchmarks.shop import AS_OF_US, US_PER_DAY


def _since(days: int) -> int:
    return AS_OF_US - days * US_PER_DAY


_PAIR: Final = f"""
    SELECT message_id, position, customer_id, pair.sku, item_group, category, {one_enough("category")} AS one_enough,
        CASE WHEN coalesce(units < 20 OR stated_us <= {_since(1)}, true) THEN 8 ELSE 0 END
        | CASE WHEN status IN ('discontinued', 'hidden', 'recalled') THEN 32 ELSE 0 END AS own
    FROM (SELECT message_id, customer_id, posexplode(items) AS (position, sku) FROM message) AS pair
    JOIN product ON product.sku = pair.sku
    LEFT JOIN (
        SELECT sku, sum(greatest(0, on_hand - reserved - safety_stock)) AS units, min(updated_at_us) AS stated_us
        FROM stock GROUP BY sku
    ) AS total ON total.sku = pair.sku"""
_FIRED: Final = f"""
    WITH bought AS (
        SELECT message_id, position,
            CASE WHEN line.sku = pair.sku AND ordered_at_us > {_since(90)} THEN 1 ELSE 0 END
            | CASE WHEN line.item_group = pair.item_group AND ordered_at_us > {_since(180)} THEN 2 ELSE 0 END
            | CASE WHEN one_enough THEN 4 ELSE 0 END AS bits
        FROM pair JOIN line ON line.customer_id = pair.customer_id AND line.category = pair.category
        WHERE from_us <= {AS_OF_US} AND until_us > {AS_OF_US} AND ordered_at_us <= {AS_OF_US} AND kept_units > 0
            AND ordered_at_us > {_since(365)}
            AND (ordered_at_us > {_since(180)} OR {one_enough("line.category")})
            AND (one_enough OR (line.item_group = pair.item_group AND ordered_at_us > {_since(180)}))
    ), short AS (
        SELECT sku, location_id AS region FROM stock
        WHERE greatest(0, on_hand - reserved - safety_stock) < 2 AND updated_at_us > {_since(1)}
    ), region AS (
        SELECT message_id, position, 16 AS bits FROM pair
        JOIN customer ON customer.customer_id = pair.customer_id
        JOIN short ON short.sku = pair.sku AND short.region = customer.region
    ), each AS (
        SELECT * FROM bought UNION ALL SELECT * FROM region
        UNION ALL SELECT message_id, position, own FROM pair WHERE own > 0
    )
    SELECT message_id, bit_or(shiftleft(CAST(bits AS BIGINT), 6 * position)) AS bits FROM each GROUP BY message_id"""
_JUDGED: Final = """
    SELECT message.message_id, message.customer_id, channel, items, coalesce(bits, 0) AS bits, consent
    FROM message LEFT JOIN fired ON fired.message_id = message.message_id
    LEFT JOIN customer ON customer.customer_id = message.customer_id"""
_OF_ITEM: Final = "(shiftright(bits, 6 * position) & 63)"
_RULE: Final = " ".join(f"WHEN {_OF_ITEM} & {1 << bit} > 0 THEN '{rule}'" for bit, rule in enumerate(DROPS))
_ITEMS: Final = f"""
    SELECT message_id, position + 1 AS position, sku, CASE WHEN {_OF_ITEM} = 0 THEN 'keep' ELSE 'drop' END AS verdict,
        CASE WHEN {_OF_ITEM} = 0 THEN NULL {_RULE} END AS rule
    FROM (SELECT message_id, bits, posexplode(items) AS (position, sku) FROM judged)"""
_MESSAGES: Final = """
    SELECT message_id, customer_id, CASE WHEN rule IS NULL THEN 'send' ELSE 'suppress' END AS verdict, rule, kept
    FROM (
        SELECT *, CASE WHEN NOT consent[channel] THEN 'no-consent' WHEN size(kept) < 2 THEN 'too-few-items' END AS rule
        FROM (SELECT *, filter(items, (sku, i) -> (shiftright(bits, 6 * i) & 63) = 0) AS kept FROM judged)
    )"""


def _main(facts: str, messages: str, out: str) -> None:
    begun = time.perf_counter()
    from pyspark.sql import SparkSession
    from pyspark.storagelevel import StorageLevel

    spark = (
        SparkSession.builder.master("local[2]")
        .config("spark.driver.memory", "5g")
        .config("spark.sql.shuffle.partitions", 16)
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.sql.parquet.compression.codec", "zstd")
        .config("spark.local.dir", f"{out}-spark")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    for name, path in {
        "message": messages,
        "product": f"{facts}/products.parquet",
        "stock": f"{facts}/stock.parquet",
        "customer": f"{facts}/customers.parquet",
        "line": f"{facts}/lines",
    }.items():
        spark.read.parquet(path).createOrReplaceTempView(name)
    for name, query in {"pair": _PAIR, "fired": _FIRED, "judged": _JUDGED}.items():
        table = spark.sql(query)
        if name == "judged":
            table = table.persist(StorageLevel.MEMORY_AND_DISK)
        table.createOrReplaceTempView(name)
    Path(out).mkdir(parents=True)
    for name, query in {"items": _ITEMS, "messages": _MESSAGES}.items():
        spark.sql(query).write.parquet(f"{out}/{name}.parquet")
    spark.stop()
    print(json.dumps({"work_s": time.perf_counter() - begun}))


if __name__ == "__main__":
    _main(*sys.argv[1:])

"""Rival (b): Polars, lazy and streaming, for the eight rules of `scan-8.yaml` on the columns of a facts folder.

The same plan as rival (a) in its one-join form; streaming joins keep no order, so what is written is sorted.
"""

import json
import sys
import time
from pathlib import Path

import polars as pl

from scripts.benchmarks.scan_sql import DROPS
from scripts.benchmarks.shop import AS_OF_US, US_PER_DAY

_ITEMS = 6


def _one_enough(category: pl.Expr) -> pl.Expr:
    shelves = ("dept-00", "dept-03/aisle-17", "dept-05/aisle-26")
    return pl.any_horizontal(*((category == one) | category.str.starts_with(f"{one}/") for one in shelves))


def _since(days: int) -> pl.Expr:
    return pl.lit(AS_OF_US - days * US_PER_DAY)


def _bit(condition: pl.Expr, bit: int) -> pl.Expr:
    return pl.when(condition).then(pl.lit(1 << bit, pl.Int64)).otherwise(pl.lit(0, pl.Int64))


def fired_bits(facts: Path, messages: Path) -> pl.DataFrame:
    """Per message number the rules that fired, six bits an item."""
    col = pl.col
    stock = pl.scan_parquet(facts / "stock.parquet").select(
        "sku",
        col("location_id").alias("region"),
        (col("on_hand") - col("reserved") - col("safety_stock")).clip(0).alias("units"),
        (col("updated_at_us") > _since(1)).alias("fresh"),
    )
    total = stock.group_by("sku").agg(col("units").sum(), col("fresh").all())
    goods = (
        pl.scan_parquet(facts / "products.parquet")
        .select("sku", "item_group", "category", "status")
        .join(total, on="sku", how="left")
        .select(
            "sku",
            "item_group",
            "category",
            _one_enough(col("category")).alias("one_enough"),
            (
                _bit((col("units") < 20).fill_null(True) | ~col("fresh").fill_null(False), 3)
                | _bit(col("status").is_in(["discontinued", "hidden", "recalled"]), 5)
            ).alias("own"),
        )
    )
    short = stock.filter((col("units") < 2) & col("fresh")).select("sku", "region")
    place = pl.int_ranges(0, col("items").list.len(), dtype=pl.Int64).alias("place")
    pair = (
        pl.scan_parquet(messages, row_index_name="n")
        .select("n", "customer_id", col("items").alias("sku"), place)
        .explode("sku", "place")
        .join(goods, on="sku")
    )
    style = (col("item_group") == col("item_group_line")) & (col("ordered_at_us") > _since(180))
    lines = (
        pl.scan_parquet(facts / "lines" / "*.parquet")
        .filter(
            (col("from_us") <= AS_OF_US)
            & (col("until_us") > AS_OF_US)
            & (col("ordered_at_us") <= AS_OF_US)
            & (col("kept_units") > 0)
            & (col("ordered_at_us") > _since(365))
            & ((col("ordered_at_us") > _since(180)) | _one_enough(col("category")))
        )
        .select("customer_id", "category", col("sku", "item_group").name.suffix("_line"), "ordered_at_us")
    )
    bought = (
        pair.join(lines, on=["customer_id", "category"])
        .filter(col("one_enough") | style)
        .select(
            "n",
            "place",
            (
                _bit((col("sku") == col("sku_line")) & (col("ordered_at_us") > _since(90)), 0)
                | _bit(style, 1)
                | _bit(col("one_enough"), 2)
            ).alias("bits"),
        )
    )
    customers = pl.scan_parquet(facts / "customers.parquet").select("customer_id", "region")
    region = (
        pair.join(customers, on="customer_id")
        .join(short, on=["sku", "region"])
        .select("n", "place", pl.lit(1 << 4, pl.Int64).alias("bits"))
    )
    own = pair.filter(col("own") > 0).select("n", "place", col("own").alias("bits"))
    each = pl.concat([bought, region, own])
    shifted = col("bits") * pl.lit(64, pl.Int64).pow(col("place"))
    return (
        each.select("n", shifted.alias("bits")).group_by("n").agg(col("bits").bitwise_or()).collect(engine="streaming")
    )


def write(facts: Path, messages: Path, out: Path, fired: pl.DataFrame) -> None:
    """Write items and messages in the order of the message file."""
    col = pl.col
    consent = pl.scan_parquet(facts / "customers.parquet").select("customer_id", "consent")
    judged = (
        pl.scan_parquet(messages, row_index_name="n")
        .select("n", "message_id", "customer_id", "channel", "items")
        .join(fired.lazy(), on="n", how="left")
        .with_columns(col("bits").fill_null(0))
        .join(consent, on="customer_id", how="left")
        .with_columns(col("consent").map.get(col("channel")).alias("agreed"))
        .drop("consent")
        .sort("n")
        .collect(engine="streaming")
        .lazy()
    )
    place = pl.int_ranges(0, col("items").list.len(), dtype=pl.Int64)
    of_item = (col("bits") // pl.lit(64, pl.Int64).pow(col("position") - 1)) & 63
    rule = pl.when(col("of_item") == 0).then(None)
    for bit, name in enumerate(DROPS):
        rule = rule.when((col("of_item") & (1 << bit)) > 0).then(pl.lit(name))
    items = (
        judged.select("message_id", "bits", col("items").alias("sku"), (place + 1).alias("position"))
        .explode("sku", "position")
        .with_columns(of_item.alias("of_item"))
        .select(
            "message_id",
            col("position").cast(pl.Int32),
            "sku",
            pl.when(col("of_item") == 0).then(pl.lit("keep")).otherwise(pl.lit("drop")).alias("verdict"),
            rule.otherwise(None).alias("rule"),
        )
    )
    kept = pl.concat_list(
        pl.when((col("bits") & (63 << (6 * number))) == 0).then(col("items").list.get(number, null_on_oob=True))
        for number in range(_ITEMS)
    ).list.drop_nulls()
    deciding = (
        pl.when(~col("agreed"))
        .then(pl.lit("no-consent"))
        .when(col("kept").list.len() < 2)
        .then(pl.lit("too-few-items"))
    )
    told = (
        judged.with_columns(kept.alias("kept"))
        .with_columns(deciding.otherwise(None).alias("rule"))
        .select(
            "message_id",
            "customer_id",
            pl.when(col("rule").is_null()).then(pl.lit("send")).otherwise(pl.lit("suppress")).alias("verdict"),
            "rule",
            "kept",
        )
    )
    items.sink_parquet(out / "items.parquet", compression="zstd", engine="streaming")
    told.sink_parquet(out / "messages.parquet", compression="zstd", engine="streaming")


def _main(facts: str, messages: str, out: str) -> None:
    begun = time.perf_counter()
    Path(out).mkdir(parents=True)
    fired = fired_bits(Path(facts), Path(messages))
    write(Path(facts), Path(messages), Path(out), fired)
    print(json.dumps({"work_s": time.perf_counter() - begun}))


if __name__ == "__main__":
    _main(*sys.argv[1:])

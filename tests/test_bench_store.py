"""The store that benchmarks measure on is made from nothing, with the schema as it is now."""

from pathlib import Path

from scripts.benchmarks.generate import sqlite_store
from scripts.benchmarks.shop import Shop, Spec


def test_a_store_is_made_once(tmp_path: Path) -> None:
    """It has what the shop has, fits the schema, and is found again."""
    shop = Shop(Spec.of(0.0005))
    made = sqlite_store(shop, tmp_path)
    found = sqlite_store(shop, tmp_path)

    assert made.seconds is not None
    assert (made.url, made.rows, None) == found
    assert sum(len(rows) for rows in shop.order_lines()) == found.rows["order_lines"]

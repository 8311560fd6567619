"""Measure the second scan before a send: some customers bought something meanwhile; only their messages are decided.

`python -m scripts.benchmarks.scan_delta STORE.db FOLDER [MESSAGES]` takes a SQLite store of `scripts/bench`.
"""

import json
import shutil
import sqlite3
import sys
from pathlib import Path
from typing import Final, NamedTuple

import duckdb
import numpy as np

from scripts.benchmarks.scan_bars import run_suppress
from scripts.benchmarks.scan_measure import Measured, measure
from scripts.benchmarks.scan_messages import ITEMS
from scripts.benchmarks.scan_rules import write_rules
from scripts.benchmarks.shop import AS_OF_US, US_PER_DAY

CHANGED: Final = 100
"""One customer in so many bought something between the scans."""
_MESSAGES: Final = 2_000_000
_HOUR_US: Final = US_PER_DAY // 24


class Delta(NamedTuple):
    """A full scan of a lake, and the scan of the same messages after an import and a refresh."""

    store_lines: int
    messages: int
    decided: int
    full: Measured
    delta: Measured


def delta(store: Path, folder: Path, messages: int = _MESSAGES) -> Delta:
    """Scan, import, refresh, scan again; on a copy of the store."""
    folder.mkdir(parents=True, exist_ok=True)
    copy, lake, orders, file = (folder / name for name in ("delta.db", "delta-lake", "orders.csv", "messages.parquet"))
    outs = [folder / "first", folder / "second"]
    for old in (lake, *outs):
        shutil.rmtree(old, ignore_errors=True)
    shutil.copyfile(store, copy)
    url = f"sqlite:///{copy.resolve()}"
    try:
        run_suppress("db", "upgrade", "--database", url)
        with sqlite3.connect(copy) as connection:
            (lines,) = connection.execute("SELECT count(*) FROM order_lines").fetchone()
            (customers,) = connection.execute("SELECT count(*) FROM customers WHERE customer_id LIKE 'C-%'").fetchone()
            (skus,) = connection.execute("SELECT count(*) FROM products").fetchone()
        _write_messages(file, messages, customers, skus)
        _write_orders(orders, customers, skus)
        run_suppress("lake", "rebuild", "--database", url, "--lake", str(lake))
        rules = write_rules(8, folder)
        full = measure("scripts.benchmarks.scan_again", [lake, file, outs[0], rules])
        run_suppress("import", "orders", str(orders), "--database", url)
        run_suppress("lake", "refresh", "--database", url, "--lake", str(lake))
        again = measure("scripts.benchmarks.scan_again", [lake, file, outs[1], rules, outs[0]])
    finally:
        for old in folder.glob("delta.db*"):
            old.unlink()
    if again.told["all_because"]:
        sys.exit(f"every message was decided again: {again.told['all_because']}")
    return Delta(lines, messages, again.told["decided"], full, again)


def _write_messages(file: Path, messages: int, customers: int, skus: int) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"""
            COPY (
                SELECT format('M-{{:08d}}', n) AS message_id, format('C-{{:07d}}', n % {customers}) AS customer_id,
                    'email' AS channel, 'spring-' || n // {customers} AS campaign_id,
                    make_timestamptz({AS_OF_US + 3 * _HOUR_US}) AS send_at,
                    [format('SKU-{{:06d}}', hash(n * {ITEMS} + i) % {skus}) FOR i IN range({ITEMS})] AS items
                FROM range({messages}) r(n)
            ) TO '{file}' (FORMAT parquet, COMPRESSION zstd)
        """)


def _write_orders(file: Path, customers: int, skus: int) -> None:
    rng = np.random.default_rng(20_261_123)
    at = f"{np.datetime64(AS_OF_US + _HOUR_US, 'us')}Z"
    with file.open("w", encoding="utf-8") as written:
        written.write("order_id,line_id,customer_id,sku,units,ordered_at,updated_at\n")
        for number, customer in enumerate(rng.choice(customers, customers // CHANGED, replace=False)):
            written.write(f"N-{number},1,C-{customer:07d},SKU-{rng.integers(skus):06d},1,{at},{at}\n")


if __name__ == "__main__":
    found = delta(Path(sys.argv[1]), Path(sys.argv[2]), *map(int, sys.argv[3:]))
    print(json.dumps(found._asdict()))
    print(
        f"{found.decided:,} of {found.messages:,} messages: {found.delta.cpu_s:.1f} CPU s, {found.delta.wall_s:.1f} s;"
        f" all of them {found.full.cpu_s:.1f} CPU s, {found.full.wall_s:.1f} s:"
        f" {found.full.cpu_s / found.delta.cpu_s:.1f}x"
    )

"""Measure what the other bars of a scan ask for: size, number of rules, report, refresh of the lake."""

import json
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from scripts.benchmarks.scan_measure import Measured, measure
from scripts.benchmarks.scan_messages import ITEMS, message_file
from scripts.benchmarks.scan_rules import write_rules
from scripts.benchmarks.scan_shop import ScanShop
from scripts.benchmarks.shop import AS_OF_US, US_PER_DAY

SIZES: Final = (1_000_000, 10_000_000, 100_000_000)
"""Pairs at scale 1."""
REFRESHED: Final = 100_000


class Size(NamedTuple):
    """Our scan of so many pairs by so many rules."""

    pairs: int
    rules: int
    run: Measured

    @property
    def ns_per_pair(self) -> float:
        """Wall clock of the whole process for one pair, in nanoseconds."""
        return self.run.wall_s / self.pairs * 1e9


class Refresh(NamedTuple):
    """`suppress lake refresh` after an import of new lines and returns into a store; all seconds wall clock."""

    store_lines: int
    new_lines: int
    rebuild_s: float
    refresh_s: float
    check_s: float


def ours(facts: Path, messages: Path, out: Path, rules: Path, memory: str = "4GB") -> Measured:
    """Our scan, once, into an empty `out`."""
    shutil.rmtree(out, ignore_errors=True)
    return measure("scripts.benchmarks.scan_ours", [facts, messages, out, rules, memory])


def sizes(shop: ScanShop, facts: Path, folder: Path, out: Path, scale: float, most: int) -> Iterator[Size]:
    """Our scan of 1, 10 and 100 M pairs (times the scale, up to `most`) by the eight rules."""
    for pairs in SIZES:
        if pairs <= most:
            count = round(pairs * scale / ITEMS)
            messages = message_file(shop, folder, count)
            yield Size(count * ITEMS, 8, ours(facts, messages, out, write_rules(8, folder)))
            shutil.rmtree(out)


def fifty(facts: Path, folder: Path, out: Path, messages: Path, count: int) -> Size:
    """Our scan of the usual messages by fifty rules."""
    return Size(count * ITEMS, 50, ours(facts, messages, out, write_rules(50, folder)))


def refresh(store: Path, folder: Path) -> Refresh:
    """Import lines into a copy of a SQLite store of `scripts/bench`, then refresh its lake."""
    folder.mkdir(parents=True, exist_ok=True)
    copy, lake, file = folder / "refreshed.db", folder / "lake", folder / "orders.csv"
    shutil.rmtree(lake, ignore_errors=True)
    for old in folder.glob("refreshed.db*"):
        old.unlink()
    shutil.copyfile(store, copy)
    url = f"sqlite:///{copy.resolve()}"
    run_suppress("db", "upgrade", "--database", url)
    with sqlite3.connect(copy) as connection:
        (lines,) = connection.execute("SELECT count(*) FROM order_lines").fetchone()
        _orders(connection, file, round(REFRESHED * min(1, lines / 1_000_000)))
    rebuild_s = run_suppress("lake", "rebuild", "--database", url, "--lake", str(lake))
    run_suppress("import", "orders", str(file), "--database", url)
    refresh_s = run_suppress("lake", "refresh", "--database", url, "--lake", str(lake))
    check_s = run_suppress("lake", "check", "--database", url, "--lake", str(lake))
    with file.open(encoding="utf-8") as written:
        new = sum(1 for _ in written) - 1
    for old in folder.glob("refreshed.db*"):
        old.unlink()
    shutil.rmtree(lake, ignore_errors=True)
    return Refresh(lines, new, rebuild_s, refresh_s, check_s)


def _orders(connection: sqlite3.Connection, file: Path, count: int) -> None:
    """New lines of known customers and skus: four in five new, the others returns and credit notes."""
    rng = np.random.default_rng(20_261_122)
    (customers,) = connection.execute("SELECT count(*) FROM customers WHERE customer_id LIKE 'C-%'").fetchone()
    (skus,) = connection.execute("SELECT count(*) FROM products").fetchone()
    at = f"{np.datetime64(AS_OF_US + US_PER_DAY // 24, 'us')}Z"
    old = connection.execute(
        "SELECT order_id, line_id, customer_id, sku, units, ordered_at_us FROM order_lines WHERE cancelled_units = 0"
        " AND returned_units = 0 AND order_id LIKE 'O%7' LIMIT ?",
        (count // 5,),
    ).fetchall()
    with file.open("w", encoding="utf-8") as written:
        written.write("order_id,line_id,customer_id,sku,units,ordered_at,returned_units,updated_at\n")
        for number in range(count - len(old)):
            customer, sku = int(rng.integers(customers)), int(rng.integers(skus))
            written.write(f"N-{number // 2},{number % 2 + 1},C-{customer:07d},SKU-{sku:06d},1,{at},0,{at}\n")
        for number, (order, line, customer_id, sku_id, units, ordered_at_us) in enumerate(old):
            ordered_at = f"{np.datetime64(ordered_at_us, 'us')}Z"
            if number % 2:
                written.write(f"{order},{line},{customer_id},{sku_id},{units},{ordered_at},{units},{at}\n")
            else:
                written.write(f"X-{number},1,{customer_id},{sku_id},-1,{at},0,{at}\n")


def run_suppress(*arguments: str) -> float:
    """`suppress` with these arguments; the seconds it took."""
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-m", "suppress", *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun


def stages(run: Measured) -> dict[str, float]:
    """Seconds per stage of our scan."""
    told: dict[str, float] = run.told.get("stages", {})
    return told


if __name__ == "__main__":
    # The lake alone: python -m scripts.benchmarks.scan_bars STORE.db FOLDER
    print(json.dumps(refresh(Path(sys.argv[1]), Path(sys.argv[2]))._asdict()))

"""Time `suppress import` from the command line to the exit code, into an empty store: the whole way a user goes."""

import csv
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

from scripts.benchmarks.shop import Row, Shop

_COLUMNS = {
    "products": "sku,title,item_group_id,category,brand,status,replenish_days,price_minor,currency,bundle_of,"
    "attributes",
    "stock": "sku,location_id,on_hand,reserved,safety_stock,incoming_units,incoming_at,availability,updated_at",
    "customers": "customer_id,household_id,country,region,time_zone,consent,attributes,do_not_contact,open_case,"
    "late_order,email",
    "orders": "order_id,line_id,customer_id,sku,units,ordered_at,cancelled_units,returned_units,is_gift,channel,"
    "unit_price_minor,currency,updated_at",
}


class Import(NamedTuple):
    """One file through the command. `seconds` from the start of the process to its end."""

    store: str
    source: str
    rows: int
    megabytes: float
    seconds: float

    @property
    def rate(self) -> float:
        """Rows per second of wall clock."""
        return self.rows / self.seconds


def write_files(shop: Shop, folder: Path, lines: int) -> dict[str, Path]:
    """CSV files of the shop's first rows: so many order lines, and at most a third as many of the others."""
    folder.mkdir(parents=True, exist_ok=True)
    sources: dict[str, tuple[Iterable[Row], int, Callable[[Row], Sequence[Any]]]] = {
        "products": (shop.products(), lines // 3, lambda row: row[:-1]),
        "stock": (shop.stock(), lines // 3, lambda row: (*row[:6], _time(row[6]), row[7], _time(row[8]))),
        "customers": (shop.customers(), lines // 3, lambda row: (*row[:-1], f"{row[0].lower()}@example.com")),
        "orders": (
            chain.from_iterable(shop.order_lines()),
            lines,
            lambda row: (*row[:5], _time(row[5]), *row[6:12], _time(row[12])),
        ),
    }
    files = {}
    for source, (rows, most, told) in sources.items():
        files[source] = folder / f"{source}-{shop.spec.fingerprint}-{lines}.csv"
        if files[source].exists():
            continue
        unfinished = files[source].with_suffix(".part")
        with unfinished.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(_COLUMNS[source].split(","))
            writer.writerows(told(row) for row in islice(rows, most))
        unfinished.rename(files[source])
    return files


def import_all(store: str, url: str, files: dict[str, Path]) -> Iterator[Import]:
    """Every file into the empty store at `url`, in the order a user would."""
    _run("db", "upgrade", "--database", url)
    for source, path in files.items():
        with path.open("rb") as file:
            rows = sum(1 for _ in file) - 1
        begun = time.perf_counter()
        _run("import", source, str(path), "--database", url)
        yield Import(store, source, rows, path.stat().st_size / 1e6, time.perf_counter() - begun)


def _run(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "suppress", *arguments], check=True, stdout=subprocess.DEVNULL)


def _time(at_us: int | None) -> str | None:
    return None if at_us is None else datetime.fromtimestamp(at_us / 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

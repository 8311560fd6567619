"""Turn a sample of messages and the facts about them into a SQLite store, by `suppress import`: loops need a database.

It holds the customers of these messages with all they bought, and the products and stock of all skus that occur. So
small a store stays in memory, which is kind to the loops.
"""

import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC
from pathlib import Path
from typing import Final

import duckdb

from scripts.benchmarks.shop import AS_OF

_TIME: Final = "strftime(make_timestamp({column}), '%Y-%m-%dT%H:%M:%S.%fZ')"
_FILES: Final = {
    "products": """
        SELECT sku, title, item_group AS item_group_id, category, brand, status, replenish_days, price_minor, currency,
            to_json(attributes) AS attributes
        FROM products SEMI JOIN occurring USING (sku)""",
    "stock": f"""
        SELECT sku, location_id, on_hand, reserved, safety_stock, availability,
            {_TIME.format(column="updated_at_us")} AS updated_at
        FROM stock SEMI JOIN occurring USING (sku)""",
    "customers": """
        SELECT customer_id, household_id, country, region, time_zone, to_json(consent) AS consent,
            to_json(attributes) AS attributes, do_not_contact, open_case, late_order
        FROM customers SEMI JOIN recipient USING (customer_id)""",
    "orders": f"""
        SELECT order_id, line_id, customer_id, sku, units, {_TIME.format(column="ordered_at_us")} AS ordered_at,
            units - kept_units AS returned_units, is_gift, channel
        FROM line""",
}


def sample_store(facts: Path, messages: Path, folder: Path) -> str:
    """The URL of the store for a message file, under `folder`; imported when it is not there."""
    path = folder / f"sample-{facts.name}-{messages.stem}.db"
    url = f"sqlite:///{path.resolve()}"
    if path.exists():
        # It may be of an older version.
        subprocess.run([sys.executable, "-m", "suppress", "db", "upgrade", "--database", url], check=True)
        return url
    for old in folder.glob("sample-*"):
        old.unlink()
    unfinished = path.with_name("sample-unfinished.db")
    files = {source: folder / f"sample-{source}.csv" for source in _FILES}
    with duckdb.connect() as db:
        for table in ("products", "stock", "customers"):
            db.execute(f"CREATE VIEW {table} AS FROM read_parquet('{facts}/{table}.parquet')")
        db.execute(f"CREATE TABLE recipient AS SELECT DISTINCT customer_id FROM read_parquet('{messages}')")
        db.execute(
            f"CREATE TABLE line AS FROM read_parquet('{facts}/lines/*.parquet') SEMI JOIN recipient USING (customer_id)"
        )
        db.execute(
            f"CREATE TABLE occurring AS SELECT unnest(items) AS sku FROM read_parquet('{messages}')"
            " UNION SELECT sku FROM line"
        )
        for source, query in _FILES.items():
            db.execute(f"COPY ({query}) TO '{files[source]}' (FORMAT csv, HEADER)")
    at = f"sqlite:///{unfinished.resolve()}"
    _run("db", "upgrade", "--database", at)
    as_of = AS_OF.astimezone(UTC).isoformat()
    for source, file in files.items():
        _run("import", source, str(file), "--database", at, "--as-of", as_of)
        file.unlink()
    _settled(at)
    unfinished.rename(path)
    return url


def _settled(url: str) -> None:
    """Bring what the write-ahead log holds into the file itself, which is about to be renamed."""
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _run(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "suppress", *arguments], check=True, stdout=subprocess.DEVNULL)

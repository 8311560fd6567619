"""Build the benchmark's stores from a Shop, once: straight into the tables, then cached until the spec changes.

The tables come from `suppress db upgrade`. Rows go in by executemany (SQLite) or COPY (PostgreSQL) while the secondary
indexes are away, and the result is compared with the declared schema. Imports are measured by the real command instead.
"""

import sys
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from scripts.benchmarks.shop import AS_OF_US, US_PER_DAY, Row, Shop
from suppress.stores import schema
from suppress.stores.database import Database
from suppress.stores.tables import Base

_CHUNK = 50_000
_COLUMNS = {
    name: [column.name for column in table.columns if column.server_default is None]
    for name, table in Base.metadata.tables.items()
    if name != "feeds"
}
_FEEDS = {"products": US_PER_DAY, "stock": 0, "customers": US_PER_DAY, "orders": 0, "sent": 0, "feedback": 0}


class Built(NamedTuple):
    """One store that can be measured. `seconds` is None when it was found ready."""

    url: str
    rows: dict[str, int]
    seconds: float | None


def sqlite_store(shop: Shop, folder: Path) -> Built:
    """The SQLite store of a shop in `folder`; built when it is not there."""
    path = folder / f"shop-{shop.spec.fingerprint}.db"
    url = f"sqlite:///{path}"
    if path.exists() and _is_sound(url):
        return Built(url, _counts(url), None)
    for old in folder.glob("shop-*.db*"):
        old.unlink()
    begun = time.perf_counter()
    unfinished = path.with_suffix(".part")
    for stale in folder.glob(f"{unfinished.name}*"):
        stale.unlink()
    with Database.open(f"sqlite:///{unfinished}", require_schema=False) as database:
        schema.upgrade(database)
        with database.write_engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            driver.execute("PRAGMA journal_mode = OFF").close()
            driver.execute("PRAGMA synchronous = OFF").close()
            driver.execute("PRAGMA cache_size = -1048576").close()
            driver.execute("PRAGMA temp_store = FILE").close()
            definitions = [
                row[0]
                for row in driver.execute("SELECT sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL")
            ]
            for definition in definitions:
                driver.execute(f"DROP INDEX {definition.split()[2].strip(chr(34))}")
            driver.execute("BEGIN")
            for table, chunks in _tables(shop):
                marks = ", ".join("?" * len(_COLUMNS[table]))
                statement = f"INSERT INTO {table} ({', '.join(_COLUMNS[table])}) VALUES ({marks})"
                for chunk in chunks:
                    driver.executemany(statement, chunk)
            _state_feeds(driver, "?")
            driver.execute("COMMIT")
            for definition in definitions:
                _say(definition.split(" ON ")[0].lower())
                driver.execute(definition)
            driver.execute("PRAGMA journal_mode = WAL").close()
        _require_sound(database)
    unfinished.rename(path)
    return Built(url, _counts(url), time.perf_counter() - begun)


def postgresql_store(shop: Shop, server_url: str) -> Built:
    """The PostgreSQL store of a shop on a server; built when it is not there. Older benchmark databases are dropped."""
    import psycopg

    name = f"shop_{shop.spec.fingerprint}"
    url = _database_url(server_url, name)
    with psycopg.connect(server_url, autocommit=True) as server:
        known = {row[0] for row in server.execute("SELECT datname FROM pg_database WHERE datname LIKE 'shop_%'")}
        if name in known and _is_sound(url):
            return Built(url, _counts(url), None)
        begun = time.perf_counter()
        part = f"part_{shop.spec.fingerprint}"
        for old in (*known, part):
            server.execute(f'DROP DATABASE IF EXISTS "{old}"')
        server.execute(f'CREATE DATABASE "{part}"')
    with Database.open(_database_url(server_url, part), require_schema=False) as database:
        schema.upgrade(database)
        with psycopg.connect(_database_url(server_url, part)) as connection:
            definitions = [
                row[0]
                for row in connection.execute(
                    "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND indexname LIKE 'ix_%'"
                )
            ]
            for definition in definitions:
                connection.execute(f"DROP INDEX {definition.split()[2]}")
            connection.execute("ALTER TABLE order_lines DROP CONSTRAINT pk_order_lines")
            connection.execute("SET maintenance_work_mem = '1GB'")
            for table, chunks in _tables(shop):
                with (
                    connection.cursor() as cursor,
                    cursor.copy(f"COPY {table} ({', '.join(_COLUMNS[table])}) FROM STDIN") as copy,
                ):
                    for chunk in chunks:
                        copy.write(_copy_text(chunk))
            _state_feeds(connection, "%s")
            _say("primary key and indexes")
            connection.execute("ALTER TABLE order_lines ADD CONSTRAINT pk_order_lines PRIMARY KEY (order_id, line_id)")
            for definition in definitions:
                connection.execute(definition)
        with psycopg.connect(_database_url(server_url, part), autocommit=True) as connection:
            _say("vacuum analyze")
            connection.execute("VACUUM ANALYZE")
        _require_sound(database)
    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute(f'ALTER DATABASE "{part}" RENAME TO "{name}"')
    return Built(url, _counts(url), time.perf_counter() - begun)


def server_with(server_url: str, name: str) -> str:
    """The URL of a new, empty database on a server; one of that name is dropped."""
    import psycopg

    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute(f'DROP DATABASE IF EXISTS "{name}"')
        server.execute(f'CREATE DATABASE "{name}"')
    return _database_url(server_url, name)


def _tables(shop: Shop) -> Iterator[tuple[str, Iterator[list[Row]]]]:
    for table in ("products", "stock", "customers", "identities", "sent_messages", "feedback", "order_lines"):
        rows = shop.order_lines() if table == "order_lines" else _chunks(getattr(shop, table)())
        yield table, _told(table, rows)


def _chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    left = iter(rows)
    while chunk := list(islice(left, _CHUNK)):
        yield chunk


def _told(table: str, chunks: Iterable[list[Row]]) -> Iterator[list[Row]]:
    done = 0
    begun = time.perf_counter()
    waiting: list[Row] = []
    for chunk in chunks:
        waiting += chunk
        if len(waiting) >= _CHUNK:
            yield waiting
            done += len(waiting)
            waiting = []
            if sys.stderr.isatty():
                print(f"\r  {table}: {done:,} rows", end="", file=sys.stderr)
    yield waiting
    done += len(waiting)
    _say(f"{table}: {done:,} rows in {time.perf_counter() - begun:.0f} s")


def _copy_text(rows: Iterable[Row]) -> str:
    # Nothing generated holds a tab, a line end or a backslash, so values need no escapes.
    return "".join("\t".join(["\\N" if value is None else str(value) for value in row]) + "\n" for row in rows)


def _state_feeds(connection: Any, mark: str) -> None:
    for source, age_us in _FEEDS.items():
        statement = f"UPDATE feeds SET as_of_us = {mark} WHERE source = {mark}"
        connection.execute(statement, (AS_OF_US - age_us, source))


def _require_sound(database: Database) -> None:
    found = schema.check(database)
    if not found.is_sound:
        sys.exit(f"the generated store is not what the schema declares: {'; '.join(found.drift)}")


def _is_sound(url: str) -> bool:
    with Database.open(url, require_schema=False) as database:
        return schema.check(database).is_sound


def _counts(url: str) -> dict[str, int]:
    with Database.open(url) as database:
        read = database.read()
        return {table: read.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one() for table in _COLUMNS}


def _database_url(server_url: str, name: str) -> str:
    head, _, query = server_url.partition("?")
    return f"{head.rpartition('/')[0]}/{name}?{query}"


def _say(text: str) -> None:
    print(f"\r  {text}", file=sys.stderr, flush=True)

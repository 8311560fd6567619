"""Opening: which URLs, with which drivers and settings, and errors that keep secrets."""

import os
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from suppress.errors import StoreError
from suppress.facts.message import Message
from suppress.facts.snapshot import FactNeeds, Source
from suppress.stores.database import Database
from suppress.stores.facts import FactStore
from suppress.stores.load import Loader
from suppress.stores.schema import upgrade
from suppress.stores.urls import read_url


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://me:geheim@host/db", "no database `mysql`"),
        ("not a url geheim", "cannot be read"),
        ("sqlite://", "in memory"),
        ("sqlite:///:memory:", "in memory"),
        ("postgresql://me:geheim@127.0.0.1:1/db", r"cannot open postgresql://me:\*\*\*@127.0.0.1:1/db: "),
        ("postgresql://127.0.0.1:1/db?user=me&password=geheim", "cannot open postgresql"),
        ("sqlite:////proc/nowhere/geh.db", "no database at"),
    ],
)
def test_unusable_urls(url: str, said: str) -> None:
    """A URL that cannot be used is refused on one line, without the password in it."""
    with pytest.raises(StoreError, match=said) as refused:
        Database.open(url)

    assert "geheim" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_file_that_is_no_database(tmp_path: Path) -> None:
    """A file of another kind is refused and left as it is."""
    path = tmp_path / "letter.txt"
    path.write_bytes(b"Dear customer, " * 500)

    with pytest.raises(StoreError, match="not a database"):
        Database.open(f"sqlite:///{path}")
    assert b"Dear customer, " * 500 == path.read_bytes()


def test_plain_postgresql_means_psycopg() -> None:
    """Every way to write a PostgreSQL URL uses psycopg 3."""
    assert {"postgresql+psycopg"} == {
        read_url(text).drivername for text in ("postgres://h/d", "postgresql://h/d", "postgresql+psycopg://h/d")
    }


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_sqlite_settings(database: Database) -> None:
    """Both kinds of connection use WAL with full syncs, and only the writing one may write."""
    names = ("journal_mode", "synchronous", "foreign_keys", "trusted_schema", "busy_timeout", "mmap_size", "query_only")

    def settings_of(connection: object) -> list[object]:
        return [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]  # type: ignore[attr-defined]

    with database.write() as connection:
        writing = settings_of(connection)

    assert ["wal", 2, 1, 0, 10_000, 0, 0] == writing
    assert ["wal", 2, 1, 0, 10_000, 0, 1] == settings_of(database.read())


@pytest.mark.skipif(sqlite3.sqlite_version_info >= (3, 51, 3), reason="this Python's own SQLite is safe with WAL")
@pytest.mark.parametrize("version", [None, (3, 51, 1)])
def test_unsafe_sqlite_does_without_wal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: tuple[int, ...] | None
) -> None:
    """Without pysqlite3, or with one too old for WAL, Python's own SQLite is used, without WAL when it is old too."""
    if version is None:
        monkeypatch.setitem(sys.modules, "pysqlite3", None)
    else:
        monkeypatch.setattr("pysqlite3.sqlite_version_info", version)

    with Database.open(f"sqlite:///{tmp_path}/old.db", require_schema=False) as database:
        upgrade(database)
        with Loader(database, Source.STOCK) as loader:
            loader.finish(5)
        snapshot = FactStore(database, FactNeeds()).snapshot(Message(items=("A",), customer_id="c"), 9)
        reading = database.read()

        assert 5 == snapshot.feeds_us[Source.STOCK]
        assert "delete" == reading.exec_driver_sql("PRAGMA journal_mode").scalar()
        assert isinstance(reading.connection.driver_connection, sqlite3.Connection)


def test_fork(database: Database) -> None:
    """A forked process reads on a connection of its own, and the parent's still works."""
    store = FactStore(database, FactNeeds())
    message = Message(items=(), customer_id="c")
    store.snapshot(message, 1)
    parent = database.read().connection.driver_connection
    child = os.fork()
    if child == 0:
        try:
            store.snapshot(message, 1)
            os._exit(0 if database.read().connection.driver_connection is not parent else 1)
        finally:
            os._exit(2)

    assert 0 == os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert "c" == store.snapshot(message, 1).customer_id


@pytest.mark.postgresql
@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_writes_survive_a_lost_connection(database: Database, admin_execute: Callable[[str], None]) -> None:
    """A connection the server ended while it lay idle does not fail the next write."""
    with Loader(database, Source.ORDERS) as loader:
        loader.finish(1)
        admin_execute(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database.url.database}'"
        )
        loader.finish(2)

    snapshot = FactStore(database, FactNeeds()).snapshot(Message(items=(), customer_id="c"), 1)

    assert 2 == snapshot.feeds_us[Source.ORDERS]

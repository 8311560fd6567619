"""Turn a database URL into an open Database: connections that read, transactions that write, readable errors.

Reads run on one connection per thread, outside any transaction, so they never block a writer and never pay for a pool.
Writes run in transactions that take SQLite's write lock at once, because a lock taken half way fails under load.
"""

import os
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Final, Self

from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool, QueuePool

from suppress.errors import StoreError
from suppress.stores.urls import read_url, shown, without_secrets

SCHEMA_HEAD: Final = "0009"
UPGRADE_HELP: Final = "run `suppress db upgrade`"
BUSY_TIMEOUT_MS: Final = 10_000
CONNECT_TIMEOUT_SECONDS: Final = 5
# SQLite before 3.51.3 can corrupt a WAL database that several connections use (the "WAL reset" race).
FIRST_SAFE_WAL: Final = (3, 51, 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaState:
    """Which revision a database is at; None = it has no schema yet. `head` is what this version needs."""

    current: str | None
    head: str

    @property
    def is_current(self) -> bool:
        """Whether the database can be used as it is."""
        return self.current == self.head


class Database:
    """An open database. Close it, or use it as a context manager. Safe to share between threads and to fork with."""

    def __init__(self, url: URL) -> None:
        self.url = url
        self.dialect = url.get_backend_name()
        self.shown_url = shown(url)
        self._local = threading.local()
        self._readers: weakref.WeakSet[Connection] = weakref.WeakSet()
        self._pid = os.getpid()
        self._make_engines()

    @classmethod
    def open(cls, url: str, *, require_schema: bool = True) -> Self:
        """Open the database at `url`. Raises StoreError when it cannot be reached or its schema is not the current one.

        `require_schema=False` also takes a database without a schema, or with an old one: for those who upgrade it.
        """
        parsed = read_url(url)
        if require_schema and parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").exists():
            raise StoreError(f"there is no database at {shown(parsed)}; {UPGRADE_HELP}")
        database = cls(parsed)
        try:
            if require_schema:
                database.require_schema()
        except BaseException:
            database.close()
            raise
        return database

    def read(self) -> Connection:
        """This thread's connection for reading; it stays open. No transaction: every statement sees the newest state.

        Raises SQLAlchemyError when the database cannot be reached.
        """
        if self._pid != os.getpid():
            self._leave_parent()
        connection: Connection | None = getattr(self._local, "connection", None)
        if connection is None or connection.closed or connection.invalidated:
            connection = self._read_engine.connect()
            self._local.connection = connection
            self._readers.add(connection)
        return connection

    def rows(self, statement: str, parameters: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        """The rows of a statement on this thread's connection for reading, as the driver gives them.

        For the hot path: making SQLAlchemy's result and its metadata would cost as much as the query. Raises
        SQLAlchemyError as SQLAlchemy would, `connection_invalidated` when the connection is of no more use.
        """
        driver: Any = self.read().connection.driver_connection
        try:
            rows: list[tuple[Any, ...]] = driver.execute(statement, parameters).fetchall()
        except self._driver_error as error:
            lost = self._read_engine.dialect.is_disconnect(error, driver, None)  # type: ignore[arg-type]
            raise DBAPIError.instance(
                statement, None, error, self._driver_error, hide_parameters=True, connection_invalidated=lost
            ) from error
        return rows

    def drop_reader(self) -> None:
        """Forget this thread's connection, e.g. because it broke; the next `read` makes a new one."""
        connection: Connection | None = getattr(self._local, "connection", None)
        self._local.connection = None
        if connection is not None:
            with suppress(SQLAlchemyError):
                connection.invalidate()
            with suppress(SQLAlchemyError):
                connection.close()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A write transaction: committed at the end, rolled back on an error. Database errors become StoreError."""
        if self._pid != os.getpid():
            self._leave_parent()
        with self.errors("write to"), self.write_engine.begin() as connection:
            yield connection

    @contextmanager
    def stream(self, statement: str) -> Iterator[Iterator[tuple[Any, ...]]]:
        """The rows of a long result as they come, on a connection of its own; memory stays flat."""
        # PostgreSQL streams only inside a transaction; on SQLite one would take the write lock.
        engine = self._read_engine if self.dialect == "sqlite" else self.write_engine
        with engine.connect() as connection:
            result = connection.execution_options(yield_per=5_000).exec_driver_sql(statement)
            yield (tuple(row) for row in result)

    @contextmanager
    def frozen(self) -> Iterator[Connection]:
        """A connection of its own whose every statement sees the same state; it writes nothing."""
        engine = self._read_engine if self.dialect == "sqlite" else self.write_engine
        level = {} if self.dialect == "sqlite" else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with engine.connect().execution_options(**level) as connection:
            if self.dialect == "sqlite":
                connection.exec_driver_sql("BEGIN")
            try:
                yield connection
            finally:
                if self.dialect == "sqlite" and not connection.invalidated:
                    connection.exec_driver_sql("ROLLBACK")

    @contextmanager
    def errors(self, doing: str) -> Iterator[None]:
        """Turn database errors into StoreError: `cannot {doing} sqlite:///...: what the database said`."""
        try:
            yield
        except (SQLAlchemyError, self._driver_error, OverflowError, UnicodeEncodeError) as error:
            raise self.error(doing, error) from None

    def error(self, doing: str, error: Exception) -> StoreError:
        """The StoreError for what the database said: one line, no secrets, no statement, no data of rows."""
        return StoreError(f"cannot {doing} {self.shown_url}: {without_secrets(_said(error), self.url)}")

    def schema_state(self) -> SchemaState:
        """Which revision the database is at; makes no file. Raises StoreError when it cannot be reached."""
        if self.dialect == "sqlite" and not Path(self.url.database or "").exists():
            return SchemaState(current=None, head=SCHEMA_HEAD)
        with self.errors("open"):
            connection = self.read()
            found = connection.exec_driver_sql(_HAS_REVISION[self.dialect]).scalar()
            current = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() if found else None
        return SchemaState(current=current, head=SCHEMA_HEAD)

    def require_schema(self) -> None:
        """Raises StoreError, saying what to do, unless the database has the schema this version needs."""
        state = self.schema_state()
        if state.current is None:
            raise StoreError(f"the database {self.shown_url} has no tables yet; {UPGRADE_HELP}")
        if state.current > state.head:
            raise StoreError(
                f"the database {self.shown_url} is at revision {state.current}, newer than this version of suppress "
                f"knows ({state.head}); install the newer version"
            )
        if not state.is_current:
            raise StoreError(
                f"the database {self.shown_url} is at revision {state.current}, this version needs {state.head}; "
                f"{UPGRADE_HELP}"
            )

    def close(self) -> None:
        """Close every connection, those of other threads too."""
        for connection in list(self._readers):
            with suppress(SQLAlchemyError):
                connection.close()
        self._read_engine.dispose()
        self.write_engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _make_engines(self) -> None:
        if self.dialect == "sqlite":
            self._read_engine = _sqlite_engine(self.url, read_only=True)
            self.write_engine = _sqlite_engine(self.url, read_only=False)
            event.listen(self.write_engine, "begin", _begin_immediate)
        else:
            self._read_engine = _postgresql_engine(self.url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
            event.listen(self._read_engine, "connect", _plan_once)
            self.write_engine = _postgresql_engine(self.url, pool_pre_ping=True)
        driver: Any = self.write_engine.dialect.loaded_dbapi
        self._driver_error: type[Exception] = driver.Error

    def _leave_parent(self) -> None:
        # A connection must not cross a fork: both processes would speak on it. The parent's are left to the parent.
        self._read_engine.dispose(close=False)
        self.write_engine.dispose(close=False)
        self._inherited = (self._local, self._readers)
        self._local = threading.local()
        self._readers = weakref.WeakSet()
        self._pid = os.getpid()
        self._make_engines()


_READER_PRAGMAS: Final = ("PRAGMA query_only = ON", "PRAGMA cache_size = -65536")
# A load touches pages all over the history index: the more of them wait in memory and in the log, the fewer are
# written twice.
_WRITER_PRAGMAS: Final = ("PRAGMA cache_size = -131072", "PRAGMA wal_autocheckpoint = 25000")

_HAS_REVISION: Final = {
    "sqlite": "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'alembic_version'",
    "postgresql": "SELECT 1 WHERE to_regclass('alembic_version') IS NOT NULL",
}


def sqlite_module() -> tuple[ModuleType, bool]:
    """The SQLite driver to use, and whether its library may use WAL: pysqlite3 when it is there and safe."""
    try:
        import pysqlite3  # noqa: PLC0415
    except ImportError:
        pass
    else:
        if pysqlite3.sqlite_version_info >= FIRST_SAFE_WAL:
            return pysqlite3, True
    import sqlite3  # noqa: PLC0415

    return sqlite3, sqlite3.sqlite_version_info >= FIRST_SAFE_WAL


def _sqlite_engine(url: URL, *, read_only: bool) -> Engine:
    module, may_wal = sqlite_module()
    # isolation_level None: the driver begins nothing by itself; `_begin_immediate` does.
    engine = create_engine(
        url,
        module=module,
        poolclass=NullPool if read_only else QueuePool,
        connect_args={"isolation_level": None, "check_same_thread": False, "timeout": BUSY_TIMEOUT_MS / 1000},
    )
    pragmas = (
        f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}",
        f"PRAGMA journal_mode = {'WAL' if may_wal else 'DELETE'}",
        "PRAGMA synchronous = FULL",
        "PRAGMA foreign_keys = ON",
        "PRAGMA trusted_schema = OFF",
        "PRAGMA mmap_size = 0",
        *(_READER_PRAGMAS if read_only else _WRITER_PRAGMAS),
    )

    def prepare(connection: Any, _: object) -> None:
        for pragma in pragmas:
            connection.execute(pragma).close()

    event.listen(engine, "connect", prepare)
    return engine


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _plan_once(connection: Any, _: object) -> None:
    # The facts' statements have one good plan, along the indexes, whatever their parameters and even while the planner
    # has no statistics yet; planning anew would take longer than running.
    connection.execute(
        "SET plan_cache_mode = force_generic_plan; SET jit = off;"
        "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off"
    )


_POSTGRESQL_LIMITS: Final = {
    "connect_timeout": CONNECT_TIMEOUT_SECONDS,
    # A server whose machine is gone never says so: without these, whoever waits for it waits a quarter of an hour.
    "tcp_user_timeout": 10_000,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
}


def _postgresql_engine(url: URL, **options: Any) -> Engine:
    try:
        import psycopg  # noqa: PLC0415
    except ImportError:
        raise StoreError("PostgreSQL needs its driver; run `pip install 'psycopg[binary]'`") from None
    limits = {name: value for name, value in _POSTGRESQL_LIMITS.items() if name not in url.query}
    return create_engine(url, module=psycopg, connect_args=limits, **options)


def _said(error: Exception) -> str:
    cause: object = getattr(error, "orig", None) or error
    return str(cause).partition("\n")[0]

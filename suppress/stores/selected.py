"""The rows of one SELECT somebody wrote, as they come; nothing can be written by it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from suppress.errors import StoreError
from suppress.stores.database import Database

_ROWS_AT_ONCE = 5_000


@contextmanager
def selected(database: Database, statement: str) -> Iterator[Iterator[dict[str, Any]]]:
    """Each row by the names of its columns. Raises StoreError when the database refuses the statement.

    The transaction is read-only on PostgreSQL, the connection on SQLite. No ";": a second statement could end the one.
    """
    if ";" in statement:
        raise StoreError('a query is one statement, without ";" in it')
    if database.dialect == "postgresql":
        statement = statement.replace("%", "%%")  # the driver reads % as a parameter's place
    with database.errors("ask"), database.frozen() as connection:
        result = connection.execution_options(yield_per=_ROWS_AT_ONCE).exec_driver_sql(statement)
        try:
            yield (dict(row) for row in result.mappings())
        finally:
            result.close()

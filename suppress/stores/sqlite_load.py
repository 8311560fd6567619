"""The statements that write rows into SQLite: the driver's executemany, inside the transaction the loader opened."""

from collections.abc import Sequence
from typing import Any, Final

import orjson
from sqlalchemy.engine import Connection

from suppress.stores.targets import Target

ADVANCE_FEED: Final = "UPDATE feeds SET as_of_us = max(coalesce(as_of_us, ?), ?) WHERE source = ?"


def upsert(connection: Connection, target: Target, rows: Sequence[tuple[Any, ...]], load_seq: int) -> int:
    """Insert rows with distinct keys, or replace older ones; how many were new or newer."""
    columns, marks = ", ".join(target.columns), ", ".join("?" * len(target.columns))
    if target.marks_loads:
        columns, marks = f"{columns}, load_seq", f"{marks}, {load_seq}"
    statement = f"INSERT INTO {target.table} ({columns}) VALUES ({marks}) {target.on_conflict}"  # noqa: S608
    return connection.exec_driver_sql(statement, list(rows)).rowcount if rows else 0


def refresh_statistics(connection: Connection, table: str) -> None:
    """Nothing to do: the statements name their order of loops themselves."""


def insert(connection: Connection, table: str, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows that are known to be new."""
    if rows:
        marks = ", ".join("?" * len(columns))
        connection.exec_driver_sql(
            f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})",  # noqa: S608
            list(rows),
        )


def update_times(connection: Connection, customer_ids: Sequence[str]) -> dict[str, int]:
    """customer_id -> updated_at_us, for those that are known."""
    found = connection.exec_driver_sql(
        "SELECT customer_id, updated_at_us FROM customers WHERE customer_id IN (SELECT value FROM json_each(?))",
        (orjson.dumps(customer_ids).decode(),),
    )
    return {row[0]: row[1] for row in found}


def forget_identities(connection: Connection, customer_ids: Sequence[str]) -> None:
    """Delete every identity of these customers."""
    connection.exec_driver_sql(
        "DELETE FROM identities WHERE customer_id IN (SELECT value FROM json_each(?))",
        (orjson.dumps(customer_ids).decode(),),
    )

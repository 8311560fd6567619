"""The statements that write rows into PostgreSQL: COPY into a staging table, then one INSERT from there.

A lock per table keeps two loaders of the same source from waiting for each other's rows crosswise.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy.engine import Connection

from suppress.stores.targets import Target

ADVANCE_FEED: Final = "UPDATE feeds SET as_of_us = greatest(coalesce(as_of_us, %s), %s) WHERE source = %s"


def upsert(connection: Connection, target: Target, rows: Sequence[tuple[Any, ...]], load_seq: int) -> int:
    """Insert rows with distinct keys, or replace older ones; how many were new or newer."""
    if not rows:
        return 0
    stage = f"stage_{target.table}"
    columns = ", ".join(target.columns)
    connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext(%s))", (f"suppress load {target.table}",))
    connection.exec_driver_sql(
        f"CREATE TEMPORARY TABLE IF NOT EXISTS {stage} (LIKE {target.table} INCLUDING DEFAULTS) ON COMMIT DELETE ROWS"
    )
    _copy(connection, stage, columns, rows)
    into, values = (f"{columns}, load_seq", f"{columns}, {load_seq}") if target.marks_loads else (columns, columns)
    return connection.exec_driver_sql(
        f"INSERT INTO {target.table} ({into}) SELECT {values} FROM {stage} {target.on_conflict}"  # noqa: S608
    ).rowcount


def refresh_statistics(connection: Connection, table: str) -> None:
    """Let the planner know how the table looks now; without it the first reads after a load are slow."""
    connection.exec_driver_sql(f"ANALYZE {table}")


def insert(connection: Connection, table: str, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows that are known to be new."""
    if rows:
        _copy(connection, table, ", ".join(columns), rows)


def update_times(connection: Connection, customer_ids: Sequence[str]) -> dict[str, int]:
    """customer_id -> updated_at_us, for those that are known."""
    connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext(%s))", ("suppress load customers",))
    found = connection.exec_driver_sql(
        "SELECT customer_id, updated_at_us FROM customers WHERE customer_id = ANY(%s)", (customer_ids,)
    )
    return {row[0]: row[1] for row in found}


def forget_identities(connection: Connection, customer_ids: Sequence[str]) -> None:
    """Delete every identity of these customers."""
    connection.exec_driver_sql("DELETE FROM identities WHERE customer_id = ANY(%s)", (customer_ids,))


def _copy(connection: Connection, table: str, columns: str, rows: Sequence[tuple[Any, ...]]) -> None:
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)

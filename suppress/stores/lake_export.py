"""Pull facts out of the store as Arrow batches, all from one view of it, with flat memory; both databases alike."""

# ruff: noqa: S608  (the text is put together from names in this room; values travel as parameters)

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
from sqlalchemy.engine import Connection

from suppress.errors import StoreError
from suppress.facts.snapshot import Source
from suppress.stores.database import Database
from suppress.stores.dialects import Lists
from suppress.stores.lake_tables import Columns
from suppress.stores.load_log import unpacked_keys

BATCH_ROWS: Final = 50_000
KEYS_AT_ONCE: Final = 20_000

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """The last load of a source a lake holds. `load_seq` 0 and no token: none was logged."""

    load_seq: int
    token: str | None


class StoreView:
    """The store as it was when the view was opened. Use `open_view`."""

    def __init__(self, connection: Connection, dialect: str, shown_url: str) -> None:
        self._driver: Any = connection.connection.driver_connection
        self._connection = connection
        self.dialect = dialect
        self.shown_url = shown_url
        self._lists = Lists(dialect)
        self._mark = "?" if dialect == "sqlite" else "%s"

    def feeds_us(self) -> dict[Source, int | None]:
        """Source -> as of when it is complete; None = never loaded."""
        found = {row[0]: row[1] for row in self._all("SELECT source, as_of_us FROM feeds")}
        return {source: found.get(source.value) for source in Source}

    def watermark(self) -> dict[Source, Load]:
        """The last load of every source."""
        found = self._all(
            "SELECT f.source, f.load_seq, l.token FROM feeds f"
            " LEFT JOIN loads l ON l.source = f.source AND l.load_seq = f.load_seq"
        )
        return {Source(row[0]): Load(load_seq=row[1], token=row[2]) for row in found}

    def keys_since(self, source: Source, last: Load) -> list[Row] | None:
        """The keys that loads after `last` offered, each once; None when the log cannot tell."""
        rows = self._all(
            "SELECT load_seq, token, keys FROM loads"
            f" WHERE source = {self._mark} AND load_seq >= {self._mark} ORDER BY load_seq",
            (source.value, last.load_seq),
        )
        if last.load_seq and (not rows or (rows[0][0], rows[0][1]) != (last.load_seq, last.token)):
            return None
        newer = [row for row in rows if row[0] > last.load_seq]
        head = self.watermark()[source].load_seq
        if [row[0] for row in newer] != list(range(last.load_seq + 1, head + 1)) or any(
            row[2] is None for row in newer
        ):
            return None
        return list(dict.fromkeys(key for row in newer for key in unpacked_keys(bytes(row[2]))))

    def corrected_pairs_since(self, load_seq: int) -> list[Row]:
        """(customer_id, sku) of the lines that were changed or deleted after the load of that number."""
        statement = f"SELECT DISTINCT customer_id, sku FROM line_corrections WHERE load_seq > {self._mark}"
        return self._all(statement, (load_seq,))

    def table(self, table: str, columns: Columns, end: str = "") -> Iterator[pa.RecordBatch]:
        """A whole table; `end` closes the statement (WHERE, ORDER BY)."""
        return self._batches(f"SELECT {_names(columns, 't', self.dialect)} FROM {table} t {end}", (), columns)

    def rows(self, statement: str) -> Iterator[list[Row]]:
        """The rows of a statement as they come, some at a time."""
        return self._stream(statement, ())

    def fetched(
        self,
        table: str,
        columns: Columns,
        by: Sequence[str],
        keys: Sequence[Row],
        extra: str = "",
    ) -> Iterator[pa.RecordBatch]:
        """The rows of a table whose columns `by` are in a list of keys; `extra` narrows them further (AND ...)."""
        names = [f"k{number}" for number in range(len(by))]
        if self.dialect == "sqlite":
            # Materialized, or SQLite would read the JSON anew for every row it compares with.
            listed = ", ".join(f"json_extract(value, '$[{number}]') AS {name}" for number, name in enumerate(names))
            source, join = f"WITH k AS MATERIALIZED (SELECT {listed} FROM json_each(?)) ", "k CROSS JOIN"
        else:
            arrays = ", ".join(["%s::text[]"] * len(by))
            source, join = "", f"unnest({arrays}) k({', '.join(names)}) JOIN"
        on = " AND ".join(f"t.{column} = k.{name}" for column, name in zip(by, names, strict=True))
        statement = f"{source}SELECT {_names(columns, 't', self.dialect)} FROM {join} {table} t ON {on} {extra}"
        for start in range(0, len(keys), KEYS_AT_ONCE):
            part = keys[start : start + KEYS_AT_ONCE]
            yield from self._batches(statement, self._lists.rows(part, len(by)), columns)

    def prefer_indexes(self) -> None:
        """Let PostgreSQL look keys up one by one: its guess for a list's length would make it read whole tables."""
        if self.dialect == "postgresql":
            for what in ("seqscan", "hashjoin", "mergejoin", "bitmapscan"):
                self._connection.exec_driver_sql(f"SET LOCAL enable_{what} = off")
            self._connection.exec_driver_sql("SET LOCAL jit = off")

    def sort_in_memory(self) -> None:
        """Let PostgreSQL use more memory for the one long sort."""
        if self.dialect == "postgresql":
            self._connection.exec_driver_sql("SET LOCAL work_mem = '256MB'")

    def _all(self, statement: str, parameters: Row = ()) -> list[Row]:
        return [row for rows in self._stream(statement, parameters) for row in rows]

    def _batches(self, statement: str, parameters: Row, columns: Columns) -> Iterator[pa.RecordBatch]:
        schema = pa.schema([(name, kind) for name, kind in columns])
        for rows in self._stream(statement, parameters):
            arrays = [
                pa.array(column, type=kind) for column, kind in zip(zip(*rows, strict=True), schema.types, strict=True)
            ]
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)

    def _stream(self, statement: str, parameters: Row) -> Iterator[list[Row]]:
        if self.dialect == "sqlite":
            cursor = self._driver.execute(statement, parameters)
        else:
            cursor = self._driver.cursor(name="lake", binary=True)
            cursor.itersize = BATCH_ROWS
            cursor.execute(statement, parameters)
        try:
            while rows := cursor.fetchmany(BATCH_ROWS):
                yield rows
        finally:
            cursor.close()


@contextmanager
def open_view(database: Database) -> Iterator[StoreView]:
    """A view of the store. Database errors become StoreError."""
    with database.errors("read"), database.frozen() as connection:
        yield StoreView(connection, database.dialect, database.shown_url)


def as_json(watermark: Mapping[Source, Load]) -> dict[str, list[object]]:
    """A watermark for a manifest."""
    return {source.value: [load.load_seq, load.token] for source, load in watermark.items()}


def from_json(value: Any) -> dict[Source, Load]:
    """A watermark from a manifest. Raises StoreError when it is none."""
    try:
        return {Source(name): Load(load_seq=seq, token=token) for name, (seq, token) in value.items()}
    except (AttributeError, TypeError, ValueError):
        raise StoreError("the lake does not say what it was made from; run `suppress lake rebuild`") from None


def _names(columns: Columns, alias: str, dialect: str) -> str:
    # PostgreSQL's flags as numbers, which is what SQLite keeps.
    flags = {"is_gift", "do_not_contact", "open_case", "late_order"} if dialect == "postgresql" else set()
    return ", ".join(f"CAST({alias}.{name} AS integer)" if name in flags else f"{alias}.{name}" for name, _ in columns)

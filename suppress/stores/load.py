"""Write records into the store: batches in, the number of rows they changed out; the newer of two with one key stays.

A batch is durable when `write` returns, in transactions of at most 50,000 rows, so a killed import can be run again.
`unmatched_credits` lists the credit notes that found no purchase.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, Self

from sqlalchemy.engine import Connection

from suppress.errors import StoreError
from suppress.facts.history import OrderLine, settle
from suppress.facts.records import (
    CustomerRecord,
    FeedbackRecord,
    OrderRecord,
    ProductRecord,
    Record,
    SentRecord,
    StockRecord,
)
from suppress.facts.snapshot import Source
from suppress.stores import postgresql_load, sqlite_load
from suppress.stores.database import Database
from suppress.stores.load_log import MOST_LOGGED_ROWS, forget_old_loads, next_load, note_load, packed_keys
from suppress.stores.targets import IDENTITY_COLUMNS, Target

ROWS_PER_TRANSACTION: Final = 50_000
TARGETS: Final = {
    Source.PRODUCTS: Target("products", ProductRecord._fields, ("sku",)),
    Source.ORDERS: Target("order_lines", OrderRecord._fields, ("order_id", "line_id"), marks_loads=True),
    Source.STOCK: Target("stock", StockRecord._fields, ("sku", "location_id")),
    Source.CUSTOMERS: Target("customers", CustomerRecord._fields[:-1], ("customer_id",)),
    Source.SENT: Target("sent_messages", SentRecord._fields, ("message_id", "customer_id")),
    Source.FEEDBACK: Target("feedback", FeedbackRecord._fields, ("customer_id", "about_kind", "about", "says")),
}


class Loader:
    """Writes the records of one source. Use it as a context manager, or close it. One thread at a time.

    The rate grows with the size of the batches handed to `write`; 10,000 records and more are good.
    """

    def __init__(self, database: Database, source: Source) -> None:
        self._database = database
        self._source = source
        self._target = TARGETS[source]
        self._key: Callable[[Any], Any] = itemgetter(*range(len(self._target.key)))
        self._writer = _WRITERS[database.dialect]
        self._closed = False
        self._logged_rows = 0

    def write(self, records: Sequence[Record]) -> int:
        """Insert or replace; the number of rows that were new or newer than what was there.

        Strictly newer wins; on equal times what was there stays, and within a batch what comes first.
        Raises StoreError when the database refuses; then nothing of the last, unfinished 50,000 rows is kept.
        """
        if self._closed:
            raise StoreError(f"the loader of {self._source} is closed")
        changed = 0
        for start in range(0, len(records), ROWS_PER_TRANSACTION):
            newest = self._newest(records[start : start + ROWS_PER_TRANSACTION])
            with self._database.write() as connection:
                load_seq = next_load(connection, self._source)
                changed_now = self._write(connection, newest, load_seq)
                if changed_now:
                    self._note(connection, newest, load_seq)
                changed += changed_now
        return changed

    def finish(self, as_of_us: int) -> None:
        """State that the source is complete up to `as_of_us`; an earlier instant than the one known changes nothing."""
        with self._database.write() as connection:
            connection.exec_driver_sql(self._writer.ADVANCE_FEED, (as_of_us, as_of_us, self._source.value))
            self._writer.refresh_statistics(connection, self._target.table)
            forget_old_loads(connection, self._source)

    def close(self) -> None:
        """Write no more. What `write` returned from is in the database already."""
        self._closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _newest(self, records: Sequence[Record]) -> Sequence[Any]:
        newest: dict[Any, Any] = {}
        for key, record in zip(map(self._key, records), records, strict=True):
            known = newest.setdefault(key, record)
            if known is not record and known.updated_at_us < record.updated_at_us:
                newest[key] = record
        return records if len(newest) == len(records) else list(newest.values())

    def _note(self, connection: Connection, rows: Sequence[Any], load_seq: int) -> None:
        self._logged_rows += len(rows)
        is_too_much = self._logged_rows > MOST_LOGGED_ROWS
        keys = None if is_too_much else packed_keys(rows, len(self._target.key))
        note_load(connection, self._source, load_seq, keys, len(rows))

    def _write(self, connection: Connection, rows: Sequence[Any], load_seq: int) -> int:
        if self._source is not Source.CUSTOMERS:
            changed: int = self._writer.upsert(connection, self._target, rows, load_seq)
            return changed
        known = self._writer.update_times(connection, [row.customer_id for row in rows])
        newer = [row for row in rows if (at := known.get(row.customer_id)) is None or at < row.updated_at_us]
        if newer:
            self._writer.upsert(connection, self._target, [row[:-1] for row in newer], load_seq)
            self._writer.forget_identities(connection, [row.customer_id for row in newer])
            pairs = [(kind, value, row.customer_id) for row in newer for kind, value in dict.fromkeys(row.identities)]
            self._writer.insert(connection, "identities", IDENTITY_COLUMNS, pairs)
        return len(newer)


_WRITERS: Final[dict[str, Any]] = {"sqlite": sqlite_load, "postgresql": postgresql_load}

_CREDITED: Final = """
    SELECT l.customer_id, l.sku, l.ordered_at_us, l.units, l.cancelled_units, l.returned_units, l.is_gift, l.channel
    FROM order_lines l
    JOIN (SELECT DISTINCT customer_id, sku FROM order_lines WHERE units < 0) c
      ON c.customer_id = l.customer_id AND c.sku = l.sku
    ORDER BY l.customer_id
"""


def unmatched_credits(database: Database) -> Iterator[tuple[str, str, int]]:
    """(customer_id, sku, units > 0) of every credit note, or the part of it, that no earlier line explains.

    Reads as a stream and holds the lines of one customer at a time. Raises StoreError when the database fails.
    """
    with database.errors("read"), database.stream(_CREDITED) as rows:
        for customer_id, lines in groupby(rows, key=itemgetter(0)):
            for credit in settle(OrderLine(*line[1:]) for line in lines)[1]:
                yield customer_id, credit.line.sku, credit.units

"""Keep count of stock that is shared out: places of messages in, never more of a sku than its budget.

A place is live until it expires, is released, or the message's customer orders the sku after it was reserved: then the
unit leaves the stock figure itself. Whoever reserves holds a lock from counting what others hold until the end of the
transaction (SQLite's write lock; on PostgreSQL one per sku, taken in one order), so that two never share a place.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from itertools import islice
from typing import Any, Final, NamedTuple

from sqlalchemy.engine import Connection

from suppress.stores.database import Database
from suppress.stores.dialects import DIALECTS, Lists

ROWS_AT_ONCE: Final = 10_000


class MessageKey(NamedTuple):
    """Whose places they are. '' = a message of no campaign, to nobody known."""

    campaign_id: str
    message_id: str
    customer_id: str


class Reservation(NamedTuple):
    """Places of one sku in one message."""

    message_id: str
    customer_id: str
    sku: str
    places: int


class Released(NamedTuple):
    """What became free."""

    messages: int
    places: int


class Drawing:
    """A transaction in which one message reserves. `taken`: sku -> live places that others hold."""

    def __init__(self, connection: Connection, key: MessageKey, taken: Mapping[str, int]) -> None:
        self.taken = taken
        self._connection = connection
        self._key = key

    def hold(self, draws: Mapping[str, int], now_us: int, expires_at_us: int) -> None:
        """Hold these places (sku -> how many) and no others of this message."""
        mark = _MARKS[self._connection.dialect.name]
        own = f"campaign_id = {mark} AND message_id = {mark} AND customer_id = {mark}"
        self._connection.exec_driver_sql(f"DELETE FROM reservations WHERE {own}", tuple(self._key))  # noqa: S608
        rows = [(*self._key, sku, places, now_us, expires_at_us) for sku, places in sorted(draws.items())]
        if rows:
            self._connection.exec_driver_sql(_INSERT.format(marks=", ".join([mark] * 7)), rows)


class Reservations:
    """The reservations of one database. Threads may share it. Every method raises StoreError when that fails."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lists = Lists(database.dialect)
        self._mark = _MARKS[database.dialect]

    @contextmanager
    def drawing(self, key: MessageKey, skus: Collection[str], now_us: int) -> Iterator[Drawing]:
        """Hold the lock on these skus while one message decides what it takes. Leaving with an error undoes it."""
        with self._database.write() as connection:
            if self._database.dialect == "postgresql":
                connection.exec_driver_sql(_LOCK_SHARED, (_EVERYTHING,))
                connection.exec_driver_sql(_LOCK_EACH, (sorted({_lock_of(sku) for sku in skus}),))
            yield Drawing(connection, key, self._taken_by_others(connection, key, skus, now_us))

    def taken(self, key: MessageKey, skus: Collection[str], now_us: int) -> Mapping[str, int]:
        """sku -> live places that messages other than this one hold; without a lock, to look at."""
        with self._database.errors("read reservations from"):
            return self._taken_by_others(self._database.read(), key, skus, now_us)

    def live(self, now_us: int, *, except_campaign: str | None = None) -> dict[str, int]:
        """sku -> live places, those of one campaign left out."""
        with self._database.errors("read reservations from"):
            return self._live(self._database.read(), now_us, except_campaign)

    def reserve_many(
        self,
        campaign_id: str,
        reservations: Iterable[Reservation],
        at_most: Mapping[str, int],
        now_us: int,
        expires_at_us: int,
    ) -> dict[str, int]:
        """Reserve for a whole campaign, in place of all it held; or nothing, where others took too much meanwhile.

        `at_most`: sku -> live places of others up to which this allocation stands. Returned are those skus of which
        others hold more, with how many: none when all is reserved; else allocate anew with these and come back.
        """
        with self._database.write() as connection:
            if self._database.dialect == "postgresql":
                connection.exec_driver_sql(_LOCK_ALL, (_EVERYTHING,))
            live = self._live(connection, now_us, campaign_id)
            contested = {sku: live[sku] for sku, places in at_most.items() if live.get(sku, 0) > places}
            if contested:
                return contested
            self._delete(connection, f"expires_at_us <= {self._mark}", (now_us,))
            self._delete(connection, f"campaign_id = {self._mark}", (campaign_id,))
            insert = _INSERT.format(marks=", ".join([self._mark] * 7))
            waiting = iter(reservations)
            while rows := [(campaign_id, *one, now_us, expires_at_us) for one in islice(waiting, ROWS_AT_ONCE)]:
                connection.exec_driver_sql(insert, rows)
        return {}

    def release(self, campaign_id: str, now_us: int) -> Released:
        """Free all a campaign holds; what of it was live."""
        with self._database.write() as connection:
            if self._database.dialect == "postgresql":
                connection.exec_driver_sql(_LOCK_ALL, (_EVERYTHING,))
            statement = (
                "SELECT count(*), coalesce(sum(m.places), 0) FROM (SELECT sum(r.places) AS places FROM reservations r"  # noqa: S608
                f" WHERE r.campaign_id = {self._mark} AND {_live(self._mark)} GROUP BY r.message_id, r.customer_id) m"
            )
            messages, places = connection.exec_driver_sql(statement, (campaign_id, now_us)).one()
            self._delete(connection, f"campaign_id = {self._mark}", (campaign_id,))
        return Released(int(messages), int(places))

    def _taken_by_others(
        self, connection: Connection, key: MessageKey, skus: Collection[str], now_us: int
    ) -> dict[str, int]:
        mark = self._mark
        statement = (
            f"SELECT r.sku, sum(r.places) FROM {DIALECTS[self._database.dialect].skus} JOIN reservations r"  # noqa: S608
            f" ON r.sku = k.sku WHERE {_live(mark)}"
            f" AND NOT (r.campaign_id = {mark} AND r.message_id = {mark} AND r.customer_id = {mark}) GROUP BY r.sku"
        )
        rows = connection.exec_driver_sql(statement, (self._lists.values(skus), now_us, *key))
        return {sku: int(places) for sku, places in rows}

    def _live(self, connection: Connection, now_us: int, except_campaign: str | None) -> dict[str, int]:
        others = "" if except_campaign is None else f" AND r.campaign_id <> {self._mark}"
        parameters: tuple[Any, ...] = (now_us,) if except_campaign is None else (now_us, except_campaign)
        statement = f"SELECT r.sku, sum(r.places) FROM reservations r WHERE {_live(self._mark)}{others} GROUP BY r.sku"  # noqa: S608
        return {sku: int(places) for sku, places in connection.exec_driver_sql(statement, parameters)}

    def _delete(self, connection: Connection, condition: str, parameters: tuple[Any, ...]) -> None:
        connection.exec_driver_sql(f"DELETE FROM reservations WHERE {condition}", parameters)  # noqa: S608


_MARKS: Final = {"sqlite": "?", "postgresql": "%s"}
_INSERT: Final = (
    "INSERT INTO reservations (campaign_id, message_id, customer_id, sku, places, reserved_at_us, expires_at_us)"
    " VALUES ({marks})"
)

# Whoever reserves for one message shares this lock; whoever reserves or releases for a campaign holds it alone.
_EVERYTHING: Final = int.from_bytes(sha256(b"suppress reservations").digest()[:8], "big", signed=True)
_LOCK_SHARED: Final = "SELECT pg_advisory_xact_lock_shared(%s)"
_LOCK_ALL: Final = "SELECT pg_advisory_xact_lock(%s)"
_LOCK_EACH: Final = "SELECT pg_advisory_xact_lock(k) FROM unnest(%s::bigint[]) k"


def _lock_of(sku: str) -> int:
    return int.from_bytes(sha256(b"suppress sku\x00" + sku.encode()).digest()[:8], "big", signed=True)


def _live(mark: str) -> str:
    """Whether a reservation `r` counts at an instant."""
    sold = (
        "SELECT 1 FROM order_lines l WHERE l.customer_id = r.customer_id AND l.sku = r.sku AND l.units > 0"
        " AND l.ordered_at_us > r.reserved_at_us"
    )
    return f"r.expires_at_us > {mark} AND NOT EXISTS ({sold})"

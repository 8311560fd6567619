"""API keys in the database: made, found by their hash, listed, revoked. The keys themselves are nowhere in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from sqlalchemy import Table, insert, or_, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from suppress.errors import StoreError
from suppress.stores.database import Database
from suppress.stores.key_tables import KeyRow

_KEYS: Final[Table] = KeyRow.metadata.tables["api_keys"]
_COLUMNS: Final = tuple(_KEYS.columns.keys())
USED_EVERY_US: Final = 60_000_000
"""A key's last use is written down at most so often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRecord:
    """What is known of a key. Times in microseconds since 1970 UTC; None = never expires, not revoked, not used yet."""

    key_id: str
    name: str
    role: str
    env: str
    prefix: str
    key_hash: str = field(repr=False)
    created_at_us: int
    expires_at_us: int | None = None
    revoked_at_us: int | None = None
    last_used_us: int | None = None

    def is_live(self, now_us: int) -> bool:
        """Whether it opens anything at an instant."""
        return self.revoked_at_us is None and (self.expires_at_us is None or now_us < self.expires_at_us)


class NewKey(Protocol):
    """What is kept of a key that was just made, see `access.key.mint`."""

    @property
    def key_id(self) -> str:
        """A new id."""

    @property
    def env(self) -> str:
        """`live` or `test`."""

    @property
    def prefix(self) -> str:
        """Its beginning, by which people know it."""

    @property
    def key_hash(self) -> str:
        """SHA-256 of the whole key, in hex."""


class Keys:
    """The API keys of one database. Threads may share it. Every method raises StoreError when that fails."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._find = f"SELECT {', '.join(_COLUMNS)} FROM api_keys WHERE key_hash = {_MARKS[database.dialect]}"  # noqa: S608

    def create(self, key: NewKey, *, name: str, role: str, now_us: int, expires_at_us: int | None = None) -> KeyRecord:
        """Keep a new key."""
        record = KeyRecord(
            key_id=key.key_id,
            name=name,
            role=role,
            env=str(key.env),
            prefix=key.prefix,
            key_hash=key.key_hash,
            created_at_us=now_us,
            expires_at_us=expires_at_us,
        )
        with self._database.write() as connection:
            connection.execute(insert(_KEYS).values({name: getattr(record, name) for name in _COLUMNS}))
        return record

    def find(self, key_hash: str) -> KeyRecord | None:
        """The key with this hash, whether it still opens anything or not; None when there is none."""
        with self._reading():
            try:
                rows = self._database.rows(self._find, (key_hash,))
            except DBAPIError as error:
                if not error.connection_invalidated:
                    raise
                # The server was started anew, or closed a connection that was idle: the first attempt finds out.
                self._database.drop_reader()
                rows = self._database.rows(self._find, (key_hash,))
        return _record(rows[0]) if rows else None

    def all(self) -> list[KeyRecord]:
        """Every key, the newest first."""
        with self._reading() as connection:
            rows = connection.execute(select(_KEYS).order_by(_KEYS.c.created_at_us.desc(), _KEYS.c.key_id)).all()
        return [_record(tuple(row)) for row in rows]

    def revoke(self, which: str, now_us: int) -> KeyRecord | None:
        """Revoke the key with this id or prefix: the record as it then is, None when there is no such key.

        One that was revoked before stays so since then.
        """
        named = or_(_KEYS.c.key_id == which, _KEYS.c.prefix == which)
        with self._database.write() as connection:
            connection.execute(update(_KEYS).where(named, _KEYS.c.revoked_at_us.is_(None)).values(revoked_at_us=now_us))
            row = connection.execute(select(_KEYS).where(named)).one_or_none()
        return None if row is None else _record(tuple(row))

    def touch(self, key_id: str, used_at_us: int) -> bool:
        """Write down that the key was used; whether that was news. Nothing is written for less than a minute."""
        before = or_(_KEYS.c.last_used_us.is_(None), _KEYS.c.last_used_us <= used_at_us - USED_EVERY_US)
        with self._reading() as connection:
            # Asked first without a transaction: on SQLite one would hold off every other writer.
            if connection.execute(select(1).where(_KEYS.c.key_id == key_id, before)).first() is None:
                return False
        with self._database.write() as connection:
            changed = connection.execute(
                update(_KEYS).where(_KEYS.c.key_id == key_id, before).values(last_used_us=used_at_us)
            )
        return changed.rowcount > 0

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        try:
            with self._database.errors("read API keys from"):
                yield self._database.read()
        except StoreError:
            self._database.drop_reader()
            raise


_MARKS: Final = {"sqlite": "?", "postgresql": "%s"}


def _record(row: tuple[Any, ...]) -> KeyRecord:
    return KeyRecord(**dict(zip(_COLUMNS, row, strict=True)))

"""Requests that may be sent again, in the database: each is answered by one worker at a time, and its answer is kept.

Whoever answers claims the request first, for a while only, so that one that was killed holds up nobody for long. A
claim is known by its end: a later one of the same request always ends later.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from hashlib import sha256
from typing import Any, Final, NamedTuple

from sqlalchemy import Table, delete, insert, select, update
from sqlalchemy.engine import Connection

from suppress.stores.database import Database
from suppress.stores.idempotency_tables import IdempotencyRow

KEPT_US: Final = 48 * 3600 * 1_000_000
"""How long a request is known, from when it was claimed."""

_REQUESTS: Final[Table] = IdempotencyRow.metadata.tables["idempotency_keys"]


class Request(NamedTuple):
    """What must be alike for two requests to be one: who asks, by which key, and for what. Made by `request_of`."""

    api_key_id: str
    key_hash: str
    route: str
    body_hash: str


class Kept(NamedTuple):
    """The answer that was given. `status` is final, so below 500."""

    status: int
    media_type: str
    body: bytes


class Claim(NamedTuple):
    """Nobody else answers the request until then."""

    request: Request
    until_us: int


class Refusal(Enum):
    """Why a request is not answered."""

    REUSED = "the key came with another request before"
    UNDER_WAY = "the same request is being answered"


class Requests:
    """The requests of one database. Threads may share it. Every method raises StoreError when it cannot."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, request: Request, *, now_us: int, until_us: int) -> Claim | Kept | Refusal:
        """The right to answer a request, or the answer it had. Forgets, too, every request that is old by now."""
        with self._writing() as connection:
            connection.execute(delete(_REQUESTS).where(_REQUESTS.c.claimed_at_us <= now_us - KEPT_US))
            row = connection.execute(select(_REQUESTS).where(*_named(request))).mappings().one_or_none()
            if row is None:
                new = {**request._asdict(), "claimed_at_us": now_us, "claimed_until_us": until_us}
                connection.execute(insert(_REQUESTS).values(new))
                return Claim(request, until_us)
            if (row["route"], row["body_hash"]) != (request.route, request.body_hash):
                return Refusal.REUSED
            if row["status"] is not None:
                return Kept(row["status"], row["media_type"], bytes(row["answer"]))
            if now_us < row["claimed_until_us"]:
                return Refusal.UNDER_WAY
            again = update(_REQUESTS).where(*_named(request))
            connection.execute(again.values(claimed_at_us=now_us, claimed_until_us=until_us))
        return Claim(request, until_us)

    def keep(self, claim: Claim, answer: Kept) -> bool:
        """Keep the answer, even when the claim's time is up; False when others claimed the request since."""
        given = {"status": answer.status, "media_type": answer.media_type, "answer": answer.body}
        with self._writing() as connection:
            return connection.execute(update(_REQUESTS).where(*_held(claim)).values(given)).rowcount > 0

    def release(self, claim: Claim) -> None:
        """Forget the request, for it had no answer that is final. One that others claimed since stays theirs."""
        with self._writing() as connection:
            connection.execute(delete(_REQUESTS).where(*_held(claim)))

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self._database.write() as connection:
            if self._database.dialect == "postgresql":
                # SQLite's write lock is held from the start; here writers of this table wait for one another.
                connection.exec_driver_sql(_LOCK, (_LOCKED,))
            yield connection


def request_of(api_key_id: str, key: str, route: str, body: bytes) -> Request:
    """The request as it is kept. `key`: its `Idempotency-Key`; only a hash of it is kept, and one per API key."""
    key_hash = sha256(f"{api_key_id}\0{key}".encode()).hexdigest()
    return Request(api_key_id, key_hash, route, sha256(body).hexdigest())


_LOCK: Final = "SELECT pg_advisory_xact_lock(%s)"
_LOCKED: Final = int.from_bytes(sha256(b"suppress idempotency keys").digest()[:8], "big", signed=True)


def _named(request: Request) -> tuple[Any, ...]:
    return _REQUESTS.c.api_key_id == request.api_key_id, _REQUESTS.c.key_hash == request.key_hash


def _held(claim: Claim) -> tuple[Any, ...]:
    return *_named(claim.request), _REQUESTS.c.claimed_until_us == claim.until_us, _REQUESTS.c.status.is_(None)

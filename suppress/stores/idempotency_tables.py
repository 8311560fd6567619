"""The table of requests that may be sent again: one row per `Idempotency-Key` of an API key, with the first answer."""

from typing import Any, Final

from sqlalchemy import CheckConstraint, Index, LargeBinary
from sqlmodel import Field

from suppress.stores.tables import Base, key_column, text_column, whole_column

# With a rowid, other than most tables: answers are long.
OPTIONS: Final[dict[str, Any]] = {"sqlite_strict": True}


class IdempotencyRow(Base, table=True):
    """One request. `key_hash`: SHA-256 in hex of the API key's id and the `Idempotency-Key`; the key itself is nowhere.

    `body_hash`: SHA-256 of the request's body, in hex. `claimed_until_us`: until when whoever answers it keeps others
    from doing so. `status`, `media_type`, `answer`: the answer; NULL = there is none yet.
    """

    __tablename__ = "idempotency_keys"
    __table_args__ = (
        CheckConstraint("length(api_key_id) BETWEEN 1 AND 255", name="api_key_id"),
        CheckConstraint("length(key_hash) = 64", name="key_hash"),
        CheckConstraint("length(body_hash) = 64", name="body_hash"),
        CheckConstraint("claimed_until_us > claimed_at_us", name="claimed_until_us"),
        CheckConstraint("status BETWEEN 200 AND 499", name="status"),
        CheckConstraint(
            "(status IS NULL) = (answer IS NULL) AND (status IS NULL) = (media_type IS NULL)", name="answer"
        ),
        Index("ix_idempotency_keys_claimed_at_us", "claimed_at_us"),
        OPTIONS,
    )

    api_key_id: str = key_column()
    key_hash: str = key_column()
    route: str = text_column()
    body_hash: str = text_column()
    claimed_at_us: int = whole_column()
    claimed_until_us: int = whole_column()
    status: int | None = whole_column()
    media_type: str | None = text_column()
    answer: bytes | None = Field(sa_type=LargeBinary)

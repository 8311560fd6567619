"""Requests that may be sent again: a row per `Idempotency-Key` of an API key, with the first answer to it."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

OPTIONS = {"sqlite_strict": True}


def upgrade() -> None:
    """To 0009. No request was made yet."""
    op.create_table(
        "idempotency_keys",
        *(_text(name, required=True) for name in ("api_key_id", "key_hash", "route", "body_hash")),
        *(_whole(name, required=True) for name in ("claimed_at_us", "claimed_until_us")),
        _whole("status"),
        _text("media_type"),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("api_key_id", "key_hash", name="pk_idempotency_keys"),
        _check("api_key_id", "length(api_key_id) BETWEEN 1 AND 255"),
        _check("key_hash", "length(key_hash) = 64"),
        _check("body_hash", "length(body_hash) = 64"),
        _check("claimed_until_us", "claimed_until_us > claimed_at_us"),
        _check("status", "status BETWEEN 200 AND 499"),
        _check("answer", "(status IS NULL) = (answer IS NULL) AND (status IS NULL) = (media_type IS NULL)"),
        **OPTIONS,
    )
    op.create_index("ix_idempotency_keys_claimed_at_us", "idempotency_keys", ["claimed_at_us"])


def downgrade() -> None:
    """Back to 0008. Answers are forgotten: a request sent again is done again."""
    op.drop_table("idempotency_keys")


def _text(name: str, *, required: bool = False) -> sa.Column[str]:
    text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    return sa.Column(name, text, nullable=not required)


def _whole(name: str, *, required: bool = False) -> sa.Column[int]:
    whole = sa.Integer() if op.get_bind().dialect.name == "sqlite" else sa.BigInteger()
    return sa.Column(name, whole, nullable=not required)


def _check(name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_idempotency_keys_{name}"))

"""API keys: who may call the service, known by the hash of the key."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

OPTIONS = {"sqlite_strict": True, "sqlite_with_rowid": False}


def upgrade() -> None:
    """To 0006. There are no keys yet."""
    whole = sa.Integer() if op.get_bind().dialect.name == "sqlite" else sa.BigInteger()
    text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "api_keys",
        *(sa.Column(name, text, nullable=False) for name in ("key_id", "name", "role", "env", "prefix", "key_hash")),
        sa.Column("created_at_us", whole, nullable=False),
        *(sa.Column(name, whole) for name in ("expires_at_us", "revoked_at_us", "last_used_us")),
        sa.PrimaryKeyConstraint("key_id", name="pk_api_keys"),
        sa.UniqueConstraint("prefix", name="uq_api_keys_prefix"),
        sa.UniqueConstraint("key_hash", name="uq_api_keys_key_hash"),
        _check("key_id", "length(key_id) BETWEEN 1 AND 255"),
        _check("name", "length(name) BETWEEN 1 AND 255"),
        _check("role", "role IN ('sender', 'marketer', 'analyst', 'admin')"),
        _check("env", "env IN ('live', 'test')"),
        _check("key_hash", "length(key_hash) = 64"),
        **OPTIONS,
    )


def downgrade() -> None:
    """Back to 0005. Every key is forgotten, and opens nothing any more."""
    op.drop_table("api_keys")


def _check(name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_api_keys_{name}"))

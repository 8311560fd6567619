"""Stock shared out: which message holds how many places of which sku."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

OPTIONS = {"sqlite_strict": True, "sqlite_with_rowid": False}
KEYS = ("campaign_id", "message_id", "customer_id", "sku")


def upgrade() -> None:
    """To 0005. Nothing is reserved."""
    whole = sa.Integer() if op.get_bind().dialect.name == "sqlite" else sa.BigInteger()
    text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "reservations",
        *(sa.Column(name, text, nullable=False) for name in KEYS),
        *(sa.Column(name, whole, nullable=False) for name in ("places", "reserved_at_us", "expires_at_us")),
        sa.PrimaryKeyConstraint(*KEYS, name="pk_reservations"),
        _check("message_id", "length(message_id) BETWEEN 1 AND 255"),
        _check("sku", "length(sku) BETWEEN 1 AND 255"),
        _check("places", "places > 0"),
        **OPTIONS,
    )
    op.create_index("ix_reservations_sku", "reservations", ["sku", "expires_at_us", "places", "reserved_at_us"])


def downgrade() -> None:
    """Back to 0004. What was reserved is free."""
    op.drop_table("reservations")


def _check(name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_reservations_{name}"))

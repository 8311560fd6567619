"""The decision log: a row per decision with its line of the log, and a row per chain of them."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

OPTIONS = {"sqlite_strict": True}


def upgrade() -> None:
    """To 0008. Nothing is logged."""
    op.create_table(
        "decisions",
        _text("writer", required=True),
        _whole("seq", required=True),
        _text("decision_id", required=True),
        _whole("decided_at_us", required=True),
        _text("ruleset", required=True),
        _whole("version"),
        _text("verdict", required=True),
        *(_text(name) for name in ("customer", "message_id", "channel", "campaign_id")),
        _text("line", required=True),
        sa.PrimaryKeyConstraint("writer", "seq", name="pk_decisions"),
        _check("decisions", "decision_id", "length(decision_id) BETWEEN 1 AND 255"),
        _check("decisions", "seq", "seq > 0"),
        _check("decisions", "verdict", "verdict IN ('send', 'hold', 'suppress')"),
        **OPTIONS,
    )
    op.create_index("ix_decisions_decision_id", "decisions", ["decision_id"])
    op.create_index("ix_decisions_decided_at_us", "decisions", ["decided_at_us", "writer", "seq"])
    op.create_index("ix_decisions_customer", "decisions", ["customer", "decided_at_us"])
    op.create_index("ix_decisions_message_id", "decisions", ["message_id"])
    op.create_table(
        "decision_chains",
        _text("writer", required=True),
        _whole("head_seq", required=True),
        _text("head_hash", required=True),
        _whole("pruned_seq", required=True),
        _text("pruned_hash", required=True),
        sa.PrimaryKeyConstraint("writer", name="pk_decision_chains"),
        _check("decision_chains", "writer", "length(writer) BETWEEN 1 AND 255"),
        _check("decision_chains", "pruned_seq", "pruned_seq >= 0 AND pruned_seq <= head_seq"),
        **OPTIONS,
    )


def downgrade() -> None:
    """Back to 0007. The table of decisions is forgotten; the log files stay."""
    op.drop_table("decision_chains")
    op.drop_table("decisions")


def _text(name: str, *, required: bool = False) -> sa.Column[str]:
    text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    return sa.Column(name, text, nullable=not required)


def _whole(name: str, *, required: bool = False) -> sa.Column[int]:
    whole = sa.Integer() if op.get_bind().dialect.name == "sqlite" else sa.BigInteger()
    return sa.Column(name, whole, nullable=not required)


def _check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))

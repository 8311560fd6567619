"""Scheduled scans: a row per scan that was due, and a lease per schedule."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

OPTIONS = {"sqlite_strict": True, "sqlite_with_rowid": False}
STATES = "state IN ('waiting', 'running', 'done', 'failed', 'missed')"


def upgrade() -> None:
    """To 0004."""
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    whole = sa.Integer() if on_sqlite else sa.BigInteger()
    flag = sa.Integer() if on_sqlite else sa.Boolean()
    flags = ("overlapped", "asked_again")
    op.create_table(
        "runs",
        _text("run_id", required=True),
        _text("schedule", required=True),
        _text("zone", required=True),
        *(sa.Column(name, whole, nullable=False) for name in ("slot_us", "send_us", "before_us")),
        _text("state", required=True),
        _text("kind"),
        *(sa.Column(name, flag, nullable=False) for name in flags),
        sa.Column("attempts", whole, nullable=False),
        _text("owner"),
        sa.Column("token", whole, nullable=False),
        *(sa.Column(name, whole) for name in ("late_us", "started_at_us", "finished_at_us")),
        *(_text(name) for name in ("outcome", "reason", "counts", "ruleset")),
        _text("out", required=True),
        *(_text(name) for name in ("report", "notice")),
        sa.PrimaryKeyConstraint("run_id", name="pk_runs"),
        sa.UniqueConstraint("schedule", "slot_us", "send_us", name="uq_runs_schedule_slot_us_send_us"),
        _check("runs", "run_id", "length(run_id) BETWEEN 1 AND 255"),
        _check("runs", "state", STATES),
        *((_check("runs", name, f"{name} IN (0, 1)") for name in flags) if on_sqlite else ()),
        **OPTIONS,
    )
    op.create_index("ix_runs_state", "runs", ["state", "schedule"])
    op.create_index("ix_runs_slot_us", "runs", ["slot_us"])
    op.create_table(
        "schedule_leases",
        _text("schedule", required=True),
        _text("owner"),
        *(sa.Column(name, whole, nullable=False) for name in ("token", "lease_until_us", "planned_to_us")),
        *(sa.Column(name, whole) for name in ("next_slot_us", "next_send_us")),
        _text("zone", required=True),
        sa.PrimaryKeyConstraint("schedule", name="pk_schedule_leases"),
        _check("schedule_leases", "schedule", "length(schedule) BETWEEN 1 AND 255"),
        **OPTIONS,
    )


def downgrade() -> None:
    """Back to 0003. Which scans ran is forgotten; their outputs stay."""
    op.drop_table("schedule_leases")
    op.drop_table("runs")


def _text(name: str, *, required: bool = False) -> sa.Column[str]:
    text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    return sa.Column(name, text, nullable=not required)


def _check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))

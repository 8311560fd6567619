"""The tables scheduled scans are kept in: one row per scan that was due, one per schedule for its lease."""

from typing import Final

from sqlalchemy import CheckConstraint, Index, UniqueConstraint

from suppress.stores.tables import SQLITE_OPTIONS, Base, flag_column, key_column, text_column, whole_column

RUN_STATES: Final = ("waiting", "running", "done", "failed", "missed")


class RunRow(Base, table=True):
    """One scan that was due, whatever became of it; at most one per schedule, slot and send.

    `token`: that of the lease under which it was last begun. `counts` is a JSON object. `notice`: NULL when nobody is
    to be told, `due` until somebody tells, then how it went.
    """

    __tablename__ = "runs"
    __table_args__ = (
        CheckConstraint("length(run_id) BETWEEN 1 AND 255", name="run_id"),
        CheckConstraint(f"state IN ({', '.join(repr(state) for state in RUN_STATES)})", name="state"),
        UniqueConstraint("schedule", "slot_us", "send_us"),
        Index("ix_runs_state", "state", "schedule"),
        Index("ix_runs_slot_us", "slot_us"),
        SQLITE_OPTIONS,
    )

    run_id: str = key_column()
    schedule: str = text_column()
    zone: str = text_column()
    slot_us: int = whole_column()
    send_us: int = whole_column()
    before_us: int = whole_column()
    state: str = text_column()
    kind: str | None = text_column()
    overlapped: bool = flag_column()
    asked_again: bool = flag_column()
    attempts: int = whole_column()
    owner: str | None = text_column()
    token: int = whole_column()
    late_us: int | None = whole_column()
    started_at_us: int | None = whole_column()
    finished_at_us: int | None = whole_column()
    outcome: str | None = text_column()
    reason: str | None = text_column()
    counts: str | None = text_column()
    ruleset: str | None = text_column()
    out: str = text_column()
    report: str | None = text_column()
    notice: str | None = text_column()


class ScheduleLeaseRow(Base, table=True):
    """Who may run a schedule's scans, and until when; how far its slots have become runs; when the next is due."""

    __tablename__ = "schedule_leases"
    __table_args__ = (CheckConstraint("length(schedule) BETWEEN 1 AND 255", name="schedule"), SQLITE_OPTIONS)

    schedule: str = key_column()
    owner: str | None = text_column()
    token: int = whole_column()
    lease_until_us: int = whole_column()
    planned_to_us: int = whole_column()
    next_slot_us: int | None = whole_column()
    next_send_us: int | None = whole_column()
    zone: str = text_column()

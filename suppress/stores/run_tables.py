"""The tables scheduled scans are kept in: one row per scan that was due, one per schedule for its lease."""

from typing import Any, Final

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from suppress.stores.tables import FLAG, SQLITE_OPTIONS, TEXT, WHOLE, Base

RUN_STATES: Final = ("waiting", "running", "done", "failed", "missed")


def _key() -> Any:
    return Field(sa_type=TEXT, primary_key=True)


def _text() -> Any:
    return Field(sa_type=TEXT)


def _whole() -> Any:
    return Field(sa_type=WHOLE)


def _flag() -> Any:
    return Field(sa_type=FLAG)


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

    run_id: str = _key()
    schedule: str = _text()
    zone: str = _text()
    slot_us: int = _whole()
    send_us: int = _whole()
    before_us: int = _whole()
    state: str = _text()
    kind: str | None = _text()
    overlapped: bool = _flag()
    asked_again: bool = _flag()
    attempts: int = _whole()
    owner: str | None = _text()
    token: int = _whole()
    late_us: int | None = _whole()
    started_at_us: int | None = _whole()
    finished_at_us: int | None = _whole()
    outcome: str | None = _text()
    reason: str | None = _text()
    counts: str | None = _text()
    ruleset: str | None = _text()
    out: str = _text()
    report: str | None = _text()
    notice: str | None = _text()


class ScheduleLeaseRow(Base, table=True):
    """Who may run a schedule's scans, and until when; how far its slots have become runs; when the next is due."""

    __tablename__ = "schedule_leases"
    __table_args__ = (CheckConstraint("length(schedule) BETWEEN 1 AND 255", name="schedule"), SQLITE_OPTIONS)

    schedule: str = _key()
    owner: str | None = _text()
    token: int = _whole()
    lease_until_us: int = _whole()
    planned_to_us: int = _whole()
    next_slot_us: int | None = _whole()
    next_send_us: int | None = _whole()
    zone: str = _text()

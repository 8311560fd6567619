"""Scheduled scans in the database: each one once, under a lease, whoever dies meanwhile.

Every change is one write transaction. A schedule's lease is held by one owner at a time; each taking gives it the next
token, and whoever finishes or renews must still hold that token. So of several schedulers one runs a scan, another
takes over when the lease of a dead one has run out, and one that was merely slow can no longer finish what it lost.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import Any, Final, NamedTuple

import orjson
from sqlalchemy import Table, and_, case, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from suppress.errors import StoreError
from suppress.stores.database import Database
from suppress.stores.run_tables import RunRow, ScheduleLeaseRow

_RUNS: Final[Table] = RunRow.metadata.tables["runs"]
_LEASES: Final[Table] = ScheduleLeaseRow.metadata.tables["schedule_leases"]
PLANNED_EVERY_US: Final = 60_000_000
"""How often a schedule's row is brought forward when nothing is due."""

_SUPERSEDED: Final = "a later scan of the schedule was due before this one could begin"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRun:
    """A scan that is due. `missed`: why it will not be run; None = it will."""

    run_id: str
    schedule: str
    zone: str
    slot_us: int
    send_us: int
    before_us: int
    out: str
    ruleset: str | None = None
    missed: str | None = None
    wants_notice: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run as it is kept; see `RunRow`. `counts` holds what the scan counted."""

    run_id: str
    schedule: str
    zone: str
    slot_us: int
    send_us: int
    before_us: int
    state: str
    kind: str | None
    overlapped: bool
    asked_again: bool
    attempts: int
    owner: str | None
    token: int
    late_us: int | None
    started_at_us: int | None
    finished_at_us: int | None
    outcome: str | None
    reason: str | None
    counts: Mapping[str, int]
    ruleset: str | None
    out: str
    report: str | None
    notice: str | None


class Lease(NamedTuple):
    """The right to run one scan, for as long as nobody else holds a later token."""

    schedule: str
    run_id: str
    owner: str
    token: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A run that is ours to run. `previous_out`: the output of an earlier scan of the same send.

    `taken_from`: the owner whose lease ran out; None when the run was waiting.
    """

    lease: Lease
    run: Run
    previous_out: str | None
    taken_from: str | None


class NextScan(NamedTuple):
    """When a schedule's next scan is due, and for which send; None = there will be none."""

    schedule: str
    zone: str
    slot_us: int | None
    send_us: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How long a lease lasts, how late a scan may begin before a later one replaces it, how often one is begun."""

    lease_us: int = 15_000_000
    grace_us: int = 60_000_000
    most_attempts: int = 5


class RunStore:
    """The runs of one database. Threads may share it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.shared_by_hosts = database.dialect != "sqlite"

    def now_us(self) -> int | None:
        """The server's clock, the same for all hosts that share it; None on SQLite, which has none of its own."""
        if not self.shared_by_hosts:
            return None
        with self._reading() as connection:
            found = connection.exec_driver_sql("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")
            return int(found.scalar_one())

    # -- becoming due ------------------------------------------------------------------------------------------------

    def plan(
        self,
        schedule: str,
        zone: str,
        *,
        now_us: int,
        due: Callable[[int | None], Sequence[NewRun]],
        upcoming: tuple[int, int] | None,
    ) -> int:
        """Make runs of what became due; how many. Of two schedulers that do it at once, one makes each.

        `due`: the runs due by now, given up to when the schedule was planned before (None = never). `upcoming`: the
        slot and the send of the next one.
        """
        with self._reading() as connection:
            known = connection.execute(select(_LEASES).where(_LEASES.c.schedule == schedule)).mappings().one_or_none()
        slot_us, send_us = upcoming or (None, None)
        if known is not None:
            is_current = (known["next_slot_us"], known["next_send_us"], known["zone"]) == (slot_us, send_us, zone)
            if is_current and now_us < known["planned_to_us"] + PLANNED_EVERY_US and not due(known["planned_to_us"]):
                return 0
        made = 0
        with self._database.write() as connection:
            self._insert(
                connection,
                _LEASES,
                {"schedule": schedule, "zone": zone, "token": 0, "lease_until_us": 0, "planned_to_us": -1},
            )
            planned = connection.execute(
                select(_LEASES.c.planned_to_us).where(_LEASES.c.schedule == schedule).with_for_update()
            ).scalar_one()
            running = connection.execute(
                select(func.count()).where(_RUNS.c.schedule == schedule, _RUNS.c.state == "running")
            ).scalar_one()
            for run in due(None if planned < 0 else planned):
                made += self._insert(connection, _RUNS, _new_row(run, overlapped=bool(running), now_us=now_us))
            connection.execute(
                update(_LEASES)
                .where(_LEASES.c.schedule == schedule)
                .values(planned_to_us=max(planned, now_us), next_slot_us=slot_us, next_send_us=send_us, zone=zone)
            )
        return made

    def forget_next(self, kept: Sequence[str]) -> None:
        """Say of every schedule but those `kept` that it has no next scan."""
        with self._database.write() as connection:
            connection.execute(
                update(_LEASES)
                .where(_LEASES.c.schedule.not_in(kept), _LEASES.c.next_slot_us.is_not(None))
                .values(next_slot_us=None, next_send_us=None)
            )

    # -- running -----------------------------------------------------------------------------------------------------

    def claim(self, schedule: str, owner: str, *, now_us: int, terms: Terms) -> Claim | None:
        """Take the schedule's lease and its next run; None when another holds it or nothing is to be done.

        First what somebody left when its lease ran out, then what was asked for again, then what waits: the latest,
        and with it those no later than the grace allows; older ones become missed.
        """
        is_free = and_(
            _LEASES.c.schedule == schedule, or_(_LEASES.c.owner.is_(None), _LEASES.c.lease_until_us <= now_us)
        )
        is_open = and_(_RUNS.c.schedule == schedule, _RUNS.c.state.in_(("waiting", "running")))
        with self._reading() as connection:
            # Asked first without a transaction: on SQLite one would hold off every other writer.
            if connection.execute(select(1).where(is_open).limit(1)).first() is None:
                return None
            if connection.execute(select(1).where(is_free)).first() is None:
                return None
        with self._database.write() as connection:
            taken = connection.execute(
                update(_LEASES)
                .where(is_free)
                .values(owner=owner, token=_LEASES.c.token + 1, lease_until_us=now_us + terms.lease_us)
            )
            if taken.rowcount == 0:
                return None
            token = connection.execute(select(_LEASES.c.token).where(_LEASES.c.schedule == schedule)).scalar_one()
            found = connection.execute(select(_RUNS).where(is_open).order_by(_RUNS.c.slot_us, _RUNS.c.send_us))
            run = self._chosen(connection, [_run(row) for row in found.mappings()], now_us, terms)
            if run is None:
                connection.execute(update(_LEASES).where(_LEASES.c.schedule == schedule).values(owner=None))
                return None
            previous = self._previous_out(connection, run)
            connection.execute(
                update(_RUNS)
                .where(_RUNS.c.run_id == run.run_id)
                .values(
                    state="running",
                    kind="delta" if previous else "full",
                    attempts=run.attempts + 1,
                    owner=owner,
                    token=token,
                    started_at_us=now_us,
                    late_us=max(now_us - run.slot_us, 0) if run.started_at_us is None else run.late_us,
                    finished_at_us=None,
                    outcome=None,
                    reason=None,
                )
            )
            row = connection.execute(select(_RUNS).where(_RUNS.c.run_id == run.run_id)).mappings().one()
        lease = Lease(schedule, run.run_id, owner, token)
        taken_from = run.owner if run.state == "running" else None
        return Claim(lease=lease, run=_run(row), previous_out=previous, taken_from=taken_from)

    def renew(self, lease: Lease, *, until_us: int) -> bool:
        """Keep the lease until then; False when another has it."""
        with self._database.write() as connection:
            kept = connection.execute(update(_LEASES).where(_holds(lease)).values(lease_until_us=until_us))
            return kept.rowcount == 1

    def finish(
        self,
        lease: Lease,
        *,
        now_us: int,
        done: bool,
        outcome: str,
        reason: str | None,
        counts: Mapping[str, int],
        report: str | None,
        kind: str,
    ) -> bool:
        """Write how the run ended and give the lease back; False, and nothing written, when the lease was lost."""
        with self._database.write() as connection:
            freed = connection.execute(update(_LEASES).where(_holds(lease)).values(owner=None, lease_until_us=0))
            if freed.rowcount == 0:
                return False
            ended = connection.execute(
                update(_RUNS)
                .where(_RUNS.c.run_id == lease.run_id, _RUNS.c.token == lease.token, _RUNS.c.state == "running")
                .values(
                    state="done" if done else "failed",
                    finished_at_us=now_us,
                    asked_again=False,
                    outcome=outcome,
                    reason=reason,
                    counts=orjson.dumps(dict(counts)).decode() if counts else None,
                    report=report,
                    kind=kind,
                )
            )
            return ended.rowcount == 1

    def give_back(self, lease: Lease) -> bool:
        """Let the run wait again for whoever takes it next; False when the lease was lost."""
        with self._database.write() as connection:
            freed = connection.execute(update(_LEASES).where(_holds(lease)).values(owner=None, lease_until_us=0))
            if freed.rowcount == 0:
                return False
            connection.execute(
                update(_RUNS)
                .where(_RUNS.c.run_id == lease.run_id, _RUNS.c.token == lease.token)
                .values(state="waiting", owner=None, asked_again=True, attempts=_RUNS.c.attempts - 1)
            )
            return True

    # -- telling ------------------------------------------------------------------------------------------------------

    def claim_notice(self, schedules: Sequence[str], owner: str) -> Run | None:
        """A run somebody is to be told of, which from now on is the owner's to tell; None when there is none."""
        is_due = and_(
            _RUNS.c.notice == "due",
            _RUNS.c.state.in_(("done", "failed", "missed")),
            _RUNS.c.schedule.in_(schedules),
        )
        with self._reading() as connection:
            run_id = connection.execute(select(_RUNS.c.run_id).where(is_due).order_by(_RUNS.c.slot_us)).scalar()
        if run_id is None:
            return None
        with self._database.write() as connection:
            claimed = connection.execute(
                update(_RUNS).where(is_due, _RUNS.c.run_id == run_id).values(notice=f"being sent by {owner}")
            )
        return self.run(run_id) if claimed.rowcount else None

    def noticed(self, run_id: str, how: str) -> None:
        """Write down how telling went."""
        with self._database.write() as connection:
            connection.execute(update(_RUNS).where(_RUNS.c.run_id == run_id).values(notice=how))

    # -- looking ------------------------------------------------------------------------------------------------------

    def run(self, run_id: str) -> Run | None:
        """The run of an id; None when there is none."""
        with self._reading() as connection:
            row = connection.execute(select(_RUNS).where(_RUNS.c.run_id == run_id)).mappings().one_or_none()
        return None if row is None else _run(row)

    def runs(self, *, schedule: str | None = None, state: str | None = None, limit: int | None = None) -> list[Run]:
        """Runs, the latest slot first."""
        asked = select(_RUNS).order_by(_RUNS.c.slot_us.desc(), _RUNS.c.send_us.desc(), _RUNS.c.run_id)
        if schedule is not None:
            asked = asked.where(_RUNS.c.schedule == schedule)
        if state is not None:
            asked = asked.where(_RUNS.c.state == state)
        with self._reading() as connection:
            return [_run(row) for row in connection.execute(asked.limit(limit)).mappings()]

    def upcoming(self) -> list[NextScan]:
        """When each known schedule's next scan is due, the soonest first, those without one last."""
        wanted = select(_LEASES.c.schedule, _LEASES.c.zone, _LEASES.c.next_slot_us, _LEASES.c.next_send_us)
        with self._reading() as connection:
            found = [NextScan(*row) for row in connection.execute(wanted)]
        return sorted(found, key=lambda scan: (scan.slot_us is None, scan.slot_us or 0, scan.schedule))

    def ask_again(self, run_id: str) -> bool:
        """Let a failed or missed run wait again; False when it is neither."""
        with self._database.write() as connection:
            asked = connection.execute(
                update(_RUNS)
                .where(_RUNS.c.run_id == run_id, _RUNS.c.state.in_(("failed", "missed")))
                .values(
                    state="waiting",
                    asked_again=True,
                    attempts=0,
                    owner=None,
                    notice=case((_RUNS.c.notice.is_(None), None), else_="due"),
                )
            )
            return asked.rowcount == 1

    # -- inside -------------------------------------------------------------------------------------------------------

    def _chosen(self, connection: Connection, open_: list[Run], now_us: int, terms: Terms) -> Run | None:
        left = [run for run in open_ if run.state == "running"]
        for run in left:
            if run.attempts < terms.most_attempts:
                return run
            self._end(connection, run, "failed", now_us, f"given up after {run.attempts} attempts that were cut short")
        waiting = [run for run in open_ if run.state == "waiting" and run.slot_us <= now_us]
        again = [run for run in waiting if run.asked_again]
        if again:
            return again[0]
        if not waiting:
            return None
        *older, latest = waiting
        for run in older:
            if now_us - run.slot_us <= terms.grace_us:
                return run
            self._end(connection, run, "missed", now_us, _SUPERSEDED)
        return latest

    def _end(self, connection: Connection, run: Run, state: str, now_us: int, reason: str) -> None:
        connection.execute(
            update(_RUNS)
            .where(_RUNS.c.run_id == run.run_id)
            .values(state=state, reason=reason, outcome=state, finished_at_us=now_us)
        )

    def _previous_out(self, connection: Connection, run: Run) -> str | None:
        earlier = and_(
            _RUNS.c.schedule == run.schedule,
            _RUNS.c.send_us == run.send_us,
            _RUNS.c.before_us > run.before_us,
            _RUNS.c.state == "done",
        )
        found = connection.execute(select(_RUNS.c.out).where(earlier).order_by(_RUNS.c.slot_us.desc()).limit(1))
        return found.scalar()

    def _insert(self, connection: Connection, table: Table, row: Mapping[str, Any]) -> int:
        """1, or 0 when the row is there already."""
        dialect = sqlite if self._database.dialect == "sqlite" else postgresql
        key = next(iter(table.primary_key))
        made = connection.execute(dialect.insert(table).values(**row).on_conflict_do_nothing().returning(key))
        return int(made.first() is not None)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        try:
            with self._database.errors("read runs from"):
                yield self._database.read()
        except StoreError:
            self._database.drop_reader()
            raise


def _holds(lease: Lease) -> Any:
    return and_(_LEASES.c.schedule == lease.schedule, _LEASES.c.owner == lease.owner, _LEASES.c.token == lease.token)


def _new_row(run: NewRun, *, overlapped: bool, now_us: int) -> dict[str, Any]:
    missed = {"state": "missed", "outcome": "missed", "reason": run.missed, "finished_at_us": now_us}
    return {
        "run_id": run.run_id,
        "schedule": run.schedule,
        "zone": run.zone,
        "slot_us": run.slot_us,
        "send_us": run.send_us,
        "before_us": run.before_us,
        "overlapped": overlapped,
        "asked_again": False,
        "attempts": 0,
        "token": 0,
        "ruleset": run.ruleset,
        "out": run.out,
        "notice": "due" if run.wants_notice else None,
        **(missed if run.missed else {"state": "waiting"}),
    }


def _run(row: Any) -> Run:
    values = {field.name: row[field.name] for field in fields(Run)}
    values["counts"] = orjson.loads(values["counts"]) if values["counts"] else {}
    values["overlapped"], values["asked_again"] = bool(values["overlapped"]), bool(values["asked_again"])
    return Run(**values)

"""Run what is due: schedules and a run store in, runs begun and ended out.

What is due is computed from the schedules and compared with the run table, so nothing depends on an alarm that did not
ring: several schedulers may work on one database, and any of them may be killed at any moment.
"""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from suppress.errors import StoreError
from suppress.facts.instants import to_us
from suppress.scheduler.alarms import alarms_for
from suppress.scheduler.lease import Heartbeat, Timing
from suppress.scheduler.telling import about, begun, ended
from suppress.schedules.notify import notify
from suppress.schedules.order import Scan, ScanEnd, ScanOrder, messages_of, out_of, run_id_of
from suppress.schedules.schedule import Query, Schedule
from suppress.schedules.slots import Slot, next_slot, slots
from suppress.stores.runs import Claim, NewRun, RunStore

MOST_MISSED: Final = 100
"""Missed scans of one schedule that are written down one by one, the latest ones; older ones are only counted."""

_log = logging.getLogger(__name__)
_NOT_RUNNING: Final = "no scheduler was running when it was due"


Spool = Callable[[Query, Path], int]
"""Writes the messages a query asks for into a file; how many there were. Raises StoreError or OSError."""


class Scheduler:
    """Runs what is due of some schedules. Several may share a run store, in one process or many.

    `scan` runs one scan; `spool` fetches the messages of a query. `clock`: microseconds; None = the database server's,
    or this machine's where the database is a file. `tell`: takes a line for people.
    """

    def __init__(
        self,
        schedules: Sequence[Schedule],
        store: RunStore,
        scan: Scan,
        *,
        owner: str,
        spool: Spool,
        timing: Timing | None = None,
        clock: Callable[[], int] | None = None,
        tell: Callable[[str], None] = _log.info,
    ) -> None:
        self._schedules = {schedule.name: schedule for schedule in schedules}
        self._store = store
        self._scan = scan
        self._owner = owner
        self._spool = spool
        self._timing = timing or Timing()
        self._clock = clock
        self._tell = tell
        self._stop = threading.Event()
        self._look_lock = threading.Lock()
        self._working: set[str] = set()
        self._workers = ThreadPoolExecutor(max_workers=self._timing.at_once, thread_name_prefix="scan")
        # Apart, because a slow receiver must keep nobody from looking.
        self._teller = ThreadPoolExecutor(max_workers=1, thread_name_prefix="notices")
        self._is_telling = threading.Lock()
        self._failed = 0
        self._ran = 0

    # -- the two ways to run -----------------------------------------------------------------------------------------

    def run_due(self) -> tuple[int, int]:
        """Run all that is due now, one after the other, and return: how many scans ran, and how many failed."""
        self.look(plan_only=True)
        for schedule in self._schedules.values():
            while not self._stop.is_set() and (claim := self._claim(schedule)) is not None:
                self._work(schedule, claim)
        self._tell_notices()
        return self._ran, self._failed

    def serve(self, stopped: threading.Event) -> None:
        """Run what becomes due until `stopped` is set; then stop working scans so that another can resume them."""
        alarms = alarms_for(self.look, list(self._schedules.values()), self._timing.poll)
        with self._kept_going():
            self._store.forget_next(list(self._schedules))
        self.look()
        alarms.start()
        try:
            stopped.wait()
        finally:
            self.stop()
            alarms.shutdown(wait=False)
            self._workers.shutdown(wait=True)
            self._teller.shutdown(wait=True)

    def stop(self) -> None:
        """Begin nothing more and end the scans that work; they wait again for whoever takes them next."""
        self._stop.set()

    def look(self, *, plan_only: bool = False) -> None:
        """Make runs of what is due, begin those that are free, tell what is to be told."""
        with self._look_lock:
            for schedule in self._schedules.values():
                with self._kept_going():
                    self._plan(schedule)
                if plan_only or self._stop.is_set():
                    continue
                with self._kept_going():
                    self._begin(schedule)
        if not plan_only and not self._stop.is_set() and self._is_telling.acquire(blocking=False):
            self._teller.submit(self._tell_and_release)

    def now_us(self) -> int:
        """The time it goes by. Raises StoreError when the database server must be asked and cannot be."""
        if self._clock is not None:
            return self._clock()
        server_us = self._store.now_us()
        return to_us(datetime.now(UTC)) if server_us is None else server_us

    # -- what is due -------------------------------------------------------------------------------------------------

    def _plan(self, schedule: Schedule) -> None:
        now_us = self.now_us()
        upcoming = next_slot(schedule, now_us)
        self._store.plan(
            schedule.name,
            schedule.when.zone,
            now_us=now_us,
            due=lambda planned_to_us: self._due(schedule, planned_to_us, now_us),
            upcoming=None if upcoming is None else (upcoming.due_us, upcoming.send_us),
        )

    def _due(self, schedule: Schedule, planned_to_us: int | None, now_us: int) -> list[NewRun]:
        """Scans due by now that may have no run yet, the missed ones marked.

        A schedule never seen before begins with its latest scan whose send still lies ahead; what is past is past.
        """
        furthest_us = max(schedule.before_us)
        since_us = now_us if planned_to_us is None else planned_to_us
        found = [
            slot
            for slot in slots(schedule, min(since_us, now_us - furthest_us - 1), now_us)
            if slot.due_us > since_us or slot.send_us > now_us
        ]
        if planned_to_us is None:
            found = found[-1:]
        grace_us = self._timing.terms.grace_us
        too_late = [slot for slot in found[:-1] if now_us - slot.due_us > grace_us]
        beyond = max(len(too_late) - MOST_MISSED, 0)
        if beyond:
            _log.warning("%s: %d more scans were missed than are written down", schedule.name, beyond)
        kept = found[beyond:]
        return [_new_run(schedule, slot, missed=_NOT_RUNNING if slot in too_late else None) for slot in kept]

    # -- running -----------------------------------------------------------------------------------------------------

    def _begin(self, schedule: Schedule) -> None:
        """Hand one scan to a worker, if one is free, the schedule does not work here already and the lease is ours."""
        if schedule.name in self._working or len(self._working) >= self._timing.at_once:
            return
        claim = self._claim(schedule)
        if claim is None:
            return
        self._working.add(schedule.name)
        self._workers.submit(self._work_and_look, schedule, claim)

    def _claim(self, schedule: Schedule) -> Claim | None:
        return self._store.claim(schedule.name, self._owner, now_us=self.now_us(), terms=self._timing.terms)

    def _work_and_look(self, schedule: Schedule, claim: Claim) -> None:
        try:
            self._work(schedule, claim)
        except Exception:
            _log.exception("%s: the run could not be finished; it will be taken over", claim.run.run_id)
        finally:
            self._working.discard(schedule.name)
        if not self._stop.is_set():
            self.look()

    def _work(self, schedule: Schedule, claim: Claim) -> None:
        run = claim.run
        # An earlier output that somebody took away is nothing to build on.
        previous = Path(claim.previous_out) if claim.previous_out and Path(claim.previous_out).is_dir() else None
        self._tell(begun(claim))
        with Heartbeat(self._store, claim, self._timing, self.now_us, self._stop) as beat:
            end = self._scanned(schedule, claim, previous, beat)
        if beat.is_lost:
            self._tell(f"{run.run_id}: lost to another scheduler; what it began was ended")
            return
        if end.outcome == "stopped":
            self._store.give_back(claim.lease)
            self._tell(f"{run.run_id}: stopped; it waits to be resumed")
            return
        if self._finished(claim, end, previous):
            self._ran += 1
            self._failed += not end.is_done
            self._tell(ended(run, end))
        else:
            self._tell(f"{run.run_id}: lost to another scheduler before its end was written")

    def _scanned(self, schedule: Schedule, claim: Claim, previous: Path | None, beat: Heartbeat) -> ScanEnd:
        run = claim.run
        slot = Slot(run.slot_us, run.send_us, run.before_us)
        out = Path(run.out)
        try:
            asked = out.with_name(f"{out.name}.messages.jsonl")
            messages = messages_of(schedule, slot) or asked
            out.parent.mkdir(parents=True, exist_ok=True)
            # An attempt that goes on must see the messages of the one before it.
            if isinstance(schedule.messages, Query) and not (run.attempts > 1 and asked.exists()):
                self._spool(schedule.messages, asked)
            order = ScanOrder(
                run_id=run.run_id,
                messages=messages,
                out=out,
                as_of_us=run.send_us,
                ruleset=schedule.ruleset,
                previous=previous,
                resume=run.attempts > 1 or run.asked_again,
            )
            end = self._scan(order, beat)
            if end.is_done:
                asked.unlink(missing_ok=True)
            return end
        except (StoreError, OSError) as error:
            return ScanEnd(outcome="failed", reason=str(error))
        except Exception as error:
            _log.exception("%s: the scan raised", run.run_id)
            return ScanEnd(outcome="failed", reason=f"{type(error).__name__}: {error}")

    def _finished(self, claim: Claim, end: ScanEnd, previous: Path | None) -> bool:
        summary = asdict(end.summary) if end.summary else {}
        report = summary.pop("report", None)
        return self._store.finish(
            claim.lease,
            now_us=self.now_us(),
            done=end.is_done,
            outcome=end.outcome,
            reason=end.reason,
            counts={name: count for name, count in summary.items() if count is not None},
            report=report,
            kind="delta" if previous else "full",
        )

    def _tell_and_release(self) -> None:
        try:
            with self._kept_going():
                self._tell_notices()
        finally:
            self._is_telling.release()

    def _tell_notices(self) -> None:
        names = [name for name, schedule in self._schedules.items() if schedule.notify is not None]
        while names and not self._stop.is_set() and (run := self._store.claim_notice(names, self._owner)) is not None:
            notice = self._schedules[run.schedule].notify
            if notice is not None:
                how = notify(notice, about(run))
                self._store.noticed(run.run_id, how)
                self._tell(f"{run.run_id}: notice {how}")

    @contextmanager
    def _kept_going(self) -> Iterator[None]:
        """A database that cannot be reached for a while must not end the scheduler: the next look tries again."""
        try:
            yield
        except StoreError as error:
            self._tell(f"{error}; trying again in {self._timing.poll:g} s")


def _new_run(schedule: Schedule, slot: Slot, *, missed: str | None) -> NewRun:
    return NewRun(
        run_id=run_id_of(schedule, slot),
        schedule=schedule.name,
        zone=schedule.when.zone,
        slot_us=slot.due_us,
        send_us=slot.send_us,
        before_us=slot.before_us,
        out=str(out_of(schedule, slot)),
        ruleset=schedule.ruleset,
        missed=missed,
        wants_notice=schedule.notify is not None,
    )

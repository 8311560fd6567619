"""The alarms that wake a scheduler, by APScheduler, which only this module knows.

In memory only, registered anew at each start, in UTC: what is due is not theirs to know. The instants come from the
schedules, never from APScheduler's own cron, which counts weekdays from Monday and stumbles where clocks change.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MISSED, JobEvent
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from suppress.facts.instants import from_us, to_us
from suppress.schedules.schedule import Schedule
from suppress.schedules.slots import next_slot

_log = logging.getLogger(__name__)


class SlotTrigger(BaseTrigger):  # type: ignore[misc]
    """Fires when a schedule's scans are due, as the schedule computes them."""

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        """The next slot after the last firing, or after now."""
        slot = next_slot(self._schedule, to_us(previous_fire_time or now))
        return None if slot is None else from_us(slot.due_us)


def alarms_for(look: Callable[[], None], schedules: Sequence[Schedule], poll_seconds: float) -> BackgroundScheduler:
    """Alarms that call `look`: one per schedule at its slots, and one every `poll_seconds`. They begin with `start`.

    A late alarm rings, several late ones ring once, none rings while it is still ringing.
    """
    alarms = BackgroundScheduler(
        timezone=UTC,
        jobstores={"default": MemoryJobStore()},
        job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
    )
    alarms.add_job(look, "interval", seconds=poll_seconds, id="look", next_run_time=datetime.now(UTC))
    for schedule in schedules:
        alarms.add_job(look, SlotTrigger(schedule), id=f"schedule {schedule.name}")
    alarms.add_listener(_alarm_failed, EVENT_JOB_ERROR | EVENT_JOB_MISSED)
    return alarms


def _alarm_failed(event: JobEvent) -> None:
    _log.error("the alarm %r did not work: %s", event.job_id, getattr(event, "exception", None) or "missed")

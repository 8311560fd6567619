"""Run the scans of schedules when they are due: schedules, a run store and a way to scan in; runs in the store out."""

from suppress.scheduler.lease import Timing
from suppress.scheduler.running import Scheduler

__all__ = ["Scheduler", "Timing"]

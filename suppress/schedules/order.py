"""What is asked of a scan, and what comes back: the seam between the scheduler and whatever runs scans."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from suppress.schedules.schedule import BEFORE, Files, Schedule
from suppress.schedules.slots import Slot, local_words

PLACEHOLDERS: Final = ("name", "date", "time", "before")
PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
_UNITS_US: Final = ((86_400_000_000, "d"), (3_600_000_000, "h"), (60_000_000, "min"), (1_000_000, "s"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanOrder:
    """One scan to run. Paths are absolute; `as_of_us` is the instant of the send.

    `messages`: a file or folder. `previous`: a finished output folder; decide only what changed since. `resume`: an
    earlier attempt may have left finished stages, or a finished output.
    """

    run_id: str
    messages: Path
    out: Path
    as_of_us: int
    ruleset: str | None = None
    previous: Path | None = None
    resume: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanSummary:
    """What a scan says of itself; None = it did not say. `decided_anew`: fewer than `messages` in a delta."""

    messages: int | None = None
    sent: int | None = None
    held: int | None = None
    suppressed: int | None = None
    items: int | None = None
    dropped: int | None = None
    decided_anew: int | None = None
    report: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanEnd:
    """How a scan ended. `outcome`: one of `OUTCOMES`. `reason`: None when there is nothing to say."""

    outcome: str
    reason: str | None = None
    summary: ScanSummary | None = None

    @property
    def is_done(self) -> bool:
        """Whether there is an output to use."""
        return self.outcome in {"complete", "partial"}


OUTCOMES: Final = ("complete", "partial", "stale facts", "max share", "bad rules", "failed", "stopped")


class Stop(Protocol):
    """Says that a scan must end at once, because its lease is lost or the scheduler stops."""

    def is_set(self) -> bool:
        """Whether it must."""
        ...

    def wait(self, timeout: float | None = None) -> bool:
        """Whether it must, waiting up to `timeout` seconds for it."""
        ...


class Scan(Protocol):
    """Runs one scan to its end. Raises nothing for what goes wrong with it; ends soon after `stop` is set."""

    def __call__(self, order: ScanOrder, stop: Stop) -> ScanEnd:
        """How it ended."""
        ...


def run_id_of(schedule: Schedule, slot: Slot) -> str:
    """The id of a scan's run, the same wherever it is computed: name, local time of the send, how long before."""
    day, time = local_words(slot.send_us, schedule.when.zone)
    return f"{schedule.name}-{day.replace('-', '')}T{time}-{before_word(slot.before_us)}"


def before_word(before_us: int) -> str:
    """A length of time as it stands in paths and ids: `1h`, `5min`, `0min`."""
    for unit_us, word in _UNITS_US:
        if before_us and before_us % unit_us == 0:
            return f"{before_us // unit_us}{word}"
    return "0min"


def out_of(schedule: Schedule, slot: Slot) -> Path:
    """The folder a scan writes; scans of one send never share one."""
    pattern = schedule.out
    if len(schedule.before_us) > 1 and BEFORE not in pattern:
        pattern = f"{pattern}/{BEFORE}"
    return schedule.folder / _filled(pattern, schedule, slot)


def messages_of(schedule: Schedule, slot: Slot) -> Path | None:
    """The file or folder of a send's messages; None when they are asked of the store."""
    if not isinstance(schedule.messages, Files):
        return None
    return schedule.folder / _filled(schedule.messages.path, schedule, slot)


def _filled(pattern: str, schedule: Schedule, slot: Slot) -> str:
    day, time = local_words(slot.send_us, schedule.when.zone)
    words = {"name": schedule.name, "date": day, "time": time, "before": before_word(slot.before_us)}
    return PLACEHOLDER.sub(lambda match: words[match[1]], pattern)

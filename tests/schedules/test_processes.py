"""Several real schedulers on one database: each scan once, whoever is killed or asked to end."""

import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.schedules.fleet import SCHEDULER, STUB, Fleet, is_alive


@pytest.fixture
def fleet(url: str, tmp_path: Path) -> Iterator[Fleet]:
    made = Fleet(url, tmp_path)
    yield made
    made.end()


def test_two_schedulers_run_each_scan_once(fleet: Fleet) -> None:
    """Five scans, two schedulers: every scan begins once and ends once."""
    fleet.write_due(5)
    for _ in range(2):
        fleet.start(seconds=0.2)
    runs = fleet.wait_for({"done": 5})

    assert 5 == len(runs)
    assert {run.out: 1 for run in runs} == Counter(fleet.lines("begin")) == Counter(fleet.lines("end"))
    assert [0] * 2 == [process.poll() or 0 for process in fleet.processes]


def test_the_other_takes_over_from_a_killed_one(fleet: Fleet) -> None:
    """When the holder is killed at work its scan dies with it, and the other scheduler resumes and ends it, once."""
    fleet.write_due(1)
    processes = {process.pid: process for process in (fleet.start(seconds=4, lease=4), fleet.start(seconds=4, lease=4))}
    (running,) = fleet.wait_for({"running": 1})
    holder = processes[int((running.owner or "").rpartition(":")[2])]
    while not fleet.lines("begin"):
        time.sleep(0.05)
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    (run,) = fleet.wait_for({"done": 1})

    assert run.owner != running.owner
    assert (2, running.token + 1) == (run.attempts, run.token)
    assert ([run.out] * 2, [run.out]) == (fleet.lines("begin"), fleet.lines("end"))
    first, second = fleet.journal.read_text().splitlines()[:2]
    assert ("--resume" in first, "--resume" in second) == (False, True)
    assert not is_alive(int(first.split()[2]))


def test_asked_to_end_it_leaves_its_scan_to_others(fleet: Fleet) -> None:
    """On SIGTERM the scan is ended and waits; the next scheduler resumes it without waiting for a lease."""
    fleet.write_due(1)
    first = fleet.start(seconds=300, lease=3600)
    fleet.wait_for({"running": 1})
    while not fleet.lines("begin"):
        time.sleep(0.05)
    first.terminate()

    assert 0 == first.wait(30)
    assert ["waiting"] == [run.state for run in fleet.runs()]
    assert not is_alive(int(fleet.journal.read_text().split()[2]))
    fleet.start(seconds=0)
    (run,) = fleet.wait_for({"done": 1})
    assert 1 == run.attempts


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_scan_that_crashes_is_no_crash_of_the_scheduler(fleet: Fleet) -> None:
    """What the scan said last is the reason of its failure; with --once the exit code tells of it."""
    fleet.write_due(1)
    once = subprocess.run(
        [*SCHEDULER, "--schedules", fleet.folder / "schedules.yaml", "--once",
         "--scan-command", f"{SCHEDULER[0]} {STUB} {fleet.journal} 0 6", "--database", fleet.url],
        check=False, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    (run,) = fleet.runs()

    assert 7 == once.returncode, once.stderr
    assert ("failed", "stale facts") == (run.state, run.outcome)
    assert (run.reason or "").endswith("the third line is cut short")

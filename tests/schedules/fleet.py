"""Real `suppress scheduler` processes on one database, whose scans are a stub that keeps a journal."""

import os
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from suppress.stores.database import Database
from suppress.stores.runs import Run, RunStore

STUB = Path(__file__).with_name("stub_scan.py")
SCHEDULER = (sys.executable, "-m", "suppress", "scheduler")


class Fleet:
    """Real `suppress scheduler` processes on one database, whose scans are the stub."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder
        self.journal = folder / "journal"
        self.processes: list[subprocess.Popen[bytes]] = []

    def write_schedule(self, first: datetime, sends: int, every_seconds: float) -> None:
        moments = [first + timedelta(seconds=round(every_seconds * number)) for number in range(sends)]
        at = ", ".join(moment.strftime("%Y-%m-%dT%H:%M:%SZ") for moment in moments)
        (self.folder / "schedules.yaml").write_text(
            f"- name: quick\n  messages: m.jsonl\n  when: {{at: [{at}]}}\n  before: 1 second\n"
        )

    def write_due(self, schedules: int) -> None:
        """So many schedules, each with one scan that is due already, for a send that lies ahead."""
        at = soon(3600).strftime("%Y-%m-%dT%H:%M:%SZ")
        (self.folder / "schedules.yaml").write_text(
            "".join(
                f"- name: quick-{number}\n  messages: m.jsonl\n  when: {{at: {at}}}\n  before: 2 hours\n"
                for number in range(schedules)
            )
        )

    def start(
        self, *, seconds: float, lease: float = 15, poll: float = 0.3, grace: float = 60, code: int = 0
    ) -> "subprocess.Popen[bytes]":
        """One more scheduler, whose scans take so many seconds and end with `code`."""
        command = f"{sys.executable} {STUB} {self.journal} {seconds} {code}"
        options = ["--schedules", str(self.folder / "schedules.yaml"), "--lease", str(lease), "--poll", str(poll)]
        options += ["--grace", str(grace)]
        with (self.folder / f"log-{len(self.processes)}").open("wb") as log:
            process = subprocess.Popen(
                [*SCHEDULER, *options, "--scan-command", command, "--database", self.url], stderr=log
            )
        self.processes.append(process)
        return process

    def runs(self) -> list[Run]:
        with Database.open(self.url) as opened:
            return RunStore(opened).runs()

    def wait_for(self, states: dict[str, int], *, seconds: float = 60) -> list[Run]:
        """The runs, once there are so many in each state. Gives up after so many seconds."""
        until = time.monotonic() + seconds
        while True:
            runs = self.runs()
            counted = Counter(run.state for run in runs)
            if all(counted[state] >= count for state, count in states.items()):
                return runs
            if time.monotonic() > until:
                break
            time.sleep(0.1)
        logs = "".join(path.read_text() for path in sorted(self.folder.glob("log-*")))
        raise AssertionError(f"waited in vain for {states}: {[(r.run_id, r.state, r.reason) for r in runs]}\n{logs}")

    def lines(self, word: str) -> list[str]:
        """The output folders of the scans that began, or ended."""
        if not self.journal.exists():
            return []
        return [line.split()[1] for line in self.journal.read_text().splitlines() if line.startswith(word)]

    def begun(self, out: str) -> list[int]:
        """The process of each scan that began for an output folder, in order."""
        if not self.journal.exists():
            return []
        words = [line.split() for line in self.journal.read_text().splitlines()]
        return [int(line[2]) for line in words if line[:2] == ["begin", out]]

    def end(self) -> None:
        """Ask all schedulers to end, and wait until they have."""
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(30)


def soon(seconds: float) -> datetime:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).replace(microsecond=0)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z" if Path("/proc").exists() else True

"""Scans as processes: what their ends mean, and that none outlives its starter."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from suppress.schedules.child import ChildScan, summary_in
from suppress.schedules.order import ScanEnd, ScanOrder, ScanSummary
from tests.schedules.fleet import is_alive

ORDER = ScanOrder(run_id="r", messages=Path("m"), out=Path("o"), as_of_us=0)


def scan(program: str, stop: threading.Event | None = None, grace_seconds: float = 5.0) -> ScanEnd:
    command = [sys.executable, "-c", f"import sys, os, signal, time\n{program}"]
    return ChildScan(lambda _: command, grace_seconds=grace_seconds)(ORDER, stop or threading.Event())


@pytest.mark.parametrize(
    ("program", "outcome", "reason", "is_done"),
    [
        ("pass", "complete", None, True),
        ("sys.exit('2 rows\\n')", "failed", "the scan ended with exit code 1: 2 rows", False),
        ("sys.exit(3)", "bad rules", "the rules have mistakes", False),
        ("sys.exit(6)", "stale facts", "facts are missing or older than allowed", False),
        ("sys.exit(7)", "partial", "some messages could not be read", True),
        ("sys.exit(9)", "max share", "a max_share was passed, so nothing was released", False),
        ("os.kill(os.getpid(), 9)", "failed", "killed by SIGKILL, perhaps for want of memory", False),
        ("os.kill(os.getpid(), 11)", "failed", "killed by SIGSEGV", False),
    ],
)
def test_ends(program: str, outcome: str, reason: str | None, is_done: bool) -> None:
    """Exit codes and signals have a meaning each."""
    end = scan(program)

    assert (outcome, reason, is_done) == (end.outcome, end.reason, end.is_done)


def test_the_last_lines_are_the_reason() -> None:
    """Of a long complaint the end is kept, where the cause stands."""
    end = scan("for n in range(9999): print('line', n, file=sys.stderr)\nsys.exit(1)")

    assert end.reason is not None
    assert end.reason.endswith("line 9998")
    assert 8 == len(end.reason.splitlines())


def test_a_program_that_is_not_there() -> None:
    """It is a failed scan like another."""
    end = ChildScan(lambda _: ["/none/such"])(ORDER, threading.Event())

    assert "failed" == end.outcome
    assert "cannot run /none/such: No such file or directory" in (end.reason or "")


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("", None),
        ("hello", None),
        ("[1]", None),
        ('{"messages": 3, "sent": 2, "report": "/r", "x": 1}', ScanSummary(messages=3, sent=2, report="/r")),
        ('{\n "messages": 3\n}\n', ScanSummary(messages=3)),
        ('a line\n{"messages": true, "held": 1}', ScanSummary(held=1)),
        ('{"report": {"verdicts": 1}}', ScanSummary()),
    ],
)
def test_summaries(said: str, wanted: ScanSummary | None) -> None:
    """Counts are taken from the JSON a scan prints; what else it prints does no harm."""
    assert wanted == summary_in(said)


@pytest.mark.parametrize("ignores", [False, True])
def test_stopped(tmp_path: Path, ignores: bool) -> None:
    """Told to stop, a scan is asked to end, then killed, with all it started."""
    stop = threading.Event()
    grandchild = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
    program = (
        ("signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" if ignores else "")
        + "import subprocess\n"
        + f"subprocess.Popen([sys.executable, '-c', {grandchild!r}], stdout=open({str(tmp_path / 'pid')!r}, 'w'))\n"
        + "time.sleep(600)"
    )
    found: list[ScanEnd] = []
    thread = threading.Thread(target=lambda: found.append(scan(program, stop, 0.5)))
    thread.start()
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text().endswith("\n"):
        time.sleep(0.02)
    stop.set()
    thread.join(60)

    assert ["stopped"] == [end.outcome for end in found]
    assert not is_alive(int((tmp_path / "pid").read_text()))


def test_a_killed_starter_takes_its_scan_with_it(tmp_path: Path) -> None:
    """When the starter is killed, with no time to say anything, the scan ends."""
    journal = tmp_path / "pid"
    inner = f"import os, time; open({str(journal)!r}, 'w').write(str(os.getpid()) + chr(10)); time.sleep(600)"
    outer = (
        "import sys, threading\nfrom pathlib import Path\nfrom suppress.schedules.child import ChildScan\n"
        "from suppress.schedules.order import ScanOrder\n"
        f"order = ScanOrder(run_id='r', messages=Path('m'), out=Path('o'), as_of_us=0)\n"
        f"ChildScan(lambda _: [sys.executable, '-c', {inner!r}])(order, threading.Event())"
    )
    with subprocess.Popen([sys.executable, "-c", outer]) as starter:
        while not journal.exists() or not journal.read_text().endswith("\n"):
            time.sleep(0.02)
        starter.kill()
    pid = int(journal.read_text())
    for _ in range(600):
        if not is_alive(pid):
            break
        time.sleep(0.1)

    assert not is_alive(pid)

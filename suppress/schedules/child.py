"""Run a scan as a process of its own, so that its crash is no crash of the scheduler: an order in, how it ended out."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import IO, Any, Final

import orjson

from suppress.schedules.order import ScanEnd, ScanOrder, ScanSummary, Stop

_TETHER: Final = Path(__file__).with_name("tether.py")
_WATCHED_EVERY_SECONDS: Final = 0.2
_TOLD_LINES: Final = 8
_TOLD_CHARACTERS: Final = 2_000
_KEPT_BYTES: Final = 64_000
ENDS: Final[Mapping[int, tuple[str, str | None]]] = {
    0: ("complete", None),
    3: ("bad rules", "the rules have mistakes"),
    6: ("stale facts", "facts are missing or older than allowed"),
    7: ("partial", "some messages could not be read"),
    9: ("max share", "a max_share was passed, so nothing was released"),
}
"""What the exit code of `suppress scan` means: the outcome, and what to say when it said nothing itself."""


class ChildScan:
    """Runs scans by a command line. `command`: the arguments for an order, the program first."""

    def __init__(self, command: Callable[[ScanOrder], Sequence[str]], *, grace_seconds: float = 5.0) -> None:
        self._command = command
        self._grace_seconds = grace_seconds

    def __call__(self, order: ScanOrder, stop: Stop) -> ScanEnd:
        """How the scan ended; `stopped` when it was told to. It never outlives this process, however that ends."""
        argv = [sys.executable, "-I", str(_TETHER), str(self._grace_seconds), *self._command(order)]
        with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as complained:
            # The writing end of its standard input is what the tether holds on to: it closes when this process ends.
            is_stopped = False
            with subprocess.Popen(  # noqa: S603 - no shell
                argv, stdin=subprocess.PIPE, stdout=said, stderr=complained, start_new_session=True
            ) as process:
                while process.poll() is None:
                    if stop.wait(_WATCHED_EVERY_SECONDS) and process.stdin is not None:
                        is_stopped = True
                        process.stdin.close()
                        process.wait()
            if is_stopped:
                return ScanEnd(outcome="stopped", reason="the scheduler stopped it")
            code = process.returncode
            return _end(code if code >= 0 else 128 - code, _tail(said), _tail(complained))


def _end(code: int, said: str, complained: str) -> ScanEnd:
    outcome, meaning = ENDS.get(code, ("failed", None))
    summary = summary_in(said)
    if code == 0:
        return ScanEnd(outcome=outcome, summary=summary)
    lines = [line.removeprefix("suppress: ") for line in complained.splitlines() if line.strip()]
    told = "\n".join(lines[-_TOLD_LINES:])[-_TOLD_CHARACTERS:]
    if meaning is not None:
        return ScanEnd(outcome=outcome, reason=told or meaning, summary=summary)
    meaning = f"killed by {_signal_name(code - 128)}" if 128 < code < 160 else f"the scan ended with exit code {code}"
    if code == 128 + signal.SIGKILL:
        meaning += ", perhaps for want of memory"
    return ScanEnd(outcome=outcome, reason=f"{meaning}: {told}" if told else meaning, summary=summary)


def summary_in(said: str) -> ScanSummary | None:
    """The counts a scan printed with `--format json`: the last JSON object on its standard output, if any."""
    lines = [line for line in said.splitlines() if line.strip()]
    for text in (said, lines[-1] if lines else ""):
        try:
            found = orjson.loads(text)
        except orjson.JSONDecodeError:
            continue
        if isinstance(found, dict):
            return _summary(found)
    return None


def _summary(found: dict[str, Any]) -> ScanSummary:
    counts: dict[str, Any] = {
        field.name: found[field.name]
        for field in fields(ScanSummary)
        if field.name != "report" and type(found.get(field.name)) is int
    }
    report = found.get("report")
    return ScanSummary(**counts, report=report if isinstance(report, str) else None)


def _tail(file: IO[bytes]) -> str:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(size - _KEPT_BYTES, 0))
    return file.read().decode("utf-8", "replace").replace("\0", "")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"

"""Run one rival in a fresh process and say what it took: wall clock, CPU, memory of it and all it started."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

_EVERY_S: Final = 0.1
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


class Measured(NamedTuple):
    """`wall_s` from start to exit, `work_s` as the process says (without starting up); `peak_gb` resident.

    `cpu_s` of the whole process, unless it says what its work took.
    """

    wall_s: float
    work_s: float
    cpu_s: float
    peak_gb: float
    told: dict[str, Any]


def measure(module: str, arguments: Sequence[object]) -> Measured:
    """One run of `python -m module arguments`, which ends by printing one JSON object. A failure ends the benchmark."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    begun = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    watch = _Watch(process.pid)
    watch.start()
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall_s = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    watch.stop()
    if process.returncode:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}")
    told = json.loads(output.strip().splitlines()[-1])
    return Measured(
        wall_s,
        told.get("work_s", wall_s),
        told.get("work_cpu_s", max(usage.ru_utime + usage.ru_stime, watch.cpu_s)),
        watch.peak_gb,
        told,
    )


class _Watch(threading.Thread):
    """Adds up, ten times a second, the processes of one session: what a JVM takes is in no figure of its parent's.

    The system's own peak of a child (`ru_maxrss`) begins with the memory of the process it was forked from, so the peak
    is read from the process itself while it lives.
    """

    def __init__(self, session: int) -> None:
        super().__init__(daemon=True)
        self._session = session
        self._done = threading.Event()
        self._ticks: dict[int, int] = {}
        self.peak_gb = 0.0

    @property
    def cpu_s(self) -> float:
        return sum(self._ticks.values()) / _TICKS

    def run(self) -> None:
        while not self._done.wait(_EVERY_S):
            pages = 0
            for path in Path("/proc").glob("[0-9]*/stat"):
                try:
                    fields = path.read_text().rpartition(")")[2].split()
                except (FileNotFoundError, ProcessLookupError):
                    continue
                if int(fields[3]) == self._session:
                    self._ticks[int(path.parent.name)] = int(fields[11]) + int(fields[12])
                    pages += int(fields[21])
            self.peak_gb = max(self.peak_gb, pages * _PAGE / 1e9, self._own_peak_gb())

    def _own_peak_gb(self) -> float:
        try:
            status = Path(f"/proc/{self._session}/status").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return 0.0
        kilobytes = [int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")]
        return sum(kilobytes) / 1e6

    def stop(self) -> None:
        self._done.set()
        self.join()

"""Time calls: many calls in, percentiles and rates out. Garbage is collected before, never in between by hand."""

import gc
import resource
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple


class Timing(NamedTuple):
    """`p50_ms`, `p99_ms`: wall clock of one call. `per_cpu_s`: calls per second of this process's CPU time."""

    calls: int
    p50_ms: float
    p99_ms: float
    per_cpu_s: float
    per_wall_s: float


def time_calls(call: Callable[[Any], object], arguments: Sequence[Any], *, warm_up: int = 100) -> Timing:
    """One call per argument, each timed, after a few that are not."""
    for argument in arguments[:warm_up]:
        call(argument)
    return _Meter().run(call, arguments).timing()


def time_interleaved(
    calls: dict[str, Callable[[Any], object]], arguments: Sequence[Any], *, slices: int = 20
) -> dict[str, Timing]:
    """The same arguments to every rival, in turns of a slice each, so that a busy moment hits all alike."""
    meters = {name: _Meter() for name in calls}
    for call in calls.values():
        for argument in arguments[:100]:
            call(argument)
    size = max(1, len(arguments) // slices)
    for start in range(0, len(arguments), size):
        for name, call in calls.items():
            meters[name].run(call, arguments[start : start + size])
    return {name: meter.timing() for name, meter in meters.items()}


def rate_of(run: Callable[[], Iterable[object]]) -> tuple[float, float]:
    """How many results a generator gives per CPU second of this process and per wall second."""
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    count = sum(1 for _ in run())
    return count / (time.process_time() - cpu), count / (time.perf_counter() - wall)


def resident_mb() -> float:
    """Memory of this process that is in RAM, in MB; the peak where the system does not tell the present."""
    status = Path("/proc/self/statm")
    if status.exists():
        return int(status.read_text().split()[1]) * resource.getpagesize() / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


class _Meter:
    def __init__(self) -> None:
        self._ns: list[int] = []
        self._cpu_ns = 0

    def run(self, call: Callable[[Any], object], arguments: Sequence[Any]) -> "_Meter":
        clock = time.perf_counter_ns
        gc.collect()
        cpu = time.process_time_ns()
        for argument in arguments:
            begun = clock()
            call(argument)
            self._ns.append(clock() - begun)
        self._cpu_ns += time.process_time_ns() - cpu
        return self

    def timing(self) -> Timing:
        ordered = sorted(self._ns)
        count = len(ordered)
        return Timing(
            calls=count,
            p50_ms=ordered[count // 2] / 1e6,
            p99_ms=ordered[min(count - 1, count * 99 // 100)] / 1e6,
            per_cpu_s=count / (self._cpu_ns / 1e9),
            per_wall_s=count / (sum(ordered) / 1e9),
        )

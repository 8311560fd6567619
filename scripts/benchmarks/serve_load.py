"""Load a server with wrk and say what it took: requests, latencies, CPU and memory of all its processes."""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_SCRIPT: Final = Path(__file__).with_name("serve.lua")
_STARTS_WITHIN_S: Final = 120


class Target(NamedTuple):
    """A server that runs. `pid`: its first process, which has started the others."""

    url: str
    pid: int
    key: str


class Load(NamedTuple):
    """What wrk saw, and what the server's processes took. `failed`: statuses that are not 2xx. `broken`: no answer.

    `cpu_ms`: CPU of the server per request. `cores`: CPU seconds it got per second. `before_mb`, `after_mb`: memory of
    its own (no files), after the warm-up and at the end.
    """

    requests: int
    seconds: float
    failed: int
    broken: int
    p50_ms: float
    p99_ms: float
    most_ms: float
    cpu_ms: float
    cores: float
    before_mb: float
    after_mb: float

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.requests / self.seconds

    @property
    def growth(self) -> float:
        """Growth of memory as a share of what was there after the warm-up."""
        return self.after_mb / self.before_mb - 1


@contextmanager
def running(command: Sequence[str], env: Mapping[str, str], port: int, key: str, log: Path) -> Iterator[Target]:
    """A server that answers on the port, until the block ends. What it says goes into `log`."""
    with log.open("wb") as told:
        process = subprocess.Popen(command, env={**os.environ, **env}, stdout=told, stderr=told, start_new_session=True)
    try:
        _await(process, port, log)
        yield Target(f"http://127.0.0.1:{port}", process.pid, key)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def ask(target: Target, path: str, body: bytes) -> Any:
    """One answer, read as JSON."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {target.key}"}
    request = urllib.request.Request(target.url + path, body, headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def load(target: Target, path: str, bodies: Path, *, seconds: float, connections: int) -> Load:
    """Ask as fast as answers come over so many connections; a tenth of the time (at least 5 s) before it counts."""
    _wrk(target, path, bodies, max(5, round(seconds / 10)), connections)
    before_mb, cpu_s, began = _memory_mb(target.pid), _cpu_s(target.pid), time.monotonic()
    seen = _wrk(target, path, bodies, round(seconds), connections)
    used_s, took_s = _cpu_s(target.pid) - cpu_s, time.monotonic() - began
    return Load(
        **seen,
        cpu_ms=used_s * 1000 / max(1, seen["requests"]),
        cores=used_s / took_s,
        before_mb=before_mb,
        after_mb=_memory_mb(target.pid),
    )


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def _wrk(target: Target, path: str, bodies: Path, seconds: int, connections: int) -> dict[str, Any]:
    command = ["wrk", "-t2", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", str(_SCRIPT)]
    env = {**os.environ, "WRK_KEY": target.key, "WRK_BODIES": str(bodies)}
    told = subprocess.run([*command, target.url + path], check=True, capture_output=True, text=True, env=env).stdout
    seen: dict[str, Any] = json.loads(told.strip().splitlines()[-1])
    return seen


def _await(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    until = time.monotonic() + _STARTS_WITHIN_S
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/livez", timeout=5):
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"the server did not start: {log.read_text(errors='replace')[-2000:]}")


def _tree(pid: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    tree = [pid]
    for each in tree:
        tree += children.get(each, [])
    return tree


def _cpu_s(pid: int) -> float:
    used = 0.0
    for each in _tree(pid):
        fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        used += (int(fields[11]) + int(fields[12])) / _TICKS
    return used


def _memory_mb(pid: int) -> float:
    # What is mapped from files is the cache of the system, not the server's.
    told = "".join(Path(f"/proc/{each}/status").read_text() for each in _tree(pid))
    return sum(int(line.split()[1]) for line in told.splitlines() if line.startswith("RssAnon:")) / 1e3

"""A PostgreSQL server that can be paused and stopped: its processes, known by its data directory."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy.engine import make_url

PATIENCE_S = 30.0


class Server:
    """The processes of a running PostgreSQL."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self._pid_file = data / "postmaster.pid"
        process = Path(f"/proc/{self.pid}")
        self._command = process.joinpath("cmdline").read_bytes().decode().rstrip("\0").split("\0")
        self._environment = dict(
            line.split("=", 1) for line in process.joinpath("environ").read_bytes().decode().split("\0") if "=" in line
        )
        self._owner = process.stat()

    @classmethod
    def behind(cls, url: str) -> "Server":
        """The one that answers there."""
        plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(plain, autocommit=True) as connection:
            return cls(Path(connection.execute("SHOW data_directory").fetchone()[0]))  # type: ignore[index]

    @property
    def pid(self) -> int:
        """The first process, which makes all others."""
        return int(self._pid_file.read_text().split()[0])

    def processes(self) -> list[int]:
        """It and its children."""
        return [self.pid, *children_of(self.pid)]

    @contextmanager
    def paused(self) -> Iterator[None]:
        """None of its processes does anything."""
        halted = self.processes()
        for pid in halted:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in halted:
                os.kill(pid, signal.SIGCONT)

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """It is shut down; connections are refused."""
        pid = self.pid
        os.kill(pid, signal.SIGINT)
        wait_until(lambda: not Path(f"/proc/{pid}").exists() or is_over(pid))
        try:
            yield
        finally:
            self.start()

    def is_running(self) -> bool:
        """Whether its first process is there."""
        return self._pid_file.exists() and Path(f"/proc/{self.pid}").exists() and not is_over(self.pid)

    def start(self) -> None:
        """Start it again, as it was started."""
        subprocess.Popen(
            self._command,
            user=self._owner.st_uid,
            group=self._owner.st_gid,
            extra_groups=[],
            cwd=self.data,
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )


def is_over(pid: int) -> bool:
    """Whether the process ended, though nobody has asked how."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def children_of(pid: int) -> list[int]:
    """The processes it made."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += map(int, (task / "children").read_text().split())
    return found


def wait_until(holds: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
    """Until it does; raises AssertionError where it does not."""
    until_s = time.monotonic() + patience_s
    while not holds():
        assert time.monotonic() < until_s, "what should have happened did not"
        time.sleep(0.01)

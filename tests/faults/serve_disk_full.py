"""Fill the disk of a live service up, again and again, and make room: checks go on, and what is lost is told.

    python -m tests.faults.serve_disk_full [ROUNDS] [SEED]      (as root: it mounts small tmpfs)

In turn the disk of the decision log is full (once with `--on-log-failure answer`, once with `refuse`), that of a SQLite
database, that of a PostgreSQL one (which is started again where it gives up), and the one for temporary files, where
workers share their figures, while a worker is killed. Callers ask over HTTP all the while. Whatever the moment:

- nobody is told something wrong, and nobody is told 500 or nothing;
- a decision that was answered is in the log, or was counted as lost; with `refuse` it is in the log or it is a 503;
- a full database costs no decision: when there is room again its table has all of them;
- chains verify, and within RECOVERY_S of making room the service works as before.
"""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import make_url

from suppress.stores.database import Database
from suppress.stores.decision_log import DecisionLog
from tests.faults.live import Askers, Live, logged, serving
from tests.faults.log_kills import in_table
from tests.faults.postgresql import Server, wait_until
from tests.stores.servers import postgresql_server

RECOVERY_S = 10.0


@dataclass
class Disk:
    """A small file system of its own."""

    path: Path

    def fill(self) -> None:
        """Take all the room there is."""
        with (self.path / "ballast").open("wb", buffering=0) as ballast, suppress(OSError):
            while True:
                ballast.write(bytes(4096))

    def empty(self) -> None:
        """Give it back."""
        (self.path / "ballast").unlink(missing_ok=True)


@contextmanager
def disk(folder: Path, megabytes: int) -> Iterator[Disk]:
    """Mounted there."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0777", "tmpfs", str(folder)], check=True)
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def full_and_back(
    small: Disk, askers: Askers, dice: random.Random, meanwhile: Callable[[], None] | None = None
) -> None:
    """One round: room for a while, none for a while, room again."""
    askers.wait_for_answers()
    time.sleep(dice.uniform(0.1, 0.5))
    small.fill()
    time.sleep(dice.uniform(0.3, 1.5))
    if meanwhile is not None:
        meanwhile()
    small.empty()


def log_is_full(folder: Path, rounds: int, dice: random.Random, policy: str) -> str:
    """The disk of the decision log."""
    url = f"sqlite:///{folder}/shop.db"
    with disk(folder / "small", 64) as small:
        options, environment = ["--on-log-failure", policy], {"SUPPRESS_LOG_DIR": str(small.path / "decisions")}
        with serving(folder, url, workers=2, options=options, environment=environment) as live:
            with Askers(live) as askers:
                for _ in range(rounds):
                    full_and_back(small, askers, dice)
                    back_s = time.monotonic()
                    askers.wait_for_rules(back_s, RECOVERY_S)
                time.sleep(1)
                at_end = [told.body["decision_id"] for told in askers.told[-50:]]
            lost = live.figure("suppress_decision_log_dropped_total")
            live.end()
        found = logged(small.path / "decisions")
        counts, acknowledged = told_by(askers)
        missing = acknowledged - found
        assert not set(at_end) - found, "with room again, decisions are not in the log"
        assert len(missing) <= lost
        if policy == "refuse":
            assert not missing
            assert counts["refused"] > 0
        else:
            assert missing
            assert counts["refused"] == 0
        return tell(
            counts, f"{counts['refused']:,} refused (503), {len(missing):,} not in the log, {lost:,.0f} counted"
        )


def sqlite_is_full(folder: Path, rounds: int, dice: random.Random) -> str:
    """The disk of an embedded database."""
    with disk(folder / "small", 64) as small:
        url = f"sqlite:///{small.path}/shop.db"
        with serving(folder, url, workers=2) as live:
            with Askers(live) as askers:
                for _ in range(rounds):
                    full_and_back(small, askers, dice)
                    askers.wait_for_rules(time.monotonic(), RECOVERY_S)
            wait_until(lambda: live.figure("suppress_decision_log_behind") == 0, RECOVERY_S)
            live.end()
        return nothing_lost(askers, live, url)


def postgresql_is_full(folder: Path, rounds: int, dice: random.Random) -> str:
    """The disk of a server, which gives up where it cannot write its own log, and is started again by the operator."""
    with ExitStack() as stack:
        small = stack.enter_context(disk(folder / "small", 200))
        before, tempfile.tempdir = tempfile.tempdir, str(small.path)
        try:
            admin = stack.enter_context(postgresql_server())
        finally:
            tempfile.tempdir = before
        url = make_url(admin).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
        server, gave_up = Server.behind(admin), 0
        live = stack.enter_context(serving(folder, url, workers=2))
        with Askers(live) as askers:
            for _ in range(rounds):
                full_and_back(small, askers, dice)
                if not server.is_running():
                    gave_up += 1
                    server.start()
                askers.wait_for_rules(time.monotonic())
        wait_until(lambda: live.figure("suppress_decision_log_behind") == 0)
        live.end()
        return f"{nothing_lost(askers, live, url)}; the server gave up {gave_up} times"


def temporary_is_full(folder: Path, rounds: int, dice: random.Random) -> str:
    """The disk of temporary files and figures; a worker is killed, and another one starts while there is no room."""
    url = f"sqlite:///{folder}/shop.db"
    with disk(folder / "small", 64) as small:
        at = {"TMPDIR": str(small.path), "PROMETHEUS_MULTIPROC_DIR": str(small.path)}
        with serving(folder, url, workers=2, environment=at) as live:
            with Askers(live, per_connection=23) as askers:

                def replace_one() -> None:
                    ready = live.stderr.count("startup complete")
                    os.kill(dice.choice(live.workers()), signal.SIGKILL)
                    wait_until(lambda: live.stderr.count("startup complete") > ready, 60)
                    time.sleep(0.5)

                for _ in range(rounds):
                    full_and_back(small, askers, dice, replace_one)
                    askers.wait_for_rules(time.monotonic(), RECOVERY_S)
            live.end()
        return nothing_lost(askers, live, url, lost_connections=rounds * askers.number)


def nothing_lost(askers: Askers, live: Live, url: str, *, lost_connections: int = 0) -> str:
    """The counts, when files and table have each decision."""
    counts, acknowledged = told_by(askers, lost_connections)
    assert not acknowledged - logged(live.log)
    with Database.open(url) as database:
        assert not acknowledged - in_table(DecisionLog(database))
    assert counts["refused"] == 0
    return tell(counts, "none missing from files or table")


def told_by(askers: Askers, lost_connections: int = 0) -> tuple[Counter[str], set[str]]:
    """How many answers of which kind, and the decisions that were answered."""
    counts = askers.counts()
    counts["refused"] = sum(told.status == 503 for told in askers.told)
    counts["errors"] -= counts["refused"]
    assert (0, 0) == (counts["wrong"], counts["errors"]), counts
    assert counts["none"] <= lost_connections, counts
    return counts, {told.body["decision_id"] for told in askers.told if told.status == 200}


def tell(counts: Counter[str], what: str) -> str:
    return f"{counts['answers']:,} answers, {counts['policy']:,} by the policy, 0 wrong, 0 errors; {what}"


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(2**32)
    print(f"each disk full {rounds} times, seed {seed}", flush=True)
    dice = random.Random(seed)
    disks: dict[str, Callable[[Path], str]] = {
        "log, answer": lambda folder: log_is_full(folder, rounds, dice, "answer"),
        "log, refuse": lambda folder: log_is_full(folder, rounds, dice, "refuse"),
        "SQLite": lambda folder: sqlite_is_full(folder, rounds, dice),
        "PostgreSQL": lambda folder: postgresql_is_full(folder, rounds, dice),
        "temporary files": lambda folder: temporary_is_full(folder, rounds, dice),
    }
    wanted = sys.argv[3:] or list(disks)
    for name in wanted:
        with tempfile.TemporaryDirectory() as folder:
            Path(folder).chmod(0o755)
            print(f"{name}: {disks[name](Path(folder))}", flush=True)


if __name__ == "__main__":
    main()

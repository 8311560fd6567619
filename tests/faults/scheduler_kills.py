"""Kill schedulers at work, again and again, and count: `python -m tests.faults.scheduler_kills [--rounds 20]`.

Two real schedulers, with the settings they have by themselves (a lease of 15 s, a look every 5 s), work on one
database. A scan is due every few seconds; in each round the scheduler that works on one is killed (SIGKILL) at a random
moment of it, and a new one is started in its place. Printed: how long each takeover took, from the kill to the begin of
the resumed scan; how often each scan began and ended; what outlived its scheduler. Exit 1 when a scan was lost or done
twice, a scan outlived its scheduler, or a takeover took longer than 30 s.
"""

import argparse
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from suppress.stores.database import Database
from suppress.stores.runs import Run
from suppress.stores.schema import upgrade
from tests.schedules.fleet import Fleet, is_alive, soon
from tests.stores.servers import postgresql_server

SCAN_SECONDS = 4.0
ALLOWED_SECONDS = 30.0


def main() -> int:
    """Run the rounds on both databases, or on one."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--lease", type=float, default=15.0)
    parser.add_argument("--poll", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    chosen = parser.parse_args()
    dice = random.Random(chosen.seed)
    print(f"seed {chosen.seed}, {chosen.rounds} kills, lease {chosen.lease:g} s, poll {chosen.poll:g} s")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = f"sqlite:///{folder}/runs.db"
        if chosen.database == "postgresql":
            url = stack.enter_context(postgresql_server())
        with Database.open(url, require_schema=False) as database:
            upgrade(database)
        fleet = Fleet(url, folder)
        stack.callback(fleet.end)
        return rounds(fleet, chosen, dice)


def rounds(fleet: Fleet, chosen: argparse.Namespace, dice: random.Random) -> int:
    # Due one after the other from the start; the schedule works on one at a time, so there is always one to kill.
    fleet.write_schedule(soon(15), chosen.rounds, 1)
    options = {"seconds": SCAN_SECONDS, "lease": chosen.lease, "poll": chosen.poll, "grace": 3600.0}
    schedulers = {process.pid: process for process in (fleet.start(**options), fleet.start(**options))}
    took: list[float] = []
    killed: set[str] = set()
    outlived = 0
    until = time.monotonic() + 60 + chosen.rounds * (2 * ALLOWED_SECONDS + SCAN_SECONDS)
    while len(took) < chosen.rounds:
        if time.monotonic() > until:
            print((fleet.folder / "log-0").read_text()[-2000:])
            raise SystemExit("no scan to kill")
        run = next((r for r in fleet.runs() if r.state == "running" and r.run_id not in killed), None)
        if run is None or not fleet.begun(run.out):
            time.sleep(0.05)
            continue
        time.sleep(dice.uniform(0, SCAN_SECONDS * 0.8))
        holder = schedulers.get(int((run.owner or ":0").rpartition(":")[2]))
        if holder is None or stored(fleet, run).state != "running":
            continue
        holder.send_signal(signal.SIGKILL)
        begun = time.monotonic()
        holder.wait()
        killed.add(run.run_id)
        scan_pid = fleet.begun(run.out)[-1]
        while stored(fleet, run).attempts < 2 or len(fleet.begun(run.out)) < 2:
            time.sleep(0.02)
            if time.monotonic() - begun > 4 * ALLOWED_SECONDS:
                raise SystemExit(f"{run.run_id} was not taken over")
        took.append(time.monotonic() - begun)
        outlived += is_alive(scan_pid)
        fresh = fleet.start(**options)
        schedulers[fresh.pid] = fresh
        print(
            f"{datetime.now(UTC):%H:%M:%S} kill {len(took)}: {run.run_id} taken over after {took[-1]:.1f} s", flush=True
        )
    runs = fleet.wait_for({"done": chosen.rounds}, seconds=300)
    return verdict(fleet, runs, took, outlived)


def verdict(fleet: Fleet, runs: list[Run], took: list[float], outlived: int) -> int:
    begun, ended = Counter(fleet.lines("begin")), Counter(fleet.lines("end"))
    states = Counter(run.state for run in runs)
    lost = [run.run_id for run in runs if ended[run.out] == 0]
    twice = [run.run_id for run in runs if ended[run.out] > 1]
    slow = [seconds for seconds in took if seconds > ALLOWED_SECONDS]
    print(
        f"{len(runs)} runs: {dict(states)}; scans begun {sum(begun.values())}, ended {sum(ended.values())}; "
        f"lost {len(lost)}, ended twice {len(twice)}, scans that outlived their scheduler {outlived}\n"
        f"takeovers: {len(took)}, fastest {min(took):.1f} s, median {sorted(took)[len(took) // 2]:.1f} s, "
        f"slowest {max(took):.1f} s, over {ALLOWED_SECONDS:g} s: {len(slow)}"
    )
    return int(bool(lost or twice or slow or outlived or states["done"] != len(runs)))


def stored(fleet: Fleet, run: Run) -> Run:
    return next(found for found in fleet.runs() if found.run_id == run.run_id)


if __name__ == "__main__":
    sys.exit(main())

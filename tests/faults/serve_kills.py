"""Kill -9 a worker of a live service at random moments, many times: no decision that was answered is missing.

    python -m tests.faults.serve_kills [KILLS] [SEED] [sqlite|postgresql]

Callers ask over HTTP all the while; after each kill they wait until the supervisor has started another worker. Whatever
the moment: each answer that came is right and its decision is in the log, files and table, once; every chain verifies;
the other worker goes on answering, and whoever lost a connection is answered when asking once more. With PostgreSQL
every tenth kill falls into an outage of the database: the policy answers, and another worker starts when it is back.
"""

import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

from sqlalchemy.engine import make_url

from suppress.stores.database import Database
from suppress.stores.decision_log import DecisionLog
from tests.faults.live import Askers, Live, Told, logged, serving
from tests.faults.log_kills import in_table
from tests.faults.postgresql import Server, wait_until
from tests.stores.servers import postgresql_server

WORKERS = 2
CALLERS = 6
PER_CONNECTION = 23
"""Few, so that every worker is asked soon after it has started, too."""
BACK_WITHIN_S = 60.0
SILENT_S = 5.0
"""Longer than that nobody may be without an answer while one worker of two lives, even on a busy machine."""


def play(kills: int, seed: int, kind: str) -> None:
    """Kill that many times and tell what happened. Raises AssertionError where a promise was not kept."""
    dice = random.Random(seed)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = f"sqlite:///{folder}/shop.db"
        server = None
        if kind == "postgresql":
            admin = stack.enter_context(postgresql_server())
            url = make_url(admin).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
            server = Server.behind(admin)
        live = stack.enter_context(serving(folder, url, workers=WORKERS))
        returns_s: list[float] = []
        outages = 0
        with Askers(live, CALLERS, per_connection=PER_CONNECTION) as askers:
            askers.wait_for_rules(time.monotonic())
            for number in range(kills):
                time.sleep(dice.uniform(0, 0.5))
                with ExitStack() as outage:
                    if server is not None and number % 10 == 9:
                        outage.enter_context(server.stopped())
                        outages += 1
                    await_another = kill_one(live, dice)
                    if number % 10 == 9:
                        time.sleep(dice.uniform(0, 4))
                returns_s.append(await_another())
                if (number + 1) % 10 == 0:
                    print(f"{number + 1} kills, {len(askers.told):,} questions", flush=True)
            askers.wait_for_rules(time.monotonic())
        dropped = live.figure("suppress_decision_log_dropped_total")
        live.end()
        counts = askers.counts()
        # A worker that has just started knows no key: where the database does not answer it says so, and when to ask.
        told_no = [(told.status, told.body["detail"]) for told in askers.told if told.status not in {0, 200, 503}]
        acknowledged = {told.body["decision_id"] for told in askers.told if told.status == 200}
        found = logged(live.log)
        with Database.open(url) as database:
            table = in_table(DecisionLog(database))
        silent_s = longest_silence_s(askers.told)
        print(
            f"{kills} kills, {outages} of them in an outage, "
            f"{counts['answers']:,} answers, {counts['wrong']} wrong, {counts['policy']} by the policy, "
            f"{counts['errors']} told to ask again (503), {counts['none']} connections lost; "
            f"nobody was answered for at most "
            f"{silent_s * 1000:.0f} ms; another worker after {max(returns_s):.1f} s at most\n"
            f"{len(acknowledged):,} decisions answered, {len(acknowledged - found)} missing from files, "
            f"{len(acknowledged - table)} from the table, {dropped:.0f} counted as lost, "
            f"{len(found - acknowledged)} in the log whose answer was cut off; "
            f"{len(list(live.log.glob('anchors/*.head')))} chains verify"
        )
        assert counts["wrong"] == 0
        assert not told_no, told_no
        assert counts["none"] <= kills * CALLERS
        assert not acknowledged - found
        assert not acknowledged - table
        assert silent_s <= SILENT_S


def kill_one(live: Live, dice: random.Random) -> Callable[[], float]:
    """Kill one worker. What comes back waits until there is another that serves, and says how long that took."""
    before = live.workers()
    ready = live.stderr.count("startup complete")
    killed = dice.choice(before)
    os.kill(killed, signal.SIGKILL)
    began_s = time.monotonic()

    def await_another() -> float:
        wait_until(lambda: live.stderr.count("startup complete") > ready, BACK_WITHIN_S)
        assert killed not in live.workers()
        assert len(live.workers()) == len(before)
        return time.monotonic() - began_s

    return await_another


def longest_silence_s(told: list[Told]) -> float:
    """The longest time in which nobody was answered though somebody asked."""
    ends_s = sorted(each.asked_s + each.took_s for each in told if each.status)
    return max(later - earlier for earlier, later in pairwise(ends_s))


if __name__ == "__main__":
    chosen = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(2**32)
    print(f"seed {chosen}")
    play(
        int(sys.argv[1]) if len(sys.argv) > 1 else 100,
        chosen,
        sys.argv[3] if len(sys.argv) > 3 else "postgresql",
    )

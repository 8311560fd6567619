"""Stop PostgreSQL, or pause it, under a live service, many times: the policy answers in time, and rules do again soon.

    python -m tests.faults.serve_database_gone [ROUNDS] [SEED]

Callers ask over HTTP all the while, with a deadline of 200 ms. Odd rounds stop the server and start it again, even ones
halt its processes (SIGSTOP) and let them go on; each for one to eight seconds. Whatever the moment: every question is
answered 200, by the rules or by the ruleset's `on_unavailable`, with what these want; no later than the deadline and
GRACE_MS for the network and both processes (on a machine that is busy with other things: plus what threads waited for a
processor meanwhile); and RECOVERY_S after its return the rules decide again. At the end the log
holds each decision, in its files and in its table, and its chains verify.
"""

import random
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy.engine import make_url

from suppress.stores.database import Database
from suppress.stores.decision_log import DecisionLog
from tests.faults.live import DEADLINE_MS, Askers, Told, logged, serving
from tests.faults.log_kills import in_table
from tests.faults.postgresql import Server
from tests.stores.servers import postgresql_server

GRACE_MS = 20
RECOVERY_S = 5.0


def play(rounds: int, seed: int) -> None:
    """Play that many rounds and tell what happened. Raises AssertionError where a promise was not kept."""
    dice = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder, postgresql_server() as admin:
        url = make_url(admin).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
        server = Server.behind(admin)
        with serving(Path(folder), url, workers=2) as live:
            returns_s = []
            with Askers(live) as askers:
                for number in range(rounds):
                    askers.wait_for_rules(time.monotonic())
                    kind = "paused" if number % 2 else "stopped"
                    down_s = dice.uniform(1, 8)
                    began = len(askers.told)
                    with getattr(server, kind)():
                        time.sleep(down_s)
                        back_s = time.monotonic()
                    returns_s.append(askers.wait_for_rules(back_s))
                    of_round = askers.told[began:]
                    slowest = max(of_round, key=lambda told: told.took_s)
                    print(
                        f"round {number + 1} {kind} for {down_s:.1f} s: "
                        f"{sum(told.by_policy for told in of_round):,} answers by the policy, slowest "
                        f"{slowest.took_s * 1000:.0f} ms (of which short of a processor "
                        f"{askers.starved_s(slowest) * 1000:.0f}), rules again after {returns_s[-1]:.2f} s",
                        flush=True,
                    )
            live.end()
        tell(askers, rounds, returns_s)
        acknowledged = {told.body["decision_id"] for told in askers.told if told.status == 200}
        missing = acknowledged - logged(live.log)
        with Database.open(url) as database:
            missing_in_table = acknowledged - in_table(DecisionLog(database))
        print(f"{len(acknowledged):,} decisions answered, {len(missing)} missing from files, ", end="")
        print(f"{len(missing_in_table)} from the table; all chains verify")
        assert not missing
        assert not missing_in_table


def tell(askers: Askers, rounds: int, returns_s: list[float]) -> None:
    """The counts of all rounds. Raises AssertionError where one of them must be 0 and is not."""
    counts = askers.counts()

    def is_late(told: Told, grace_ms: float) -> bool:
        return told.took_s * 1000 > DEADLINE_MS + grace_ms

    over = [told for told in askers.told if is_late(told, 0)]
    late = [told for told in askers.told if is_late(told, GRACE_MS)]
    unexcused = [told for told in late if is_late(told, GRACE_MS + askers.starved_s(told) * 1000)]
    slowest_ms = max(told.took_s for told in askers.told) * 1000
    print(
        f"{rounds} rounds, {counts['answers']:,} answers, {counts['policy']:,} by the policy, {counts['wrong']} wrong, "
        f"{counts['errors']} errors, {counts['none']} unanswered; slowest {slowest_ms:.0f} ms, {len(over)} over the "
        f"deadline of {DEADLINE_MS} ms, {len(late)} by more than {GRACE_MS} ms, {len(unexcused)} of these not for "
        f"want of a processor; slowest return {max(returns_s):.2f} s"
    )
    assert (0, 0, 0) == (counts["wrong"], counts["errors"], counts["none"])
    assert not unexcused, [(told.took_s, told.body["unavailable"]) for told in unexcused[:10]]
    assert max(returns_s) <= RECOVERY_S


if __name__ == "__main__":
    chosen = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(2**32)
    print(f"seed {chosen}")
    play(int(sys.argv[1]) if len(sys.argv) > 1 else 20, chosen)

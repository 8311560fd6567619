"""Stop PostgreSQL, or pause it, under load, many times: the policy answers in time, and the rules do again soon after.

    python -m tests.faults.database_gone [ROUNDS] [DOWN_SECONDS]

Threads ask the live gate all the while. Odd rounds stop the server and start it again, even ones halt its processes
(SIGSTOP) and let them go on. Told are: the slowest answer, how many answers came from the policy while the database was
there, and how long after its return the rules decided again; and how many threads were held up at most.
"""

import sys
import threading
import time
from dataclasses import dataclass, field

from sqlalchemy.engine import make_url

from suppress.errors import SuppressError
from suppress.facts.message import Message
from suppress.facts.records import ProductRecord, StockRecord
from suppress.serving.service import Serving, open_serving
from suppress.stores.database import Database
from suppress.stores.schema import upgrade
from tests.faults.postgresql import Server, wait_until
from tests.serving.stand_ins import NOW, NOW_US, Log, Rules
from tests.stores.servers import postgresql_server
from tests.stores.shops import fill

ASKERS = 4
DEADLINE_MS = 200
RECOVERY_S = 5.0


@dataclass
class Askers:
    """Threads that ask all the while. `slowest_s`: per answer; `by_rules_at_s`: when each last heard from the rules."""

    serving: Serving
    slowest_s: float = 0.0
    by_rules: int = 0
    by_policy: int = 0
    errors: int = 0
    over_deadline: int = 0
    stuck: int = 0
    by_rules_at_s: list[float] = field(default_factory=lambda: [0.0] * ASKERS)
    over: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._ask, args=(number,)) for number in range(ASKERS)]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """No further questions."""
        self.over.set()
        for thread in self._threads:
            thread.join()

    def _ask(self, number: int) -> None:
        message = Message(customer_id="ada", items=("A-1", "A-2"))
        while not self.over.wait(0.005):
            asked_s = time.monotonic()
            try:
                answer = self.serving.check(message, deadline_ms=DEADLINE_MS)
            except SuppressError:
                answer = None
            answered_s = time.monotonic()
            with self._lock:
                self.slowest_s = max(self.slowest_s, answered_s - asked_s)
                self.over_deadline += answered_s - asked_s > DEADLINE_MS / 1000
                self.stuck = max(self.stuck, self.serving.figures().stuck)
                if answer is None or (answer.unavailable and answer.decision.verdict.value != "hold"):
                    self.errors += 1
                elif answer.unavailable:
                    self.by_policy += 1
                else:
                    self.by_rules += 1
                    self.by_rules_at_s[number] = answered_s


def play(rounds: int, down_s: float) -> None:
    """Play that many rounds and tell what happened. Raises AssertionError where the promise was not kept."""
    with postgresql_server() as admin:
        server = Server.behind(admin)
        url = make_url(admin).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
        with Database.open(url, require_schema=False) as database:
            upgrade(database)
            fill(
                database,
                [
                    [ProductRecord("A-1", None, None, None, None, "active", None, None, None, "[]", "{}", NOW_US)],
                    [StockRecord("A-1", "all", 5, 0, 0, None, None, None, NOW_US)],
                ],
            )
            serving = open_serving(database, Rules("on_unavailable: hold"), Log(), reserve_hours=24, clock=lambda: NOW)
            askers = Askers(serving)
            slowest_back_s = 0.0
            try:
                for number in range(rounds):
                    kind = "paused" if number % 2 else "stopped"
                    wait_until(lambda: min(askers.by_rules_at_s) > 0)
                    before = askers.by_policy
                    with getattr(server, kind)():
                        time.sleep(down_s)
                        assert askers.by_policy > before, "the policy was not asked"
                        figures = serving.figures()
                    back_s = time.monotonic()
                    wait_until(lambda back_s=back_s: min(askers.by_rules_at_s) > back_s)
                    took_s = time.monotonic() - back_s
                    slowest_back_s = max(slowest_back_s, took_s)
                    print(
                        f"round {number + 1} {kind}: {askers.by_policy - before} answers by the policy, "
                        f"{figures.stuck} threads held up, rules again after {took_s:.2f} s"
                    )
            finally:
                askers.close()
            print(
                f"{rounds} rounds, {askers.by_rules + askers.by_policy} answers, {askers.by_policy} by the policy, "
                f"{askers.errors} errors; slowest answer {askers.slowest_s * 1000:.0f} ms, {askers.over_deadline} "
                f"over the deadline of {DEADLINE_MS}; slowest return {slowest_back_s:.2f} s, "
                f"at most {askers.stuck} threads held up"
            )
            serving.close()
            assert askers.errors == 0
            assert slowest_back_s <= RECOVERY_S


if __name__ == "__main__":
    play(int(sys.argv[1]) if len(sys.argv) > 1 else 20, float(sys.argv[2]) if len(sys.argv) > 2 else 2.0)

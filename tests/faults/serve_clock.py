"""Set the clock of a live service forward and back, by seconds to days, many times: it goes on as if nothing was.

    python -m tests.faults.serve_clock [STEPS] [SEED]      (needs Debian's libfaketime)

The service runs under libfaketime, which reads how far its clock is off from a file; here that is changed. Callers
ask over HTTP all the while, with a good key, with wrong ones and with more questions than their key may ask. Whatever
the step:

- every question of the good key is answered, and right; nobody is told 500 or nothing;
- no decision has the id of another, each is in the log, in files and table, and the chains verify;
- whoever tried too many wrong keys stays locked out for as long as he was told, by everybody's own clock;
- a key is granted no more than its rate allows in the time that really passed;
- a key that is revoked opens nothing REVOKED_WITHIN_S later, one that is not stays good;
- the worker counts as ready.
"""

import random
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path

from suppress.access.key import Env, MintedKey, mint
from suppress.access.roles import Role
from suppress.stores.database import Database
from suppress.stores.decision_log import DecisionLog
from suppress.stores.keys import Keys
from suppress.web.worker import now_us
from tests.faults.live import Askers, Caller, Live, logged, serving
from tests.faults.log_kills import in_table
from tests.faults.postgresql import wait_until

LIBRARY = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")
STEPS_S = (0.5, 3, 20, 70, 1_000, 3_600, 86_400, 400 * 86_400)
RATE, BURST = 60, 100
REVOKED_WITHIN_S = 6.0
SEEN_AFTER_S = 1.2
FAILURES = 10


class Clock:
    """The service's clock: as many seconds off as it says here."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "clock"
        self.offset_s = 0.0
        self.set(0.0)
        self.environment = {
            "LD_PRELOAD": str(LIBRARY),
            "FAKETIME_TIMESTAMP_FILE": str(self._path),
            # Looking at the file for every look at the clock would make the service ten times slower.
            "FAKETIME_CACHE_DURATION": "1",
            # Nobody sets the clock that only ever counts up, nor the times of files.
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }

    def step(self, by_s: float) -> None:
        """Set it by so many seconds; returns when the service must have seen it."""
        self.set(self.offset_s + by_s)
        time.sleep(SEEN_AFTER_S)

    def set(self, offset_s: float) -> None:
        """Within a second it is off by so many."""
        self.offset_s = offset_s
        new = self._path.with_suffix(".new")
        new.write_text(f"{offset_s:+f}\n")
        new.replace(self._path)


class Greedy:
    """Asks with a key of its own as often as it can; `granted`: how often it might."""

    def __init__(self, live: Live, key: str) -> None:
        self.granted = self.refused = 0
        self.others: set[int] = set()
        self.began_s = time.monotonic()
        self._caller = Caller(live.port, key, "GET /v1/fields HTTP/1.1", b"")
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._ask)
        self._thread.start()

    def end(self) -> None:
        """Stop asking. Raises AssertionError where it was granted more than its share."""
        self._over.set()
        self._thread.join()
        allowed = BURST + RATE * (time.monotonic() - self.began_s) + 1
        assert 0 < self.granted <= allowed, (self.granted, allowed)
        assert self.refused > 0, "it asked too little"
        assert not self.others, self.others

    def _ask(self) -> None:
        while not self._over.is_set():
            status, _ = self._caller.ask()
            self.granted += status == 200
            self.refused += status == 429
            if status not in {200, 429}:
                self.others.add(status)
            if status == 429:
                self._over.wait(0.01)


def play(steps: int, seed: int) -> None:
    """Set the clock that often and tell what happened. Raises AssertionError where a promise was not kept."""
    dice = random.Random(seed)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = f"sqlite:///{folder}/shop.db"
        clock = Clock(folder)
        options = ["--rate", str(RATE), "--burst", str(BURST), "--trusted-proxies", "127.0.0.1"]
        # One worker: each has locks and rates of its own.
        live = stack.enter_context(serving(folder, url, options=options, environment=clock.environment))
        database = stack.enter_context(Database.open(url))
        greedy = Greedy(live, new_key(database).key)
        outcomes = [0] * 3
        with Askers(live, 2, pause_s=0.05) as askers:
            for number in range(steps):
                askers.wait_for_rules(time.monotonic())
                step_s = dice.choice(STEPS_S) * dice.choice((1, -1))
                what = number % 3
                (stays_locked, revocation_counts, stays_ready)[what](live, database, clock, step_s, number)
                outcomes[what] += 1
            askers.wait_for_rules(time.monotonic())
        greedy.end()
        wait_until(lambda: live.figure("suppress_decision_log_behind") == 0)
        dropped = live.figure("suppress_decision_log_dropped_total")
        live.end()
        counts = askers.counts()
        ids = [told.body["decision_id"] for told in askers.told if told.status == 200]
        found = logged(live.log)
        print(
            f"{steps} steps, {counts['answers']:,} answers, {counts['policy']} by the policy, {counts['wrong']} wrong, "
            f"{counts['errors']} errors, {counts['none']} unanswered, {len(ids) - len(set(ids))} ids twice; "
            f"{len(set(ids) - found)} missing from files, {len(set(ids) - in_table(DecisionLog(database)))} from the "
            f"table, {dropped:.0f} counted as lost; all chains verify\n"
            f"{outcomes[0]} lock-outs lasted, {outcomes[1]} keys revoked and shut, {outcomes[2]} times ready after; "
            f"{greedy.granted:,} granted and {greedy.refused:,} refused by a rate of {RATE} a second"
        )
        assert (0, 0, 0) == (counts["wrong"], counts["errors"], counts["none"])
        assert len(ids) == len(set(ids))
        assert set(ids) <= found
        assert set(ids) <= in_table(DecisionLog(database))


def stays_locked(live: Live, _: Database, clock: Clock, step_s: float, number: int) -> None:
    """Who was locked out before a step is so after it, and is told about as long to wait."""
    address = f"192.0.2.{number % 250 + 1}"

    def attempt() -> tuple[int, int]:
        caller = Caller(live.port, f"wrong\r\nX-Forwarded-For: {address}", "GET /v1/fields HTTP/1.1", b"")
        try:
            status, _ = caller.ask()
        finally:
            caller.close()
        return status, int(caller.headers.get(b"retry-after", b"0"))

    statuses = [attempt()[0] for _ in range(FAILURES)]
    assert statuses == [401] * FAILURES, statuses
    locked_s = time.monotonic()
    status, wait_s = attempt()
    assert status == 429, status
    clock.step(step_s)
    status, still_s = attempt()
    assert status == 429, f"a step of {step_s} s let somebody in who tried keys"
    assert abs(wait_s - still_s) <= time.monotonic() - locked_s + 2, (wait_s, still_s, step_s)


def revocation_counts(live: Live, database: Database, clock: Clock, step_s: float, number: int) -> None:
    """A key revoked just before a step opens nothing soon after; it did until then."""
    made = new_key(database)
    # From an address of its own: a key that is refused counts as a failure of its address.
    shown = f"{made.key}\r\nX-Forwarded-For: 198.51.100.{number % 250 + 1}"
    caller = Caller(live.port, shown, "GET /v1/fields HTTP/1.1", b"")
    status, body = caller.ask()
    assert status == 200, body
    Keys(database).revoke(made.key_id, now_us())
    revoked_s = time.monotonic()
    clock.step(step_s)
    wait_until(lambda: caller.ask()[0] == 401, 30)
    caller.close()
    took_s = time.monotonic() - revoked_s
    assert took_s <= REVOKED_WITHIN_S, f"a step of {step_s} s kept a revoked key good for {took_s:.1f} s"


def stays_ready(live: Live, _: Database, clock: Clock, step_s: float, __: int) -> None:
    """From a step on the worker counts as ready, as it did before."""
    clock.set(clock.offset_s + step_s)
    until_s = time.monotonic() + 2 * SEEN_AFTER_S
    while time.monotonic() < until_s:
        status, body = live.get("/readyz")
        assert status == 200, f"after a step of {step_s} s: {body}"
        time.sleep(0.1)


def new_key(database: Database) -> MintedKey:
    """A key that may look at fields, which costs the machine little."""
    made = mint(Env.TEST)
    Keys(database).create(made, name="clock", role=Role.MARKETER, now_us=now_us())
    return made


if __name__ == "__main__":
    assert LIBRARY.exists(), "apt-get install libfaketime"
    chosen = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(2**32)
    print(f"seed {chosen}")
    play(int(sys.argv[1]) if len(sys.argv) > 1 else 60, chosen)

"""A `suppress serve` to be mistreated, and callers that ask it all the while over HTTP and keep what they were told.

The service runs as an operator runs it: processes of its own, a port, a key, the decision log. Callers know nothing of
it but the port.
"""

import gc
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from suppress.access.key import Env, mint
from suppress.access.roles import Role
from suppress.decisions.record import Fault, read_line
from suppress.facts.records import ProductRecord, StockRecord
from suppress.ledger.folder import verify_folder
from suppress.stores.database import Database
from suppress.stores.keys import Keys
from suppress.stores.schema import upgrade
from suppress.web.worker import now_us
from tests.faults.postgresql import children_of, wait_until
from tests.stores.shops import fill

DEADLINE_MS = 200
STARTS_WITHIN_S = 60.0
SAMPLE_EVERY_S = 0.025
RULES = """version: 1
ruleset: shop
on_unavailable: hold
rules:
  - {id: sold-out, drop: item, code: out_of_stock, when: {stock.available_units: {below: 1}}}
"""
LEVELS = {"A-1": 5, "A-2": 0}
KEPT = {"A-1": "keep", "A-2": "drop"}
"""What the rules say of each item, whenever there are facts."""


class Told(NamedTuple):
    """One answer: when it was asked and how long it took, by a clock that never goes back; `status` 0 = none came."""

    asked_s: float
    took_s: float
    status: int
    body: Mapping[str, Any]

    @property
    def by_rules(self) -> bool:
        """Whether it rests on facts."""
        return self.status == 200 and self.body["unavailable"] is None

    @property
    def by_policy(self) -> bool:
        """Whether it rests on `on_unavailable`."""
        return self.status == 200 and self.body["unavailable"] is not None

    @property
    def is_right(self) -> bool:
        """Whether it says what rules, or the policy, want."""
        if self.by_policy:
            return bool(self.body["verdict"] == "hold")
        return self.by_rules and {item["sku"]: item["verdict"] for item in self.body["items"]} == KEPT


@dataclass
class Live:
    """A running service. `stderr`: what it wrote there."""

    folder: Path
    port: int
    key: str
    process: "subprocess.Popen[bytes]"

    @property
    def stderr(self) -> str:
        """What it told the operator so far."""
        return (self.folder / "stderr").read_text()

    @property
    def log(self) -> Path:
        """The folder of its decision log."""
        return self.folder / "decisions"

    def workers(self) -> list[int]:
        """The processes that answer; with one worker the service itself."""
        found = [pid for pid in children_of(self.process.pid) if b"spawn_main" in command_of(pid)]
        return found or [self.process.pid]

    def get(self, target: str) -> tuple[int, str]:
        """Status and body of one request."""
        caller = Caller(self.port, self.key, f"GET {target} HTTP/1.1", b"")
        try:
            status, body = caller.ask()
        finally:
            caller.close()
        return status, body.decode()

    def is_listening(self) -> bool:
        """Whether it takes questions."""
        with suppress(OSError):
            return self.get("/livez")[0] == 200
        return False

    def figure(self, name: str) -> float:
        """The sum of a figure over its labels."""
        status, text = self.get("/metrics")
        assert status == 200, (status, text)
        lines = [line for line in text.splitlines() if line.startswith((f"{name} ", f"{name}{{"))]
        return sum(float(line.rpartition(" ")[2]) for line in lines)

    def end(self) -> None:
        """Ask it to end, and wait."""
        self.process.terminate()
        assert self.process.wait(60) in {0, -signal.SIGTERM}, self.stderr[-3000:]


def command_of(pid: int) -> bytes:
    """Its command line; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


@contextmanager
def serving(
    folder: Path,
    url: str,
    *,
    workers: int = 1,
    options: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
) -> Iterator[Live]:
    """A service on a fresh database with two items, one of them sold out; ended at the end, killed when it does not."""
    (folder / "rulesets").mkdir()
    (folder / "rulesets/shop.yaml").write_text(RULES)
    with Database.open(url, require_schema=False) as database:
        upgrade(database)
        fill(
            database,
            [
                [ProductRecord(s, None, None, None, None, "active", None, None, None, "[]", "{}", 1) for s in LEVELS],
                [StockRecord(s, "all", on_hand, 0, 0, None, None, None, now_us()) for s, on_hand in LEVELS.items()],
            ],
        )
        made = mint(Env.TEST)
        Keys(database).create(made, name="faults", role=Role.ADMIN, now_us=now_us())
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (folder / "stderr").open("wb") as stderr:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "suppress", "serve", "--no-log-requests", "--rules-from", "folder"),
                *("--workers", str(workers), "--port", str(port), *options),
            ],
            cwd=folder,
            stderr=stderr,
            env={name: value for name, value in os.environ.items() if name != "PROMETHEUS_MULTIPROC_DIR"}
            | {"SUPPRESS_DATABASE": url, **(environment or {})},
        )
    live = Live(folder, port, made.key, process)
    try:
        wait_until(lambda: process.poll() is not None or live.stderr.count("startup complete") >= workers, 60)
        assert process.poll() is None, live.stderr
        wait_until(live.is_listening)
        yield live
    except BaseException:
        print(live.stderr[-5_000:], file=sys.stderr)
        raise
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                for pid in (*live.workers(), process.pid):
                    os.kill(pid, 9)
                process.wait()


class Caller:
    """One connection that asks the same thing again and again."""

    def __init__(self, port: int, key: str, line: str, body: bytes) -> None:
        self._port = port
        self._request = (
            f"{line}\r\nHost: suppress\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        ).encode() + body
        self._socket: socket.socket | None = None
        self.headers: dict[bytes, bytes] = {}
        """Of the last answer, names in small letters."""

    def ask(self) -> tuple[int, bytes]:
        """Status and body. Raises OSError when no answer came."""
        try:
            if self._socket is None:
                self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=30)
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket.sendall(self._request)
            got = b""
            while b"\r\n\r\n" not in got:
                got += self._more()
            head, _, body = got.partition(b"\r\n\r\n")
            self.headers = headers = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
            while len(body) < int(headers[b"content-length"]):
                body += self._more()
        except OSError:
            self.close()
            raise
        if headers.get(b"connection") == b"close":
            self.close()
        return int(head.split(b" ", 2)[1]), body

    def close(self) -> None:
        """Let go of the connection; the next question makes another."""
        if self._socket is not None:
            self._socket.close()
        self._socket = None

    def _more(self) -> bytes:
        assert self._socket is not None
        data = self._socket.recv(65_536)
        if not data:
            raise ConnectionResetError("the connection was closed")
        return data


class _Sample(NamedTuple):
    at_s: float
    waited_ns: Mapping[tuple[int, str], int]


@dataclass
class Askers:
    """Threads that ask all the while. `told`: every answer, in the order they came."""

    live: Live
    number: int = 4
    pause_s: float = 0.002
    told: list[Told] = field(default_factory=list)
    per_connection: int | None = None
    """So many questions are put on one connection; None = as many as it bears."""

    def __post_init__(self) -> None:
        self.last = [Told(0.0, 0.0, 0, {})] * self.number
        self._samples: list[_Sample] = []
        # What they are told piles up. Looking through it for garbage takes half a second, which would be counted as the
        # service's.
        self._collects = gc.isenabled()
        gc.disable()
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(number,)) for number in range(self.number)]
        self._threads.append(threading.Thread(target=self._sample))
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> "Askers":
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
        if self._collects:
            gc.enable()

    def counts(self) -> Counter[str]:
        """How many answers of each kind."""
        counts: Counter[str] = Counter()
        for told in self.told:
            kind = "rules" if told.by_rules else "policy" if told.by_policy else "none" if not told.status else "errors"
            counts[kind] += 1
            counts["answers"] += told.status != 0
            counts["wrong"] += told.status == 200 and not told.is_right
        return counts

    def wait_for_rules(self, since_s: float, patience_s: float = 30.0) -> float:
        """Until every thread has an answer by the rules to a question it put since then; how long after that it was."""
        wait_until(lambda: all(told.by_rules and told.asked_s >= since_s for told in self.last), patience_s)
        return max(told.asked_s + told.took_s for told in self.last) - since_s

    def wait_for_answers(self) -> None:
        """Until every thread has one to a question it put since."""
        since_s = time.monotonic()
        wait_until(lambda: all(told.status and told.asked_s >= since_s for told in self.last))

    def starved_s(self, told: Told) -> float:
        """For how long, while this was asked, threads of one process could run and had no processor, added up.

        Added up, because an answer passes from thread to thread and each may have to wait. The most of all processes
        that had a part in it. What the machine has no time for is no fault of the service's.
        """
        end_s = told.asked_s + told.took_s
        waited: Counter[int] = Counter()
        for earlier, later in pairwise(self._samples):
            if later.at_s >= told.asked_s and earlier.at_s <= end_s:
                for (process, thread), ns in later.waited_ns.items():
                    waited[process] += ns - earlier.waited_ns.get((process, thread), 0)
        return max(waited.values(), default=0) / 1e9

    def _ask(self, number: int) -> None:
        body = json.dumps({"customer_id": "ada", "items": list(LEVELS), "deadline_ms": DEADLINE_MS}).encode()
        caller = Caller(self.live.port, self.live.key, "POST /v1/check HTTP/1.1", body)
        while not self._over.wait(self.pause_s):
            asked_s = time.monotonic()
            try:
                status, got = caller.ask()
            except OSError:
                status, got = 0, b"{}"
            told = Told(asked_s, time.monotonic() - asked_s, status, json.loads(got))
            self.told.append(told)
            self.last[number] = told
            if self.per_connection is not None and len(self.told) % self.per_connection == 0:
                caller.close()
        caller.close()

    def _sample(self) -> None:
        """Note every so often how long each thread has waited for a processor so far."""
        processes = [*self.live.workers(), os.getpid()]
        while not self._over.wait(SAMPLE_EVERY_S):
            waited = {}
            for process in processes:
                with suppress(OSError):
                    for task in Path(f"/proc/{process}/task").iterdir():
                        waited[process, task.name] = int((task / "schedstat").read_text().split()[1])
            self._samples.append(_Sample(time.monotonic(), waited))


def logged(folder: Path) -> set[str]:
    """The decisions a log has. Raises AssertionError when one of its chains does not verify, or has one twice."""
    faults = [each.found for each in verify_folder(folder) if isinstance(each.found, Fault)]
    assert not faults, faults
    texts = [text for path in folder.glob("*.jsonl") for text in path.read_bytes().split(b"\n")[:-1]]
    found = [read_line(text).record.decision_id for text in texts]
    assert len(found) == len(set(found)), "a decision is in the log twice"
    return set(found)

"""`suppress serve`, as an operator starts it: real processes, a real port, the real parts behind it."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from suppress.cli import cli

RULES = """version: 1
ruleset: shop
rules:
  - id: gone
    drop: item
    code: out_of_stock
    when: {item.sku: {starts_with: %s}}
"""
STARTS_WITHIN_S = 60


def suppress(folder: Path, *arguments: str) -> str:
    """What a command prints."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        got = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    finally:
        os.chdir(before)
    assert 0 == got.exit_code, got.output
    return got.stdout.strip()


@dataclass
class Running:
    """A service, and a key for it."""

    folder: Path
    port: int
    key: str
    process: "subprocess.Popen[bytes]"

    def ask(self, method: str, target: str, value: Any = None, key: str | None = None) -> tuple[int, Any]:
        """Status and body."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Authorization": f"Bearer {key or self.key}", "Content-Type": "application/json"}
        connection.request(method, target, None if value is None else json.dumps(value), headers)
        got = connection.getresponse()
        body = got.read()
        connection.close()
        return got.status, json.loads(body) if "json" in (got.headers["content-type"] or "") else body.decode()

    def log(self) -> list[dict[str, Any]]:
        """Its log so far."""
        lines = (self.folder / "stderr").read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Two workers on published rules."""
    folder = tmp_path_factory.mktemp("serve")
    (folder / "rulesets").mkdir()
    (folder / "rulesets/shop.yaml").write_text(RULES % "gone")
    suppress(folder, "db", "upgrade")
    suppress(folder, "publish", "-m", "first", "--author", "me")
    key = suppress(folder, "keys", "create", "--role", "admin")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (folder / "stderr").open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "suppress", "serve", "--workers", "2", "--port", str(port)],
            cwd=folder,
            stderr=stderr,
            env={name: value for name, value in os.environ.items() if name != "PROMETHEUS_MULTIPROC_DIR"},
        )
        found = Running(folder, port, key, process)
        try:
            _until(lambda: sum("startup complete" in line["message"] for line in found.log()) == 2, process)
            yield found
        finally:
            process.kill()
            process.wait()


def _until(holds: Any, process: "subprocess.Popen[bytes]") -> None:
    ends = time.monotonic() + STARTS_WITHIN_S
    while not holds():
        assert process.poll() is None, "the service ended"
        assert time.monotonic() < ends, "it took too long"
        time.sleep(0.05)


def _is_refused(port: int) -> bool:
    """Whether nobody listens there."""
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return True
    except ConnectionResetError:
        pass
    return False


def _has_let_go(process: int) -> bool:
    """Whether it holds no connection any more."""
    try:
        return not os.listdir(f"/proc/{process}/fd")
    except OSError:
        return True


def test_a_decision_is_answered_logged_and_found(running: Running) -> None:
    """What is decided over HTTP names the version, is in the log under a hash, and can be looked up."""
    status, got = running.ask(
        "POST", "/v1/check", {"customer_id": "secret-1", "message_id": "m-1", "items": ["gone-1"]}
    )
    assert (200, "drop", 1) == (status, got["items"][0]["verdict"], got["ruleset"]["version"])

    def found() -> bool:
        return bool(running.ask("GET", "/v1/decisions?customer_id=secret-1")[1]["decisions"])

    _until(found, running.process)
    status, record = running.ask("GET", f"/v1/decisions/{got['decision_id']}")
    assert (200, got["decision_id"], "m-1") == (status, record["decision_id"], record["input"]["message_id"])
    assert "secret-1" not in json.dumps(record)


def test_headers_and_body_leave_together(running: Running) -> None:
    """One read gets the whole answer, however often it is asked."""
    body = b'{"customer_id":"C","items":["A"]}'
    request = (
        f"POST /v1/check HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {running.key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body
    with socket.create_connection(("127.0.0.1", running.port)) as connection:
        for _ in range(20):
            connection.sendall(request)
            head, _, rest = connection.recv(65_536).partition(b"\r\n\r\n")
            announced = re.search(rb"content-length: (\d+)", head)
            assert announced is not None
            assert int(announced[1]) == len(rest)


def test_a_probe_may_ask_for_headers_only(running: Running) -> None:
    """HEAD gets the status and no body, and the connection goes on."""
    request = b"HEAD /readyz HTTP/1.1\r\nHost: x\r\n\r\n"
    with socket.create_connection(("127.0.0.1", running.port)) as connection:
        for _ in range(2):
            connection.sendall(request)
            told = connection.recv(65_536)
            assert told.startswith(b"HTTP/1.1 200 ")
            assert told.endswith(b"\r\n\r\n")


def test_published_rules_take_over(running: Running) -> None:
    """A version published over HTTP decides soon after, in every worker; the list tells who published it."""
    files = {"shop.yaml": RULES % "old"}
    status, got = running.ask("POST", "/v1/rulesets:publish", {"files": files, "message": "other skus", "after": 1})
    assert (200, 2, True) == (status, got["version"]["number"], got["is_new"])

    def decides() -> bool:
        asked = [running.ask("POST", "/v1/check", {"customer_id": "C", "items": ["old"]})[1] for _ in range(4)]
        return {2} == {answer["ruleset"]["version"] for answer in asked}

    _until(decides, running.process)
    status, listed = running.ask("GET", "/v1/rulesets")
    assert (2, "admin") == (listed["rulesets"][0]["number"], listed["rulesets"][0]["author"])
    late = {"files": {"shop.yaml": RULES % "x"}, "message": "on top of the first", "after": 1}
    status, refused = running.ask("POST", "/v1/rulesets:publish", late)
    assert (409, "/problems#version-moved", 2) == (status, refused["type"], refused["newest"])


def test_a_revoked_key_opens_nothing(running: Running) -> None:
    """Within seconds, in every worker."""
    key = suppress(running.folder, "keys", "create", "--role", "marketer")
    assert 200 == running.ask("GET", "/v1/fields", key=key)[0]
    suppress(running.folder, "keys", "revoke", key[: len("supp_live_") + 8])

    def opens_nothing() -> bool:
        # Whoever tries it too often is locked out as well.
        return {running.ask("GET", "/v1/fields", key=key)[0] for _ in range(4)} <= {401, 429}

    _until(opens_nothing, running.process)


def test_workers_are_counted_together(running: Running) -> None:
    """Whoever is asked tells the same sum."""
    told = [running.ask("GET", "/metrics")[1] for _ in range(4)]
    counts = {
        re.search(r'suppress_http_requests_total{method="POST",path="/v1/check",status="200"} (\S+)', t)[1]
        for t in told
    }  # type: ignore[index]

    assert 1 == len(counts)
    assert 'suppress_ruleset_info{revision="sha256:' in told[0]


def test_a_killed_worker_is_replaced(running: Running) -> None:
    """Its place is taken, others answer meanwhile, and what was answered is in the log; tests/faults does it often."""

    def ask() -> Any:
        return running.ask("POST", "/v1/check", {"customer_id": "C", "items": ["A"]})

    answers = [ask() for _ in range(8)]
    killed = next(line["process"] for line in running.log() if "Started server process" in line["message"])
    os.kill(killed, signal.SIGKILL)
    answers.append(ask())
    _until(lambda: sum("startup complete" in line["message"] for line in running.log()) == 3, running.process)
    answers += [ask() for _ in range(8)]

    assert {200} == {status for status, _ in answers}
    log = b"".join(path.read_bytes() for path in (running.folder / "decisions").glob("*.jsonl")).decode()
    assert [] == [got["decision_id"] for _, got in answers if got["decision_id"] not in log]


def test_stopped_it_ends_well(running: Running) -> None:
    """SIGTERM ends every worker and the whole within its grace; the log holds no body, no query, no key.

    What is under way is answered, and who comes meanwhile is refused, in place of waiting for nobody.
    """
    running.ask("GET", "/v1/check/simple?customer=secret-2&sku=A")
    head = f"POST /v1/check HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {running.key}\r\nContent-Length: 33\r\n"
    with socket.create_connection(("127.0.0.1", running.port)) as under_way:
        under_way.sendall(f"{head}Content-Type: application/json\r\nExpect: 100-continue\r\n\r\n".encode())
        assert under_way.recv(100).startswith(b"HTTP/1.1 100 ")
        running.process.send_signal(signal.SIGTERM)
        _until(lambda: _is_refused(running.port), running.process)
        under_way.sendall(b'{"customer_id":"C","items":["A"]}')
        assert under_way.recv(65_536).startswith(b"HTTP/1.1 200 ")

    assert 0 == running.process.wait(30)
    log = running.log()
    assert 2 == sum("shutdown complete" in line["message"] for line in log)
    assert "secret" not in json.dumps(log)
    assert running.key not in json.dumps(log)
    assert re.search(r"\b(\d+) of \1 chains are as they were written", suppress(running.folder, "log", "verify"))

"""What stands before every route: request ids, safe headers, limits, and no secret in what is told or logged."""

import asyncio
import logging
import threading
from typing import Any

import pytest

from suppress.access.authenticate import Authenticator
from suppress.access.lockout import Lockout
from suppress.errors import StoreError
from suppress.web.app import make_app
from suppress.web.ports import Limits
from tests.web.driver import JSON, ask, ask_now, post
from tests.web.fakes import NOW_US, FakeCallers, FakeChecks, FakeLog, NoBudget, make_service

MESSAGE = {"customer_id": "secret-customer", "items": ["A"]}


@pytest.mark.parametrize(
    ("target", "status"), [("/livez", 200), ("/docs", 200), ("/v1/fields", 200), ("/nix", 404), ("/v1/check", 405)]
)
def test_headers_are_safe(target: str, status: int) -> None:
    """Every answer, good or bad, forbids guessing, caching, framing and scripts."""
    got = ask_now(make_app(make_service()), "GET", target)

    assert status == got.status
    assert "nosniff" == got.headers["x-content-type-options"]
    assert "no-store" == got.headers["cache-control"]
    assert got.headers["content-security-policy"].startswith("default-src 'none'")
    assert "DENY" == got.headers["x-frame-options"]
    assert "server" not in got.headers


@pytest.mark.parametrize("given", ["abc-1", "x" * 128])
def test_a_request_id_is_told_back(given: str) -> None:
    """In the header, in problems, and in the answer."""
    app = make_app(make_service())
    headers = {**JSON, "x-request-id": given}

    assert given == ask_now(app, "GET", "/livez", headers=headers).headers["x-request-id"]
    assert given == ask_now(app, "GET", "/nix", headers=headers).json["request_id"]
    assert given == post(app, "/v1/check", MESSAGE, headers=headers).json["request_id"]


@pytest.mark.parametrize("given", ["", "a b", "x" * 129, "a\r\nSet-Cookie: x", "é"])
def test_a_request_id_that_cannot_be_one_is_replaced(given: str) -> None:
    """Nobody writes into our headers or logs."""
    got = ask_now(make_app(make_service()), "GET", "/livez", headers={"x-request-id": given})

    assert 16 == len(got.headers["x-request-id"])


def test_the_rate_is_told_and_kept() -> None:
    """RateLimit headers on every answer to a key; 429 with Retry-After beyond, and no limit on public routes."""
    app = make_app(make_service(budget=NoBudget(1)))
    first, second = (post(app, "/v1/check", MESSAGE) for _ in range(2))

    assert (200, "10", "0", "1") == (
        first.status,
        *(first.headers[f"ratelimit-{name}"] for name in ("limit", "remaining", "reset")),
    )
    assert (429, "7", "/problems#rate-limited") == (second.status, second.headers["retry-after"], second.json["type"])
    assert 200 == ask_now(app, "GET", "/livez").status


def test_who_tries_keys_is_locked_out() -> None:
    """After ten wrong keys in a minute an address is not heard, whatever it sends."""
    callers = Authenticator(lambda _: None, lambda: NOW_US, lockout=Lockout())
    app = make_app(make_service(callers=callers))
    statuses = [ask_now(app, "GET", "/v1/fields", key=f"Bearer supp_live_{n:032d}_000000").status for n in range(12)]
    locked = ask_now(app, "GET", "/v1/fields", key="Bearer x")

    assert [401] * 10 == statuses[:10]
    assert {429} == set(statuses[10:])
    assert (429, "/problems#locked-out") == (locked.status, locked.json["type"])
    assert int(locked.headers["retry-after"]) >= 1


def test_a_database_that_knows_no_keys_now_is_503() -> None:
    """Nobody is let in or called a stranger while keys cannot be looked up."""

    class Silent(FakeCallers):
        def authenticate(self, authorization: str | None, address: str | None) -> Any:
            raise StoreError("cannot reach postgresql://u:p@h")

    got = ask_now(make_app(make_service(callers=Silent())), "GET", "/v1/fields", key="Bearer x")

    assert (503, "/problems#unavailable") == (got.status, got.json["type"])


@pytest.mark.parametrize("target", ["/v1/check", "/v1/decisions/01K"])
def test_a_failure_is_told_without_what_was_sent(target: str, caplog: pytest.LogCaptureFixture) -> None:
    """500 names the request and nothing else; the log says where it happened, not with what."""

    class Broken(FakeLog):
        def get(self, decision_id: str) -> Any:
            raise ValueError(f"secret {decision_id}")

    checks = FakeChecks()
    checks.raises = ValueError("secret-customer in the message")
    app = make_app(make_service(checks=checks, log=Broken()))
    with caplog.at_level(logging.INFO):
        got = post(app, target, MESSAGE) if target == "/v1/check" else ask_now(app, "GET", target)

    assert (500, "/problems#unexpected") == (got.status, got.json["type"])
    assert b"secret" not in got.body
    assert [["ValueError"]] == [list(r.args or ()) for r in caplog.records if r.levelno == logging.ERROR]
    assert "secret" not in str([vars(record) for record in caplog.records])
    assert [r.request_id for r in caplog.records if r.levelno == logging.ERROR] == [got.headers["x-request-id"]]  # type: ignore[attr-defined]


def test_a_request_is_logged_without_its_query(caplog: pytest.LogCaptureFixture) -> None:
    """One line: route, status, key id, request id; the address, which holds a customer, is left out."""
    with caplog.at_level(logging.INFO, logger="suppress.web.requests"):
        got = ask_now(make_app(make_service()), "GET", "/v1/check/simple?customer=secret-customer&sku=A")
    (record,) = [vars(record) for record in caplog.records if record.name == "suppress.web.requests"]

    assert ("/v1/check/simple", 200, "key-admin", got.headers["x-request-id"]) == tuple(
        record[name] for name in ("path", "status", "key_id", "request_id")
    )
    assert "secret" not in str(record)


def test_too_many_at_once_are_turned_away() -> None:
    """Beyond its bound a worker says so at once; health is still told."""
    waiting, go = [0], asyncio.Event()

    class Slow(FakeChecks):
        async def check_soon(self, message: Any, **options: Any) -> Any:
            waiting[0] += 1
            await go.wait()
            return self.check(message, **options)

    app = make_app(make_service(checks=Slow(), limits=Limits(in_flight=3)))

    async def crowd() -> tuple[list[int], int, list[int]]:
        body = b'{"customer_id":"C","items":["A"]}'
        first = [asyncio.create_task(ask(app, "POST", "/v1/check", body=body)) for _ in range(3)]
        while waiting[0] < 3:
            await asyncio.sleep(0)
        turned = [(await ask(app, "POST", "/v1/check", body=body)).status for _ in range(2)]
        alive = (await ask(app, "GET", "/livez")).status
        go.set()
        return turned, alive, [(await task).status for task in first]

    assert ([503, 503], 200, [200, 200, 200]) == asyncio.run(crowd())


def test_an_answer_that_takes_too_long_is_ended() -> None:
    """Every route has a time limit."""

    class Stuck(FakeChecks):
        async def check_soon(self, message: Any, **options: Any) -> Any:
            await asyncio.Event().wait()

    class StuckLog(FakeLog):
        def get(self, decision_id: str) -> Any:
            ended.wait(5)

    ended = threading.Event()
    app = make_app(make_service(checks=Stuck(), log=StuckLog(), limits=Limits(answer_s=0.01)))

    assert (503, "/problems#timed-out") == ((got := post(app, "/v1/check", MESSAGE)).status, got.json["type"])
    ended.set()


def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    """408 after the time a body may take."""
    app = make_app(make_service(limits=Limits(body_s=0.01)))

    async def trickle() -> int:
        sent: list[Any] = []

        async def receive() -> Any:
            await asyncio.sleep(3600)

        async def send(event: Any) -> None:
            sent.append(event)

        headers = [(b"authorization", b"Bearer admin"), (b"content-type", b"application/json")]
        scope = {"type": "http", "method": "POST", "path": "/v1/check", "query_string": b"", "headers": headers}
        await app(scope, receive, send)
        return int(sent[0]["status"])

    assert 408 == asyncio.run(trickle())


def test_long_addresses_and_headers_are_refused() -> None:
    """Before anything else is done with them."""
    app = make_app(make_service())

    assert 414 == ask_now(app, "GET", "/v1/check/simple?" + "a" * 20_000).status
    assert 431 == ask_now(app, "GET", "/livez", headers={"cookie": "a" * 40_000}).status


def test_websockets_are_closed() -> None:
    """Nothing here speaks them."""
    sent: list[Any] = []

    async def send(event: Any) -> None:
        sent.append(event)

    asyncio.run(make_app(make_service())({"type": "websocket"}, lambda: None, send))  # type: ignore[arg-type, return-value]

    assert [{"type": "websocket.close", "code": 1008}] == sent

"""Whatever a stranger posts is refused with a reason, and never breaks the service."""

import asyncio

from suppress.web.app import make_app
from suppress.web.problems import KINDS
from tests.web.corpus import GOOD, hostile_bodies
from tests.web.driver import Got, ask, ask_now
from tests.web.fakes import make_service

APP = make_app(make_service())


def _answers() -> dict[str, Got]:
    async def all_of_them() -> dict[str, Got]:
        found = {}
        for one in hostile_bodies():
            headers = {"content-type": one.content_type} if one.content_type else {}
            if one.encoding is not None:
                headers["content-encoding"] = one.encoding
            assert one.name not in found, f"two bodies are called {one.name}"
            found[one.name] = await ask(APP, "POST", one.target, headers=headers, body=one.body)
        return found

    return asyncio.run(all_of_them())


def test_every_hostile_body_is_refused() -> None:
    """Each of hundreds is 4xx with a problem of a known type, and the service goes on."""
    answers = _answers()

    assert 300 <= len(answers)
    assert {} == {name: got.status for name, got in answers.items() if not 400 <= got.status < 500}
    for name, got in answers.items():
        told = got.json
        kind = told["type"].partition("#")[2]
        assert "application/problem+json" == got.headers["content-type"], name
        assert got.status == told["status"] == KINDS[kind].status, name
        assert kind not in {"unexpected", "not-found", "method-not-allowed"}, name
        assert all(set(fault) == {"pointer", "detail"} for fault in told.get("errors", ())), name
        assert len(got.body) < 64_000, name
    assert 200 == ask_now(APP, "POST", "/v1/check", body=GOOD.encode()).status


def test_an_endless_body_is_cut() -> None:
    """A body that is announced small and never ends is refused once it passes the limit."""
    chunks = (b"x" * (1 << 20) for _ in range(20))

    assert 413 == ask_now(APP, "POST", "/v1/check", body=chunks).status


def test_an_announced_body_is_not_waited_for() -> None:
    """A body announced larger than anybody takes is refused before it is sent."""
    headers = {"content-type": "application/json", "content-length": "999999999999"}

    assert 413 == ask_now(APP, "POST", "/v1/check", headers=headers).status


def test_places_are_pointed_at() -> None:
    """Every part that is wrong is told at once, each by its JSON pointer, without repeating it."""
    body = (
        b'{"messages":[{"customer_id":"C","items":["A"]},{"customer_id":"secret\\u0000","items":[{"sku":""}],"a/b":1}]}'
    )
    got = ask_now(APP, "POST", "/v1/check:batch", body=body)

    assert ["/messages/1/items/0/sku", "/messages/1/customer_id", "/messages/1/a~1b"] == [
        fault["pointer"] for fault in got.json["errors"]
    ]
    assert b"secret" not in got.body

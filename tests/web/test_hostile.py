"""Whatever a stranger posts is refused with a reason, and never breaks the service."""

import asyncio
import re
from typing import Any

import pytest

from suppress.web.app import make_app
from suppress.web.problems import KINDS
from tests.web.corpus import GOOD, hostile_bodies
from tests.web.driver import Got, ask, ask_now, post
from tests.web.fakes import make_service

APP = make_app(make_service())
NO_RECIPIENT = "it is missing, and so are email and phone; a message needs a recipient"
FEW = {"customer_id": "C", "items": ["A"]}
NONE = "no such field; the fields are "
OPTIONS = "deadline_ms, include, request_id, reserve"
MESSAGE = (
    "items, customer_id, email, phone, message_id, channel, campaign_id, campaign_tags, send_at, slots, replacements, "
    "attributes"
)
NOT_OURS = re.compile("should|validat|unable|pattern|instance")
"""Words of libraries, which tell a sender nothing."""


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
        assert kind != "invalid" or told.get("errors") or "must be a JSON object" in told["detail"], name
        assert not NOT_OURS.search(got.body.decode()), name
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


@pytest.mark.parametrize("levels", [33, 900, 1_000, 1_023, 1_025, 20_000])
@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}"), (b'[["]",{"\\"":', b"}]]")])
@pytest.mark.parametrize("is_whole", [True, False])
def test_too_deep_is_told_as_such(levels: int, opening: bytes, closing: bytes, is_whole: bool) -> None:
    """However many levels beyond 32 there are, closed or not, the body is `too-deep`."""
    body = opening * levels + (b"1" + closing * levels if is_whole else b"")
    got = ask_now(APP, "POST", "/v1/check", body=body)

    assert (400, "/problems#too-deep") == (got.status, got.json["type"])


@pytest.mark.parametrize("body", [b'["' + b"[" * 99, b"[1," + b"[[]]," * 99, b'["' + b'\\"[' * 99 + b'"x]'])
def test_what_is_not_deep_is_not_told_as_such(body: bytes) -> None:
    """Brackets in texts and beside one another are no levels, and 32 levels are not too many."""
    assert "/problems#invalid" == ask_now(APP, "POST", "/v1/check", body=b"[" * 32 + b"]" * 32).json["type"]
    assert "/problems#not-json" == ask_now(APP, "POST", "/v1/check", body=body).json["type"]


@pytest.mark.parametrize(
    ("target", "body", "faults"),
    [
        (
            "/v1/check",
            {"items": ["A"] * 1_001},
            {"/items": "at most 1,000 entries are allowed", "/customer_id": NO_RECIPIENT},
        ),
        ("/v1/check:batch", {"messages": [FEW, {"items": []}]}, {"/messages/1/customer_id": NO_RECIPIENT}),
        ("/v1/check", {**FEW, "dead_line_ms": 9}, {"/dead_line_ms": 'no such field; did you mean "deadline_ms"?'}),
        ("/v1/check", {**FEW, "x": 9}, {"/x": f"{NONE}{MESSAGE}, {OPTIONS}"}),
        ("/v1/check:batch", {"messages": [{**FEW, "x": 9}]}, {"/messages/0/x": f"{NONE}{MESSAGE}"}),
        ("/v1/check:batch", {"messages": [FEW], "x": 9}, {"/x": f"{NONE}{OPTIONS}, messages"}),
        (
            "/v1/check",
            {**FEW, "deadline_ms": 10_001, "include": ["x"], "request_id": "a b", "reserve": 1},
            {
                "/deadline_ms": "it must be 10,000 or less",
                "/include/0": 'it must be "reasons", "sentences" or "evidence"',
                "/request_id": "it must be visible ASCII characters without blanks",
                "/reserve": "it must be true or false",
            },
        ),
        (
            "/v1/rulesets:publish",
            {"files": {}, "message": "x" * 1_001, "ruleset": "a\x00", "after": -1},
            {
                "/files": "it is empty",
                "/message": "at most 1,000 characters are allowed",
                "/ruleset": "it holds a control character",
                "/after": "it must be 0 or more",
            },
        ),
    ],
)  # fmt: skip
def test_faults_are_told_in_our_words(target: str, body: dict[str, Any], faults: dict[str, str]) -> None:
    """Each part at fault is pointed at, with what is wanted there, and an unknown field with those there are."""
    got = post(APP, target, body)

    assert 422 == got.status
    assert faults == {fault["pointer"]: fault["detail"] for fault in got.json["errors"]}

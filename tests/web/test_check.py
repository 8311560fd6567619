"""Checks over HTTP: what is asked reaches the gate, and what it decides is told as far as it was asked for."""

import json
from typing import Any

import pytest

from suppress.access.limits import Limits, Rate
from suppress.errors import LedgerError, StoreError, UnavailableError
from suppress.facts.message import Item, Message
from suppress.serving.ports import Unavailable
from suppress.web.app import make_app
from tests.web.driver import ask_now, post
from tests.web.fakes import FakeChecks, NoBudget, make_service

MESSAGE = {"customer_id": "C-1", "message_id": "m-1", "channel": "email", "items": ["A-1", {"sku": "gone-1"}]}
ALL = ["reasons", "sentences", "evidence"]


def made() -> tuple[Any, FakeChecks]:
    """An application, and the gate behind it."""
    checks = FakeChecks()
    return make_app(make_service(checks=checks)), checks


def test_the_answer_is_the_gates_decision() -> None:
    """With everything included, what comes back is `Decision.to_dict()` and the request it belongs to."""
    app, checks = made()
    got = post(app, "/v1/check", {**MESSAGE, "include": ALL, "request_id": "c-42"}).json
    expected = json.loads(json.dumps(checks.check(checks.asked[0]["message"]).decision.to_dict()))

    assert {**expected, "decision_id": got["decision_id"], "request_id": "c-42", "unavailable": None} == got
    assert "drop" == got["items"][1]["verdict"]
    assert got["items"][1]["reasons"][0]["evidence"]


def test_what_is_asked_reaches_the_gate() -> None:
    """Message, deadline, reservation, request id and key arrive as they were sent."""
    app, checks = made()
    post(app, "/v1/check", {**MESSAGE, "deadline_ms": 55, "reserve": False, "request_id": "c-42"})

    assert [
        {
            "message": Message(
                customer_id="C-1", message_id="m-1", channel="email", items=(Item(sku="A-1"), Item(sku="gone-1"))
            ),
            "deadline_ms": 55,
            "reserve": False,
            "request_id": "c-42",
            "key_id": "key-admin",
        }
    ] == checks.asked


@pytest.mark.parametrize(
    ("include", "parts"),
    [
        (None, {"rule", "code", "outcome", "mode", "sentence"}),
        ([], None),
        (["reasons"], {"rule", "code", "outcome", "mode"}),
        (["sentences"], {"rule", "code", "outcome", "mode", "sentence"}),
        (["evidence"], {"rule", "code", "outcome", "mode", "evidence"}),
        (ALL, {"rule", "code", "outcome", "mode", "sentence", "evidence"}),
    ],
)
def test_as_much_is_told_as_is_included(include: list[str] | None, parts: set[str] | None) -> None:
    """Reasons, their sentences and their evidence are there when they were asked for, and not there otherwise."""
    app, _ = made()
    asked = {"customer_id": "C", "items": ["gone"]} | ({} if include is None else {"include": include})
    for got in (
        post(app, "/v1/check", asked).json,
        post(
            app,
            "/v1/check:batch",
            {"messages": [{"customer_id": "C", "items": ["gone"]}]} | ({} if include is None else {"include": include}),
        ).json["decisions"][0],
    ):
        assert (parts is not None) == ("reasons" in got) == ("reasons" in got["items"][0])
        if parts is not None:
            assert parts == set(got["reasons"][0]) == set(got["items"][0]["reasons"][0])


def test_a_batch_is_answered_in_order() -> None:
    """As many answers as messages, each for its own; options hold for all of them."""
    app, checks = made()
    messages = [{"customer_id": "C", "message_id": f"m-{n}", "items": ["A"]} for n in range(1_000)]
    got = post(app, "/v1/check:batch", {"messages": messages, "deadline_ms": 900, "request_id": "b-1"}).json

    assert [f"m-{n}" for n in range(1_000)] == [decision["message_id"] for decision in got["decisions"]]
    assert "b-1" == got["request_id"]
    assert {(900, "b-1")} == {(asked["deadline_ms"], asked["request_id"]) for asked in checks.asked}


def test_a_batch_too_large_says_the_limits() -> None:
    """Both limits are named where one is passed."""
    app, _ = made()
    many = post(app, "/v1/check:batch", {"messages": [MESSAGE] * 1_001})
    wide = post(app, "/v1/check:batch", {"messages": [{"customer_id": "C", "items": ["A"] * 1_000}] * 21})

    assert (422, "the batch has 1,001 messages; at most 1,000 may be asked at once") == (
        many.status,
        many.json["detail"],
    )
    assert (422, "the batch has 21,000 items, replacements included; at most 20,000 may be asked at once") == (
        wide.status,
        wide.json["detail"],
    )


def test_each_message_of_a_batch_counts() -> None:
    """A batch costs as much of the key's rate as its messages would one by one."""
    app = make_app(make_service(budget=NoBudget(5)))

    assert 200 == post(app, "/v1/check:batch", {"messages": [MESSAGE] * 3}).status
    got = post(app, "/v1/check:batch", {"messages": [MESSAGE] * 3})
    assert (429, "7") == (got.status, got.headers["retry-after"])


def test_a_batch_larger_than_a_burst_is_let_through_and_paid_off() -> None:
    """With all of the burst there it is answered; the next one waits as long as it is told, and is answered then."""
    ticks_us = [10**9]
    app = make_app(make_service(budget=Limits(Rate(requests=5, burst=10)), ticks_us=lambda: ticks_us[0]))
    batch = {"messages": [MESSAGE] * 25}
    first, second = (post(app, "/v1/check:batch", batch) for _ in range(2))

    assert (200, "0") == (first.status, first.headers["ratelimit-remaining"])
    assert (429, "4") == (second.status, second.headers["retry-after"])
    ticks_us[0] += 4_000_000
    third = post(app, "/v1/check:batch", batch)
    assert 429 == third.status
    ticks_us[0] += int(third.headers["retry-after"]) * 1_000_000
    assert 200 == post(app, "/v1/check:batch", batch).status


@pytest.mark.parametrize(
    ("query", "status", "body"),
    [
        ("customer=C&sku=A&sku=B", 200, {"allow": True, "verdict": "send", "show": ["A", "B"]}),
        ("customer=C&skus=A,gone,B", 200, {"allow": True, "verdict": "send", "show": ["A", "B"]}),
        ("customer=C&sku=gone&channel=email&campaign=x", 200, {"allow": False, "verdict": "suppress", "show": []}),
        ("customer=C&sku=%C3%A9", 200, {"allow": True, "verdict": "send", "show": ["é"]}),
        ("customer=C&sku=%EF%BF%BD", 200, {"allow": True, "verdict": "send", "show": ["\ufffd"]}),
    ],
)
def test_simple_answers_yes_or_no(query: str, status: int, body: dict[str, Any]) -> None:
    """Whether the message may go, and what it may show."""
    app, _ = made()
    got = ask_now(app, "GET", f"/v1/check/simple?{query}")
    told = got.json

    assert status == got.status
    assert 26 == len(told.pop("decision_id"))
    assert body == told


@pytest.mark.parametrize(("sku", "word"), [("A", "allow"), ("gone", "block")])
def test_simple_answers_a_word(sku: str, word: str) -> None:
    """`format=text` is one word, for templates that cannot read JSON."""
    app, _ = made()
    got = ask_now(app, "GET", f"/v1/check/simple?customer=C&sku={sku}&format=text")

    assert (200, word) == (got.status, got.body.decode())
    assert got.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize(
    "query",
    [
        "", "sku=A", "customer=C", "customer=&sku=A", "customer=C&sku=", "customer=C&skus=,,", "customer=C&sku=A&x=1",
        "customer=C&sku=%00", "customer=C&sku=A&format=xml", "customer=C&sku=A&deadline_ms=0", "customer=%20&sku=A",
        "customer=C&sku=A&deadline_ms=nan",
        "customer=C&customer=D&sku=A", "customer=C&sku=A&format=text&format=json",
        "customer=C&skus=" + ",".join("ABC" * 40), "customer=C%0d%0aX: y&sku=A",
        "customer=C&sku=" + "A" * 256, "customer=C" + "&sku=A" * 101, "customer=C&sku=A&campaign=%1b",
    ],
)  # fmt: skip
def test_a_bad_question_is_refused(query: str) -> None:
    """What is missing, too long or unknown in the address is 422 and says which."""
    app, _ = made()
    got = ask_now(app, "GET", f"/v1/check/simple?{query}")

    assert (422, "/problems#invalid") == (got.status, got.json["type"])


@pytest.mark.parametrize("why", Unavailable)
def test_an_answer_without_facts_says_so(why: Unavailable) -> None:
    """Where the ruleset's `on_unavailable` answered, the decision is 200 and says why."""
    checks = FakeChecks()
    checks.unavailable = why
    got = post(make_app(make_service(checks=checks)), "/v1/check", MESSAGE)

    assert (200, why.value) == (got.status, got.json["unavailable"])


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (UnavailableError("facts cannot be had"), "unavailable"),
        (LedgerError("the disk is full"), "log-failed"),
        (StoreError("cannot read postgresql://user:secret@host"), "unavailable"),
        (TimeoutError(), "timed-out"),
    ],
)
@pytest.mark.parametrize("target", ["/v1/check", "/v1/check:batch"])
def test_what_cannot_be_answered_now_is_503(error: Exception, kind: str, target: str) -> None:
    """No policy, no log, no database: 503, with when to ask again, and no secrets."""
    checks = FakeChecks()
    checks.raises = error
    got = post(
        make_app(make_service(checks=checks)), target, MESSAGE if target == "/v1/check" else {"messages": [MESSAGE]}
    )

    assert (503, f"/problems#{kind}", "1") == (got.status, got.json["type"], got.headers["retry-after"])
    assert b"secret" not in got.body

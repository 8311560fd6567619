"""Over HTTP it is the gate in process: the same answers, tries that are bounded, and a word for when nobody answers."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from suppress.client import Gate, OnUnreachable
from suppress.client.patience import Patience
from suppress.engine.decide import Decider
from suppress.engine.guarded import ReferenceEngine
from suppress.errors import FactsError, ForbiddenError, SuppressError, UnauthenticatedError, UnavailableError
from suppress.facts.message import Item, Message
from tests.client.server import Reply, Service, hang_up, reply
from tests.serving.stand_ins import NOW, NOW_US, PATIENCE_S, Shelf, compiled, message

KEY = "supp_test_SECRETSECRETSECRET"


@pytest.fixture
def service() -> Iterator[Service]:
    """A service that answers."""
    made = Service()
    yield made
    made.close()


@pytest.fixture
def pauses() -> list[float]:
    """How long the gate slept; it never does."""
    return []


@pytest.fixture
def gate(service: Service, pauses: list[float]) -> Iterator[Gate]:
    """A gate on it that is patient and does not sleep."""
    with opened(service.url, pauses) as made:
        yield made


def opened(url: str, pauses: list[float] | None = None, **options: Any) -> Gate:
    def patience(total_s: float, tries: int) -> Patience:
        slept = pauses if pauses is not None else []
        return Patience(total_s=total_s, tries=tries, sleep=slept.append, draw=lambda: 0.5)

    return Gate(url, KEY, patience=patience, clock=lambda: NOW, **{"timeout_s": PATIENCE_S, **options})


WHOLE = Message(
    customer_id="ada",
    email="ada@example.com",
    phone="+41 44 000 00 00",
    items=(Item(sku="A-1", placement="top", score=0.5), Item(sku="A-2")),
    message_id="m-1",
    channel="email",
    campaign_id="spring",
    campaign_tags=("news", "sale"),
    send_at=NOW + timedelta(hours=3),
    slots=1,
    replacements=("A-3",),
    attributes={"tone": "fröhlich"},
)


def test_all_of_a_message_arrives(gate: Gate, service: Service) -> None:
    """The service reads the very message; sentences and evidence are asked for, the key is shown."""
    gate.check(WHOLE, reserve=False)
    next(gate.check_many([WHOLE]))

    assert [WHOLE, WHOLE] == service.messages
    assert ["/v1/check", "/v1/check:batch"] == service.paths
    assert [False, True] == [body["reserve"] for body in service.bodies]
    assert {f"Bearer {KEY}"} == set(service.keys)
    assert ["reasons", "sentences", "evidence"] == service.bodies[0]["include"]


def test_the_decision_is_that_of_the_gate_in_process(gate: Gate) -> None:
    """With all its reasons and what they saw, one by one and many at a time."""
    rules = compiled()
    snapshot = Shelf().snapshots([(message(), NOW_US)])[0]
    expected = Decider(rules, ReferenceEngine(rules)).decide(snapshot, "d-1")

    assert expected == gate.check(message(), as_of=NOW)
    assert [expected] == list(gate.check_many([message()], as_of=NOW))
    assert expected.items[1].reasons[0].evidence


def test_many_are_asked_some_at_a_time_and_in_order(gate: Gate, service: Service) -> None:
    """Nothing is asked before it is wanted; every decision is that of its message."""
    messages = [message(message_id=f"m-{n}") for n in range(450)]
    decisions = gate.check_many(iter(messages))

    assert [] == service.bodies
    first = next(decisions)
    assert 1 == len(service.bodies)
    assert [m.message_id for m in messages] == [d.message_id for d in (first, *decisions)]
    assert [200, 200, 50] == [len(body["messages"]) for body in service.bodies]
    assert [] == list(gate.check_many([]))


def test_large_messages_are_fewer_at_a_time(gate: Gate, service: Service) -> None:
    """By items and by bytes: what one request may hold is the service's to say."""
    many_items = [message(*(f"S-{n}" for n in range(900)), slots=0)] * 12
    large = [message(attributes={f"a-{n}": "x" * 2000 for n in range(600)})] * 4
    list(gate.check_many([*many_items, *large]))

    assert [11, 4, 1] == [len(body["messages"]) for body in service.bodies]


def test_connections_are_kept(gate: Gate, service: Service) -> None:
    """One caller needs one connection; threads share the gate."""
    for _ in range(10):
        gate.check(message())
    assert 1 == service.connections
    with ThreadPoolExecutor(4) as pool:
        assert {("A-1",)} == {decision.shown for decision in pool.map(gate.check, [message()] * 40)}
    assert service.connections <= 5


@pytest.mark.parametrize(
    ("failing", "wants_s"),
    [
        (reply(503, {"detail": "later"}), 0),
        (reply(429, {}, Retry_After="3"), 3),
        (reply(502, b"<html>"), 0),
        (reply(504), 0),
        (hang_up, 0),
    ],
    ids=["503", "429", "502", "504", "hangs up"],
)
def test_what_may_be_better_in_a_moment_is_asked_again(
    gate: Gate, service: Service, pauses: list[float], failing: Reply, wants_s: int
) -> None:
    """Twice it fails, the third try is answered; the pauses grow, and are as long as the service wants."""
    service.replies = [failing, failing]

    assert ("A-1",) == gate.check(message()).shown
    assert [wants_s + 0.05, wants_s + 0.1] == pauses
    assert (3, 0) == (len(service.bodies), gate.unreachable)


@pytest.mark.parametrize(
    ("status", "error", "said"),
    [
        (422, FactsError, "422; what it must; /items/0/sku: it is empty"),
        (400, FactsError, "the service refuses the request: 400"),
        (413, FactsError, "413"),
        (401, UnauthenticatedError, "the service refuses the key: 401"),
        (403, ForbiddenError, "the key may not ask this: 403"),
    ],
)
def test_a_mistake_of_the_caller_is_told_and_not_tried_again(
    service: Service, status: int, error: type[SuppressError], said: str
) -> None:
    """Neither is it covered up by the policy; the message names the place, never the key."""
    fault = {"pointer": "/items/0/sku", "detail": "it is empty"}
    service.replies = [reply(status, {"detail": "what it must", "errors": [fault]})]
    with opened(service.url, on_unreachable="allow") as gate, pytest.raises(error) as raised:
        gate.check(message())

    assert said in str(raised.value)
    assert KEY not in str(raised.value)
    assert (1, 0) == (len(service.bodies), gate.unreachable)


NOT_A_SERVICE: dict[str, Reply] = {
    "another site": reply(404, b"<html>not here</html>"),
    "a redirect": reply(307, {}, Location="http://127.0.0.1:1/"),
    "a failure": reply(500, {"detail": "the service failed"}),
    "a web page": reply(200, b"<html>hello</html>"),
    "a list": reply(200, []),
    "no decision": reply(200, {"verdict": "send"}),
    "another word": reply(200, {"verdict": "perhaps"}),
    "too few": reply(200, {"decisions": []}),
}


@pytest.mark.parametrize("name", NOT_A_SERVICE)
def test_what_is_no_answer_of_a_service_counts_as_none(service: Service, name: str) -> None:
    """It is not tried again, and no redirect is followed: the key is for this address alone."""
    service.replies = [NOT_A_SERVICE[name]] * 2
    with opened(service.url) as gate, pytest.raises(UnavailableError) as raised:
        gate.check(message())
    with opened(service.url, on_unreachable="hold") as gate:
        assert "on_unreachable" == gate.check(message()).engine

    assert KEY not in str(raised.value)
    assert 2 == len(service.bodies)


@pytest.mark.parametrize(("policy", "verdict"), [("allow", "send"), ("block", "suppress"), ("hold", "hold")])
def test_where_nobody_answers_the_caller_has_the_word(policy: Any, verdict: str, caplog) -> None:
    """The decision says that no service made it, and holds for its instant alone; it is counted and logged."""
    service = Service()
    service.close()
    with opened(service.url, on_unreachable=policy) as gate:
        one = gate.check(WHOLE)
        many = list(gate.check_many([message(), message()]))

    assert [verdict] * 3 == [decision.verdict.value for decision in (one, *many)]
    assert (("A-1",), "m-1", WHOLE.send_at, WHOLE.send_at) == (one.shown, one.message_id, one.as_of, one.valid_until)
    assert [("service", "unavailable")] == [(m.fact, m.why.value) for m in one.facts_missing]
    assert 3 == gate.unreachable == len({decision.decision_id for decision in (one, *many)})
    assert {NOW} == {decision.as_of for decision in many}
    assert "decided by on_unreachable" in caplog.text
    assert one.to_dict()["engine"] == "on_unreachable"


def test_without_a_policy_it_raises_after_the_last_try(gate: Gate, service: Service, pauses: list[float]) -> None:
    """The error says how often, and what was said last."""
    service.replies = [reply(503, {"detail": "the facts cannot be had"})] * 3
    with pytest.raises(UnavailableError, match="was asked 3 times and cannot answer: 503; the facts cannot be had"):
        gate.check(message())

    assert (3, 2, 1) == (len(service.bodies), len(pauses), gate.unreachable)


def test_a_service_that_wants_more_time_than_there_is_is_not_asked_again(service: Service) -> None:
    """Waiting would be for nothing, so the policy answers at once."""
    service.replies = [reply(429, {}, Retry_After="60")]
    with opened(service.url, on_unreachable=OnUnreachable.BLOCK) as gate:
        assert "suppress" == gate.check(message()).verdict.value

    assert 1 == len(service.bodies)


def never(until: threading.Event) -> Reply:
    """No answer until the test is over."""

    def wait(handler: Any) -> None:
        until.wait(PATIENCE_S)
        handler.close_connection = True

    return wait


def drop_by_drop(until: threading.Event) -> Reply:
    """An answer that comes in pieces for as long as anybody listens."""

    def drip(handler: Any) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000000")
        handler.end_headers()
        try:
            while not until.wait(0.01):
                handler.wfile.write(b" ")
                handler.wfile.flush()
        except OSError:
            handler.close_connection = True

    return drip


@pytest.mark.parametrize("slow", [never, drop_by_drop])
def test_an_answer_that_does_not_end_is_not_waited_for(
    service: Service, slow: Callable[[threading.Event], Reply]
) -> None:
    """The time limit is for the whole question, however the time is spent."""
    over = threading.Event()
    service.replies = [slow(over)]
    with opened(service.url, on_unreachable="block", timeout_s=0.2) as gate:
        assert "on_unreachable" == gate.check(message()).engine
    over.set()

    assert 1 == len(service.bodies)


def test_the_deadline_goes_with_the_question(service: Service) -> None:
    """The service is told how long it may take; by default it has its own."""
    with opened(service.url, deadline_ms=70) as gate:
        gate.check(message())
    with opened(service.url) as gate:
        gate.check(message())

    assert [70, None] == [body.get("deadline_ms") for body in service.bodies]


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("ftp://shop.example", KEY), ("shop.example", KEY), ("https://shop.example/?a=1", KEY), ("https://", KEY),
        ("http://[::1", KEY), ("https://ada:secret@shop.example", KEY), ("https://shop.example", " \n"),
        ("https://shop.example", ""), ("https://shop.example", "two words"), ("https://shop.example", "a\r\nX: y"),
    ],
)  # fmt: skip
def test_an_address_or_key_that_cannot_be_one_is_refused_at_once(url: str, key: str) -> None:
    """Not at the first check, at night."""
    with pytest.raises(ValueError, match=r"the address|the key"):
        Gate(url, key)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"on_unreachable": "wait"}, 'on_unreachable is "wait"; it is allow, block, hold, raise'),
        ({"timeout_s": 0}, "timeout_s is 0 and tries 3"),
        ({"tries": 0}, "tries 0; both must be more than 0"),
    ],
)
def test_an_option_that_cannot_be_one_is_refused_at_once(options: dict[str, Any], said: str) -> None:
    """It says what may stand there."""
    with pytest.raises(ValueError, match=said):
        Gate("https://shop.example", KEY, **options)


def test_a_key_read_from_a_file_keeps_no_line_end(service: Service) -> None:
    """What `suppress keys create > FILE` wrote may be handed over as it was read."""
    with Gate(service.url, f"{KEY}\n") as gate:
        gate.check(message())

    assert [f"Bearer {KEY}"] == service.keys


def test_a_fault_is_told_once(service: Service) -> None:
    """A problem whose detail names the places already is not said twice."""
    fault = {"pointer": "/deadline_ms", "detail": "it is too small"}
    service.replies = [reply(422, {"detail": "/deadline_ms: it is too small", "errors": [fault]})]
    with opened(service.url) as gate, pytest.raises(FactsError) as raised:
        gate.check(message())

    assert "the service refuses the request: 422; /deadline_ms: it is too small" == str(raised.value)

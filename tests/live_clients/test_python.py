"""Our own client, and a bare request, get from a live service what docs/clients.md shows."""

import json
from contextlib import closing
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest

import suppress
from suppress import Decision, Message
from suppress.client import Gate
from tests.live_clients.conftest import Shop
from tests.live_clients.page import blocks, filled_in

MESSAGES = [
    Message(customer_id=who, message_id=f"m-{who}", items=("TEA-100", "MUG-BLUE", "POT-1"), slots=1)
    for who in ("ada", "bob", "bea")
]


def test_the_page_runs_as_it_stands(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    """It prints what may be shown, then why the others get nothing."""
    (block,) = blocks("python")
    exec(compile(filled_in(block, shop.url, shop.key), "docs/clients.md", "exec"), {})
    lines = capsys.readouterr().out.splitlines()

    assert "send ('MUG-BLUE',)" == lines[0]
    assert ["suppress", "suppress"] == [line.partition(" ")[0] for line in lines[1:]]


def test_over_http_the_answer_is_the_one_in_process(shop: Shop) -> None:
    """One by one and many at a time, with every reason and all of its evidence."""
    with suppress.open(shop.database, shop.rules) as gate:
        expected = [told(gate.check(message)) for message in MESSAGES]
    with Gate(shop.url, shop.key, timeout_s=20, deadline_ms=5_000) as over_http:
        one_by_one = [told(over_http.check(message)) for message in MESSAGES]
        together = [told(decision) for decision in over_http.check_many(MESSAGES)]

    assert expected == one_by_one == together
    assert ["send", "send", "hold"] == [decision["verdict"] for decision in expected]


def told(decision: Decision) -> dict[str, Any]:
    """A decision without what differs from one asking to the next."""
    whole = decision.to_dict()
    for name in ("decision_id", "as_of", "valid_until", "hold_until"):
        del whole[name]
    return whole


def test_the_bare_request_is_answered(shop: Shop) -> None:
    """The body of the page, posted with its headers."""
    (block,) = blocks("http")
    head, _, body = filled_in(block, shop.url, shop.key).partition("\n\n")
    (method, url), *headers = [line.split(" ", 1) for line in head.splitlines()]
    with closing(HTTPConnection(urlsplit(url).netloc, timeout=30)) as connection:
        connection.request(method, urlsplit(url).path, body, {name.rstrip(":"): value for name, value in headers})
        got = connection.getresponse()
        answer = json.loads(got.read())

    assert (200, "send", ["MUG-BLUE"]) == (got.status, answer["verdict"], answer["shown"])

"""Queries that could be read in two ways are refused on every route that reads one."""

import pytest

from suppress.web.app import make_app
from tests.web.driver import ask_now
from tests.web.fakes import make_service

APP = make_app(make_service())
STRANGE = ["%FF", "%ED%A0%80", "%C3", "%C0%AF", "A%E9", "%F5%80%80%80", "é"]


@pytest.mark.parametrize("strange", STRANGE)
@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("/v1/check/simple?customer=C&sku={}", "sku"),
        ("/v1/check/simple?customer=C&sku=A&skus=A,{}", "skus"),
        ("/v1/check/simple?customer={}&sku=A", "customer"),
        ("/v1/decisions?customer_id={}", "customer_id"),
        ("/v1/decisions?page_token={}", "page_token"),
    ],
)
def test_bytes_that_are_no_utf_8_are_refused(target: str, name: str, strange: str) -> None:
    """Nobody is asked about U+FFFD in the place of a sku: the parameter is named, and told how to write it."""
    got = ask_now(APP, "GET", target.format(strange))

    assert (422, "/problems#invalid") == (got.status, got.json["type"])
    assert [{"pointer": f"?{name}", "detail": "it must be UTF-8, percent-encoded"}] == got.json["errors"]


def test_names_are_looked_at_too() -> None:
    """A parameter whose name is no UTF-8 is refused as its value would be, and told as far as it can be read."""
    got = ask_now(APP, "GET", "/v1/check/simple?customer=C&sku=A&s%FFku=B")

    assert (422, ["?s\ufffdku"]) == (got.status, [fault["pointer"] for fault in got.json["errors"]])


def test_a_parameter_named_twice_is_refused_however_it_is_written() -> None:
    """`customer` and `%63ustomer` are one name."""
    got = ask_now(APP, "GET", "/v1/check/simple?customer=C&%63ustomer=D&sku=A")

    assert (422, ["?customer"]) == (got.status, [fault["pointer"] for fault in got.json["errors"]])

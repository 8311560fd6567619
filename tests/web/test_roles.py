"""Who may ask what: every role on every route of the OpenAPI document."""

import asyncio
import json
from typing import Any

import pytest

from suppress.access.roles import Role
from suppress.web.app import make_app
from tests.web.driver import JSON, ask, ask_now
from tests.web.fakes import FakeChecks, make_service

EVERYBODY = frozenset({"nobody", *Role})
CHECKS = frozenset({Role.SENDER, Role.ADMIN})
READS = frozenset({Role.ANALYST, Role.ADMIN})
RULES = frozenset({Role.MARKETER, Role.ANALYST, Role.ADMIN})
EDITS = frozenset({Role.MARKETER, Role.ADMIN})

MAY: dict[tuple[str, str], frozenset[str]] = {
    ("post", "/v1/check"): CHECKS,
    ("post", "/v1/check:batch"): CHECKS,
    ("get", "/v1/check/simple"): CHECKS,
    ("get", "/v1/decisions"): READS,
    ("get", "/v1/decisions/{decision_id}"): READS,
    ("get", "/v1/rulesets"): RULES,
    ("post", "/v1/rulesets:lint"): EDITS,
    ("post", "/v1/rulesets:plan"): EDITS,
    ("post", "/v1/rulesets:publish"): EDITS,
    ("post", "/v1/rulesets:rollback"): EDITS,
    ("get", "/v1/fields"): RULES,
    ("get", "/metrics"): READS,
    ("get", "/livez"): EVERYBODY,
    ("get", "/readyz"): EVERYBODY,
    ("get", "/openapi.json"): EVERYBODY,
    ("get", "/docs"): EVERYBODY,
    ("get", "/problems"): EVERYBODY,
    ("get", "/style.css"): EVERYBODY,
    ("get", "/schemas/{name}"): EVERYBODY,
}
"""Written by hand, apart from the code, so that a route opened by a slip is noticed."""

APP = make_app(make_service())
ROUTES = [
    (method, path) for path, methods in ask_now(APP, "GET", "/openapi.json").json["paths"].items() for method in methods
]


def test_every_route_is_classified() -> None:
    """A route nobody said anything about fails here, as does one that is gone."""
    assert set(MAY) == set(ROUTES)


@pytest.mark.parametrize("who", sorted(EVERYBODY))
def test_a_role_may_what_the_table_says_and_nothing_else(who: str) -> None:
    """Each route lets in those it is for, and answers 401 or 403 to all others, whatever they send."""

    async def statuses() -> dict[tuple[str, str], int]:
        key = None if who == "nobody" else f"Bearer {who}"
        found = {}
        for method, path in ROUTES:
            target = path.replace("{decision_id}", "01K").replace("{name}", "cases.schema.json")
            got = await ask(APP, method.upper(), target, key=key, headers=JSON, body=b"{}")
            found[method, path] = got.status
        return found

    refused = 401 if who == "nobody" else 403
    found = asyncio.run(statuses())

    assert {route: who in MAY[route] for route in ROUTES} == {route: found[route] != refused for route in ROUTES}
    assert [] == [route for route, status in found.items() if status >= 500]


@pytest.mark.parametrize(
    "key", [None, "", "Bearer", "Bearer nobody", "Basic YWRtaW46YWRtaW4=", "Bearer adminn", "admin"]
)
@pytest.mark.parametrize("target", ["/v1/decisions", "/metrics", "/v1/nothing", "/V1/CHECK", "/v1/check/", "//livez"])
def test_nothing_is_told_without_a_key(key: str | None, target: str) -> None:
    """Neither a known path nor an unknown one says more than that a key is missing."""
    got = ask_now(APP, "GET", target, key=key)

    assert 401 == got.status
    assert "Bearer" == got.headers["www-authenticate"]


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT", "BREW"])
def test_other_methods_are_refused_and_told(method: str) -> None:
    """A method the path does not take is 405, with those it takes."""
    got = ask_now(APP, method, "/v1/check")

    assert 405 == got.status
    assert "POST" == got.headers["allow"]


def test_what_may_be_read_may_be_asked_for_its_headers() -> None:
    """HEAD is answered where GET is, with the same rights, and is named among what a path takes."""
    told = ask_now(APP, "HEAD", "/v1/fields")

    assert 200 == told.status
    assert ask_now(APP, "GET", "/v1/fields").headers["content-length"] == told.headers["content-length"]
    assert 403 == ask_now(APP, "HEAD", "/metrics", key="Bearer sender").status
    assert 401 == ask_now(APP, "HEAD", "/v1/fields", key=None).status
    assert "GET, HEAD" == ask_now(APP, "PUT", "/v1/fields").headers["allow"]


def test_what_decides_is_not_asked_for_its_headers() -> None:
    """A GET that decides and logs is 405 for HEAD, says what it takes, and decides nothing."""
    checks = FakeChecks()
    app = make_app(make_service(checks=checks))
    refused = ask_now(app, "HEAD", "/v1/check/simple?customer=C&sku=A")

    assert (405, "GET") == (refused.status, refused.headers["allow"])
    assert [] == checks.asked
    assert 200 == ask_now(app, "GET", "/v1/check/simple?customer=C&sku=A").status


def test_roles_are_told_in_the_document() -> None:
    """OpenAPI names the roles of each route, as the table does."""
    document: Any = json.loads(ask_now(APP, "GET", "/openapi.json").body)
    told = {
        (method, path): frozenset(operation.get("x-roles", EVERYBODY))
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }

    assert MAY == told

"""The OpenAPI document says what the service does, and its examples are true."""

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from jsonschema.validators import validator_for

from suppress.intake.messages import MAX_ITEMS
from suppress.web.app import make_app
from suppress.web.contract import MAX_BATCH_ITEMS, MAX_BATCH_MESSAGES, MAX_DEADLINE_MS, MAX_PAGE, MAX_SIMPLE_SKUS
from suppress.web.problems import KINDS, problems_page
from tests.web.driver import ask_now, post
from tests.web.fakes import SOURCE, make_service

APP = make_app(make_service())
DOCUMENT: dict[str, Any] = ask_now(APP, "GET", "/openapi.json").json
OPERATIONS = [
    (method, path, operation) for path, methods in DOCUMENT["paths"].items() for method, operation in methods.items()
]
IDS = [f"{method} {path}" for method, path, _ in OPERATIONS]


def against(schema: dict[str, Any], value: Any) -> list[str]:
    """What is wrong with a value, by a schema of the document."""
    whole = {**schema, "components": DOCUMENT["components"]}
    return [error.message for error in Draft202012Validator(whole).iter_errors(value)]


def contents(operation: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Every described body of an operation, with its media type."""
    bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
    return [(media, content) for body in bodies for media, content in body.get("content", {}).items()]


def test_the_document_is_openapi_31() -> None:
    """And every operation has its own id, a summary and a description."""
    assert "3.1.0" == DOCUMENT["openapi"]
    assert len(OPERATIONS) == len({operation["operationId"] for *_, operation in OPERATIONS})
    assert [] == [path for _, path, o in OPERATIONS if not (o["summary"] and o["description"])]


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS, ids=IDS)
def test_examples_fit_their_schemas(method: str, path: str, operation: dict[str, Any]) -> None:
    """Every example is one, and whatever is JSON has one."""
    for media, content in contents(operation):
        examples = content.get("examples", {})
        for name, example in examples.items():
            assert [] == against(content["schema"], example["value"]), (method, path, media, name)
        assert examples or "json" not in media or path in {"/openapi.json", "/schemas/{name}"}, (path, media)


@pytest.mark.parametrize(
    ("method", "target", "body"),
    [
        ("post", "/v1/check", {"customer_id": "C", "items": ["A", "gone"], "include": ["evidence"]}),
        ("post", "/v1/check:batch", {"messages": [{"customer_id": "C", "items": ["gone"]}], "include": []}),
        ("post", "/v1/rulesets:lint", {"files": {"shop.yaml": SOURCE + "x: 1"}}),
        ("post", "/v1/rulesets:plan", {"files": {"shop.yaml": SOURCE}}),
        ("post", "/v1/rulesets:publish", {"files": {"shop.yaml": SOURCE}, "message": "m"}),
        ("post", "/v1/rulesets:rollback", {"ruleset": "shop", "to": 1, "message": "m"}),
        ("get", "/v1/check/simple?customer=C&sku=A", None),
        ("get", "/v1/decisions", None),
        ("get", "/v1/rulesets", None),
        ("get", "/v1/fields", None),
        ("get", "/livez", None),
        ("get", "/readyz", None),
    ],
)
def test_answers_fit_their_schemas(method: str, target: str, body: Any) -> None:
    """What comes back is what the document says."""
    got = ask_now(APP, "GET", target) if body is None else post(APP, target, body)
    described = DOCUMENT["paths"][target.partition("?")[0]][method]["responses"]["200"]["content"]["application/json"]

    assert 200 == got.status, got.body
    assert [] == against(described["schema"], got.json)


def test_not_ready_says_what_is_wrong() -> None:
    """503 names what a check waits for."""
    app = make_app(make_service(look=lambda: {"database": "it does not answer", "log": None}))
    got = ask_now(app, "GET", "/readyz", key=None)

    assert (503, {"database": "it does not answer", "log": "ok"}) == (got.status, got.json["checks"])
    assert "database: it does not answer" == got.json["detail"]


def test_what_is_bearable_is_told_and_stays_ready() -> None:
    """What keeps nobody from deciding is named among the checks, and beside something worse too."""
    seen: dict[str, str | None] = {"database": None, "log writing": "it fails"}
    app = make_app(make_service(look=lambda: seen, bearable=frozenset({"log writing"})))
    ready = ask_now(app, "GET", "/readyz", key=None)
    seen["database"] = "it does not answer"
    worse = ask_now(app, "GET", "/readyz", key=None)

    assert (200, {"database": "ok", "log writing": "it fails"}) == (ready.status, ready.json["checks"])
    assert (503, "database: it does not answer") == (worse.status, worse.json["detail"])
    assert "it fails" == worse.json["checks"]["log writing"]


def test_published_rules_carry_the_keys_name() -> None:
    """Who publishes is who the key belongs to; a body cannot say otherwise."""
    service = make_service()
    post(make_app(service), "/v1/rulesets:publish", {"files": {"shop.yaml": SOURCE}, "message": "why"})

    assert [("admin key", "why")] == service.desk.signed  # type: ignore[attr-defined]


def test_mistakes_in_rules_come_with_their_places() -> None:
    """Lint answers 200 with problems; publishing refuses with the same ones."""
    files = {"files": {"shop.yaml": SOURCE + "x: 1\n"}}
    linted = post(APP, "/v1/rulesets:lint", files).json
    refused = post(APP, "/v1/rulesets:publish", {**files, "message": "m"})

    assert (False, "unknown-key", 17, 1) == (
        linted["ok"],
        *(linted["problems"][0][name] for name in ("code", "line", "column")),
    )
    assert (422, "/problems#rules-invalid") == (refused.status, refused.json["type"])
    assert linted["problems"] == refused.json["problems"]


def test_failing_cases_refuse_to_be_published() -> None:
    """422 with a line for each failure."""
    cases = "cases:\n  - name: kept\n    message: {customer_id: C, items: [gone]}\n    want: {verdict: send}\n"
    files = {"shop.yaml": SOURCE, "shop.cases.yaml": cases}
    got = post(APP, "/v1/rulesets:publish", {"files": files, "message": "m"})

    assert (422, "/problems#cases-failed") == (got.status, got.json["type"])
    assert got.json["failures"]


@pytest.mark.parametrize(
    "name",
    [f"{kind}.schema.json" for kind in ("ruleset", "cases", "schedules", "message", "decision", "problem")],
)
def test_schemas_are_schemas(name: str) -> None:
    """Each is a JSON schema that its own dialect accepts."""
    schema = ask_now(APP, "GET", f"/schemas/{name}", key=None).json

    validator_for(schema).check_schema(schema)


def test_problem_types_are_told_where_people_look() -> None:
    """Every type is on the page, in the docs, and in the document where a route can end with it."""
    page = ask_now(APP, "GET", "/problems", key=None).body.decode()
    written = Path("docs/problems.md").read_text()

    assert [] == [kind for kind in KINDS if f'id="{kind}"' not in page]
    assert problems_page() == written, "run scripts/generate"


def test_problem_types_in_use_are_described() -> None:
    """No route's description names a type that is not in the table; only those before routing are nowhere."""
    described = {
        name
        for *_, operation in OPERATIONS
        for media, content in contents(operation)
        if media == "application/problem+json"
        for name in content["examples"]
    }

    assert described <= set(KINDS)
    assert {"body-cut-short", "method-not-allowed"} == set(KINDS) - described


def test_pages_load_nothing_from_elsewhere() -> None:
    """The docs work without the internet: no scripts, and no address but our own."""
    for target in ("/docs", "/problems"):
        page = ask_now(APP, "GET", target, key=None).body.decode()

        assert "<script" not in page
        assert 'href="/style.css"' in page
        assert [] == [word for word in page.replace('"', " ").split() if word.startswith(("http:", "https:", "//"))]


def test_the_page_names_every_route_and_figure() -> None:
    """What `docs/service.md` tells of routes and figures is all there is."""
    page = Path("docs/service.md").read_text()
    told = ask_now(APP, "GET", "/metrics").body.decode()
    figures = {line.split()[2] for line in told.splitlines() if line.startswith("# TYPE")}
    routes = {path.partition("{")[0].rstrip("/") for _, path, _ in OPERATIONS} - {"/style.css"}

    assert [] == [name for name in sorted(figures) if not name.endswith("_created") and name not in page]
    assert [] == [r for r in sorted(routes) if r not in page and f"`:{r.rpartition(':')[2]}`" not in page]


def test_the_page_names_every_parameter_and_bound() -> None:
    """Whoever reads `docs/service.md` meets no limit, and misses no filter, that it does not tell."""
    page = Path("docs/service.md").read_text()
    asked = {each["name"] for path in ("/v1/check/simple", "/v1/decisions") for each in parameters(path)}
    bounds = [MAX_BATCH_MESSAGES, MAX_BATCH_ITEMS, MAX_ITEMS, MAX_DEADLINE_MS, MAX_PAGE, MAX_SIMPLE_SKUS]

    assert [] == [name for name in sorted(asked) if f"`{name}`" not in page and f"`{name}=" not in page]
    assert [] == [bound for bound in bounds if f"{bound:,}" not in page]


def parameters(path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = DOCUMENT["paths"][path]["get"]["parameters"]
    return found

"""Reading, trying and publishing rules over HTTP."""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any, TypeVar

import orjson
from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from suppress.access.roles import Permission
from suppress.facts.fields import FIELDS, OPERATORS
from suppress.facts.instants import from_us
from suppress.problems import errors_in
from suppress.publishing import Published
from suppress.rules.sources import read_sources, sources_of_texts
from suppress.rules.tree import Instant
from suppress.web.body import load_json, read_body, refuse_headers
from suppress.web.contract import (
    EXAMPLE_DECISION,
    FieldsOut,
    FilesIn,
    LintOut,
    PlanOut,
    PublishedOut,
    PublishIn,
    RollbackIn,
    RulesetsOut,
    RulesIn,
)
from suppress.web.faults import invalid
from suppress.web.once import Once
from suppress.web.operations import Asked, Operation, asked_of
from suppress.web.ports import Service

Model = TypeVar("Model", bound=BaseModel)

_SOURCE = """version: 1
ruleset: shop
rules:
  - id: sold-out
    drop: item
    code: out_of_stock
    when:
      stock.available_units: {below: 1}
"""
_VERSION = {
    "ruleset": "shop",
    "number": 12,
    "fingerprint": EXAMPLE_DECISION["ruleset"]["fingerprint"],
    "author": "crm",
    "message": "nothing that is sold out",
    "published_at": "2026-11-22T09:00:00Z",
    "of": None,
}
_PLAN: dict[str, Any] = {"before": None, "edits": [], "unreadable": None, "on_cases": {}}
_FILES = {"files": {"shop.yaml": _SOURCE}}


def ruleset_operations(service: Service) -> list[Operation]:
    """The routes about rules."""
    desk, limits = service.desk, service.limits
    once = Once(service.requests, service.clock, int(limits.publish_s * 1_000_000))

    async def text_of(request: Request) -> bytes:
        headers = asked_of(request.scope).headers
        refuse_headers(headers)
        return await read_body(request.receive, headers, max_bytes=limits.files_bytes, within_s=limits.body_s)

    async def list_all() -> Response:
        heads = await asyncio.to_thread(desk.heads)
        serving = desk.serving()
        return _json({"rulesets": [version.to_dict() for version in heads], "serving": serving._asdict()})

    async def lint(request: Request) -> Response:
        body = _read(FilesIn, await text_of(request))
        return _json(await asyncio.to_thread(_linted, body.files, service.clock()))

    async def plan(request: Request) -> Response:
        body = _read(RulesIn, await text_of(request))
        planned = await asyncio.to_thread(desk.plan, body.files, body.ruleset)
        return _json(planned.to_dict())

    async def publish(request: Request) -> Response:
        text = await text_of(request)
        body = _read(PublishIn, text)
        author = author_of(asked_of(request.scope))
        work = partial(desk.publish, body.files, body.ruleset, author=author, message=body.message, after=body.after)
        return await once.answer(request, text, lambda: orjson.dumps(_told(work())))

    async def rollback(request: Request) -> Response:
        text = await text_of(request)
        body = _read(RollbackIn, text)
        author = author_of(asked_of(request.scope))
        work = partial(desk.rollback, body.ruleset, body.to, author=author, message=body.message)
        return await once.answer(request, text, lambda: orjson.dumps(_told(work())))

    async def fields() -> Response:
        return _json(fields_told())

    published: dict[str, Any] = {"version": _VERSION, "is_new": True, "warnings": [], "plan": _PLAN}
    return [
        Operation(
            method="GET", path="/v1/rulesets", permission=Permission.READ_RULES, endpoint=list_all, answers=RulesetsOut,
            summary="List rulesets", description="The newest version of each, and the one that decides now.",
            answer_example={"rulesets": [_VERSION], "serving": EXAMPLE_DECISION["ruleset"]},
        ),
        Operation(
            method="POST", path="/v1/rulesets:lint", permission=Permission.EDIT_RULES, endpoint=lint, body=FilesIn,
            answers=LintOut, summary="Find every mistake in rule files",
            description="200 with or without mistakes; `ok` says whether the rules can be used.",
            request_example=_FILES, answer_example={"ok": True, "problems": []},
        ),
        Operation(
            method="POST", path="/v1/rulesets:plan", permission=Permission.EDIT_RULES, endpoint=plan, body=RulesIn,
            answers=PlanOut, summary="Tell what publishing would change",
            description="The rules are linted and their cases played; nothing is stored.",
            kinds=("rules-invalid", "cases-failed"), within_s=limits.publish_s, request_example=_FILES,
            answer_example=_PLAN,
        ),
        Operation(
            method="POST", path="/v1/rulesets:publish", permission=Permission.EDIT_RULES, endpoint=publish,
            body=PublishIn, answers=PublishedOut, summary="Publish rules as the next version",
            description="Lints, plays the cases, and stores a version that nobody changes afterwards; the service "
            "decides by it within seconds. Asked again with the same files it stores nothing and says so.",
            kinds=("rules-invalid", "cases-failed", "version-moved"), within_s=limits.publish_s, once=True,
            request_example={**_FILES, "message": _VERSION["message"]}, answer_example=published,
        ),
        Operation(
            method="POST", path="/v1/rulesets:rollback", permission=Permission.EDIT_RULES, endpoint=rollback,
            body=RollbackIn, answers=PublishedOut, summary="Publish an older version again",
            description="Its files get a new number; they are linted and their cases played, as ever.",
            kinds=("no-such-ruleset", "rules-invalid", "cases-failed", "already-in-force", "version-moved"),
            within_s=limits.publish_s, once=True, answer_example=published,
            request_example={"ruleset": "shop", "to": 11, "message": "12 drops too much"},
        ),
        Operation(
            method="GET", path="/v1/fields", permission=Permission.READ_RULES, endpoint=fields, answers=FieldsOut,
            summary="List what rules may speak of", description="Every field, its type, unit, meaning and operators.",
            answer_example={"fields": fields_told()["fields"][:1]},
        ),
    ]  # fmt: skip


def author_of(asked: Asked) -> str:
    """Who publishes: the name of the key."""
    return "nobody" if asked.caller is None else asked.caller.name or asked.caller.key_id


def fields_told() -> dict[str, Any]:
    """The vocabulary as JSON."""
    return {
        "fields": [
            {
                "name": name,
                "type": field.type.value,
                "scope": field.scope.value,
                "unit": field.unit,
                "meaning": field.meaning,
                "operators": [operator.value for operator in OPERATORS[field.type]],
                "may_be_unknown": field.may_be_unknown,
            }
            for name, field in FIELDS.items()
        ]
    }


def _read(model: type[Model], text: bytes) -> Model:
    try:
        return model.model_validate(load_json(text))
    except ValidationError as error:
        raise invalid(error) from None


def _linted(files: Mapping[str, str], now_us: int) -> dict[str, Any]:
    sources, problems = sources_of_texts(files)
    if not problems:
        _, found = read_sources(sources, Instant(now_us, from_us(now_us).isoformat()))
        problems = tuple(problem for each in found.values() for problem in each)
    return {"ok": not errors_in(problems), "problems": [problem.to_dict() for problem in problems]}


def _told(published: Published) -> dict[str, Any]:
    return {
        "version": published.version.to_dict(),
        "is_new": published.is_new,
        "plan": published.plan.to_dict(),
        "warnings": [problem.to_dict() for problem in published.warnings],
    }


def _json(value: Any) -> Response:
    return Response(orjson.dumps(value), media_type="application/json")

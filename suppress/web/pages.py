"""The pages and schemas anybody may read: the contract, how it reads for people, problem types, schemas for editors."""

import html
import json
from collections.abc import Callable
from typing import Annotated, Any, Final

import orjson
from fastapi import Path
from pydantic import BaseModel, TypeAdapter
from starlette.responses import Response

from suppress.cases.schema import cases_schema
from suppress.rules.schema import ruleset_schema
from suppress.schedules.schema import schedules_schema
from suppress.web.contract import CheckIn, CheckOut, ProblemDetails
from suppress.web.operations import Operation
from suppress.web.problems import KINDS, ProblemError

STYLE: Final = """body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a}
h2{margin-top:2.5rem;border-top:1px solid #ccc;padding-top:1rem}code,pre{font:14px/1.4 ui-monospace,monospace}
pre{background:#f5f5f5;padding:.75rem;overflow:auto}
td,th{text-align:left;vertical-align:top;padding:.25rem .75rem .25rem 0}
"""

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_SCHEMAS: Final[dict[str, Callable[[], dict[str, Any]]]] = {
    "ruleset.schema.json": ruleset_schema,
    "cases.schema.json": cases_schema,
    "schedules.schema.json": schedules_schema,
    "message.schema.json": lambda: _of_model(CheckIn),
    "decision.schema.json": lambda: _of_model(CheckOut),
    "problem.schema.json": lambda: _of_model(ProblemDetails),
}


def page_operations(document: Callable[[], dict[str, Any]]) -> list[Operation]:
    """The public routes. `document`: makes the OpenAPI document."""
    made: dict[str, bytes] = {}

    async def openapi() -> Response:
        return Response(_once(made, "openapi", lambda: orjson.dumps(document())), media_type="application/json")

    async def docs() -> Response:
        return _page(_once(made, "docs", lambda: docs_page(document()).encode()))

    async def problems() -> Response:
        return _page(_once(made, "problems", lambda: problems_html().encode()))

    async def style() -> Response:
        return Response(STYLE, media_type="text/css")

    async def schema(name: Annotated[str, Path(max_length=64)]) -> Response:
        make = _SCHEMAS.get(name)
        if make is None:
            raise ProblemError("not-found", f"there are {', '.join(_SCHEMAS)}")
        return Response(_once(made, name, lambda: orjson.dumps(make())), media_type="application/schema+json")

    return [
        Operation(
            method="GET", path="/openapi.json", permission=None, endpoint=openapi, answers=None,
            summary="This document", description="OpenAPI 3.1.", media_type="application/json",
        ),
        Operation(
            method="GET", path="/docs", permission=None, endpoint=docs, answers=None, media_type="text/html",
            summary="This document, for people", description="One page that loads nothing from elsewhere.",
        ),
        Operation(
            method="GET", path="/problems", permission=None, endpoint=problems, answers=None, media_type="text/html",
            summary="Every type of problem", description="What each means, and what to do.",
        ),
        Operation(
            method="GET", path="/style.css", permission=None, endpoint=style, answers=None, media_type="text/css",
            summary="How the pages look", description="For `/docs` and `/problems`.",
        ),
        Operation(
            method="GET", path="/schemas/{name}", permission=None, endpoint=schema, answers=None,
            media_type="application/schema+json", summary="A JSON schema",
            description=f"One of {', '.join(_SCHEMAS)}: for editors of rule files and makers of messages.",
            kinds=("not-found", "invalid"),
        ),
    ]  # fmt: skip


def docs_page(document: dict[str, Any]) -> str:
    """The OpenAPI document as one HTML page."""
    parts = [f"<p>{html.escape(line)}</p>" for line in document["info"]["description"].split("\n\n")]
    parts.append('<p><a href="/openapi.json">openapi.json</a> · <a href="/problems">problems</a></p>')
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            parts.append(f"<h2><code>{method.upper()} {html.escape(path)}</code></h2>")
            parts.append(f"<p><b>{html.escape(operation['summary'])}.</b> {html.escape(operation['description'])}</p>")
            rows = [_row(parameter) for parameter in operation["parameters"]]
            if rows:
                parts.append(f"<table>{''.join(rows)}</table>")
            for title, content in _contents(operation):
                for example in content.get("examples", {}).values():
                    text = json.dumps(example["value"], indent=2, ensure_ascii=False)
                    parts.append(f"<p>{title}</p><pre>{html.escape(text)}</pre>")
    return _html("suppress", "".join(parts))


def problems_html() -> str:
    """The table of problem types as one HTML page, with a place for each to link to."""
    rows = "".join(
        f'<tr id="{name}"><td><code>{name}</code></td><td>{kind.status}</td><td>{html.escape(kind.title)}</td>'
        f"<td>{html.escape(kind.remedy)}</td></tr>"
        for name, kind in KINDS.items()
    )
    head = "<tr><th>type</th><th>status</th><th>what it says</th><th>what to do</th></tr>"
    return _html("Problems", f"<table>{head}{rows}</table>")


def _row(parameter: dict[str, Any]) -> str:
    words = html.escape(parameter.get("description", ""))
    return f"<tr><td><code>{html.escape(parameter['name'])}</code></td><td>{words}</td></tr>"


def _contents(operation: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    asked = operation.get("requestBody", {}).get("content", {})
    good = operation["responses"].get("200", {}).get("content", {})
    return [("Body", content) for content in asked.values()] + [("Answer", content) for content in good.values()]


def _html(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f'<link rel="stylesheet" href="/style.css"></head><body><h1>{html.escape(title)}</h1>{body}</body></html>'
    )


def _page(text: bytes) -> Response:
    return Response(text, media_type="text/html")


def _of_model(model: type[BaseModel]) -> dict[str, Any]:
    return {"$schema": _DIALECT, **TypeAdapter(model).json_schema()}


def _once(made: dict[str, bytes], name: str, make: Callable[[], bytes]) -> bytes:
    if name not in made:
        made[name] = make()
    return made[name]

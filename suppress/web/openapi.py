"""Turn the list of operations into the OpenAPI 3.1 document.

FastAPI describes the parameters of its routes; bodies, answers and problems are described here, for all alike, because
bodies are read by `body.py` and the hot path goes past FastAPI.
"""

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from suppress.access.roles import PERMISSIONS
from suppress.web.contract import ProblemDetails
from suppress.web.once import HEADER, KEY_SCHEMA, REPLAYED
from suppress.web.operations import Operation
from suppress.web.problems import KINDS, MEDIA_TYPE, PAGE

_REF: Final = "#/components/schemas/"
_RATE_HEADERS: Final = {
    "RateLimit-Limit": "How many requests the key may make at once.",
    "RateLimit-Remaining": "How many it still may now.",
    "RateLimit-Reset": "Seconds until it may make all of them again.",
}
_ONCE_PARAMETER: Final = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "Makes it safe to send the request again: within 24 hours the same key with the same body gets the "
    "first answer back, unless that was 5xx; then the work is tried again. Use a new one, such as a UUID, for each.",
    "schema": KEY_SCHEMA,
    "example": "0d9f7f1e-5a8c-4c5e-9d43-0f6f2b6c1f7a",
}
_REPLAYED_HEADER: Final = {
    "description": f"`true` when this is the first answer to the same `{HEADER}`, given again.",
    "schema": {"type": "string", "enum": ["true"]},
}
DESCRIPTION: Final = """The gate between whoever picks products for a message and whoever sends it.

Ask before sending: which items to show, whether to send, and why. A decision is always 200. Errors are RFC 9457
`application/problem+json`. Keys travel as `Authorization: Bearer KEY`; `suppress keys create` makes one."""


def openapi_document(app: FastAPI, operations: Sequence[Operation]) -> dict[str, Any]:
    """The whole document."""
    document = get_openapi(
        title="suppress",
        version=version("suppress"),
        openapi_version="3.1.0",
        description=DESCRIPTION,
        routes=app.routes,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    from_routes = document.get("paths", {})
    models = {model for o in operations for model in (o.body, o.answers) if model is not None} | {ProblemDetails}
    ordered = sorted(models, key=lambda model: model.__name__)
    _, defined = models_json_schema([(model, "validation") for model in ordered], ref_template=f"{_REF}{{model}}")
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        parameters = from_routes.get(operation.path, {}).get(operation.method.lower(), {}).get("parameters")
        paths.setdefault(operation.path, {})[operation.method.lower()] = _described(operation, parameters)
    document["paths"] = dict(sorted(paths.items()))
    document["components"] = {
        "schemas": dict(sorted(defined["$defs"].items())),
        "securitySchemes": {
            "key": {"type": "http", "scheme": "bearer", "description": "A key made by `suppress keys create`."}
        },
    }
    return document


def _described(operation: Operation, parameters: list[Any] | None) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": f"{operation.method.lower()}{operation.path.title()}".translate(
            str.maketrans("", "", "/:{}_.-")
        ),
        "summary": operation.summary,
        "description": operation.description,
        "tags": [operation.path.strip("/").split("/")[-1 if operation.path.count("/") == 1 else 1].partition(":")[0]],
        "responses": _responses(operation),
    }
    told["parameters"] = [*(parameters or ()), *((_ONCE_PARAMETER,) if operation.once else ())]
    if operation.permission is None:
        told["security"] = []
    else:
        allowed = [role.value for role, permissions in PERMISSIONS.items() if operation.permission in permissions]
        told["security"] = [{"key": []}]
        told["x-permission"] = operation.permission.value
        told["x-roles"] = allowed
        told["description"] += f" For keys with the role {', '.join(allowed)}."
    if operation.body is not None:
        content: dict[str, Any] = {"schema": _schema(operation.body)}
        if operation.request_example is not None:
            content["examples"] = {"usual": {"value": operation.request_example}}
        told["requestBody"] = {"required": True, "content": {"application/json": content}}
    return told


def _responses(operation: Operation) -> dict[str, Any]:
    answer: dict[str, Any] = {"schema": {"type": "string"}}
    if operation.answers is not None:
        answer = {"schema": _schema(operation.answers)}
    if operation.answer_example is not None:
        answer["examples"] = {"usual": {"value": operation.answer_example}}
    content = {operation.media_type: answer, **{kind: {"schema": {"type": "string"}} for kind in operation.also}}
    good: dict[str, Any] = {"description": "The answer.", "content": content}
    if operation.permission is not None:
        good["headers"] = {
            name: {"description": words, "schema": {"type": "integer", "minimum": 0}}
            for name, words in _RATE_HEADERS.items()
        }
    responses = {str(operation.status): good}
    by_status: dict[int, list[str]] = {}
    for kind in operation.all_kinds:
        by_status.setdefault(KINDS[kind].status, []).append(kind)
    for status, kinds in sorted(by_status.items()):
        responses[str(status)] = {
            "description": "\n\n".join(f"`{kind}`: {KINDS[kind].title}" for kind in kinds),
            "content": {
                MEDIA_TYPE: {
                    "schema": {"$ref": f"{_REF}ProblemDetails"},
                    "examples": {kind: {"value": _example(kind)} for kind in kinds},
                }
            },
        }
    if operation.once:
        for status_text, response in responses.items():
            if int(status_text) < 500:
                response.setdefault("headers", {})[REPLAYED] = _REPLAYED_HEADER
    return responses


def _example(kind: str) -> dict[str, Any]:
    about = KINDS[kind]
    return {
        "type": f"{PAGE}#{kind}",
        "title": about.title,
        "status": about.status,
        "detail": about.title.lower().rstrip("."),
        "request_id": "6f1c2a9b8d7e4f30",
    }


def _schema(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": f"{_REF}{model.__name__}"}

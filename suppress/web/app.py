"""Turn a service into an ASGI application: the guard in front, direct endpoints behind it, FastAPI for all others."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from suppress.errors import SuppressError
from suppress.web.check import check_operations
from suppress.web.decisions import decision_operations
from suppress.web.faults import problem_of
from suppress.web.guard import Guard, respond
from suppress.web.health import health_operations
from suppress.web.metrics import Metrics
from suppress.web.openapi import openapi_document
from suppress.web.operations import Operation, asked_of
from suppress.web.pages import page_operations
from suppress.web.ports import Service
from suppress.web.problems import ProblemError
from suppress.web.rulesets import ruleset_operations

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


@asynccontextmanager
async def _no_lifespan(_: FastAPI) -> AsyncIterator[None]:
    yield


def make_app(service: Service, *, metrics: Metrics | None = None, lifespan: Lifespan = _no_lifespan) -> Guard:
    """The application. `lifespan`: what is started before the first request and ended after the last."""
    counters = metrics or Metrics()
    app = FastAPI(
        title="suppress", openapi_url=None, docs_url=None, redoc_url=None, lifespan=lifespan, redirect_slashes=False
    )
    operations = all_operations(service, counters, lambda: openapi_document(app, operations))
    for operation in operations:
        if operation.endpoint is not None:
            app.add_api_route(operation.path, operation.endpoint, methods=[operation.method], response_model=None)
    for kind in (ProblemError, SuppressError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, _tell)
    return Guard(app, operations, service, counters)


def all_operations(service: Service, metrics: Metrics, document: Callable[[], dict[str, Any]]) -> list[Operation]:
    """Every route there is."""
    return [
        *check_operations(service, metrics),
        *decision_operations(service),
        *ruleset_operations(service),
        *health_operations(service, metrics),
        *page_operations(document),
    ]


async def _tell(request: Request, error: Exception) -> Response:
    return respond(problem_of(error), asked_of(request.scope).request_id)

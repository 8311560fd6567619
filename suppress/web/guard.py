"""Stands before every route: finds it, asks who calls and whether they may, and puts safe headers on what goes out.

Deny by default: only what is in the list of operations is let through, to callers with the permission stated there.
"""

import asyncio
import logging
import re
import secrets
import time
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any, Final, NamedTuple

from starlette.responses import Response
from starlette.routing import compile_path

from suppress.web.faults import problem_of, retry_after
from suppress.web.logs import places_of
from suppress.web.metrics import Metrics
from suppress.web.operations import SCOPE_KEY, Asked, Operation
from suppress.web.ports import Service
from suppress.web.problems import MEDIA_TYPE, ProblemError
from suppress.web.query import refuse_query

Scope = MutableMapping[str, Any]
Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

MAX_TARGET_BYTES: Final = 16 << 10
MAX_HEADERS_BYTES: Final = 32 << 10
UNKNOWN_PATH: Final = "(none)"
SAFE_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
)

_REQUEST_ID: Final = re.compile(rb"[\x21-\x7e]{1,128}")
_log = logging.getLogger("suppress.web")
_requests = logging.getLogger("suppress.web.requests")


class _Sent:
    """What has gone out so far."""

    __slots__ = ("asked", "send", "status")

    def __init__(self, send: Send, asked: Asked) -> None:
        self.send = send
        self.asked = asked
        self.status = 0

    async def __call__(self, event: Event) -> None:
        if event["type"] == "http.response.start":
            self.status = event["status"]
            headers = [*event.get("headers", ()), *SAFE_HEADERS]
            headers.append((b"x-request-id", self.asked.request_id.encode("ascii")))
            allowance = self.asked.allowance
            if allowance is not None:
                headers.append((b"ratelimit-limit", str(allowance.limit).encode()))
                headers.append((b"ratelimit-remaining", str(allowance.remaining).encode()))
                headers.append((b"ratelimit-reset", str(allowance.reset_s).encode()))
            event = {**event, "headers": headers}
        await self.send(event)


class _Found(NamedTuple):
    operation: Operation | None
    allowed: tuple[str, ...]


class Guard:
    """The outermost part of the application. `inner` answers what has no direct endpoint."""

    def __init__(self, inner: App, operations: Sequence[Operation], service: Service, metrics: Metrics) -> None:
        self._inner = inner
        self._service = service
        self._metrics = metrics
        self._exact = {(method, o.path): o for o in operations if "{" not in o.path for method in o.methods}
        self._patterns = [(compile_path(o.path)[0], o) for o in operations if "{" in o.path]
        self._in_flight = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self._inner(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        began = time.perf_counter()
        headers = dict(scope["headers"])
        asked = Asked(request_id=_request_id(headers), headers=headers)
        scope[SCOPE_KEY] = asked
        sent = _Sent(send, asked)
        path = UNKNOWN_PATH
        self._in_flight += 1
        self._metrics.note_in_flight(1)
        try:
            found = self._find(scope)
            if found.operation is not None:
                path = found.operation.path
            await self._answer(scope, receive, sent, asked, found)
        except Exception as error:
            await self._fail(scope, receive, sent, asked, error)
        finally:
            self._in_flight -= 1
            self._metrics.note_in_flight(-1)
            took_s = time.perf_counter() - began
            method = scope["method"] if path != UNKNOWN_PATH else UNKNOWN_PATH
            self._metrics.note_request(method, path, sent.status, took_s)
            if _requests.isEnabledFor(logging.INFO):
                _requests.info(
                    "answered",
                    extra={
                        "request_id": asked.request_id,
                        "method": method,
                        "path": path,
                        "status": sent.status,
                        "took_ms": round(took_s * 1000, 3),
                        "key_id": asked.key_id,
                    },
                )

    async def _answer(self, scope: Scope, receive: Receive, sent: _Sent, asked: Asked, found: _Found) -> None:
        operation = found.operation
        _refuse_size(scope)
        if operation is None or operation.permission is not None:
            await self._admit(scope, asked, operation)
            if self._in_flight > self._service.limits.in_flight:
                raise ProblemError("overloaded", "too many requests are being answered", headers=retry_after(1))
        if operation is None:
            if found.allowed:
                raise ProblemError(
                    "method-not-allowed",
                    f"the path takes {', '.join(found.allowed)}",
                    headers={"Allow": ", ".join(found.allowed)},
                )
            raise ProblemError("not-found", "there is no such path")
        if scope.get("query_string") and "invalid" in operation.kinds:
            refuse_query(scope["query_string"], operation.repeatable)
        async with asyncio.timeout(operation.within_s):
            if operation.direct is not None:
                response = await operation.direct(asked, receive)
                await response(scope, receive, sent)
            else:
                # HEAD is answered as GET is; the server leaves the body out.
                await self._inner({**scope, "method": operation.method}, receive, sent)

    async def _admit(self, scope: Scope, asked: Asked, operation: Operation | None) -> None:
        """Find out who calls, and whether they may. Raises AccessError or ProblemError."""
        shown = asked.headers.get(b"authorization")
        authorization = None if shown is None else shown.decode("latin-1")
        caller = self._service.callers.known(authorization)
        if caller is None:
            address = scope["client"][0] if scope.get("client") else None
            caller = await asyncio.to_thread(self._service.callers.authenticate, authorization, address)
        asked.caller = caller
        asked.charge = lambda cost: self._charge(asked, cost)
        asked.charge(1)
        if operation is not None and operation.permission is not None:
            caller.require(operation.permission)

    def _charge(self, asked: Asked, cost: int) -> None:
        if asked.key_id is None or cost < 1:
            return
        allowance = self._service.budget.take(asked.key_id, self._service.ticks_us(), cost, asked.paid)
        asked.allowance = allowance
        if allowance.retry_after_s is not None:
            raise ProblemError(
                "rate-limited",
                f"the key asks more than it may; ask again in {allowance.retry_after_s} s",
                headers=retry_after(allowance.retry_after_s),
            )
        asked.paid += cost

    def _find(self, scope: Scope) -> _Found:
        method, path = scope["method"], scope["path"]
        operation = self._exact.get((method, path))
        if operation is not None:
            return _Found(operation, ())
        there = [o for (_, known), o in self._exact.items() if known == path]
        there = there or [o for pattern, o in self._patterns if pattern.match(path)]
        fitting = next((o for o in there if method in o.methods), None)
        return _Found(fitting, tuple(sorted({method for o in there for method in o.methods})))

    async def _fail(self, scope: Scope, receive: Receive, sent: _Sent, asked: Asked, error: Exception) -> None:
        problem = problem_of(error)
        if problem.kind == "unexpected":
            # The text of an exception may hold what the request held; where it happened does not.
            places = places_of(error.__traceback__)
            _log.error(
                "a request failed: %s", type(error).__name__, extra={"request_id": asked.request_id, "where": places}
            )
        if not sent.status:
            await respond(problem, asked.request_id)(scope, receive, sent)


def respond(problem: ProblemError, request_id: str | None) -> Response:
    """The problem as a response."""
    return Response(
        problem.body(request_id), status_code=problem.status, media_type=MEDIA_TYPE, headers=dict(problem.headers)
    )


def _request_id(headers: dict[bytes, bytes]) -> str:
    given = headers.get(b"x-request-id")
    if given is not None and _REQUEST_ID.fullmatch(given):
        return given.decode("ascii")
    return secrets.token_hex(8)


def _refuse_size(scope: Scope) -> None:
    if len(scope["path"]) + len(scope.get("query_string", b"")) > MAX_TARGET_BYTES:
        raise ProblemError("uri-too-long", f"the address has more than {MAX_TARGET_BYTES:,} bytes")
    if sum(len(name) + len(value) for name, value in scope["headers"]) > MAX_HEADERS_BYTES:
        raise ProblemError("headers-too-large", f"the headers have more than {MAX_HEADERS_BYTES:,} bytes")

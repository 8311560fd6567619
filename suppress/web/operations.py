"""What a route is: path, permission and words in one value. Routing, the guard and OpenAPI are all made of these."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel
from starlette.responses import Response

from suppress.access.caller import Caller
from suppress.access.limits import Allowance
from suppress.access.roles import Permission
from suppress.web.body import Receive
from suppress.web.problems import ProblemError

SCOPE_KEY: Final = "suppress"


@dataclass(slots=True, kw_only=True)
class Asked:
    """One request on its way. `caller` is None on public routes. `allowance`: what is left of the key's rate.

    `paid`: what it has cost so far, in requests; `charge` asks for more.
    """

    request_id: str
    headers: dict[bytes, bytes]
    caller: Caller | None = None
    allowance: Allowance | None = None
    paid: int = 0
    charge: Callable[[int], None] = lambda _: None

    @property
    def key_id(self) -> str | None:
        """The key it was asked with."""
        return None if self.caller is None else self.caller.key_id


Direct = Callable[[Asked, Receive], Awaitable[Response]]
"""Answers a request without going through FastAPI: the hot path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one path. `permission` None: open to everybody.

    `endpoint`: for FastAPI, which reads its query; or `direct`. `body`: the model of its JSON. `answers`: the model of
    a good answer; `also`: other media types it may have. `repeatable`: what its query may name several times. `kinds`:
    the problems it can end with, beside those every route can. `once`: it heeds `Idempotency-Key`, see `once.py`.
    `reads_only`: asking changes nothing; a GET that does more than read is not answered to HEAD.
    """

    method: str
    path: str
    permission: Permission | None
    summary: str
    description: str
    answers: type[BaseModel] | None
    endpoint: Callable[..., Awaitable[Response]] | None = None
    direct: Direct | None = None
    body: type[BaseModel] | None = None
    kinds: tuple[str, ...] = ()
    within_s: float = 30.0
    status: int = 200
    media_type: str = "application/json"
    also: tuple[str, ...] = ()
    repeatable: frozenset[str] = frozenset()
    once: bool = False
    reads_only: bool = True
    request_example: dict[str, Any] | None = None
    answer_example: dict[str, Any] | None = None

    @property
    def methods(self) -> tuple[str, ...]:
        """What its path may be asked with."""
        return ("GET", "HEAD") if self.method == "GET" and self.reads_only else (self.method,)

    @property
    def all_kinds(self) -> tuple[str, ...]:
        """Every problem it can end with."""
        kinds: tuple[str, ...] = ("uri-too-long", "headers-too-large", "overloaded", "timed-out", "unexpected")
        if self.permission is not None:
            kinds = ("unauthenticated", "forbidden", "rate-limited", "locked-out", "unavailable", *kinds)
        if self.once:
            kinds = (*ONCE_KINDS, *kinds)
        if self.body is not None:
            kinds = (*BODY_KINDS, *kinds)
        return tuple(dict.fromkeys((*self.kinds, *kinds)))


BODY_KINDS: Final = (
    "not-json",
    "not-utf-8",
    "duplicate-key",
    "too-deep",
    "body-too-slow",
    "body-too-large",
    "not-sent-as-json",
    "compressed",
    "invalid",
)
ONCE_KINDS: Final = ("idempotency-key-invalid", "idempotency-key-in-use", "idempotency-key-reused")


def asked_of(scope: Any) -> Asked:
    """The request the guard let through. Raises ProblemError where it did not, which only a slip in wiring can do."""
    asked = scope.get(SCOPE_KEY)
    if not isinstance(asked, Asked):
        raise ProblemError("unexpected", "the request came past the guard")
    return asked

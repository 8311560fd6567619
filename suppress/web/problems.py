"""What can go wrong with a request, in one table, and how it is told: RFC 9457, `application/problem+json`.

A type is for ever: it is never renamed and never removed. `docs/problems.md`, also at `/problems`, is this table.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import orjson

MEDIA_TYPE: Final = "application/problem+json"
PAGE: Final = "/problems"
MAX_FAULTS: Final = 20
MAX_DETAIL_CHARACTERS: Final = 1_000


class Kind(NamedTuple):
    """One type of problem: its HTTP status, what it says, and what the caller can do."""

    status: int
    title: str
    remedy: str


KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "not-json": Kind(400, "The body is not JSON.", "Send one JSON value in UTF-8; `detail` says where it breaks."),
        "not-utf-8": Kind(400, "The body is not UTF-8 text.", "Encode the body as UTF-8, without a byte order mark."),
        "duplicate-key": Kind(
            400, "An object names a key twice.", "Write each key once; nobody knows which was meant."
        ),
        "too-deep": Kind(400, "The body is nested too deeply.", "No request needs more than 32 levels."),
        "idempotency-key-invalid": Kind(
            400,
            "The header `Idempotency-Key` cannot be one.",
            "Send 1 to 255 visible ASCII characters, such as a UUID, and the header once.",
        ),
        "body-cut-short": Kind(400, "The connection ended before the body did.", "Send as much as was announced."),
        "unauthenticated": Kind(
            401,
            "No key was shown, or it opens nothing.",
            "Send `Authorization: Bearer KEY` with a key that is in force.",
        ),
        "forbidden": Kind(403, "The key's role does not include this.", "Use a key of a role that does; see `detail`."),
        "not-found": Kind(404, "There is nothing here.", "Look the path up in `/openapi.json`."),
        "no-such-decision": Kind(
            404, "No decision has this id.", "It may be too old to be kept, or belong to another database."
        ),
        "no-such-ruleset": Kind(404, "There is no such ruleset or version.", "`GET /v1/rulesets` lists them."),
        "method-not-allowed": Kind(
            405, "The path does not take this method.", "The header `Allow` names those it takes."
        ),
        "body-too-slow": Kind(408, "The body did not arrive in time.", "Send it at once, and again if it was cut off."),
        "version-moved": Kind(
            409, "Somebody published another version meanwhile.", "Look at it, then publish on top of it."
        ),
        "idempotency-key-in-use": Kind(
            409,
            "The same request is being answered.",
            "Send it again, with the same key, after `Retry-After`: its answer is given again then.",
        ),
        "already-in-force": Kind(409, "These rules are in force already.", "There is nothing to do."),
        "body-too-large": Kind(413, "The body is too large.", "Send less at a time; `detail` names the limit."),
        "too-many": Kind(422, "There are too many messages or items.", "Split the batch; `detail` names the limits."),
        "uri-too-long": Kind(414, "The address is too long.", "Ask with `POST /v1/check`, whose body may be longer."),
        "not-sent-as-json": Kind(
            415, "The body is not declared as JSON.", "Send `Content-Type: application/json`, in UTF-8."
        ),
        "compressed": Kind(415, "The body is compressed.", "Send it as it is, without `Content-Encoding`."),
        "invalid": Kind(422, "The request does not say what it must.", "`errors` points at every part to mend."),
        "rules-invalid": Kind(422, "The rules have mistakes; nothing was published.", "`problems` lists all of them."),
        "cases-failed": Kind(
            422,
            "The rules do not do what their cases want; nothing was published.",
            "Mend the rules, or the cases; `failures` lists them.",
        ),
        "idempotency-key-reused": Kind(
            422,
            "The `Idempotency-Key` came with another request before.",
            "Use a new key for each request; the same one only to send the same bytes to the same path again.",
        ),
        "rate-limited": Kind(429, "The key asks too often.", "Wait for as long as `Retry-After` says."),
        "locked-out": Kind(
            429, "Too many wrong keys came from here.", "Wait for as long as `Retry-After` says, then use a right one."
        ),
        "headers-too-large": Kind(431, "The headers are too large.", "Send fewer and shorter ones."),
        "unexpected": Kind(500, "The service failed.", "Tell the operator the `request_id`; the log has the rest."),
        "unavailable": Kind(
            503,
            "The database cannot be used now, or facts do not come in time.",
            "Ask again after `Retry-After`; a check gets an answer instead where its ruleset says `on_unavailable`.",
        ),
        "log-failed": Kind(
            503, "The decision could not be written down, so it is not given.", "Ask again after `Retry-After`."
        ),
        "not-ready": Kind(503, "The service is not ready.", "`checks` says what it waits for."),
        "overloaded": Kind(503, "More is asked than can be answered.", "Ask again after `Retry-After`."),
        "timed-out": Kind(503, "The answer took too long.", "Ask again, for less at a time."),
    }
)
"""Every type of problem, by the last part of its `type`."""


class Fault(NamedTuple):
    """One part of a request that must be mended: a JSON pointer (RFC 6901), or `?name` for a query parameter."""

    pointer: str
    detail: str


@dataclass(slots=True)
class ProblemError(Exception):
    """Ends a request with a problem. `extra`: further members. `headers`: sent along."""

    kind: str
    detail: str
    faults: tuple[Fault, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def status(self) -> int:
        """The HTTP status."""
        return KINDS[self.kind].status

    def body(self, request_id: str | None) -> bytes:
        """The JSON text. Parts of the request are only told by their place, never by their value."""
        kind = KINDS[self.kind]
        told: dict[str, Any] = {
            "type": f"{PAGE}#{self.kind}",
            "title": kind.title,
            "status": kind.status,
            "detail": _sayable(self.detail),
        }
        if self.faults:
            told["errors"] = [
                {"pointer": _sayable(fault.pointer), "detail": _sayable(fault.detail)}
                for fault in self.faults[:MAX_FAULTS]
            ]
        if request_id is not None:
            told["request_id"] = request_id
        return orjson.dumps({**told, **self.extra})


def pointer_to(place: tuple[str | int, ...]) -> str:
    """The JSON pointer to a place, from the keys and positions on the way there."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in place)


def _sayable(text: str) -> str:
    """The text as JSON can hold it, and as a log is not broken by it."""
    cut = text if len(text) <= MAX_DETAIL_CHARACTERS else f"{text[: MAX_DETAIL_CHARACTERS - 1]}…"
    return "".join(character if character.isprintable() else "?" for character in cut)


def problems_page() -> str:
    """The table as a page in Markdown: `docs/problems.md`."""
    parts = [
        "# What the service says when it cannot answer\n",
        "Every error is `application/problem+json` (RFC 9457): `type`, `title`, `status`, `detail`, where it helps",
        "`errors` with a `pointer` to each part of the request that must be mended, and the `request_id` to look for",
        "in the log. `type` is one of these and never changes its meaning. A decision is never an error: it is",
        "always 200, suppressed or not. This page is made by `scripts/generate`.\n",
        "| type | status | what it says | what to do |",
        "| --- | --- | --- | --- |",
        *(
            f'| <a id="{name}"></a>`{PAGE}#{name}` | {kind.status} | {kind.title} | {kind.remedy} |'
            for name, kind in KINDS.items()
        ),
    ]
    return "\n".join(parts) + "\n"

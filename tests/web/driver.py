"""Asks an ASGI application in process, without a client that would mend what is sent."""

import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

JSON = {"content-type": "application/json"}


@dataclass(frozen=True)
class Got:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)


async def ask(
    app: Any,
    method: str,
    target: str,
    *,
    key: str | None = "Bearer admin",
    headers: Mapping[str, str] = JSON,
    body: bytes | Iterable[bytes] = b"",
) -> Got:
    """One request, one answer."""
    path, _, query = target.partition("?")
    sent = {**({"authorization": key} if key else {}), **headers}
    chunks = [body] if isinstance(body, bytes) else list(body)
    events = [
        {"type": "http.request", "body": chunk, "more_body": number + 1 < len(chunks)}
        for number, chunk in enumerate(chunks)
    ]
    got: list[Any] = []

    async def receive() -> Any:
        if events:
            return events.pop(0)
        await asyncio.sleep(3600)
        return {"type": "http.disconnect"}

    async def send(event: Any) -> None:
        got.append(event)

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": unquote(path), "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in sent.items()],
        "client": ("192.0.2.1", 1), "server": ("test", 80),
    }  # fmt: skip
    await app(scope, receive, send)
    told = {name.decode().lower(): value.decode("latin-1") for name, value in got[0]["headers"]}
    return Got(got[0]["status"], told, b"".join(event.get("body", b"") for event in got[1:]))


def ask_now(app: Any, method: str, target: str, **more: Any) -> Got:
    """The same, for one request."""
    return asyncio.run(ask(app, method, target, **more))


def post(app: Any, target: str, value: Any, **more: Any) -> Got:
    """A JSON value, posted."""
    return ask_now(app, "POST", target, body=json.dumps(value).encode(), **more)

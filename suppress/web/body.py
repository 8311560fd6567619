"""Turn the body of a request into a JSON value, or into a problem that says what is wrong with it.

Strict, because strangers write here: UTF-8 only, every key once, no NaN, no number beyond measure, no half characters,
bounded in bytes, in depth and in the time it may take to arrive. Whatever comes in, nothing but ProblemError goes out.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Final

import orjson

from suppress.web.problems import ProblemError

MAX_DEPTH: Final = 32
MAX_DRAINED_BYTES: Final = 64 << 20
"""How much of a body that is too large is still taken, so that its sender reads the answer instead of a reset."""

_OPENING: Final = frozenset((b"[", b"{"))
_CLOSING: Final = frozenset((b"]", b"}"))
_BRACKETS: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)
"""Brackets, and texts as a whole: a bracket in a text opens nothing."""

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Headers = Mapping[bytes, bytes]


async def read_json(receive: Receive, headers: Headers, *, max_bytes: int, within_s: float) -> Any:
    """The JSON value of a request's body. `headers`: names in lower case. Raises ProblemError."""
    refuse_headers(headers)
    return load_json(await read_body(receive, headers, max_bytes=max_bytes, within_s=within_s))


def refuse_headers(headers: Headers) -> None:
    """Raises ProblemError when the body is not declared as plain JSON in UTF-8."""
    declared = headers.get(b"content-type", b"")
    if declared != b"application/json":
        _refuse_content_type(declared)
    coding = headers.get(b"content-encoding", b"identity").strip().lower()
    if coding not in {b"", b"identity"}:
        raise ProblemError("compressed", "the body must not be compressed", headers={"Accept-Encoding": "identity"})


def _refuse_content_type(declared: bytes) -> None:
    kind, *parameters = (part.strip().lower() for part in declared.split(b";"))
    if not (kind == b"application/json" or (kind.startswith(b"application/") and kind.endswith(b"+json"))):
        raise ProblemError(
            "not-sent-as-json",
            "the header Content-Type must be application/json",
            headers={"Accept": "application/json"},
        )
    for parameter in parameters:
        name, _, value = parameter.partition(b"=")
        if name.strip() == b"charset" and value.strip().strip(b'"') not in {b"utf-8", b"utf8", b"us-ascii"}:
            raise ProblemError("not-sent-as-json", "the charset of Content-Type must be utf-8")


async def read_body(receive: Receive, headers: Headers, *, max_bytes: int, within_s: float) -> bytes:
    """All bytes of the body. Raises ProblemError when there are too many, or when they take too long to come."""
    try:
        async with asyncio.timeout(within_s):
            return await _gather(receive, _announced(headers), max_bytes)
    except TimeoutError:
        raise ProblemError(
            "body-too-slow", f"the body did not arrive within {within_s:g} seconds", headers={"Connection": "close"}
        ) from None


def _announced(headers: Headers) -> int:
    length = headers.get(b"content-length", b"0")
    return int(length) if length.isdigit() and len(length) < 20 else 0


async def _gather(receive: Receive, announced_bytes: int, max_bytes: int) -> bytes:
    chunks: list[bytes] = []
    got_bytes = 0
    more = announced_bytes <= MAX_DRAINED_BYTES
    while more:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise ProblemError("body-cut-short", "the connection was closed before the body was whole")
        chunk = event.get("body", b"")
        got_bytes += len(chunk)
        if got_bytes <= max_bytes:
            chunks.append(chunk)
        more = event.get("more_body", False) and got_bytes <= MAX_DRAINED_BYTES
    if max(got_bytes, announced_bytes) > max_bytes:
        raise ProblemError(
            "body-too-large", f"the body has more than {max_bytes:,} bytes", headers={"Connection": "close"}
        )
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def load_json(text: bytes) -> Any:
    """The value of a JSON text, as strictly as the module says. Raises ProblemError."""
    try:
        loaded = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise _not_json(text, error) from None
    try:
        json.loads(text, object_pairs_hook=_once_each)
    except RecursionError:
        raise _too_deep() from None
    except ValueError:
        raise ProblemError("not-json", "a number is too long") from None
    if text.count(b"[") + text.count(b"{") > MAX_DEPTH:
        _refuse_depth(loaded)
    return loaded


def _not_json(text: bytes, error: orjson.JSONDecodeError) -> ProblemError:
    try:
        text.decode("utf-8")
    except UnicodeDecodeError as stray:
        return ProblemError("not-utf-8", f"the byte at position {stray.start} is not UTF-8")
    if text.startswith(b"\xef\xbb\xbf"):
        return ProblemError("not-utf-8", "the body begins with a byte order mark")
    if not text.strip():
        return ProblemError("not-json", "the body is empty")
    if _opens_too_many(text):
        return _too_deep()
    return ProblemError("not-json", f"{error.msg}, at character {error.pos + 1}")


def _opens_too_many(text: bytes) -> bool:
    """Whether a text that is no JSON goes beyond MAX_DEPTH: a reader that gives up there says so in its own words."""
    if text.count(b"[") + text.count(b"{") <= MAX_DEPTH:
        return False
    depth = 0
    for found in _BRACKETS.finditer(text):
        bracket = found[0]
        if bracket in _OPENING:
            depth += 1
            if depth > MAX_DEPTH:
                return True
        elif bracket in _CLOSING:
            depth -= 1
    return False


def _too_deep() -> ProblemError:
    return ProblemError("too-deep", f"the body has more than {MAX_DEPTH} levels")


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ProblemError("duplicate-key", f'the key "{twice[:60]}" is written twice in one object')
    return found


def _refuse_depth(loaded: Any) -> None:
    level = [loaded]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for parent in level
            for child in (parent.values() if isinstance(parent, dict) else parent)
            if isinstance(child, dict | list)
        ]
        if not level:
            return
    raise _too_deep()

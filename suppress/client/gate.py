"""Ask a running service what the gate in process would say: Messages in, Decisions out, over HTTP.

    from suppress.client import Gate

    with Gate("https://suppress.shop.example", key) as gate:
        decision = gate.check(Message(customer_id="C-1", items=("A-1", "A-2")))

Connections are kept and shared by threads. A question has one time limit with all its tries; where nobody answers in
it, the caller's own policy does (`on_unreachable`). What the caller did wrong is told, not tried again.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, Literal, NamedTuple, Self

import httpx2
import orjson

from suppress.client.patience import Patience
from suppress.client.unreachable import OnUnreachable, decide_without_service
from suppress.client.wire import INCLUDE, Asked, asked, batches, body_of_many, body_of_one, decisions_of
from suppress.decisions.decision import Decision
from suppress.errors import FactsError, ForbiddenError, UnauthenticatedError, UnavailableError
from suppress.facts.message import Message

TIMEOUT_S: Final = 2.0
TIMEOUT_S_PER_MESSAGE: Final = 0.02
"""What each further message of a batch adds."""
CONNECT_S: Final = 1.0
TRIES: Final = 3
CONNECTIONS: Final = 20

MAX_ANSWER_BYTES: Final = 64 << 20
_OK: Final = 200
_MISTAKES: Final = frozenset({400, 408, 411, 413, 414, 415, 417, 422, 431})
"""What is wrong with the message, and would be next time."""
_AGAIN: Final = frozenset({429, 502, 503, 504})
"""What may be better in a moment."""

_log = logging.getLogger(__name__)


class _Answer(NamedTuple):
    """What came over the wire."""

    status: int
    retry_after: str | None
    content: bytes


class Gate:
    """A service at `url`, asked with `key`. Threads may share it; close it, or use it in a `with` block.

    `timeout_s`: for one message with all tries; a batch has more. `deadline_ms`: what the service is given for each
    answer (None = its default). `tries`: how often one question is asked at most: again where no connection comes about
    or breaks, and after 429, 502, 503 and 504. `on_unreachable`: what is decided when nobody answers in time.

    A check raises FactsError for a message the service refuses, AccessError for a key it does, UnavailableError where
    nobody answers and `on_unreachable` is `raise`.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        on_unreachable: OnUnreachable | Literal["allow", "block", "hold", "raise"] = OnUnreachable.RAISE,
        timeout_s: float = TIMEOUT_S,
        deadline_ms: int | None = None,
        tries: int = TRIES,
        patience: Callable[[float, int], Patience] = lambda total_s, tries: Patience(total_s=total_s, tries=tries),
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.unreachable = 0
        """Messages decided by `on_unreachable`, or not at all, since the gate was opened."""
        self._url = _checked_url(url)
        self._policy = _checked_policy(on_unreachable)
        if not timeout_s > 0 or tries < 1:
            raise ValueError(f"timeout_s is {timeout_s} and tries {tries}; both must be more than 0")
        self._timeout_s = timeout_s
        self._deadline_ms = deadline_ms
        self._tries = tries
        self._patience = patience
        self._clock = clock
        self._lock = threading.Lock()
        self._client = httpx2.Client(
            headers={"Authorization": f"Bearer {_checked_key(key)}", "Content-Type": "application/json"},
            limits=httpx2.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS),
            follow_redirects=False,
        )

    def check(self, message: Message, *, as_of: datetime | None = None, reserve: bool = True) -> Decision:
        """The decision for one message, as of `as_of`, else the message's `send_at`, else now.

        `reserve=False` looks at what is left of stock that is shared out and takes none.
        """
        one = asked(message, as_of)
        return self._decide("/v1/check", body_of_one(one, self._options(reserve=reserve)), [one], as_of)[0]

    def check_many(
        self, messages: Iterable[Message], *, as_of: datetime | None = None, reserve: bool = True
    ) -> Iterator[Decision]:
        """One decision per message, in order; many are asked at a time. Memory stays flat."""
        options = self._options(reserve=reserve)
        for batch in batches(asked(message, as_of) for message in messages):
            yield from self._decide("/v1/check:batch", body_of_many(batch, options), batch, as_of)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _options(self, *, reserve: bool) -> dict[str, Any]:
        options: dict[str, Any] = {"include": INCLUDE, "reserve": reserve}
        return options if self._deadline_ms is None else {**options, "deadline_ms": self._deadline_ms}

    def _decide(self, path: str, body: bytes, batch: list[Asked], as_of: datetime | None) -> list[Decision]:
        total_s = self._timeout_s + TIMEOUT_S_PER_MESSAGE * (len(batch) - 1)
        try:
            return self._ask(path, body, len(batch), self._patience(total_s, self._tries))
        except UnavailableError as error:
            with self._lock:
                self.unreachable += len(batch)
            if self._policy is OnUnreachable.RAISE:
                raise
            _log.error("%d messages are decided by on_unreachable: %s: %s", len(batch), self._policy, error)
        now = self._clock()
        return [decide_without_service(self._policy, one.message, as_of or one.message.send_at or now) for one in batch]

    def _ask(self, path: str, body: bytes, count: int, patience: Patience) -> list[Decision]:
        until_s = patience.now_s() + patience.total_s
        failed = 0
        while True:
            retry_after = None
            try:
                answer = self._post(path, body, until_s, patience)
            except (httpx2.TransportError, httpx2.DecodingError) as error:
                why = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            else:
                if answer.status not in _AGAIN:
                    return self._read(answer, count)
                why, retry_after = _said(answer), answer.retry_after
            failed += 1
            pause_s = patience.pause_s(failed, until_s - patience.now_s(), retry_after)
            if pause_s is None:
                tried = "once" if failed == 1 else f"{failed} times"
                raise UnavailableError(f"{self._url} was asked {tried} and cannot answer: {why}")
            patience.sleep(pause_s)

    def _post(self, path: str, body: bytes, until_s: float, patience: Patience) -> _Answer:
        left_s = max(until_s - patience.now_s(), 0.001)
        limits = httpx2.Timeout(left_s, connect=min(CONNECT_S, left_s))
        with self._client.stream("POST", self._url + path, content=body, timeout=limits) as answer:
            content = bytearray()
            for chunk in answer.iter_bytes():
                content += chunk
                # The library's limit is for each piece alone, and a drop now and then would never pass it.
                if patience.now_s() > until_s or len(content) > MAX_ANSWER_BYTES:
                    raise httpx2.ReadTimeout("the answer came too slowly, or is too long")
        return _Answer(answer.status_code, answer.headers.get("Retry-After"), bytes(content))

    def _read(self, answer: _Answer, count: int) -> list[Decision]:
        status = answer.status
        if status == _OK:
            try:
                return decisions_of(orjson.loads(answer.content), count)
            except ValueError as error:
                raise UnavailableError(f"{self._url} answers what cannot be read as decisions: {error}") from None
        said = _said(answer)
        if status in _MISTAKES:
            raise FactsError(f"the service refuses the request: {said}")
        if status == httpx2.codes.UNAUTHORIZED:
            raise UnauthenticatedError(f"the service refuses the key: {said}", "refused")
        if status == httpx2.codes.FORBIDDEN:
            raise ForbiddenError(f"the key may not ask this: {said}", "check")
        raise UnavailableError(f"{self._url} does not answer as a suppress service does: {said}")


def _checked_url(url: str) -> str:
    try:
        parsed = httpx2.URL(url)
        # With a name and a password in it, they would be sent in place of the key.
        is_odd = parsed.query or parsed.fragment or parsed.userinfo
        is_address = parsed.scheme in {"http", "https"} and parsed.host and not is_odd
    except httpx2.InvalidURL:
        is_address = False
    if not is_address:
        raise ValueError(
            "the address of a service is like https://suppress.shop.example, with no query and no password"
        )
    return str(parsed).rstrip("/")


def _checked_key(key: str) -> str:
    """The key without the line end that a file of it has."""
    bare = key.strip()
    if not bare.isascii() or not bare.isprintable() or not bare or " " in bare:
        raise ValueError("the key is not one; `suppress keys create` prints one")
    return bare


def _checked_policy(on_unreachable: str) -> OnUnreachable:
    if on_unreachable not in list(OnUnreachable):
        raise ValueError(f'on_unreachable is "{on_unreachable}"; it is {", ".join(OnUnreachable)}')
    return OnUnreachable(on_unreachable)


def _said(answer: _Answer) -> str:
    """The status and what the problem says, with the places it points at."""
    try:
        told = orjson.loads(answer.content)
        parts = [str(told.get("detail") or told.get("title") or "")]
        faults = [f"{fault['pointer']}: {fault['detail']}" for fault in told.get("errors", ())]
        parts += [fault for fault in faults if fault not in parts[0]]
    except (ValueError, AttributeError, KeyError, TypeError):
        parts = []
    return "; ".join([str(answer.status), *(part for part in parts if part)])

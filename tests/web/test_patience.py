"""Connections on which no request comes are closed in time, and those on which one comes are not."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple

import pytest
from uvicorn import Config
from uvicorn.server import ServerState

from suppress.web.packets import OnePacketProtocol
from suppress.web.patience import ENDING_S, HEAD_S, MOST_HEAD_BYTES

KEEP_ALIVE_S = 75
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /refused HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n"


class Timer:
    """What is to be done at a time."""

    def __init__(self, at_s: float, do: Callable[[], object]) -> None:
        self.at_s = at_s
        self.do = do

    def cancel(self) -> None:
        self.do = lambda: None


class Loop:
    """An event loop whose time goes on when it is told."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.timers: list[Timer] = []
        self.soon: list[Callable[[], object]] = []
        self.waiting: list[Coroutine[Any, Any, None]] = []

    def call_later(self, delay_s: float, do: Callable[[], object]) -> Timer:
        self.timers.append(Timer(self.now_s + delay_s, do))
        return self.timers[-1]

    def call_soon(self, do: Callable[[], object]) -> None:
        self.soon.append(do)

    def create_task(self, work: Coroutine[Any, Any, None]) -> Any:
        self.waiting.append(work)
        return asyncio.Future(loop=Nowhere())  # type: ignore[arg-type]

    def answer(self) -> None:
        """Let every request be answered."""
        while self.waiting:
            with pytest.raises(StopIteration):
                self.waiting.pop(0).send(None)
        while self.soon:
            self.soon.pop(0)()

    def go_on(self, seconds: float) -> None:
        ends_s = self.now_s + seconds
        while due := [timer for timer in self.timers if timer.at_s <= ends_s]:
            timer = min(due, key=lambda one: one.at_s)
            self.timers.remove(timer)
            self.now_s = timer.at_s
            timer.do()
        self.now_s = ends_s


class Nowhere:
    """The loop of tasks that never end."""

    def get_debug(self) -> bool:
        return False


class Wire:
    """A connection; notes when it is closed."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.closed_at_s: float | None = None
        self.sent = b""

    def write(self, data: bytes) -> None:
        self.sent += data

    def close(self) -> None:
        self.closed_at_s = self.loop.now_s if self.closed_at_s is None else self.closed_at_s

    def is_closing(self) -> bool:
        return self.closed_at_s is not None

    def get_extra_info(self, name: str) -> None:
        del name

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


class Connection(NamedTuple):
    """Both ends."""

    loop: Loop
    wire: Wire
    protocol: OnePacketProtocol


async def _app(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


@pytest.fixture
def opened() -> Connection:
    """A connection that was opened just now."""
    loop = Loop()
    config = Config(_app, log_config=None, lifespan="off", timeout_keep_alive=KEEP_ALIVE_S)
    config.load()
    protocol = OnePacketProtocol(config, ServerState(), {}, loop)  # type: ignore[arg-type]
    wire = Wire(loop)
    protocol.connection_made(wire)  # type: ignore[arg-type]
    return Connection(loop, wire, protocol)


def _play(opened: Connection, steps: list[bytes | float | None]) -> None:
    for step in steps:
        if opened.wire.is_closing():
            break
        if isinstance(step, bytes):
            opened.protocol.data_received(step)
        elif step is None:
            opened.loop.answer()
        else:
            opened.loop.go_on(step)


Steps = list[bytes | float | None]
ENDS: Steps = [b"\r\n", 1.0]
FIELDS: Steps = [b"X-A: b\r\n", 1.0]
NOTHING_BUT_ENDS = ENDS * 100
DRIP: Steps = [b"GET / HTTP/1.1\r\n", *FIELDS * 100]


@pytest.mark.parametrize(
    ("steps", "closed_at_s"),
    [
        ([500.0], KEEP_ALIVE_S),
        ([20.0, b"G", 500.0], 20 + HEAD_S),
        (NOTHING_BUT_ENDS, HEAD_S),
        (DRIP, HEAD_S),
        ([20.0, GET, None, 500.0], 20 + KEEP_ALIVE_S),
        ([GET, None, 30.0, *DRIP], 30 + HEAD_S),
        ([GET, None, 30.0, GET[:9], 9.0, GET[9:], None, 500.0], 39 + KEEP_ALIVE_S),
        ([GET + GET[:9], 30.0, None, 20.0, b"P", 500.0], 50 + HEAD_S),
        ([POST, None, 30.0, b"ab", 20.0, b"c", 500.0], 30 + KEEP_ALIVE_S),
        ([POST, None, 30.0, b"abc" + GET[:9], 500.0], 30 + HEAD_S),
        ([POST, None, 30.0, b"abc", 60.0, GET[:9], 9.0, GET[9:], None, 500.0], 99 + KEEP_ALIVE_S),
    ],
)
def test_waiting_has_an_end(opened: Connection, steps: list[bytes | float | None], closed_at_s: float) -> None:
    """10 s for a head from its first byte however it drips, the time of keep-alive for the first byte."""
    _play(opened, steps)

    assert closed_at_s == opened.wire.closed_at_s


@pytest.mark.parametrize("body", [[], [b"a", 8.0, b"b", 8.0, b"c", 8.0]])
def test_a_request_that_is_being_answered_is_not_hurried(opened: Connection, body: list[bytes | float | None]) -> None:
    """Neither a slow body nor a slow answer is this clock's business."""
    _play(opened, [POST, *body, 200.0])
    assert opened.wire.closed_at_s is None
    opened.loop.answer()

    assert opened.wire.sent.startswith(b"HTTP/1.1 204 ")
    assert opened.wire.closed_at_s is None


def test_a_whole_request_sets_no_timer_of_its_own(opened: Connection) -> None:
    """Beside the one after each answer, which uvicorn sets, there is one for the connection."""
    for _ in range(5):
        _play(opened, [GET, None])

    assert 1 + 5 == len(opened.loop.timers)


def test_a_head_that_has_no_end_is_not_kept(opened: Connection) -> None:
    """However fast it comes."""
    many: list[bytes | float | None] = [b"X-A: " + b"b" * (64 << 10) + b"\r\n"] * (2 * MOST_HEAD_BYTES >> 16)
    _play(opened, [b"GET / HTTP/1.1\r\n", *many])

    assert 0 == opened.wire.closed_at_s


@pytest.mark.parametrize(("steps", "closed_at_s"), [([30.0], ENDING_S), ([0.5, GET, None], 0.5), ([GET, None], 0.0)])
def test_who_just_came_is_heard(opened: Connection, steps: list[bytes | float | None], closed_at_s: float) -> None:
    """Told to end, a connection on which nothing was asked yet takes one request that comes within 1 s."""
    opened.protocol.shutdown()
    _play(opened, steps)

    assert closed_at_s == opened.wire.closed_at_s
    assert opened.wire.sent.count(b"HTTP/1.1 204 ") == steps.count(GET)


def test_who_asked_before_is_not_waited_for(opened: Connection) -> None:
    """Told to end, a connection between two requests is closed."""
    _play(opened, [GET, None])
    opened.protocol.shutdown()

    assert 0 == opened.wire.closed_at_s


def test_a_connection_that_is_gone_leaves_no_timer(opened: Connection) -> None:
    """What its timers would do is nothing."""
    _play(opened, [GET[:9]])
    opened.protocol.connection_lost(ConnectionResetError())
    opened.loop.go_on(HEAD_S)

    assert opened.wire.closed_at_s is None

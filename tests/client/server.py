"""A service in a thread: real HTTP on a real port. It decides by rules in memory, unless a test says what to answer."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from suppress.engine.decide import Decider
from suppress.facts.instants import to_us
from suppress.facts.message import Message
from suppress.intake.messages import parse_message
from tests.serving.stand_ins import NOW_US, FixedRevision, Shelf, compiled

Reply = Callable[[BaseHTTPRequestHandler], None]
OPTIONS = ("include", "reserve", "deadline_ms")


def reply(status: int, body: object = None, **headers: str) -> Reply:
    """An answer with this status, a JSON body and headers (`_` for `-`)."""
    text = body if isinstance(body, bytes) else json.dumps(body).encode()

    def send(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(text)))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(text)

    return send


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    """No answer: the connection ends."""
    handler.close_connection = True


class Service:
    """Answers with what stands in `replies`, one each; then by its rules. What came stands in `bodies` and `paths`."""

    def __init__(self) -> None:
        self.replies: list[Reply] = []
        self.bodies: list[Any] = []
        self.messages: list[Message] = []
        self.paths: list[str] = []
        self.keys: list[str | None] = []
        self.connections = 0
        self._decider = Decider(compiled(), FixedRevision(compiled()).decider.engine)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        """Nobody answers at its port any more."""
        self._server.shutdown()
        self._server.server_close()

    def decide(self, told: dict[str, Any]) -> dict[str, Any]:
        """The decision for one message, as a service tells it."""
        message = parse_message(told)
        self.messages.append(message)
        at_us = NOW_US if message.send_at is None else to_us(message.send_at)
        snapshot = Shelf().snapshots([(message, at_us)])[0]
        return {**self._decider.decide(snapshot, "d-1").to_dict(), "unavailable": None}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1

            def setup(self) -> None:
                service.connections += 1
                super().setup()

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                service.bodies.append(body)
                service.paths.append(self.path)
                service.keys.append(self.headers["Authorization"])
                (service.replies.pop(0) if service.replies else service._answer(body))(self)
                self.wfile.flush()

            def log_message(self, *args: object) -> None:
                """Says nothing."""

        return Handler

    def _answer(self, body: dict[str, Any]) -> Reply:
        rest = {name: value for name, value in body.items() if name not in OPTIONS}
        if "messages" in rest:
            return reply(200, {"request_id": "r", "decisions": [self.decide(one) for one in rest["messages"]]})
        return reply(200, {"request_id": "r", **self.decide(rest)})

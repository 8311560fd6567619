"""Telling commands and webhooks: what arrives, what is refused, and that a failure is only words."""

import ipaddress
import json
import socket
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from suppress.schedules import notify as module
from suppress.schedules.notify import is_public, notify
from suppress.schedules.schedule import CommandNotice, WebhookNotice

ABOUT = {"run": "mail-1", "state": "done"}


class Receiver(BaseHTTPRequestHandler):
    """Keeps what is posted; answers as the path says."""

    got: list[tuple[str, str, object]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        type(self).got.append((self.path, self.headers["Host"], json.loads(body)))
        status = int(self.path.rpartition("/")[2].partition("?")[0])
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/200")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[HTTPServer]:
    Receiver.got = []
    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def post(server: HTTPServer, path: str, *, host: str = "127.0.0.1", allow_private: bool = True) -> str:
    return notify(WebhookNotice(url=f"http://{host}:{server.server_port}{path}", allow_private=allow_private), ABOUT)


def test_a_webhook_gets_json(receiver: HTTPServer) -> None:
    """What is told arrives by POST, with path and query as they were given."""
    assert "sent" == post(receiver, "/hook/204?key=1")
    assert [("/hook/204?key=1", f"127.0.0.1:{receiver.server_port}", ABOUT)] == Receiver.got


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("/302", "failed: 127.0.0.1 answered 302; redirects are not followed"),
        ("/404?key=secret", "failed: 127.0.0.1 answered 404"),
        ("/500", "failed: 127.0.0.1 answered 500"),
    ],
)
def test_a_webhook_that_refuses(receiver: HTTPServer, path: str, wanted: str) -> None:
    """One attempt, no redirect, and no path or query in the words: they may hold a secret."""
    assert wanted == post(receiver, path)
    assert 1 == len(Receiver.got)


def test_private_addresses_are_refused(receiver: HTTPServer) -> None:
    """Unless the schedule permits it nothing is sent into the own network, by number or by name."""
    wanted = " is an address of a private network; allow_private: yes permits it"

    assert [f"failed: {host}{wanted}" for host in ("127.0.0.1", "localhost")] == [
        post(receiver, "/200", host=host, allow_private=False) for host in ("127.0.0.1", "localhost")
    ]
    assert [] == Receiver.got


def test_a_name_is_resolved_once(receiver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection goes to the address that was looked at, whatever the name would resolve to a moment later."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def resolve(host: str, *arguments: object, **options: object) -> object:
        if host == "hooks.example":
            asked.append(host)
            host = "127.0.0.1" if len(asked) == 1 else "127.0.0.2"
        return real(host, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(module.socket, "getaddrinfo", resolve)

    assert "sent" == post(receiver, "/200", host="hooks.example")
    assert ["hooks.example"] == asked
    assert f"hooks.example:{receiver.server_port}" == Receiver.got[0][1]


@pytest.mark.parametrize(
    ("address", "wanted"),
    [
        ("8.8.8.8", True), ("2606:4700::1111", True), ("10.1.2.3", False), ("127.0.0.1", False), ("0.0.0.0", False),
        ("169.254.169.254", False), ("192.168.1.1", False), ("172.16.0.1", False), ("100.64.0.1", False),
        ("224.0.0.1", False), ("255.255.255.255", False), ("::1", False), ("::", False), ("fe80::1", False),
        ("fd00::1", False), ("::ffff:127.0.0.1", False), ("::ffff:8.8.8.8", True), ("64:ff9b::7f00:1", False),
        ("64:ff9b::808:808", True), ("2002:7f00:1::", False), ("2001:0:53aa:64c::1", False), ("ff02::1", False),
    ],
)  # fmt: skip
def test_public_addresses(address: str, wanted: bool) -> None:
    """An address of the own network stays one, whatever it is wrapped in."""
    assert wanted is is_public(ipaddress.ip_address(address))


def test_nobody_there() -> None:
    """A closed port and an unknown name are words, not exceptions."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    assert "failed: Connection refused" == notify(
        WebhookNotice(url=f"http://127.0.0.1:{port}/", allow_private=True), ABOUT
    )
    assert "failed: no address for no.invalid" == notify(WebhookNotice(url="https://no.invalid/x"), ABOUT)


def test_a_command_gets_json(tmp_path: Path) -> None:
    """It comes on standard input; arguments are the program's own, whatever they look like to a shell."""
    program = "import sys; open(sys.argv[1], 'w').write(sys.stdin.read() + sys.argv[2])"
    notice = CommandNotice(argv=(sys.executable, "-c", program, str(tmp_path / "told"), "$(id); *"))

    assert "sent" == notify(notice, ABOUT)
    assert json.dumps(ABOUT, separators=(",", ":")) + "$(id); *" == (tmp_path / "told").read_text()


@pytest.mark.parametrize(
    ("argv", "wanted"),
    [
        (("/none/such",), "failed: cannot run /none/such: No such file or directory"),
        ((sys.executable, "-c", "import sys; sys.exit('no\\nway')"), "failed: the command ended with 1: way"),
    ],
)
def test_a_command_that_fails(argv: tuple[str, ...], wanted: str) -> None:
    """What it said last is kept."""
    assert wanted == notify(CommandNotice(argv=argv), ABOUT)


def test_a_command_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is ended after a while."""
    monkeypatch.setattr(module, "COMMAND_SECONDS", 1)
    program = "import time; time.sleep(600)"

    assert "failed: the command took longer than 1 seconds" == notify(
        CommandNotice(argv=(sys.executable, "-c", program)), ABOUT
    )

"""Speak the Language Server Protocol (3.17) with a server, as an editor does: JSON-RPC over its input and output.

Whoever waits, waits for an answer of the server; what does not come in time is a TimeoutError with what the server said
on its standard error.
"""

import json
import queue
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

Message = dict[str, Any]

DEADLINE_SECONDS = 30.0

CAPABILITIES = {
    "workspace": {"configuration": True, "didChangeConfiguration": {"dynamicRegistration": True}},
    "textDocument": {
        "completion": {"completionItem": {"snippetSupport": True, "documentationFormat": ["markdown", "plaintext"]}},
        "hover": {"contentFormat": ["markdown", "plaintext"]},
        "publishDiagnostics": {},
    },
}


class LanguageServer:
    """A running server that knows its settings; `with` ends it. Positions are lines and columns from 0."""

    def __init__(self, command: list[str], root: Path, settings: dict[str, Any]) -> None:
        self._settings = settings
        self._messages: queue.Queue[Message | None] = queue.Queue()
        self._results: dict[int, Message] = {}
        self._diagnostics: dict[str, list[Message]] = {}
        self._sections_asked: set[str] = set()
        self._asked = 0
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = subprocess.Popen(
            command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._to_server = self._process.stdin
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True)
        self._reader.start()
        try:
            start = {"processId": None, "rootUri": root.as_uri(), "capabilities": CAPABILITIES}
            self.info = self.request("initialize", start)
            self.notify("initialized", {})
            self._wait(
                lambda: self._sections_asked >= set(settings), f"its settings {sorted(settings)} to be asked for"
            )
        except BaseException:
            self._end()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            if kind is None:
                self.request("shutdown", None)
                self.notify("exit", None)
                self._process.wait(DEADLINE_SECONDS)
        finally:
            self._end()

    def _end(self) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()
        with suppress(BrokenPipeError):
            self._to_server.close()
        self._errors.close()

    def open(self, uri: str, text: str) -> None:
        """Show the server a YAML file; it need not exist on disk."""
        self._diagnostics.pop(uri, None)
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": document})

    def diagnostics(self, uri: str) -> list[Message]:
        """What the server finds wrong with an open file."""
        self._wait(lambda: uri in self._diagnostics, f"the diagnostics of {uri}")
        return self._diagnostics[uri]

    def completions(self, uri: str, line: int, column: int) -> list[Message]:
        """What the server offers to type at that place."""
        result = self.request("textDocument/completion", _at(uri, line, column))
        return list(result["items"])

    def hover(self, uri: str, line: int, column: int) -> str:
        """What the server says of the word at that place, as markdown; empty when it says nothing."""
        result = self.request("textDocument/hover", _at(uri, line, column))
        return str(result["contents"]["value"]) if result else ""

    def request(self, method: str, params: Any) -> Any:
        """The server's result. Raises RuntimeError when it answers with an error."""
        self._asked += 1
        number = self._asked
        self._send({"id": number, "method": method, "params": params})
        self._wait(lambda: number in self._results, f"the answer to {method}")
        answer = self._results.pop(number)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def notify(self, method: str, params: Any) -> None:
        """Tell the server something that has no answer."""
        self._send({"method": method, "params": params})

    def _send(self, message: Message) -> None:
        data = json.dumps({"jsonrpc": "2.0", **message}).encode()
        # A server that has ended answers nothing; whoever waits for it is told.
        with suppress(BrokenPipeError):
            self._to_server.write(b"Content-Length: %d\r\n\r\n%b" % (len(data), data))
            self._to_server.flush()

    def _wait(self, arrived: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not arrived():
            try:
                message = self._messages.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise TimeoutError(f"waited in vain for {what}\n{self._said_on_stderr()}") from None
            if message is None:
                raise EOFError(f"the server ended before {what}\n{self._said_on_stderr()}")
            self._take(message)

    def _take(self, message: Message) -> None:
        if "method" not in message:
            self._results[message["id"]] = message
        elif "id" in message:
            self._send({"id": message["id"], "result": self._answer(message)})
        elif message["method"] == "textDocument/publishDiagnostics":
            self._diagnostics[message["params"]["uri"]] = message["params"]["diagnostics"]

    def _answer(self, message: Message) -> Any:
        """The result of what the server asks of its editor: its settings; of anything else, nothing."""
        if message["method"] != "workspace/configuration":
            return None
        sections = [item["section"] for item in message["params"]["items"]]
        self._sections_asked.update(sections)
        return [self._settings.get(section) for section in sections]

    def _read(self, stream: IO[bytes]) -> None:
        """Put each message of the server into the queue, and None at the end."""
        with stream:
            while headers := _headers(stream):
                self._messages.put(json.loads(stream.read(int(headers["content-length"]))))
        self._messages.put(None)

    def _said_on_stderr(self) -> str:
        self._errors.seek(0)
        return self._errors.read().decode(errors="replace")


def _headers(stream: IO[bytes]) -> dict[str, str]:
    headers = {}
    while (line := stream.readline().strip()) != b"":
        name, _, value = line.decode("ascii").partition(":")
        headers[name.lower()] = value.strip()
    return headers


def _at(uri: str, line: int, column: int) -> Message:
    return {"textDocument": {"uri": uri}, "position": {"line": line, "character": column}}

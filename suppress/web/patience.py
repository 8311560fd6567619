"""Close connections on which no request comes: half a head, one that has no end, or nothing at all.

uvicorn waits for ever for the rest of a head, and for the first byte of a connection; whoever opens many such costs a
service all its connections for next to nothing. The body of a request that is being answered is waited for elsewhere.
"""

import asyncio
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_S: Final = 10.0
"""From the first byte of a head to its last."""
MOST_HEAD_BYTES: Final = 1 << 20
"""What is kept of a head that has not ended yet. One that has ended in time is told that it is too large."""
ENDING_S: Final = 1.0
"""For the first request of a connection that was opened just before the service was told to end."""


class PatientProtocol(HttpToolsProtocol):
    """HTTP/1.1 as uvicorn speaks it, with an end to waiting for a head. A request that comes whole sets no timer."""

    _deadline: asyncio.TimerHandle | None = None
    _head_bytes = 0
    _is_ending = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A connection was opened; the first byte may take as long as that of the next request."""
        super().connection_made(transport)
        self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)

    def data_received(self, data: bytes) -> None:
        """Some bytes came."""
        super().data_received(data)
        cycle = self.cycle
        if cycle is None or cycle.response_complete:
            self._wait_for_head(len(data))
        elif self._deadline is not None:
            self._stop_waiting()
        if self._is_ending and cycle is not None:
            cycle.keep_alive = False

    def shutdown(self) -> None:
        """The service ends. Who just came is heard: closed now, with a request on its way, it would be cut off."""
        if self.cycle is None and not self._is_ending:
            self._is_ending = True
            self._wait_at_most(ENDING_S)
        else:
            super().shutdown()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait_for_head(self, more_bytes: int) -> None:
        if self.transport.is_closing():
            return
        if self.cycle is None or self.scope is not self.cycle.scope:
            if not self._head_bytes:
                self._wait_at_most(HEAD_S)
            self._head_bytes += more_bytes
            if self._head_bytes > MOST_HEAD_BYTES:
                self.transport.close()
        elif self._deadline is None:
            # The rest of a body that was answered early. uvicorn stopped its own timer when this came.
            self._wait_at_most(self.timeout_keep_alive)

    def _wait_at_most(self, seconds: float) -> None:
        self._stop_waiting()
        self._deadline = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline, self._head_bytes = None, 0

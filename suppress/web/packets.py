"""Send the headers and the body of an answer together.

uvicorn writes them one after the other, which makes two packets; a sender whose system delays acknowledgements then
waits 40 ms for the second. Here headers are held until the body follows, at most until the event loop turns.
"""

import asyncio
from typing import Any, cast

from suppress.web.patience import PatientProtocol

_HEAD = b"HTTP/1."
_END_OF_HEAD = b"\r\n\r\n"


class OnePacket:
    """A transport that joins the headers of an answer to what is written next; in all else the one it stands for."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held = b""

    def write(self, data: bytes) -> None:
        """Write, or hold what is nothing but headers for a moment."""
        if self._held:
            self._transport.write(self._held + data)
            self._held = b""
        elif data.startswith(_HEAD) and data.endswith(_END_OF_HEAD):
            self._held = data
            self._loop.call_soon(self.flush)
        else:
            self._transport.write(data)

    def flush(self) -> None:
        """Write what is held: no body follows, or not yet."""
        if self._held:
            held, self._held = self._held, b""
            self._transport.write(held)

    def close(self) -> None:
        """Write what is held, then close."""
        self.flush()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class OnePacketProtocol(PatientProtocol):
    """HTTP/1.1 as uvicorn speaks it, with an end to its patience, and one packet for each small answer."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A connection was opened."""
        super().connection_made(cast(asyncio.Transport, OnePacket(transport, self.loop)))

"""Tell a command or a webhook how a run ended. Never raises: what went wrong comes back in words, without secrets.

A webhook's name is resolved once, its addresses are looked at, and the connection goes to the address that was looked
at: a name that resolves differently a moment later leads nowhere. Redirects are not followed.
"""

import http.client
import ipaddress
import socket
import ssl
import subprocess
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import orjson

from suppress.schedules.schedule import CommandNotice, WebhookNotice

SENT: Final = "sent"
COMMAND_SECONDS: Final = 60
WEBHOOK_SECONDS: Final = 10
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_PORTS: Final = {"https": 443, "http": 80}

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class _RefusedError(Exception):
    """Why nothing was sent."""


def notify(notice: CommandNotice | WebhookNotice, about: Mapping[str, Any]) -> str:
    """Tell `about` as JSON; `sent`, or `failed: ` and why."""
    body = orjson.dumps(dict(about))
    try:
        if isinstance(notice, CommandNotice):
            _run(notice, body)
        else:
            _post(notice, body)
    except _RefusedError as error:
        return f"failed: {error}"
    except (OSError, http.client.HTTPException, ValueError) as error:
        return f"failed: {_said(error)}"
    return SENT


def is_public(address: Address) -> bool:
    """Whether an address is one of the open internet, whatever it is wrapped in."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        if address.teredo is not None:
            return False
    return address.is_global and not address.is_multicast


def _run(notice: CommandNotice, body: bytes) -> None:
    try:
        done = subprocess.run(  # noqa: S603 - no shell; the argv is the operator's own
            notice.argv, input=body, capture_output=True, timeout=COMMAND_SECONDS, check=False, start_new_session=True
        )
    except subprocess.TimeoutExpired:
        raise _RefusedError(f"the command took longer than {COMMAND_SECONDS} seconds") from None
    except OSError as error:
        raise _RefusedError(f"cannot run {notice.argv[0]}: {_said(error)}") from None
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").replace("\0", "").strip().splitlines()
        raise _RefusedError(f"the command ended with {done.returncode}" + (f": {lines[-1][:300]}" if lines else ""))


def _post(notice: WebhookNotice, body: bytes) -> None:
    parts = urlsplit(notice.url)
    host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    address = _address_of(host, port, allow_private=notice.allow_private)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {"Content-Type": "application/json", "User-Agent": "suppress", "Connection": "close"}
    connection = _Pinned(host, port, address, is_secure=parts.scheme == "https")
    try:
        connection.request("POST", path, body, headers)
        status = connection.getresponse().status
    finally:
        connection.close()
    if 300 <= status < 400:
        raise _RefusedError(f"{host} answered {status}; redirects are not followed")
    if not 200 <= status < 300:
        raise _RefusedError(f"{host} answered {status}")


class _Pinned(http.client.HTTPConnection):
    """A connection to one address, whatever the name would resolve to now; certificates are checked for the name."""

    def __init__(self, host: str, port: int, address: str, *, is_secure: bool) -> None:
        super().__init__(host, port, timeout=WEBHOOK_SECONDS)
        self.default_port = _PORTS["https" if is_secure else "http"]
        self._address = address
        self._is_secure = is_secure

    def connect(self) -> None:
        plain = socket.create_connection((self._address, self.port), WEBHOOK_SECONDS)
        if not self._is_secure:
            self.sock = plain
            return
        try:
            self.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=self.host)
        except BaseException:
            plain.close()
            raise


def _address_of(host: str, port: int, *, allow_private: bool) -> str:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise _RefusedError(f"no address for {host}") from None
    addresses = [str(entry[4][0]) for entry in found]
    inner = [a for a in addresses if not is_public(ipaddress.ip_address(a.partition("%")[0]))]
    if inner and not allow_private:
        raise _RefusedError(f"{host} is an address of a private network; allow_private: yes permits it")
    return addresses[0]


def _said(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).partition("\n")[0][:300]

"""The gate over HTTP: the same checks as in process, asked of a running service (`pip install 'suppress[client]'`)."""

from suppress.client.gate import Gate
from suppress.client.unreachable import OnUnreachable

__all__ = ["Gate", "OnUnreachable"]

"""Turn what the database knows of a key into the caller behind it, or say why the key opens nothing."""

from dataclasses import dataclass
from typing import Protocol

from suppress.access.key import same
from suppress.access.roles import Permission, permissions_of
from suppress.errors import ForbiddenError, UnauthenticatedError
from suppress.facts.instants import from_us


class KeyRecord(Protocol):
    """What the database knows of a key. Times in microseconds since 1970 UTC, None = never."""

    @property
    def key_id(self) -> str:
        """Its id."""

    @property
    def name(self) -> str:
        """What its owner calls it."""

    @property
    def role(self) -> str:
        """What it may do, see `roles`."""

    @property
    def prefix(self) -> str:
        """Its beginning, by which people know it."""

    @property
    def key_hash(self) -> str:
        """SHA-256 of the whole key, in hex."""

    @property
    def expires_at_us(self) -> int | None:
        """From when on it opens nothing."""

    @property
    def revoked_at_us(self) -> int | None:
        """When it was revoked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks, and what that one may have. `key_id` and `name` may be logged."""

    key_id: str
    name: str
    role: str
    permissions: frozenset[Permission]

    def require(self, permission: Permission) -> None:
        """Raises ForbiddenError unless the caller may have it."""
        if permission not in self.permissions:
            raise ForbiddenError(
                f'a key with the role "{self.role}" may not {permission.replace("_", " ")}', permission
            )


def caller_of(record: KeyRecord | None, key_hash: str, now_us: int) -> Caller:
    """The caller with this record, who showed a key with this hash.

    Raises UnauthenticatedError with the reason `unknown`, `revoked` or `expired`. The last two are said only to whom
    holds the whole key.
    """
    if record is None or not same(record.key_hash, key_hash):
        raise UnauthenticatedError("the API key is not known here", "unknown")
    if record.revoked_at_us is not None:
        raise UnauthenticatedError(f"the API key {record.prefix}... was revoked", "revoked")
    if record.expires_at_us is not None and now_us >= record.expires_at_us:
        expired = from_us(record.expires_at_us).strftime("%Y-%m-%d %H:%M UTC")
        raise UnauthenticatedError(f"the API key {record.prefix}... expired on {expired}", "expired")
    return Caller(key_id=record.key_id, name=record.name, role=record.role, permissions=permissions_of(record.role))

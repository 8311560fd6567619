"""The table of API keys: one row per key, without the key itself; what is stored of it opens nothing."""

from typing import Final

from sqlalchemy import CheckConstraint, UniqueConstraint

from suppress.stores.tables import SQLITE_OPTIONS, Base, key_column, text_column, whole_column

KEY_ROLES: Final = ("sender", "marketer", "analyst", "admin")
KEY_ENVS: Final = ("live", "test")


class KeyRow(Base, table=True):
    """One key. `key_hash`: SHA-256 of the whole key, in hex. `prefix`: its beginning, by which people know it.

    NULL = never expires, not revoked, not used yet.
    """

    __tablename__ = "api_keys"
    __table_args__ = (
        CheckConstraint("length(key_id) BETWEEN 1 AND 255", name="key_id"),
        CheckConstraint("length(name) BETWEEN 1 AND 255", name="name"),
        CheckConstraint(f"role IN ({', '.join(repr(role) for role in KEY_ROLES)})", name="role"),
        CheckConstraint(f"env IN ({', '.join(repr(env) for env in KEY_ENVS)})", name="env"),
        CheckConstraint("length(key_hash) = 64", name="key_hash"),
        UniqueConstraint("prefix"),
        UniqueConstraint("key_hash"),
        SQLITE_OPTIONS,
    )

    key_id: str = key_column()
    name: str = text_column()
    role: str = text_column()
    env: str = text_column()
    prefix: str = text_column()
    key_hash: str = text_column()
    created_at_us: int = whole_column()
    expires_at_us: int | None = whole_column()
    revoked_at_us: int | None = whole_column()
    last_used_us: int | None = whole_column()

"""A caller: who stands behind a record, and what that one may have."""

from dataclasses import replace
from unittest.mock import Mock

import pytest

from suppress.access import key as key_module
from suppress.access.caller import caller_of
from suppress.access.roles import Permission, Role, permissions_of
from suppress.errors import ForbiddenError, UnauthenticatedError
from tests.access.held import START_US, Table


@pytest.mark.parametrize("role", Role)
def test_who_it_is(role: Role) -> None:
    """A good key's caller has its id, name and role, and what the role may have."""
    table = Table()
    key = table.add(role)
    caller = caller_of(table.find(key.key_hash), key.key_hash, START_US)

    assert (key.key_id, "shop", role, permissions_of(role)) == (
        caller.key_id, caller.name, caller.role, caller.permissions,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "reason", "told"),
    [
        ({"revoked_at_us": START_US + 9}, "revoked", "was revoked"),
        ({"expires_at_us": START_US}, "expired", "expired on 2026-11-23 08:00 UTC"),
        ({"expires_at_us": START_US - 1, "revoked_at_us": 1}, "revoked", "was revoked"),
        ({"key_hash": "f" * 64}, "unknown", "not known"),
    ],
)
def test_what_opens_nothing(changes: dict[str, object], reason: str, told: str) -> None:
    """A key that was revoked, has expired, or is another than was shown has no caller, and why is said."""
    table = Table()
    key = table.add()
    record = replace(table.rows[key.key_hash], **changes)  # type: ignore[arg-type]
    with pytest.raises(UnauthenticatedError, match=told) as raised:
        caller_of(record, key.key_hash, START_US)

    assert reason == raised.value.reason
    assert key.key not in str(raised.value)


def test_no_record() -> None:
    """A key without a record has no caller."""
    with pytest.raises(UnauthenticatedError) as raised:
        caller_of(None, "f" * 64, START_US)

    assert "unknown" == raised.value.reason


def test_a_key_is_good_until_it_expires() -> None:
    """The last microsecond before counts, its expiry does not."""
    table = Table()
    key = table.add(expires_at_us=START_US + 1)

    assert key.key_id == caller_of(table.find(key.key_hash), key.key_hash, START_US).key_id


def test_hashes_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is stored and what was shown are compared by the standard library's comparison of secrets."""
    table = Table()
    key = table.add()
    record = table.find(key.key_hash)
    compare = Mock(return_value=True)
    monkeypatch.setattr(key_module, "compare_digest", compare)
    caller_of(record, key.key_hash, START_US)

    compare.assert_called_once_with(key.key_hash, key.key_hash)


@pytest.mark.parametrize("role", [*Role, "root"])
@pytest.mark.parametrize("permission", Permission)
def test_what_it_may_not_have(role: str, permission: Permission) -> None:
    """Whatever the role does not include is refused, with the permission that is missing."""
    table = Table()
    key = table.add(role)
    caller = caller_of(table.find(key.key_hash), key.key_hash, START_US)
    if permission in permissions_of(role):
        caller.require(permission)
    else:
        with pytest.raises(ForbiddenError, match=f'role "{role}"') as raised:
            caller.require(permission)

        assert permission == raised.value.permission

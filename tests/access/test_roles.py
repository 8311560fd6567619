"""Roles: who may do what, written out once more, because a slip in the table opens a door."""

import pytest

from suppress.access.roles import PERMISSIONS, Permission, Role, permissions_of
from suppress.stores.key_tables import KEY_ROLES

MAY = {
    "sender": {"check"},
    "marketer": {"read_rules", "edit_rules"},
    "analyst": {"read_decisions", "read_rules", "read_metrics"},
    "admin": {"check", "read_decisions", "read_rules", "edit_rules", "read_metrics", "manage_keys"},
}


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("permission", Permission)
def test_who_may_do_what(role: Role, permission: Permission) -> None:
    """Each role may do what is written here and nothing else."""
    assert (permission in MAY[role]) is (permission in permissions_of(role))


@pytest.mark.parametrize("role", ["", "Admin", "ADMIN", "admin ", "owner", "sender,admin", "*"])
def test_other_roles_may_nothing(role: str) -> None:
    """A role nobody knows may do nothing."""
    assert frozenset() == permissions_of(role)


def test_the_database_knows_the_same_roles() -> None:
    """Whatever role a key may have can be stored, and the other way round."""
    assert [role.value for role in Role] == list(KEY_ROLES)
    assert set(Role) == set(PERMISSIONS)

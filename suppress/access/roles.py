"""What each role may do, in one table. Whatever the table does not say is forbidden."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Role(StrEnum):
    """Who somebody is to the service. Stored with each key: never rename one."""

    SENDER = "sender"
    """A campaign system: asks whether messages may go."""
    MARKETER = "marketer"
    """Writes rules."""
    ANALYST = "analyst"
    """Reads what was decided, and by which rules."""
    ADMIN = "admin"
    """All of it."""


class Permission(StrEnum):
    """One thing a route may ask of its caller."""

    CHECK = "check"
    """Have messages decided."""
    READ_DECISIONS = "read_decisions"
    """Look decisions up in the log."""
    READ_RULES = "read_rules"
    """Read rulesets and their versions."""
    EDIT_RULES = "edit_rules"
    """Lint, plan, publish and roll back."""
    READ_METRICS = "read_metrics"
    """Read the service's figures."""
    MANAGE_KEYS = "manage_keys"
    """Create, list and revoke keys."""


PERMISSIONS: Final[Mapping[Role, frozenset[Permission]]] = MappingProxyType(
    {
        Role.SENDER: frozenset({Permission.CHECK}),
        Role.MARKETER: frozenset({Permission.READ_RULES, Permission.EDIT_RULES}),
        Role.ANALYST: frozenset({Permission.READ_DECISIONS, Permission.READ_RULES, Permission.READ_METRICS}),
        Role.ADMIN: frozenset(Permission),
    }
)


def permissions_of(role: str) -> frozenset[Permission]:
    """What a role may do. A role that is not in the table, e.g. of a newer version, may do nothing."""
    return next((allowed for known, allowed in PERMISSIONS.items() if known == role), frozenset())

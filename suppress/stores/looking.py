"""What can be told of a database in use by looking at it: its server, how old its facts are, who holds which lease."""

from typing import Any, Final, NamedTuple

from suppress.facts.snapshot import Source
from suppress.stores.database import Database

_SERVER: Final = {"sqlite": "SELECT 'SQLite ' || sqlite_version()", "postgresql": "SHOW server_version"}
_LEASES: Final = "SELECT schedule, owner, lease_until_us, next_slot_us FROM schedule_leases ORDER BY schedule"


class ScheduleLease(NamedTuple):
    """`owner`: who runs its scan just now, until when at least; None = nobody. `next_slot_us`: when one is due."""

    schedule: str
    owner: str | None
    until_us: int
    next_slot_us: int | None


def server(database: Database) -> str:
    """Its name and version, for people. Raises StoreError when it cannot be reached."""
    found = str(_rows(database, _SERVER[database.dialect])[0][0])
    return found if database.dialect == "sqlite" else f"PostgreSQL {found}"


def feeds_us(database: Database) -> dict[Source, int | None]:
    """Source -> as of when its facts are complete; None = nothing of it was ever loaded. Raises StoreError."""
    found = dict(_rows(database, "SELECT source, as_of_us FROM feeds"))
    return {source: found.get(source.value) for source in Source}


def schedule_leases(database: Database) -> list[ScheduleLease]:
    """One for each schedule a scheduler ever looked at. Raises StoreError."""
    return [ScheduleLease(*row) for row in _rows(database, _LEASES)]


def _rows(database: Database, statement: str) -> list[tuple[Any, ...]]:
    with database.errors("read from"):
        return database.rows(statement, ())

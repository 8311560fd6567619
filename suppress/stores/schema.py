"""Bring a database to the schema this version needs, and say whether it is there. The only door to Alembic.

Each upgrade is one transaction on both databases: it happens whole or not at all, and two at once wait for each other.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

from suppress.errors import StoreError
from suppress.stores.database import SCHEMA_HEAD, Database, SchemaState
from suppress.stores.decision_tables import DecisionRow
from suppress.stores.idempotency_tables import IdempotencyRow
from suppress.stores.key_tables import KeyRow
from suppress.stores.reservation_tables import ReservationRow
from suppress.stores.run_tables import RunRow
from suppress.stores.tables import Base
from suppress.stores.version_tables import RulesetVersionRow

# Tables declared beside `tables` are known once their module is imported.
DECLARED: Final = (Base, RunRow, ReservationRow, KeyRow, RulesetVersionRow, DecisionRow, IdempotencyRow)
OPTIONS: Final[dict[str, Any]] = {
    "target_metadata": Base.metadata,
    "render_as_batch": True,
    "compare_type": True,
    # The transaction is opened and closed by `upgrade`, with SQLite's write lock held from its start.
    "transactional_ddl": False,
}
_FOLDER: Final = Path(__file__).parent / "migrations"
_POSTGRESQL_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtext('suppress db upgrade'))"


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaCheck:
    """What `check` found. `drift`: one line per difference between the database and the declared tables."""

    state: SchemaState
    drift: tuple[str, ...]

    @property
    def is_sound(self) -> bool:
        """Whether the database is at the head and as declared."""
        return self.state.is_current and not self.drift


def upgrade(database: Database) -> SchemaState:
    """Create or upgrade the tables; the state before. On a current database nothing changes.

    Raises StoreError when the database cannot be reached or written, or is newer than this version knows.
    """
    if database.dialect == "sqlite":
        _make_folder(database)
    before = database.schema_state()
    if before.current is not None and before.current > before.head:
        database.require_schema()
    if not before.is_current:
        with database.write() as connection:
            if database.dialect == "postgresql":
                connection.exec_driver_sql(_POSTGRESQL_LOCK)
            command.upgrade(_config(connection), SCHEMA_HEAD)
    return before


def check(database: Database) -> SchemaCheck:
    """How the database stands against the schema this version needs. Raises StoreError when it cannot be reached."""
    state = database.schema_state()
    if not state.is_current:
        return SchemaCheck(state=state, drift=())
    with database.errors("inspect"):
        context = MigrationContext.configure(database.read(), opts=dict(OPTIONS))
        drift = tuple(_line(change) for change in compare_metadata(context, Base.metadata))
    return SchemaCheck(state=state, drift=drift)


def script_head() -> str | None:
    """The newest revision among the migration files; `SCHEMA_HEAD` must be the same."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def _config(connection: Connection | None = None) -> Config:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _make_folder(database: Database) -> None:
    folder = Path(database.url.database or "").parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"cannot make the folder {folder}: {error.strerror}") from None


def _line(change: Any) -> str:
    if isinstance(change, list):
        return "; ".join(_line(part) for part in change)
    what, *rest = change
    return f"{what}: {' '.join(str(part) for part in rest if part is not None)}"

"""Published rulesets in the database: whole source files in, a numbered version out that nobody changes afterwards.

Numbers count from 1 per ruleset and have no gaps: they are given under a lock, in the transaction that writes the rows.
A version holds everything it was made of, so it can be read when the files it came from are long gone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import Table, func, insert, select
from sqlalchemy.engine import Connection, RowMapping

from suppress.errors import HeadMovedError, StoreError
from suppress.facts.instants import from_us
from suppress.rules.sources import FileKind, SourceFile, in_order
from suppress.settings import DEFAULT_RULESET
from suppress.stores.database import Database
from suppress.stores.version_tables import RulesetFileRow, RulesetVersionRow

_VERSIONS: Final[Table] = RulesetVersionRow.metadata.tables["ruleset_versions"]
_FILES: Final[Table] = RulesetFileRow.metadata.tables["ruleset_files"]
_LOCK: Final = "SELECT pg_advisory_xact_lock(%s)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One published version, without its files. `of`: the older version it brings back; None = rules of its own."""

    ruleset: str
    number: int
    fingerprint: str
    author: str
    message: str
    published_at_us: int
    of: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """The JSON shape; the time as RFC 3339 in UTC."""
        return {
            "ruleset": self.ruleset,
            "number": self.number,
            "fingerprint": self.fingerprint,
            "author": self.author,
            "message": self.message,
            "published_at": from_us(self.published_at_us).isoformat().replace("+00:00", "Z"),
            "of": self.of,
        }


class Anything:
    """Stands where any newest version will do."""


ANYTHING: Final = Anything()


class Versions:
    """The published versions of one database. Threads may share it. Every method raises StoreError when it cannot."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def publish(
        self,
        ruleset: str,
        files: Sequence[SourceFile],
        *,
        fingerprint: str,
        author: str,
        message: str,
        now_us: int,
        of: int | None = None,
        after: int | Anything | None = ANYTHING,
    ) -> Version:
        """Store the next version; all of it or nothing.

        `after`: the number the newest version must have, None = there must be none. Raises HeadMovedError when another
        was published since.
        """
        with self._database.write() as connection:
            if self._database.dialect == "postgresql":
                # SQLite's write lock is held from the start; here publishers of one ruleset wait for one another.
                connection.exec_driver_sql(_LOCK, (_lock_of(ruleset),))
            head = connection.execute(
                select(func.max(_VERSIONS.c.number)).where(_VERSIONS.c.ruleset == ruleset)
            ).scalar_one()
            if not isinstance(after, Anything) and after != head:
                raise HeadMovedError(
                    f'the newest version of "{ruleset}" is {_told(head)}, not {_told(after)}; '
                    "look at what was published in the meantime, then publish again",
                    head,
                )
            version = Version(
                ruleset=ruleset,
                number=(head or 0) + 1,
                fingerprint=fingerprint,
                author=author,
                message=message,
                published_at_us=now_us,
                of=of,
            )
            _write(connection, version, files)
        return version

    def head(self, ruleset: str | None = None) -> Version | None:
        """The newest version of a ruleset; None when it was never published.

        Without a name: of the only ruleset there is, else of `retail-default`.
        """
        if ruleset is None:
            heads = self.heads()
            return next(iter(heads.values())) if len(heads) == 1 else heads.get(DEFAULT_RULESET)
        asked = select(_VERSIONS).where(_VERSIONS.c.ruleset == ruleset).order_by(_VERSIONS.c.number.desc()).limit(1)
        found = self._rows(asked)
        return _version(found[0]) if found else None

    def heads(self) -> dict[str, Version]:
        """The newest version of every ruleset, by name in alphabetical order."""
        newest = select(_VERSIONS.c.ruleset, func.max(_VERSIONS.c.number).label("number"))
        newest_of = newest.group_by(_VERSIONS.c.ruleset).subquery()
        asked = (
            select(_VERSIONS)
            .join(
                newest_of,
                (_VERSIONS.c.ruleset == newest_of.c.ruleset) & (_VERSIONS.c.number == newest_of.c.number),
            )
            .order_by(_VERSIONS.c.ruleset)
        )
        return {row["ruleset"]: _version(row) for row in self._rows(asked)}

    def get(self, ruleset: str, number: int) -> Version | None:
        """One version; None when there is none of that number."""
        found = self._rows(select(_VERSIONS).where(_VERSIONS.c.ruleset == ruleset, _VERSIONS.c.number == number))
        return _version(found[0]) if found else None

    def all(self, ruleset: str) -> list[Version]:
        """Every version of a ruleset, the newest first."""
        asked = select(_VERSIONS).where(_VERSIONS.c.ruleset == ruleset).order_by(_VERSIONS.c.number.desc())
        return [_version(row) for row in self._rows(asked)]

    def texts(self, version: Version) -> tuple[SourceFile, ...]:
        """The files a version was made of: its own first, then those it uses, then its cases."""
        asked = select(_FILES).where(_FILES.c.ruleset == version.ruleset, _FILES.c.number == version.number)
        return in_order(SourceFile(row["file"], FileKind(row["kind"]), row["text"]) for row in self._rows(asked))

    def _rows(self, asked: Any) -> list[RowMapping]:
        try:
            with self._database.errors("read versions from"):
                return list(self._database.read().execute(asked).mappings())
        except StoreError:
            self._database.drop_reader()
            raise


def _write(connection: Connection, version: Version, files: Sequence[SourceFile]) -> None:
    connection.execute(
        insert(_VERSIONS),
        {
            "ruleset": version.ruleset,
            "number": version.number,
            "fingerprint": version.fingerprint,
            "author": version.author,
            "message": version.message,
            "published_at_us": version.published_at_us,
            "republished": version.of,
        },
    )
    connection.execute(
        insert(_FILES),
        [
            {
                "ruleset": version.ruleset,
                "number": version.number,
                "file": each.file,
                "kind": each.kind.value,
                "text": each.text,
            }
            for each in files
        ],
    )


def _version(row: RowMapping) -> Version:
    return Version(
        ruleset=row["ruleset"],
        number=row["number"],
        fingerprint=row["fingerprint"],
        author=row["author"],
        message=row["message"],
        published_at_us=row["published_at_us"],
        of=row["republished"],
    )


def _lock_of(ruleset: str) -> int:
    return int.from_bytes(sha256(b"suppress publish\x00" + ruleset.encode()).digest()[:8], "big", signed=True)


def _told(number: int | None) -> str:
    return "not there" if number is None else str(number)

"""The tables published rulesets are kept in: one row per version, one per file it was made of. Neither ever changes.

Triggers on both databases refuse to change or delete a row: what a decision says it was made by must stay readable.
"""

from typing import Any, Final

from sqlalchemy import CheckConstraint
from sqlmodel import Field

from suppress.stores.tables import SQLITE_OPTIONS, WHOLE, Base, key_column, text_column, whole_column

MOST_NAME: Final = 255
MOST_MESSAGE: Final = 2_000


def _number_column() -> Any:
    return Field(sa_type=WHOLE, primary_key=True, sa_column_kwargs={"autoincrement": False})


class RulesetVersionRow(Base, table=True):
    """One published version of a ruleset, numbered from 1 without gaps.

    `republished`: the number of the older version whose rules this one brings back; NULL = rules of its own.
    """

    __tablename__ = "ruleset_versions"
    __table_args__ = (
        CheckConstraint(f"length(ruleset) BETWEEN 1 AND {MOST_NAME}", name="ruleset"),
        CheckConstraint("number > 0", name="number"),
        CheckConstraint(f"length(author) BETWEEN 1 AND {MOST_NAME}", name="author"),
        CheckConstraint(f"length(message) BETWEEN 1 AND {MOST_MESSAGE}", name="message"),
        CheckConstraint("republished > 0 AND republished < number", name="republished"),
        SQLITE_OPTIONS,
    )

    ruleset: str = key_column()
    number: int = _number_column()
    fingerprint: str = text_column()
    author: str = text_column()
    message: str = text_column()
    published_at_us: int = whole_column()
    republished: int | None = whole_column()


class RulesetFileRow(Base, table=True):
    """One source file of a version, whole: the ruleset's own, one it uses, or its cases."""

    __tablename__ = "ruleset_files"
    __table_args__ = (
        CheckConstraint(f"length(file) BETWEEN 1 AND {MOST_NAME}", name="file"),
        CheckConstraint("kind IN ('ruleset', 'base', 'cases')", name="kind"),
        SQLITE_OPTIONS,
    )

    ruleset: str = key_column()
    number: int = _number_column()
    file: str = key_column()
    kind: str = text_column()
    text: str = text_column()

"""Published rulesets: numbered versions and the files they were made of, which nobody changes afterwards."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

OPTIONS = {"sqlite_strict": True, "sqlite_with_rowid": False}
TABLES = ("ruleset_versions", "ruleset_files")
_REFUSED = "a published version never changes"
_ON_POSTGRESQL = f"""
CREATE FUNCTION refuse_version_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '{_REFUSED}';
END $$
"""


def upgrade() -> None:
    """To 0007. Nothing is published."""
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    op.create_table(
        "ruleset_versions",
        _text("ruleset"),
        _whole("number"),
        *(_text(name) for name in ("fingerprint", "author", "message")),
        _whole("published_at_us"),
        _whole("republished", nullable=True),
        sa.PrimaryKeyConstraint("ruleset", "number", name="pk_ruleset_versions"),
        _check("ruleset_versions", "ruleset", "length(ruleset) BETWEEN 1 AND 255"),
        _check("ruleset_versions", "number", "number > 0"),
        _check("ruleset_versions", "author", "length(author) BETWEEN 1 AND 255"),
        _check("ruleset_versions", "message", "length(message) BETWEEN 1 AND 2000"),
        _check("ruleset_versions", "republished", "republished > 0 AND republished < number"),
        **OPTIONS,
    )
    op.create_table(
        "ruleset_files",
        _text("ruleset"),
        _whole("number"),
        *(_text(name) for name in ("file", "kind", "text")),
        sa.PrimaryKeyConstraint("ruleset", "number", "file", name="pk_ruleset_files"),
        _check("ruleset_files", "file", "length(file) BETWEEN 1 AND 255"),
        _check("ruleset_files", "kind", "kind IN ('ruleset', 'base', 'cases')"),
        **OPTIONS,
    )
    if not on_sqlite:
        op.execute(_ON_POSTGRESQL)
    for table in TABLES:
        if on_sqlite:
            for event in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_{event.lower()} BEFORE {event} ON {table}"
                    f" BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
                )
        else:
            op.execute(
                f"CREATE TRIGGER {table}_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
                " FOR EACH STATEMENT EXECUTE FUNCTION refuse_version_change()"
            )


def downgrade() -> None:
    """Back to 0006. What was published is forgotten."""
    for table in reversed(TABLES):
        op.drop_table(table)
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION refuse_version_change()")


def _text(name: str) -> sa.Column[str]:
    text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    return sa.Column(name, text, nullable=False)


def _whole(name: str, *, nullable: bool = False) -> sa.Column[int]:
    whole = sa.Integer() if op.get_bind().dialect.name == "sqlite" else sa.BigInteger()
    return sa.Column(name, whole, nullable=nullable)


def _check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))

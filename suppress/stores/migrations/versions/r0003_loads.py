"""What was loaded when: a numbered log of loads with the keys of their rows, and which order lines were corrected."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

OPTIONS = {"sqlite_strict": True, "sqlite_with_rowid": False}

# A correction counts to the load that is being written, the one after the last that was completed. The condition stands
# for ON CONFLICT, which SQLite overrules inside a trigger.
_NOTE = """
INSERT INTO line_corrections SELECT f.load_seq + 1, {row}.customer_id, {row}.sku FROM feeds f
WHERE f.source = 'orders' AND NOT EXISTS (
    SELECT 1 FROM line_corrections c
    WHERE c.load_seq = f.load_seq + 1 AND c.customer_id = {row}.customer_id AND c.sku = {row}.sku
)"""
_ON_SQLITE = {"UPDATE": ("OLD", "NEW"), "DELETE": ("OLD",)}
_ON_POSTGRESQL = f"""
CREATE FUNCTION note_line_correction() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {_NOTE.format(row="OLD")} ON CONFLICT DO NOTHING;
    IF TG_OP = 'UPDATE' THEN
        {_NOTE.format(row="NEW")} ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    """To 0003. What is there keeps load 0: a lake made before has to be rebuilt."""
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    whole = "INTEGER" if on_sqlite else "BIGINT"
    for table in ("order_lines", "feeds"):
        op.execute(f"ALTER TABLE {table} ADD COLUMN load_seq {whole} NOT NULL DEFAULT 0")
    number = sa.Integer() if on_sqlite else sa.BigInteger()
    op.create_table(
        "loads",
        _text("source"),
        sa.Column("load_seq", number, nullable=False),
        _text("token"),
        sa.Column("row_count", number, nullable=False),
        sa.Column("keys", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("source", "load_seq", name="pk_loads"),
        **OPTIONS,
    )
    op.create_table(
        "line_corrections",
        sa.Column("load_seq", number, nullable=False),
        _text("customer_id"),
        _text("sku"),
        sa.PrimaryKeyConstraint("load_seq", "customer_id", "sku", name="pk_line_corrections"),
        **OPTIONS,
    )
    if on_sqlite:
        for event, rows in _ON_SQLITE.items():
            notes = "; ".join(_NOTE.format(row=row) for row in rows)
            op.execute(f"CREATE TRIGGER order_lines_{event.lower()} AFTER {event} ON order_lines BEGIN {notes}; END")
    else:
        op.execute(_ON_POSTGRESQL)
        op.execute(
            "CREATE TRIGGER order_lines_corrected AFTER UPDATE OR DELETE ON order_lines"
            " FOR EACH ROW EXECUTE FUNCTION note_line_correction()"
        )


def downgrade() -> None:
    """Back to 0002. What was loaded when is forgotten."""
    if op.get_bind().dialect.name == "sqlite":
        for event in _ON_SQLITE:
            op.execute(f"DROP TRIGGER order_lines_{event.lower()}")
    else:
        op.execute("DROP TRIGGER order_lines_corrected ON order_lines")
        op.execute("DROP FUNCTION note_line_correction()")
    for table in ("line_corrections", "loads"):
        op.drop_table(table)
    for table in ("order_lines", "feeds"):
        op.execute(f"ALTER TABLE {table} DROP COLUMN load_seq")


def _text(name: str) -> sa.Column[str]:
    text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    return sa.Column(name, text, nullable=False)

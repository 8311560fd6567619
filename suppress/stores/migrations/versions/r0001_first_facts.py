"""Products, order lines, stock, customers with their identities, sent messages, feedback, and a feed row per source."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

OPTIONS = {"sqlite_strict": True, "sqlite_with_rowid": False}
SOURCES = ("products", "orders", "stock", "customers", "sent", "feedback")


def upgrade() -> None:
    """To 0001."""
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    whole = sa.Integer() if on_sqlite else sa.BigInteger()
    flag = sa.Integer() if on_sqlite else sa.Boolean()

    op.create_table(
        "products",
        _text("sku", required=True),
        _text("title"),
        _text("item_group_id"),
        _text("category"),
        _text("brand"),
        _text("status", required=True),
        sa.Column("replenish_days", whole),
        sa.Column("price_minor", whole),
        _text("currency"),
        _text("bundle_of", required=True),
        _text("attributes", required=True),
        sa.Column("updated_at_us", whole, nullable=False),
        sa.PrimaryKeyConstraint("sku", name="pk_products"),
        *_are_ids("products", "sku"),
        _check("products", "status", "status IN ('active', 'discontinued', 'recalled', 'hidden')"),
        **OPTIONS,
    )
    op.create_table(
        "order_lines",
        _text("order_id", required=True),
        _text("line_id", required=True),
        _text("customer_id", required=True),
        _text("sku", required=True),
        sa.Column("units", whole, nullable=False),
        sa.Column("ordered_at_us", whole, nullable=False),
        sa.Column("cancelled_units", whole, nullable=False),
        sa.Column("returned_units", whole, nullable=False),
        sa.Column("is_gift", flag, nullable=False),
        _text("channel"),
        sa.Column("unit_price_minor", whole),
        _text("currency"),
        sa.Column("updated_at_us", whole, nullable=False),
        sa.PrimaryKeyConstraint("order_id", "line_id", name="pk_order_lines"),
        *_are_ids("order_lines", "order_id", "line_id", "customer_id", "sku"),
        _check("order_lines", "units", "units <> 0"),
        _check("order_lines", "came_back", "cancelled_units >= 0 AND returned_units >= 0"),
        *([_check("order_lines", "is_gift", "is_gift IN (0, 1)")] if on_sqlite else []),
        **OPTIONS,
    )
    op.create_index(
        "ix_order_lines_history",
        "order_lines",
        [
            *("customer_id", "ordered_at_us", "sku", "units"),
            *("cancelled_units", "returned_units", "is_gift", "channel"),
        ],
    )
    only_credits = sa.text("units < 0")
    op.create_index(
        "ix_order_lines_credits",
        "order_lines",
        ["customer_id", "sku"],
        sqlite_where=only_credits,
        postgresql_where=only_credits,
    )
    op.create_table(
        "stock",
        _text("sku", required=True),
        _text("location_id", required=True),
        sa.Column("on_hand", whole, nullable=False),
        sa.Column("reserved", whole, nullable=False),
        sa.Column("safety_stock", whole, nullable=False),
        sa.Column("incoming_units", whole),
        sa.Column("incoming_at_us", whole),
        _text("availability"),
        sa.Column("updated_at_us", whole, nullable=False),
        sa.PrimaryKeyConstraint("sku", "location_id", name="pk_stock"),
        *_are_ids("stock", "sku", "location_id"),
        _check("stock", "availability", "availability IN ('in_stock', 'out_of_stock', 'preorder', 'backorder')"),
        **OPTIONS,
    )
    op.create_table(
        "customers",
        _text("customer_id", required=True),
        _text("household_id"),
        _text("country"),
        _text("region"),
        _text("time_zone"),
        _text("consent", required=True),
        _text("attributes", required=True),
        sa.Column("updated_at_us", whole, nullable=False),
        sa.PrimaryKeyConstraint("customer_id", name="pk_customers"),
        *_are_ids("customers", "customer_id"),
        **OPTIONS,
    )
    op.create_table(
        "identities",
        _text("kind", required=True),
        _text("value", required=True),
        _text("customer_id", required=True),
        sa.PrimaryKeyConstraint("kind", "value", "customer_id", name="pk_identities"),
        _check("identities", "kind", "kind IN ('email', 'phone')"),
        **OPTIONS,
    )
    op.create_index("ix_identities_customer_id", "identities", ["customer_id"])
    op.create_table(
        "sent_messages",
        _text("message_id", required=True),
        _text("customer_id", required=True),
        _text("channel"),
        _text("campaign_id"),
        sa.Column("sent_at_us", whole, nullable=False),
        _text("items", required=True),
        sa.Column("updated_at_us", whole, nullable=False),
        sa.PrimaryKeyConstraint("message_id", "customer_id", name="pk_sent_messages"),
        *_are_ids("sent_messages", "message_id", "customer_id"),
        **OPTIONS,
    )
    op.create_index("ix_sent_messages_history", "sent_messages", ["customer_id", "sent_at_us"])
    op.create_table(
        "feedback",
        _text("customer_id", required=True),
        _text("about_kind", required=True),
        _text("about", required=True),
        _text("says", required=True),
        sa.Column("updated_at_us", whole, nullable=False),
        sa.PrimaryKeyConstraint("customer_id", "about_kind", "about", "says", name="pk_feedback"),
        *_are_ids("feedback", "customer_id"),
        **OPTIONS,
    )
    feeds = op.create_table(
        "feeds",
        _text("source", required=True),
        sa.Column("as_of_us", whole),
        sa.PrimaryKeyConstraint("source", name="pk_feeds"),
        **OPTIONS,
    )
    op.bulk_insert(feeds, [{"source": source, "as_of_us": None} for source in SOURCES])


def downgrade() -> None:
    """Back to an empty database."""
    for table in (
        *("feeds", "feedback", "sent_messages", "identities", "customers"),
        *("stock", "order_lines", "products"),
    ):
        op.drop_table(table)


def _text(name: str, *, required: bool = False) -> sa.Column[str]:
    text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    return sa.Column(name, text, nullable=not required)


def _check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def _are_ids(table: str, *columns: str) -> list[sa.CheckConstraint]:
    return [_check(table, column, f"length({column}) BETWEEN 1 AND 255") for column in columns]

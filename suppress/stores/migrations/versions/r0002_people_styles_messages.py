"""What is open with a customer; indexes that find the others of a household and of a style, and count messages."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

FLAGS = ("do_not_contact", "open_case", "late_order")


def upgrade() -> None:
    """To 0002. Customers that are there keep their rows; what is open with them is unknown."""
    for name in FLAGS:
        if op.get_bind().dialect.name == "sqlite":
            # In place: Alembic would copy the table to add a column with its check.
            check = f"CONSTRAINT ck_customers_{name} CHECK ({name} IN (0, 1))"
            op.execute(f"ALTER TABLE customers ADD COLUMN {name} INTEGER {check}")
        else:
            op.add_column("customers", sa.Column(name, sa.Boolean()))
    op.create_index("ix_customers_household_id", "customers", ["household_id"])
    op.create_index("ix_products_item_group_id", "products", ["item_group_id"])
    _index_messages("customer_id", "sent_at_us", "channel", "campaign_id")


def downgrade() -> None:
    """Back to 0001. What is open with customers is forgotten."""
    _index_messages("customer_id", "sent_at_us")
    op.drop_index("ix_products_item_group_id", "products")
    op.drop_index("ix_customers_household_id", "customers")
    for name in FLAGS:
        op.drop_column("customers", name)


def _index_messages(*columns: str) -> None:
    op.drop_index("ix_sent_messages_history", "sent_messages")
    op.create_index("ix_sent_messages_history", "sent_messages", list(columns))

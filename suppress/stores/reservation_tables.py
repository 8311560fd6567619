"""The table of places in messages that use up the budget of a limited item: one row per message and sku."""

from typing import Final

from sqlalchemy import CheckConstraint, Index

from suppress.stores.tables import SQLITE_OPTIONS, Base, key_column, whole_column

MOST_ID: Final = 255


class ReservationRow(Base, table=True):
    """`places` of one message for one sku, held until `expires_at_us`, or until its customer buys the sku.

    A message without a campaign, or to nobody known, has '' there.
    """

    __tablename__ = "reservations"
    __table_args__ = (
        CheckConstraint(f"length(message_id) BETWEEN 1 AND {MOST_ID}", name="message_id"),
        CheckConstraint(f"length(sku) BETWEEN 1 AND {MOST_ID}", name="sku"),
        CheckConstraint("places > 0", name="places"),
        Index("ix_reservations_sku", "sku", "expires_at_us", "places", "reserved_at_us"),
        SQLITE_OPTIONS,
    )

    campaign_id: str = key_column()
    message_id: str = key_column()
    customer_id: str = key_column()
    sku: str = key_column()
    places: int = whole_column()
    reserved_at_us: int = whole_column()
    expires_at_us: int = whole_column()

"""The table of places in messages that use up the budget of a limited item: one row per message and sku."""

from typing import Any, Final

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from suppress.stores.tables import SQLITE_OPTIONS, TEXT, WHOLE, Base

MOST_ID: Final = 255


def _key() -> Any:
    return Field(sa_type=TEXT, primary_key=True)


def _whole() -> Any:
    return Field(sa_type=WHOLE)


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

    campaign_id: str = _key()
    message_id: str = _key()
    customer_id: str = _key()
    sku: str = _key()
    places: int = _whole()
    reserved_at_us: int = _whole()
    expires_at_us: int = _whole()

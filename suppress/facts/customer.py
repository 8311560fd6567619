"""Whom the message is for."""

from collections.abc import Mapping
from typing import NamedTuple


class Customer(NamedTuple):
    """What the shop knows about one customer; None = unknown.

    `consent`: channel -> agreed or not. `open_case`: a complaint is open; `late_order`: an order is overdue.
    """

    customer_id: str
    household_id: str | None = None
    country: str | None = None
    region: str | None = None
    time_zone: str | None = None
    consent: Mapping[str, bool] = {}
    attributes: Mapping[str, str] = {}
    do_not_contact: bool | None = None
    open_case: bool | None = None
    late_order: bool | None = None

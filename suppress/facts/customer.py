"""Whom the message is for."""

from collections.abc import Mapping
from typing import NamedTuple


class Customer(NamedTuple):
    """What the shop knows about one customer; None = unknown. `consent`: channel -> agreed or not."""

    customer_id: str
    household_id: str | None = None
    country: str | None = None
    region: str | None = None
    time_zone: str | None = None
    consent: Mapping[str, bool] = {}
    attributes: Mapping[str, str] = {}

"""Imported rows in their clean, typed form: what `intake` makes of a file and `stores` writes, one type per source.

Every record has `updated_at_us`, its own time: of two records with the same key the newer one wins, whatever the order
of arrival; on equal times the one that came first stays. Ids are clean (`facts.ids`), times are microseconds since 1970
UTC. NamedTuples, because millions pass through an import and their fields go to the database in this order.
"""

from typing import NamedTuple


class ProductRecord(NamedTuple):
    """One product. `bundle_of` (list of skus) and `attributes` (flat map of text) are JSON text."""

    sku: str
    title: str | None
    item_group_id: str | None
    category: str | None
    brand: str | None
    status: str
    replenish_days: int | None
    price_minor: int | None
    currency: str | None
    bundle_of: str
    attributes: str
    updated_at_us: int


class OrderRecord(NamedTuple):
    """One order line; negative `units` make it a credit note that names no line. Key: order_id and line_id."""

    order_id: str
    line_id: str
    customer_id: str
    sku: str
    units: int
    ordered_at_us: int
    cancelled_units: int
    returned_units: int
    is_gift: bool
    channel: str | None
    unit_price_minor: int | None
    currency: str | None
    updated_at_us: int


class StockRecord(NamedTuple):
    """One stock figure. Key: sku and location_id."""

    sku: str
    location_id: str
    on_hand: int
    reserved: int
    safety_stock: int
    incoming_units: int | None
    incoming_at_us: int | None
    availability: str | None
    updated_at_us: int


class CustomerRecord(NamedTuple):
    """One customer. `consent` (channel -> bool) and `attributes` (flat map of text) are JSON text.

    `identities`: (kind, value) pairs in compared form, kind `email` or `phone`.
    """

    customer_id: str
    household_id: str | None
    country: str | None
    region: str | None
    time_zone: str | None
    consent: str
    attributes: str
    do_not_contact: bool | None
    open_case: bool | None
    late_order: bool | None
    updated_at_us: int
    identities: tuple[tuple[str, str], ...]


class SentRecord(NamedTuple):
    """One message that was sent. `items` (list of skus) is JSON text. Key: message_id and customer_id."""

    message_id: str
    customer_id: str
    channel: str | None
    campaign_id: str | None
    sent_at_us: int
    items: str
    updated_at_us: int


class FeedbackRecord(NamedTuple):
    """What a customer said of a sku or category. Key: customer_id, about and says."""

    customer_id: str
    about_kind: str
    about: str
    says: str
    updated_at_us: int


Record = ProductRecord | OrderRecord | StockRecord | CustomerRecord | SentRecord | FeedbackRecord

"""What was sent: the messages a customer got before, and the items they showed."""

from typing import NamedTuple


class SentItem(NamedTuple):
    """An item of an earlier message; style and category are those of today's catalogue, None = it does not say."""

    sku: str
    item_group: str | None = None
    category: str | None = None


class SentMessage(NamedTuple):
    """One message sent to the customer. `items` may lack those that match no item of the message being checked."""

    message_id: str
    sent_at_us: int
    channel: str | None = None
    campaign_id: str | None = None
    items: tuple[SentItem, ...] = ()

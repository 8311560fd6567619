"""The message a campaign system wants checked: to whom, when, and which items it would like to show.

Values clean themselves on construction (ids normalised, naive times refused), so that everything behind the border can
trust them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from suppress.errors import FactsError
from suppress.facts.ids import clean_id, clean_text
from suppress.facts.instants import to_us


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One recommended product in one place of the message."""

    sku: str
    placement: str | None = None
    score: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "sku", clean_id(self.sku, "sku"))
        if self.placement is not None:
            object.__setattr__(self, "placement", clean_id(self.placement, "placement"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One outgoing message. The recipient is a `customer_id`, or an `email` or `phone` to find the customer by.

    `slots`: places to fill; None = as many as items. `replacements`: skus to fill free slots with, best first.
    `send_at`: aware; the decision is taken as of this instant. Raises FactsError for values that cannot be right.
    """

    items: tuple[Item, ...]
    customer_id: str | None = None
    email: str | None = None
    phone: str | None = None
    message_id: str | None = None
    channel: str | None = None
    campaign_id: str | None = None
    campaign_tags: tuple[str, ...] = ()
    send_at: datetime | None = None
    slots: int | None = None
    replacements: tuple[str, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)

    if TYPE_CHECKING:
        # What `@dataclass` makes takes skus, too; whoever reads `items` meets Items alone.
        def __init__(  # noqa: PLR0913 - one for each field
            self,
            *,
            items: tuple[Item | str, ...],
            customer_id: str | None = None,
            email: str | None = None,
            phone: str | None = None,
            message_id: str | None = None,
            channel: str | None = None,
            campaign_id: str | None = None,
            campaign_tags: tuple[str, ...] = (),
            send_at: datetime | None = None,
            slots: int | None = None,
            replacements: tuple[str, ...] = (),
            attributes: Mapping[str, str] = ...,
        ) -> None: ...

    def __post_init__(self) -> None:
        put = object.__setattr__
        for name in ("items", "replacements", "campaign_tags"):
            if type(getattr(self, name)) is not tuple:
                _refuse_no_list(getattr(self, name), name)
        put(self, "items", tuple(item if isinstance(item, Item) else Item(sku=item) for item in self.items))
        put(self, "replacements", tuple(clean_id(sku, "replacement sku") for sku in self.replacements))
        for name in ("customer_id", "message_id", "channel", "campaign_id"):
            value = getattr(self, name)
            if value is not None:
                put(self, name, clean_id(value, name))
        put(self, "campaign_tags", tuple(clean_id(tag, "campaign tag") for tag in self.campaign_tags))
        for name in ("email", "phone"):
            if getattr(self, name) is not None:
                clean_text(getattr(self, name), name)
        if self.attributes:
            put(
                self,
                "attributes",
                {name: clean_text(text, f"attribute {name}") for name, text in self.attributes.items()},
            )
        if self.customer_id is None and self.email is None and self.phone is None:
            raise FactsError("a message needs a recipient: customer_id, email or phone")
        if self.slots is not None and (isinstance(self.slots, bool) or self.slots < 0):
            raise FactsError(f"slots is {self.slots}; it must be a whole number, 0 or more")
        if self.send_at is not None:
            to_us(self.send_at)


def _refuse_no_list(value: object, name: str) -> None:
    """Raises FactsError. Python takes a text for a list of its letters: each would be asked about."""
    if isinstance(value, str | bytes):
        raise FactsError(f'{name} must be a list like ("A-1",), not one text')
    if not isinstance(value, Iterable):
        raise FactsError(f'{name} must be a list like ("A-1",), not {type(value).__name__}')

"""Turn facts into the values rules compare that belong to the whole message: its own, its customer's, its campaign's.

A value is read when it is asked for and kept. Every such name of the vocabulary has a reader in the table at the end; a
test says which is forgotten.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Final

from suppress.decisions.decision import Why
from suppress.engine.evaluate import Seen, Truth
from suppress.engine.outreach import Outreach
from suppress.engine.purchases import Purchases
from suppress.engine.shared import SharedFacts, UnknownFact
from suppress.facts.attributes import value_of
from suppress.facts.fields import FieldType, label_of
from suppress.facts.local_time import clock_us, day_number, weekday
from suppress.facts.snapshot import Snapshot, Source
from suppress.rules.tree import Bought, Past, Sent

_OF_MESSAGE: Final = "message.attributes."
_OF_CUSTOMER: Final = "customer.attributes."
_CONSENT: Final = "customer.consent."


class MessageValues:
    """The values of one message's own fields. `items_kept` is None until the items are decided.

    `at_us` moves clocks, calendars and windows to a later instant while every other fact stays as it is at `as_of`.
    """

    __slots__ = ("_fields", "_known", "at_us", "dropped_codes", "items_kept", "outreach", "purchases", "shared")

    def __init__(
        self,
        shared: SharedFacts,
        items_kept: int | None = None,
        dropped_codes: tuple[str, ...] = (),
        at_us: int | None = None,
        purchases: Purchases | None = None,
        outreach: Outreach | None = None,
    ) -> None:
        self.shared = shared
        self.items_kept = items_kept
        self.dropped_codes = dropped_codes
        self.at_us = shared.as_of_us if at_us is None else at_us
        self.purchases = Purchases(shared) if purchases is None else purchases
        self.outreach = Outreach(shared, self.at_us) if outreach is None else outreach
        self._fields: dict[str, Seen] = {}
        self._known: dict[int, Truth] = {}

    def later(self, at_us: int) -> "MessageValues":
        """The same facts with clocks, calendars and windows as of a later instant."""
        purchases, outreach = self.purchases, self.outreach.later(at_us)
        return MessageValues(self.shared, self.items_kept, self.dropped_codes, at_us, purchases, outreach)

    def field(self, name: str) -> Seen:
        """The value of a message, customer or campaign field; None = unknown."""
        known = self._fields
        if name in known:
            return known[name]
        known[name] = value = message_reader(name)(self)
        return value

    def past(self, node: Past) -> Truth:
        """Whether so many messages were sent. What is about an item is never asked: validation keeps it out."""
        if not isinstance(node, Sent):
            raise NotImplementedError(node)
        known = self._known
        key = id(node)
        if key not in known:
            known[key] = self.outreach.sent(node)
        return known[key]

    def never_bought(self, node: Bought) -> bool:
        """Never asked: `bought` is about an item, and validation keeps it out of message rules."""
        raise NotImplementedError(node)

    def why_unknown(self, what: "str | Past") -> UnknownFact:
        """Why that field or condition has no value."""
        shared = self.shared
        if isinstance(what, Sent):
            lacking = self.outreach.lacks(what)
            problem = self.outreach.problem()
            return problem or UnknownFact(lacking or Source.SENT.value, None, Why.MISSING)
        name = str(what)
        problem = None
        if name == "customer.id":
            problem = shared.recipient_problem()
        elif name.startswith("customer."):
            problem = shared.customer_problem()
        return problem or UnknownFact(label_of(name), None, Why.MISSING)


def _customer(attribute: str) -> Callable[[MessageValues], Seen]:
    def read(values: MessageValues) -> Seen:
        customer = values.shared.customer()
        return None if customer is None else getattr(customer, attribute)

    return read


def _consent_to(channel: str | None) -> Callable[[MessageValues], Seen]:
    """Consent to a channel, or (None) to the message's own."""

    def read(values: MessageValues) -> Seen:
        customer = values.shared.customer()
        wanted = values.shared.snapshot.message.channel if channel is None else channel
        if customer is None or wanted is None:
            return None
        agreed: bool | None = customer.consent.get(wanted)
        return agreed

    return read


def _local_time(values: MessageValues) -> Seen:
    values.shared.note_next_clock()
    return clock_us(values.at_us, values.shared.zone())


def _local_weekday(values: MessageValues) -> Seen:
    values.shared.note_next_midnight()
    return weekday(values.at_us, values.shared.zone())


def _local_date(values: MessageValues) -> Seen:
    values.shared.note_next_midnight()
    return day_number(values.at_us, values.shared.zone())


def attribute_reader(name: str, prefix: str) -> Callable[[Mapping[str, str], SharedFacts], Seen]:
    """What reads an attribute from all there are, as the type its ruleset declares."""
    plain = label_of(name)
    type_ = FieldType(name.rpartition(" as ")[2]) if plain != name else FieldType.TEXT
    attribute = plain.removeprefix(prefix)
    return lambda texts, shared: value_of(texts.get(attribute), type_, shared.terms.choices.get(name, ()))


def _customer_attribute(name: str) -> Callable[[MessageValues], Seen]:
    read_from = attribute_reader(name, _OF_CUSTOMER)

    def read(values: MessageValues) -> Seen:
        customer = values.shared.customer()
        return None if customer is None else read_from(customer.attributes, values.shared)

    return read


@cache
def message_reader(name: str) -> Callable[[MessageValues], Seen]:
    """What reads a field of the message, its customer or its campaign. Raises KeyError for a name nobody knows."""
    if name.startswith(_OF_MESSAGE):
        of_message = attribute_reader(name, _OF_MESSAGE)
        return lambda values: of_message(values.shared.snapshot.message.attributes, values.shared)
    if name.startswith(_OF_CUSTOMER):
        return _customer_attribute(name)
    if name.startswith(_CONSENT):
        return _consent_to(name.removeprefix(_CONSENT))
    return MESSAGE_READERS[name]


def slots_of(snapshot: Snapshot) -> int:
    """Places in the message: as stated, else as many as items."""
    message = snapshot.message
    return len(message.items) if message.slots is None else message.slots


MESSAGE_READERS: Final[Mapping[str, Callable[[MessageValues], Seen]]] = {
    "customer.known": lambda values: values.shared.snapshot.customer_id is not None,
    "customer.id": lambda values: values.shared.snapshot.customer_id,
    "customer.household_id": _customer("household_id"),
    "customer.country": _customer("country"),
    "customer.region": _customer("region"),
    "customer.time_zone": _customer("time_zone"),
    "customer.consent": _consent_to(None),
    "customer.do_not_contact": _customer("do_not_contact"),
    "customer.open_case": _customer("open_case"),
    "customer.late_order": _customer("late_order"),
    "message.channel": lambda values: values.shared.snapshot.message.channel,
    "message.slots": lambda values: slots_of(values.shared.snapshot),
    "message.items_asked": lambda values: len(values.shared.snapshot.message.items),
    "message.items_kept": lambda values: values.items_kept,
    "message.dropped_code": lambda values: values.dropped_codes,
    "message.local_time": _local_time,
    "message.local_weekday": _local_weekday,
    "message.local_date": _local_date,
    "campaign.id": lambda values: values.shared.snapshot.message.campaign_id,
    "campaign.tag": lambda values: values.shared.snapshot.message.campaign_tags,
}

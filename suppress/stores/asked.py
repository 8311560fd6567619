"""What a message asks of the store: its skus, its instant, and whom it is for, found or not."""

from collections.abc import Mapping
from typing import NamedTuple

from suppress.decisions.decision import Why
from suppress.errors import FactsError
from suppress.facts.customer import Customer
from suppress.facts.identity import normal_email, normal_phone
from suppress.facts.message import Message
from suppress.facts.snapshot import MOST_MEMBERS, Source

Address = tuple[str, str]


class Asked(NamedTuple):
    """One message, when, and what it asks for. `address`: what to find the customer by, in compared form."""

    message: Message
    as_of_us: int
    address: Address | None
    skus: tuple[str, ...]


class Recipient(NamedTuple):
    """Whom a message is for. `customer_id` is None when nobody was found, `problem` says why; None = known by id alone.

    `others`: who else is in the household, where rules ask for it; nobody when `is_in_a_crowd`.
    """

    customer_id: str | None
    problem: Why | None
    customer: Customer | None
    others: tuple[str, ...] = ()
    is_in_a_crowd: bool = False


class People(NamedTuple):
    """The first answer: feeds, customers by id, for each address whom it leads to, and the members of households."""

    feeds_us: Mapping[Source, int | None]
    by_id: Mapping[str, Customer]
    by_address: Mapping[Address, Recipient]
    members: Mapping[str, set[str]]


MISSING = Recipient(None, Why.MISSING, None)


def asked_of(message: Message, as_of_us: int) -> Asked:
    """What the message asks for at `as_of_us`. An address nobody can have is None, like none at all."""
    skus = tuple(dict.fromkeys([*(item.sku for item in message.items), *message.replacements]))
    address: Address | None = None
    if message.customer_id is None:
        try:
            if message.email is not None:
                address = ("email", normal_email(message.email))
            else:
                address = ("phone", normal_phone(message.phone or ""))
        except FactsError:
            address = None
    return Asked(message, as_of_us, address, skus)


def recipient_of(one: Asked, people: People) -> Recipient:
    """Whom the message is for, with the others of the household."""
    customer_id = one.message.customer_id
    if customer_id is not None:
        found = Recipient(customer_id, None, people.by_id.get(customer_id))
    else:
        found = MISSING if one.address is None else people.by_address.get(one.address, MISSING)
    if people.members and found.customer is not None and found.customer.household_id is not None:
        members = people.members.get(found.customer.household_id, set())
        if len(members) > MOST_MEMBERS:
            return found._replace(is_in_a_crowd=True)
        return found._replace(others=tuple(sorted(members - {found.customer_id})))
    return found

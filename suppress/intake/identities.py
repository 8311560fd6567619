"""Turn addresses into the form identities are compared in, fast, and find the customers they belong to.

The answers are those of `facts.identity`; plain e-mail addresses merely get there without the full parser, whose
verdict on each domain is remembered.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from typing import Final

from suppress.errors import FactsError
from suppress.facts.identity import normal_email, normal_phone

Identity = tuple[str, str]
"""A kind, `email` or `phone`, and a value in compared form."""

Resolve = Callable[[Collection[Identity]], Mapping[Identity, Sequence[str]]]
"""All customers that have each of these identities; an identity nobody has is left out."""

_PLAIN_LOCAL: Final = re.compile(r"[A-Za-z0-9_-]+(?:[.+][A-Za-z0-9_-]+)*")
_PLAIN_LENGTH: Final = 64


def compared_email(text: str) -> str:
    """`facts.identity.normal_email`, quicker for plain addresses. Raises FactsError."""
    local, _, domain = text.rpartition("@")
    if len(local) <= _PLAIN_LENGTH and len(domain) <= _PLAIN_LENGTH and _PLAIN_LOCAL.fullmatch(local):
        known = _normal_domain(domain)
        if known is not None:
            return f"{local.lower()}@{known}"
    return normal_email(text)


@lru_cache(maxsize=20_000)
def _normal_domain(domain: str) -> str | None:
    if not domain.isascii():
        return None
    try:
        return normal_email(f"a@{domain}").partition("@")[2]
    except FactsError:
        return None


def identities_of(email: str | None, phone: str | None, country: str | None) -> tuple[Identity, ...]:
    """The identities of one row, e-mail first. Raises FactsError when one of them cannot be read."""
    found: list[Identity] = []
    if email:
        found.append(("email", compared_email(email)))
    if phone:
        found.append(("phone", normal_phone(phone, country)))
    return tuple(found)


def only_customer(identities: Sequence[Identity], known: Mapping[Identity, Sequence[str]]) -> str:
    """The one customer these identities point to. Raises FactsError, without repeating an address."""
    customers = {customer for identity in identities for customer in known.get(identity, ())}
    kinds = " or ".join(kind for kind, _ in identities)
    if not customers:
        raise FactsError(f"nobody is known by this {kinds}; import customers first, or give the customer_id")
    if len(customers) > 1:
        raise FactsError(f"{len(customers)} customers are known by this {kinds}; give the customer_id")
    return customers.pop()

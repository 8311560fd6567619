"""Persons who meet a change, told in words or as JSON: an Example in, lines or a map out.

For pages that others read, ids are told as a hash under a key that is thrown away with the page: nobody can try out ids
until one fits, nor follow a person from page to page. Facts about the customer are left out there as well.
"""

import secrets
import textwrap
from collections.abc import Iterator
from hashlib import blake2b
from typing import Any, Final, NamedTuple

from suppress.decisions.decision import Outcome
from suppress.replay.report import Example, Side

WIDTH: Final = 100
MOST_DROPPED_SHOWN: Final = 6

_WORDS: Final = {"send": "sent", "hold": "held", "suppress": "suppressed", "keep": "kept", "drop": "dropped"}


_MAY_BE_TOLD: Final = ("item.", "stock.", "message.", "campaign.")
_OF_CUSTOMERS: Final = ("item.replenishment_due", "message.local_")
"""Facts that bear another name and still tell what the customer bought, or where the customer lives."""


class Names(NamedTuple):
    """How persons and messages are called on one page. `key`: 16 to 64 random bytes, of that page alone."""

    plain: bool
    key: bytes

    def person(self, customer_id: str | None) -> str:
        """The customer's id, or a word for it."""
        if customer_id is None:
            return "somebody nobody knows"
        return customer_id if self.plain else f"person-{self._hashed(customer_id)}"

    def message(self, message_id: str) -> str:
        """The message's id, or a word for it."""
        return message_id if self.plain else f"message-{self._hashed(message_id)}"

    def may_tell(self, field: str) -> bool:
        """Whether what was seen of a field may stand on the page."""
        return self.plain or (field.startswith(_MAY_BE_TOLD) and not field.startswith(_OF_CUSTOMERS))

    def _hashed(self, id_: str) -> str:
        return blake2b(id_.encode("utf-8", "surrogatepass"), key=self.key, digest_size=5).hexdigest()


def names_of_a_page(*, plain: bool) -> Names:
    """Names for one page: the same person is called the same on it, and otherwise on the next."""
    return Names(plain=plain, key=secrets.token_bytes(32))


def example_lines(example: Example, names: Names) -> Iterator[str]:
    """Who, in which message, and what became of it before and now, each with the sentence that decided."""
    where = f", {names.message(example.message_id)}" if example.message_id else ""
    campaign = f" of {example.campaign_id}" if example.campaign_id else ""
    what = f": {example.sku}" if example.sku else ""
    yield from _wrapped(f"{names.person(example.customer_id)}{where}{campaign}{what}", "  ", "      ")
    yield from _wrapped(f"before: {_side_words(example.old, names)}", "    ", " " * 12)
    yield from _wrapped(f"now:    {_side_words(example.new, names)}", "    ", " " * 12)


def example_told(example: Example, names: Names) -> dict[str, Any]:
    """The same for programs."""
    return {
        "person": None if example.customer_id is None else names.person(example.customer_id),
        "message_id": None if example.message_id is None else names.message(example.message_id),
        "campaign_id": example.campaign_id,
        "sku": example.sku,
        "before": _side_told(example.old, names),
        "now": _side_told(example.new, names),
    }


def _side_words(side: Side, names: Names) -> str:
    words = _WORDS[side.verdict]
    lost = [f"{sku} by {rule}" for sku, rule in side.dropped]
    if len(lost) > MOST_DROPPED_SHOWN:
        lost[MOST_DROPPED_SHOWN:] = [f"and {len(lost) - MOST_DROPPED_SHOWN} more"]
    dropped = f" Dropped: {', '.join(lost)}." if lost else ""
    if side.rule is None:
        return f"{words}.{dropped}"
    seen = [
        f"{evidence.field} {_seen(evidence.seen)}"
        for evidence in side.evidence
        if evidence.seen is not None and names.may_tell(evidence.field)
    ]
    unknown = " Facts it needs are unknown." if side.outcome is Outcome.UNKNOWN else ""
    told = f" Seen: {'; '.join(seen)}." if seen else ""
    return f"{words} by {side.rule}: {side.sentence}{unknown}{told}{dropped}"


def _side_told(side: Side, names: Names) -> dict[str, Any]:
    return {
        "verdict": side.verdict,
        "rule": side.rule,
        "code": side.code,
        "sentence": side.sentence,
        "outcome": None if side.outcome is None else side.outcome.value,
        "dropped": [{"sku": sku, "rule": rule} for sku, rule in side.dropped],
        "evidence": [
            {"field": evidence.field, "seen": evidence.seen, "wanted": evidence.wanted}
            for evidence in side.evidence
            if names.may_tell(evidence.field)
        ],
    }


def _seen(value: str | int | bool) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _wrapped(text: str, first: str, others: str) -> Iterator[str]:
    yield from textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=others, break_on_hyphens=False)

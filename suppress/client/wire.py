"""Turn Messages into the JSON a service reads, and its answers into Decisions."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

import orjson

from suppress.decisions.decision import Decision
from suppress.decisions.decision_json import decision_from
from suppress.facts.message import Message

BATCH_MESSAGES: Final = 200
BATCH_ITEMS: Final = 10_000
BATCH_BYTES: Final = 4 << 20
"""Items (replacements included) and bytes in one request: half of what a service takes."""
INCLUDE: Final = ["reasons", "sentences", "evidence"]
_SAID: Final = ("customer_id", "email", "phone", "message_id", "channel", "campaign_id", "slots")


class Asked(NamedTuple):
    """A message, and the JSON a service reads."""

    message: Message
    text: bytes


def asked(message: Message, as_of: datetime | None) -> Asked:
    """The message as it is asked about, decided as of `as_of`, else its own `send_at`, else now."""
    told: dict[str, Any] = {"items": [_item(item.sku, item.placement, item.score) for item in message.items]}
    told |= {name: value for name in _SAID if (value := getattr(message, name)) is not None}
    at = as_of or message.send_at
    if at is not None:
        told["send_at"] = at.isoformat()
    if message.campaign_tags:
        told["campaign_tags"] = list(message.campaign_tags)
    if message.replacements:
        told["replacements"] = list(message.replacements)
    if message.attributes:
        told["attributes"] = dict(message.attributes)
    return Asked(message, orjson.dumps(told))


def batches(messages: Iterable[Asked]) -> Iterator[list[Asked]]:
    """The messages in lists that fit into one request, in order; each is made when it is asked for."""
    batch: list[Asked] = []
    items = size = 0
    for one in messages:
        more = len(one.message.items) + len(one.message.replacements)
        is_full = len(batch) == BATCH_MESSAGES or items + more > BATCH_ITEMS or size + len(one.text) > BATCH_BYTES
        if batch and is_full:
            yield batch
            batch, items, size = [], 0, 0
        batch.append(one)
        items += more
        size += len(one.text)
    if batch:
        yield batch


def body_of_one(one: Asked, options: Mapping[str, Any]) -> bytes:
    """The body that asks about one message."""
    return b"%b,%b" % (one.text[:-1], orjson.dumps(options)[1:])


def body_of_many(batch: Iterable[Asked], options: Mapping[str, Any]) -> bytes:
    """The body that asks about many."""
    return b'{"messages":[%b],%b' % (b",".join(one.text for one in batch), orjson.dumps(options)[1:])


def decisions_of(answer: object, count: int) -> list[Decision]:
    """The decisions of an answer to one message, or to many. Raises ValueError when they are not `count` decisions."""
    if not isinstance(answer, Mapping):
        raise ValueError("this is no answer of a service")
    told = answer.get("decisions", [answer])
    if not isinstance(told, list) or len(told) != count:
        raise ValueError(f"{count} decisions are wanted, and something else came")
    return [decision_from(one) for one in told]


def _item(sku: str, placement: str | None, score: float | None) -> dict[str, Any] | str:
    if placement is None and score is None:
        return sku
    return {"sku": sku, "placement": placement, "score": score}

"""Make the messages that are measured: seeded, mostly popular items, some the customer bought or was shown before."""

import json
import zlib

import numpy as np

from scripts.benchmarks.rules import CAMPAIGNS, CHANNELS, TAGS
from scripts.benchmarks.shop import AS_OF, Shop
from suppress import Item, Message
from suppress.stores.database import Database

OWN_SHARE = 0.12
"""Share of items that the customer bought before, or that are of a style the customer bought."""
SHOWN_SHARE = 0.05
"""Share of items that an earlier message to the customer held, or that are of a style shown there."""


def make_messages(shop: Shop, database: Database, customers: list[str], items: int, count: int) -> list[Message]:
    """`count` messages to customers drawn from the list, each with so many different items. Reads a SQLite store."""
    rng = np.random.default_rng((shop.spec.seed, 9, items, count, zlib.crc32(customers[0].encode())))
    messages = []
    for number in range(count):
        customer_id = customers[int(rng.integers(len(customers)))]
        bought, shown = _numbers(_bought(database, customer_id)), _numbers(_shown(database, customer_id))
        chosen: dict[int, None] = {}
        while len(chosen) < items:
            chance = rng.random()
            known = bought if chance < OWN_SHARE else shown if chance < OWN_SHARE + SHOWN_SHARE else []
            like = shop.sibling(rng, known[int(rng.integers(len(known)))]) if known else shop.draw_skus(rng, 1)[0]
            chosen[like] = None
        campaign = CAMPAIGNS[int(rng.integers(len(CAMPAIGNS)))]
        messages.append(
            Message(
                message_id=f"m-{number}",
                customer_id=customer_id,
                channel=CHANNELS[int(rng.integers(len(CHANNELS)))],
                campaign_id=campaign,
                campaign_tags=TAGS.get(campaign, ()),
                send_at=AS_OF,
                items=tuple(Item(sku=shop.catalogue.skus[sku_number]) for sku_number in chosen),
            )
        )
    return messages


def _bought(database: Database, customer_id: str) -> list[str]:
    statement = "SELECT sku FROM order_lines WHERE customer_id = ? ORDER BY order_id, line_id"
    return [row[0] for row in database.read().exec_driver_sql(statement, (customer_id,))]


def _shown(database: Database, customer_id: str) -> list[str]:
    statement = "SELECT items FROM sent_messages WHERE customer_id = ? ORDER BY message_id"
    found = database.read().exec_driver_sql(statement, (customer_id,))
    return [sku for row in found for sku in json.loads(row[0])]


def _numbers(skus: list[str]) -> list[int]:
    return [int(sku[4:]) for sku in skus]

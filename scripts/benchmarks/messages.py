"""Make the messages that are measured: seeded, mostly popular items, some the customer bought before or nearly did."""

import zlib

import numpy as np

from scripts.benchmarks.rules import CAMPAIGNS, CHANNELS
from scripts.benchmarks.shop import AS_OF, Shop
from suppress import Item, Message
from suppress.stores.database import Database

OWN_SHARE = 0.12
"""Share of items that the customer bought before, or that are of a style the customer bought."""


def make_messages(shop: Shop, database: Database, customers: list[str], items: int, count: int) -> list[Message]:
    """`count` messages to customers drawn from the list, each with so many different items."""
    rng = np.random.default_rng((shop.spec.seed, 9, items, count, zlib.crc32(customers[0].encode())))
    messages = []
    for number in range(count):
        customer_id = customers[int(rng.integers(len(customers)))]
        bought = [int(sku[4:]) for sku in _bought(database, customer_id)]
        chosen: dict[int, None] = {}
        while len(chosen) < items:
            if bought and rng.random() < OWN_SHARE:
                sku_number = shop.sibling(rng, bought[int(rng.integers(len(bought)))])
            else:
                sku_number = shop.draw_skus(rng, 1)[0]
            chosen[sku_number] = None
        messages.append(
            Message(
                message_id=f"m-{number}",
                customer_id=customer_id,
                channel=CHANNELS[int(rng.integers(len(CHANNELS)))],
                campaign_id=CAMPAIGNS[int(rng.integers(len(CAMPAIGNS)))],
                send_at=AS_OF,
                items=tuple(Item(sku=shop.catalogue.skus[sku_number]) for sku_number in chosen),
            )
        )
    return messages


def _bought(database: Database, customer_id: str) -> list[str]:
    mark = "?" if database.dialect == "sqlite" else "%s"
    statement = f"SELECT sku FROM order_lines WHERE customer_id = {mark} ORDER BY order_id, line_id"
    return [row[0] for row in database.read().exec_driver_sql(statement, (customer_id,))]

"""A dense shop, where every message has purchases, messages and feedback that concern it and others that do not."""

import json
import random
from itertools import count

from suppress.facts.book import FactBook
from suppress.facts.message import Message
from suppress.facts.records import (
    CustomerRecord,
    FeedbackRecord,
    OrderRecord,
    ProductRecord,
    Record,
    SentRecord,
    StockRecord,
)
from suppress.facts.snapshot import FactNeeds
from suppress.stores.database import Database
from suppress.stores.facts import FactStore
from tests.stores import shops
from tests.stores.test_facts import EVERYTHING

PEOPLE = 12
SKUS = tuple(f"s{number}" for number in range(60))
SAYINGS = ("already_own", "not_interested", "bought_as_gift")

WANTED = {
    "lines of the household": FactNeeds(history_by=frozenset({"sku"}), household=True, history_window_us=40),
    "brands of the household": FactNeeds(history_by=frozenset({"brand"}), household=True, order_ids=True),
    "orders": FactNeeds(history_by=frozenset({"sku"}), order_ids=True),
    "components": FactNeeds(history_by=frozenset({"component"}), history_window_us=60),
    "components of the household": FactNeeds(history_by=frozenset({"component", "sku"}), household=True),
    "styles": FactNeeds(group_stock=True),
    "stock of styles": FactNeeds(stock=True, group_stock=True, customer=True),
    "messages": FactNeeds(sent=True, sent_window_us=50),
    "shown skus": FactNeeds(sent=True, sent_by=frozenset({"sku"}), sent_window_us=30),
    "shown styles": FactNeeds(sent=True, sent_by=frozenset({"item_group"})),
    "shown categories": FactNeeds(sent=True, sent_by=frozenset({"sku", "category"}), sent_window_us=70),
    "feedback": FactNeeds(feedback=True),
    "lines and messages": FactNeeds(
        history_by=frozenset({"category"}), history_window_us=20, sent=True, sent_window_us=80
    ),
    "everything": EVERYTHING,
}


def dense_shop(rng: random.Random) -> list[list[Record]]:
    numbers = count()
    addresses = [("email", f"c{who}@shop.ch") for who in range(PEOPLE)]
    return [
        [
            ProductRecord(
                sku, None, rng.choice((None, f"g{number // 4}", f"s{number // 4}")),
                rng.choice((None, f"k{number // 9}")), f"b{number // 20}", "active", None, None, None,
                json.dumps(rng.sample(SKUS, 3)) if rng.random() < 0.2 else "[]", "{}", 1,
            )
            for number, sku in enumerate(SKUS[:50])
        ],
        [StockRecord(sku, place, 1, 0, 0, None, None, None, 1) for sku in SKUS for place in ("all", "north")],
        [
            CustomerRecord(
                f"c{who}", rng.choice((None, "h1", "h2")), None, None, None, "{}", "{}",
                *rng.choices((True, False, None), k=3), 1,
                (addresses[who], addresses[0]) if rng.random() < 0.1 else (addresses[who],),
            )
            for who in range(PEOPLE)
        ],
        [
            OrderRecord(f"o{next(numbers) // 2}", str(next(numbers)), f"c{rng.randrange(PEOPLE)}", rng.choice(SKUS),
                        rng.choice((1, 2, -1)),
                        rng.randrange(900, 1_010), 0, 0, rng.random() < 0.3, "web", None, None, 1)
            for _ in range(900)
        ],
        [
            SentRecord(f"m{rng.randrange(100)}", f"c{rng.randrange(PEOPLE)}", rng.choice((None, "email")), None,
                       rng.randrange(900, 1_010), json.dumps(rng.choices(SKUS, k=rng.randrange(8))), 1)
            for _ in range(200)
        ],
        [
            FeedbackRecord(f"c{rng.randrange(PEOPLE)}", "sku", rng.choice(SKUS), rng.choice(SAYINGS),
                           rng.randrange(900, 1_010))
            for _ in range(200)
        ] + [
            FeedbackRecord(f"c{rng.randrange(PEOPLE)}", "category", f"k{rng.randrange(9)}", rng.choice(SAYINGS),
                           rng.randrange(900, 1_010))
            for _ in range(60)
        ],
    ]  # fmt: skip


def messages(rng: random.Random) -> list[tuple[Message, int]]:
    """Thirty messages to few people at several instants, some of them without an item."""
    return [
        (
            Message(
                items=tuple(rng.sample(SKUS, rng.randrange(4))),
                replacements=tuple(rng.sample(SKUS, rng.randrange(2))),
                **rng.choice(({"customer_id": f"c{who}"}, {"email": f"C{who}@Shop.ch"})),
            ),
            rng.randrange(950, 1_005),
        )
        for who in rng.choices(range(PEOPLE + 1), k=30)
    ]


def test_dense_shop(database: Database, seed: int) -> None:
    """For all that rules can need, the store says what the book says: for each message alone, and for all together."""
    rng = random.Random(seed)
    shop, asked = dense_shop(rng), messages(rng)
    shops.fill(database, shop)
    book = FactBook()
    for records in shop:
        book.add(records)
    for name, needs in WANTED.items():
        store = FactStore(database, needs)
        expected = [shops.reduced(book.snapshot(*one, needs), needs) for one in asked]

        assert expected == [shops.comparable(store.snapshot(*one)) for one in asked], name
        with shops.counted(database) as sent:
            together = store.snapshots(asked)
        assert expected == [shops.comparable(one) for one in together], name
        assert len(sent) <= 3

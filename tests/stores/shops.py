"""Small shops to fill a store and a FactBook with: random ones for Hypothesis, and helpers to compare what both say."""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from hypothesis import strategies as st

from suppress.facts.history import OrderLine
from suppress.facts.message import Item, Message
from suppress.facts.records import CustomerRecord, OrderRecord, ProductRecord, Record, StockRecord
from suppress.facts.snapshot import FactNeeds, Snapshot, Source
from suppress.stores.database import Database
from suppress.stores.load import TARGETS, Loader

AS_OF_US = 1_000
SKUS = ("A", "a", "B'; DROP TABLE order_lines;--", "50%_off", "Größe", "עברית")
CUSTOMERS = ("c1", "C1", "c%")
ADDRESSES = (("email", "ann@shop.ch"), ("email", "bob@shop.ch"), ("phone", "+41446681800"))
SOURCE_OF = {
    ProductRecord: Source.PRODUCTS,
    OrderRecord: Source.ORDERS,
    StockRecord: Source.STOCK,
    CustomerRecord: Source.CUSTOMERS,
}

skus = st.sampled_from(SKUS)
customer_ids = st.sampled_from(CUSTOMERS)
times = st.integers(0, 4)


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


products = st.builds(
    ProductRecord,
    sku=skus,
    title=maybe(st.just("A title")),
    item_group_id=maybe(st.sampled_from(("g1", "A"))),
    category=maybe(st.sampled_from(("home", "home/bed"))),
    brand=maybe(st.sampled_from(("acme", "Acme"))),
    status=st.sampled_from(("active", "discontinued", "recalled", "hidden")),
    replenish_days=maybe(st.integers(1, 90)),
    price_minor=maybe(st.integers(0, 10**12)),
    currency=maybe(st.just("CHF")),
    bundle_of=st.lists(skus, max_size=2).map(json.dumps),
    attributes=st.dictionaries(st.sampled_from(("size", "größe")), st.just("XL"), max_size=1).map(json.dumps),
    updated_at_us=times,
)
orders = st.builds(
    OrderRecord,
    order_id=st.sampled_from(tuple(f"o{number}" for number in range(12))),
    line_id=st.sampled_from(("1", "2")),
    customer_id=customer_ids,
    sku=skus,
    units=st.integers(-3, 5).filter(bool),
    ordered_at_us=st.integers(AS_OF_US - 20, AS_OF_US + 3),
    cancelled_units=st.integers(0, 2),
    returned_units=st.integers(0, 2),
    is_gift=st.booleans(),
    channel=maybe(st.sampled_from(("web", "shop"))),
    unit_price_minor=maybe(st.integers(0, 100)),
    currency=maybe(st.just("CHF")),
    updated_at_us=times,
)
levels = st.builds(
    StockRecord,
    sku=skus,
    location_id=st.sampled_from(("all", "north", "south")),
    on_hand=st.integers(-5, 20),
    reserved=st.integers(0, 5),
    safety_stock=st.integers(0, 5),
    incoming_units=maybe(st.integers(0, 9)),
    incoming_at_us=maybe(times),
    availability=maybe(st.sampled_from(("in_stock", "out_of_stock", "preorder", "backorder"))),
    updated_at_us=times,
)
customers = st.builds(
    CustomerRecord,
    customer_id=customer_ids,
    household_id=maybe(st.just("h1")),
    country=maybe(st.just("CH")),
    region=maybe(st.just("ZH")),
    time_zone=maybe(st.just("Europe/Zurich")),
    consent=st.dictionaries(st.sampled_from(("email", "sms")), st.booleans()).map(json.dumps),
    attributes=st.dictionaries(st.just("tier"), st.just("gold")).map(json.dumps),
    updated_at_us=times,
    identities=st.lists(st.sampled_from(ADDRESSES), max_size=3).map(tuple),
)
shops = st.tuples(
    st.lists(products, max_size=8),
    st.lists(orders, max_size=25),
    st.lists(levels, max_size=10),
    st.lists(customers, max_size=5),
)
recipients = st.one_of(
    st.builds(dict, customer_id=st.sampled_from((*CUSTOMERS, "nobody"))),
    st.builds(dict, email=st.sampled_from(("Ann@Shop.ch", "bob@shop.ch", "nobody@shop.ch", "no address"))),
    st.builds(dict, phone=st.sampled_from(("+41 44 668 18 00", "12"))),
)
messages = st.builds(
    lambda recipient, items, replacements: Message(
        items=tuple(Item(sku=sku) for sku in items), replacements=tuple(replacements), **recipient
    ),
    recipients,
    st.lists(st.sampled_from((*SKUS, "unheard-of")), max_size=4),
    st.lists(skus, max_size=2),
)
needs = st.builds(
    FactNeeds,
    products=st.booleans(),
    stock=st.booleans(),
    customer=st.booleans(),
    history_by=st.frozensets(st.sampled_from(("sku", "item_group", "category", "brand"))),
    history_window_us=maybe(st.integers(1, 25)),
)


def fill(database: Database, batches: Iterable[Sequence[Record]]) -> None:
    """Write batches, each of records of one source."""
    for batch in batches:
        if batch:
            with Loader(database, SOURCE_OF[type(batch[0])]) as loader:
                loader.write(batch)


def clear(database: Database) -> None:
    """Forget all facts."""
    with database.write() as connection:
        for table in (*(target.table for target in TARGETS.values()), "identities"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
        connection.exec_driver_sql("UPDATE feeds SET as_of_us = NULL")


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """The statements the driver sends on this thread's connection for reading, as it sends them."""
    sent: list[str] = []
    driver: Any = database.read().connection.driver_connection
    if database.dialect == "sqlite":
        driver.set_trace_callback(sent.append)
        yield sent
        driver.set_trace_callback(None)
        return
    plain = driver.cursor_factory

    class Counting(plain):  # type: ignore[misc, valid-type]
        def execute(self, query: str, *arguments: Any, **options: Any) -> Any:
            sent.append(query)
            return super().execute(query, *arguments, **options)

    driver.cursor_factory = Counting
    yield sent
    driver.cursor_factory = plain


def comparable(snapshot: Snapshot) -> dict[str, Any]:
    """A snapshot without the order of what has none."""
    return {
        "message": snapshot.message,
        "as_of_us": snapshot.as_of_us,
        "customer_id": snapshot.customer_id,
        "customer_problem": snapshot.customer_problem,
        "customer": snapshot.customer,
        "products": dict(snapshot.products),
        "stock": {sku: sorted(found, key=lambda level: level.location_id) for sku, found in snapshot.stock.items()},
        "lines": sorted(snapshot.lines, key=repr),
        "feeds_us": dict(snapshot.feeds_us),
        "unavailable": snapshot.unavailable,
    }


def reduced(snapshot: Snapshot, wanted: FactNeeds) -> dict[str, Any]:
    """What remains of a book's snapshot, which holds all, when only the facts wanted for this message are kept."""
    facts = comparable(snapshot)
    ways = wanted.history_by - {"sku"}
    shown = {item.sku for item in snapshot.message.items} | set(snapshot.message.replacements)
    same = {way: {getattr(product, way) for product in snapshot.products.values()} - {None} for way in ways}

    def matters(line: OrderLine) -> bool:
        recent = wanted.history_window_us is None or line.ordered_at_us > snapshot.as_of_us - wanted.history_window_us
        return recent and (line.sku in shown or any(getattr(line, way) in values for way, values in same.items()))

    lines = [line for line in snapshot.lines if matters(line)] if wanted.history else []
    if not ways:
        lines = [line._replace(item_group=None, category=None, brand=None) for line in lines]
    facts["lines"] = sorted(lines, key=repr)
    facts["products"] = facts["products"] if wanted.products or ways else {}
    facts["stock"] = facts["stock"] if wanted.stock else {}
    facts["customer"] = facts["customer"] if wanted.customer else None
    return facts

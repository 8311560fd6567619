"""Small shops to fill a store and a FactBook with: random ones for Hypothesis, and helpers to compare what both say."""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from hypothesis import strategies as st

from suppress.facts.catalog import Product
from suppress.facts.history import OrderLine
from suppress.facts.message import Item, Message
from suppress.facts.records import (
    CustomerRecord,
    FeedbackRecord,
    OrderRecord,
    ProductRecord,
    Record,
    SentRecord,
    StockRecord,
)
from suppress.facts.sent_log import SentItem, SentMessage
from suppress.facts.snapshot import FactNeeds, Snapshot, Source
from suppress.stores.database import Database
from suppress.stores.load import TARGETS, Loader

AS_OF_US = 1_000
SKUS = ("A", "a", "B'; DROP TABLE order_lines;--", "50%_off", "Größe", "עברית")
CUSTOMERS = ("c1", "C1", "c%", "c2")
CATEGORIES = ("home", "home/bed")
ADDRESSES = (("email", "ann@shop.ch"), ("email", "bob@shop.ch"), ("phone", "+41446681800"))
SOURCE_OF = {
    ProductRecord: Source.PRODUCTS,
    OrderRecord: Source.ORDERS,
    StockRecord: Source.STOCK,
    CustomerRecord: Source.CUSTOMERS,
    SentRecord: Source.SENT,
    FeedbackRecord: Source.FEEDBACK,
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
    category=maybe(st.sampled_from(CATEGORIES)),
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
    household_id=maybe(st.sampled_from(("h1", "h2"))),
    country=maybe(st.just("CH")),
    region=maybe(st.just("ZH")),
    time_zone=maybe(st.just("Europe/Zurich")),
    consent=st.dictionaries(st.sampled_from(("email", "sms")), st.booleans()).map(json.dumps),
    attributes=st.dictionaries(st.just("tier"), st.just("gold")).map(json.dumps),
    do_not_contact=maybe(st.booleans()),
    open_case=maybe(st.booleans()),
    late_order=maybe(st.booleans()),
    updated_at_us=times,
    identities=st.lists(st.sampled_from(ADDRESSES), max_size=3).map(tuple),
)
sent = st.builds(
    SentRecord,
    message_id=st.sampled_from(tuple(f"m{number}" for number in range(8))),
    customer_id=customer_ids,
    channel=maybe(st.sampled_from(("email", "push"))),
    campaign_id=maybe(st.sampled_from(("spring", "50%_off"))),
    sent_at_us=st.integers(AS_OF_US - 20, AS_OF_US + 3),
    items=st.lists(st.sampled_from((*SKUS, "gone")), max_size=3).map(json.dumps),
    updated_at_us=times,
)
feedback = st.one_of(
    st.builds(
        FeedbackRecord,
        customer_id=customer_ids,
        about_kind=st.just(kind),
        about=st.sampled_from(abouts),
        says=st.sampled_from(("already_own", "not_interested", "bought_as_gift")),
        updated_at_us=st.integers(AS_OF_US - 20, AS_OF_US + 3),
    )
    for kind, abouts in (("sku", (*SKUS, "gone", "home")), ("category", (*CATEGORIES, "A")))
)
shops = st.tuples(
    st.lists(products, max_size=8),
    st.lists(orders, max_size=25),
    st.lists(levels, max_size=10),
    st.lists(customers, max_size=6),
    st.lists(sent, max_size=10),
    st.lists(feedback, max_size=8),
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
    history_by=st.frozensets(st.sampled_from(("sku", "item_group", "category", "brand", "component"))),
    history_window_us=maybe(st.integers(1, 25)),
    order_ids=st.booleans(),
    household=st.booleans(),
    group_stock=st.booleans(),
    sent=st.booleans(),
    sent_by=st.frozensets(st.sampled_from(("sku", "item_group", "category"))),
    sent_window_us=maybe(st.integers(1, 25)),
    feedback=st.booleans(),
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
    """A snapshot without the order of what has none; messages and feedback have one."""
    return {
        "message": snapshot.message,
        "as_of_us": snapshot.as_of_us,
        "customer_id": snapshot.customer_id,
        "customer_problem": snapshot.customer_problem,
        "customer": snapshot.customer,
        "products": dict(snapshot.products),
        "stock": {sku: sorted(found, key=lambda level: level.location_id) for sku, found in snapshot.stock.items()},
        "lines": sorted(snapshot.lines, key=repr),
        "household_problem": snapshot.household_problem,
        "household_lines": {who: sorted(lines, key=repr) for who, lines in snapshot.household_lines.items()},
        "sent": [message._replace(items=tuple(sorted(message.items, key=repr))) for message in snapshot.sent],
        "feedback": list(snapshot.feedback),
        "feeds_us": dict(snapshot.feeds_us),
        "unavailable": snapshot.unavailable,
    }


def reduced(snapshot: Snapshot, wanted: FactNeeds) -> dict[str, Any]:
    """What remains of a book's snapshot, which holds all, when only the facts wanted for this message are kept."""
    facts = comparable(snapshot)
    shown = {item.sku for item in snapshot.message.items} | set(snapshot.message.replacements)
    products = [snapshot.products[sku] for sku in shown if sku in snapshot.products]
    facts["lines"] = _lines(facts["lines"], snapshot, wanted, shown, products)
    others = {who: _lines(lines, snapshot, wanted, shown, products) for who, lines in facts["household_lines"].items()}
    facts["household_problem"] = facts["household_problem"] if wanted.household else None
    facts["household_lines"] = {who: lines for who, lines in others.items() if lines} if wanted.household else {}
    facts["sent"] = _messages(facts["sent"], snapshot, wanted, shown, products) if wanted.sent else []
    facts["feedback"] = facts["feedback"] if wanted.feedback else []
    kept = snapshot.products.keys() | snapshot.stock.keys() if wanted.group_stock else shown
    compared = (wanted.history_by | (wanted.sent_by if wanted.sent else frozenset())) - {"sku"}
    has_products = wanted.products or wanted.group_stock or compared
    facts["products"] = {sku: each for sku, each in facts["products"].items() if has_products and sku in kept}
    has_stock = wanted.stock or wanted.group_stock
    facts["stock"] = {sku: levels for sku, levels in facts["stock"].items() if has_stock and sku in kept}
    facts["customer"] = facts["customer"] if wanted.customer or wanted.household else None
    return facts


def _lines(
    lines: list[OrderLine], snapshot: Snapshot, wanted: FactNeeds, shown: set[str], products: list[Product]
) -> list[OrderLine]:
    """The lines that count as the same as an item, without what nobody asked for."""
    if not wanted.history or not shown:
        return []
    by_component = "component" in wanted.history_by
    skus = shown | {part for product in products for part in product.bundle_of} if by_component else shown
    ways = wanted.history_by - {"sku", "component"}
    blank = {
        **({} if ways or by_component else {"item_group": None, "category": None, "brand": None}),
        **({} if wanted.order_ids else {"order_id": ""}),
        **({} if by_component else {"bundle_of": ()}),
    }
    return sorted(
        (
            line._replace(**blank)  # type: ignore[arg-type]
            for line in lines
            if _is_recent(line.ordered_at_us, snapshot, wanted.history_window_us)
            and (line.sku in skus or (by_component and line.bundle_of) or _is_alike(line, ways, products))
        ),
        key=repr,
    )


def _messages(
    messages: list[SentMessage], snapshot: Snapshot, wanted: FactNeeds, shown: set[str], products: list[Product]
) -> list[SentMessage]:
    """The messages of the window with the items that count as the same as an item."""
    ways = wanted.sent_by - {"sku"}

    def items(message: SentMessage) -> tuple[SentItem, ...]:
        alike = [item for item in message.items if item.sku in shown or _is_alike(item, ways, products)]
        return tuple(item if ways else SentItem(item.sku) for item in alike) if wanted.sent_by else ()

    return [
        message._replace(items=tuple(sorted(items(message), key=repr)))
        for message in messages
        if _is_recent(message.sent_at_us, snapshot, wanted.sent_window_us)
    ]


def _is_recent(at_us: int, snapshot: Snapshot, window_us: int | None) -> bool:
    return window_us is None or at_us > snapshot.as_of_us - window_us


def _is_alike(one: OrderLine | SentItem, ways: frozenset[str], products: list[Product]) -> bool:
    return any(
        (value := getattr(one, way)) is not None and value in {getattr(product, way) for product in products}
        for way in ways
    )

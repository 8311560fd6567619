"""Reading: the store says what the book says, in few statements, whatever the strings and however long the history."""

import json
import random
import re
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from suppress.decisions.decision import Why
from suppress.errors import StoreError
from suppress.facts.book import FactBook
from suppress.facts.message import Item, Message
from suppress.facts.records import (
    CustomerRecord,
    FeedbackRecord,
    OrderRecord,
    ProductRecord,
    SentRecord,
    StockRecord,
)
from suppress.facts.snapshot import MOST_MEMBERS, FactNeeds, Source
from suppress.stores.database import Database
from suppress.stores.facts import FactStore
from suppress.stores.load import Loader
from tests.stores import shops

EVERYTHING = FactNeeds(
    products=True,
    stock=True,
    customer=True,
    history_by=frozenset({"sku", "item_group", "category", "brand", "component"}),
    order_ids=True,
    household=True,
    group_stock=True,
    sent=True,
    sent_by=frozenset({"sku", "item_group", "category"}),
    feedback=True,
)
HOSTILE = (
    "'; DROP TABLE order_lines; --",
    '"quoted"',
    "100%",
    "%s %(name)s ?1 :name",
    "under_score",
    "back\\slash",
    "{curly} $1",
    "a,b\tc".replace("\t", " "),
    "[1,2]",
    "🛏️👩🏽‍🚀",
    "שמיכה",
    "\u202etxet desrever",
    "x" * 255,
)
property_test = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@property_test
@given(
    shop=shops.shops,
    asked=st.lists(st.tuples(shops.messages, st.integers(shops.AS_OF_US - 10, shops.AS_OF_US)), max_size=4),
    needs=shops.needs,
)
def test_store_equals_book(database: Database, shop: tuple[list[object], ...], asked: list, needs: FactNeeds) -> None:
    """The store says what the book says, less what the rules do not need; a batch gives the same as singles."""
    shops.clear(database)
    shops.fill(database, shop)
    book = FactBook()
    for records in shop:
        book.add(records)
    with Loader(database, Source.STOCK) as loader:
        loader.finish(77)
    book.feeds_us[Source.STOCK] = 77
    store = FactStore(database, needs)

    expected = [shops.reduced(book.snapshot(message, as_of_us, needs), needs) for message, as_of_us in asked]

    assert expected == [shops.comparable(store.snapshot(message, as_of_us)) for message, as_of_us in asked]
    assert expected == [shops.comparable(snapshot) for snapshot in store.snapshots(asked)]


@pytest.mark.parametrize("items", [1, 6, 20])
@pytest.mark.parametrize("recipient", [{"customer_id": "c1"}, {"email": "ann@shop.ch"}])
def test_three_statements_for_a_message(database: Database, items: int, recipient: dict[str, str]) -> None:
    """However many items a message has, its facts take three statements."""
    fill_plain_shop(database)
    message = Message(items=tuple(Item(sku=f"s{number}") for number in range(items)), **recipient)
    store = FactStore(database, EVERYTHING)

    with shops.counted(database) as sent:
        snapshot = store.snapshot(message, shops.AS_OF_US)

    assert 3 == len(sent)
    assert "c1" == snapshot.customer_id
    assert items == len(snapshot.products) == len(snapshot.stock)
    assert items <= len(snapshot.lines)
    assert {"c0", "c2"} == snapshot.household_lines.keys()
    assert (20, 20) == (len(snapshot.sent), len(snapshot.feedback))


@pytest.mark.parametrize(("members", "problem"), [(MOST_MEMBERS, None), (MOST_MEMBERS + 1, Why.AMBIGUOUS)])
@pytest.mark.parametrize("recipient", [{"customer_id": "c1"}, {"email": "ann@shop.ch"}])
def test_a_crowd_is_no_household(
    database: Database, recipient: dict[str, str], members: int, problem: Why | None
) -> None:
    """Where more share a household than can live together, nobody's lines are read and the snapshot says why."""
    people = [customer("c1", ("email", "ann@shop.ch"), household_id="N/A")]
    people += [customer(f"x{n}", household_id="N/A") for n in range(members - 1)]
    records = [*people, *(order(f"o{n}", who.customer_id, "s1", 900) for n, who in enumerate(people))]
    book = FactBook(feeds_us=dict.fromkeys(Source))
    book.add(records)
    shops.fill(database, [people, records[len(people) :]])
    message = Message(items=(Item(sku="s1"),), **recipient)
    needs = FactNeeds(history_by=frozenset({"sku"}), household=True)

    snapshot = FactStore(database, needs).snapshot(message, shops.AS_OF_US)

    assert problem == snapshot.household_problem == book.snapshot(message, shops.AS_OF_US, needs).household_problem
    assert 1 == len(snapshot.lines)
    assert (0 if problem else members - 1) == len(snapshot.household_lines)


def test_three_statements_for_a_batch(database: Database) -> None:
    """Fifty messages together take three statements, and each gets the facts it would get alone."""
    fill_plain_shop(database)
    asked = [
        (Message(items=(f"s{number % 20}", f"s{number % 7}"), customer_id=f"c{number % 3}"), 900 + number)
        for number in range(50)
    ]
    store = FactStore(database, EVERYTHING)

    with shops.counted(database) as sent:
        snapshots = store.snapshots(asked)

    assert 3 == len(sent)
    assert [shops.comparable(store.snapshot(*one)) for one in asked] == [shops.comparable(one) for one in snapshots]


@pytest.mark.parametrize(
    ("needs", "statements"),
    [
        (FactNeeds(), 1),
        (FactNeeds(customer=True), 1),
        (FactNeeds(products=True), 2),
        (FactNeeds(stock=True), 2),
        (FactNeeds(products=True, stock=True), 2),
        (FactNeeds(history_by=frozenset({"sku"})), 2),
        (FactNeeds(history_by=frozenset({"brand"})), 3),
        (FactNeeds(history_by=frozenset({"sku"}), household=True, order_ids=True), 2),
        (FactNeeds(history_by=frozenset({"component"})), 3),
        (FactNeeds(group_stock=True), 2),
        (FactNeeds(sent=True), 2),
        (FactNeeds(sent=True, sent_by=frozenset({"sku"})), 2),
        (FactNeeds(sent=True, sent_by=frozenset({"category"})), 3),
        (FactNeeds(feedback=True), 2),
        (FactNeeds(sent=True, feedback=True, history_by=frozenset({"sku"}), household=True), 2),
    ],
)
def test_only_what_is_needed(database: Database, needs: FactNeeds, statements: int) -> None:
    """What no rule needs is not asked for; the age of the feeds always is."""
    fill_plain_shop(database)

    with shops.counted(database) as sent:
        FactStore(database, needs).snapshot(Message(items=("s1", "s2"), customer_id="c1"), shops.AS_OF_US)

    assert statements == len(sent)


def test_same_text_for_any_number_of_items(database: Database) -> None:
    """The text of the statements does not depend on the message, so that the database prepares it once."""
    fill_plain_shop(database)
    store = FactStore(database, EVERYTHING)

    with shops.counted(database) as sent:
        store.snapshot(Message(items=("s1",), customer_id="c1"), shops.AS_OF_US)
        store.snapshot(Message(items=tuple(f"s{n}" for n in range(20)), customer_id="c2"), shops.AS_OF_US)

    texts = [re.sub(r"'\[.*?\]'", "?", statement) for statement in sent]  # SQLite tells parameters in place

    assert 3 == len(set(texts))
    assert texts[:3] == texts[3:]


def test_recipients(database: Database) -> None:
    """An address leads to its customer whatever its spelling; a shared one is ambiguous, an unknown one missing."""
    shops.fill(
        database,
        [
            [
                customer("c1", ("email", "ann@shop.ch"), ("phone", "+41446681800")),
                customer("c2", ("phone", "+41446681800"), ("email", "bob@shop.ch")),
            ]
        ],
    )
    asked = {
        "email": Message(items=(), email=" ANN@Shop.CH "),
        "shared": Message(items=(), phone="+41 44 668 18 00"),
        "unknown": Message(items=(), email="nobody@shop.ch"),
        "no address": Message(items=(), phone="12"),
        "unknown id": Message(items=(), customer_id="c9"),
    }
    found = FactStore(database, EVERYTHING).snapshots([(message, 1) for message in asked.values()])

    assert {
        "email": ("c1", None, True),
        "shared": (None, Why.AMBIGUOUS, False),
        "unknown": (None, Why.MISSING, False),
        "no address": (None, Why.MISSING, False),
        "unknown id": ("c9", None, False),
    } == {
        name: (one.customer_id, one.customer_problem, one.customer is not None)
        for name, one in zip(asked, found, strict=True)
    }


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_round_trips(database: Database, text: str) -> None:
    """Whatever a shop puts into ids and names comes back as it was, and nothing else happens."""
    bundle = json.dumps([text])
    product = ProductRecord(text, text, text, text, text, "active", None, None, None, bundle, "{}", 1)
    line = OrderRecord(text, text, text, text, 1, 5, 0, 0, True, text, None, None, 1)
    level = StockRecord(text, text, 3, 0, 0, None, None, None, 1)
    message_sent = SentRecord(text, text, text, text, 5, json.dumps([text]), 1)
    said = [FeedbackRecord(text, kind, text, "already_own", 5) for kind in ("sku", "category")]
    shops.fill(database, [[product], [line], [level], [customer(text, ("email", text))], [message_sent], said])
    book = FactBook()
    book.add([product, line, level, customer(text), message_sent, *said])
    message = Message(items=(text, "other"), customer_id=text)

    assert shops.reduced(book.snapshot(message, 10, EVERYTHING), EVERYTHING) == shops.comparable(
        FactStore(database, EVERYTHING).snapshot(message, 10)
    )


def test_window_is_half_open(database: Database) -> None:
    """A line exactly one window old is out, one microsecond younger is in; as of itself is in, later is out."""
    fill = [order(str(at), "c1", "A", at) for at in (899, 900, 901, 1_000, 1_001)]
    shops.fill(database, [fill])
    store = FactStore(database, FactNeeds(history_by=frozenset({"sku"}), history_window_us=100))

    lines = store.snapshot(Message(items=("A",), customer_id="c1"), 1_000).lines

    assert [901, 1_000] == sorted(line.ordered_at_us for line in lines)


def test_long_history(database: Database) -> None:
    """Of 5,000 lines exactly those that can matter to the items come along, credits among them."""
    rng = random.Random(4)
    products = [
        ProductRecord(f"s{n}", None, f"g{n // 4}", f"k{n // 50}", None, "active", None, None, None, "[]", "{}", 1)
        for n in range(1_000)
    ]
    lines = [order(f"o{n}", "big", f"s{rng.randrange(1_100)}", n, units=rng.choice((1, 2, -1))) for n in range(5_000)]
    shops.fill(database, [products, lines])
    book = FactBook()
    book.add([*products, *lines])
    message = Message(items=("s3", "s400", "s1050"), customer_id="big", replacements=("s999",))

    for by in ({"sku"}, {"item_group"}, {"category", "sku"}):
        needs = FactNeeds(history_by=frozenset(by), history_window_us=4_000)
        expected = shops.reduced(book.snapshot(message, 4_900, needs), needs)
        found = shops.comparable(FactStore(database, needs).snapshot(message, 4_900))

        assert expected == found
        assert 0 < len(found["lines"]) < 1_000


@pytest.mark.postgresql
@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_broken_connection_is_made_anew(database: Database, admin_execute: Callable[[str], None]) -> None:
    """When the server ends the connection, the next question is answered on a new one."""
    fill_plain_shop(database)
    store = FactStore(database, EVERYTHING)
    message = Message(items=("s1",), customer_id="c1")
    before = store.snapshot(message, shops.AS_OF_US)
    admin_execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database.url.database}'")

    assert shops.comparable(before) == shops.comparable(store.snapshot(message, shops.AS_OF_US))


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_closed_connection_is_made_anew(database: Database) -> None:
    """A connection closed behind the store's back is made anew."""
    fill_plain_shop(database)
    store = FactStore(database, EVERYTHING)
    message = Message(items=("s1",), customer_id="c1")
    before = store.snapshot(message, shops.AS_OF_US)
    database.read().connection.driver_connection.close()  # type: ignore[union-attr]

    assert shops.comparable(before) == shops.comparable(store.snapshot(message, shops.AS_OF_US))


def test_unreadable_facts(database: Database) -> None:
    """A database that cannot answer gives a StoreError that names it, and answers again once it can."""
    store = FactStore(database, EVERYTHING)
    message = Message(items=("s1",), customer_id="c1")
    with database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE stock RENAME TO away")

    with pytest.raises(StoreError, match=r"cannot read facts from .*stock"):
        store.snapshot(message, 1)
    with database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE away RENAME TO stock")

    assert "c1" == store.snapshot(message, 1).customer_id


def fill_plain_shop(database: Database) -> None:
    """A household of three and twenty products, each in stock, each bought by, shown to and praised by each."""
    people = [
        customer(f"c{n}", ("email", f"{name}@shop.ch"), household_id="h1")
        for n, name in enumerate(("eve", "ann", "bob"))
    ]
    products = [
        ProductRecord(f"s{n}", None, None, "k", "b", "active", None, None, None, "[]", "{}", 1) for n in range(20)
    ]
    stock = [StockRecord(f"s{n}", "all", n, 0, 0, None, None, None, 1) for n in range(20)]
    lines = [order(f"{n}-{who}", f"c{who}", f"s{n}", 900 + n) for n in range(20) for who in range(3)]
    sent = [
        SentRecord(f"m{n}", f"c{who}", "email", None, 900 + n, f'["s{n}"]', 1) for n in range(20) for who in range(3)
    ]
    said = [FeedbackRecord(f"c{who}", "sku", f"s{n}", "already_own", 900 + n) for n in range(20) for who in range(3)]
    shops.fill(database, [people, products, stock, lines, sent, said])


def customer(customer_id: str, *identities: tuple[str, str], household_id: str | None = None) -> CustomerRecord:
    return CustomerRecord(customer_id, household_id, None, None, None, "{}", "{}", None, None, None, 1, identities)


def order(order_id: str, customer_id: str, sku: str, at_us: int, units: int = 1) -> OrderRecord:
    return OrderRecord(order_id, "1", customer_id, sku, units, at_us, 0, 0, False, None, None, None, 1)

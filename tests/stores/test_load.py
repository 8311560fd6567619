"""Writing: the newer record stays whatever the order of arrival, feeds only advance, credits find their purchases."""

import tracemalloc
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from suppress.errors import StoreError
from suppress.facts.records import (
    CustomerRecord,
    FeedbackRecord,
    OrderRecord,
    ProductRecord,
    Record,
    SentRecord,
    StockRecord,
)
from suppress.facts.snapshot import Source
from suppress.stores import load
from suppress.stores.database import Database
from suppress.stores.load import TARGETS, Loader, unmatched_credits
from tests.stores import shops

EXAMPLES: dict[Source, Record] = {
    Source.PRODUCTS: ProductRecord("A", "T", "g", "a/b", "B", "hidden", 3, -5, "CHF", '["x"]', '{"a": "b"}', 7),
    Source.ORDERS: OrderRecord("o", "l", "c", "A", -2, 2**60, 1, 2, True, "web", 2**40, "CHF", 7),
    Source.STOCK: StockRecord("A", "all", -1, 2, 3, 4, 5, "preorder", 7),
    Source.CUSTOMERS: CustomerRecord(
        "c",
        "h",
        "CH",
        "ZH",
        "Europe/Zurich",
        '{"email": true}',
        "{}",
        True,
        False,
        None,
        7,
        (("email", "a@b.ch"), ("phone", "+41")),
    ),
    Source.SENT: SentRecord("m", "c", "email", "k", 5, '["A"]', 7),
    Source.FEEDBACK: FeedbackRecord("c", "sku", "A", "already_own", 7),
}
property_test = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.mark.parametrize("source", Source)
def test_every_field_is_kept(database: Database, source: Source) -> None:
    """Each field of each kind of record comes back as it went in, from columns of the same names."""
    record = EXAMPLES[source]
    with Loader(database, source) as loader:
        written = loader.write([record])

    assert 1 == written
    assert [record[: len(TARGETS[source].columns)]] == stored(database, source)


@property_test
@given(data=st.data(), records=st.lists(shops.products, max_size=12) | st.lists(shops.levels, max_size=12))
def test_newest_wins_in_any_order(database: Database, data: st.DataObject, records: list[Record]) -> None:
    """Whatever the order of arrival and the batches: the newest of a key stays, on equal times the first to come."""
    source = Source.STOCK if records and isinstance(records[0], StockRecord) else Source.PRODUCTS
    arriving = data.draw(st.permutations(records))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(records)), max_size=4)))
    shops.clear(database)
    with Loader(database, source) as loader:
        for start, end in pairwise((0, *cuts, len(records))):
            loader.write(arriving[start:end])

    key = len(TARGETS[source].key)
    expected: dict[Any, Record] = {}
    for record in sorted(arriving, key=lambda record: -record.updated_at_us):
        expected.setdefault(record[:key], record)

    assert in_order(expected.values()) == stored(database, source)


@property_test
@given(data=st.data(), records=st.lists(shops.customers, max_size=8))
def test_newest_customer_brings_its_identities(
    database: Database, data: st.DataObject, records: list[CustomerRecord]
) -> None:
    """A customer has the identities of the record that stayed, and no others."""
    cut = data.draw(st.integers(0, len(records)))
    shops.clear(database)
    with Loader(database, Source.CUSTOMERS) as loader:
        loader.write(records[:cut])
        loader.write(records[cut:])
    newest: dict[str, CustomerRecord] = {}
    for record in sorted(records, key=lambda record: -record.updated_at_us):
        newest.setdefault(record.customer_id, record)

    assert in_order(record[:-1] for record in newest.values()) == stored(database, Source.CUSTOMERS)
    assert in_order({(*pair, record.customer_id) for record in newest.values() for pair in record.identities}) == rows(
        database, "SELECT kind, value, customer_id FROM identities"
    )


@pytest.mark.parametrize("source", Source)
def test_writing_again_changes_nothing(database: Database, source: Source) -> None:
    """The same records once more are counted as no change; a newer one as one."""
    record = EXAMPLES[source]
    with Loader(database, source) as loader:
        counts = [
            loader.write([record]),
            loader.write([record, record]),
            loader.write([record._replace(updated_at_us=8)]),
        ]

    assert [1, 0, 1] == counts


def test_batches_beyond_one_transaction(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch longer than a transaction is written whole, and counted whole."""
    monkeypatch.setattr(load, "ROWS_PER_TRANSACTION", 10)
    records = [StockRecord(f"s{number % 30}", "all", number, 0, 0, None, None, None, number) for number in range(60)]
    with Loader(database, Source.STOCK) as loader:
        changed = loader.write(records)

    assert 60 == changed
    assert in_order(records[30:]) == stored(database, Source.STOCK)


def test_feeds_never_go_back(database: Database) -> None:
    """A feed is as of the latest instant it was ever complete to, and the other feeds are not touched."""
    seen = []
    with Loader(database, Source.ORDERS) as loader:
        for as_of_us in (-5, 10, 7, 12):
            loader.finish(as_of_us)
            seen.append(rows(database, "SELECT as_of_us FROM feeds WHERE source = 'orders'")[0][0])

    assert [-5, 10, 10, 12] == seen
    assert 5 == len(rows(database, "SELECT source FROM feeds WHERE as_of_us IS NULL"))


REFUSED = {
    "zero units": (Source.ORDERS, EXAMPLES[Source.ORDERS]._replace(units=0)),
    "empty id": (Source.STOCK, EXAMPLES[Source.STOCK]._replace(sku="")),
    "unknown status": (Source.PRODUCTS, EXAMPLES[Source.PRODUCTS]._replace(status="odd")),
    "unknown kind": (Source.CUSTOMERS, EXAMPLES[Source.CUSTOMERS]._replace(identities=(("fax", "secret-row"),))),
    "no time": (Source.SENT, EXAMPLES[Source.SENT]._replace(sent_at_us=None)),
    "number too large": (Source.FEEDBACK, EXAMPLES[Source.FEEDBACK]._replace(updated_at_us=2**63)),
    "lone surrogate": (Source.FEEDBACK, EXAMPLES[Source.FEEDBACK]._replace(about="secret-row\ud800")),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_rows_leave_nothing_behind(database: Database, name: str) -> None:
    """What the database refuses is a StoreError that repeats no row; the good rows beside it are not kept either."""
    source, bad = REFUSED[name]
    with Loader(database, source) as loader, pytest.raises(StoreError, match="cannot write to") as refused:
        loader.write([EXAMPLES[source]._replace(**{TARGETS[source].key[0]: "fine"}), bad])

    assert "secret-row" not in str(refused.value)
    assert [] == stored(database, source)
    assert [] == rows(database, "SELECT kind FROM identities")


def test_closed_loader(database: Database) -> None:
    """A loader that was closed writes no more."""
    with Loader(database, Source.STOCK) as loader:
        pass

    with pytest.raises(StoreError, match="closed"):
        loader.write([EXAMPLES[Source.STOCK]])


def test_unmatched_credits(database: Database) -> None:
    """Units of credit notes without an earlier line of the same customer and sku are listed, matched ones are not."""
    lines = [
        order("1", "c1", "A", 3, at_us=10),
        order("2", "c1", "A", -2, at_us=20),
        order("3", "c1", "A", -2, at_us=30),
        order("4", "c1", "B", -1, at_us=5),
        order("5", "c1", "B", 4, at_us=6),
        order("6", "c2", "A", -7, at_us=40),
        order("7", "c3", "A", 9, at_us=1),
    ]
    shops.fill(database, [lines])

    assert [("c1", "A", 1), ("c1", "B", 1), ("c2", "A", 7)] == sorted(unmatched_credits(database))


def test_unmatched_credits_in_flat_memory(database: Database) -> None:
    """Listing the credits of many customers holds few of them at a time."""
    lines = [order(str(number), f"c{number}", "A" * 200, -1, at_us=1) for number in range(30_000)]
    shops.fill(database, [lines])
    del lines
    tracemalloc.start()
    found = sum(units for _, _, units in unmatched_credits(database))
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert 30_000 == found
    assert peak_bytes < 6_000_000


def order(order_id: str, customer_id: str, sku: str, units: int, *, at_us: int) -> OrderRecord:
    return OrderRecord(order_id, "1", customer_id, sku, units, at_us, 0, 0, False, None, None, None, 1)


def stored(database: Database, source: Source) -> list[tuple[Any, ...]]:
    target = TARGETS[source]
    return rows(database, f"SELECT {', '.join(target.columns)} FROM {target.table}")


def rows(database: Database, statement: str) -> list[tuple[Any, ...]]:
    return in_order(database.read().exec_driver_sql(statement).all())


def in_order(found: Iterable[Sequence[Any]]) -> list[tuple[Any, ...]]:
    return sorted((tuple(row) for row in found), key=repr)

"""Files into the store: whatever the order of rows and files, whatever was interrupted, the store ends the same."""

import itertools
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from suppress import loading
from suppress.facts.book import FactBook
from suppress.facts.customer import Customer
from suppress.facts.feedback import Feedback
from suppress.facts.message import Message
from suppress.facts.sent_log import SentItem, SentMessage
from suppress.facts.snapshot import FactNeeds, Source
from suppress.intake.reading import ReadOptions
from suppress.loading import FileResult, Progress, credits_of, file_time_us, import_file
from suppress.stores.database import Database
from suppress.stores.facts import FactStore
from suppress.stores.schema import upgrade
from tests.intake.files import Row, read, us, write_csv, write_jsonl
from tests.stores.servers import postgresql_server

AS_OF_US = us("2026-03-02T00:00:00+00:00")
NOON = "2026-03-01T12:00:00Z"
TABLES = {
    Source.PRODUCTS: "products",
    Source.ORDERS: "order_lines",
    Source.STOCK: "stock",
    Source.CUSTOMERS: "customers",
    Source.SENT: "sent_messages",
    Source.FEEDBACK: "feedback",
}
_numbers = itertools.count()


def new_database(tmp_path: Path) -> Database:
    database = Database.open(f"sqlite:///{tmp_path}/facts-{next(_numbers)}.db", require_schema=False)
    upgrade(database)
    return database


@pytest.fixture(scope="module")
def postgresql_url() -> Iterator[str]:
    with postgresql_server() as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        opened = new_database(tmp_path)
    else:
        import psycopg
        from sqlalchemy.engine import make_url

        admin = request.getfixturevalue("postgresql_url")
        name = f"loading_{next(_numbers)}"
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        url = make_url(admin).set(database=name).render_as_string(hide_password=False)
        opened = Database.open(url, require_schema=False)
        upgrade(opened)
    with opened:
        yield opened


def bring(database: Database, source: Source, path: Path, as_of_us: int = AS_OF_US, **options: Any) -> FileResult:
    return import_file(database, source, path, ReadOptions(as_of_us=as_of_us, **options))


def held(database: Database, table: str) -> list[tuple[Any, ...]]:
    # Not which load wrote a row: that tells the order of arrival.
    rows = database.read().exec_driver_sql(f"SELECT * FROM {table}").mappings()
    return sorted(tuple(value for name, value in row.items() if name != "load_seq") for row in rows)


def order(order_id: str = "O1", **cells: Any) -> Row:
    return {"order_id": order_id, "customer_id": "C1", "sku": "A", "units": 1, "ordered_at": NOON} | cells


SHOP: dict[Source, list[Row]] = {
    Source.PRODUCTS: [{"sku": "A", "category": "home/beds", "bundle_of": "B|C"}, {"sku": "a", "title": "Größe"}],
    Source.ORDERS: [order(), order("O2", units=-1), order("O3", is_gift="yes", channel="web")],
    Source.STOCK: [{"sku": "A", "on_hand": 5, "updated_at": NOON}, {"sku": "B", "on_hand": -1, "updated_at": NOON}],
    Source.CUSTOMERS: [
        {"customer_id": "C1", "email": "a@shop.com", "phone": "+41 44 668 18 00", "consent_email": "yes"},
        {"customer_id": "C2", "email": "b@shop.com", "phone": "", "consent_email": ""},
    ],
    Source.SENT: [{"customer_id": "C1", "sent_at": NOON, "items": "A|B", "channel": "email"}],
    Source.FEEDBACK: [{"customer_id": "C1", "sku": "A", "says": "already_own", "at": NOON}],
}


@pytest.mark.parametrize("source", list(Source))
def test_a_second_run_of_a_file_changes_nothing(database: Database, tmp_path: Path, source: Source) -> None:
    """Every row is applied the first time and unchanged the second, whatever the format."""
    path = write_csv(tmp_path / "f.csv", SHOP[source])
    first = bring(database, source, path)
    before = held(database, TABLES[source])
    second = bring(database, source, path)
    third = bring(database, source, write_jsonl(tmp_path / "f.jsonl", SHOP[source]))
    count = len(SHOP[source])

    assert (count, count, 0, 0) == (first.rows_read, first.applied, first.unchanged, first.refused)
    assert [(count, 0, count, 0)] * 2 == [(r.rows_read, r.applied, r.unchanged, r.refused) for r in (second, third)]
    assert count == len(before)
    assert before == held(database, TABLES[source])
    assert (source.value, AS_OF_US) in held(database, "feeds")


def test_an_old_file_never_beats_a_newer_one(database: Database, tmp_path: Path) -> None:
    """Without times of their own rows have the file's time, and the newer file wins in either order of arrival."""
    old = write_csv(tmp_path / "old.csv", [{"sku": "A", "title": "old"}, {"sku": "B", "title": "old"}])
    new = write_csv(tmp_path / "new.csv", [{"sku": "A", "title": "new"}])
    os.utime(old, ns=(0, 1_000_000_123_000))
    os.utime(new, ns=(0, 2_000_000_000_000))
    for path in (new, old, new):
        bring(database, Source.PRODUCTS, path, file_time_us(path))

    assert 1_000_000_123 == file_time_us(old)
    assert [("A", "new"), ("B", "old")] == [row[:2] for row in held(database, "products")]
    assert ("products", 2_000_000_000) in held(database, "feeds")


def test_any_order_of_rows_and_files_gives_the_same_store(tmp_path: Path, seed: int) -> None:
    """Rows shuffled and dealt out over three files end as the newest row of each key, which a FactBook holds too."""
    chance = random.Random(seed)
    rows = [
        order(
            f"O{chance.randrange(6)}",
            line_id=f"L{chance.randrange(3)}",
            units=chance.choice([-1, 1, 2]),
            cancelled_units=chance.randrange(2),
            updated_at=f"2026-03-01T12:{number // 60:02}:{number % 60:02}Z",
        )
        for number in range(80)
    ]
    book = FactBook()
    book.add(read(write_csv(tmp_path / "all.csv", rows), Source.ORDERS).records)
    expected = sorted((*record[:8], int(record.is_gift), *record[9:]) for record in book.orders.values())
    for _ in range(5):
        chance.shuffle(rows)
        with new_database(tmp_path) as database:
            for part in range(3):
                bring(database, Source.ORDERS, write_csv(tmp_path / f"{part}.csv", rows[part::3]), batch_rows=7)

            assert expected == held(database, "order_lines")


def test_refused_rows_are_mended_and_imported_again(database: Database, tmp_path: Path) -> None:
    """Refused rows lie beside the file while there are any; the others are applied at once, at their own places."""
    rows = [order(), order(units="zero"), order(sku="B")]
    path = write_csv(tmp_path / "o.csv", rows)
    first = bring(database, Source.ORDERS, path)
    rejects = tmp_path / "o.csv.rejects.csv"
    refused_then = rejects.read_text()
    lines_then = [row[:2] for row in held(database, "order_lines")]
    write_csv(path, [rows[0], order(units=3), rows[2]])
    second = bring(database, Source.ORDERS, path)

    assert (3, 2, 1, rejects, {"units": 1}) == (
        first.rows_read, first.applied, first.refused, first.rejects, first.refused_by_column,
    )  # fmt: skip
    assert '"3","units","must be a whole number' in refused_then
    assert [("O1", "1"), ("O1", "3")] == lines_then
    assert (3, 1, 2, 0, None) == (
        second.rows_read, second.applied, second.unchanged, second.refused, second.rejects,
    )  # fmt: skip
    assert not rejects.exists()


def test_orders_find_their_customers_by_address(database: Database, tmp_path: Path) -> None:
    """E-mail and phone of an order line, a sent message or feedback name the customer imported before."""
    bring(database, Source.CUSTOMERS, write_csv(tmp_path / "c.csv", SHOP[Source.CUSTOMERS]))
    addresses: list[Row] = [
        {"email": "A@Shop.com", "phone": ""},
        {"email": "", "phone": "+41-44-668-18-00"},
        {"email": "b@shop.com", "phone": ""},
        {"email": "c@shop.com", "phone": ""},
    ]
    rows = [{k: v for k, v in order().items() if k != "customer_id"} | each for each in addresses]
    result = bring(database, Source.ORDERS, write_csv(tmp_path / "o.csv", rows))

    assert (3, 1) == (result.applied, result.refused)
    assert ["C1", "C2"] == sorted({row[2] for row in held(database, "order_lines")})


PAST: dict[Source, list[Row]] = {
    Source.CUSTOMERS: [
        {"customer_id": "C1", "email": "a@shop.com", "household_id": "H1", "do_not_contact": "no", "open_case": "yes"},
        {"customer_id": "C2", "email": "b@shop.com", "household_id": "H1", "do_not_contact": "", "open_case": ""},
    ],
    Source.PRODUCTS: [
        {"sku": "A-38", "item_group_id": "A", "category": "shoes", "bundle_of": ""},
        {"sku": "A-40", "item_group_id": "A", "category": "shoes", "bundle_of": ""},
        {"sku": "KIT", "item_group_id": "", "category": "", "bundle_of": "A-38|B"},
    ],
    Source.STOCK: [{"sku": sku, "on_hand": 1, "updated_at": NOON} for sku in ("A-38", "A-40")],
    Source.ORDERS: [order("O1", sku="KIT"), order("O2", customer_id="C2", sku="A-40")],
    Source.SENT: [
        {"message_id": "M1", "email": "a@shop.com", "sent_at": NOON, "items": "A-40|B", "channel": "email"},
        {"message_id": "M2", "email": "b@shop.com", "sent_at": NOON, "items": "A-38", "channel": "email"},
    ],
    Source.FEEDBACK: [
        {"email": "a@shop.com", "sku": "A-40", "category": "", "says": "already_own", "at": NOON},
        {"email": "a@shop.com", "sku": "", "category": "shoes", "says": "not_interested", "at": NOON},
    ],
}


def test_what_is_imported_is_seen_by_a_check(database: Database, tmp_path: Path) -> None:
    """Files of all six sources make the snapshot of a message: household, bundle, style, messages, feedback, flags."""
    for source, rows in PAST.items():
        assert 0 == bring(database, source, write_csv(tmp_path / f"{source.value}.csv", rows)).refused
    needs = FactNeeds(
        customer=True,
        history_by=frozenset({"sku", "item_group", "component"}),
        order_ids=True,
        household=True,
        group_stock=True,
        sent=True,
        sent_by=frozenset({"item_group"}),
        feedback=True,
    )
    found = FactStore(database, needs).snapshot(Message(items=("A-38",), email="a@shop.com"), AS_OF_US)

    assert Customer("C1", "H1", do_not_contact=False, open_case=True) == found.customer
    assert {"A-38", "A-40"} == found.products.keys() == found.stock.keys()
    assert [("O1", "KIT", ("A-38", "B"))] == [(line.order_id, line.sku, line.bundle_of) for line in found.lines]
    assert {"C2": ["O2"]} == {who: [line.order_id for line in lines] for who, lines in found.household_lines.items()}
    assert (SentMessage("M1", us(NOON), "email", None, (SentItem("A-40", "A", "shoes"),)),) == found.sent
    assert (
        Feedback("already_own", us(NOON), "A-40", "A", "shoes"),
        Feedback("not_interested", us(NOON), None, None, "shoes"),
    ) == found.feedback
    assert dict.fromkeys(Source, AS_OF_US) == found.feeds_us


def test_credits_are_held_against_earlier_purchases(database: Database, tmp_path: Path) -> None:
    """A credit note takes its units off earlier lines of the same sku; what is left over is counted, not dropped."""
    rows = [
        order("O1", units=2),
        order("C1", units=-1),
        order("C2", units=-4, ordered_at="2026-03-01T13:00:00Z"),
        order("C3", sku="B", units=-1),
        order("O4", sku="B", units=1, ordered_at="2026-03-01T14:00:00Z"),
    ]
    bring(database, Source.ORDERS, write_csv(tmp_path / "o.csv", rows))
    found = credits_of(database)

    assert (3, 6, 2, 4, 2, ("A", "B")) == (
        found.lines, found.units, found.matched_units, found.unmatched_units, found.unmatched_lines,
        tuple(sorted(found.unmatched_skus)),
    )  # fmt: skip


def test_an_interrupted_import_is_completed_by_the_next(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was written before Ctrl-C stays, the feed is not called complete, and a rerun adds exactly the rest."""
    monkeypatch.setattr(loading, "WRITE_ROWS", 10)
    path = write_csv(tmp_path / "o.csv", [order(f"O{n}") for n in range(55)])
    options = ReadOptions(as_of_us=AS_OF_US, batch_rows=10)

    def interrupt(progress: Progress) -> None:
        if progress.rows >= 30:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_file(database, Source.ORDERS, path, options, on_progress=interrupt)
    there = len(held(database, "order_lines"))
    feeds = held(database, "feeds")
    result = import_file(database, Source.ORDERS, path, options)

    assert there == 30
    assert ("orders", None) in feeds
    assert (25, 30) == (result.applied, result.unchanged)
    assert 55 == len(held(database, "order_lines"))


def test_progress_is_told_by_rows_and_bytes(tmp_path: Path) -> None:
    """Each batch tells how many rows were read and how far into the file they reach; the last reaches its end."""
    seen: list[Progress] = []
    path = write_csv(tmp_path / "o.csv", [order(f"O{n}") for n in range(25)])
    with new_database(tmp_path) as database:
        import_file(database, Source.ORDERS, path, ReadOptions(as_of_us=0, batch_rows=10), on_progress=seen.append)

    assert [10, 20, 25] == [each.rows for each in seen]
    assert path.stat().st_size == seen[-1].total_bytes == seen[-1].read_bytes

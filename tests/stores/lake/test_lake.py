"""A lake made from a store, on SQLite and PostgreSQL: as the book of facts has it, and as a rebuild would make it."""

import itertools
import shutil
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from suppress.errors import StoreError
from suppress.facts.book import FactBook
from suppress.facts.history import settle
from suppress.facts.records import OrderRecord, ProductRecord, Record, SentRecord, StockRecord
from suppress.facts.snapshot import Source
from suppress.stores import lake_compact, lake_rebuild, lake_refresh, lake_sent
from suppress.stores.database import Database
from suppress.stores.lake import open_lake
from suppress.stores.lake_check import check
from suppress.stores.lake_generations import current_generation
from suppress.stores.lake_rebuild import rebuild
from suppress.stores.lake_refresh import refresh
from suppress.stores.load import Loader
from tests.stores import shops
from tests.stores.lake.reading import everything, rows_of
from tests.stores.shops import AS_OF_US, fill

FEW = settings(max_examples=12, suppress_health_check=list(HealthCheck), deadline=None)
_numbers = itertools.count(1)


def line(
    order_id: str, sku: str = "A", units: int = 1, *, at: int = 10, updated: int = 1, customer: str = "ann"
) -> OrderRecord:
    return OrderRecord(order_id, "1", customer, sku, units, at, 0, 0, False, None, None, None, updated)


def product(sku: str, group: str | None = None, category: str | None = None, updated: int = 1) -> ProductRecord:
    return ProductRecord(sku, None, group, category, None, "active", None, None, None, "[]", "{}", updated)


def level(sku: str, on_hand: int, updated: int) -> StockRecord:
    return StockRecord(sku, "all", on_hand, 0, 0, None, None, None, updated)


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    return tmp_path / "lake"


def rebuilt(database: Database, lake: Path) -> dict[str, list[tuple[object, ...]]]:
    """What a lake made from the same store says, in a folder of its own."""
    fresh = lake.with_name(f"fresh-{next(_numbers)}")
    rebuild(database, fresh)
    found = everything(fresh)
    shutil.rmtree(fresh)
    return found


@FEW
@given(shop=shops.shops, as_of_us=st.integers(AS_OF_US - 22, AS_OF_US + 4))
def test_a_rebuilt_lake_is_as_the_book(
    database: Database, tmp_path: Path, shop: tuple[list[Record], ...], as_of_us: int
) -> None:
    """Products, stock, customers, messages, feedback and, at any instant, every customer's purchases are the book's."""
    shops.clear(database)
    fill(database, shop)
    book = FactBook()
    for batch in shop:
        book.add(batch)
    lake = tmp_path / f"lake-{next(_numbers)}"
    rebuild(database, lake)
    found = everything(lake)
    for customer in shops.CUSTOMERS:
        settled = settle(book._lines(customer, as_of_us))[0]
        want = [(p.line.sku, p.line.ordered_at_us, p.line.units, p.kept_units, p.line.is_gift, p.line.channel,
                 p.line.item_group, p.line.category, p.line.brand) for p in settled]  # fmt: skip
        got = [(row[1], row[2], row[5], row[6], row[7], row[8], *row[11:]) for row in found["lines"]
               if row[0] == customer and row[3] <= as_of_us < row[4]]  # fmt: skip

        assert sorted(want, key=repr) == sorted(got, key=repr)

    assert sorted(book.products) == [row[0] for row in sorted(found["products"])]
    for row in found["products"]:
        assert (row[1], tuple(row[9])) == (
            book.products[row[0]].item_group_id or row[0],
            tuple(shops.json.loads(book.products[row[0]].bundle_of)),
        )
    assert sorted((tuple(each) for each in book.stock.values()), key=repr) == found["stock"]
    assert sorted((each[:5] for each in book.feedback.values()), key=repr) == found["feedback"]
    assert {(each.message_id, each.customer_id): shops.json.loads(each.items) for each in book.sent.values()} == {
        row[:2]: row[5] for row in found["sent"]
    }
    assert {
        each.customer_id: (shops.json.loads(each.consent), each.do_not_contact, each.late_order)
        for each in book.customers.values()
    } == {row[0]: (row[5], row[7], row[9]) for row in found["customers"]}
    assert {
        (kind, value, each.customer_id) for each in book.customers.values() for kind, value in each.identities
    } == set(found["identities"])


loads = st.lists(
    st.one_of(*(st.lists(each, min_size=1, max_size=6) for each in (
        shops.products, shops.orders, shops.orders, shops.levels, shops.customers, shops.sent, shops.feedback
    ))),
    min_size=1,
    max_size=8,
)  # fmt: skip


@FEW
@given(shop=shops.shops, later=st.lists(loads, min_size=1, max_size=4), compacts=st.booleans())
def test_refreshing_is_rebuilding(
    database: Database,
    tmp_path: Path,
    shop: tuple[list[Record], ...],
    later: list[list[list[Record]]],
    compacts: bool,
) -> None:
    """After any loads a refreshed lake has the live rows of a rebuilt one, with deltas or compacted."""
    shops.clear(database)
    fill(database, shop)
    lake = tmp_path / f"lake-{next(_numbers)}"
    rebuild(database, lake)
    for number, batches in enumerate(later):
        fill(database, batches)
        written = refresh(database, lake, compact=compacts and number % 2 == 1)

        assert rebuilt(database, lake) == everything(lake)
        assert (number % 2 == 1 and compacts) <= (len(written.generation.manifest["replaced"]) == 0)
    assert check(database, lake, tmp_path / "spill").is_sound


def test_many_deltas_are_folded(database: Database, lake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """More deltas than readers should merge become one; corrections among them still hold."""
    monkeypatch.setattr(lake_refresh, "MOST_DELTAS", 3)
    fill(database, [[line("o1"), line("o2", at=11), line("o3", sku="B")]])
    rebuild(database, lake)
    for number in range(9):
        fill(database, [[line("o1", units=2 + number, updated=2 + number), line(f"n{number}", sku="C")]])
        refresh(database, lake)
    manifest = current_generation(lake).manifest

    assert len(manifest["lines"]) - manifest["base_files"] <= 4
    assert rebuilt(database, lake) == everything(lake)


def test_a_catalogue_turned_over_rewrites_all_lines(
    database: Database, lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where too many lines change their style for a delta, the base is written anew, corrections included."""
    monkeypatch.setattr(lake_refresh, "MOST_RESTYLED", 2)
    monkeypatch.setattr(lake_compact, "ROWS_PER_FILE", 3)
    fill(database, [[product("A", "g1")], [line(f"o{number}", customer=f"c{number}") for number in range(9)]])
    rebuild(database, lake)
    fill(database, [[product("A", "g2", "home", updated=2)], [line("o1", units=5, updated=2, customer="c1")]])
    refresh(database, lake)
    manifest = current_generation(lake).manifest
    found = everything(lake)

    assert [] == manifest["replaced"]
    assert {"g2"} == {row[11] for row in found["lines"]}
    assert rebuilt(database, lake) == found


def test_lines_come_in_several_files(database: Database, lake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A base of several files holds every line once, each file sorted by customer."""
    monkeypatch.setattr(lake_rebuild, "ROWS_PER_FILE", 1)
    monkeypatch.setattr("suppress.stores.lake_export.BATCH_ROWS", 2)
    fill(database, [[line(f"o{number}", customer=f"c{number % 4}") for number in range(9)]])
    rebuild(database, lake)
    generation = current_generation(lake)

    assert 5 == len(generation.manifest["lines"])
    assert 9 == len(everything(lake)["lines"])
    for file in generation.manifest["lines"]:
        rows = duckdb.sql(f"SELECT customer_id FROM read_parquet('{generation.folder / file}')").fetchall()

        assert sorted(rows) == rows


def test_nothing_new_makes_no_generation(database: Database, lake: Path) -> None:
    """A refresh of a lake that holds all the store holds leaves it as it is."""
    fill(database, [[line("o1")]])
    first = rebuild(database, lake)
    fill(database, [[line("o1")]])

    assert first.generation.number == refresh(database, lake).generation.number


def test_a_newer_feed_is_told(database: Database, lake: Path) -> None:
    """A source stated complete again, without a new row, is as fresh as it says."""
    rebuild(database, lake)
    with Loader(database, Source.ORDERS) as loader:
        loader.finish(77)
    refresh(database, lake)
    with open_lake(lake) as opened:
        assert 77 == opened.feeds_us[Source.ORDERS]
        assert opened.feeds_us[Source.STOCK] is None


def test_a_moved_line_leaves_where_it_was(database: Database, lake: Path) -> None:
    """A line corrected to another customer and sku is there alone, and a deleted one nowhere."""
    fill(database, [[line("o1"), line("o2", sku="B"), line("o3", sku="C")]])
    rebuild(database, lake)
    fill(database, [[line("o1", sku="Z", customer="bob", updated=2)]])
    with database.write() as connection:
        connection.exec_driver_sql("DELETE FROM order_lines WHERE order_id = 'o3'")
    refresh(database, lake)

    assert [("ann", "B"), ("bob", "Z")] == [row[:2] for row in everything(lake)["lines"]]


def test_a_log_cut_short_means_a_rebuild(database: Database, lake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the store no longer knows what was loaded since, a refresh makes the lake anew."""
    monkeypatch.setattr("suppress.stores.load_log.MOST_LOGGED_ROWS", 1)
    fill(database, [[line("o1")]])
    rebuild(database, lake)
    for number in range(4):
        with Loader(database, Source.ORDERS) as loader:
            loader.write([line(f"n{number}"), line(f"m{number}")])
            loader.finish(1)
    written = refresh(database, lake)

    assert 9 == written.rows["lines"]
    assert written.generation.number == written.generation.manifest["changes_from"]


def test_a_load_too_large_to_log_means_a_rebuild(
    database: Database, lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A load beyond what is logged names no keys, and the lake is made anew."""
    monkeypatch.setattr("suppress.stores.load.MOST_LOGGED_ROWS", 2)
    rebuild(database, lake)
    fill(database, [[line(f"o{number}") for number in range(5)]])

    assert 5 == refresh(database, lake).rows["lines"]
    assert rebuilt(database, lake) == everything(lake)


def test_another_store_is_noticed(database: Database, lake: Path) -> None:
    """A store whose last load is not the one the lake knows, such as a restored copy, is no base for a refresh."""
    fill(database, [[line("o1")]])
    rebuild(database, lake)
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE loads SET token = 'another'")
        connection.exec_driver_sql("UPDATE order_lines SET sku = 'other'")
    with pytest.raises(StoreError, match="was not made from"):
        check(database, lake, lake / "spill")

    assert ["other"] == [row[1] for row in (refresh(database, lake) and everything(lake)["lines"])]


def test_changes_are_told(database: Database, lake: Path) -> None:
    """Between two generations: who bought, whose catalogue entry or stock moved, and what was only stated again."""
    fill(database, [
        [product("A"), product("B"), product("C")],
        [level("A", 1, 1), level("B", 1, 1), level("C", 1, 1)],
        [line("o1", "A", customer="ann"), line("o2", "B", customer="bob"), line("o3", "C", customer="cid")],
        [SentRecord("m", "dan", None, None, 5, '["B"]', 1)],
    ])  # fmt: skip
    first = rebuild(database, lake).generation.number
    fill(database, [[level("A", 1, 2), level("B", 7, 2)], [line("o4", "A", customer="eve")]])
    second = refresh(database, lake).generation.number
    fill(database, [[product("B", "g", updated=2), product("C", updated=2)]])
    refresh(database, lake)
    with open_lake(lake) as opened:
        since_first, since_second = (opened.changed_since(number) for number in (first, second))
        assert since_first is not None
        assert since_second is not None
        assert (frozenset({"eve", "bob", "dan"}), frozenset({"B"}), frozenset({"A"})) == (
            since_first.customers,
            since_first.skus,
            since_first.restated_skus,
        )
        assert (frozenset({"bob", "dan"}), frozenset({"B"})) == (since_second.customers, since_second.skus)
        nothing = opened.changed_since(opened.generation)
        assert nothing is not None
        assert frozenset() == nothing.customers
        assert opened.changed_since(first - 1) is None
    rebuild(database, lake)
    with open_lake(lake) as opened:
        assert opened.changed_since(second) is None


@pytest.mark.parametrize(
    ("statement", "table", "first"),
    [
        ("UPDATE order_lines SET channel = 'x' WHERE order_id = 'o2'", "lines", "bob"),
        ("DELETE FROM order_lines WHERE order_id = 'o2'", "lines", "bob"),
        ("UPDATE stock SET on_hand = 9 WHERE sku = 'A'", "stock", "A"),
    ],
)
def test_check_finds_a_tampered_row(
    database: Database, lake: Path, tmp_path: Path, statement: str, table: str, first: str
) -> None:
    """A row changed behind the loaders' back is found, and its customer or sku named."""
    fill(database, [[level("A", 1, 1), level("B", 1, 1)], [line("o1"), line("o2", customer="bob")]])
    rebuild(database, lake)
    sound = check(database, lake, tmp_path / "spill")
    with database.write() as connection:
        connection.exec_driver_sql(statement)
    found = check(database, lake, tmp_path / "spill")

    assert sound.is_sound
    assert [(table, (first,))] == [(each.name, each.first) for each in found.tables if each.differing]


def test_check_says_when_the_lake_is_behind(database: Database, lake: Path, tmp_path: Path) -> None:
    """What was loaded since is no difference, but said."""
    rebuild(database, lake)
    fill(database, [[line("o1")]])

    assert (Source.ORDERS,) == check(database, lake, tmp_path / "spill").behind


def test_readers_keep_their_generation(database: Database, lake: Path) -> None:
    """An open lake's folder stays while generations come and go; once closed it is removed."""
    fill(database, [[line("o1")]])
    rebuild(database, lake)
    with open_lake(lake) as opened:
        for number in range(4):
            fill(database, [[line(f"n{number}")]])
            refresh(database, lake)

        assert 1 == len(rows_of(opened, "lines"))
    fill(database, [[line("last")]])
    refresh(database, lake)

    assert 6 == len(everything(lake)["lines"])
    assert 2 == len(list(lake.glob("gen-*")))


def test_one_writer_at_a_time(database: Database, lake: Path) -> None:
    """A second writer is told to wait and leaves the first one's work alone."""
    from suppress.stores.lake_generations import writing

    rebuild(database, lake)
    with writing(lake), pytest.raises(StoreError, match="being written by another process"):
        rebuild(database, lake)

    assert 1 == current_generation(lake).number


@pytest.mark.parametrize("damage", ["no lake", "no manifest", "no JSON", "another format"])
def test_what_is_no_lake_is_refused(tmp_path: Path, lake: Path, damage: str, request: pytest.FixtureRequest) -> None:
    """A lake that is not there or cannot be read says what to run."""
    if damage != "no lake":
        folder = lake / "gen-000001"
        folder.mkdir(parents=True)
        (lake / "CURRENT").write_text("gen-000001")
        if damage == "no JSON":
            (folder / "manifest.json").write_text("{")
        if damage == "another format":
            (folder / "manifest.json").write_text('{"format": 2}')
    with pytest.raises(StoreError, match="run `suppress lake rebuild`"):
        open_lake(lake)


def test_order_of_batches_is_no_matter(database: Database, lake: Path) -> None:
    """A credit that came before its purchase is settled once both are there."""
    batches: Sequence[Sequence[Record]] = [[line("c", units=-1, at=20)], [line("o", units=3, at=10)]]
    rebuild(database, lake)
    for batch in batches:
        fill(database, [batch])
        refresh(database, lake)

    assert [(10, 20, 3), (20, 2**62, 2)] == [(row[3], row[4], row[6]) for row in everything(lake)["lines"]]


def message(number: int, customer: str, campaign: str = "spring", updated: int = 1) -> SentRecord:
    return SentRecord(f"m{number}", customer, "email", campaign, number, '["A"]', updated)


def test_a_long_sent_log_is_added_to(database: Database, lake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A log longer than a file has several; refreshes add deltas, folded when many; a changed message is replaced."""
    monkeypatch.setattr(lake_sent, "ROWS_PER_FILE", 6)
    monkeypatch.setattr(lake_sent, "MOST_DELTAS", 2)
    monkeypatch.setattr("suppress.stores.lake_export.BATCH_ROWS", 4)
    fill(database, [[message(number, f"c{number % 5}") for number in range(20)]])
    rebuild(database, lake)
    files = [len(current_generation(lake).manifest["sent"])]
    for number in range(20, 24):
        # The second is there already, unchanged but for its own time.
        fill(database, [[message(number, f"c{number % 5}"), message(3, "c3", updated=number)]])
        refresh(database, lake)
        files.append(len(current_generation(lake).manifest["sent"]))

        assert rebuilt(database, lake) == everything(lake)
    fill(database, [[message(4, "c4", campaign="autumn", updated=9)]])
    last = refresh(database, lake).generation

    assert [0, 1, 2, 1, 2] == [count - files[0] for count in files]
    assert all("delta" not in file for file in last.manifest["sent"])
    assert rebuilt(database, lake) == everything(lake)

"""A campaign system's own Parquet files as a facts folder: the same as importing them, bad rows told one by one."""

import csv
import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from errno import EACCES, EDQUOT, ENOSPC
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from suppress.errors import FactsError, ResourceError, StoreError
from suppress.facts.facts_folder import TABLES, feeds_of, file_of, line_files_of
from suppress.facts.instants import from_us, to_us
from suppress.facts.snapshot import Source
from suppress.intake.reading import ReadOptions
from suppress.loading import import_file
from suppress.stores.database import Database
from suppress.stores.lake_files import Limits, open_duckdb
from suppress.stores.lake_folder import prepare_facts
from suppress.stores.lake_generations import current_generation, read_manifest
from suppress.stores.lake_lines import FILE_COLUMNS, lines_relation
from suppress.stores.lake_rebuild import rebuild
from tests.stores.lake.reading import everything

import duckdb  # isort: skip

AT = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
LATER = datetime(2026, 11, 21, tzinfo=UTC)
TIME = pa.timestamp("us", tz="UTC")
SKUS = pa.list_(pa.string())
FILES: Mapping[str, pa.Table] = {
    "products.parquet": pa.table({
        "sku": [" A ", "B", "Gro\u0308ße", "A"],
        "title": ["Tea  of\tMay", None, "x", "newer"],
        "item_group_id": ["g", "", None, "g2"],
        "category": [" food / tea//", "home", None, "food/tea"],
        "status": ["Active", None, "recalled", None],
        "replenish_days": pa.array([30, None, None, 31], pa.int32()),
        "price_minor": pa.array([100.0, None, 5.0, 7.0], pa.float64()),
        "currency": ["eur", None, None, "CHF"],
        "bundle_of": pa.array([["B", " C"], None, [], None], SKUS),
        "attributes": ['{"size": "L", "n": 3}', None, "{}", None],
        "attributes.colour": ["red", None, "blue", None],
        "updated_at": pa.array([AT, None, None, LATER], TIME),
    }),
    "order_lines.parquet": pa.table({
        "order_id": pa.array([1, 1, 2, 3], pa.int64()),
        "customer_id": ["ann", "ann", "bob", "ann"],
        "sku": ["A", "B", "A", "A"],
        "units": pa.array([3, 1, 2, -1], pa.int16()),
        "ordered_at": [
            *("2026-11-01T10:00:00Z", "2026-11-01T10:00:00+01:00", "2026-11-02 10:00:00Z", "2026-11-05T00:00:00Z"),
        ],
        "is_gift": ["no", "Yes", None, None],
        "returned_units": pa.array([None, 0, 1, None], pa.int64()),
    }),
    "stock.parquet": pa.table({
        "sku": ["A", "A", "B"],
        "location_id": [None, "north", "north"],
        "on_hand": [1, 2, -3],
        "incoming_at": pa.array([LATER, None, None], TIME),
        "availability": ["in stock", None, "preorder"],
        "updated_at": pa.array([AT, AT, AT], TIME),
    }),
    "customers.parquet": pa.table({
        "customer_id": ["ann", "bob"],
        "email": ["Ann@Shop.ch", None],
        "phone": [None, "044 668 18 00"],
        "country": [None, "ch"],
        "consent_email": [True, None],
        "consent": ['{"sms": false}', None],
        "open_case": [None, False],
    }),
    "sent.parquet": pa.table({
        "message_id": ["m1", "m2"],
        "customer_id": ["ann", "bob"],
        "sent_at": pa.array([AT, LATER], TIME),
        "items": ["A| B", '["C"]'],
    }),
    "feedback.parquet": pa.table({
        "customer_id": ["ann", "bob"],
        "sku": ["A", None],
        "category": [None, "food/tea"],
        "says": ["already own", "not_interested"],
        "at": pa.array([AT, AT], TIME),
    }),
}  # fmt: skip
SOURCES = {
    "products.parquet": Source.PRODUCTS,
    "order_lines.parquet": Source.ORDERS,
    "stock.parquet": Source.STOCK,
    "customers.parquet": Source.CUSTOMERS,
    "sent.parquet": Source.SENT,
    "feedback.parquet": Source.FEEDBACK,
}


def write(folder: Path, files: Mapping[str, pa.Table]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, table in files.items():
        pq.write_table(table, folder / name)
    return folder


def held(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    selections = {"lines": lines_relation(folder, read_manifest(folder), ", ".join(FILE_COLUMNS))}
    selections |= {path.stem: f"SELECT * FROM read_parquet('{path}')" for path in folder.glob("*.parquet")}
    with duckdb.connect() as duck:
        return {name: sorted(duck.execute(select).fetchall(), key=repr) for name, select in selections.items()}


def described(folder: Path) -> dict[str, dict[str, str]]:
    """Table -> column -> type, of the files themselves."""
    files = {table: (file_of(table),) for table in TABLES} | {"lines": line_files_of(read_manifest(folder))}
    with duckdb.connect() as duck:
        rows = [
            (table, *row[:2])
            for table, names in files.items()
            for name in names
            for row in duck.execute(f"DESCRIBE SELECT * FROM read_parquet('{folder / name}')").fetchall()
        ]
    return {table: {column: kind for each, column, kind in rows if each == table} for table in TABLES}


def as_agreed() -> dict[str, dict[str, str]]:
    """What `facts_folder` says, in any order of the columns."""
    return {table: dict(columns) for table, columns in TABLES.items()}


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_folder_is_as_its_import(database: Database, tmp_path: Path) -> None:
    """Files taken as they are make the facts that importing them and making a lake makes."""
    folder = write(tmp_path / "facts", FILES)

    for name, source in SOURCES.items():
        import_file(database, source, folder / name, ReadOptions(as_of_us=0))
    rebuild(database, tmp_path / "lake")
    prepared = prepare_facts(folder, tmp_path / "work")

    assert (0, {}) == (prepared.refused, prepared.rejects)
    assert everything(tmp_path / "lake") == held(prepared.folder)
    assert described(prepared.folder) == described(current_generation(tmp_path / "lake").folder) == as_agreed()
    assert {Source.ORDERS} < {source for source, at in feeds_of(read_manifest(prepared.folder)).items() if at}


@pytest.mark.parametrize(("number", "kind"), [(ENOSPC, ResourceError), (EDQUOT, ResourceError), (EACCES, StoreError)])
def test_a_full_disk_is_told_from_a_closed_one(tmp_path: Path, number: int, kind: type[Exception]) -> None:
    """What only needs more room is an error of its own; whatever else keeps a lake from being written is not."""
    with pytest.raises(kind, match="the lake cannot be written"), open_duckdb(Limits(), tmp_path / "spill"):
        raise OSError(number, os.strerror(number))


def test_a_query_beyond_the_memory_it_may_use_says_so(tmp_path: Path) -> None:
    """DuckDB's own limit is a lack of memory, not a broken store."""
    with pytest.raises(ResourceError, match="Out of Memory"), open_duckdb(Limits(memory="2MB"), tmp_path / "s") as duck:
        duck.execute("SET temp_directory = ''; CREATE TABLE t AS SELECT random() AS a FROM range(2_000_000)")


def test_a_facts_folder_is_taken_as_it_is(tmp_path: Path) -> None:
    """A folder with a manifest is used where it is."""
    prepared = prepare_facts(write(tmp_path / "facts", FILES), tmp_path / "work").folder

    assert prepared == prepare_facts(prepared, tmp_path / "other").folder
    assert not (tmp_path / "other").exists()


BAD_ROWS: list[tuple[str, dict[str, Any], str]] = [
    ("order_lines.parquet", {"sku": ["A", None, "B"]}, "sku is empty"),
    ("order_lines.parquet", {"sku": ["A", "x" * 256, "B"]}, "sku is longer than 255 characters"),
    ("order_lines.parquet", {"customer_id": ["a", "a\x07b", "c"]}, "customer_id holds a control character"),
    ("order_lines.parquet", {"units": [1, 0, 1]}, "units is 0; write how many were bought"),
    ("order_lines.parquet", {"units": [1.0, 1.5, 1.0]}, "units is no whole number"),
    ("order_lines.parquet", {"returned_units": [1, -1, None]}, "returned_units is below 0"),
    ("order_lines.parquet", {"is_gift": ["no", "perhaps", None]}, "is_gift must be yes or no"),
    ("order_lines.parquet", {"ordered_at": ["2026-11-01T10:00:00Z", "2026-11-01T10:00:00", "2026-11-01T10:00:00Z"]},
     "ordered_at must be a time with a zone"),
    ("order_lines.parquet", {"ordered_at": ["2026-11-01T10:00:00Z", "2026-13-01T10:00:00Z", "2026-11-01T10:00:00Z"]},
     "ordered_at is no time"),
    ("products.parquet", {"status": ["active", "gone", None]}, "status must be one of active"),
    ("products.parquet", {"bundle_of": ["a|b", "[1,", None]}, "bundle_of must be a list of skus"),
    ("products.parquet", {"attributes": ["{}", "[1]", None]}, "attributes must be a flat map of text"),
    ("products.parquet", {"replenish_days": [1, 0, None]}, "replenish_days is below 1"),
    ("customers.parquet", {"consent_email": ["yes", "si", None]}, "consent_email must be yes or no"),
    ("feedback.parquet", {"sku": ["A", "A", None], "category": [None, "tea", "tea"]}, "give either sku or category"),
]  # fmt: skip
GOOD: Mapping[str, dict[str, list[Any]]] = {
    "order_lines.parquet": {
        "order_id": ["1", "2", "3"],
        "customer_id": ["a", "b", "c"],
        "sku": ["A", "B", "C"],
        "units": [1, 2, 3],
        "ordered_at": ["2026-11-01T10:00:00Z"] * 3,
    },
    "products.parquet": {"sku": ["A", "B", "C"]},
    "customers.parquet": {"customer_id": ["a", "b", "c"]},
    "feedback.parquet": {
        "customer_id": ["a", "b", "c"],
        "sku": ["A", "A", "A"],
        "says": ["already_own"] * 3,
        "at": ["2026-11-01T10:00:00Z"] * 3,
    },
}


@pytest.mark.parametrize(("file", "columns", "reason"), BAD_ROWS)
def test_a_bad_row_is_refused_alone(tmp_path: Path, file: str, columns: dict[str, Any], reason: str) -> None:
    """One bad row is listed with its number and the reason; the two others count."""
    folder = write(tmp_path / "facts", {file: pa.table(dict(GOOD[file]) | columns)})
    prepared = prepare_facts(folder, tmp_path / "work")
    assert prepared.rejects is not None
    with prepared.rejects[file].open() as text:
        listed = list(csv.DictReader(text))
    name = "lines" if file == "order_lines.parquet" else file.removesuffix(".parquet")

    assert (1, ["2"]) == (prepared.refused, [row["row"] for row in listed])
    assert reason in listed[0]["reason"]
    assert 2 == len(held(prepared.folder)[name])


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"ordered_at": pa.array([datetime(2026, 11, 1)] * 3, pa.timestamp("us"))}, "has times without a zone"),  # noqa: DTZ001
        ({"units": ["1", "2", "3"]}, "the column units is of type VARCHAR; it must hold a whole number"),
        ({"sku": pa.array([1.5] * 3)}, "the column sku is of type DOUBLE; it must hold an id"),
        ({"units": None}, "the column units is missing"),
    ],
)
def test_a_column_of_another_type_is_refused(tmp_path: Path, columns: dict[str, Any], message: str) -> None:
    """A file with a column that cannot be right is refused as a whole, with the column and what it must hold."""
    table = {name: each for name, each in (dict(GOOD["order_lines.parquet"]) | columns).items() if each is not None}
    with pytest.raises(FactsError, match=message):
        prepare_facts(write(tmp_path / "facts", {"order_lines.parquet": pa.table(table)}), tmp_path / "work")


def test_how_old_facts_are(tmp_path: Path) -> None:
    """Stated in feeds.json, else the newest time in the file, else the file's own where that is earlier."""
    folder = write(
        tmp_path / "facts", {name: FILES[name] for name in ("stock.parquet", "sent.parquet", "customers.parquet")}
    )
    (folder / "feeds.json").write_text('{"stock": "2026-11-22T09:00:00+01:00"}')
    early = to_us(AT) // 1_000_000
    for name in ("sent.parquet", "customers.parquet"):
        os.utime(folder / name, (early, early))
    feeds = feeds_of(read_manifest(prepare_facts(folder, tmp_path / "work").folder))

    assert datetime(2026, 11, 22, 8, tzinfo=UTC) == from_us(feeds[Source.STOCK] or 0)
    assert (AT, AT) == tuple(from_us(feeds[source] or 0) for source in (Source.SENT, Source.CUSTOMERS))
    assert feeds[Source.ORDERS] is None


def test_newest_time_counts_where_it_is_earlier(tmp_path: Path) -> None:
    """A file copied today with figures of last week is of last week."""
    folder = write(tmp_path / "facts", {"stock.parquet": FILES["stock.parquet"]})

    assert to_us(AT) == feeds_of(read_manifest(prepare_facts(folder, tmp_path / "work").folder))[Source.STOCK]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "must be a map"),
        ("{", "cannot be read"),
        ('{"order": "2026-11-22T09:00:00Z"}', 'no source "order"; did you mean "orders"'),
        ('{"orders": "2026-11-22T09:00:00"}', "has no zone"),
        ('{"orders": "yesterday"}', "cannot be read"),
    ],
)
def test_bad_feeds_are_refused(tmp_path: Path, text: str, message: str) -> None:
    """A feeds.json that cannot be read stops everything: ages are never guessed past it."""
    folder = write(tmp_path / "facts", {"products.parquet": FILES["products.parquet"]})
    (folder / "feeds.json").write_text(text)
    with pytest.raises(FactsError, match=message):
        prepare_facts(folder, tmp_path / "work")


def test_no_facts_at_all(tmp_path: Path) -> None:
    """An empty folder names what it could hold; a damaged file is named."""
    with pytest.raises(FactsError, match=r"neither manifest\.json nor any of products\.parquet"):
        prepare_facts(tmp_path, tmp_path / "work")
    (tmp_path / "stock.parquet").write_bytes(b"PAR1 cut short")
    with pytest.raises(FactsError, match=r"stock\.parquet cannot be read as Parquet"):
        prepare_facts(tmp_path, tmp_path / "work")


def test_unknown_columns_are_told(tmp_path: Path) -> None:
    """A column nobody reads is named, with the one it may have been meant to be."""
    table = pa.table({"sku": ["A"], "titel": ["x"]})
    notes = prepare_facts(write(tmp_path / "facts", {"products.parquet": table}), tmp_path / "work").notes

    assert ('products.parquet: the column "titel" is not read; did you mean "title"?',) == notes
    assert json.loads((tmp_path / "work" / "manifest.json").read_text())["format"] == 1

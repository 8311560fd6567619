"""The schema: upgraded once, checked against the declared tables, refused when it is not the current one."""

import subprocess
import sys
from pathlib import Path

import pytest

from suppress.errors import StoreError
from suppress.facts.records import CustomerRecord, FeedbackRecord, OrderRecord, ProductRecord, SentRecord, StockRecord
from suppress.facts.snapshot import Source
from suppress.stores.database import SCHEMA_HEAD, Database
from suppress.stores.schema import check, script_head, upgrade
from suppress.stores.tables import Base

RECORDS = {
    "products": ProductRecord._fields,
    "order_lines": OrderRecord._fields,
    "stock": StockRecord._fields,
    "customers": CustomerRecord._fields[:-1],
    "sent_messages": SentRecord._fields,
    "feedback": FeedbackRecord._fields,
}

OWN_COLUMNS = ("load_seq",)
"""Columns of the store that no record has: which load a row came with."""


def test_upgrade_twice(empty_url: str) -> None:
    """The first upgrade makes a sound database with a row per feed, the second changes nothing."""
    with Database.open(empty_url, require_schema=False) as database:
        first = upgrade(database)
        second = upgrade(database)
        found = check(database)
        feeds = dict(database.read().exec_driver_sql("SELECT source, as_of_us FROM feeds").all())

    assert (None, SCHEMA_HEAD) == (first.current, second.current)
    assert found.is_sound, found.drift
    assert dict.fromkeys(source.value for source in Source) == feeds


def test_upgrade_from_two_processes(empty_url: str) -> None:
    """Two upgrades at once both succeed."""
    program = (
        "import sys; from suppress.stores.database import Database; from suppress.stores.schema import upgrade\n"
        "with Database.open(sys.argv[1], require_schema=False) as database: upgrade(database)"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", program, empty_url], stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [process.communicate(timeout=120)[1] for process in running]

    assert [0, 0] == [process.returncode for process in running], said
    with Database.open(empty_url) as database:
        assert check(database).is_sound


def test_opening_without_tables(empty_url: str) -> None:
    """A database without tables is refused, with the command that makes them."""
    with pytest.raises(StoreError, match="run `suppress db upgrade`"):
        Database.open(empty_url)


@pytest.mark.parametrize(("revision", "remedy"), [("0000", "run `suppress db upgrade`"), ("9999", "newer version")])
def test_opening_another_revision(url: str, revision: str, remedy: str) -> None:
    """A database of another revision is refused: an older one with the command, a newer one with what to install."""
    with Database.open(url) as database, database.write() as connection:
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{revision}'")

    with pytest.raises(StoreError, match=remedy):
        Database.open(url)


def test_upgrade_refuses_a_newer_database(database: Database) -> None:
    """A database of a newer version is left alone."""
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(StoreError, match="newer"):
        upgrade(database)


@pytest.mark.parametrize(
    ("statement", "drift"),
    [
        ("ALTER TABLE products ADD COLUMN colour text", "remove_column: products colour"),
        ("DROP INDEX ix_order_lines_history", "add_index"),
        ("DROP TABLE feedback", "add_table: feedback"),
    ],
)
def test_drift_is_told(database: Database, statement: str, drift: str) -> None:
    """What was changed by hand is named."""
    with database.write() as connection:
        connection.exec_driver_sql(statement)
    found = check(database)

    assert not found.is_sound
    assert 1 == len(found.drift)
    assert drift in found.drift[0].replace("products.", "").replace("Table('", "")


def test_head_is_the_newest_migration() -> None:
    """The revision the code asks for is the newest among the migrations."""
    assert SCHEMA_HEAD == script_head()


@pytest.mark.parametrize("table", RECORDS)
def test_columns_are_the_fields_of_the_records(table: str) -> None:
    """A table has the columns of its record, in their order: rows are written by position. Then the store's own."""
    columns = tuple(Base.metadata.tables[table].columns.keys())

    assert RECORDS[table] == tuple(column for column in columns if column not in OWN_COLUMNS)
    assert RECORDS[table] == columns[: len(RECORDS[table])]


def test_missing_file_is_not_made(tmp_path: Path) -> None:
    """Opening or checking a SQLite file that is not there says so and makes none."""
    url = f"sqlite:///{tmp_path}/none.db"
    with pytest.raises(StoreError, match="no database at"):
        Database.open(url)
    with Database.open(url, require_schema=False) as database:
        found = check(database)

    assert found.state.current is None
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_strict_tables_refuse_other_types(database: Database) -> None:
    """SQLite takes no text where a number belongs."""
    with pytest.raises(StoreError, match="cannot store TEXT"), database.write() as connection:
        connection.exec_driver_sql("INSERT INTO feeds (source, as_of_us) VALUES ('more', 'soon')")

"""Upgrading a database that holds facts: every row stays, and the tables become as declared."""

from collections.abc import Callable

import pytest
from alembic import command

from suppress.errors import StoreError
from suppress.facts.customer import Customer
from suppress.facts.message import Message
from suppress.facts.snapshot import FactNeeds, Source
from suppress.stores import schema
from suppress.stores.database import SCHEMA_HEAD, Database
from suppress.stores.facts import FactStore
from suppress.stores.schema import check, upgrade

FIRST = {
    "products": [("P", "Title", "g", "home/bed", "Acme", "active", 30, 1999, "CHF", '["A"]', '{"size":"L"}', 7)],
    "order_lines": [("o1", "1", "ann", "P", 2, 5, 0, 1, True, "web", 100, "CHF", 7)],
    "stock": [("P", "all", 3, 0, 1, None, None, "in_stock", 7)],
    "customers": [
        ("ann", "h1", "CH", "ZH", "Europe/Zurich", '{"email":true}', '{"tier":"gold"}', 7),
        ("Größe's", None, None, None, None, "{}", "{}", 8),
    ],
    "identities": [("email", "ann@shop.ch", "ann")],
    "sent_messages": [("m1", "ann", "email", "spring", 5, '["P"]', 7)],
    "feedback": [("ann", "sku", "P", "already_own", 5)],
}
"""Rows of each table in the order of its columns at revision 0001."""


@pytest.fixture
def first(empty_url: str) -> str:
    """A database at revision 0001 that holds a row or two of everything."""
    move(empty_url, lambda config: command.upgrade(config, "0001"))
    with Database.open(empty_url, require_schema=False) as database, database.write() as connection:
        mark = "?" if database.dialect == "sqlite" else "%s"
        for table, rows in FIRST.items():
            for row in rows:
                connection.exec_driver_sql(f"INSERT INTO {table} VALUES ({', '.join([mark] * len(row))})", row)
        connection.exec_driver_sql("UPDATE feeds SET as_of_us = 9 WHERE source = 'orders'")
    return empty_url


def move(url: str, how: Callable[[schema.Config], None]) -> None:
    with Database.open(url, require_schema=False) as database, database.write() as connection:
        how(schema._config(connection))


def rows_of(database: Database, table: str, columns: int) -> list[tuple[object, ...]]:
    found = database.read().exec_driver_sql(f"SELECT * FROM {table}")
    return sorted((tuple(row)[:columns] for row in found), key=repr)


def test_an_old_database_is_refused_until_upgraded(first: str) -> None:
    """A database at revision 0001 is not opened, and says what to run."""
    told = f"at revision 0001, this version needs {SCHEMA_HEAD}; run `suppress db upgrade`"
    with pytest.raises(StoreError, match=told):
        Database.open(first)


def test_upgrade_keeps_every_row(first: str) -> None:
    """After the upgrade the tables are as declared, hold all they held, and say so in a snapshot."""
    with Database.open(first, require_schema=False) as database:
        before = upgrade(database)
        found = check(database)
        kept = {table: rows_of(database, table, len(rows[0])) for table, rows in FIRST.items()}
        needs = FactNeeds(customer=True, household=True, history_by=frozenset({"sku"}), sent=True, feedback=True)
        snapshot = FactStore(database, needs).snapshot(Message(items=("P",), email="ann@shop.ch"), 10)

    assert "0001" == before.current
    assert found.is_sound, found.drift
    assert {table: sorted(rows, key=repr) for table, rows in FIRST.items()} == kept
    assert Customer("ann", "h1", "CH", "ZH", "Europe/Zurich", {"email": True}, {"tier": "gold"}) == snapshot.customer
    assert (1, 1, 1) == (len(snapshot.lines), len(snapshot.sent), len(snapshot.feedback))
    assert 9 == snapshot.feeds_us[Source.ORDERS]


def test_there_and_back(first: str) -> None:
    """Down to 0001 and up again leaves the rows and a sound database."""
    with Database.open(first, require_schema=False) as database:
        upgrade(database)
    move(first, lambda config: command.downgrade(config, "0001"))
    with Database.open(first, require_schema=False) as database:
        assert "0001" == database.schema_state().current
        upgrade(database)

        assert check(database).is_sound
        assert sorted(FIRST["customers"], key=repr) == rows_of(database, "customers", 8)


def test_flags_are_yes_no_or_unknown(database: Database) -> None:
    """What is open with a customer is a flag or nothing; both databases refuse another number."""
    columns = "customer_id, consent, attributes, updated_at_us, open_case"
    with pytest.raises(StoreError), database.write() as connection:
        connection.exec_driver_sql(f"INSERT INTO customers ({columns}) VALUES ('ann', '{{}}', '{{}}', 1, 2)")

"""The live gate on a real database: the decisions of the gate in process, stock shared out, and what a fault leaves."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from suppress.engine.guarded import ReferenceEngine
from suppress.facts.records import ProductRecord, StockRecord
from suppress.facts.snapshot import Source
from suppress.service import Gate
from suppress.serving.service import Serving, open_serving
from suppress.stores.database import Database
from suppress.stores.load import Loader
from suppress.stores.schema import upgrade
from tests.serving.stand_ins import NOW, NOW_US, PATIENCE_S, RULES, Log, Rules, compiled, message

LONG_MS = PATIENCE_S * 1000
LIMITED = """\
  - {id: shared, limit: {messages_per_unit: 1}, code: stock_shared_out, when: {stock.on_hand: {exists: yes}}}
"""


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A shop with five of one product, and none of the other."""
    with Database.open(f"sqlite:///{tmp_path / 'shop.db'}", require_schema=False) as opened:
        upgrade(opened)
        for source, records in {
            Source.PRODUCTS: [
                ProductRecord(sku, None, None, None, None, "active", None, None, None, "[]", "{}", NOW_US)
                for sku in ("A-1", "A-2")
            ],
            Source.STOCK: [
                StockRecord(sku, "all", units, 0, 0, None, None, None, NOW_US)
                for sku, units in (("A-1", 5), ("A-2", 0))
            ],
        }.items():
            with Loader(opened, source) as loader:
                loader.write(records)
                loader.finish(NOW_US)
        yield opened


def opened_on(database: Database, top: str, rules: str = RULES) -> tuple[Serving, Gate]:
    """The live gate, and the one in process, by the same rules."""
    there = Rules()
    there.revision = type(there.revision)(compiled(top, rules))
    serving = open_serving(database, there, Log(), reserve_hours=24, threads=2, clock=lambda: NOW)
    engine = ReferenceEngine(there.revision.compiled)
    return serving, Gate(there.revision.compiled, database, engine, lambda: NOW)


def test_it_decides_as_the_gate_in_process(database: Database) -> None:
    """Facts from the database give the same decision at both doors, but for its id."""
    serving, gate = opened_on(database, "")
    told = serving.check(message(message_id="m-1"), deadline_ms=LONG_MS).decision.to_dict()
    serving.close()

    assert gate.check(message(message_id="m-1")).to_dict() | {"decision_id": told["decision_id"]} == told
    assert ["A-1"] == told["shown"]


def test_stock_is_shared_out_between_questions(database: Database) -> None:
    """Five units go to five messages, whoever asks; looking without reserving takes none."""
    serving, gate = opened_on(database, "", RULES + LIMITED)
    looked = [serving.check(message("A-1", message_id=f"l-{n}"), reserve=False, deadline_ms=LONG_MS) for n in range(6)]
    asked = [serving.check(message("A-1", message_id=f"m-{n}"), deadline_ms=LONG_MS) for n in range(4)]
    by_gate = gate.check(message("A-1", message_id="m-4"))
    last = serving.check(message("A-1", message_id="m-5"), deadline_ms=LONG_MS)
    serving.close()

    assert {("A-1",)} == {answer.decision.shown for answer in (*looked, *asked)} | {by_gate.shown}
    assert ((), "stock_shared_out") == (last.decision.shown, last.decision.items[0].deciding.code)


def test_a_table_that_is_gone_leaves_it_to_the_policy(database: Database, caplog) -> None:
    """What the database refuses is no exception for the caller; when it answers again, so do the rules."""
    serving, _ = opened_on(database, "on_unavailable: hold")
    with database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE stock RENAME TO gone")
    without = serving.check(message(), deadline_ms=LONG_MS)
    with database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE gone RENAME TO stock")
    again = serving.check(message(), deadline_ms=LONG_MS)
    serving.close()

    assert ("hold", "down") == (without.decision.verdict, without.unavailable)
    assert (("A-1",), None) == (again.decision.shown, again.unavailable)

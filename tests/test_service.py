"""The gate on a real database: decisions, batches, threads, and what happens when something underneath breaks."""

import logging
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import suppress
from suppress.facts.instants import to_us
from suppress.facts.records import OrderRecord, ProductRecord, StockRecord
from suppress.facts.snapshot import Source
from suppress.service import Gate, new_decision_id, open_gate
from suppress.stores.database import Database
from suppress.stores.load import Loader
from suppress.stores.schema import upgrade

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
RULES = """
version: 1
ruleset: shop
defaults: {stock_max_age: 6 hours}
rules:
  - id: already-bought
    drop: item
    code: recently_purchased
    when:
      bought: {same: item_group, within: 365 days}
  - id: sold-out
    drop: item
    code: out_of_stock
    when_unknown: block
    when:
      stock.available_units: {below: 1}
  - id: nothing-left
    suppress: message
    code: nothing_left
    when:
      message.items_kept: {below: 1}
"""


@pytest.fixture
def shop(tmp_path: Path) -> tuple[str, Path]:
    """A database with a small shop, and a folder with one ruleset."""
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    now_us = to_us(NOW)
    bought_us = to_us(NOW - timedelta(days=10))
    with Database.open(url, require_schema=False) as database:
        upgrade(database)
        for source, records in {
            Source.PRODUCTS: [
                ProductRecord(sku, None, group, None, None, "active", None, None, None, "[]", "{}", now_us)
                for sku, group in (("A-1", "A"), ("A-2", "A"), ("B-1", None))
            ],
            Source.ORDERS: [OrderRecord("o-1", "1", "ada", "A-1", 1, bought_us, 0, 0, False, None, None, None, now_us)],
            Source.STOCK: [
                StockRecord(sku, "all", units, 0, 0, None, None, None, now_us)
                for sku, units in (("A-1", 5), ("A-2", 5), ("B-1", 5))
            ],
        }.items():
            with Loader(database, source) as loader:
                loader.write(records)
                loader.finish(now_us)
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "shop.yaml").write_text(RULES)
    return url, rules


@pytest.fixture
def gate(shop: tuple[str, Path]):
    """A gate whose clock stands still."""
    with open_gate(*shop, clock=lambda: NOW) as opened:
        yield opened


def message(*skus: str, customer: str = "ada", **more: object) -> suppress.Message:
    """A message recommending these skus."""
    return suppress.Message(customer_id=customer, items=skus, **more)  # type: ignore[arg-type]


def test_other_size_of_a_bought_style_is_dropped(gate: Gate) -> None:
    """The decision names the rule, the sentence, and when the item may come back."""
    decision = gate.check(message("A-2", "B-1"))
    dropped = decision.items[0]

    assert ("B-1",) == decision.shown
    assert "recently_purchased" == dropped.deciding.code
    assert "Drop the item when the customer bought and kept an item of the same style in the last 365 days." == (
        dropped.deciding.sentence
    )
    assert NOW + timedelta(days=355) == dropped.eligible_again_at
    assert "durable" == decision.engine


def test_same_facts_give_the_same_decision_but_for_its_id(gate: Gate) -> None:
    """Two calls differ in `decision_id` alone."""
    first, second = (gate.check(message("A-1", "B-1")).to_dict() for _ in range(2))

    assert first.pop("decision_id") != second.pop("decision_id")
    assert first == second


def test_as_of_beats_send_at_beats_now(gate: Gate) -> None:
    """The instant of the decision comes from the caller, the message or the clock, in that order."""
    later, latest = NOW + timedelta(hours=1), NOW + timedelta(hours=2)

    assert NOW == gate.check(message("B-1")).as_of
    assert later == gate.check(message("B-1", send_at=later)).as_of
    assert latest == gate.check(message("B-1", send_at=later), as_of=latest).as_of


def test_many_are_the_same_as_one_by_one(gate: Gate) -> None:
    """A batch gives the decisions of single checks, in order, across batch borders."""
    messages = [
        message("A-2", "B-1", customer=name, message_id=f"m-{n}") for n in range(250) for name in ("ada", "bob")
    ]
    together = [decision.to_dict() for decision in gate.check_many(messages)]
    apart = [gate.check(each).to_dict() for each in messages]
    for decision in (*together, *apart):
        del decision["decision_id"]

    assert apart == together


def test_threads_share_a_gate(gate: Gate) -> None:
    """Eight threads get the answers one gets."""
    wanted = {name: gate.check(message("A-2", "B-1", customer=name)).shown for name in ("ada", "bob")}
    names = ["ada", "bob"] * 200
    with ThreadPoolExecutor(8) as pool:
        shown = list(pool.map(lambda name: gate.check(message("A-2", "B-1", customer=name)).shown, names))

    assert [wanted[name] for name in names] == shown
    assert 0 == gate.engine_faults


def test_stale_stock_follows_the_rule_and_is_named(gate: Gate) -> None:
    """Six hours later the figure is unknown, the rule blocks, and the decision says which fact was stale."""
    decision = gate.check(message("B-1"), as_of=NOW + timedelta(hours=6))

    assert "unknown" == decision.items[0].deciding.outcome
    assert [("stock", "B-1", "stale")] == [(m.fact, m.about, m.why.value) for m in decision.facts_missing]


def test_unreadable_database_is_answered_by_the_rules_policy(
    shop: tuple[str, Path], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the tables gone no check raises: every fact is unknown, said so, counted and logged."""
    with open_gate(*shop, clock=lambda: NOW) as gate:
        with Database.open(shop[0]) as database, database.write() as connection:
            for table in ("order_lines", "products", "stock", "feeds"):
                connection.exec_driver_sql(f"DROP TABLE {table}")
        with caplog.at_level(logging.ERROR):
            decision = gate.check(message("A-1", "B-1"))
            several = list(gate.check_many([message("B-1")] * 3))

        assert suppress.Verdict.SUPPRESS is decision.verdict
        assert {"unavailable"} == {missing.why.value for missing in decision.facts_missing}
        assert ["out_of_stock"] * 2 == [item.deciding.code for item in decision.items]
        assert 3 == len(several)
        assert 0 < gate.unreadable
        assert "cannot be read" in caplog.text


def test_engine_fault_is_answered_by_the_reference_and_counted(
    gate: Gate, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """When durable-rules fails the decision is the same, says `reference`, and the fault is counted and logged."""
    wanted = gate.check(message("A-2", "B-1")).to_dict()

    def fails(self: object, values: object) -> frozenset[int]:
        raise suppress.EngineError("error code: 303")

    monkeypatch.setattr("suppress.engine.inference.Inference.fired", fails)
    decided = gate.check(message("A-2", "B-1")).to_dict()

    assert ("durable", "reference") == (wanted.pop("engine"), decided.pop("engine"))
    assert {**wanted, "decision_id": ""} == {**decided, "decision_id": ""}
    assert 0 < gate.engine_faults
    assert "303" in caplog.text


@pytest.mark.parametrize("says", [frozenset(), frozenset({0, 1, 2})])
def test_engine_that_lies_is_found_out(gate: Gate, monkeypatch: pytest.MonkeyPatch, says: frozenset[int]) -> None:
    """Rules wrongly said to fire are never obeyed; rules wrongly left out are found by the audit."""
    wanted = [gate.check(message("A-2", "B-1")).shown for _ in range(400)]
    monkeypatch.setattr("suppress.engine.inference.Inference.fired", lambda self, values: says)
    decided = [gate.check(message("A-2", "B-1")).shown for _ in range(400)]

    assert 0 < gate.engine_faults
    if says:
        assert wanted == decided


def test_broken_rules_do_not_open(shop: tuple[str, Path]) -> None:
    """A ruleset with mistakes is refused with every problem, at its place."""
    (shop[1] / "shop.yaml").write_text(
        RULES.replace("stock.available_units", "stok.available_units").replace("365 days", "365")
    )
    with pytest.raises(suppress.RulesetError) as refused:
        open_gate(*shop)

    assert 2 == len(refused.value.problems)
    assert re.search(r"shop\.yaml:\d+:\d+ ", str(refused.value))


def test_one_broken_file_does_not_stop_the_others(shop: tuple[str, Path]) -> None:
    """The ruleset asked for serves, whatever state its neighbour is in."""
    (shop[1] / "other.yaml").write_text("version: 1\nruleset: other\n")
    with open_gate(*shop, ruleset="shop", clock=lambda: NOW) as gate:
        assert ("B-1",) == gate.check(message("B-1")).shown


def test_which_ruleset_must_be_clear(shop: tuple[str, Path]) -> None:
    """Of several rulesets one has to be named; a wrong name is answered with those there are."""
    (shop[1] / "other.yaml").write_text(RULES.replace("ruleset: shop", "ruleset: other"))
    with pytest.raises(suppress.RulesetError, match="name one"):
        open_gate(*shop)
    with pytest.raises(suppress.RulesetError, match="did you mean"):
        open_gate(*shop, ruleset="shpo")


def test_database_without_tables_says_what_to_run(tmp_path: Path, shop: tuple[str, Path]) -> None:
    """A fresh database is refused with the command that makes it."""
    with pytest.raises(suppress.StoreError, match="suppress db upgrade"):
        open_gate(f"sqlite:///{tmp_path / 'none.db'}", shop[1])


def test_configured_gate_reads_the_environment(shop: tuple[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """`suppress.check` needs no more than two variables."""
    monkeypatch.setenv("SUPPRESS_DATABASE", shop[0])
    monkeypatch.setenv("SUPPRESS_RULES", str(shop[1]))
    suppress._configured_gate.cache_clear()
    try:
        decision = suppress.check(message("A-2", send_at=NOW))

        assert "shop" == decision.ruleset
        assert [decision.shown] == [other.shown for other in suppress.check_many([message("A-2", send_at=NOW)])]
    finally:
        suppress._configured_gate().close()
        suppress._configured_gate.cache_clear()


def test_decision_ids_are_sortable_and_never_twice() -> None:
    """A ULID each: 26 characters of Crockford's alphabet."""
    ids = [new_decision_id() for _ in range(2000)]

    assert len(ids) == len(set(ids))
    assert all(re.fullmatch("[0-9A-HJKMNP-TV-Z]{26}", one) for one in ids)
    assert sorted(one[:10] for one in ids) == [one[:10] for one in ids]

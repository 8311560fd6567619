"""The shop and the rivals of `scripts/bench scan`, on a shop small enough for the suite."""

from pathlib import Path

import duckdb
import pytest

from scripts.benchmarks import scan_sql
from scripts.benchmarks.scan_checksum import Checksum, checksum, is_ordered
from scripts.benchmarks.scan_messages import ITEMS, message_file
from scripts.benchmarks.scan_rules import EIGHT, write_rules
from scripts.benchmarks.scan_shop import ScanShop, ScanSpec, facts_folder
from scripts.benchmarks.shop import AS_OF
from suppress.rules.reading import read_rulesets
from suppress.scanning import ScanRequest, scan

MESSAGES = 2_000


@pytest.fixture(scope="module")
def shop() -> ScanShop:
    return ScanShop(ScanSpec.of(0.002))


@pytest.fixture(scope="module")
def given(shop: ScanShop, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("shop")
    return facts_folder(shop, folder), message_file(shop, folder, MESSAGES)


def by_hand(given: tuple[Path, Path], out: Path, form: str) -> Checksum:
    out.mkdir()
    with duckdb.connect() as db:
        for statement in scan_sql.statements(*given, out, form).values():
            db.execute(statement)
    return checksum(out, MESSAGES)


def test_the_scan_decides_as_the_sql_written_by_hand(given: tuple[Path, Path], tmp_path: Path) -> None:
    """What the benchmark compares is the same work: equal deciding rules, verdicts and kept items, in order."""
    scan(ScanRequest(messages=given[1], out=tmp_path / "ours", rules=EIGHT, facts=given[0], as_of=AS_OF))
    sums = {checksum(tmp_path / "ours", MESSAGES), *(by_hand(given, tmp_path / form, form) for form in scan_sql.FORMS)}

    assert 1 == len(sums)
    assert MESSAGES * ITEMS == next(iter(sums)).items
    assert next(iter(sums)).dropped > MESSAGES / 2
    assert next(iter(sums)).suppressed > 0
    assert is_ordered(tmp_path / "one-join")


def test_a_changed_decision_changes_the_checksum(given: tuple[Path, Path], tmp_path: Path) -> None:
    """The checksum tells two outputs apart that differ in one deciding rule."""
    right = by_hand(given, tmp_path / "out", "one-join")
    with duckdb.connect() as db:
        items = tmp_path / "out" / "items.parquet"
        db.execute(f"CREATE TABLE items AS FROM read_parquet('{items}')")
        db.execute("UPDATE items SET rule = 'not-for-sale' WHERE rowid = (SELECT min(rowid) FROM items)")
        db.execute(f"COPY items TO '{items}' (FORMAT parquet)")

    assert right != checksum(tmp_path / "out", MESSAGES)


def test_the_shop_is_the_same_every_time(shop: ScanShop, given: tuple[Path, Path], tmp_path: Path) -> None:
    """A seed gives the same facts and messages, and a smaller message file is the beginning of a larger one."""
    again, fewer = facts_folder(ScanShop(ScanSpec.of(0.002)), tmp_path), message_file(shop, tmp_path, 300)
    with duckdb.connect() as db:
        for name in ("products", "stock", "customers", "lines/base-0001"):
            first, second = (f"read_parquet('{facts}/{name}.parquet')" for facts in (given[0], again))
            assert [] == db.execute(f"(FROM {first} EXCEPT ALL FROM {second}) LIMIT 1").fetchall()
        told = "SELECT message_id, customer_id, items FROM read_parquet('{}') LIMIT 300"

        assert db.execute(told.format(given[1])).fetchall() == db.execute(told.format(fewer)).fetchall()


def test_fifty_rules_are_fifty_and_right(tmp_path: Path) -> None:
    """The varied rule file reads without a problem, and ends with the two rules on the message."""
    rulesets, problems = read_rulesets(write_rules(50, tmp_path))

    assert [] == list(problems)
    assert 50 == len(rulesets["scan-50"].rules)
    assert ["no-consent", "too-few-items"] == [rule.id for rule in rulesets["scan-50"].rules[-2:]]

"""`suppress lake`: what it prints, and how it ends."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from suppress.cli.lake import command
from suppress.facts.records import OrderRecord, ProductRecord, Record
from suppress.facts.snapshot import Source
from suppress.stores.database import Database
from suppress.stores.load import Loader
from suppress.stores.schema import upgrade

DAY_US = 86_400_000_000


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A SQLite store with one product and one line, the settings naming none."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SUPPRESS_DATABASE", raising=False)
    monkeypatch.delenv("SUPPRESS_LAKE", raising=False)
    url = f"sqlite:///{tmp_path}/shop.db"
    with Database.open(url, require_schema=False) as database:
        upgrade(database)
    product = ProductRecord("A", "Tea", None, "food", None, "active", None, None, None, "[]", "{}", 1)
    load(url, Source.PRODUCTS, [product])
    load(url, Source.ORDERS, [line("o1")])
    return url


def line(order_id: str) -> OrderRecord:
    return OrderRecord(order_id, "1", "ann", "A", 1, 10, 0, 0, False, None, None, None, 1)


def load(url: str, source: Source, records: Sequence[Record]) -> None:
    with Database.open(url) as database, Loader(database, source) as loader:
        loader.write(records)
        loader.finish(20_000 * DAY_US)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments, catch_exceptions=False)


def test_the_life_of_a_lake(url: str, tmp_path: Path) -> None:
    """Made beside the database, as the store, behind after an import, caught up by a refresh, compacted at night."""
    results = [run(what, "--database", url) for what in ("rebuild", "check")]
    load(url, Source.ORDERS, [line("o2")])
    results += [run(*what, "--database", url) for what in (["check"], ["refresh"], ["refresh", "--compact"], ["check"])]

    assert [0, 0, 6, 0, 0, 0] == [each.exit_code for each in results]
    assert "generation 1 made: 1 products" in results[0].stdout
    assert "generation 1: as the store" in results[1].stdout
    assert "behind the store: orders were loaded since; run `suppress lake refresh`" in results[2].stderr
    assert "generation 2 serves" in results[3].stdout
    assert "2 lines" in results[4].stdout
    assert "generation 3: as the store" in results[5].stdout
    assert (tmp_path / "shop.lake" / "CURRENT").read_text() == "gen-000003"


def test_check_names_who_differs(url: str) -> None:
    """A line changed behind the loader's back is exit 6, with the customer's id."""
    run("rebuild", "--database", url)
    with Database.open(url) as database, database.write() as connection:
        connection.exec_driver_sql("UPDATE order_lines SET units = 5")
    result = run("check", "--database", url)

    assert 6 == result.exit_code
    assert "lines: 1 customers have other rows in the lake, first ann" in result.stderr
    assert "run `suppress lake rebuild`" in result.stderr


def test_status_as_text_and_json(url: str) -> None:
    """Status tells the generation, the rows, and how old every source is; for programs as JSON."""
    run("rebuild", "--database", url)
    text = run("status", "--database", url)
    told = json.loads(run("status", "--database", url, "--format", "json").stdout)

    assert 0 == text.exit_code
    assert "facts of orders: complete as of 2024-10-04 00:00:00 UTC" in text.stdout
    assert "facts of stock: never loaded" in text.stdout
    assert (1, 1, "2024-10-04T00:00:00Z", None) == (
        told["generation"],
        told["rows"]["lines"],
        told["feeds"]["orders"],
        told["feeds"]["stock"],
    )


@pytest.mark.parametrize("where", ["flag", "environment", "file"])
def test_where_the_lake_is(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    """A flag, the environment or suppress.toml says where; what is not said is beside the database."""
    flag = ["--lake", str(tmp_path / "there")] if where == "flag" else []
    if where == "environment":
        monkeypatch.setenv("SUPPRESS_LAKE", str(tmp_path / "there"))
    if where == "file":
        (tmp_path / "suppress.toml").write_text('lake = "there"\n')
    result = run("rebuild", "--database", url, *flag)

    assert 0 == result.exit_code
    assert (tmp_path / "there" / "CURRENT").exists()
    assert not (tmp_path / "shop.lake").exists()

"""`suppress log` and `suppress explain DECISION_ID`: what they print, and how they end."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from suppress.cli import cli
from suppress.decisions.record import LOST_SENTENCE, LogLine
from suppress.errors import LedgerError
from suppress.facts.instants import US_PER_DAY, to_us
from suppress.facts.message import Message
from suppress.ledger.opening import open_ledger
from suppress.service import open_gate
from suppress.settings import load_settings
from suppress.stores.database import Database
from suppress.stores.decision_log import DecisionLog
from suppress.stores.schema import upgrade
from tests.ledger.example import START_US, Entry, chain, message, record, write_chain

RULES = """\
version: 1
ruleset: shop
rules:
  - id: no-tea
    title: No tea
    drop: item
    code: out_of_stock
    when: {{item.category: {{under: {category}}}}}
    when_unknown: block
"""
TODAY = (to_us(datetime.now(UTC)) - START_US) // US_PER_DAY


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a database and a log of two chains, ten days old, in table and files."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith("SUPPRESS_") and name != "SUPPRESS_SEED":
            monkeypatch.delenv(name)
    with Database.open("sqlite:///suppress.db", require_schema=False) as database:
        upgrade(database)
        for writer in ("here-1-a", "here-2-b"):
            DecisionLog(database).append(lines_of(writer))
            write_chain(tmp_path / "decisions", lines_of(writer))
    return tmp_path


def lines_of(writer: str) -> list[LogLine]:
    return chain([record(number, day=TODAY - 10) for number in range(5)], writer)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


def files(folder: Path) -> list[Path]:
    return sorted((folder / "decisions").glob("*.jsonl"))


def test_a_whole_log_verifies(shop: Path) -> None:
    """Chains and decisions of table and files are counted; the folder can be named too."""
    everything, folder = run("log", "verify"), run("log", "verify", str(shop / "decisions"))

    assert 0 == everything.exit_code, everything.output
    assert [
        "table: 2 of 2 chains are as they were written, 10 decisions",
        "decisions: 2 of 2 chains are as they were written, 10 decisions",
    ] == everything.stdout.splitlines()
    assert 0 == folder.exit_code
    assert "2 of 2 chains" in folder.stdout


def test_the_first_altered_record_is_named(shop: Path) -> None:
    """A change in a file, and another in the table, are named by record, chain and decision; exit 10."""
    path = files(shop)[0]
    path.write_bytes(path.read_bytes().replace(b'"seq":3', b'"seq":4', 1))
    with Database.open("sqlite:///suppress.db") as database, database.write() as connection:
        connection.exec_driver_sql("UPDATE decisions SET verdict = 'hold' WHERE writer = 'here-2-b' AND seq = 2")
    result = run("log", "verify")

    assert 10 == result.exit_code
    named = [line for line in result.stdout.splitlines() if "record" in line]
    assert [
        f"table: record 2 of here-2-b (decision {record(1).decision_id}) was altered: "
        "its verdict in the table is not what its line says",
        f"decisions: record 3 of here-1-a (decision {record(2).decision_id}) was altered: its hash does not fit",
    ] == named


def test_the_table_is_a_witness_for_the_files(shop: Path) -> None:
    """Where whole chains were written anew, anchors and all, the table still knows what they were."""
    for name in ("here-1-a", "here-2-b"):
        (shop / "decisions/anchors" / f"{name}.head").unlink()
    for path in files(shop):
        path.unlink()
    write_chain(shop / "decisions", lines_of("here-1-a")[:3])
    write_chain(shop / "decisions", chain([record(number) for number in range(10, 17)], "here-2-b"))
    result = run("log", "verify")

    assert 10 == result.exit_code
    assert "record 4 of here-1-a is missing from the files: the table has the chain up to line 5" in result.stdout
    assert "record 5 of here-2-b" in result.stdout
    assert "another one in the table" in result.stdout


def test_files_verify_without_a_database(shop: Path) -> None:
    """Where the database is gone the files are verified, and that it is so is said."""
    (shop / "suppress.db").unlink()
    result = run("log", "verify")

    assert 0 == result.exit_code
    assert "only the files are verified" in result.stderr
    assert ["decisions: 2 of 2 chains are as they were written, 10 decisions"] == result.stdout.splitlines()


def test_there_is_no_log(shop: Path) -> None:
    """A folder that is none is an error of one line."""
    result = run("log", "verify", "rulesets")

    assert result.exit_code != 0
    assert "no decision log at rulesets" in str(result.exception)


def test_old_decisions_are_taken_out(shop: Path) -> None:
    """What is older than it is kept goes from files and table; what is younger stays; the log verifies."""
    young = chain([record(number, day=TODAY) for number in range(2)], "here-3-c")
    write_chain(shop / "decisions", young)
    with Database.open("sqlite:///suppress.db") as database:
        DecisionLog(database).append(young)
    first = run("log", "prune")
    result = run("log", "prune", "--keep-days", "5")
    verified = run("log", "verify")

    assert "files: 0 decisions in 0 files older than 90 days taken out" == first.stdout.splitlines()[0]
    assert [
        "files: 10 decisions in 2 files older than 5 days taken out",
        "table: 10 decisions older than 5 days taken out",
    ] == result.stdout.splitlines()
    assert (0, 0) == (result.exit_code, verified.exit_code), verified.output
    assert ["here-3-c"] == [path.name.split(".")[0] for path in files(shop)]


def test_what_is_damaged_is_left(shop: Path) -> None:
    """A file that cannot be read is not taken out; it is named, and the exit code is 7."""
    files(shop)[0].write_bytes(b"{}\n")
    result = run("log", "prune", "--keep-days", "1")

    assert 7 == result.exit_code
    assert "files: 5 decisions in 1 file older than 1 day taken out" in result.stdout
    assert "here-1-a" in result.stderr


def write_rules(category: str) -> None:
    Path("rulesets").mkdir(exist_ok=True)
    Path("rulesets/shop.yaml").write_text(RULES.format(category=category))


@pytest.fixture
def decided(shop: Path) -> str:
    """The id of a decision in the log, by version 1 of a ruleset of which there is a version 2 by now."""
    write_rules("drinks/tea")
    assert 0 == run("publish", "--message", "first").exit_code
    with open_gate("sqlite:///suppress.db", "rulesets", engine="reference") as gate:
        decision = gate.check(Message(items=("TEA",), customer_id="ada", message_id="m-1"))  # type: ignore[arg-type]
    log_it(Entry(decision=decision, message=message(), decided_at_us=START_US, version=1))
    write_rules("drinks/coffee")
    assert 0 == run("publish", "--message", "second").exit_code
    return decision.decision_id


def log_it(entry: Entry) -> None:
    with Database.open("sqlite:///suppress.db") as database:
        opened = open_ledger(load_settings(), DecisionLog(database))
        opened.ledger.write([entry]).result(30)
        opened.ledger.close()


def test_a_logged_decision_is_explained(decided: str) -> None:
    """The explanation is that of the moment: its rules' sentences, what was seen, the version; no name of anybody."""
    result = run("explain", decided)

    assert 0 == result.exit_code, result.output
    assert "TEA: dropped" in result.stdout
    assert "drinks/tea" in result.stdout
    assert "drinks/coffee" not in result.stdout
    assert "by the ruleset shop version 1 (" in result.stdout
    assert " ada" not in result.stdout
    assert "" == result.stderr


def test_the_files_explain_without_a_table(decided: str) -> None:
    """Where the table lacks the decision its file has it; without the rules everything but sentences is told."""
    Path("suppress.db").unlink()
    result = run("explain", decided)

    assert 0 == result.exit_code, result.output
    assert "TEA: dropped" in result.stdout
    assert LOST_SENTENCE in result.stdout
    assert "only the files of the log are searched" in result.stderr
    assert "sentences of its rules cannot be had" in result.stderr


def test_an_altered_record_is_explained_as_altered(decided: str) -> None:
    """A record that was changed is told with a warning, and exit 10."""
    with Database.open("sqlite:///suppress.db") as database, database.write() as connection:
        connection.exec_driver_sql(f"UPDATE decisions SET line = replace(line, 'm-1', 'm-2') {of(decided)}")
    result = run("explain", decided)
    with Database.open("sqlite:///suppress.db") as database, database.write() as connection:
        connection.exec_driver_sql(f"UPDATE decisions SET line = '{{}}' {of(decided)}")
    broken = run("explain", decided)

    assert 10 == result.exit_code
    assert "was altered: its hash does not fit" in result.stderr
    assert isinstance(broken.exception, LedgerError)


def of(decision_id: str) -> str:
    return f"WHERE decision_id = '{decision_id}'"


def test_rules_of_a_folder_give_sentences_too(decided: str) -> None:
    """A decision by rules that were never published is explained by the folder, which may have changed since."""
    with open_gate("sqlite:///suppress.db", "rulesets", engine="reference") as gate:
        decision = gate.check(Message(items=("TEA",), customer_id="ada"))  # type: ignore[arg-type]
    log_it(Entry(decision=decision, message=message(), decided_at_us=START_US, version=None))
    same = run("explain", decision.decision_id)
    write_rules("drinks/milk")
    changed = run("explain", decision.decision_id)

    assert (0, "") == (same.exit_code, same.stderr)
    assert "have changed since" in changed.stderr


@pytest.mark.parametrize("what", ["01ARZ3NDEKTSV4RRFFQ69G5FAV", "nothing.json"])
def test_there_is_no_such_decision(what: str, shop: Path) -> None:
    """An id that no log has, or a file that is not there, is a mistake in how the command was called."""
    result = run("explain", what)

    assert 2 == result.exit_code
    assert what in result.stderr

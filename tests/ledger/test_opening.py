"""The ledger that settings ask for: files that a table follows, or a table alone; names hashed or plain."""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from suppress.decisions.record import Link, LogLine
from suppress.errors import LedgerError, StoreError
from suppress.ledger.chain_files import files_of
from suppress.ledger.masking import Masks, read_key
from suppress.ledger.opening import masks_of, open_ledger
from suppress.settings import Settings
from tests.ledger.example import entry
from tests.ledger.test_following import Table

WAIT_SECONDS = 30.0


def settings(folder: Path, **others: str) -> Settings:
    return Settings(**{"log_dir": str(folder / "decisions"), **others})  # type: ignore[arg-type]


def test_files_are_written_and_the_table_follows(tmp_path: Path) -> None:
    """By default a decision is in the files when it is promised, and in the table when the ledger is closed."""
    table = Table()
    opened = open_ledger(settings(tmp_path), table, {"instance": "blue"})
    opened.ledger.write([entry(1)]).result(WAIT_SECONDS)
    files = files_of(tmp_path / "decisions")
    opened.ledger.close()

    assert 1 == len(files)
    assert [entry(1).decision.decision_id] == [line.record.decision_id for line in table.lines]
    assert b'"instance":"blue"' in table.lines[0].text
    assert (tmp_path / "decisions.key").exists()


def test_a_table_alone(tmp_path: Path) -> None:
    """Without a folder a decision is promised when the table has it, and there are no files."""
    table = Table()
    opened = open_ledger(settings(tmp_path, log_dir="", log_key_file=str(tmp_path / "key")), table)
    opened.ledger.write([entry(1)]).result(WAIT_SECONDS)
    before = len(table.lines)
    opened.ledger.close()

    assert 1 == before
    assert opened.follower is None
    assert ["key"] == [path.name for path in tmp_path.iterdir()]


def test_a_table_that_fails_is_told_and_left(tmp_path: Path) -> None:
    """A commit that failed may have happened: the next decision goes into a chain of its own."""
    table = Table()
    opened = open_ledger(settings(tmp_path, log_dir="", log_key_file=str(tmp_path / "key")), table)
    opened.ledger.write([entry(1)]).result(WAIT_SECONDS)
    table.is_down = True
    with pytest.raises(LedgerError, match="the database is down"):
        opened.ledger.write([entry(2)]).result(WAIT_SECONDS)
    table.is_down = False
    opened.ledger.write([entry(3)]).result(WAIT_SECONDS)
    opened.ledger.close()

    assert [1, 1] == [line.link.seq for line in table.lines]
    assert 2 == len(table.chains)
    assert (2, 1) == opened.ledger.counts[:2]


class Elsewhere(Table):
    """A table whose chain has another end than the one who writes it believes."""

    def append(self, lines: Sequence[LogLine]) -> Link:
        return Link(lines[0].link.writer, 7, "f" * 64)


def test_a_table_that_is_elsewhere_is_not_believed(tmp_path: Path) -> None:
    """A decision is promised only when the table says that it is the chain's end."""
    opened = open_ledger(settings(tmp_path, log_dir="", log_key_file=str(tmp_path / "key")), Elsewhere())
    with pytest.raises(LedgerError, match="another end"):
        opened.ledger.write([entry(1)]).result(WAIT_SECONDS)
    opened.ledger.close()


def test_a_service_does_not_begin_without_a_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that cannot be made or written, a key that cannot be had: told at once, with what mends it."""
    file, folder = tmp_path / "file", tmp_path / "folder"
    file.write_text("no key, no folder")
    folder.mkdir()
    wrong = {
        f"{file}/decisions .* cannot be made: .*help: let .*SUPPRESS_LOG_DIR": {"log_dir": str(file / "decisions")},
        f"{folder} .*cannot be written to.*help: let .*SUPPRESS_LOG_DIR": {"log_dir": str(folder)},
        f"{file} holds no key.*help: .*SUPPRESS_LOG_KEY_FILE": {"log_key_file": str(file)},
        f"cannot be read from {folder}: .*help: .*SUPPRESS_LOG_KEY_FILE": {"log_key_file": str(folder)},
    }
    # Root may write everywhere: whether others may is asked of the system by this call alone.
    monkeypatch.setattr(os, "access", lambda path, _: path != folder)
    for words, settled in wrong.items():
        with pytest.raises(LedgerError, match=words):
            open_ledger(settings(tmp_path, **settled), Table())


def test_whose_names_are_hashed_with_which_key(tmp_path: Path) -> None:
    """Names are hashed with the key of the file that settings name, or stay as they are where settings say so."""
    key = read_key(tmp_path / "key")

    assert Masks(key).customer("ada") == masks_of(settings(tmp_path, log_key_file=str(tmp_path / "key"))).customer(
        "ada"
    )
    assert "ada" == masks_of(settings(tmp_path, log_customers="plain")).customer("ada")
    assert not (tmp_path / "decisions.key").exists()


def test_the_database_is_down_at_the_start(tmp_path: Path) -> None:
    """With files the ledger opens and promises though the database is down; the table has all once it is back."""
    table = Table()
    table.is_down = True
    with pytest.raises(StoreError):
        table.heads()
    opened = open_ledger(settings(tmp_path), table)
    opened.ledger.write([entry(1)]).result(WAIT_SECONDS)
    table.is_down = False
    table.wait_for(1)
    opened.ledger.close()

    assert 1 == len(table.lines)

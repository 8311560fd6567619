"""The file of refused rows."""

import csv
import stat
from pathlib import Path

import pytest

from suppress.errors import FactsError
from suppress.intake.rejects import Refused, Rejects, rejects_path

ROW = Refused(7, "units", "is 0", '{"units":"0"}')


def _rows(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def test_refused_rows_are_written_whole_and_private(tmp_path: Path) -> None:
    """The file has a heading and a row for each refusal, and only its owner may read it."""
    path = rejects_path(tmp_path / "orders.csv")
    with Rejects(path) as rejects:
        rejects.add([ROW])
        assert not path.exists()

    assert "orders.csv.rejects.csv" == path.name
    assert [["row", "column", "reason", "record"], ["7", "units", "is 0", '{"units":"0"}']] == _rows(path)
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    assert [path] == list(tmp_path.iterdir())


def test_a_clean_run_takes_the_old_file_away(tmp_path: Path) -> None:
    """When nothing is refused any more, the refused rows of the earlier run are gone."""
    path = tmp_path / "r.csv"
    with Rejects(path) as rejects:
        rejects.add([ROW])
    with Rejects(path) as rejects:
        rejects.add([])

    assert [] == list(tmp_path.iterdir())


def test_an_interrupted_run_leaves_the_old_file_as_it_was(tmp_path: Path) -> None:
    """A run that ends in an error neither replaces the earlier file nor leaves a draft."""
    path = tmp_path / "r.csv"
    with Rejects(path) as rejects:
        rejects.add([ROW])
    before = path.read_bytes()

    def interrupted() -> None:
        with Rejects(path) as rejects:
            rejects.add([ROW, ROW])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()

    assert before == path.read_bytes()
    assert [path] == list(tmp_path.iterdir())


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0"])
def test_no_cell_is_a_formula(tmp_path: Path, cell: str) -> None:
    """A cell a spreadsheet would calculate stands behind an apostrophe."""
    path = tmp_path / "r.csv"
    with Rejects(path) as rejects:
        rejects.add([Refused(1, cell, cell, cell)])

    assert [f"'{cell}"] * 3 == _rows(path)[1][1:]


def test_a_folder_that_cannot_be_written_to_says_what_to_do(tmp_path: Path) -> None:
    """The error names --rejects-dir."""
    with pytest.raises(FactsError, match="--rejects-dir"), Rejects(tmp_path / "no" / "r.csv") as rejects:
        rejects.add([ROW])

"""`suppress db`: what it prints, and how it ends."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from suppress.cli.db import command
from suppress.stores.database import Database


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments)


def test_upgrade_then_check(empty_url: str) -> None:
    """Upgrade makes the tables and may be repeated; check finds nothing to say against them."""
    results = [run(what, "--database", empty_url) for what in ("check", "upgrade", "upgrade", "check")]

    assert [6, 0, 0, 0] == [result.exit_code for result in results]
    assert "run `suppress db upgrade`" in results[0].stderr
    assert "upgraded from nothing to revision 0001" in results[1].stdout
    assert "nothing to do" in results[2].stdout
    assert "tables: as they should be" in results[3].stdout


def test_check_tells_drift(database: Database, url: str) -> None:
    """A table changed by hand is named, and the exit code says so."""
    with database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE stock ADD COLUMN shelf text")
    result = run("check", "--database", url)

    assert 6 == result.exit_code
    assert "shelf" in result.stdout


@pytest.mark.parametrize("what", ["upgrade", "check"])
@pytest.mark.parametrize(
    "url", ["postgresql://me:geheim@127.0.0.1:1/db", "oracle://me:geheim@host/db", "sqlite:////proc/none/x.db"]
)
def test_unreachable(what: str, url: str) -> None:
    """A database that cannot be used is one line for people, without a traceback or a password."""
    result = run(what, "--database", url)

    assert result.exit_code in ({1} if "sqlite" not in url else {1, 6})
    assert "" != result.stderr.strip()
    assert "geheim" not in result.output
    assert "Traceback" not in result.output


def test_default_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without --database the settings say which; without settings it is suppress.db in the working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SUPPRESS_DATABASE", raising=False)
    first = run("upgrade")
    monkeypatch.setenv("SUPPRESS_DATABASE", "sqlite:///other.db")
    second = run("upgrade")

    assert (0, 0) == (first.exit_code, second.exit_code)
    assert {"suppress.db", "other.db"} <= {path.name for path in tmp_path.iterdir()}

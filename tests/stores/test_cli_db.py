"""`suppress db`: what it prints, and how it ends."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from suppress.cli.db import command
from suppress.stores.database import SCHEMA_HEAD, Database


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments)


def test_upgrade_then_check(empty_url: str) -> None:
    """Upgrade makes the tables and may be repeated; check finds nothing to say against them."""
    results = [run(what, "--database", empty_url) for what in ("check", "upgrade", "upgrade", "check")]

    assert [6, 0, 0, 0] == [result.exit_code for result in results]
    assert "run `suppress db upgrade`" in results[0].stderr
    assert f"upgraded from nothing to revision {SCHEMA_HEAD}" in results[1].stdout
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
    """A database that cannot be used is exit 6 and one line for people, without a traceback or a password."""
    result = subprocess.run(
        [sys.executable, "-m", "suppress", "db", what, "--database", url],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert 6 == result.returncode, result.stderr
    assert 1 == len(result.stderr.splitlines())
    assert "geheim" not in result.stderr + result.stdout


def test_default_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without --database the settings say which; without settings it is suppress.db in the working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SUPPRESS_DATABASE", raising=False)
    first = run("upgrade")
    monkeypatch.setenv("SUPPRESS_DATABASE", "sqlite:///other.db")
    second = run("upgrade")

    assert (0, 0) == (first.exit_code, second.exit_code)
    assert {"suppress.db", "other.db"} <= {path.name for path in tmp_path.iterdir()}

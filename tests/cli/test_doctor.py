"""`suppress doctor`: what is wrong is named, with what to do, and ends with its exit code."""

import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from suppress.cli import cli, doctor_machine
from suppress.facts.instants import US_PER_DAY, US_PER_HOUR, to_us
from suppress.stores.database import Database
from suppress.stores.decision_log import DecisionLog
from suppress.stores.keys import Keys
from tests.ledger.example import START_US, chain, record, write_chain

RULES = """\
version: 1
ruleset: shop
on_unavailable: hold
defaults: {stock_max_age: 6 hours}
rules:
  - {id: sold-out, drop: item, code: out_of_stock, when: {stock.available_units: {below: 1}}}
"""
STOCK = "sku,on_hand,updated_at\nA,4,%s\n"
NOW_US = to_us(datetime.now(UTC))
TODAY = (NOW_US - START_US) // US_PER_DAY


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments, catch_exceptions=False)


def looked(*arguments: str) -> tuple[dict[str, tuple[str, str, str]], int]:
    """What was looked at -> level, what was seen, remedy; and the exit code."""
    got = run("doctor", "--format", "json", *arguments)
    found = json.loads(got.stdout)
    return {each["what"]: (each["level"], each["seen"], each["remedy"] or "") for each in found}, got.exit_code


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A shop in which nothing is wrong: rules, stock, a key, a log in files and table. Made once; tests copy it."""
    folder = tmp_path_factory.mktemp("sound")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name in list(os.environ):
            if name.startswith("SUPPRESS_") and name != "SUPPRESS_SEED":
                patch.delenv(name)
        (folder / "rulesets").mkdir()
        (folder / "rulesets/shop.yaml").write_text(RULES)
        lines = chain([record(number, day=TODAY) for number in range(3)], "here-1-a")
        write_chain(folder / "decisions", lines)
        assert 0 == run("db", "upgrade").exit_code
        assert 0 == run("keys", "create", "--role", "sender").exit_code
        with Database.open("sqlite:///suppress.db") as database:
            DecisionLog(database).append(lines)
        _load_stock(folder, hours_ago=1)
        (folder / "decisions.key").write_text("YSBrZXkgb2YgdGhpcnR5LXR3byBieXRlcywgb3Igc28=\n")
        (folder / "decisions.key").chmod(0o600)
        yield folder


@pytest.fixture
def shop(sound: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory of its own, with nothing wrong yet."""
    shutil.copytree(sound, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _load_stock(folder: Path, *, hours_ago: float) -> None:
    (folder / "stock.csv").write_text(STOCK % datetime.fromtimestamp(NOW_US / 1e6, UTC).isoformat())
    assert 0 == run("import", "stock", "stock.csv").exit_code
    _sql(f"UPDATE feeds SET as_of_us = {NOW_US - int(hours_ago * US_PER_HOUR)} WHERE source = 'stock'")


def _sql(statement: str) -> None:
    with Database.open("sqlite:///suppress.db") as database, database.write() as connection:
        connection.exec_driver_sql(statement)


def _scanned_by(owner: str | None, *, hours_left: int = 0, due_hours_ago: int | None = None) -> Callable[[Path], None]:
    due_us = None if due_hours_ago is None else NOW_US - due_hours_ago * US_PER_HOUR
    return lambda _: _lease(owner, until_us=NOW_US + hours_left * US_PER_HOUR, next_us=due_us)


def _toml(text: str) -> Callable[[Path], object]:
    return lambda shop: (shop / "suppress.toml").write_text(text)


def _lease(owner: str | None, *, until_us: int, next_us: int | None) -> None:
    values = f"'mail', {repr(owner) if owner else 'NULL'}, 1, {until_us}, 0, {next_us or 'NULL'}, NULL, 'UTC'"
    _sql(
        "INSERT INTO schedule_leases (schedule, owner, token, lease_until_us, planned_to_us, next_slot_us,"
        f" next_send_us, zone) VALUES ({values})"
    )


def test_nothing_is_wrong_where_nothing_is(shop: Path) -> None:
    """Everything is told as it is, and doctor leaves no trace."""
    before = sorted(shop.rglob("*"))
    found, code = looked()

    assert 0 == code
    assert {"ok"} == {level for level, _, _ in found.values()}, found
    assert {
        "python", "libraries", "engine", "settings", "sqlite", "database", "schema", "published", "rules", "outage",
        "facts: stock", "keys", "decision log", "log key", "log table", "lake", "scheduler",
    } == set(found)  # fmt: skip
    assert before == sorted(shop.rglob("*"))


def _drop_database(shop: Path) -> None:
    for path in shop.glob("suppress.db*"):
        path.unlink()


def _old_schema(shop: Path) -> None:
    _sql("UPDATE alembic_version SET version_num = '0004'")


def _newer_schema(shop: Path) -> None:
    _sql("UPDATE alembic_version SET version_num = '9999'")


def _bad_rules(shop: Path) -> None:
    (shop / "rulesets/shop.yaml").write_text(RULES.replace("stock.available", "stok.available"))


def _unpublished_change(shop: Path) -> None:
    assert 0 == run("publish", "-m", "first").exit_code
    (shop / "rulesets/shop.yaml").write_text(RULES.replace("below: 1", "below: 2"))


def _no_policy(shop: Path) -> None:
    (shop / "rulesets/shop.yaml").write_text(RULES.replace("on_unavailable: hold\n", ""))


def _open_key(shop: Path) -> None:
    (shop / "decisions.key").chmod(0o644)


def _lost_key(shop: Path) -> None:
    (shop / "decisions.key").unlink()


def _spoilt_key(shop: Path) -> None:
    (shop / "decisions.key").write_text("short")


def _log_is_a_file(shop: Path) -> None:
    _toml('log_dir = "stock.csv"\n')(shop)


def _table_behind(shop: Path) -> None:
    _sql("DELETE FROM decisions")
    _sql("DELETE FROM decision_chains")


def _spoilt_anchor(shop: Path) -> None:
    next(shop.glob("decisions/anchors/*.head")).write_text("{}")


def _revoked(shop: Path) -> None:
    with Database.open("sqlite:///suppress.db") as database:
        keys = Keys(database)
        keys.revoke(keys.all()[0].key_id, NOW_US)


def _ending(shop: Path) -> None:
    assert 0 == run("keys", "create", "--role", "analyst", "--name", "till-friday", "--expires", "3d").exit_code


def _lake_behind(shop: Path) -> None:
    assert 0 == run("lake", "rebuild").exit_code
    (shop / "stock.csv").write_text(STOCK.replace("A,4", "B,9") % datetime.now(UTC).isoformat())
    assert 0 == run("import", "stock", "stock.csv").exit_code


BROKEN: list[tuple[Callable[[Path], Any], str, str, str, str, int]] = [
    (_drop_database, "database", "wrong", "there is none", "db upgrade", 6),
    (_old_schema, "schema", "wrong", "0004", "db upgrade", 6),
    (_newer_schema, "schema", "wrong", "9999 is newer", "install the newer version", 6),
    (_bad_rules, "rules", "wrong", "stok.available_units", "suppress lint rulesets", 3),
    (_unpublished_change, "rules", "warning", "not what version 1 says", "suppress publish", 0),
    (_no_policy, "outage", "warning", "503", "on_unavailable: hold", 0),
    (lambda shop: _load_stock(shop, hours_ago=9), "facts: stock", "wrong", "9 hours old", "import stock FILE", 6),
    (lambda shop: _sql("UPDATE feeds SET as_of_us = NULL"), "facts: stock", "warning", "never loaded", "import", 0),
    (_revoked, "keys", "warning", "none", "keys create", 0),
    (_ending, "keys", "warning", "till-friday", "keys revoke", 0),
    (_open_key, "log key", "wrong", "mode 644", "chmod 600 decisions.key", 1),
    (_lost_key, "log key", "wrong", "decisions.key is gone", "from a copy", 1),
    (_spoilt_key, "log key", "wrong", "holds no key", "from a copy", 1),
    (_log_is_a_file, "decision log", "wrong", "nothing can be written", "SUPPRESS_LOG_DIR", 1),
    (_table_behind, "log table", "warning", "lacks 3 decisions", "suppress serve", 0),
    (_spoilt_anchor, "log table", "wrong", "damaged", "log verify", 1),
    (_lake_behind, "lake", "warning", "stock", "lake refresh", 0),
    (_scanned_by("web-1", hours_left=1), "scheduler", "ok", "by web-1", "", 0),
    (_scanned_by("web-1", hours_left=-1), "scheduler", "warning", "no sign", "takes it over", 0),
    (_scanned_by(None, due_hours_ago=3), "scheduler", "wrong", "3 hours ago", "suppress scheduler", 1),
    (lambda shop: (shop / "schedules.yaml").write_text("[]"), "scheduler", "warning", "no scheduler ever", "start", 0),
    (_toml('databse = "x"\n'), "settings", "warning", '"databse"', 'mean "database"', 0),
    (_toml("log_keep_days = 0\n"), "settings", "wrong", "log_keep_days in suppress.toml", "mend", 2),
]  # fmt: skip


@pytest.mark.parametrize(
    ("breaking", "what", "level", "seen", "remedy", "code"), BROKEN, ids=[f"{row[1]}-{row[3]}" for row in BROKEN]
)
def test_what_is_broken_is_named(
    shop: Path, breaking: Callable[[Path], Any], what: str, level: str, seen: str, remedy: str, code: int
) -> None:
    """The line says what was seen and what to do; only what is wrong changes the exit code."""
    breaking(shop)
    found, ended = looked()

    assert (level, code) == (found[what][0], ended), found
    assert seen in found[what][1]
    assert remedy in found[what][2]


def test_a_database_of_another_kind_is_told(shop: Path) -> None:
    """An address nobody can use is a line, and the rest is looked at all the same."""
    found, code = looked("--database", "mysql://somewhere/db")

    assert (6, "wrong", "ok") == (code, found["database"][0], found["rules"][0])
    assert 0 == looked("--database", "sqlite:///suppress.db")[1]


@pytest.mark.parametrize(
    ("requirement", "expected"),
    [
        ("click>=8.5", []),
        ("click>=99,<100", ["click is "]),
        ("click<4,>=3", ["click is "]),
        ("durable-rules==2.0.28", []),
        ("durable-rules==2.0.2", ["durable-rules is 2.0.28, and ==2.0.2 is needed"]),
        ("no-such-library>=1", ["no-such-library is missing"]),
        ("no-such-library>=1; extra == 'service'", []),
        ("uvicorn[standard]>=99; extra == 'service'", ["uvicorn is "]),
    ],
)
def test_libraries_are_held_against_what_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, requirement: str, expected: list[str]
) -> None:
    """A library that is missing or of another version is named; what an extra asks for may be missing."""
    monkeypatch.setattr(doctor_machine, "requires", lambda _: [requirement])
    finding = next(doctor_machine.libraries())

    assert bool(expected) == (finding.level.value == "wrong"), finding
    assert all(text in finding.seen for text in expected)


def test_told_to_people(shop: Path) -> None:
    """A line for each thing, its remedy below; how many are wrong goes to stderr."""
    _load_stock(shop, hours_ago=9)
    got = run("doctor")

    line = next(line for line in got.stdout.splitlines() if "facts: stock" in line)
    assert "wrong    facts: stock" in line
    assert "help: `suppress import stock FILE`" in got.stdout
    assert "1 wrong, 0 to know of" in got.stderr


@pytest.fixture
def service() -> Iterator[tuple[str, list[tuple[int, bytes]]]]:
    """An address, and what is answered there next."""
    answers: list[tuple[int, bytes]] = []

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = answers.pop() if self.path == "/readyz" else (404, b"")
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", answers
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("answer", "code", "told"),
    [
        ((200, b'{"status": "ready"}'), 0, "ready"),
        ((503, b'{"detail": "database: it does not answer"}'), 1, "not ready: database: it does not answer"),
        ((502, b"<html>"), 1, "not ready: it answers 502"),
    ],
)
def test_live_asks_whether_the_service_is_ready(
    service: tuple[str, list[tuple[int, bytes]]], answer: tuple[int, bytes], code: int, told: str
) -> None:
    """Exit 0 when it is, 1 with its own words when it is not."""
    url, answers = service
    answers.append(answer)
    got = run("doctor", "--live", url)

    assert code == got.exit_code
    assert told in got.output


def test_live_without_a_service(service: tuple[str, list[tuple[int, bytes]]]) -> None:
    """Nobody there is exit 1, in words; what is no address is a usage error."""
    got = run("doctor", "--live", "http://127.0.0.1:1")

    assert (1, True) == (got.exit_code, "does not answer" in got.stderr)
    for wrong in ("file:///etc/passwd", "shop", "http://", "http://[::1"):
        assert 2 == CliRunner().invoke(cli, ["doctor", "--live", wrong]).exit_code


def test_a_slip_in_the_environment_is_told(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that is nearly a setting is named, with the setting; those of other programs are left alone."""
    monkeypatch.setenv("SUPPRESS_URL", "https://suppress.shop.example")
    monkeypatch.setenv("SUPPRESS_KEY", "supp_live_...")
    before, _ = looked()
    monkeypatch.setenv("SUPPRESS_DATABSE", "sqlite:///other.db")
    after, code = looked()

    assert ("ok", 0) == (before["settings"][0], code)
    assert ("warning", "SUPPRESS_DATABSE is set, which nobody reads", 'did you mean "SUPPRESS_DATABASE"?') == after[
        "settings"
    ]

"""`suppress keys`: a key is printed once, on stdout alone, and told nowhere else."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from suppress.access.key import read_key
from suppress.access.roles import Role
from suppress.cli import cli
from suppress.cli import keys as keys_cli
from suppress.errors import FactsError
from suppress.facts.instants import from_us, to_us
from suppress.stores.database import Database
from suppress.stores.keys import KeyRecord, Keys

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)

Run = Callable[..., Result]


@pytest.fixture
def url(sqlite_template: Path, tmp_path: Path) -> str:
    """A database without keys."""
    shutil.copy(sqlite_template, tmp_path / "keys.db")
    return f"sqlite:///{tmp_path}/keys.db"


@pytest.fixture
def run(url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `suppress keys ...` on it, at 8:00 on 23 November 2026 and a given number of hours."""

    def invoke(*arguments: str, hours: float = 0) -> Result:
        monkeypatch.setattr(keys_cli, "_now_us", lambda: to_us(NOW + timedelta(hours=hours)))
        return CliRunner().invoke(cli, ["keys", *arguments, "--database", url])

    return invoke


def kept(url: str) -> list[KeyRecord]:
    with Database.open(url) as database:
        return Keys(database).all()


@pytest.mark.parametrize("role", [role.value for role in Role])
def test_a_new_key(run: Run, url: str, role: str) -> None:
    """The key is alone on stdout and works; stderr names it without saying it."""
    result = run("create", "--role", role)
    key = result.stdout.strip()
    shown, (record,) = read_key(key), kept(url)

    assert (0, f"{key}\n") == (result.exit_code, result.stdout)
    assert (record.prefix, record.key_hash) == shown
    assert (role, role, "live", to_us(NOW), None) == (
        record.name, record.role, record.env, record.created_at_us, record.expires_at_us,
    )  # fmt: skip
    assert f'made the live key {record.key_id} "{role}" with the role {role}; it never expires' in result.stderr
    assert key not in result.stderr
    assert key[len(record.prefix) : -7] not in result.stderr


def test_a_key_with_all_there_is(run: Run, url: str) -> None:
    """Name, purpose and expiry are kept as given."""
    result = run("create", "--role", "sender", "--name", "  Braze, Spring ", "--env", "test", "--expires", "90d")
    (record,) = kept(url)

    assert result.stdout.startswith("supp_test_")
    assert ("Braze, Spring", "test") == (record.name, record.env)
    assert NOW + timedelta(days=90) == from_us(record.expires_at_us or 0)
    assert "it expires on 2027-02-21 08:00 UTC" in result.stderr


@pytest.mark.parametrize(
    ("written", "hours"),
    [("1h", 1), ("12 hours", 12), ("1d", 24), ("90 days", 2_160), ("2w", 336), ("1 week", 168), ("1 year", 8_760),
     (" 100y ", 876_000)],
)  # fmt: skip
def test_lengths_of_time(run: Run, url: str, written: str, hours: int) -> None:
    """An expiry is written in hours, days, weeks or years."""
    assert 0 == run("create", "--role", "sender", "--expires", written).exit_code
    assert NOW + timedelta(hours=hours) == from_us(kept(url)[0].expires_at_us or 0)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ([], "Missing option '--role'"),
        (["--role", "owner"], "'owner' is not one of"),
        (["--role", "admin", "--env", "prod"], "'prod' is not one of"),
        *((["--role", "admin", "--expires", span], "is not a length of time; write e.g. 90d")
          for span in ("90", "0d", "-1d", "1.5d", "d", "1 month", "90d 1h", "٣d", "123456d", "")),
        (["--role", "admin", "--expires", "101y"], "more than 100 years"),
    ],
)  # fmt: skip
def test_mistakes(run: Run, url: str, options: list[str], told: str) -> None:
    """A mistake is a usage error that says what to write, and makes no key."""
    result = run("create", *options)

    assert (2, "") == (result.exit_code, result.stdout)
    assert told in result.stderr
    assert [] == kept(url)


@pytest.mark.parametrize("name", ["", "  ", "x" * 256, "two\nlines", "bell\x07"])
def test_names_that_cannot_be_told(run: Run, url: str, name: str) -> None:
    """A name must fit on one line of a list."""
    result = run("create", "--role", "admin", "--name", name)

    assert isinstance(result.exception, FactsError)
    assert "the name of a key" in str(result.exception)
    assert [] == kept(url)


def test_the_list(run: Run, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line per key, the newest first: what it is, whether it works, when it was last used; no key can be read."""
    monkeypatch.setenv("COLUMNS", "160")
    keys = [
        run("create", "--role", "sender", "--name", "Braze", "--expires", "2h").stdout.strip(),
        run("create", "--role", "marketer", hours=1).stdout.strip(),
        run("create", "--role", "admin", "--name", "Ops", hours=2).stdout.strip(),
    ]
    ops, marketer, braze = kept(url)
    run("revoke", marketer.key_id)
    with Database.open(url) as database:
        Keys(database).touch(ops.key_id, to_us(NOW))
    told = run("list", hours=3)

    assert [
        "id begins with name role state made expires last used",
        f"{ops.key_id} {ops.prefix} Ops admin active 2026-11-23 10:00 UTC never 2026-11-23 08:00 UTC",
        f"{marketer.key_id} {marketer.prefix} marketer marketer revoked 2026-11-23 09:00 UTC never never",
        f"{braze.key_id} {braze.prefix} Braze sender expired 2026-11-23 08:00 UTC 2026-11-23 10:00 UTC never",
    ] == [" ".join(line.split()) for line in told.stdout.splitlines()]
    told = "".join(run("list", "--format", each).output for each in ("text", "json", "jsonl"))  # type: ignore[assignment]
    assert [] == [key for key in keys if key[18:42] in str(told)]
    assert [] == [record.key_id for record in kept(url) if record.key_hash in str(told)]


def test_the_list_as_data(run: Run, url: str) -> None:
    """JSON and JSON Lines hold the same, times in RFC 3339."""
    run("create", "--role", "sender", "--name", "Braze", "--expires", "2h")
    run("revoke", kept(url)[0].prefix, hours=1)
    (data,) = json.loads(run("list", "--format", "json").stdout)
    (record,) = kept(url)

    assert data == json.loads(run("list", "--format", "jsonl").stdout)
    assert {
        "key_id": record.key_id, "prefix": record.prefix, "name": "Braze", "role": "sender", "env": "live",
        "state": "revoked", "created_at": "2026-11-23T08:00:00Z", "expires_at": "2026-11-23T10:00:00Z",
        "revoked_at": "2026-11-23T09:00:00Z", "last_used_at": None,
    } == data  # fmt: skip


def test_no_keys_yet(run: Run) -> None:
    """An empty list is empty on stdout; people are told what makes a key."""
    result = run("list")

    assert (0, "") == (result.exit_code, result.stdout)
    assert "`suppress keys create` makes one" in result.stderr
    assert [] == json.loads(run("list", "--format", "json").stdout)


@pytest.mark.parametrize("by", ["key_id", "prefix", "key", "key with a slip"])
def test_revoking(run: Run, url: str, by: str) -> None:
    """By id, by prefix, or by the key itself, which is not said again; a second time changes nothing."""
    key = run("create", "--role", "sender").stdout.strip()
    (record,) = kept(url)
    which = {"key_id": record.key_id, "prefix": record.prefix, "key": key, "key with a slip": key[:-1]}[by]
    first, again = run("revoke", which, hours=1), run("revoke", which, hours=2)

    assert (0, 0, to_us(NOW + timedelta(hours=1))) == (first.exit_code, again.exit_code, kept(url)[0].revoked_at_us)
    assert "within 5 seconds it opens nothing" in first.stderr
    assert "was revoked before; nothing to do" in again.stderr
    assert key[18:42] not in first.output + again.output


def test_revoking_what_is_not_there(run: Run, url: str) -> None:
    """A slip in an id is met with the nearest one; a key from elsewhere is not said again; nothing is revoked."""
    run("create", "--role", "sender")
    (record,) = kept(url)
    near = run("revoke", record.key_id[:-1])
    elsewhere = run("revoke", "supp_test_" + "Q" * 32 + "_123456")

    assert (2, 2) == (near.exit_code, elsewhere.exit_code)
    assert f'did you mean "{record.key_id}"?' in near.stderr
    assert 'no key "supp_test_QQQQQQQQ"' in elsewhere.stderr
    assert kept(url)[0].is_live(to_us(NOW))

"""`suppress publish`, `rollback` and `versions`: what is printed where, and the exit codes scripts rely on."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from suppress.cli import cli, main
from suppress.stores.database import Database
from suppress.stores.schema import upgrade

RULES = """version: 1
ruleset: shop
rules:
  - id: bought
    drop: item
    code: recently_purchased
    when:
      bought: {same: sku, within: 30 days}
"""
CASES = """cases:
  - name: a mug bought a week ago
    as_of: 2026-11-22T09:00:00Z
    given:
      orders: [{sku: MUG, ordered_at: 7 days ago}]
    message: {items: [MUG]}
    want: {dropped: {MUG: recently_purchased}}
"""

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in a project with a ruleset, its cases and a database."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rulesets").mkdir()
    (tmp_path / "rulesets/shop.yaml").write_text(RULES)
    (tmp_path / "rulesets/shop.cases.yaml").write_text(CASES)
    with Database.open("sqlite:///suppress.db", require_schema=False) as database:
        upgrade(database)
    return lambda *words, **more: CliRunner().invoke(cli, words, catch_exceptions=False, **more)


def change(old: str, new: str, name: str = "shop.yaml") -> None:
    path = Path("rulesets") / name
    path.write_text(path.read_text().replace(old, new))


def test_publish_change_and_roll_back(run: Run) -> None:
    """The plan and the version are told on stdout, first against nothing, then against the version before."""
    first = run("publish", "-m", "first rules", "--author", "ada")
    change("30 days", "8 days")
    second = run("publish", "-m", "shorter", "--author", "bob")
    back = run("rollback", "shop", "1", "--message", "too short", "--author", "ada")
    listed = json.loads(run("versions", "shop", "--format", "json").stdout)

    assert "Written differently, from nothing to version 1:\n  new      bought\n" in first.stdout
    assert "shop: published version 1 (sha256:" in first.stdout
    assert "now:    Drop the item when the customer bought and kept this item" in second.stdout
    assert "  changed  bought (when)\n" in second.stdout
    assert "Nothing changes for these messages." in second.stdout
    assert "shop: published version 3, which brings back version 1 (sha256:" in back.stdout
    assert [(3, "ada", "too short", 1), (2, "bob", "shorter", None), (1, "ada", "first rules", None)] == [
        (each["number"], each["author"], each["message"], each["of"]) for each in listed
    ]
    assert [0, 0, 0] == [result.exit_code for result in (first, second, back)]


def test_published_again(run: Run) -> None:
    """The very same files are not published twice, and that is no error."""
    run("publish", "-m", "first rules")
    again = run("publish", "-m", "once more")

    assert (0, "shop: version 1 is these very files already; nothing is published\n") == (again.exit_code, again.stdout)


def test_dry_run(run: Run) -> None:
    """A dry run tells the plan and publishes nothing."""
    told = run("publish", "-m", "m", "--dry-run")
    as_json = json.loads(run("publish", "-m", "m", "--dry-run", "--format", "json").stdout)
    listed = run("versions")

    assert "from nothing to these files" in told.stdout
    assert "nothing is published: --dry-run" in told.stderr
    assert (None, False, ["bought"]) == (
        as_json["version"],
        as_json["is_new"],
        [edit["rule"] for edit in as_json["plan"]["edits"]],
    )
    assert ("", "nothing is published; `suppress publish` publishes rules\n") == (listed.stdout, listed.stderr)


def test_publish_as_json(run: Run) -> None:
    """Programs get version, plan and whether it is new."""
    told = json.loads(run("publish", "-m", "m", "--author", "ada", "--format", "json").stdout)
    again = json.loads(run("publish", "-m", "m", "--format", "json").stdout)

    assert (1, True, 1) == (told["version"]["number"], told["is_new"], told["plan"]["on_cases"]["audience"]["messages"])
    assert (told["version"], False) == (again["version"], again["is_new"])


@pytest.mark.parametrize(("old", "silenced"), [("published", 0), ("published:2", 0), ("published:1", 1)])
def test_plan_against_a_version(run: Run, old: str, silenced: int) -> None:
    """`suppress plan` takes a published version for the rules in force, and needs no git for it."""
    run("publish", "-m", "long window")
    change("rules:\n", "mode: shadow\nrules:\n")
    change("want: {dropped: {MUG: recently_purchased}}", "want: {shadow: {MUG: [bought]}}", "shop.cases.yaml")
    run("publish", "-m", "in shadow")
    Path("orders.csv").write_text("order_id,customer_id,sku,units,ordered_at\n1,ada,MUG,1,2026-11-15T09:00:00Z\n")
    run("import", "orders", "orders.csv", "--as-of", "2026-11-22T08:00:00Z")
    Path("messages.jsonl").write_text('{"customer_id": "ada", "items": ["MUG"], "send_at": "2026-11-22T09:00:00Z"}\n')
    told = run("plan", "--old", old, "--messages", "messages.jsonl", "--format", "json")

    assert 0 == told.exit_code, told.stderr
    assert silenced == json.loads(told.stdout)["by_change"]["newly_allowed"]["items"]


def test_who_publishes(run: Run) -> None:
    """Without --author the environment says who publishes."""
    run("publish", "-m", "m", env={"SUPPRESS_AUTHOR": "build 7"})

    assert "build 7" in run("versions").stdout


def test_the_files_of_a_version(run: Run) -> None:
    """A version's rule file is printed as it was, all its files as JSON."""
    run("publish", "-m", "m")
    change("30 days", "8 days")
    files = json.loads(run("versions", "shop", "1", "--format", "json").stdout)["files"]

    assert RULES == run("versions", "shop", "1").stdout
    assert [("shop.yaml", "ruleset", RULES), ("shop.cases.yaml", "cases", CASES)] == [
        (each["file"], each["kind"], each["text"]) for each in files
    ]


@pytest.mark.parametrize(
    ("words", "file", "spoil", "code", "told"),
    [
        (("publish", "-m", "m"), "shop.yaml", ("drop: item", "drop: itme"), 3, "wrong-effect"),
        (("publish", "-m", "m"), "shop.cases.yaml", ("7 days", "70 days"), 4, "a mug bought a week ago: dropped"),
        (("publish", "-m", "m", "--expect", "2"), "shop.yaml", ("30 days", "8 days"), 2, 'is 1, not 2'),
        (("publish", "-m", " "), "shop.yaml", ("30 days", "8 days"), 2, "the message is empty"),
        (("publish",), "shop.yaml", ("", ""), 2, "Missing option '--message'"),
        (("rollback", "shop", "1", "-m", "m"), "shop.yaml", ("", ""), 2, "are those in force (version 1)"),
        (("rollback", "shop", "9", "-m", "m"), "shop.yaml", ("", ""), 2, 'has no version 9. help: it has 1 to 1'),
        (("versions", "shup"), "shop.yaml", ("", ""), 2, 'did you mean "shop"?'),
        (("versions", "shop", "9"), "shop.yaml", ("", ""), 2, 'has no version 9'),
    ],
)  # fmt: skip
def test_what_is_refused(
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    file: str,
    spoil: tuple[str, str],
    code: int,
    told: str,
) -> None:
    """Mistakes are told on stderr with an exit code that says their kind; nothing is published."""
    run("publish", "-m", "first")
    change(*spoil, file)
    monkeypatch.setattr(sys, "argv", ["suppress", *words])
    with pytest.raises(SystemExit) as left:
        main()
    said = capsys.readouterr()

    assert (code, "") == (left.value.code, said.out)
    assert told in said.err
    assert 1 == len(json.loads(run("versions", "shop", "--format", "json").stdout))

"""`check`, `explain`, `rules`, `test`: what they print, where, and with which exit code."""

import contextlib
import io
import json
import shutil
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from suppress.cli import COMMANDS, main

RULES = """
version: 1
ruleset: shop
rules:
  - id: already-bought
    drop: item
    code: recently_purchased
    when:
      bought: {same: sku, within: 30 days}
  - id: nothing-left
    suppress: message
    code: nothing_left
    when:
      message.items_kept: {below: 1}
"""
CASES = """
cases:
  - name: bought last week
    as_of: 2026-11-22T09:00:00Z
    given:
      orders: [{sku: A-1, ordered_at: 7 days ago}]
    message: {items: [A-1, B-1]}
    want: {dropped: {A-1: recently_purchased}, shown: [B-1]}
"""
ORDERS = "order_id,customer_id,sku,units,ordered_at\n1,ada,A-1,1,2026-11-20T09:00:00Z\n"


class Told(NamedTuple):
    """What one call of the command line left behind."""

    returncode: int
    stdout: str
    stderr: str


def run(folder: Path, *arguments: str, stdin: str = "") -> Told:
    """One call of the command line in a folder, in this process: to start one anew takes longer than the work."""
    out, err = io.StringIO(), io.StringIO()
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        patch.chdir(folder)
        patch.setattr(sys, "argv", ["suppress", *arguments])
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        with pytest.raises(SystemExit) as ended:
            main()
    return Told(int(ended.value.code or 0), out.getvalue(), err.getvalue())


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one ruleset, its cases, and a database with one order."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "rulesets").mkdir()
    (folder / "rulesets/shop.yaml").write_text(RULES)
    (folder / "rulesets/shop.cases.yaml").write_text(CASES)
    (folder / "orders.csv").write_text(ORDERS)
    assert 0 == run(folder, "db", "upgrade").returncode
    assert 0 == run(folder, "import", "orders", "orders.csv").returncode
    return folder


@pytest.fixture
def shop(made: Path, tmp_path: Path) -> Path:
    """A copy of it to play with."""
    return Path(shutil.copytree(made, tmp_path / "shop"))


def message(*skus: str, **more: object) -> str:
    """A JSON message to Ada, on one line."""
    return json.dumps({"customer_id": "ada", "items": skus, "send_at": "2026-11-22T09:00:00Z", **more}) + "\n"


def test_text_says_verdict_and_sentence(shop: Path) -> None:
    """A person reads the verdict, the reason in a sentence, and when the item may come back."""
    told = run(shop, "check", "-", stdin=message("A-1", "B-1", message_id="m-1"))

    assert 0 == told.returncode
    assert told.stdout.startswith("m-1 to customer ada: send, shows B-1\n")
    assert (
        "recently_purchased: Drop the item when the customer bought and kept this item in the last 30 days."
        in told.stdout
    )
    assert "Again from 20 December 2026 09:00 UTC." in told.stdout
    assert "" == told.stderr


def test_json_is_a_decision_and_jsonl_one_per_line(shop: Path) -> None:
    """A program reads one object for one message, and a line per message for many."""
    one = run(shop, "check", "-", "--format", "json", stdin=message("A-1", "B-1"))
    many = run(shop, "check", "-", "--format", "jsonl", stdin=message("A-1") + message("B-1"))

    assert ["B-1"] == json.loads(one.stdout)["shown"]
    assert ["suppress", "send"] == [json.loads(line)["verdict"] for line in many.stdout.splitlines()]


def test_as_of_moves_the_window(shop: Path) -> None:
    """Thirty days after the purchase, to the second, the item may be shown."""
    before = run(shop, "check", "-", "--as-of", "2026-12-20T08:59:59Z", "--format", "json", stdin=message("A-1"))
    after = run(shop, "check", "-", "--as-of", "2026-12-20T09:00:00Z", "--format", "json", stdin=message("A-1"))

    assert [[], ["A-1"]] == [json.loads(told.stdout)["shown"] for told in (before, after)]


@pytest.mark.parametrize("engine", ["durable", "reference"])
def test_fail_on_suppress_is_exit_5(shop: Path, engine: str) -> None:
    """A pipeline can stop on a suppressed message, and only then."""
    arguments = ("check", "-", "--fail-on-suppress", "--engine", engine)

    assert 5 == run(shop, *arguments, stdin=message("A-1")).returncode
    assert 0 == run(shop, *arguments, stdin=message("A-1", "B-1")).returncode
    assert 0 == run(shop, "check", "-", stdin=message("A-1")).returncode


def test_unreadable_message_is_exit_7_and_the_others_are_decided(shop: Path) -> None:
    """One bad line costs that line alone, and is named on stderr."""
    told = run(shop, "check", "-", "--format", "jsonl", stdin=message("A-1") + '{"items": []}\n' + message("B-1"))

    assert 7 == told.returncode
    assert 2 == len(told.stdout.splitlines())
    assert "refused:" in told.stderr
    assert "2" in told.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("check", "-", "--rules", "nowhere"), 3, "nowhere"),
        (("check", "-", "--ruleset", "shp"), 3, 'did you mean "shop"?'),
        (("check", "-", "--database", "sqlite:///none.db"), 6, "suppress db upgrade"),
        (("check", "-", "--as-of", "yesterday"), 2, "2026-11-22T09:00:00Z"),
        (("check", "-", "--as-of", "2026-11-22T09:00:00"), 2, "no zone"),
        (("check", "nothing.json"), 2, "nothing.json"),
        (("chek",), 2, "No such command"),
        (("explain", "-"), 1, "not JSON"),
        (("test", "nowhere"), 2, "no case files"),
    ],
)
def test_mistakes_have_an_exit_code_and_a_remedy(shop: Path, arguments: tuple[str, ...], code: int, says: str) -> None:
    """Nobody is shown a traceback; stdout stays empty."""
    told = run(shop, *arguments, stdin="{")

    assert code == told.returncode, told.stderr
    assert says in told.stderr
    assert "Traceback" not in told.stderr
    assert "" == told.stdout


def test_explain_needs_nothing_but_the_decision(shop: Path, tmp_path: Path) -> None:
    """Elsewhere, without rules or database, the decision still says what was seen and when the item comes back."""
    decision = run(shop, "check", "-", "--format", "json", stdin=message("A-1", "B-1")).stdout
    told = run(tmp_path, "explain", "-", stdin=decision)

    assert 0 == told.returncode
    assert "A-1: dropped" in told.stdout
    assert "decided by already-bought (recently_purchased)" in told.stdout
    assert "seen 1 unit, the last on 20 November 2026 09:00 UTC" in told.stdout
    assert "could be shown again from 20 December 2026 09:00 UTC" in told.stdout


def test_explain_refuses_what_is_no_decision(shop: Path) -> None:
    """A message is not a decision, and the help says how to get one."""
    told = run(shop, "explain", "-", stdin=message("A-1"))

    assert 1 == told.returncode
    assert "suppress check FILE --format json" in told.stderr


@pytest.mark.parametrize("name", [*COMMANDS, "db upgrade", "db check", "lake refresh", "lake status"])
def test_every_command_takes_the_same_flags(shop: Path, name: str) -> None:
    """`--database` and `--rules` fit every command, so that scripts need only one set of them."""
    told = run(shop, *name.split(), "--database", "sqlite:///suppress.db", "--rules", "rulesets", "--help")

    if name in ("db", "keys", "lake", "log"):
        assert 2 == told.returncode  # a group: its commands take them
    else:
        assert 0 == told.returncode, told.stderr
        assert "--database URL" in told.stdout
        assert "--rules DIR" in told.stdout


def test_rules_are_read_aloud(shop: Path) -> None:
    """Each rule is one sentence, and JSON for programs."""
    told = run(shop, "rules")
    listed = json.loads(run(shop, "rules", "--format", "json").stdout)

    assert "  nothing-left: Do not send the message when no item is left." in told.stdout
    assert ["already-bought", "nothing-left"] == [rule["rule"] for rule in listed]


def test_cases_pass_on_both_engines(shop: Path) -> None:
    """Green cases are exit 0 and a line that says so."""
    told = run(shop, "test")

    assert 0 == told.returncode
    assert "1 case in 1 file: all passed on both engines" in told.stderr


def test_failing_case_is_exit_4(shop: Path) -> None:
    """What was wanted and what was decided stand side by side; tests/cli/test_test.py reads the whole."""
    (shop / "rulesets/shop.cases.yaml").write_text(CASES.replace("shown: [B-1]", "shown: [A-1]"))
    told = run(shop, "test")

    assert 4 == told.returncode
    assert "    shown  A-1     B-1\n" in told.stdout


def test_unreadable_case_is_exit_4_with_its_place(shop: Path) -> None:
    """A slip in a case file is a problem with line and column, not a traceback."""
    (shop / "rulesets/shop.cases.yaml").write_text(CASES.replace("want:", "wnat:"))
    told = run(shop, "test")

    assert 4 == told.returncode
    assert 'shop.cases.yaml:8:5 unknown-key: a case has no key "wnat". help: did you mean "want"?' in told.stderr

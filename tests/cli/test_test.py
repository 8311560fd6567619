"""`suppress test`: what it prints of failing cases in every format, what is covered, and the new wants it proposes."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

import pytest

from suppress.cli.columns import side_by_side
from tests.cli.test_check import run

FAILING: Final = Path(__file__).parent / "failing"
REWRITE: Final = bool(os.environ.get("SUPPRESS_REWRITE"))
GOLDEN: Final = {
    "failures.txt": ("test", "."),
    "coverage.txt": ("test", ".", "--coverage"),
    "failures.jsonl": ("test", ".", "--format", "jsonl", "--coverage"),
    "failures.xml": ("test", ".", "--format", "junit", "--coverage"),
    "update.diff": ("test", ".", "--update"),
}
GREEN: Final = """version: 1
ruleset: shop
rules:
  - id: sold-out
    drop: item
    code: out_of_stock
    when:
      stock.available_units: {below: 1}
"""
GREEN_CASE: Final = """cases:
  - name: nothing on the shelf
    as_of: 2026-11-22T09:00:00Z
    given: {stock: [{sku: A, on_hand: 0}]}
    message: {items: [A]}
    want: {dropped: {A: out_of_stock}}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A folder with one rule that one case makes fire, and none keeps quiet."""
    (tmp_path / "shop.yaml").write_text(GREEN)
    (tmp_path / "shop.cases.yaml").write_text(GREEN_CASE)
    return tmp_path


@pytest.mark.parametrize("name", GOLDEN)
def test_what_is_printed_has_been_read(name: str) -> None:
    """Each format of the failing stories is the one somebody has read; SUPPRESS_REWRITE=1 rewrites them."""
    told = run(FAILING, *GOLDEN[name])
    golden = FAILING / name
    if REWRITE:
        golden.write_text(told.stdout)

    assert 4 == told.returncode
    assert golden.read_text() == told.stdout


def test_no_line_of_columns_is_wide() -> None:
    """Beside the line that names case and place, and lines of coverage, nothing is wider than 96 characters."""
    lines = run(FAILING, "test", ".").stdout.splitlines()

    assert [] == [line for line in lines if len(line) > 96 and not line.startswith("  failed: ")]


def test_text_without_a_terminal_has_no_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    """No escape sequence stands in what goes to a file or a pipe."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("CI", raising=False)

    assert "\x1b" not in run(FAILING, "test", ".").stdout


@pytest.mark.parametrize("unwanted", [{}, {"NO_COLOR": "1"}, {"CI": "true"}])
def test_colour_is_for_terminals_alone(unwanted: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal colour is used, unless NO_COLOR or CI says otherwise; the words are the same."""
    for name in ("NO_COLOR", "CI"):
        monkeypatch.delenv(name, raising=False)
    for name, value in unwanted.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("suppress.cli.test._is_terminal", lambda: True)
    told = run(FAILING, "test", ".").stdout

    assert (not unwanted) == ("\x1b[31m" in told)
    assert (FAILING / "failures.txt").read_text() == re.sub(r"\x1b\[[0-9;]*m", "", told)


def test_engines_that_differ_are_named(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What only one engine says has a row of its own with the engine's name."""
    monkeypatch.setattr("suppress.engine.guarded.Inference.fired", lambda *_: frozenset({7}))
    told = run(shop, "test", ".")

    assert 4 == told.returncode
    assert re.search(r"\n    engine \(durable\) +durable +reference\n", told.stdout)


def test_json_lines_are_the_json_line_by_line() -> None:
    """jsonl holds the same cases as json and, when asked for, the coverage behind them."""
    listed = json.loads(run(FAILING, "test", ".", "--format", "json", "--coverage").stdout)
    lines = [
        json.loads(line)
        for line in run(FAILING, "test", ".", "--format", "jsonl", "--coverage").stdout.split("\n")[:-1]
    ]

    assert listed["cases"] == [_without_kind(line) for line in lines if line["kind"] == "case"]
    assert listed["coverage"] == [_without_kind(line) for line in lines if line["kind"] == "coverage"]
    assert listed["cases"] == json.loads(run(FAILING, "test", ".", "--format", "json").stdout)


def _without_kind(line: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in line.items() if key != "kind"}


def test_junit_counts_cases_failures_and_errors(shop: Path) -> None:
    """One suite per file: a test per case, a failure per failed one, an error per case that cannot be played."""
    (shop / "other.yaml").write_text(GREEN.replace("shop", "other"))
    (shop / "other.cases.yaml").write_text(GREEN_CASE.replace("{A: out_of_stock}", "{}") + "  - {name: broken & <b>}\n")

    root = ElementTree.fromstring(run(shop, "test", ".", "--format", "junit").stdout)
    suites = [{name: suite.get(name) for name in ("name", "tests", "failures", "errors")} for suite in root]

    assert [
        {"name": "other.cases.yaml", "tests": "2", "failures": "1", "errors": "1"},
        {"name": "shop.cases.yaml", "tests": "1", "failures": "0", "errors": "0"},
    ] == suites
    assert ("3", "1", "1") == (root.get("tests"), root.get("failures"), root.get("errors"))
    assert "broken & <b>" in (root.findtext(".//error") or "")


def test_junit_spells_out_what_xml_cannot_hold(shop: Path) -> None:
    """Control characters in the name of a folder or a file give a document that can be read."""
    folder = shop / "a\x07<b>"
    folder.mkdir()
    (folder / "\x08.yaml").write_text(GREEN)
    (folder / "\x08.cases.yaml").write_text(GREEN_CASE.replace("{A: out_of_stock}", "{}") + "  - {name: broken}\n")

    root = ElementTree.fromstring(run(shop, "test", folder.name, "--format", "junit").stdout)
    (suite,) = root
    name = "a\\u0007<b>/\\u0008.cases.yaml"

    assert name == suite.get("name")
    assert [("\\u0008", name, "2"), ("\\u0008", name, "7")] == [
        (case.get("classname"), case.get("file"), case.get("line")) for case in suite
    ]
    assert f"({name}:2)" in str(suite.findtext("testcase/failure"))


def test_too_little_coverage_is_exit_4(shop: Path) -> None:
    """Cases that pass and try less than asked for are exit 4, and stderr says which ruleset and how much."""
    enough = run(shop, "test", ".", "--min-coverage", "50")
    short = run(shop, "test", ".", "--min-coverage", "50.1")

    assert (0, 4) == (enough.returncode, short.returncode)
    assert "shop.yaml: the cases cover 50.0 % of the branches, less than the 50.1 % asked for" in short.stderr
    assert "less than" not in enough.stderr
    assert "shop.yaml:4 the rule sold-out fires every time" in short.stdout
    assert "shop.yaml:8 no unit is available: never false" in short.stdout


def test_rules_without_cases_are_not_covered(shop: Path) -> None:
    """A rule file beside which no case stands counts with nothing covered."""
    (shop / "untried.yaml").write_text(GREEN.replace("shop", "untried"))
    told = run(shop, "test", ".", "--min-coverage", "1")

    assert 4 == told.returncode
    assert "untried.yaml: the cases cover 0.0 % of the branches" in told.stderr
    assert "untried.yaml:4 the rule sold-out is never judged" in told.stdout


def test_case_files_may_end_in_yml(shop: Path) -> None:
    """No case is passed over because its file, or that of its rules, has the shorter ending."""
    (shop / "shop.cases.yaml").rename(shop / "shop.cases.yml")
    shorter = run(shop, "test", ".")
    (shop / "shop.yaml").rename(shop / "shop.yml")
    both = run(shop, "test", "shop.yml")

    assert (0, "shop.cases.yml: 1 of 1 passed\n") == (shorter.returncode, shorter.stdout)
    assert (0, "shop.cases.yml: 1 of 1 passed\n") == (both.returncode, both.stdout)


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--write"], "--write goes with --update"),
        (["--update", "--coverage"], "in a run of its own"),
        (["--update", "--format", "json"], "--update prints a diff"),
        (["--min-coverage", "101"], "0<=x<=100"),
    ],
)
def test_flags_that_do_not_go_together_are_refused(flags: list[str], says: str, shop: Path) -> None:
    """A usage error says what to leave out, and nothing is played."""
    told = run(shop, "test", ".", *flags)

    assert (2, "") == (told.returncode, told.stdout)
    assert says in told.stderr


def test_update_changes_nothing_until_it_is_told_to(shop: Path) -> None:
    """--update prints a diff and exits 4; --update --write prints the same diff, changes the file, and says so."""
    cases = shop / "shop.cases.yaml"
    wrong = GREEN_CASE.replace("want: {dropped: {A: out_of_stock}}", "want: {dropped: {}} # think twice")
    cases.write_text(wrong)

    proposed = run(shop, "test", ".", "--update")
    untouched = cases.read_text()
    written = run(shop, "test", ".", "--update", "--write")

    assert (4, 0) == (proposed.returncode, written.returncode)
    assert wrong == untouched
    assert proposed.stdout == written.stdout
    assert (
        "-    want: {dropped: {}} # think twice\n+    want: {dropped: {A: out_of_stock}} # think twice\n"
        in written.stdout
    )
    assert "shop.cases.yaml: changed 1 case: nothing on the shelf" in written.stderr
    assert GREEN_CASE.rstrip() + " # think twice\n" == cases.read_text()
    assert "no case needs another want" in run(shop, "test", ".", "--update").stderr


@pytest.mark.parametrize("flags", [(), ("--update",), ("--coverage",)])
def test_a_case_file_that_cannot_be_read_is_told(flags: tuple[str, ...], shop: Path) -> None:
    """A case file that is not there is named with the reason and a remedy, with --update as without."""
    (shop / "missing.yaml").write_text(GREEN.replace("shop", "missing"))
    told = run(shop, "test", "missing.cases.yaml", *flags)

    assert 4 == told.returncode
    assert "missing.cases.yaml:1:1 file-unreadable: the file cannot be read: no such file or directory" in told.stderr
    assert "unexpected" not in told.stderr


def test_update_leaves_alone_what_it_cannot_change(shop: Path) -> None:
    """A case whose name is there twice is named with the reason, the file stays as it is, and exit is 4."""
    twice = GREEN_CASE.replace("A: out_of_stock", "A: recalled")
    text = twice + twice.removeprefix("cases:\n")
    (shop / "shop.cases.yaml").write_text(text)

    told = run(shop, "test", ".", "--update", "--write")

    assert (4, "") == (told.returncode, told.stdout)
    assert 'shop.cases.yaml: left alone: "nothing on the shelf": another case has the same name' in told.stderr
    assert text == (shop / "shop.cases.yaml").read_text()


def _rows() -> Iterator[tuple[list[tuple[str, ...]], int]]:
    yield [("a", "short", "short")], 40
    yield [("label", "word " * 30, "tiny")], 60
    yield [("label", "x" * 200, "y" * 200), ("", "one", "two")], 50
    yield [("", "", "")], 30


@pytest.mark.parametrize(("rows", "width"), list(_rows()))
def test_columns_keep_within_the_width_and_lose_nothing(rows: list[tuple[str, ...]], width: int) -> None:
    """However long the cells, no line is wider than asked for, and every character of a cell is printed."""
    lines = side_by_side(rows, width, indent="  ")

    assert all(len("  " + "  ".join(line)) <= width for line in lines)
    for at in range(len(rows[0])):
        shown = "".join(line[at] for line in lines).replace(" ", "")
        assert "".join(row[at] for row in rows).replace(" ", "") == shown

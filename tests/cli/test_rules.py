"""`suppress rules`: sentences, pages and chips, and what is said of names and files that are not right."""

import json
from pathlib import Path

import pytest

from tests.cli.test_check import RULES, run

OTHER = RULES.replace("ruleset: shop", "ruleset: outlet\nowner: Legal")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two rulesets."""
    rules = tmp_path / "rulesets"
    rules.mkdir()
    (rules / "shop.yaml").write_text(RULES)
    (rules / "outlet.yaml").write_text(OTHER)
    return tmp_path


def test_text_is_a_line_per_rule(folder: Path) -> None:
    """Each rule is one line under the name of its ruleset."""
    told = run(folder, "rules", "--ruleset", "shop")

    assert 0 == told.returncode
    assert [
        "shop",
        "  already-bought: Drop the item when the customer bought and kept this item in the last 30 days.",
        "  nothing-left: Do not send the message when no item is left.",
    ] == told.stdout.splitlines()


def test_markdown_is_a_page_per_ruleset(folder: Path) -> None:
    """Every ruleset is a page; with `--ruleset` there is one."""
    pages = [line for line in run(folder, "rules", "--format", "markdown").stdout.splitlines() if line[:2] == "# "]
    one = run(folder, "rules", "--format", "markdown", "--ruleset", "outlet").stdout

    assert ["# Rules: outlet", "# Rules: shop"] == pages
    assert "- Owner: Legal" in one
    assert "# Rules: shop" not in one


def test_json_has_chips_that_make_the_sentence(folder: Path) -> None:
    """The chips joined are the sentence, and point into the file."""
    listed = json.loads(run(folder, "rules", "--format", "json", "--ruleset", "shop").stdout)

    assert ["already-bought", "nothing-left"] == [rule["rule"] for rule in listed]
    for rule in listed:
        assert rule["sentence"] == "".join(chip["text"] for chip in rule["chips"])
    window = next(chip for chip in listed[0]["chips"] if chip["role"] == "window")
    assert {
        "text": " in the last 30 days",
        "role": "window",
        "place": {"file": str(Path("rulesets", "shop.yaml")), "line": 9, "column": 7},
    } == window


@pytest.mark.parametrize("format_", ["text", "markdown", "json"])
def test_a_ruleset_that_is_not_there(folder: Path, format_: str) -> None:
    """An unknown name is a usage error with a suggestion, and prints no rules."""
    told = run(folder, "rules", "--format", format_, "--ruleset", "shp")

    assert 2 == told.returncode
    assert "" == told.stdout
    assert 'no ruleset "shp". help: did you mean "shop"?' in told.stderr


def test_a_broken_file_is_reported_and_the_others_told(folder: Path) -> None:
    """Mistakes go to stderr with exit code 3; what can be read is printed."""
    (folder / "rulesets" / "shop.yaml").write_text(RULES.replace("items_kept", "items_left"))
    told = run(folder, "rules")

    assert 3 == told.returncode
    assert "outlet" == told.stdout.splitlines()[0]
    assert "unknown-field" in told.stderr

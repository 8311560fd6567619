"""The documentation says what the program does."""

import re
from pathlib import Path

import pytest

import suppress
from suppress.cli import COMMANDS
from suppress.rules.reading import parse_ruleset
from suppress.rules.reference import with_tables

ROOT = Path(__file__).parent.parent


def test_tables_of_the_rule_language_are_fresh() -> None:
    """`scripts/generate` would change nothing."""
    page = (ROOT / "docs/rules.md").read_text()

    assert with_tables(page) == page


def test_example_of_the_rule_language_is_sound() -> None:
    """The first example of the page is a ruleset without problems."""
    example = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs/rules.md").read_text(), re.DOTALL)[0]
    ruleset, problems = parse_ruleset(example.encode(), "my-shop.yaml")

    assert () == problems
    assert ruleset is not None


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_documented(command: str) -> None:
    """Each command stands in the README or the operations page."""
    pages = (ROOT / "README.md").read_text() + (ROOT / "docs/operations.md").read_text()

    assert f"suppress {command}" in pages


def test_the_door_is_documented_as_it_is() -> None:
    """Every name of `import suppress` stands in the table of its page, and every error that stands there is one."""
    page = (ROOT / "docs/api.md").read_text()
    table = page.partition("\nThreads may share a gate.")[0]
    named = set(re.findall(r"`(\w+)[`(]", table))

    assert set() == set(suppress.__all__) - named
    assert {name for name in named if name.endswith("Error")} <= set(suppress.__all__)

"""The page of the rule language: every example on it is sound, every key of the language is on it."""

import re
from pathlib import Path

import pytest

from suppress.problems import errors_in
from suppress.rules.document import MapNode, parse_document
from suppress.rules.entries import CONDITIONS, DEFAULTS, EFFECTS, PAST, QUALIFIERS, RULE, TOP
from suppress.rules.reading import parse_ruleset
from suppress.rules.reference import TABLES, with_tables

PAGE = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)

DECLARED = """version: 1
ruleset: example
attributes:
  customer.attributes.points: number
  customer.attributes.tier: [bronze, silver, gold]
"""
RULES = """rules:
  - id: example
    drop: item
    code: recalled
"""


def whole(example: str) -> str:
    """An example of the page as a file: what it leaves out is put around it."""
    node, problems = parse_document(example.encode(), "f.yaml")

    assert () == problems
    assert isinstance(node, MapNode)
    keys = {key.text for key, _ in node.entries}
    if "version" in keys:
        return example
    if "when" in keys:
        return DECLARED + RULES + "".join(f"    {line}\n" for line in example.splitlines())
    top = DECLARED if "attributes" not in keys else DECLARED.split("attributes:", maxsplit=1)[0]
    return top + example + ("" if "rules" in keys else f"{RULES}    when: {{item.status: recalled}}\n")


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_sound(example: str) -> None:
    """Whoever copies an example gets a ruleset without an error."""
    ruleset, problems = parse_ruleset(whole(example).encode(), "example.yaml")

    assert () == errors_in(problems)
    assert ruleset is not None


def test_there_are_examples_of_every_condition() -> None:
    """Each entry of a condition that is not a field is shown at least once."""
    shown = "\n".join(EXAMPLES)

    assert [] == [name for name in CONDITIONS if f"{name}:" not in shown]


def test_every_table_has_its_place() -> None:
    """Each table the program makes stands on the page once, and only those."""
    assert sorted(TABLES) == sorted(re.findall(r"<!-- table: (\w+) -->", PAGE))
    assert PAGE == with_tables(PAGE)


def test_every_key_is_on_the_page() -> None:
    """Each key has a row of its own, with its meaning."""
    entries = [*TOP, *DEFAULTS, *RULE, *EFFECTS, *(entry for listed in PAST.values() for entry in listed)]

    assert [] == [
        e.name for e in entries if f"| `{e.name}` | {e.meaning} |".replace("|", "") not in PAGE.replace("|", "")
    ]
    assert [] == [meaning for meaning in [*CONDITIONS.values(), *QUALIFIERS.values()] if meaning not in PAGE]

"""The JSON schema of files of schedules takes what the reader takes, and refuses what it can see to be wrong."""

import json
import re
from pathlib import Path
from typing import Final

import pytest
from jsonschema import Draft7Validator

from suppress.rules.document import parse_document, plain
from suppress.schedules.reading import KEYS
from suppress.schedules.schema import schedules_schema
from tests.cli.test_check import run
from tests.schedules.test_reading import GOOD, LEAST, MISTAKES

ROOT: Final = Path(__file__).parent.parent.parent
MODELINE: Final = "# yaml-language-server: $schema=./rulesets/schedules.schema.json\n"
SCHEMA: Final = schedules_schema()
VALIDATOR: Final = Draft7Validator(SCHEMA)
UNSEEN: Final = {
    "unknown-placeholder", "stray-brace", "several-statements", "missing-zone", "no-such-date", "bad-cron",
    "unknown-time-zone",
    "too-early", "repeated-value", "not-https", "secret-in-url", "out-shared", "repeated-name",
}  # fmt: skip
"""What only reading finds: meaning, and what two entries make of each other."""


def complaints(text: str) -> list[str]:
    node, problems = parse_document(text.encode(), "schedules.yaml")
    assert () == problems
    return [error.message for error in VALIDATOR.iter_errors(plain(node))]


def written_in_docs() -> dict[str, str]:
    """Every file of schedules that the documentation shows."""
    pages = {page.name: page.read_text() for page in (ROOT / "docs").glob("*.md")}
    blocks = {
        (name, block) for name, page in pages.items() for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    }
    heredocs = {
        (name, block)
        for name, page in pages.items()
        for block in re.findall(r"cat > schedules\.yaml <<'YAML'\n(.*?)YAML", page, re.DOTALL)
    }
    shown = {f"{name}:{n}": block for n, (name, block) in enumerate(sorted(blocks | heredocs)) if "messages: " in block}
    return {place: block for place, block in shown.items() if re.search(r"^ +when: \{(cron|at)", block, re.MULTILINE)}


def test_the_schema_is_a_schema_and_fresh() -> None:
    """It is valid draft-07, and the file is what `suppress schema --schedules` prints; scripts/generate writes it."""
    Draft7Validator.check_schema(SCHEMA)
    shipped = (ROOT / "rulesets" / "schedules.schema.json").read_text(encoding="utf-8")

    assert SCHEMA == json.loads(shipped)
    assert shipped == run(ROOT, "schema", "--schedules").stdout
    assert set(KEYS) == set(SCHEMA["definitions"]["schedule"]["properties"])


def test_examples_in_the_docs_are_sound() -> None:
    """Both pages that show a file of schedules show one by which the schema is found and kept."""
    shown = written_in_docs()

    assert {"scans.md", "schedules.md"} == {place.partition(":")[0] for place in shown}
    for text in shown.values():
        assert text.startswith(MODELINE)
        assert [] == complaints(text)


@pytest.mark.parametrize("text", [GOOD, LEAST])
def test_what_is_read_is_taken(text: str) -> None:
    """A file with every key in it, and the least one, have nothing to be underlined."""
    assert [] == complaints(text)


SEEN: Final = [(text, wanted) for text, wanted in MISTAKES if text and wanted.split(" ")[1].rstrip(":") not in UNSEEN]


@pytest.mark.parametrize(("text", "wanted"), SEEN, ids=[wanted for _, wanted in SEEN])
def test_mistakes_are_underlined(text: str, wanted: str) -> None:
    """What is wrong in names, shapes and choices is refused by the schema as it is by the reader."""
    assert complaints(text), wanted

"""The JSON schema of case files follows the reader's tables, is fresh on disk, and takes and refuses what it should."""

import json
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

import pytest
from jsonschema import Draft7Validator

from suppress.cases.play import ANSWERS, case_files
from suppress.cases.schema import cases_schema
from suppress.cases.shapes import CASE_KEYS, EXAMPLES, FILE_KEYS, ITEM_KEYS, MESSAGE_KEYS, QUESTIONS, WANTS
from suppress.cases.story import parse_stories
from suppress.facts.message import Item, Message
from suppress.facts.snapshot import Source
from suppress.intake.rows import FORMS
from suppress.rules.document import parse_document, plain
from tests.cli.test_check import run

ROOT: Final = Path(__file__).parent.parent
FILES: Final = [path for folder in ("rulesets", "tests/cases") for path in case_files(ROOT / folder)]
MODELINE: Final = "# yaml-language-server: $schema=./cases.schema.json"
SCHEMA: Final = cases_schema()
VALIDATOR: Final = Draft7Validator(SCHEMA)
SOUND: Final = "cases: [{name: a, as_of: 2026-11-22T09:00:00Z, message: {items: [A]}, want: {verdict: send}}]"


def complaints(text: str) -> list[str]:
    node, problems = parse_document(text.encode(), "f.cases.yaml")
    assert () == problems
    return [error.message for error in VALIDATOR.iter_errors(plain(node))]


def test_the_schema_is_a_schema() -> None:
    """It is valid draft-07 itself."""
    Draft7Validator.check_schema(SCHEMA)


def test_the_file_is_fresh() -> None:
    """rulesets/cases.schema.json is what `suppress schema --cases` prints; scripts/generate writes it."""
    shipped = (ROOT / "rulesets" / "cases.schema.json").read_text(encoding="utf-8")

    assert shipped == run(ROOT, "schema", "--cases").stdout
    assert SCHEMA == json.loads(shipped)


@pytest.mark.parametrize("path", case_files(ROOT / "rulesets"), ids=lambda path: path.name)
def test_editors_find_the_schema(path: Path) -> None:
    """The first line of every shipped case file names the schema beside it."""
    assert MODELINE == path.read_text(encoding="utf-8").splitlines()[0]


def test_no_key_is_forgotten() -> None:
    """Keys of files, cases, messages, items, sources, columns and wants are the reader's, no more and no fewer."""
    definitions = SCHEMA["definitions"]
    item = next(
        shape for shape in definitions["message"]["properties"]["items"]["items"]["anyOf"] if "required" in shape
    )

    assert set(FILE_KEYS) == set(SCHEMA["properties"])
    assert set(CASE_KEYS) == set(definitions["case"]["properties"])
    assert {field.name for field in fields(Message)} == set(MESSAGE_KEYS) == set(definitions["message"]["properties"])
    assert {field.name for field in fields(Item)} == set(ITEM_KEYS) == set(item["properties"])
    assert {*Source, "feeds", "reserved"} == set(definitions["given"]["properties"])
    assert set(ANSWERS) == set(QUESTIONS) == set(WANTS) == set(EXAMPLES) == set(definitions["want"]["properties"])
    for source, form in FORMS.items():
        assert set(form.names) == set(definitions[source]["properties"])
        assert len(form.prefixes) == len(definitions[source].get("patternProperties", {}))


def _keys(schema: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(schema, dict):
        for name, shape in schema.get("properties", {}).items():
            if isinstance(shape, dict) and "required" not in shape:
                yield f"{path}.{name}", shape
        for name, part in schema.items():
            yield from _keys(part, f"{path}.{name}")
    elif isinstance(schema, list):
        for part in schema:
            yield from _keys(part, path)


def test_every_key_has_a_description() -> None:
    """Editors show what a key means wherever one may stand."""
    keys = dict(_keys(SCHEMA))

    assert 60 < len(keys)
    assert [] == [path for path, shape in keys.items() if not shape.get("description")]


def test_no_choice_is_a_const() -> None:
    """Editors complete `enum` inside lists, and not `const`."""
    assert '"const"' not in json.dumps(SCHEMA)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_our_case_files_pass(path: Path) -> None:
    """Every case file we ship and every one of tests/cases passes."""
    assert [] == complaints(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("asked", WANTS)
def test_examples_pass_and_another_shape_does_not(asked: str) -> None:
    """What the help says to write passes; a list in a list does not."""
    assert [] == complaints(SOUND.replace("{verdict: send}", f"{{{asked}: {EXAMPLES[asked]}}}"))
    assert complaints(SOUND.replace("{verdict: send}", f"{{{asked}: [[A]]}}"))


GIVEN: Final = {
    "orders": "{sku: A, ordered_at: 6 days ago}",
    "stock": "{sku: 012, on_hand: 3, incoming_at: in 2 days, availability: backorder}",
    "products": "{sku: NO, bundle_of: [A, B], attributes: {size: 1.50, sale: yes}, attributes.colour: red}",
    "customers": "{customer_id: ada, country: NO, consent_email: no, consent: {sms: yes}}",
    "sent": "{sent_at: 1 microsecond ago, items: [A]}",
    "feedback": "{category: home, says: not_interested, at: now}",
}


@pytest.mark.parametrize("source", Source)
def test_rows_pass_and_misspelt_ones_do_not(source: Source) -> None:
    """A row as the reader takes it passes; one more column, or one less that is needed, does not."""
    row = GIVEN[source]
    text = SOUND.replace("message:", f"given: {{{source}: [{row}]}}, message:")
    needed = next(iter(SCHEMA["definitions"][source]["required"]))

    assert ([], ()) == (complaints(text), parse_stories(text.encode(), "f")[1])
    assert complaints(text.replace(row, row.replace("{", "{nobody_knows: 1, ", 1)))
    assert complaints(text.replace(f"{needed}: ", "updated_at: "))


WRONG: Final = {
    "nothing": "{}",
    "no cases": "cases: []",
    "misspelt key of the file": SOUND + "\ngivn: {}",
    "misspelt key of a case": SOUND.replace("want:", "wnat:"),
    "no name": SOUND.replace("name: a, ", ""),
    "no time": SOUND.replace("as_of: 2026-11-22T09:00:00Z, ", ""),
    "time told from itself": SOUND.replace("2026-11-22T09:00:00Z", "6 days ago"),
    "time without a zone": SOUND.replace("09:00:00Z", "09:00:00"),
    "date alone": SOUND.replace("T09:00:00Z", ""),
    "message without items": SOUND.replace("items: [A]", "channel: email"),
    "items that are no list": SOUND.replace("[A]", "A"),
    "misspelt key of the message": SOUND.replace("items: [A]", "items: [A], chanel: email"),
    "misspelt key of an item": SOUND.replace("[A]", "[{sku: A, place: 1}]"),
    "slots in words": SOUND.replace("items: [A]", "items: [A], slots: two"),
    "an empty want": SOUND.replace("{verdict: send}", "{}"),
    "a misspelt want": SOUND.replace("verdict:", "verdikt:"),
    "a verdict there is none": SOUND.replace("send", "sent"),
    "an outcome there is none": SOUND.replace("{verdict: send}", "{outcome: {A: maybe}}"),
    "a code in capitals": SOUND.replace("{verdict: send}", "{dropped: {A: Recalled}}"),
    "an end that is no time": SOUND.replace("{verdict: send}", "{valid_until: soon}"),
    "a unit there is none": SOUND.replace("{verdict: send}", "{valid_until: in 5 moons}"),
    "a misspelt source": SOUND.replace("message:", "given: {prducts: []}, message:"),
    "a feed of no time": SOUND.replace("message:", "given: {feeds: {orders: soon}}, message:"),
    "a misspelt feed": SOUND.replace("message:", "given: {feeds: {ordrs: never}}, message:"),
    "a word for a number": SOUND.replace("message:", "given: {stock: [{sku: A, on_hand: many}]}, message:"),
    "a choice there is none": SOUND.replace(
        "message:", "given: {stock: [{sku: A, on_hand: 1, availability: gone}]}, message:"
    ),
    "feedback about nothing": SOUND.replace("message:", "given: {feedback: [{says: already_own, at: now}]}, message:"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_refused_as_by_the_reader(name: str) -> None:
    """An obvious mistake is underlined, and the reader has a Problem for it, too, or a case that could never pass."""
    text = WRONG[name]
    _, problems = parse_stories(text.encode(), "f.cases.yaml")

    assert complaints(text)
    assert problems or name in {"no cases", "a verdict there is none", "an outcome there is none", "a code in capitals"}


def test_the_sound_one_is_sound() -> None:
    """The case the mistakes are made of passes, by the schema and by the reader."""
    assert ([], ()) == (complaints(SOUND), parse_stories(SOUND.encode(), "f.cases.yaml")[1])


def test_schemas_are_written_where_they_are_asked_for(tmp_path: Path) -> None:
    """--out writes one schema, --cases picks it, --out-dir writes both; what contradicts itself is refused."""
    both = run(tmp_path, "schema", "--out-dir", "made/here")
    one = run(tmp_path, "schema", "--cases", "--out", "cases.json")
    wrong = run(tmp_path, "schema", "--out-dir", "made", "--cases")

    assert (0, 0, 2) == (both.returncode, one.returncode, wrong.returncode)
    assert ("", "") == (both.stdout, one.stdout)
    assert SCHEMA == json.loads((tmp_path / "made/here/cases.schema.json").read_text())
    assert SCHEMA == json.loads((tmp_path / "cases.json").read_text())
    assert json.loads(run(tmp_path, "schema").stdout) == json.loads(
        (tmp_path / "made/here/ruleset.schema.json").read_text()
    )

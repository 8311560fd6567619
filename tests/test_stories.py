"""Case files are read as stories: what is left out is filled in, texts stay as written, every mistake is told."""

import re
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner

from suppress.cases.play import play
from suppress.cases.shapes import EXAMPLES, MESSAGE_KEYS, WANTS, BadStoryError, check_want
from suppress.cases.story import _KEYS, as_written, read_stories
from suppress.cases.times import instant_us
from suppress.cli.test import command
from suppress.facts.instants import US_PER_DAY, US_PER_HOUR, from_us
from suppress.facts.snapshot import Source
from suppress.rules.document import parse_document

RULES: Final = """version: 1
ruleset: shop
rules:
  - {id: same, drop: item, code: recently_purchased, when: {bought: {same: sku, within: 90 days}}}
"""
SOUND: Final = (
    "cases:\n  - name: sound\n    as_of: 2026-11-22T09:00:00Z\n    message: {items: [A]}\n    want: {shown: [A]}\n"
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "shop.yaml").write_text(RULES)
    return tmp_path / "shop.cases.yaml"


def _case(**changed: str) -> str:
    parts = {"name": "a", "as_of": "2026-11-22T09:00:00Z", "message": "{items: [A]}", "want": "{shown: [A]}"} | changed
    lines = "".join(f"    {key}: {value}\n" for key, value in parts.items() if key != "name")
    return f"cases:\n  - name: {parts['name']}\n{lines}"


MISTAKES: Final = {
    "empty file": ("", "the file is empty"),
    "no map": ("- a", "a case file is a map with the key cases"),
    "no list of cases": ("cases: 3", "the case file has no list of cases"),
    "nothing under cases": ("cases:\n", "the case file has no list of cases"),
    "case that is no map": ("cases:\n  - 3", "a case is a map"),
    "control character in a name": (_case(name='"a\\x07b"'), "control-character"),
    "control character in what is given": (_case(given='{orders: [{sku: "B\\x07"}]}'), "control-character"),
    "alias instead of a case": ("cases:\n  - *a\n", "yaml-alias"),
    "alias instead of all cases": ("cases: *a\n", "yaml-alias"),
    "alias in what is shared": ("given: {orders: *a}\n" + SOUND, "yaml-alias"),
    "misspelt key": (_case(wnat="{}"), 'a case has no key "wnat". help: did you mean "want"?'),
    "misspelt want": (_case(want="{droped: {}}"), 'want has no key "droped". help: did you mean "dropped"?'),
    "misspelt source": (_case(given="{prducts: []}"), 'given has no key "prducts". help: did you mean "products"?'),
    "misspelt shared source": ("given: {prducts: []}\n" + SOUND, 'given has no key "prducts"'),
    "shared that is no map": ("given: 3\n" + SOUND, "given is not a map"),
    "name that is no text": (_case(name="[a]"), "name is not a text"),
    "nothing wanted": (_case(want="{}"), "want asks nothing of the decision"),
    "want that is no map": (_case(want="3"), "want asks nothing of the decision"),
    "no message": (_case(message=""), "message is missing"),
    "message that is no map": (_case(message="3"), "message is not a map"),
    "items that are no list": (_case(message="{items: A}"), "items: it must be a list"),
    "misspelt items": (_case(message="{itms: [A]}"), 'itms: no such field; did you mean "items"?'),
    "slots in words": (_case(message="{items: [A], slots: two}"), "slots: it must be a whole number"),
    "no time": (_case(as_of=""), "as_of is missing"),
    "time told from itself": (_case(as_of="6 days ago"), "which is no fixed time"),
    "time without a zone": (_case(as_of="2026-11-22"), "has no zone"),
    "given that is no map": (_case(given="3"), "given is not a map"),
    "rows that are no list": (_case(given="{products: {sku: A}}"), "given.products is not a list of rows"),
    "rows that are no maps": (_case(given="{products: [A]}"), "given.products is not a list of rows"),
    "feeds that are no map": (_case(given="{feeds: never}"), "given.feeds is neither a map nor unavailable"),
    "misspelt feed": (
        _case(given="{feeds: {ordrs: never}}"),
        'feeds has no source "ordrs". help: did you mean "orders"?',
    ),
    "feed of no time": (_case(given="{feeds: {orders: soon}}"), 'feeds.orders is "soon", which is not a time'),
    "column nobody knows": (
        _case(given="{stock: [{sku: A, onhand: 3}]}"),
        'in given.stock: there is no column "onhand"; did you mean "on_hand"?',
    ),
    "row without what it needs": (_case(given="{stock: [{sku: A}]}"), "in given.stock: row 1: on_hand is empty"),
    "row with a word for a number": (
        _case(given="{stock: [{sku: B, on_hand: 1}, {sku: A, on_hand: many}]}"),
        'in given.stock: row 2: on_hand must be a whole number like 3, not "many"',
    ),
    "order of no time": (_case(given="{orders: [{sku: A, ordered_at: soon}]}"), 'ordered_at is "soon"'),
    "both in and ago": (_case(given="{orders: [{sku: A, ordered_at: in 6 days ago}]}"), "which is not a time"),
    "before all time": (_case(given="{orders: [{sku: A, ordered_at: 5000 years ago}]}"), "which is not a time"),
    "unit nobody knows": (_case(given="{orders: [{sku: A, ordered_at: 5 moons ago}]}"), "which is not a time"),
    "verdict misspelt": (_case(want="{verdict: sent}"), 'want.verdict cannot be "sent". help: did you mean "send"?'),
    "verdict nobody gives": (
        _case(want="{verdict: blocked}"),
        'want.verdict cannot be "blocked". help: write send, hold, suppress',
    ),
    "end of no time": (_case(want="{valid_until: soon}"), 'valid_until is "soon", which is not a time'),
    **{
        f"{asked} of the wrong shape": (_case(want=f"{{{asked}: [[A]]}}"), f"want.{asked} is not {shape}")
        for asked, shape in WANTS.items()
    },
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_with_its_place(mistake: str, file: Path) -> None:
    """A case that cannot be played is one problem, at its line, and no case."""
    text, told = MISTAKES[mistake]
    file.write_text(text)

    played = play(file)

    assert 1 == len(played.problems)
    assert told in str(played.problems[0])
    assert str(played.problems[0]).startswith(f"{file}:")
    assert "sound" in text or () == played.stories


def test_the_other_cases_are_played(file: Path) -> None:
    """A case with a mistake does not keep the others of the file from being played."""
    file.write_text(SOUND + _case(name="broken", want="{}").removeprefix("cases:\n"))

    played = play(file)

    assert [("sound", True)] == [(one.story.name, one.passed) for one in played.stories]
    assert [6] == [problem.position.line for problem in played.problems]


def test_without_rules_nothing_is_played(tmp_path: Path) -> None:
    """A case file needs the rules it belongs to in the same folder."""
    cases = tmp_path / "lonely.cases.yaml"
    cases.write_text(SOUND)

    played = play(cases)

    assert () == played.stories
    assert ["no-rules-beside"] == [problem.code for problem in played.problems]


def test_a_case_file_that_is_not_there_is_a_problem(file: Path) -> None:
    """It is told like a rule file that cannot be read, and nothing is played."""
    played = play(file)

    assert () == played.stories
    assert [
        f"{file}:1:1 file-unreadable: the file cannot be read: no such file or directory. "
        "help: check the name and who may read it"
    ] == [str(problem) for problem in played.problems]


def test_what_differs_is_said_in_words(file: Path) -> None:
    """A story that ends otherwise says what was wanted and what was decided, for each engine."""
    file.write_text(
        _case(want="{verdict: suppress, dropped: {A: recently_purchased}, shown: [], valid_until: in 1 day}")
    )

    (played,) = play(file).stories

    assert not played.passed
    assert [
        "verdict: wanted suppress, decided send (reference engine)",
        "dropped: wanted A: recently_purchased, decided nothing (reference engine)",
        "shown: wanted nothing, decided A (reference engine)",
        "valid_until: wanted 2026-11-23T09:00:00+00:00, decided never (reference engine)",
    ] == [str(difference) for difference in played.differences if difference.engine == "reference"]
    assert 4 == sum(difference.engine == "durable" for difference in played.differences)


def test_what_is_left_out_is_filled_in(file: Path) -> None:
    """An order is the recipient's and of one unit, stock was stated just now, every source is loaded."""
    file.write_text(
        _case(
            given="{orders: [{sku: A, ordered_at: 1 day ago}, {sku: B, ordered_at: now}],"
            " stock: [{sku: A, on_hand: 1}]}"
        )
    )

    (story,), _ = read_stories(file)
    first, second = story.book.orders.values()

    assert (1, "customer", story.as_of_us - US_PER_DAY) == (first.units, first.customer_id, first.ordered_at_us)
    assert story.as_of_us == second.ordered_at_us
    assert [story.as_of_us] == [level.updated_at_us for level in story.book.stock.values()]
    assert dict.fromkeys(Source, story.as_of_us) == story.book.feeds_us
    assert "customer" == story.message.customer_id


def test_a_time_is_told_from_as_of_or_as_it_is() -> None:
    """`now`, `ago`, `in` and a time with its zone."""
    as_of_us = 50 * US_PER_DAY
    told = {
        "now": as_of_us,
        "1 day ago": as_of_us - US_PER_DAY,
        "6 days ago": as_of_us - 6 * US_PER_DAY,
        "in 2 hours": as_of_us + 2 * US_PER_HOUR,
        "1 microsecond ago": as_of_us - 1,
        "1970-01-02T01:00:00+01:00": US_PER_DAY,
    }

    assert told == {text: instant_us(text, as_of_us, "at") for text in told}


def test_without_as_of_the_message_is_decided_when_it_is_sent(file: Path) -> None:
    """`send_at` is the time of the decision where no other is given."""
    file.write_text(_case(as_of="", message="{items: [A], send_at: 2026-11-22T10:00:00+01:00}"))

    (story,), problems = read_stories(file)

    assert () == problems
    assert "2026-11-22T09:00:00+00:00" == from_us(story.as_of_us).isoformat()


def test_texts_stay_as_written(file: Path) -> None:
    """`NO`, `012`, `22:00` and `1.50` need no quotes, and are what stands in the file."""
    file.write_text(
        _case(
            given="{products: [{sku: NO, brand: on}, {sku: 012, attributes: {size: 1.50}}]}",
            message="{items: [NO, 012, 22:00], replacements: [1.50], attributes: {test: yes}}",
            want="{shown: [NO, 012, 22:00], outcome: {NO: true}}",
        )
    )

    (story,), problems = read_stories(file)

    assert () == problems
    assert ["NO", "012", "22:00"] == [item.sku for item in story.message.items] == story.want["shown"]
    assert ("1.50",) == story.message.replacements
    assert {"test": "yes"} == story.message.attributes
    assert {"NO": "true"} == story.want["outcome"]
    assert ["NO", "012"] == list(story.book.products)
    assert '{"size":"1.50"}' == story.book.products["012"].attributes


@pytest.mark.parametrize("asked", WANTS)
def test_the_example_in_the_help_is_right(asked: str) -> None:
    """What the help says to write has the shape that is wanted."""
    node, problems = parse_document(f"{asked}: {EXAMPLES[asked]}".encode(), "help")

    assert () == problems
    check_want(as_written(node))
    with pytest.raises(BadStoryError):
        check_want({})


PAGE: Final = (Path(__file__).parent.parent / "docs" / "cases.md").read_text(encoding="utf-8")


@pytest.fixture
def shop_of_the_page(tmp_path: Path) -> Path:
    """The rules and cases of docs/cases.md as files."""
    rules, cases = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "rulesets").mkdir()
    (tmp_path / "rulesets" / "shop.yaml").write_text(rules)
    (tmp_path / "rulesets" / "shop.cases.yaml").write_text(cases)
    return tmp_path


def test_the_example_of_the_page_is_played(shop_of_the_page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cases of docs/cases.md pass by the rules of docs/cases.md, and `suppress test` says what the page shows."""
    monkeypatch.chdir(shop_of_the_page)

    result = CliRunner().invoke(command, ["rulesets"])

    assert 0 == result.exit_code, result.output
    assert f"$ suppress test rulesets\n{result.stdout}" in PAGE


def test_the_failure_on_the_page_is_what_is_said(shop_of_the_page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the second case of the page wants coffee dropped, `suppress test` says what the page shows, with exit 4."""
    monkeypatch.chdir(shop_of_the_page)
    cases = shop_of_the_page / "rulesets" / "shop.cases.yaml"
    cases.write_text(cases.read_text().replace("{verdict: send, dropped: {}}", "{dropped: {COFFEE: not_yet_due}}"))

    result = CliRunner().invoke(command, ["rulesets"])

    assert 4 == result.exit_code
    assert result.stdout in PAGE


def test_the_coverage_on_the_page_is_what_is_said(shop_of_the_page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cases of the page leave one branch untried, which `suppress test --coverage` names as the page shows."""
    monkeypatch.chdir(shop_of_the_page)

    result = CliRunner().invoke(command, ["rulesets", "--coverage"])

    assert 0 == result.exit_code, result.output
    assert f"$ suppress test rulesets --coverage\n{result.stdout}" in PAGE


def test_the_update_on_the_page_is_what_is_said(shop_of_the_page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the second case of the page wants coffee dropped, `suppress test --update` proposes what the page shows."""
    monkeypatch.chdir(shop_of_the_page)
    cases = shop_of_the_page / "rulesets" / "shop.cases.yaml"
    cases.write_text(cases.read_text().replace("{verdict: send, dropped: {}}", "{dropped: {COFFEE: not_yet_due}}"))

    result = CliRunner().invoke(command, ["rulesets", "--update"])

    assert 4 == result.exit_code
    assert f"$ suppress test rulesets --update\n{result.stdout}" in PAGE


@pytest.mark.parametrize("option", [option for each in command.params for option in each.opts if option != "directory"])
def test_every_option_is_on_the_page(option: str) -> None:
    """The page says what each option of `suppress test` does, but for the one every command has."""
    assert option in PAGE or option == "--rules"


@pytest.mark.parametrize("key", [*_KEYS, *WANTS])
def test_every_key_of_a_case_is_on_the_page(key: str) -> None:
    """The tables of docs/cases.md have a row for each key of a case and of `want`."""
    assert f"\n| `{key}` |" in PAGE


@pytest.mark.parametrize("key", MESSAGE_KEYS)
def test_every_key_of_a_message_is_on_the_page(key: str) -> None:
    """The page names each key a message may have."""
    assert f"`{key}`" in PAGE


@pytest.mark.parametrize("source", Source)
def test_every_source_is_on_the_page(source: Source) -> None:
    """The page names each source a case may give facts of."""
    assert f"`{source.value}`" in PAGE

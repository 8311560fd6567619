"""`suppress fmt`: house style for any way of writing, with every comment kept and nothing of the meaning changed."""

import os
import random
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, note, settings
from hypothesis import strategies as st

from suppress.cases.shapes import CASE_KEYS
from suppress.cli.exits import OK, RULES_INVALID, UNFORMATTED, USAGE
from suppress.cli.fmt import command
from suppress.problems import Position
from suppress.rules.document import parse_document, plain
from suppress.rules.layout import house_style
from suppress.rules.layout.house_style import in_house_style
from suppress.rules.layout.settling import CASE_ORDER, RULE_ORDER
from suppress.rules.nodes import ListNode, MapNode, Node, ScalarNode
from suppress.rules.rule import RULE_KEYS
from tests.cli.untidy import Untidy
from tests.hostile.corpus import corpus

ROOT = Path(__file__).parents[2]
PAIRS = sorted((Path(__file__).parent / "fmt").glob("*.before.yaml"))
SOURCES = [
    *sorted((ROOT / "rulesets").glob("*.yaml")),
    *sorted((ROOT / "tests/cases").glob("*.yaml")),
    *sorted((ROOT / "tests/problems").glob("*.yaml")),
]
NOWHERE = Position("x.yaml")


def sound_documents() -> list[tuple[str, MapNode]]:
    """Every map of keys and values in the files of this project that is sound YAML, whatever else is wrong with it."""
    parsed = ((path.name, parse_document(path.read_bytes(), path.name)) for path in SOURCES)
    return [(name, node) for name, (node, problems) in parsed if not problems and isinstance(node, MapNode)]


DOCUMENTS = dict(sound_documents())


def some_of(node: Node, chance: random.Random) -> Node:
    """The node with three parts of every list at most, so that a failure can be read."""
    match node:
        case MapNode():
            return MapNode(tuple((key, some_of(value, chance)) for key, value in node.entries), node.position)
        case ListNode():
            first = chance.randint(0, max(0, len(node.items) - 3))
            return ListNode(tuple(some_of(item, chance) for item in node.items[first : first + 3]), node.position)
        case _:
            return node


def styled(text: str | bytes) -> str:
    """The text in house style, which there must be."""
    result, problems = in_house_style(text.encode() if isinstance(text, str) else text, "x.yaml")

    assert result is not None, [str(problem) for problem in problems]
    return result


def meaning(node: Node | None) -> Any:
    """What a document says, with what is quoted told apart; Python's own maps do not care for the order of keys."""
    match node:
        case MapNode():
            return {(key.text, key.quoted): meaning(value) for key, value in node.entries}
        case ListNode():
            return [meaning(item) for item in node.items]
        case ScalarNode():
            return node.text, node.quoted
        case _:
            return None


def order(node: Node | None, lists_with_order: tuple[str, ...] = ("rules", "cases")) -> Any:
    """The keys of all maps in file order, but those of rules and cases."""
    match node:
        case MapNode():
            return [
                [sorted(map(repr, map(order, _values(item)))) for item in value.items]
                if key.text in lists_with_order and isinstance(value, ListNode)
                else (key.text, order(value, ()))
                for key, value in node.entries
            ]
        case ListNode():
            return [order(item, ()) for item in node.items]
        case _:
            return None


def _values(node: Node) -> list[Node]:
    return [value for _, value in node.entries] if isinstance(node, MapNode) else [node]


def assert_sound(text: str, comments: list[str], node: MapNode) -> None:
    """House style exists, says the same, has the same comments, and is the same when asked for again."""
    note(text)
    result = styled(text)
    note(result)
    kept, problems = parse_document(result.encode(), "x.yaml")

    assert () == problems
    assert meaning(node) == meaning(kept)
    assert plain(node) == plain(kept)
    assert order(node) == order(kept)
    assert sorted(comments) == sorted(_comment_lines(result, comments))
    assert result == styled(result)
    assert result.endswith("\n")


def _comment_lines(text: str, expected: list[str]) -> list[str]:
    """Each expected comment as often as a line of the text ends with it after a blank or stands there alone."""
    wanted = set(expected)
    found = []
    for line in text.splitlines():
        stripped = line.rstrip()
        starts = [at for at, sign in enumerate(stripped) if sign == "#" and (at == 0 or stripped[at - 1] in " \t")]
        found += next(([stripped[at:]] for at in starts if stripped[at:] in wanted), [])
    return found


@pytest.mark.parametrize("before", PAIRS, ids=lambda path: path.name.split(".")[0])
def test_before_and_after(before: Path) -> None:
    """A page of each kind of untidiness, and what becomes of it; what is tidy stays as it is."""
    after = before.with_name(before.name.replace("before", "after")).read_text(encoding="utf-8")

    assert after == styled(before.read_bytes())
    assert after == styled(after)


def test_there_are_pairs_to_compare() -> None:
    """The golden pairs were found."""
    assert len(PAIRS) >= 8


@pytest.mark.parametrize("path", sorted((ROOT / "rulesets").glob("*.yaml")), ids=lambda path: path.name)
def test_shipped_files_are_in_house_style(path: Path) -> None:
    """House style is what we ship."""
    assert path.read_text(encoding="utf-8") == styled(path.read_bytes())


def test_every_key_of_a_rule_and_of_a_case_has_its_place() -> None:
    """A key the language gains is given a place among the others here."""
    assert set(RULE_KEYS) <= set(RULE_ORDER)
    assert set(CASE_KEYS) <= set(CASE_ORDER)


@settings(max_examples=400)
@given(st.sampled_from(sorted(DOCUMENTS)), st.integers(0, 2**32))
def test_our_own_files_in_any_style(name: str, seed: int) -> None:
    """However a file is indented, bracketed, quoted and commented, house style says the same with the same comments."""
    chance = random.Random(seed)
    assert_any_style(some_of(DOCUMENTS[name], chance), chance)


TEXTS = (
    "a", "sold-out", "two words", "several words that may be folded over some lines", "it's", 'say "hi"', "back\\slash",
    "# no comment", "a: b", "- a", "[x]", "{y}", "", " ", " x ", "null", "one\ntwo", "one\n\ntwo\n", "\n", "\n\na",
    "a\n\n\n",
    "  indented\nless\n", "end \nblank ", "a\n # b\n", "x" * 130, "tab\there", "🎁 שלום", "ends with \\ \nand goes on",
)  # fmt: skip
PLAIN = (
    "a", "", "~", "12", "22:00", "yes", "sold-out", "http://x.example/#a", "a, b", "x[0]", "two words", "é", "a#b",
    "-1",
    "several plain words that may be folded", "x" * 130,
)  # fmt: skip
KEYS = ("id", "when", "drop", "title", "unknown key", "x", "é", "name", "want", "all", "cases", "rules", "on")


def any_document(chance: random.Random) -> Node:
    """A document of any shape: maps and lists in one another, odd texts, empty values; often with rules or cases."""
    root = any_map(chance, 4)
    name = chance.choice(["rules", "cases", "codes"])
    listed = ListNode(tuple(any_node(chance, 3) for _ in range(chance.randint(1, 4))), NOWHERE)
    entries = [entry for entry in root.entries if entry[0].text != name]
    entries.insert(chance.randint(0, len(entries)), (ScalarNode(name, False, NOWHERE), listed))
    return MapNode(tuple(entries), NOWHERE)


def any_map(chance: random.Random, depth: int) -> MapNode:
    keys = chance.sample(KEYS, chance.randint(0, 5))
    return MapNode(
        tuple((ScalarNode(key, chance.random() < 0.2, NOWHERE), any_node(chance, depth - 1)) for key in keys), NOWHERE
    )


def any_node(chance: random.Random, depth: int) -> Node:
    kind = chance.random()
    if depth > 0 and kind < 0.3:
        return any_map(chance, depth)
    if depth > 0 and kind < 0.5:
        count = chance.choice([0, 1, 2, 3, 3, 40])
        return ListNode(tuple(any_node(chance, 0 if count == 40 else depth - 1) for _ in range(count)), NOWHERE)
    if kind < 0.75:
        return ScalarNode(chance.choice(PLAIN), False, NOWHERE)
    return ScalarNode(chance.choice(TEXTS), True, NOWHERE)


@settings(max_examples=400)
@given(st.integers(0, 2**32))
def test_any_document_in_any_style(seed: int) -> None:
    """The same for documents no rule file is like: deep lists, odd texts, text blocks, empty values, long lines."""
    chance = random.Random(seed)
    assert_any_style(any_document(chance), chance)


def assert_any_style(node: Node, chance: random.Random) -> None:
    assert isinstance(node, MapNode)
    writer = Untidy(chance)
    text = writer.write(node)
    again, problems = parse_document(text.encode(), "x.yaml")

    assert () == problems, f"{text}\n{[str(problem) for problem in problems]}"
    assert meaning(node) == meaning(again), text
    assert_sound(text, writer.comments, node)


@pytest.mark.parametrize("text", [text for text in TEXTS if text.strip("\n") and not text.startswith("\n")])
@pytest.mark.parametrize("ending", ["", "\n", "\n\n\n"])
def test_text_at_the_end_of_a_file(text: str, ending: str) -> None:
    """The last line of a text block may lack its line break or be followed by blank lines; the text stays the same."""
    for header in ("|1", "|1-", "|1+", ">1", ">1+"):
        source = f"version: 1\nx: {header}\n" + "\n".join(f" {line}" for line in text.split("\n")) + ending
        node, problems = parse_document(source.encode(), "x.yaml")
        if problems:
            continue
        result = styled(source)

        assert plain(node) == plain(parse_document(result.encode(), "x.yaml")[0]), source
        assert result == styled(result)


def test_hostile_files_are_put_into_house_style_or_refused(seed: int) -> None:
    """A file made to hurt gives a text that stays the same, or a problem; the safety net catches none of them."""
    told = {name: in_house_style(data, name) for name, data in corpus(seed).items() if len(data) < 50_000}
    done = {name: text for name, (text, _) in told.items() if text is not None}

    assert len(done) > 20
    assert [] == [name for name, text in done.items() if text != styled(text)]
    assert [] == [name for name, (text, problems) in told.items() if (text is None) != bool(problems)]
    assert [] == [name for name, (_, problems) in told.items() if any(p.code == "no-house-style" for p in problems)]


def test_line_breaks_of_windows_stay() -> None:
    """A file saved on Windows keeps its line breaks, all of them; a byte order mark goes."""
    assert "version: 1\r\nruleset: a\r\n" == styled(b"\xef\xbb\xbfversion:  1\r\nruleset: a\n\n")
    assert "version: 1\nruleset: a\n" == styled("version: 1\nruleset:  a\r\n")


def test_what_cannot_be_written_safely_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Should house style ever lose a comment or change a value, the file is left alone and a problem says so."""
    source = "version: 1  # one\nruleset: a\nrules: [a]\n"
    for wrong in ("version: 1\nruleset: a\nrules: [a]\n", source.replace("[a]", "['a']"), source + "owner: b\n", ":"):
        monkeypatch.setattr(house_style, "_styled", lambda text, wrong=wrong: wrong)
        text, problems = in_house_style(source.encode(), "a.yaml")

        assert (None, ["no-house-style"]) == (text, [problem.code for problem in problems])


GOOD = "version: 1\nruleset: good\n"
UNTIDY = "version:   1   # one\nruleset: untidy\n\n\n"
TIDY = "version: 1  # one\nruleset: untidy\n"
BROKEN = "version: 1\nruleset: &broken\n"

Fmt = Callable[..., Result]


@pytest.fixture
def fmt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fmt:
    """Run the command beside a folder `rulesets` of two files, one of them untidy."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SUPPRESS_RULES", raising=False)
    (tmp_path / "rulesets").mkdir()
    Path("rulesets/good.yaml").write_text(GOOD)
    Path("rulesets/untidy.cases.yaml").write_text(UNTIDY)
    return lambda *arguments: CliRunner().invoke(command, list(arguments))


def told(result: Result) -> tuple[int, str, str]:
    return result.exit_code, result.stdout, result.stderr


def test_files_are_rewritten_and_named(fmt: Fmt) -> None:
    """Rule files and case files alike; the second time there is nothing to do."""
    assert (OK, "rulesets/untidy.cases.yaml\n", "2 files: 1 changed\n") == told(fmt())
    assert TIDY == Path("rulesets/untidy.cases.yaml").read_text()
    assert GOOD == Path("rulesets/good.yaml").read_text()
    assert (OK, "", "2 files: in house style already\n") == told(fmt("rulesets"))
    assert ["good.yaml", "untidy.cases.yaml"] == sorted(os.listdir("rulesets"))


def test_check_changes_nothing_and_leaves_8(fmt: Fmt) -> None:
    """Nothing is written; the exit code is for build servers."""
    assert 8 == UNFORMATTED
    assert (UNFORMATTED, "rulesets/untidy.cases.yaml\n", "2 files: 1 would change\n") == told(fmt("--check"))
    assert UNTIDY == Path("rulesets/untidy.cases.yaml").read_text()
    assert (OK, "", "1 file: in house style already\n") == told(fmt("--check", "rulesets/good.yaml"))


def test_diff_shows_what_would_change(fmt: Fmt) -> None:
    """The difference is printed, nothing is written, and only --check makes it a failure."""
    difference = (
        "--- rulesets/untidy.cases.yaml\n+++ rulesets/untidy.cases.yaml in house style\n@@ -1,4 +1,2 @@\n"
        "-version:   1   # one\n+version: 1  # one\n ruleset: untidy\n-\n-\n"
    )

    assert (OK, difference, "2 files: 1 would change\n") == told(fmt("--diff"))
    assert (UNFORMATTED, difference, "2 files: 1 would change\n") == told(fmt("--diff", "--check"))
    assert UNTIDY == Path("rulesets/untidy.cases.yaml").read_text()


def test_a_change_nobody_sees_is_told(fmt: Fmt) -> None:
    """A difference of line breaks alone has no lines to show."""
    Path("mark.yaml").write_bytes(b"\xef\xbb\xbfversion: 1\n")

    assert (
        "mark.yaml: the line breaks, the mark at its beginning or its end would change\n"
        == fmt("--diff", "mark.yaml").stdout
    )


def test_a_file_that_is_no_yaml_is_left_alone(fmt: Fmt) -> None:
    """Its mistakes are printed for people, the other files are rewritten, and the exit code is that of lint."""
    Path("rulesets/broken.yaml").write_text(BROKEN)
    result = fmt()

    assert (RULES_INVALID, "rulesets/untidy.cases.yaml\n") == (result.exit_code, result.stdout)
    assert 'rulesets/broken.yaml:2:10 yaml-anchor: the anchor "&broken" is not read.' in result.stderr
    assert result.stderr.endswith("3 files: 1 changed, 1 left alone\n")
    assert fmt("rulesets/broken.yaml").stderr.endswith("1 file: 1 left alone\n")
    assert BROKEN == Path("rulesets/broken.yaml").read_text()
    assert TIDY == Path("rulesets/untidy.cases.yaml").read_text()
    assert RULES_INVALID == fmt("--check").exit_code


def test_mistakes_in_the_rules_are_no_hindrance(fmt: Fmt) -> None:
    """A file with an unknown field is still put into house style; lint is there for the rest."""
    Path("odd.yaml").write_text("rules:\n- {colour:  blue}\n")

    assert OK == fmt("odd.yaml").exit_code
    assert "rules:\n  - {colour: blue}\n" == Path("odd.yaml").read_text()


def test_who_may_read_a_file_and_what_it_is_linked_to_stay(fmt: Fmt) -> None:
    """The file behind a link is rewritten, not the link; its mode stays."""
    Path("real.yaml").write_text(UNTIDY)
    Path("real.yaml").chmod(0o640)
    Path("link.yaml").symlink_to("real.yaml")

    assert OK == fmt("link.yaml").exit_code
    assert Path("link.yaml").is_symlink()
    assert (TIDY, 0o640) == (Path("real.yaml").read_text(), stat.S_IMODE(Path("real.yaml").stat().st_mode))


def test_nothing_is_left_behind_when_a_file_cannot_be_replaced(fmt: Fmt, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is as it was, nothing lies beside it, and the reason is told."""

    def forbidden(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("shutil.copymode", forbidden)
    result = fmt()

    assert 1 == result.exit_code
    assert "rulesets/untidy.cases.yaml" in result.stderr
    assert "Operation not permitted" in result.stderr
    assert UNTIDY == Path("rulesets/untidy.cases.yaml").read_text()
    assert ["good.yaml", "untidy.cases.yaml"] == sorted(os.listdir("rulesets"))


def test_wrong_usage_leaves_2(fmt: Fmt, tmp_path: Path) -> None:
    """A path that is not there, a folder without rule files, and no folder at all."""
    (tmp_path / "empty").mkdir()

    assert USAGE == fmt("nowhere").exit_code
    assert USAGE == fmt("empty").exit_code
    assert USAGE == fmt("--rules", "nowhere").exit_code

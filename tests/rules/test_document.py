"""YAML text becomes nodes as written, each with its place; anything else becomes Problems, never an exception."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suppress.problems import Position
from suppress.rules.document import ListNode, MapNode, ScalarNode, parse_document, plain
from suppress.rules.reading import parse_ruleset
from suppress.rules.syntax import explain


def test_scalars_stay_as_written() -> None:
    """Nothing is resolved: what looks like a boolean or a number is its text, and quotes are remembered."""
    node, problems = parse_document(b"a: NO\nb: '012'\nc: [on, 22:00]\n", "f.yaml")

    def at(line: int, column: int) -> Position:
        return Position("f.yaml", line, column)

    wanted = MapNode(
        (
            (ScalarNode("a", False, at(1, 1)), ScalarNode("NO", False, at(1, 4))),
            (ScalarNode("b", False, at(2, 1)), ScalarNode("012", True, at(2, 4))),
            (
                ScalarNode("c", False, at(3, 1)),
                ListNode((ScalarNode("on", False, at(3, 5)), ScalarNode("22:00", False, at(3, 9))), at(3, 4)),
            ),
        ),
        at(1, 1),
    )

    assert () == problems
    assert wanted == node


def test_columns_count_code_points() -> None:
    """A letter outside ASCII and an emoji are one column each."""
    node, _ = parse_document("{é😀: x, b: y}".encode(), "f.yaml")

    assert isinstance(node, MapNode)
    assert [2, 9] == [key.position.column for key, _ in node.entries]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_lines_count_alike_for_every_line_ending(ending: str) -> None:
    """Unix, Windows and old Macintosh line endings give the same places; a byte order mark takes no column."""
    node, _ = parse_document(f"\ufeffa: 1{ending}b: 2{ending}".encode(), "f.yaml")

    assert isinstance(node, MapNode)
    assert [(1, 1), (2, 1)] == [(key.position.line, key.position.column) for key, _ in node.entries]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("yes", True), ("No", False), ("true", True), ("FALSE", False), ("on", "on"), ("null", None), ("~", None),
        ("12", 12), ("-3", -3), ("+4", 4), ("012", "012"), ("1_000", "1_000"), ("9" * 19, "9" * 19), ("1.50", 1.5),
        ("1e3", "1e3"), (".5", ".5"), (".nan", ".nan"), ("0x10", "0x10"), ("22:00", "22:00"),
        ("2026-12-24", "2026-12-24"), ("2026-12-24T08:00:00Z", "2026-12-24T08:00:00Z"), ("'yes'", "yes"),
        ('"12"', "12"),
        ("''", ""), ("[1, a, {b: no}]", [1, "a", {"b": False}]), ("{a: }", {"a": None}), ("|\n  x\n  y\n", "x\ny\n"),
    ],
)  # fmt: skip
def test_plain_values(text: str, wanted: object) -> None:
    """Plain data: numbers, yes/no and null where they are unquoted and unmistakable, text for everything else."""
    node, problems = parse_document(f"value: {text}\n".encode(), "f.yaml")

    assert () == problems
    found = plain(node)["value"]
    assert (type(wanted), wanted) == (type(found), found)


def test_a_file_may_go_on_after_a_refused_value() -> None:
    """Anchors, tags, aliases and duplicate keys are all told, not only the first."""
    _, problems = parse_document(b"a: &x 1\nb: *x\nc: !t 2\na: 3\n", "f.yaml")

    assert ["yaml-anchor", "yaml-alias", "yaml-tag", "duplicate-key"] == [problem.code for problem in problems]


def test_a_complaint_nobody_translated_is_shown_as_it_is() -> None:
    """A scanner of another version may say something new; its words are better than none."""
    complaint = explain("while dreaming", "found a unicorn", "a: ", "u")

    assert ("bad-yaml", "the YAML cannot be read here: found a unicorn") == (complaint.code, complaint.message)


SIGNS = st.text(st.sampled_from(list("[]{}:,-?!&*#|>'\"%@`\\ \n\tab1é\u2028\x00")), max_size=60)


@given(st.one_of(st.binary(max_size=200), SIGNS.map(str.encode)))
def test_no_bytes_raise(data: bytes) -> None:
    """Any bytes give a node or a Problem, and a ruleset or an error, never an exception and never neither."""
    node, problems = parse_document(data, "f.yaml")
    ruleset, found = parse_ruleset(data, "f.yaml")

    assert node is not None or problems
    assert ruleset is not None or found


WORDS = [
    "version", "ruleset", "rules", "id", "drop", "item", "code", "when", "unless", "all", "any", "not", "bought",
    "same",
    "sku", "within", "item.brand", "stock.on_hand", "below", "in", "between", "exists", "matches", "1", "5 days", "yes",
    "out_of_stock", "starts", "ends", "2026-12-24", "codes", "defaults", "time_zone", "mode", "off", "((", "~",
    "at_least",
]  # fmt: skip


def trees() -> st.SearchStrategy[str]:
    """Random YAML from the words of rule files, in flow style."""
    words = st.sampled_from(WORDS)
    return st.recursive(
        words,
        lambda inner: st.one_of(
            st.lists(inner, max_size=4).map(lambda items: f"[{', '.join(items)}]"),
            st.dictionaries(words, inner, max_size=5).map(
                lambda entries: "{" + ", ".join(f"{key}: {value}" for key, value in entries.items()) + "}"
            ),
        ),
        max_leaves=25,
    )


@given(st.dictionaries(st.sampled_from(WORDS), trees(), max_size=8), trees())
def test_no_tree_raises(top: dict[str, str], rule: str) -> None:
    """Any sound YAML of known words in any shape gives a ruleset or an error, never an exception."""
    text = "".join(f"{key}: {value}\n" for key, value in top.items() if key != "rules") + f"rules: [{rule}]\n"
    ruleset, found = parse_ruleset(text.encode(), "f.yaml")

    assert ruleset is not None or found

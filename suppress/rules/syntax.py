"""Turn the complaints of the YAML scanner into words a marketer knows. Strings in, a code, a message and a help out."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Complaint:
    """What a scanner's complaint means. `at_start`: the place to show is where the broken thing began."""

    code: str
    message: str
    help: str
    at_start: bool = False


_INDENT_HELP: Final = "entries that belong together start in the same column; use spaces"
_TAG_HELP: Final = "delete the tag, or put the value in quotes if it is text"
_QUOTE_HELP: Final = "close it with the same quote; inside single quotes, write a quote twice"
_DIRECTIVE: Final = Complaint("yaml-directive", "a line that begins with % is not read", "delete the line")
_TAG: Final = Complaint("yaml-tag", "a value with a tag (!) is not read", _TAG_HELP)
_STAR: Final = Complaint(
    "reserved-character", "a value cannot begin with this character", "put the value in quotes", at_start=True
)
_OPEN_LIST: Final = Complaint(
    "unclosed-bracket", 'the list opened with "[" is not closed properly', 'write "[a, b]" on one line', at_start=True
)
_OPEN_MAP: Final = Complaint(
    "unclosed-bracket",
    'the map opened with "{" is not closed properly',
    'write "{key: value, key: value}" on one line',
    at_start=True,
)
_INDENT: Final = Complaint(
    "bad-indentation", "this line is indented differently from the lines it belongs to", _INDENT_HELP
)
_AFTER_VALUE: Final = Complaint(
    "bad-indentation",
    "this line does not go with the lines above it",
    f"{_INDENT_HELP}",
)
_COLON: Final = Complaint(
    "unexpected-colon",
    "a colon stands where no key is expected",
    "check the indentation and the line above; put text that contains a colon in quotes",
)
_BLOCK_HEAD: Final = Complaint(
    "bad-text-block",
    'after "|" or ">" the text starts on the next line',
    'put a value that begins with "|" or ">" in quotes; to compare numbers, write "above: 1"',
    at_start=True,
)
_OPEN_QUOTE: Final = Complaint("unclosed-quote", "a quote is opened here and not closed", _QUOTE_HELP, at_start=True)
_ESCAPE: Final = Complaint(
    "bad-escape",
    "the text in double quotes has an unknown backslash sequence",
    "use single quotes when backslashes are meant as written",
)

_COMPLAINTS: Final[tuple[tuple[str, str, Complaint], ...]] = (
    ("", "found unexpected end of stream", _OPEN_QUOTE),
    ("", "found unexpected document indicator", _OPEN_QUOTE),
    ("quoted scalar", "found unknown escape character", _ESCAPE),
    ("quoted scalar", "did not find expected hexdecimal number", _ESCAPE),
    ("quoted scalar", "found invalid Unicode character escape code", _ESCAPE),
    ("plain scalar", "found unexpected ':'", Complaint(
        "unexpected-colon", "a colon stands in a value without quotes", "put text that contains a colon in quotes")),
    ("", "could not find expected ':'", Complaint(
        "missing-colon", "this key has no colon after it", 'write "key: value", with a space after the colon',
        at_start=True)),
    ("", "block sequence entries are not allowed", Complaint(
        "misplaced-dash", "a list entry cannot start here", 'start the list on the line below, each entry with "- "')),
    ("", "mapping keys are not allowed", Complaint(
        "misplaced-question-mark", "a key marked with ? cannot stand here",
        "delete the question mark or put the value in quotes")),
    ("flow sequence", "did not find expected ',' or ']'", _OPEN_LIST),
    ("flow mapping", "did not find expected ',' or '}'", _OPEN_MAP),
    ("node", "found undefined tag handle", _TAG),
    ("tag", "", _TAG),
    ("anchor", "did not find", _STAR),
    ("alias", "did not find", _STAR),
    ("", "did not find expected node content", Complaint(
        "missing-value", "a value is missing here",
        "write a value between the brackets and commas, or delete the extra one")),
    ("block mapping", "did not find expected key", _AFTER_VALUE),
    ("block collection", "did not find expected '-' indicator", _INDENT),
    ("", "did not find expected <document start>", _AFTER_VALUE),
    ("", "found a tab character", Complaint(
        "tab-indentation", "a tab stands where spaces are expected", "indent with spaces")),
    ("block scalar", "", _BLOCK_HEAD),
    ("directive", "", _DIRECTIVE),
    ("", "directive", _DIRECTIVE),
    ("", "incompatible YAML document", _DIRECTIVE),
)  # fmt: skip

_TAB: Final = Complaint("tab-indentation", "the line is indented with a tab", "indent with spaces, two per level")
_RESERVED: Final = Complaint(
    "reserved-character", "a value cannot begin with this character", "put the value in quotes"
)


_OPEN: Final = Complaint(
    "unclosed-bracket", "the file ends before a bracket or brace is closed", 'close it with "]" or "}"'
)
_DEEPER: Final = Complaint(
    "bad-indentation",
    "this line is indented deeper than the line above, which has its value already",
    _INDENT_HELP,
)
_INNER_COLON: Final = Complaint(
    "unexpected-colon", "a colon stands inside a value", "put text that contains a colon in quotes"
)
_NO_SPACE: Final = Complaint(
    "missing-colon",
    "the line above has no colon followed by a space",
    'write "key: value", with a space after the colon',
)
_AFTER_QUOTE: Final = Complaint(
    "text-after-quote",
    "text stands after a closing quote",
    "put the whole value in quotes; inside single quotes, write a quote twice",
)


def explain(context: str, problem: str, before: str, character: str) -> Complaint:
    """What the scanner meant. `before`: the text up to the place it complains about; `character`: the one there."""
    if "cannot start any token" in problem:
        return _TAB if character == "\t" else _RESERVED
    if "mapping values are not allowed" in problem:
        return _misplaced_colon(before)
    if "did not find expected key" in problem and before.rstrip(" ")[-1:] in ("'", '"'):
        return _AFTER_QUOTE
    if "did not find expected node content" in problem and not character:
        return _OPEN
    for in_context, in_problem, complaint in _COMPLAINTS:
        if in_context in context and in_problem in problem:
            return complaint
    return Complaint(
        "bad-yaml",
        f"the YAML cannot be read here: {problem}",
        "check quotes, brackets and indentation around this line",
    )


def _misplaced_colon(before: str) -> Complaint:
    """Why a colon stands where no key can be; `before` ends right before it."""
    *above, line = before.splitlines()[-50:] or [""]
    if ": " in line:
        return _INNER_COLON
    last = next((text for text in reversed(above) if text.strip() and not text.lstrip().startswith("#")), "")
    if ": " not in last and not last.endswith(":"):
        return _NO_SPACE
    return _DEEPER if _indent(line) > _indent(last) else _COLON


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" -"))

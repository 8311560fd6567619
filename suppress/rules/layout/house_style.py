"""Turn a rule file or a case file into house style: bytes in; the text it should have, or Problems, out.

House style is how the shipped files look: two spaces a level, lists indented under their key, the keys of a rule and of
a case in one order, one blank line between rules and between cases, never two in a row, `{key: value}` and `[a, b]`
without blanks inside the brackets, comments two spaces after what they speak of. Quotes stay as written, as does the
choice between a block and brackets. What stands in brackets over several lines is joined when it fits on one, else
wrapped; with a comment in it, it becomes a block. Line breaks stay those of the first line. What the file means and
every comment in it are kept, and that is checked each time.
"""

import re
from typing import Final

from suppress.problems import Position, Problem
from suppress.rules.document import ListNode, MapNode, Node, ScalarNode, parse_document
from suppress.rules.layout.comments import give_comments
from suppress.rules.layout.printing import print_tree
from suppress.rules.layout.settling import ORDERS, settle
from suppress.rules.layout.tree import Text

_LINE_BREAK: Final = re.compile("\r\n|\r|\n")
_BOM: Final = "\ufeff"


def in_house_style(data: bytes, file: str) -> tuple[str | None, tuple[Problem, ...]]:
    """The text the file should have; None and why when it cannot be read as YAML or is no map of keys and values.

    What is wrong with the rules themselves is no hindrance. A text that is in house style comes back as it is.
    """
    node, problems = parse_document(data, file)
    if problems or node is None:
        return None, problems
    if not isinstance(node, MapNode):
        return None, (_problem("map-expected", "the file is no map of keys and values", node.position),)
    text = data.decode("utf-8").removeprefix(_BOM)
    first_break = _LINE_BREAK.search(text)
    text = _LINE_BREAK.sub("\n", text)
    styled = _styled(text)
    if not _is_kept(node, text, styled):
        return None, (_problem("no-house-style", "the file cannot be put into house style safely", Position(file)),)
    return styled.replace("\n", "\r\n") if first_break and first_break[0] == "\r\n" else styled, ()


def _styled(text: str) -> str:
    source = Text(text)
    root = source.read()
    give_comments(root, source)
    settle(root)
    return print_tree(root, text)


def _is_kept(node: MapNode, text: str, styled: str) -> bool:
    """Whether the styled text says what the node says, and has the comments of the text."""
    kept, problems = parse_document(styled.encode(), "")
    return not problems and _meaning_of_file(kept) == _meaning_of_file(node) and _comments(styled) == _comments(text)


def _comments(text: str) -> list[str]:
    return sorted(comment.text for comment in Text(text).comments())


def _meaning_of_file(node: Node | None) -> object:
    """What the file says; in rules and cases, and nowhere else, the order of keys does not count."""
    if not isinstance(node, MapNode):
        return None
    return [
        (key.text, key.quoted, [_in_any_order(item) for item in value.items])
        if key.text in ORDERS and isinstance(value, ListNode)
        else (key.text, key.quoted, _meaning(value))
        for key, value in node.entries
    ]


def _in_any_order(node: Node) -> object:
    meaning = _meaning(node)
    return sorted(meaning, key=repr) if isinstance(node, MapNode) and isinstance(meaning, list) else meaning


def _meaning(node: Node) -> object:
    match node:
        case ScalarNode():
            return node.text, node.quoted
        case ListNode():
            return tuple(_meaning(item) for item in node.items)
        case MapNode():
            return [(key.text, key.quoted, _meaning(value)) for key, value in node.entries]
        case _:
            return None


def _problem(code: str, message: str, position: Position) -> Problem:
    return Problem(code=code, message=message, position=position, help="write it as the shipped rule files are written")

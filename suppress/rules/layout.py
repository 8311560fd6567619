"""Turn a rule file or a case file into house style: bytes in; the text it should have, or Problems, out.

House style is how the shipped files look: two spaces a level, lists indented under their key, the keys of a rule and of
a case in one order, one blank line between rules and between cases, never two in a row, `{key: value}` and `[a, b]`
without blanks inside the brackets, comments two spaces after what they speak of. Quotes stay as written, as does the
choice between a block and brackets. What stands in brackets over several lines is joined when it fits on one, else
wrapped; with a comment in it, it becomes a block. Line breaks stay those of the first line. What the file means and
every comment in it are kept, and that is checked each time.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from suppress.problems import Position, Problem
from suppress.rules.document import ListNode, MapNode, Node, ScalarNode, parse_document
from suppress.rules.layout_tree import Branch, Comment, Entry, Leaf, comments_of, read_layout

WIDTH: Final = 120
RULE_ORDER: Final = (
    "id", "title", "drop", "suppress", "hold", "limit", "code", "mode", "always", "starts", "ends", "max_share",
    "when_unknown", "when", "unless",
)  # fmt: skip
CASE_ORDER: Final = ("name", "as_of", "given", "message", "want")
_ORDERS: Final = {"rules": RULE_ORDER, "cases": CASE_ORDER}
"""The lists at the top of a file whose entries have an order of keys, and a blank line between them."""

_LINE_BREAK: Final = re.compile("\r\n|\r|\n")
_HEADER: Final = re.compile(r"([|>])([-+]?)([0-9]?)([-+]?)[ \t]*(#.*)?")
_BOM: Final = "\ufeff"
_STEP: Final = 2


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
    plain = _LINE_BREAK.sub("\n", text)
    styled = _Printer(plain).print(read_layout(plain))
    kept, problems = parse_document(styled.encode(), file)
    if problems or kept is None or _meaning(kept) != _meaning(node) or sorted(_all(plain)) != sorted(_all(styled)):
        return None, (_problem("no-house-style", "the file cannot be put into house style safely", Position(file)),)
    return styled.replace("\n", "\r\n") if first_break and first_break[0] == "\r\n" else styled, ()


def _problem(code: str, message: str, position: Position) -> Problem:
    return Problem(code=code, message=message, position=position, help="write it as the shipped rule files are written")


_all = comments_of


def _meaning(node: Node, orders: bool = True) -> object:
    """What the file says, without places; the order of keys counts, but not in rules and cases."""
    match node:
        case ScalarNode():
            return node.text, node.quoted
        case ListNode():
            return [_meaning(item, orders=False) for item in node.items]
        case MapNode():
            return [
                (_meaning(key), _any_order(value) if orders and key.text in _ORDERS else _meaning(value, orders=False))
                for key, value in node.entries
            ]
        case _:
            return None


def _any_order(node: Node) -> object:
    if not isinstance(node, ListNode):
        return _meaning(node, orders=False)
    return [
        sorted((key.text, key.quoted, repr(_meaning(value, orders=False))) for key, value in item.entries)
        if isinstance(item, MapNode)
        else _meaning(item, orders=False)
        for item in node.items
    ]


class _Printer:
    """Writes a tree line by line."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._lines: list[str] = []
        self._dash = ""
        self._opening = True
        self._keeps_breaks = False

    def print(self, root: Entry) -> str:
        if isinstance(root.value, Branch):
            root.value.is_flow = False
            for entry in root.value.entries:
                _unfold(entry)
                _order(entry)
            _settle(root)
        self._parts(root, 0)
        text = "\n".join(self._lines)
        return f"{text}\n" if self._keeps_breaks else f"{text.rstrip(chr(10))}\n"

    def _parts(self, owner: Entry, indent: int, *, spaced: bool = False) -> None:
        entries = owner.value.entries if isinstance(owner.value, Branch) else []
        was_block = False
        for number, entry in enumerate(entries):
            is_block = self._inline(entry, indent) is None and isinstance(entry.value, Branch)
            self._entry(entry, indent, apart=spaced and number > 0 and (is_block or was_block))
            was_block = is_block
        for comment in owner.below:
            self._comment(comment, indent)

    def _entry(self, entry: Entry, indent: int, *, apart: bool) -> None:
        for comment in entry.above:
            self._comment(comment, indent, apart=apart)
            apart = False
        if entry.after_blank or apart:
            self._blank()
        inline = self._inline(entry, indent)
        if inline is not None:
            self._leaf(entry, inline, indent)
        elif isinstance(entry.value, Branch):
            self._block(entry, indent)

    def _block(self, entry: Entry, indent: int) -> None:
        beside = [*entry.opening, *entry.beside]
        if entry.key is None:
            self._dash = (self._dash or " " * indent) + "- "
            entry.below += beside
        else:
            self._write(indent, f"{_key(entry.key)}:{_after(beside)}")
            entry.below += beside[1:]
        self._opening = True
        spaced = indent == 0 and _name(entry) in _ORDERS
        self._parts(entry, indent + _STEP, spaced=spaced)

    def _leaf(self, entry: Entry, lines: Sequence[str], indent: int) -> None:
        """A value that stands beside its key or dash, with what goes on in further lines."""
        first, *further = lines
        lead = "-" if entry.key is None else f"{_key(entry.key)}:"
        self._write(indent, f"{lead} {first}" if first else lead)
        is_text_block = isinstance(entry.value, Leaf) and entry.value.is_block
        if is_text_block and entry.beside:
            self._lines[-1] += _after(entry.beside)
        for line in further:
            self._lines.append(" " * (indent + _STEP) + line if line else "")
        if entry.beside and not is_text_block:
            self._lines[-1] += "  "
            column = len(self._lines[-1])
            self._lines[-1] += entry.beside[0].text
            self._lines.extend(" " * column + comment.text for comment in entry.beside[1:])
        self._keeps_breaks = is_text_block and "+" in first
        for comment in entry.below:
            self._comment(comment, indent + _STEP)

    def _write(self, indent: int, text: str) -> None:
        self._lines.append((self._dash or " " * indent) + text)
        self._dash = ""
        self._opening = self._keeps_breaks = False

    def _comment(self, comment: Comment, indent: int, *, apart: bool = False) -> None:
        if comment.after_blank or apart:
            self._blank()
        self._write(indent, comment.text)

    def _blank(self) -> None:
        """A blank line, but no second one, none where a block opens, and none that a text block would swallow."""
        if not self._opening and not self._keeps_breaks and self._lines[-1]:
            self._lines.append("")

    def _inline(self, entry: Entry, indent: int) -> list[str] | None:
        """The value in the lines in which it stands beside its key; None when it is written as a block below it."""
        if isinstance(entry.value, Leaf):
            return self._scalar_lines(entry.value, entry)
        if not entry.value.is_flow or _holds_comments(entry):
            return None
        joined = _joined(entry.value)
        lead = len(_key(entry.key)) if entry.key else 0
        if joined is None or entry.value.on_one_line or len(joined) <= WIDTH - indent - lead - _STEP:
            return None if joined is None else [joined]
        return _wrapped(entry.value, WIDTH - indent - lead - _STEP, lead + 1)

    def _scalar_lines(self, leaf: Leaf, entry: Entry) -> list[str]:
        first, *further = leaf.raw.split("\n")
        if leaf.is_block:
            is_cut = entry.end >= len(self._source) and not self._source.endswith("\n")
            return _text_block(first, further, entry.column, cut=is_cut)
        if not further:
            return [first]
        is_double = first.startswith('"')
        *inner, last = [first, *(line.lstrip(" \t") for line in further)]
        return [
            *(line if is_double and line.rstrip(" \t").endswith("\\") else line.rstrip(" \t") for line in inner),
            last,
        ]


def _unfold(entry: Entry) -> None:
    """The rules and cases are a block whatever they were, and so is each that was in braces over several lines."""
    if _name(entry) in _ORDERS and isinstance(entry.value, Branch) and entry.value.entries:
        entry.value.is_flow = False
        for item in entry.value.entries:
            if isinstance(item.value, Branch) and item.value.entries and not item.value.on_one_line:
                item.value.is_flow = False


def _order(entry: Entry) -> None:
    """Put the keys of rules and cases in order. A key nobody knows stays behind the one it stood behind."""
    order = _ORDERS.get(_name(entry))
    if order is None or not isinstance(entry.value, Branch) or entry.value.is_map:
        return
    for item in entry.value.entries:
        if isinstance(item.value, Branch) and item.value.is_map:
            rank = -1
            ranks: dict[int, int] = {}
            for part in item.value.entries:
                rank = order.index(_name(part)) if _name(part) in order else rank
                ranks[id(part)] = rank
            item.value.entries.sort(key=lambda part: ranks[id(part)])


def _settle(entry: Entry) -> None:
    """Give each comment a place at which it can be written, from the innermost entry outwards."""
    if not isinstance(entry.value, Branch):
        _settle_beside(entry)
        return
    for part in entry.value.entries:
        _settle(part)
    if entry.value.is_flow and not _holds_comments(entry):
        _settle_beside(entry)
    elif entry.key is None and entry.owner is not None:
        _lift(entry)
    if entry.value.is_flow and _holds_comments(entry):
        for part in entry.value.entries:
            part.after_blank = False


def _settle_beside(entry: Entry) -> None:
    """A value on the line of its key has room for one comment; what stood before the value goes above when it must."""
    is_taken = isinstance(entry.value, Leaf) and entry.value.is_block and "#" in entry.value.raw.partition("\n")[0]
    if entry.opening and (entry.beside or is_taken):
        entry.above += entry.opening
    else:
        entry.beside = [*entry.opening, *entry.beside]
    entry.opening = []


def _lift(item: Entry) -> None:
    """Between a dash and what follows on its line is no room for comments: they go above the dash."""
    moved = list(item.opening)
    after_blank = False
    if isinstance(item.value, Branch) and item.value.entries:
        first = item.value.entries[0]
        moved += first.above
        after_blank = first.after_blank and bool(first.above)
        first.above, first.after_blank = [], False
    if moved:
        moved[0] = replace(moved[0], after_blank=moved[0].after_blank or item.after_blank)
        item.above += moved
        item.after_blank = after_blank
    item.opening = []


def _holds_comments(entry: Entry) -> bool:
    """Whether a comment stands inside the brackets of the value."""
    return isinstance(entry.value, Branch) and (
        bool(entry.below)
        or any(
            part.above or part.opening or part.beside or part.below or _holds_comments(part)
            for part in entry.value.entries
        )
    )


def _joined(branch: Branch) -> str | None:
    """A list or map in brackets on one line; None when a text in it goes over several lines."""
    parts = _joined_parts(branch)
    return None if parts is None else _in_brackets(branch, ", ".join(parts))


def _wrapped(branch: Branch, room: int, pad: int) -> list[str]:
    """A list or map in brackets on as many lines as it takes, each of `room` characters, aligned behind the bracket."""
    first, *parts = _joined_parts(branch) or [""]
    lines = [first]
    for part in parts:
        if len(lines[-1]) + len(part) + len("[, ]") <= room:
            lines[-1] += f", {part}"
        else:
            lines[-1] += ","
            lines.append(part)
    return _in_brackets(branch, f"\n{' ' * pad}".join(lines)).split("\n")


def _in_brackets(branch: Branch, inside: str) -> str:
    return f"{{{inside}}}" if branch.is_map else f"[{inside}]"


def _joined_parts(branch: Branch) -> list[str] | None:
    parts = []
    for entry in branch.entries:
        value = _joined(entry.value) if isinstance(entry.value, Branch) else _on_one_line(entry.value)
        if value is None:
            return None
        parts.append(f"{_key(entry.key)}: {value}" if entry.key else value)
    return parts


def _on_one_line(leaf: Leaf) -> str | None:
    if "\n" not in leaf.raw:
        return leaf.raw
    lines = [line.strip(" \t") for line in leaf.raw.split("\n")]
    return None if leaf.raw[0] in "\"'" or "" in lines else " ".join(lines)


def _key(leaf: Leaf) -> str:
    return _on_one_line(leaf) or leaf.raw


def _name(entry: Entry) -> str:
    """The key without quotes."""
    raw = entry.key.raw if entry.key else ""
    return raw[1:-1] if raw[:1] in ("'", '"') else raw


def _after(comments: Sequence[Comment]) -> str:
    return f"  {comments[0].text}" if comments else ""


def _text_block(header: str, body: list[str], column: int, *, cut: bool) -> list[str]:
    """A text block without its indentation.

    `column`: the one a number in its header is counted from. `cut`: the file ends within its last line, which then has
    no line break that could be kept.
    """
    found = _HEADER.fullmatch(header.rstrip())
    if found is None:
        return [header, *body]
    style, before, digit, behind, comment = found.groups()
    chomp = "-" if cut else before or behind
    indent = (
        column + int(digit)
        if digit
        else min((len(line) - len(line.lstrip(" ")) for line in body if line.strip(" ")), default=0)
    )
    lines = [line[indent:] for line in body[: None if cut else -1]]
    while lines and not lines[-1] and chomp != "+":
        lines.pop()
    return [f"{style}{_STEP if digit else ''}{chomp}" + (f"  {comment}" if comment else ""), *lines]

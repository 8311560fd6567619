"""Write a settled tree in house style, line by line."""

import re
from collections.abc import Sequence
from typing import Final

from suppress.rules.layout.settling import holds_comments, is_spaced
from suppress.rules.layout.tree import Branch, Comment, Entry, Leaf

WIDTH: Final = 120
_STEP: Final = 2
_HEADER: Final = re.compile(r"([|>])([-+]?)([0-9]?)([-+]?)[ \t]*(#.*)?")


def print_tree(root: Entry, source: str) -> str:
    """The text of a settled tree. `source`: the text it was read from."""
    return _Printer(source).print(root)


class _Printer:
    """Writes a tree line by line."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._lines: list[str] = []
        self._dash = ""
        self._opening = True
        self._keeps_breaks = False

    def print(self, root: Entry) -> str:
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
        spaced = indent == 0 and is_spaced(entry)
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
        self._keeps_breaks = is_text_block and "+" in first.partition("#")[0]
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
        if not entry.value.is_flow or holds_comments(entry):
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

"""Write a document in a style nobody would choose: nodes in, YAML text and its comments out. Chance decides on
indentation, brackets, quotes, text blocks, blank lines and comments; the meaning is always that of the nodes.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from suppress.rules.nodes import ListNode, MapNode, Node, ScalarNode

COMMENTS = ("", " ", "x", " note", " item.sku: A", " - id: b", " 'quoted", " # twice", "! é 🎁", "\tq  {", " rules:")
NOT_IN_BRACKETS = frozenset(",[]{}")


@dataclass
class Untidy:
    """One writer. `comments`: what it has written so far, in order."""

    chance: random.Random
    comments: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    after_text_block: bool = False
    keeps_breaks: bool = False

    def write(self, root: MapNode) -> str:
        if self.often(0.2):
            self.space(99)
            self.lines.append(f"---{self.beside()}")
        self.block(root, self.pick([0, 0, 0, 1, 3]))
        self.space(0)
        if self.often(0.2):
            self.lines.append("...")
            self.space(99)
        text = "\n".join(self.lines) + ("\n" if self.after_text_block else self.pick(["\n", "\n\n\n", ""]))
        mark = self.pick(["", "", "", "\ufeff"])
        return mark + text.replace("\n", self.pick(["\n", "\n", "\r\n"]))

    def often(self, share: float) -> bool:
        return self.chance.random() < share

    def pick(self, options: Sequence[Any]) -> Any:
        return self.chance.choice(options)

    def comment(self) -> str:
        text = f"#{self.pick(COMMENTS)}{self.pick(['', '', f'<{len(self.comments)}>'])}"
        self.comments.append(text.rstrip())
        return text + self.pick(["", "", "  "])

    def beside(self, tab: str = " ") -> str:
        blanks = self.pick([" ", "  ", tab, "      "])
        return f"{blanks}{self.comment()}" if self.often(0.15) else self.pick(["", "", "", " "])

    def space(self, deepest: int) -> None:
        """Blank lines and comments; no comment deeper than `deepest`, where a text block could take it for its own."""
        while self.often(0.2):
            blank = self.often(0.5) and not self.keeps_breaks
            column = self.chance.randint(0, min(deepest, 14)) if self.after_text_block else self.chance.randint(0, 14)
            self.lines.append(self.pick(["", "", "   "]) if blank else " " * column + self.comment())
            if self.after_text_block and blank:
                self.lines[-1] = ""

    def block(self, node: MapNode | ListNode, indent: int, lead: str | None = None) -> None:
        """`lead`: what stands before the first entry on its line, a dash or several."""
        entries = node.entries if isinstance(node, MapNode) else [(None, item) for item in node.items]
        for key, value in entries:
            if lead is None:
                self.space(indent)
            start = " " * indent if lead is None else lead
            lead = None
            self.entry(start, key, value, indent)

    def entry(self, start: str, key: ScalarNode | None, value: Node, indent: int) -> None:
        sign = "-"
        if key is not None:
            sign = f"{self.scalar(key)}{self.pick(['', '', '', ' '])}:"
            if self.often(0.05):
                sign = f"? {self.scalar(key)}{self.beside()}\n{' ' * indent}:"
        if isinstance(value, MapNode | ListNode):
            empty = not (value.entries if isinstance(value, MapNode) else value.items)
            if empty or (fits_in_brackets(value) and self.often(0.4)):
                gap = self.pick([" ", " ", "   "]) if self.often(0.8) else f"{self.beside()}\n{' ' * (indent + 1)}"
                self.add(f"{start}{sign}{gap}{self.flow(value, indent + self.pick([1, 2, 5]), self.often(0.5))}")
                self.lines[-1] += self.beside()
                return
            deeper = indent + self.pick([1, 2, 2, 4])
            if key is None and self.often(0.7):
                blanks = self.pick([" ", " ", "   "])
                self.block(value, len(start) + 1 + len(blanks), f"{start}-{blanks}")
                return
            self.add(start + sign + self.beside())
            zero = isinstance(value, ListNode) and key is not None and self.often(0.3)
            self.block(value, indent if zero else deeper)
            return
        assert isinstance(value, ScalarNode)
        if value.is_null:
            self.add(f"{start}{sign}{' ' if value.text else ''}{value.text}{self.beside()}")
        elif value.quoted and self.often(0.4) and (block := self.text_block(value.text, indent)) is not None:
            header, body = block
            self.add(f"{start}{sign} {header}{self.beside()}")
            self.lines += body
            self.after_text_block, self.keeps_breaks = True, "+" in header
        else:
            gap = self.pick([" ", " ", "   ", "\t" if key and "?" not in sign else " "])
            if self.often(0.2):
                gap = f"{self.beside()}\n{' ' * (indent + 2)}"
            self.add(f"{start}{sign}{gap}{self.folded(value, indent)}{self.beside(chr(9))}")

    def add(self, text: str) -> None:
        self.lines += text.split("\n")
        self.after_text_block = self.keeps_breaks = False

    def scalar(self, node: ScalarNode) -> str:
        if not node.quoted:
            return node.text
        if "\n" not in node.text and self.often(0.5):
            return "'" + node.text.replace("'", "''") + "'"
        return '"' + node.text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t") + '"'

    def folded(self, node: ScalarNode, indent: int) -> str:
        """The scalar, broken at blanks into several lines now and then."""
        text = self.scalar(node)
        words = text.split(" ")
        if not self.often(0.2) or not all(words) or any(word[0] in "#-?:" for word in words):
            return text
        return "".join(
            word + (self.pick([" ", " ", f"{self.pick(['', ' '])}\n{' ' * (indent + self.pick([1, 3]))}"]))
            for word in words[:-1]
        ) + words[-1]  # fmt: skip

    def text_block(self, text: str, indent: int) -> tuple[str, list[str]] | None:
        if not text.strip("\n") or text.startswith(("\n", "\t")) or any(line.isspace() for line in text.split("\n")):
            return None
        body = text.rstrip("\n")
        breaks = len(text) - len(body)
        chomp = "-" if breaks == 0 else "" if breaks == 1 and self.often(0.5) else "+"
        step = self.pick([1, 2, 4])
        number = str(step) if text.startswith(" ") or self.often(0.2) else ""
        lines = [" " * (indent + step) + line if line else "" for line in body.split("\n")]
        if chomp != "+" and self.often(0.3):
            breaks += 2
        return f"|{self.pick([chomp + number, number + chomp])}", [*lines, *[""] * (breaks - 1 if breaks else 0)]

    def flow(self, node: Node, indent: int, several_lines: bool) -> str:
        if isinstance(node, ScalarNode):
            return self.scalar(node)
        assert isinstance(node, MapNode | ListNode)
        is_map = isinstance(node, MapNode)
        entries = node.entries if isinstance(node, MapNode) else [(None, item) for item in node.items]
        text = "{" if is_map else "["
        gap: Callable[[], str] = lambda: self.break_(indent) if several_lines else self.pick(["", "", " "])  # noqa: E731
        for number, (key, value) in enumerate(entries):
            text += gap() + (f"{self.scalar(key)}: " if key is not None else "")
            text += self.flow(value, indent, several_lines) + gap()
            if number + 1 < len(entries) or (self.often(0.1) and not _is_null(value)):
                text += ", "
        return text + gap() + ("}" if is_map else "]")

    def break_(self, indent: int) -> str:
        if self.often(0.5):
            return " "
        lines = [self.beside()]
        while self.often(0.2):
            lines.append("" if self.often(0.5) else " " * self.chance.randint(0, 14) + self.comment())
        return "\n".join(lines) + "\n" + " " * self.chance.randint(indent, indent + 6)


def fits_in_brackets(node: Node) -> bool:
    """Whether every plain text in it may stand in brackets."""
    match node:
        case MapNode():
            return all(fits_in_brackets(key) and fits_in_brackets(value) for key, value in node.entries)
        case ListNode():
            return all(fits_in_brackets(item) and not _is_null(item) for item in node.items)
        case ScalarNode():
            return node.quoted or not NOT_IN_BRACKETS & set(node.text)
        case _:
            return False


def _is_null(node: Node) -> bool:
    return isinstance(node, ScalarNode) and not node.quoted and not node.text

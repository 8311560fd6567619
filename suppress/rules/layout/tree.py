"""Turn the text of a rule file or a case file into a tree that keeps every scalar as written: tokens to entries."""

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Final

from suppress.rules.document import Sign, Token, read_tokens

_COMMENT: Final = re.compile(r"#[^\n]*")


@dataclass(slots=True)
class Comment:
    """A comment from `#` to the last visible character of its line. `alone`: nothing stands before it on its line."""

    text: str
    offset: int
    line: int
    column: int
    alone: bool
    after_blank: bool


@dataclass(slots=True)
class Leaf:
    """A scalar as written, quotes and all; nothing at all when the value is left out."""

    raw: str

    @property
    def is_block(self) -> bool:
        """Whether it is a text block (`|` or `>`)."""
        return self.raw.startswith(("|", ">"))


@dataclass(slots=True)
class Branch:
    """A map or a list. `is_flow`: it stands in brackets; `on_one_line`: and on one line."""

    is_map: bool
    is_flow: bool = False
    on_one_line: bool = False
    entries: list["Entry"] = field(default_factory=list)


@dataclass(slots=True)
class Entry:
    """An entry of a map, or with no key one of a list; and the comments that belong to it.

    `above`: on lines of their own before it. `opening`: on the line where its value opens, before the value.
    `beside`: after it; the first on the same line, others below in the same column. `below`: after the last part of its
    value, indented like the parts. `after_blank`: a blank line stands directly above.
    """

    key: Leaf | None
    value: Leaf | Branch
    start: int = 0
    column: int = 0
    opened: int | None = None
    end: int = 0
    after_blank: bool = False
    owner: "Entry | None" = None
    above: list[Comment] = field(default_factory=list)
    opening: list[Comment] = field(default_factory=list)
    beside: list[Comment] = field(default_factory=list)
    below: list[Comment] = field(default_factory=list)


class Text:
    """A text with its tokens, its comments, and where its lines begin. `\\n` is its only line break."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = list(read_tokens(text))
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]

    def read(self) -> Entry:
        """An entry without a key that holds the whole document. Its comments are not in it yet."""
        return _Reader(self).read()

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of a character, both from 0."""
        line = bisect_right(self._starts, offset) - 1
        return line, offset - self._starts[line]

    def is_first(self, offset: int) -> bool:
        """Whether only blanks stand before the character on its line."""
        return not self.text[self._starts[self.place(offset)[0]] : offset].strip()

    def is_after_blank(self, offset: int) -> bool:
        """Whether it is the first of its line and the line above is blank."""
        line, _ = self.place(offset)
        return line > 0 and self.is_first(offset) and not self.text[self._starts[line - 1] : self._starts[line]].strip()

    def comments(self) -> list[Comment]:
        """All comments in file order. One in the first line of a text block is part of the block and left out."""
        found = []
        before = 0
        for token in (*self.tokens, Token(Sign.BLOCK_END, len(self.text), len(self.text))):
            for match in _COMMENT.finditer(self.text, before, token.start):
                line, column = self.place(match.start())
                found.append(
                    Comment(
                        text=match[0].rstrip(),
                        offset=match.start(),
                        line=line,
                        column=column,
                        alone=self.is_first(match.start()),
                        after_blank=self.is_after_blank(match.start()),
                    )
                )
            before = max(before, token.end)
        return found


class _Reader:
    """Builds the tree from tokens. A value that is left out ends where the sign before it ends."""

    def __init__(self, text: Text) -> None:
        self._text = text.text
        self._tokens = text.tokens
        self._lines = text
        self._next = 0
        self._end = 0

    def read(self) -> Entry:
        root = Entry(None, Leaf(""))
        root.value = self._node(root)
        root.end = self._end
        return root

    def _sign(self) -> Sign | None:
        return self._tokens[self._next].sign if self._next < len(self._tokens) else None

    def _take(self) -> Token:
        token = self._tokens[self._next]
        self._next += 1
        if token.start < token.end:  # the end of a block stands where the next sign begins
            self._end = token.end
        return token

    def _node(self, owner: Entry) -> Leaf | Branch:
        match self._sign():
            case Sign.SCALAR:
                token = self._take()
                return Leaf(self._text[token.start : token.end])
            case Sign.BLOCK_LIST | Sign.BLOCK_MAP:
                branch = Branch(is_map=self._take().sign is Sign.BLOCK_MAP)
                while self._sign() is not Sign.BLOCK_END:
                    branch.entries.append(self._pair(owner) if branch.is_map else self._item(owner))
                self._take()
                return branch
            case Sign.DASH:  # a list that is not indented more than its key has no sign of its own
                branch = Branch(is_map=False)
                while self._sign() is Sign.DASH:
                    branch.entries.append(self._item(owner))
                return branch
            case Sign.FLOW_LIST | Sign.FLOW_MAP:
                return self._flow(owner)
            case _:
                return Leaf("")

    def _flow(self, owner: Entry) -> Branch:
        opener = self._take()
        if owner.opened is None or owner.opened < opener.end:
            owner.opened = opener.end
        branch = Branch(is_map=opener.sign is Sign.FLOW_MAP, is_flow=True)
        while self._sign() is not Sign.FLOW_END:
            if self._sign() is Sign.COMMA:
                self._take()
            elif branch.is_map:
                branch.entries.append(self._pair(owner))
            else:
                branch.entries.append(self._flow_item(owner))
        branch.on_one_line = "\n" not in self._text[opener.start : self._take().end]
        return branch

    def _entry(self, owner: Entry, start: int) -> Entry:
        _, column = self._lines.place(start)
        return Entry(
            None, Leaf(""), start, column, after_blank=self._lines.is_after_blank(start), owner=owner
        )  # fmt: skip

    def _pair(self, owner: Entry) -> Entry:
        entry = self._entry(owner, self._tokens[self._next].start)
        if self._sign() is Sign.KEY:
            self._take()
        key = self._node(entry)
        entry.key = key if isinstance(key, Leaf) else Leaf("")
        if self._sign() is Sign.VALUE:
            entry.opened = self._take().end
            entry.value = self._node(entry)
        entry.end = self._end
        return entry

    def _item(self, owner: Entry) -> Entry:
        dash = self._take()
        entry = self._entry(owner, dash.start)
        entry.opened = dash.end
        if self._sign() is not Sign.DASH:
            entry.value = self._node(entry)
        entry.end = self._end
        return entry

    def _flow_item(self, owner: Entry) -> Entry:
        entry = self._entry(owner, self._tokens[self._next].start)
        if self._sign() is Sign.KEY:
            entry.value = Branch(is_map=True, is_flow=True, on_one_line=True, entries=[self._pair(entry)])
        else:
            entry.value = self._node(entry)
        entry.end = self._end
        return entry

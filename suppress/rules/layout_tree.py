"""Turn the text of a rule file or a case file into a tree that knows its comments and blank lines. For `layout` only.

The tree is made from the tokens, so it keeps every scalar as written. Then each comment is given to the entry it speaks
of: the one it stands above, beside or below.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from itertools import groupby
from typing import Final, NamedTuple

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


def read_layout(text: str) -> Entry:
    """An entry without a key that holds the whole document. Only for text without problems, with `\\n` line breaks."""
    lines = _Lines(text)
    tokens = list(read_tokens(text))
    root = _Reader(text, tokens, lines).read()
    _Giver(root, lines).give(_comments(text, tokens, lines))
    return root


def comments_of(text: str) -> list[str]:
    """All comments in file order. Those in the first line of a text block are part of the block and left out."""
    return [comment.text for comment in _comments(text, list(read_tokens(text)), _Lines(text))]


class _Lines:
    """Where lines begin, and which are blank."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]

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


def _comments(text: str, tokens: Iterable[Token], lines: _Lines) -> list[Comment]:
    found = []
    before = 0
    for token in (*tokens, Token(Sign.BLOCK_END, len(text), len(text))):
        for match in _COMMENT.finditer(text, before, token.start):
            line, column = lines.place(match.start())
            found.append(
                Comment(
                    text=match[0].rstrip(),
                    offset=match.start(),
                    line=line,
                    column=column,
                    alone=lines.is_first(match.start()),
                    after_blank=lines.is_after_blank(match.start()),
                )
            )
        before = max(before, token.end)
    return found


class _Reader:
    """Builds the tree from tokens. A value that is left out ends where the sign before it ends."""

    def __init__(self, text: str, tokens: list[Token], lines: _Lines) -> None:
        self._text = text
        self._tokens = tokens
        self._lines = lines
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


class _Edge(Enum):
    BEGIN = auto()
    OPEN = auto()
    END = auto()


class _Mark(NamedTuple):
    """Where an entry begins, where its value opens (after the colon, dash or bracket), or where it ends."""

    offset: int
    edge: _Edge
    entry: Entry


class _Room(NamedTuple):
    """An entry that has just ended, and the first column in which a comment still belongs below it."""

    column: int
    entry: Entry


class _Giver:
    """Gives each comment to an entry, by the marks before and after it and by its column."""

    def __init__(self, root: Entry, lines: _Lines) -> None:
        self._root = root
        self._lines = lines
        self._marks = list(_marks(root))
        self._offsets = [mark.offset for mark in self._marks]

    def give(self, comments: list[Comment]) -> None:
        for after, group in groupby(comments, key=lambda comment: bisect_right(self._offsets, comment.offset)):
            self._give_group(after, list(group))

    def _give_group(self, after: int, group: list[Comment]) -> None:
        """Comments with no sign between them. `after`: the number of the first mark after them."""
        if after and self._is_on_line_of(group[0], self._marks[after - 1]):
            self._give_beside(after, group)
        following = self._marks[after] if after < len(self._marks) else None
        if following is not None and following.edge is _Edge.BEGIN:
            self._give_by_column(group, self._rooms(after, following.entry.owner), following.entry)
        elif following is None:
            self._give_by_column(group, self._rooms(after, None), None)
        elif after and self._marks[after - 1].entry.owner is following.entry and following.edge is _Edge.END:
            following.entry.below += group
        else:
            following.entry.above += group

    def _is_on_line_of(self, comment: Comment, mark: _Mark) -> bool:
        return not comment.alone and self._lines.place(max(mark.offset - 1, 0))[0] == comment.line

    def _give_beside(self, after: int, group: list[Comment]) -> None:
        """Take from the group what stands on the line of the mark before it, and what goes on in the same column."""
        mark = self._marks[after - 1]
        if mark.edge is _Edge.OPEN:
            mark.entry.opening.append(group.pop(0))
        elif mark.edge is _Edge.BEGIN:
            mark.entry.above.append(group.pop(0))
        else:
            beside = self._innermost(after).beside
            beside.append(group.pop(0))
            while group and (group[0].line, group[0].column) == (beside[-1].line + 1, beside[-1].column):
                beside.append(group.pop(0))

    def _innermost(self, after: int) -> Entry:
        """The innermost of the entries that end where the mark before `after` stands."""
        first = after - 1
        while first and self._marks[first - 1][:2] == self._marks[after - 1][:2]:
            first -= 1
        return self._marks[first].entry

    def _rooms(self, after: int, outer: Entry | None) -> list[_Room]:
        """The blocks that have ended and lie in `outer`, the innermost first; with None all of them and the file."""
        if not after or self._marks[after - 1].edge is not _Edge.END or _is_flow(outer):
            return []
        entry = self._innermost(after)
        rooms = [_Room(entry.column + 1, entry)] if entry.value == Leaf("") and not _is_flow(entry.owner) else []
        while entry.owner is not None and entry.owner is not outer:
            if not _is_flow(entry.owner):
                rooms.append(_Room(entry.column, entry.owner))
            entry = entry.owner
        return rooms

    def _give_by_column(self, group: list[Comment], rooms: list[_Room], following: Entry | None) -> None:
        """A comment indented more than what follows belongs below what has ended; later ones no deeper than it."""
        for comment in group:
            if following is not None and comment.column <= following.column:
                rooms = []
            while rooms and rooms[0].column > comment.column:
                rooms = rooms[1:]
            if rooms:
                rooms[0].entry.below.append(comment)
            elif following is not None:
                following.above.append(comment)
            else:
                self._root.below.append(comment)


def _marks(owner: Entry) -> Iterator[_Mark]:
    if isinstance(owner.value, Branch):
        for entry in owner.value.entries:
            yield _Mark(entry.start, _Edge.BEGIN, entry)
            if entry.opened is not None:
                yield _Mark(entry.opened, _Edge.OPEN, entry)
            yield from _marks(entry)
            yield _Mark(entry.end, _Edge.END, entry)


def _is_flow(entry: Entry | None) -> bool:
    return entry is not None and isinstance(entry.value, Branch) and entry.value.is_flow

"""Give each comment to the entry it speaks of: the one it stands above, beside or below."""

from bisect import bisect_right
from collections.abc import Iterator
from enum import Enum, auto
from itertools import groupby
from typing import NamedTuple

from suppress.rules.layout.tree import Branch, Comment, Entry, Leaf, Text


def give_comments(root: Entry, text: Text) -> None:
    """Put every comment of the text into the tree read from it."""
    _Giver(root, text).give(text.comments())


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

    def __init__(self, root: Entry, lines: Text) -> None:
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

"""Replace one answer in the text of a case file, and nothing else: the text and a place in, an Edit out.

Nodes know where they begin; where they end is read from the text, as far as answers need it: flow collections, quoted
and plain texts on one line, blocks by their indentation. Entries that stay keep their spelling, lines that stay keep
their comments. Where a comment would be lost there is no edit.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from suppress.cases.shapes import BadStoryError
from suppress.cases.times import instant_us, told_us
from suppress.facts.instants import to_us
from suppress.rules.document import ListNode, MapNode, Node, ScalarNode

_LINE_END: Final = re.compile("\r\n|\r|\n")
_QUOTED: Final = r""" "(?:[^"\\]|\\.)*" | '(?:[^']|'')*' """
_COMMENT: Final = re.compile(rf"(?:^|(?<=[\s\[{{,:]))(?:{_QUOTED}|(?P<comment>(?<!\S)\#))", re.VERBOSE | re.DOTALL)
_NEEDS_QUOTES: Final = re.compile(
    r"""^[-?:,\[\]{}#&*!|>'"%@`\s]  # begins with a sign
    |[,\[\]{}\x00-\x1f]            # holds one that ends a text inside brackets
    |:\s|\s\#|:$|\s$               # holds or ends with what YAML reads as its own
    |^(?:~|null|Null|NULL|)$         # means nothing
    """,
    re.VERBOSE,
)


_LINE_LENGTH: Final = 120


class NoEditError(Exception):
    """Says why an answer cannot be replaced in the text; somebody has to do it by hand."""


@dataclass(frozen=True, slots=True)
class Edit:
    """The characters from `start` up to `end` give way to `text`."""

    start: int
    end: int
    text: str


def edited(text: str, edits: Sequence[Edit]) -> str:
    """The text with all edits made; they must not overlap."""
    for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


class CaseText:
    """The text of a case file, in which answers can be replaced. Positions are those of its nodes."""

    def __init__(self, text: str, as_of_us: int) -> None:
        self._text = text
        self._as_of_us = as_of_us
        self._newline = "\r\n" if "\r\n" in text else "\n"
        self._starts = [0, *(found.end() for found in _LINE_END.finditer(text))]

    def new_want(self, case: MapNode, answers: Mapping[str, Any]) -> list[Edit]:
        """The edits that give a case that wants nothing these answers."""
        written = f"{{{', '.join(f'{asked}: {self._written(answer)}' for asked, answer in answers.items())}}}"
        for key, value in case.entries:
            if key.text == "want":
                return [self._whole(key, value, written)]
        last = case.entries[-1][1]
        end = self._end(last, in_flow=self._is_flow(case))
        if self._is_flow(case):
            return [Edit(end, end, f", want: {written}")]
        line_end = self._line_end(end)
        indent = " " * (case.entries[0][0].position.column - 1)
        return [Edit(line_end, line_end, f"{self._newline}{indent}want: {written}")]

    def new_answer(self, want: MapNode, asked: str, answer: Any) -> list[Edit]:
        """The edits that make `answer` what is wanted, where another answer is wanted now."""
        key, value = next((key, value) for key, value in want.entries if key.text == asked)
        block = not self._is_flow(want) and not self._is_flow(value)
        if isinstance(value, MapNode) and isinstance(answer, Mapping) and answer and block:
            return self._entries(value, answer)
        if isinstance(value, ListNode) and answer and block:
            return [self._block_list(value, answer)]
        in_flow = self._is_flow(want)
        edit = self._whole(key, value, self._written(answer, value), in_flow=in_flow)
        too_long = edit.start - self._line_start(edit.start) + len(edit.text) > _LINE_LENGTH
        if too_long and not in_flow and isinstance(answer, list | tuple | Mapping):
            edit = replace(edit, text=self._in_lines(key, answer, value))
        return [edit]

    def _whole(self, key: ScalarNode, value: Node, written: str, *, in_flow: bool = False) -> Edit:
        """The edit that replaces all of a value, on the line of its key."""
        colon = self._colon(key, in_flow=in_flow)
        nothing = isinstance(value, ScalarNode) and value.is_null and not value.text
        end = colon if nothing else self._end(value, in_flow=in_flow)
        on_the_line = colon if nothing or isinstance(value, MapNode | ListNode) else self._offset(value)
        return self._careful(on_the_line, end, f" {written}" if on_the_line == colon else written)

    def _entries(self, value: MapNode, answer: Mapping[str, Any]) -> list[Edit]:
        """The edits of a map with an entry per line: changed entries, lines gone, lines added behind the last."""
        edits: list[Edit] = []
        for key, entry in value.entries:
            start, end = self._offset(key), self._end(entry, in_flow=False)
            if key.text not in answer:
                edits.append(self._without_line(start, end))
            elif not self._says(entry, answer[key.text]):
                edits.append(self._whole(key, entry, self._written(answer[key.text], entry)))
        indent = " " * (value.entries[0][0].position.column - 1)
        known = {key.text for key, _ in value.entries}
        added = [
            f"{self._newline}{indent}{_quoted(sku)}: {self._written(entry)}"
            for sku, entry in answer.items()
            if sku not in known
        ]
        if added:
            line_end = self._line_end(self._end(value.entries[-1][1], in_flow=False))
            edits.append(Edit(line_end, line_end, "".join(added)))
        return edits

    def _without_line(self, start: int, end: int) -> Edit:
        """The edit that deletes an entry with its line; a comment behind it stays."""
        line_start, line_end = self._line_start(start), self._line_end(end)
        if self._text[line_start:start].strip() or _has_comment(self._text[start:end]):
            raise NoEditError("an entry does not stand on lines of its own")
        if self._text[end:line_end].strip():
            return Edit(start, end + len(self._text[end:line_end]) - len(self._text[end:line_end].lstrip()), "")
        following = _LINE_END.match(self._text, line_end)
        return Edit(line_start, following.end() if following else line_end, "")

    def _in_lines(self, key: ScalarNode, answer: Sequence[Any] | Mapping[str, Any], old: Node) -> str:
        """An answer with a line per entry, to stand behind the colon of its key."""
        indent = " " * (key.position.column + 1)
        entries = {key.text: entry for key, entry in old.entries} if isinstance(old, MapNode) else {}
        if isinstance(answer, Mapping):
            lines = [f"{_quoted(sku)}: {self._written(entry, entries.get(sku))}" for sku, entry in answer.items()]
        else:
            lines = [f"- {self._written(entry)}" for entry in answer]
        return "".join(f"{self._newline}{indent}{line}" for line in lines)

    def _block_list(self, value: ListNode, answer: Sequence[Any]) -> Edit:
        indent = " " * (value.position.column - 1)
        lines = [f"- {self._written(entry)}" for entry in answer]
        return self._careful(
            self._offset(value), self._end(value, in_flow=False), f"{self._newline}{indent}".join(lines)
        )

    def _careful(self, start: int, end: int, text: str) -> Edit:
        if _has_comment(self._text[start:end]):
            raise NoEditError("a comment would be lost")
        return Edit(start, end, text)

    def _written(self, answer: Any, old: Node | None = None) -> str:
        """An answer on one line. `old` is what it takes the place of: entries that stay are spelt as there."""
        if isinstance(answer, Mapping):
            entries = {key.text: entry for key, entry in old.entries} if isinstance(old, MapNode) else {}
            skus = [*(sku for sku in entries if sku in answer), *(sku for sku in answer if sku not in entries)]
            told = [f"{_quoted(sku)}: {self._written(answer[sku], entries.get(sku))}" for sku in skus]
            return f"{{{', '.join(told)}}}"
        if isinstance(answer, list | tuple):
            return f"[{', '.join(self._written(entry) for entry in answer)}]"
        like = old.text if isinstance(old, ScalarNode) else None
        if isinstance(answer, datetime):
            if like is not None and self._says(old, answer):
                return _quoted(like)
            return _quoted(told_us(to_us(answer), self._as_of_us, like))
        return "never" if answer is None else _quoted(str(answer))

    def _says(self, node: Node | None, answer: Any) -> bool:
        """Whether an answer already stands there."""
        if isinstance(node, ListNode):
            texts = [item.text for item in node.items if isinstance(item, ScalarNode)]
            return isinstance(answer, list | tuple) and texts == list(answer)
        if not isinstance(node, ScalarNode):
            return False
        if isinstance(answer, datetime):
            return _instant_of(node.text, self._as_of_us) == to_us(answer)
        return node.text == ("never" if answer is None else str(answer))

    def _is_flow(self, node: Node) -> bool:
        return isinstance(node, MapNode | ListNode) and self._text[self._offset(node)] in "{["

    def _offset(self, node: Node) -> int:
        return self._starts[node.position.line - 1] + node.position.column - 1

    def _colon(self, key: ScalarNode, *, in_flow: bool) -> int:
        """The place behind the colon of a key."""
        end = self._end(key, in_flow=in_flow, is_key=True)
        found = re.compile(r"\s*:").match(self._text, end)
        if found is None:
            raise NoEditError(f'the colon behind "{key.text}" was not found')
        return found.end()

    def _end(self, node: Node, *, in_flow: bool, is_key: bool = False) -> int:
        """The place behind the last character of a node."""
        start = self._offset(node)
        if start >= len(self._text):
            return len(self._text)
        first = self._text[start]
        if isinstance(node, MapNode | ListNode):
            return self._closing(start) if first in "{[" else self._block_end(node)
        if isinstance(node, ScalarNode) and node.quoted:
            if first not in "'\"":
                raise NoEditError("a text block stands there")
            return self._closing_quote(start)
        ends = r":(?=\s|$)|\s#|[\r\n]" if is_key else r"\s#|[\r\n]"
        found = re.compile(rf"{ends}|[,\]}}]" if in_flow else ends).search(self._text, start)
        end = found.start() if found else len(self._text)
        return start + len(self._text[start:end].rstrip())

    def _block_end(self, node: MapNode | ListNode) -> int:
        """The end of the last line of a block, without the comment behind it."""
        if isinstance(node, MapNode):
            return self._end(node.entries[-1][1], in_flow=False) if node.entries else self._offset(node)
        return self._end(node.items[-1], in_flow=False)

    def _closing(self, start: int) -> int:
        """The place behind the bracket that closes the one at `start`."""
        depth, at, at_start_of_text = 0, start, True
        while at < len(self._text):
            character = self._text[at]
            if character in "'\"" and at_start_of_text:
                at = self._closing_quote(at)
                at_start_of_text = False
                continue
            if character == "#" and self._text[at - 1].isspace():
                at = self._line_end(at)
                continue
            depth += (character in "{[") - (character in "}]")
            at += 1
            if depth == 0:
                return at
            if not character.isspace():
                at_start_of_text = character in "{[,:"
            elif at_start_of_text is False and self._text[at - 2] == ":":
                at_start_of_text = True
        raise NoEditError("a bracket is not closed")

    def _closing_quote(self, start: int) -> int:
        pattern = r"'(?:[^']|'')*'" if self._text[start] == "'" else r'"(?:[^"\\]|\\.)*"'
        found = re.compile(pattern, re.DOTALL).match(self._text, start)
        if found is None:
            raise NoEditError("a quote is not closed")
        return found.end()

    def _line_start(self, at: int) -> int:
        return max(start for start in self._starts if start <= at)

    def _line_end(self, at: int) -> int:
        found = _LINE_END.search(self._text, at)
        return found.start() if found else len(self._text)


def _has_comment(text: str) -> bool:
    """Whether a comment begins in the text, outside of quotes."""
    return any(found["comment"] for found in _COMMENT.finditer(text))


def _quoted(text: str) -> str:
    """A text as YAML inside or outside of brackets: in quotes where it needs them."""
    return json.dumps(text, ensure_ascii=False) if _NEEDS_QUOTES.search(text) else text


def _instant_of(text: str, as_of_us: int) -> int | None:
    try:
        return instant_us(text, as_of_us, "the answer")
    except BadStoryError:
        return None

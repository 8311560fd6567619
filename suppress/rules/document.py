"""Turn the text of a YAML file into nodes with places. The only module that knows a YAML library.

The parser's events are walked one by one, never loaded or composed: the C loader crashes on deep nesting, resolves
`NO` to false and lets the last of two equal keys win. What a rule file does not need is refused with its place:
anchors, aliases, merge keys, tags, directives, several documents, keys that are not text. Depth, size and the number
of values are bounded, so that a hostile file costs little.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Final, NamedTuple

import yaml

from suppress.problems import Position, Problem
from suppress.rules.findings import Findings, TooManyProblemsError, quoted
from suppress.rules.nodes import BrokenNode, ListNode, MapNode, Node, ScalarNode, plain
from suppress.rules.source import MAX_BYTES, read_text, stray_character
from suppress.rules.syntax import explain

__all__ = [
    "BrokenNode", "ListNode", "MapNode", "Node", "ScalarNode", "Sign", "Token",
    "parse_document", "plain", "read_tokens",
]  # fmt: skip

MAX_DEPTH: Final = 64
MAX_VALUES: Final = 50_000

_TEMPLATE_HELP: Final = "a key is plain text; put text with braces or brackets in quotes"


class Sign(Enum):
    """What a token of a document is. The first four take no room unless they stand in the text as `?`."""

    BLOCK_MAP = auto()
    BLOCK_LIST = auto()
    BLOCK_END = auto()
    KEY = auto()
    VALUE = auto()
    DASH = auto()
    COMMA = auto()
    FLOW_MAP = auto()
    FLOW_LIST = auto()
    FLOW_END = auto()
    SCALAR = auto()


class Token(NamedTuple):
    """A sign of the text from the character `start` up to but not including `end`, both counted from 0."""

    sign: Sign
    start: int
    end: int


_SIGNS: Final = {
    yaml.BlockMappingStartToken: Sign.BLOCK_MAP,
    yaml.BlockSequenceStartToken: Sign.BLOCK_LIST,
    yaml.BlockEndToken: Sign.BLOCK_END,
    yaml.KeyToken: Sign.KEY,
    yaml.ValueToken: Sign.VALUE,
    yaml.BlockEntryToken: Sign.DASH,
    yaml.FlowEntryToken: Sign.COMMA,
    yaml.FlowMappingStartToken: Sign.FLOW_MAP,
    yaml.FlowSequenceStartToken: Sign.FLOW_LIST,
    yaml.FlowMappingEndToken: Sign.FLOW_END,
    yaml.FlowSequenceEndToken: Sign.FLOW_END,
    yaml.ScalarToken: Sign.SCALAR,
}


def read_tokens(text: str) -> Iterator[Token]:
    """The signs of a text, in order. Only for text in which `parse_document` found nothing wrong.

    A text block ends where the line after it begins; any other scalar with its last character.
    """
    for token in yaml.scan(text, Loader=yaml.CSafeLoader):
        sign = _SIGNS.get(type(token))
        if sign is not None:
            yield Token(sign, token.start_mark.index, token.end_mark.index)


def parse_document(
    data: bytes, file: str, *, max_bytes: int = MAX_BYTES, max_values: int = MAX_VALUES
) -> tuple[Node | None, tuple[Problem, ...]]:
    """The document in `data`, and what is wrong with it; None when it has no structure to read.

    A node may come with problems: what was refused is a BrokenNode, a second equal key is left out.
    """
    findings = Findings()
    node = None
    try:
        text = read_text(data, file, findings, max_bytes)
        if text is not None:
            node = _Builder(text, file, findings, max_values).build()
    except TooManyProblemsError:
        node = None
    return node, findings.problems


@dataclass(slots=True)
class _ListFrame:
    position: Position
    items: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class _MapFrame:
    position: Position
    entries: list[tuple[ScalarNode, Node]] = field(default_factory=list)
    seen: dict[str, Position] = field(default_factory=dict)
    key: ScalarNode | None = None
    wants_key: bool = True


class _Builder:
    """Builds nodes from events with a stack of its own, so that depth costs no recursion."""

    def __init__(self, text: str, file: str, findings: Findings, max_values: int) -> None:
        self._text = text
        self._file = file
        self._findings = findings
        self._values_left = max_values
        self._max_values = max_values
        self._stack: list[_ListFrame | _MapFrame] = []
        self._root: Node | None = None
        self._documents = 0

    def build(self) -> Node | None:
        try:
            for event in yaml.parse(self._text, Loader=yaml.CSafeLoader):
                if not self._take(event):
                    return None
        except yaml.MarkedYAMLError as error:
            self._refuse_syntax(error)
            return None
        except (yaml.YAMLError, MemoryError, ValueError) as error:
            message = f"the YAML cannot be read: {quoted(str(error))}"
            self._findings.add("bad-yaml", message, Position(self._file), "save the file anew as plain text")
            return None
        if self._root is None or (isinstance(self._root, ScalarNode) and self._root.is_null):
            self._findings.add(
                "empty-file", "the file is empty", Position(self._file), 'begin with a key and a value: "version: 1"'
            )
            return None
        return self._root

    def _take(self, event: Any) -> bool:
        """Take one event in. False ends the reading: what follows cannot be trusted."""
        place = self._place(event.start_mark)
        match event:
            case yaml.DocumentStartEvent():
                return self._start_document(event, place)
            case yaml.ScalarEvent():
                self._check_properties(event, place)
                self._add(self._scalar(event, place))
            case yaml.AliasEvent():
                self._findings.add(
                    "yaml-alias",
                    f"the alias {quoted('*' + event.anchor)} is not read",
                    place,
                    "write the value out again; put text that begins with * in quotes",
                )
                self._add(BrokenNode(place))
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._check_properties(event, place)
                if len(self._stack) >= MAX_DEPTH:
                    self._findings.add(
                        "too-deep",
                        f"values are nested more than {MAX_DEPTH} levels deep",
                        place,
                        "split the rule into several",
                    )
                    return False
                is_map = isinstance(event, yaml.MappingStartEvent)
                self._stack.append(_MapFrame(place) if is_map else _ListFrame(place))
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                frame = self._stack.pop()
                if isinstance(frame, _MapFrame):
                    self._add(MapNode(tuple(frame.entries), frame.position))
                else:
                    self._add(ListNode(tuple(frame.items), frame.position))
            case _:
                pass
        if self._values_left < 0:
            self._findings.add(
                "too-many-values",
                f"the file has more than {self._max_values:,} values",
                place,
                "split it into several files",
            )
            return False
        return True

    def _start_document(self, event: Any, place: Position) -> bool:
        self._documents += 1
        if event.version or event.tags:
            self._findings.add("yaml-directive", "a line that begins with % is not read", place, "delete the line")
        if self._documents > 1:
            self._findings.add(
                "several-documents",
                "a second document starts here",
                place,
                'delete the line "---", or put what follows into a file of its own',
            )
            return False
        return True

    def _check_properties(self, event: Any, place: Position) -> None:
        if event.anchor is not None:
            self._findings.add(
                "yaml-anchor",
                f"the anchor {quoted('&' + event.anchor)} is not read",
                place,
                "delete it, and write values out where they are needed; put text that begins with & in quotes",
            )
        if event.tag is not None:
            self._findings.add(
                "yaml-tag",
                f"the tag {quoted(event.tag.replace('tag:yaml.org,2002:', '!!'))} is not read",
                place,
                "delete the tag; put text that begins with ! in quotes",
            )

    def _scalar(self, event: Any, place: Position) -> Node:
        if event.style == '"':
            stray = stray_character(event.value)
            if stray is not None:
                message = stray.message.replace("stands here", "stands in this text")
                self._findings.add(stray.code, message, place, stray.help)
                return BrokenNode(place)
        return ScalarNode(event.value, bool(event.style), place)

    def _add(self, node: Node) -> None:
        self._values_left -= 1
        if not self._stack:
            self._root = node
            return
        frame = self._stack[-1]
        if isinstance(frame, _ListFrame):
            frame.items.append(node)
        elif frame.wants_key:
            frame.key = self._key(node, frame)
            frame.wants_key = False
        else:
            if frame.key is not None:
                frame.entries.append((frame.key, node))
            frame.wants_key = True

    def _key(self, node: Node, frame: _MapFrame) -> ScalarNode | None:
        """The key as it will be kept; None when it was refused, so that its value is left out."""
        if isinstance(node, BrokenNode):
            return None
        if not isinstance(node, ScalarNode):
            self._findings.add("key-not-text", "a key must be text", node.position, _TEMPLATE_HELP)
            return None
        if node.text == "<<" and not node.quoted:
            self._findings.add("merge-key", 'the merge key "<<" is not read', node.position, "write the entries out")
            return None
        if not node.text:
            self._findings.add("empty-key", "a key is empty", node.position, "write a name before the colon")
            return None
        first = frame.seen.setdefault(node.text, node.position)
        if first is not node.position:
            self._findings.add(
                "duplicate-key",
                f"the key {quoted(node.text)} stands here twice; the first is in line {first.line}",
                node.position,
                "keep one of them; to say two things of one field, use a list under all:",
            )
            return None
        return node

    def _refuse_syntax(self, error: yaml.MarkedYAMLError) -> None:
        mark = error.problem_mark or error.context_mark
        where = self._place(mark) if mark else Position(self._file)
        index = mark.index if mark else 0
        complaint = explain(error.context or "", error.problem or "", self._text[:index], self._text[index : index + 1])
        if complaint.at_start and error.context_mark:
            where = self._place(error.context_mark)
        self._findings.add(complaint.code, complaint.message, where, complaint.help)

    def _place(self, mark: Any) -> Position:
        return Position(self._file, mark.line + 1, mark.column + 1)

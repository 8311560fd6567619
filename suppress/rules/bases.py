"""Resolve `use`: a rule file and the rulesets it builds on in, one map out that reads like a single file.

Everything happens on the level of nodes, before header and rules are read, so that every place stays that of the file
it stands in. Bases are merged left to right, the file over them: a rule with the id of a base's rule overlays it key
by key, maps merge by key, everything else is the file's own where it says something.
"""

from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

from suppress.problems import Position
from suppress.rules.document import MAX_VALUES, BrokenNode, ListNode, MapNode, Node, ScalarNode, parse_document
from suppress.rules.findings import Findings, listed, quoted, suggestion
from suppress.rules.folders import RULE_FILE_ENDINGS, BaseFile, Bases
from suppress.rules.header import read_header, read_name
from suppress.rules.merging import merge, warn_of_namesakes

MAX_DEPTH: Final = 10
MAX_BASES: Final = 20
MAX_TOTAL_BYTES: Final = 2_000_000
MAX_TOTAL_VALUES: Final = 100_000


@dataclass(frozen=True, slots=True)
class Resolved:
    """A rule file with all it builds on. `bases`: their names, each once, in the order they were merged.

    `depth`: how many files stand on one another, this one counted.
    """

    node: MapNode
    bases: tuple[str, ...] = ()
    depth: int = 1


def resolve_bases(node: MapNode, file: str, bases: Bases, findings: Findings) -> Resolved | None:
    """The file merged with its bases; as it is when it uses none. None when a base cannot be had, which is noted."""
    if node.get("use") is None:
        return Resolved(node)
    return _Resolver(bases, findings).build(PurePath(file).stem, node)


class _Resolver:
    """Resolves one file. Each base is read once, whoever uses it."""

    def __init__(self, bases: Bases, findings: Findings) -> None:
        self._bases = bases
        self._findings = findings
        self._trail: list[tuple[str, Position]] = []
        self._done: dict[str, Resolved | None] = {}
        self._bytes_left = MAX_TOTAL_BYTES
        self._values_left = MAX_TOTAL_VALUES

    def build(self, name: str, node: MapNode) -> Resolved | None:
        """The file of that name with all it builds on."""
        used = self._used(node)
        if used is None:
            return None
        built: list[Resolved | None] = []
        for base, position in used:
            self._trail.append((name, position))
            built.append(self._base(base, position))
            self._trail.pop()
        found = [base for base in built if base is not None]
        if len(found) < len(built):
            return None
        if not found:
            return Resolved(node)
        merged = found[0].node
        for (other_name, position), other in zip(used[1:], found[1:], strict=True):
            warn_of_namesakes(merged, other.node, node, other_name, position, self._findings)
            merged = merge(merged, other.node, self._findings)
        names = dict.fromkeys(
            each for (base_name, _), base in zip(used, found, strict=True) for each in (*base.bases, base_name)
        )
        depth = 1 + max(base.depth for base in found)
        if depth > MAX_DEPTH:
            self._refuse_depth(used[0][1])
            return None
        return Resolved(merge(merged, node, self._findings, [base for base, _ in used]), tuple(names), depth)

    def _used(self, node: MapNode) -> list[tuple[str, Position]] | None:
        """The bases a file names, each with its place; None when they cannot be read."""
        written = node.get("use")
        if written is None:
            return []
        if isinstance(written, BrokenNode):
            return None
        items = written.items if isinstance(written, ListNode) else (written,)
        if not items:
            self._findings.add(
                "empty-list", 'the list behind "use" is empty', written.position, "name a ruleset, or delete the line"
            )
            return None
        used: dict[str, Position] = {}
        for item in items:
            before = self._findings.error_count
            stem = item.text.rpartition(".")[0] if isinstance(item, ScalarNode) else ""
            if isinstance(item, ScalarNode) and item.text.endswith(RULE_FILE_ENDINGS) and stem:
                self._findings.add(
                    "bad-name",
                    f"the ruleset to use is named like a file: {quoted(item.text)}",
                    item.position,
                    f"write {quoted(stem)}",
                )
                return None
            name = read_name(item, 'the ruleset to "use"', self._findings)
            if name is None or self._findings.error_count > before:
                return None
            if name in used:
                self._findings.add(
                    "repeated-value", f"the ruleset {quoted(name)} is used twice", item.position, "delete one"
                )
                return None
            used[name] = item.position
        return list(used.items())

    def _base(self, name: str, position: Position) -> Resolved | None:
        names = [above for above, _ in self._trail]
        if name in names:
            self._refuse_cycle(self._trail[names.index(name) :])
            return None
        if name not in self._done:
            self._done[name] = self._read(name, position)
        return self._done[name]

    def _read(self, name: str, position: Position) -> Resolved | None:
        if len(self._trail) >= MAX_DEPTH:
            self._refuse_depth(position)
            return None
        found = self._find(name, position)
        if found is None:
            return None
        self._bytes_left -= len(found.data)
        if self._bytes_left < 0 or self._values_left <= 0 or len(self._done) >= MAX_BASES:
            self._findings.add(
                "bases-too-large",
                f"the rulesets used are more than {MAX_BASES} files, {MAX_TOTAL_BYTES:,} bytes "
                f"or {MAX_TOTAL_VALUES:,} values",
                position,
                "use fewer or smaller rulesets",
            )
            return None
        values = min(MAX_VALUES, self._values_left)
        node, problems = parse_document(found.data, found.file, max_values=values)
        self._findings.extend(problems)
        if node is None:
            return None
        if not isinstance(node, MapNode):
            refuse_document(node, self._findings)
            return None
        self._values_left -= _count(node)
        resolved = self.build(name, node)
        if resolved is not None:
            read_header(resolved.node, self._findings)
        return resolved

    def _find(self, name: str, position: Position) -> BaseFile | None:
        try:
            found = self._bases.find(name)
        except OSError as error:
            reason = (error.strerror or "unknown reason").lower()
            self._findings.add(
                "base-unreadable",
                f"the ruleset {quoted(name)} cannot be read: {reason}",
                position,
                "check who may read its file",
            )
            return None
        if found is None:
            others = [other for other in self._bases.names() if other not in {above for above, _ in self._trail}]
            few = listed(others) if 0 < len(others) <= 5 else None
            self._findings.add(
                "unknown-base",
                f"there is no ruleset {quoted(name)} beside this file",
                position,
                suggestion(name, others) or (f"there is {few}" if few else f"put it beside this file as {name}.yaml"),
            )
        return found

    def _refuse_cycle(self, trail: list[tuple[str, Position]]) -> None:
        # Told the same way whichever file of the circle is read, so that it is told once.
        first = min(range(len(trail)), key=lambda at: trail[at][0])
        turned = [*trail[first:], *trail[:first]]
        names = [name for name, _ in turned]
        self._findings.add(
            "use-cycle",
            f"rulesets use one another in a circle: {' -> '.join([*names, names[0]])}",
            turned[0][1],
            "take one of them out: put what all of them need into a ruleset of its own",
        )

    def _refuse_depth(self, position: Position) -> None:
        self._findings.add(
            "use-too-deep",
            f"rulesets stand on one another more than {MAX_DEPTH} deep",
            position,
            "name the rulesets needed in one list: use: [a, b]",
        )


def refuse_document(node: Node, findings: Findings) -> None:
    """Note that a rule file is no map."""
    if not isinstance(node, BrokenNode):
        findings.add(
            "map-expected",
            "a rule file is a map of keys and values",
            node.position,
            'begin with "version: 1", then "ruleset: NAME" and "rules:"',
        )


def _count(node: Node) -> int:
    match node:
        case MapNode(entries=entries):
            return 1 + sum(1 + _count(value) for _, value in entries)
        case ListNode(items=items):
            return 1 + sum(_count(item) for item in items)
        case _:
            return 1

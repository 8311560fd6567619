"""Read `define`: a map of named conditions in, the conditions by name out, each with those it names put in place.

Definitions may name one another in any order, but not in a circle. Since a named condition is expanded wherever it is
named, a short file could mean a huge one: what conditions come to when written out is counted and bounded.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from suppress.problems import Position
from suppress.rules.conditions import read_condition
from suppress.rules.document import MAX_DEPTH, BrokenNode, ListNode, MapNode, Node, ScalarNode
from suppress.rules.findings import Findings, quoted
from suppress.rules.header import read_name
from suppress.rules.literals import Context
from suppress.rules.tree import All, AnyOf, Condition, Not

MAX_EXPANDED: Final = 50_000
"""How many parts all conditions of a ruleset may have once every `defined` is written out."""

_DEFINED: Final = "defined"


def read_definitions(node: Node | None, context: Context) -> dict[str, Condition | None]:
    """The conditions under `define` by name; None = one that cannot be read, which is noted."""
    findings = context.findings
    if node is None or isinstance(node, BrokenNode):
        return {}
    if not isinstance(node, MapNode):
        findings.add(
            "map-expected",
            '"define" is a map',
            node.position,
            'write names and conditions, for example "define: {sold-out: {stock.available_units: {below: 1}}}"',
        )
        return {}
    written = {key.text: (key, value) for key, value in node.entries}
    for key in node.entries:
        read_name(key[0], "the name of a definition", findings)
    found: dict[str, Condition | None] = dict.fromkeys(written)
    context = replace(context, definitions=found)
    sizes = _Sizes()
    for name in _in_order(written, findings):
        condition = read_condition(written[name][1], f"the definition {quoted(name)}", context)
        if condition is not None and not sizes.fits(condition):
            _refuse_size(written[name][0].position, findings)
            condition = None
        found[name] = condition
    return found


def check_size(conditions: Iterable[tuple[Condition, Position]], findings: Findings) -> bool:
    """Whether all conditions together are of bounded size and depth; notes the first place where they are not."""
    sizes = _Sizes()
    for condition, position in conditions:
        if not sizes.fits(condition):
            _refuse_size(position, findings)
            return False
    return True


def find_unused(node: Node | None, rules: Node | None, file: str, findings: Findings) -> None:
    """Warn of every definition of this file that no rule names, directly or through another one."""
    if not isinstance(node, MapNode):
        return
    written = {key.text: value for key, value in node.entries}
    waiting = [name for name, _ in _named(rules)] if rules is not None else []
    used: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in written:
            return  # reported where it stands, and perhaps the misspelled name of one that looks unused
        if name not in used:
            used.add(name)
            waiting += [inner for inner, _ in _named(written[name])]
    for key, _ in node.entries:
        # What a base defines may be meant for others that use it.
        if key.text not in used and key.position.file == file:
            findings.warn(
                "unused-definition",
                f"no rule uses the definition {quoted(key.text)}",
                key.position,
                f'write "defined: {key.text[:40]}" where it is meant, or delete it',
            )


def _in_order(written: Mapping[str, tuple[ScalarNode, Node]], findings: Findings) -> Iterator[str]:
    """The names, each after those it names; without those in a circle or above one, which is noted."""
    inner = {name: [(each, at) for each, at in _named(node) if each in written] for name, (_, node) in written.items()}
    done: dict[str, bool] = {}
    for start in written:
        trail: list[str] = [start] if start not in done else []
        waiting = [iter(inner[start])] if trail else []
        sound = [True]
        while trail:
            following = next(waiting[-1], None)
            if following is None:
                name = trail.pop()
                waiting.pop()
                done[name] = sound.pop()
                if done[name]:
                    yield name
                if sound:
                    sound[-1] = sound[-1] and done[name]
            elif following[0] in trail:
                sound[-1] = False
                _refuse_cycle(trail[trail.index(following[0]) :], written, findings)
            elif following[0] in done:
                sound[-1] = sound[-1] and done[following[0]]
            else:
                trail.append(following[0])
                waiting.append(iter(inner[following[0]]))
                sound.append(True)


def _named(node: Node) -> Iterator[tuple[str, Position]]:
    """Every `defined: NAME` in a node, in file order."""
    match node:
        case MapNode(entries=entries):
            for key, value in entries:
                if key.text == _DEFINED and isinstance(value, ScalarNode):
                    yield value.text, value.position
                else:
                    yield from _named(value)
        case ListNode(items=items):
            for item in items:
                yield from _named(item)
        case _:
            pass


def _refuse_cycle(names: list[str], written: Mapping[str, tuple[ScalarNode, Node]], findings: Findings) -> None:
    first = min(range(len(names)), key=lambda at: written[names[at]][0].position)
    turned = [*names[first:], *names[:first]]
    findings.add(
        "define-cycle",
        f"definitions name one another in a circle: {' -> '.join([*turned, turned[0]])}",
        written[turned[0]][0].position,
        "write one of them without naming the others",
    )


def _refuse_size(position: Position, findings: Findings) -> None:
    findings.add(
        "too-large",
        f"written out, the conditions have more than {MAX_EXPANDED:,} parts or {MAX_DEPTH} levels",
        position,
        "name fewer definitions within definitions",
    )


class _Sizes:
    """Counts what conditions come to when written out, without writing them out."""

    def __init__(self) -> None:
        self._left = MAX_EXPANDED
        self._known: dict[int, tuple[int, int]] = {}
        self._kept: list[Condition] = []

    def fits(self, condition: Condition) -> bool:
        """Whether one more condition is within what all of them together may have."""
        parts, depth = self._measure(condition)
        self._left -= parts
        return self._left >= 0 and depth <= MAX_DEPTH

    def _measure(self, condition: Condition) -> tuple[int, int]:
        known = self._known.get(id(condition))
        if known is not None:
            return known
        match condition:
            case All(parts=parts) | AnyOf(parts=parts):
                measured = [self._measure(part) for part in parts]
            case Not(part=part):
                measured = [self._measure(part)]
            case _:
                measured = []
        found = 1 + sum(parts for parts, _ in measured), 1 + max((depth for _, depth in measured), default=0)
        self._known[id(condition)] = found
        self._kept.append(condition)
        return found

"""Turn many forms into chunks durable-rules holds soundly, by building the same tree of tests the engine will build.

The engine merges rules that begin alike and walks the tree with a stack of 64 pending nodes; a node that has too many
children hangs or crashes the process. So the real tree is counted here, not each rule by itself.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from suppress.engine.durable_form import And, Form, Or, Probe, firings, probes
from suppress.errors import EngineError

MAX_WIDTH: Final = 48
"""First tests of a chunk that can be true together, the canary included."""
MAX_PENDING: Final = 60
"""Nodes pending at once in the worst case; the engine's stack holds 64."""
MAX_CHILDREN: Final = 400
"""Different tests after one test; the engine hangs at 513."""
MAX_ABSENT_CHILDREN: Final = 100
"""Absence tests and joined ors after one test; the engine overruns silently at 129."""
MAX_COLUMNS: Final = 240
"""Fields of one fact; the engine takes 252."""
MAX_RULES: Final = 200
"""Rules of one chunk; 256 that end in the same test crash the engine."""


@dataclass(slots=True)
class _Node:
    """One test of the engine's tree. `joined`: what follows an or that ends here."""

    children: dict[Hashable, "_Node"] = field(default_factory=dict)
    joined: list["_Node"] = field(default_factory=list)


@dataclass(slots=True)
class Chunk:
    """Forms that go into one handle, under their durable rule names. `max_firings`: the most one fact can cause."""

    forms: dict[str, Form] = field(default_factory=dict)
    columns: set[str] = field(default_factory=set)
    max_firings: int = 0
    _root: _Node = field(default_factory=_Node)

    def take(self, name: str, form: Form) -> bool:
        """Add a form; False when the chunk cannot hold it, after which the chunk takes no more."""
        columns = self.columns | {test.column for test in probes(form)}
        _grow(self._root, form)
        if len(self.forms) >= MAX_RULES or len(columns) > MAX_COLUMNS or not _is_sound(self._root):
            return False
        self.forms[name] = form
        self.columns = columns
        self.max_firings += firings(form)
        return True


def chunks_of(forms: dict[str, Form]) -> tuple[Chunk, ...]:
    """The forms, in order, each chunk filled in turn. Raises EngineError for a form that does not fit alone."""
    chunks: list[Chunk] = []
    for name, form in forms.items():
        if not (chunks and chunks[-1].take(name, form)):
            chunks.append(Chunk())
            if not chunks[-1].take(name, form):
                raise EngineError(f"durable-rules cannot hold {name}")
    return tuple(chunks)


def alike_first(forms: Sequence[Form]) -> list[Form]:
    """The forms with the tests many of them share in front: the engine makes those once, and walks a smaller tree."""
    shared = Counter(test for form in forms for test in set(probes(form)))
    return [_reordered(form, shared) for form in forms]


def fits_alone(form: Form) -> bool:
    """Whether a chunk of its own holds the form."""
    return Chunk().take("alone", form)


def pending(forms: Sequence[Form]) -> int:
    """The most nodes the engine can have pending at once for these forms in one handle."""
    root = _Node()
    for form in forms:
        _grow(root, form)
    return _peak(root, {})


def _reordered(form: Form, shared: Mapping[Probe, int]) -> Form:
    match form:
        case Probe():
            return form
        case And():
            parts = [_reordered(part, shared) for part in form.parts]
            return And(tuple(sorted(parts, key=lambda part: -shared[part] if isinstance(part, Probe) else 0)))
        case Or():
            return Or(tuple(_reordered(part, shared) for part in form.parts), form.together)


def _grow(node: _Node, form: Form) -> _Node:
    """Add a form below a node, as the engine does; the node where it ends."""
    match form:
        case Probe():
            return node.children.setdefault(form, _Node())
        case And():
            for part in form.parts:
                node = _grow(node, part)
            return node
        case Or():
            follower = _Node()
            for part in form.parts:
                _grow(node, part).joined.append(follower)
            return follower


def _is_sound(root: _Node) -> bool:
    if _pushed(root) + 1 > MAX_WIDTH:
        return False
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        absent = sum(1 for test in node.children if isinstance(test, Probe) and test.op == "$nex")
        if len(node.children) - absent > MAX_CHILDREN or absent + len(node.joined) > MAX_ABSENT_CHILDREN:
            return False
        for child in (*node.children.values(), *node.joined):
            if id(child) not in seen:
                seen.add(id(child))
                waiting.append(child)
    return _peak(root, {}) <= MAX_PENDING


def _peak(node: _Node, known: dict[int, int]) -> int:
    found = known.get(id(node))
    if found is None:
        below = [_peak(child, known) for child in (*node.children.values(), *node.joined)]
        found = _pushed(node) - 1 + max(1, *below) if below else 0
        known[id(node)] = found
    return found


def _pushed(node: _Node) -> int:
    """Children that can be true of one fact together: equalities and the absence of one column exclude each other."""
    if not node.children:
        return len(node.joined)
    by_column: dict[str, list[str]] = defaultdict(list)
    for test in node.children:
        if isinstance(test, Probe):
            by_column[test.column].append(test.op)
    return len(node.joined) + sum(_together(ops) for ops in by_column.values())


def _together(ops: list[str]) -> int:
    free = sum(1 for op in ops if op not in {"$eq", "$nex"})
    return max(free + ("$eq" in ops), "$nex" in ops)

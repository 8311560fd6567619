"""Turn a condition tree into the form durable-rules holds soundly: an and/or tree of single tests on typed columns.

Condition in, `Probe`/`And`/`Or` out, plus the columns it reads. Pure: nothing here knows the engine itself. One tree
has two normal forms: *certainly true* (an unknown never satisfies a test) and *not certainly false* (it always does).
What the engine cannot decide soundly (patterns, history, huge numbers, long texts, trees beyond its limits) becomes a
derived column: decided by the reference in Python and posted as FALSE, TRUE or UNKNOWN.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from math import prod
from typing import Final, NamedTuple

from suppress.facts.fields import FieldType, Operator
from suppress.rules.tree import All, AnyOf, Compare, Condition, Not, plain

FALSE: Final = 0
TRUE: Final = 1
UNKNOWN: Final = 2

MAX_GROUPS: Final = 14
"""And/or groups in one form; the engine takes 15 per rule and the guard leaf needs one."""
MAX_FIRINGS: Final = 8
"""How often one rule may fire for one fact: branches true together, multiplied over and-ed ors."""
MAX_PROBES: Final = 160
"""Tests in one form; it also bounds the columns one rule reads."""
MAX_LIST_VALUES: Final = 64
"""Values of an `in` that become tests; a longer list is quicker as a derived column."""
MAX_TEXT_BYTES: Final = 1024
MAX_INT: Final = 2**62
"""Constants and values beyond it never meet in the engine: values are cut to just outside."""
TEXT_STAND_IN: Final = "\x00not posted\x00"
"""Posted for a text the engine must not hold: it equals no constant, and it exists."""

_RESERVED_NAMES: Final = ("id", "sid", "t", "m", "$s", "$i", "$m", "$forward", "_canary")
_TEXTS: Final = frozenset({FieldType.TEXT, FieldType.CHOICE, FieldType.PATH})
_FNV_BASIS: Final = 2166136261
_FNV_PRIME: Final = 16777619


class Probe(NamedTuple):
    """One comparison of a column with a constant. `op` is durable-rules' word: `$eq`, `$lt`, `$ex`, ..."""

    op: str
    column: str
    constant: str | int | bool


class And(NamedTuple):
    """True when every part is true. `parts`: single tests first, then the ors, narrow ones before wide ones."""

    parts: tuple["Form", ...]


class Or(NamedTuple):
    """True when a part is true. `together`: how often it can fire for one fact."""

    parts: tuple["Form", ...]
    together: int


Form = Probe | And | Or


class NativeColumn(NamedTuple):
    """A field posted as it is: the engine compares it."""

    key: str
    field: str
    type: FieldType


class DerivedColumn(NamedTuple):
    """A condition decided in Python, posted as FALSE, TRUE or UNKNOWN."""

    key: str
    condition: Condition


@dataclass(slots=True)
class Columns:
    """The columns met so far, each with a short name whose hash no other name shares: the engine knows only hashes."""

    native: dict[str, NativeColumn] = field(default_factory=dict)
    derived: dict[Condition, DerivedColumn] = field(default_factory=dict)
    _hashes: set[int] = field(default_factory=lambda: {name_hash(name) for name in _RESERVED_NAMES})
    _serial: int = 0

    def native_key(self, leaf: Compare) -> str:
        """The column of the leaf's field."""
        found = self.native.get(leaf.field.name)
        if found is None:
            found = NativeColumn(self._new_key(), leaf.field.name, leaf.field.type)
            self.native[leaf.field.name] = found
        return found.key

    def derived_key(self, condition: Condition) -> str:
        """The column of a condition decided in Python; equal conditions share one."""
        found = self.derived.get(condition)
        if found is None:
            found = DerivedColumn(self._new_key(), condition)
            self.derived[condition] = found
        return found.key

    def _new_key(self) -> str:
        while True:
            key = f"f{self._serial}"
            self._serial += 1
            if (key_hash := name_hash(key)) not in self._hashes:
                self._hashes.add(key_hash)
                return key


def name_hash(name: str) -> int:
    """FNV-1a of a name, 32 bits: all the engine knows of a property."""
    value = _FNV_BASIS
    for byte in name.encode():
        value = ((value ^ byte) * _FNV_PRIME) & 0xFFFFFFFF
    return value


def rule_form(condition: Condition, *, block: bool, columns: Columns) -> Form:
    """The form of a rule that fires when `condition` is certainly true or, with `block`, not certainly false."""
    return _form(condition, want=True, block=block, columns=columns)


def derived_form(condition: Condition, *, block: bool, columns: Columns) -> Form:
    """The whole condition as one derived column: fits anywhere."""
    return _derived(condition, want=True, block=block, columns=columns)


def definition(form: Form) -> dict[str, object]:
    """The JSON durable-rules wants for a form."""
    match form:
        case Probe(op="$eq"):
            return {form.column: form.constant}
        case Probe():
            return {form.op: {form.column: form.constant}}
        case And():
            return {"$and": [definition(part) for part in form.parts]}
        case Or():
            return {"$or": [definition(part) for part in form.parts]}


def groups(form: Form) -> int:
    """And/or groups the form costs."""
    return 0 if isinstance(form, Probe) else 1 + sum(groups(part) for part in form.parts)


def firings(form: Form) -> int:
    """The most firings one fact can cause."""
    match form:
        case Probe():
            return 1
        case And():
            return prod(firings(part) for part in form.parts)
        case Or():
            return form.together


def probes(form: Form) -> Iterable[Probe]:
    """Every test of a form."""
    if isinstance(form, Probe):
        yield form
    else:
        for part in form.parts:
            yield from probes(part)


def within_limits(form: Form) -> bool:
    """Whether the engine holds the form soundly as one rule."""
    return groups(form) <= MAX_GROUPS and firings(form) <= MAX_FIRINGS and sum(1 for _ in probes(form)) <= MAX_PROBES


def may_be_constant(constant: object) -> bool:
    """Whether the engine compares this constant exactly: a short clean text, a number within 62 bits, a yes or no."""
    if isinstance(constant, str):
        return is_short_text(constant) and constant != TEXT_STAND_IN
    return isinstance(constant, int) and -MAX_INT <= constant <= MAX_INT


def is_short_text(text: str) -> bool:
    """Whether a text may be posted: at most 1 KB of valid UTF-8."""
    try:
        return len(text) <= MAX_TEXT_BYTES and len(text.encode()) <= MAX_TEXT_BYTES
    except UnicodeEncodeError:
        return False


def _form(condition: Condition, *, want: bool, block: bool, columns: Columns) -> Form:
    match condition:
        case Not(part=part):
            return _form(part, want=not want, block=block, columns=columns)
        case All(parts=parts) | AnyOf(parts=parts):
            forms = [(part, _form(part, want=want, block=block, columns=columns)) for part in parts]
            join = _and if isinstance(condition, All) is want else _or
            return _fitting(condition, forms, join, want=want, block=block, columns=columns)
        case Compare() if _is_native(condition):
            return _native(condition, want=want, block=block, column=columns.native_key(condition))
        case _:
            return _derived(condition, want=want, block=block, columns=columns)


def _fitting(
    condition: Condition,
    forms: list[tuple[Condition, Form]],
    join: Callable[[Iterable[Form]], Form],
    *,
    want: bool,
    block: bool,
    columns: Columns,
) -> Form:
    """The joined parts; while they exceed a limit, the largest part becomes a derived column, at last the whole."""
    while forms:
        joined = join(form for _, form in forms)
        if within_limits(joined):
            return joined
        largest = max(range(len(forms)), key=lambda place: sum(1 for _ in probes(forms[place][1])))
        part, form = forms[largest]
        if isinstance(form, Probe):
            break
        forms[largest] = (part, _derived(part, want=want, block=block, columns=columns))
    return _derived(condition, want=want, block=block, columns=columns)


def _and(forms: Iterable[Form]) -> Form:
    parts: dict[Form, None] = {}
    for form in forms:
        parts.update(dict.fromkeys(form.parts if isinstance(form, And) else (form,)))
    ordered = sorted(parts, key=lambda part: (isinstance(part, Or), firings(part)))
    return ordered[0] if len(ordered) == 1 else And(tuple(ordered))


def _or(forms: Iterable[Form]) -> Form:
    parts: dict[Form, None] = {}
    together = 0
    for form in dict.fromkeys(forms):
        parts.update(dict.fromkeys(form.parts if isinstance(form, Or) else (form,)))
        together += firings(form)
    return next(iter(parts)) if len(parts) == 1 else Or(tuple(parts), together)


def _derived(condition: Condition, *, want: bool, block: bool, columns: Columns) -> Form:
    while isinstance(condition, Not):
        condition, want = condition.part, not want
    key = columns.derived_key(condition)
    if block:
        return Probe("$neq", key, FALSE if want else TRUE)
    return Probe("$eq", key, TRUE if want else FALSE)


def _is_native(leaf: Compare) -> bool:
    if leaf.operator is Operator.EXISTS:
        return True
    if leaf.operator in {Operator.UNDER, Operator.STARTS_WITH, Operator.CONTAINS, Operator.MATCHES}:
        return False
    if leaf.field.type is FieldType.WORDS or (leaf.field.type is FieldType.CLOCK and leaf.operator is Operator.BETWEEN):
        return False
    kind = column_class(leaf.field.type)
    constants = [plain(value) for value in leaf.values]
    return 0 < len(constants) <= MAX_LIST_VALUES and all(
        type(constant) is kind and may_be_constant(constant) for constant in constants
    )


def column_class(field_type: FieldType) -> type[str | int | bool]:
    """The Python class of a field's values and constants."""
    return str if field_type in _TEXTS else bool if field_type is FieldType.YES_NO else int


_NEGATED: Final = {"$eq": "$neq", "$neq": "$eq", "$lt": "$gte", "$lte": "$gt", "$gte": "$lt", "$gt": "$lte"}
_SINGLE: Final = {
    Operator.IS: "$eq",
    Operator.IS_NOT: "$neq",
    Operator.BELOW: "$lt",
    Operator.AT_MOST: "$lte",
    Operator.AT_LEAST: "$gte",
    Operator.ABOVE: "$gt",
}


def _native(leaf: Compare, *, want: bool, block: bool, column: str) -> Form:
    constants = tuple(dict.fromkeys(plain(value) for value in leaf.values))
    absent = Probe("$nex", column, 1)
    match leaf.operator:
        case Operator.EXISTS:
            return Probe("$ex", column, 1) if bool(constants[0]) is want else absent
        case Operator.IN | Operator.NOT_IN:
            wanted = want is (leaf.operator is Operator.IN)
            op = "$eq" if wanted else "$neq"
            known = (
                _exclusive(*(Probe(op, column, c) for c in constants))
                if wanted
                else _and(Probe(op, column, c) for c in constants)
            )
        case Operator.BETWEEN:
            low, high = (plain(value) for value in leaf.values)
            if want:
                known = _and((Probe("$gte", column, low), Probe("$lte", column, high)))
            elif low <= high:  # type: ignore[operator]
                known = _exclusive(Probe("$lt", column, low), Probe("$gt", column, high))
            else:
                known = _or((Probe("$lt", column, low), Probe("$gt", column, high)))
        case operator:
            op = _SINGLE[operator]
            known = Probe(op if want else _NEGATED[op], column, constants[0])
    if not block:
        return known
    if isinstance(known, Or):
        return Or((absent, *known.parts), known.together)
    return _exclusive(absent, known)


def _exclusive(*parts: Form) -> Form:
    return parts[0] if len(parts) == 1 else Or(parts, 1)

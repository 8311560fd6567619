"""Say whether one condition holds whenever another does, from their shape. Two conditions in; False = cannot tell.

Sound in three-valued logic: when `implies(a, b)`, a true `a` makes `b` true, and an `a` that is not false makes `b` not
false. Steps are counted, so that no file can make the question expensive; once they are used up nothing is claimed.
"""

from collections.abc import Iterable
from typing import Final

from suppress.facts.catalog import is_under
from suppress.facts.fields import OPPOSITES, Field, FieldType, Operator
from suppress.rules.extents import extent, lies_in, without
from suppress.rules.past_implication import past_implies
from suppress.rules.tree import All, AnyOf, Bought, Compare, Condition, Not, Said, Scalar, Sent, Shown

MAX_STEPS: Final = 50_000

_VALUES_A_STEP: Final = 8
"""How many values of a list may be looked at for the price of one step."""


class Implication:
    """Answers `implies` until its steps are used up."""

    def __init__(self, steps: int = MAX_STEPS) -> None:
        self._steps = steps

    @property
    def is_spent(self) -> bool:
        """Whether no more questions are answered."""
        return self._steps <= 0

    def implies(self, first: Condition, second: Condition) -> bool:
        """Whether `second` certainly holds whenever `first` does."""
        self._steps -= 1
        if self._steps < 0:
            return False
        if isinstance(first, AnyOf):
            return all(self.implies(part, second) for part in first.parts)
        if isinstance(second, All):
            return all(self.implies(first, part) for part in second.parts)
        if isinstance(first, All) and any(self.implies(part, second) for part in first.parts):
            return True
        if isinstance(second, AnyOf):
            return any(self.implies(first, part) for part in second.parts)
        if isinstance(first, Not) and isinstance(second, Not):
            return self.implies(second.part, first.part)
        if isinstance(first, Not) and isinstance(first.part, AnyOf | All | Not):
            return self.implies(turned(first.part), second)
        if isinstance(second, Not) and isinstance(second.part, AnyOf | All | Not):
            return self.implies(first, turned(second.part))
        self._steps -= (_values(first) + _values(second)) // _VALUES_A_STEP
        return _leaf_implies(positive(first), positive(second))


def positive(condition: Condition) -> Condition:
    """`not` of a comparison as the opposite comparison; anything else as it is."""
    if not (isinstance(condition, Not) and isinstance(condition.part, Compare)):
        return condition
    part = condition.part
    if part.operator is Operator.EXISTS:
        return Compare(field=part.field, operator=part.operator, values=(not part.values[0],), position=part.position)
    if part.operator not in OPPOSITES:
        return condition
    return Compare(field=part.field, operator=OPPOSITES[part.operator], values=part.values, position=part.position)


def _values(condition: Condition) -> int:
    leaf = condition.part if isinstance(condition, Not) else condition
    return len(leaf.values) if isinstance(leaf, Compare) else 0


def turned(condition: AnyOf | All | Not) -> Condition:
    """The opposite, with `not` moved inwards."""
    match condition:
        case Not(part=part):
            return part
        case All(parts=parts):
            return AnyOf(parts=tuple(Not(part=part, position=part.position) for part in parts))
        case AnyOf(parts=parts):
            return All(parts=tuple(Not(part=part, position=part.position) for part in parts))


def _leaf_implies(first: Condition, second: Condition) -> bool:
    match first, second:
        case Compare(), Compare():
            return first.field.name == second.field.name and (first == second or _compare_implies(first, second))
        case Not(part=Compare() as inner), Compare() if inner.field.name == second.field.name:
            left, wanted = without(inner), extent(second)
            return left is not None and wanted is not None and lies_in(left, wanted)
        case Compare(), Not(part=Compare() as inner) if inner.field.name == first.field.name:
            return excludes(first, inner)
        case ((Bought() | Shown() | Sent() | Said()), (Bought() | Shown() | Sent() | Said())):
            return past_implies(first, second)
        case _:
            return False


def excludes(first: Compare, second: Compare) -> bool:
    """Whether two comparisons of one field are certainly never true of the same value."""
    left, wanted = extent(first), without(second)
    if left is not None and wanted is not None:
        return lies_in(left, wanted)
    if first.field.type is FieldType.WORDS or first.operator not in (Operator.IS, Operator.IN):
        return False
    # A pattern is not tried, so that what does not satisfy it cannot be told.
    tried = second.operator not in (Operator.MATCHES, Operator.EXISTS)
    return tried and not satisfying(first.values, second)


def _compare_implies(first: Compare, second: Compare) -> bool:
    if Operator.EXISTS in (first.operator, second.operator):
        return False
    if first.operator is second.operator is Operator.IS:
        return first.values == second.values
    inner, outer = extent(first), extent(second)
    if inner is not None and outer is not None:
        return lies_in(inner, outer)
    is_one_of = first.operator in (Operator.IS, Operator.IN)
    if is_one_of and first.field.type is FieldType.WORDS:
        return second.operator in (Operator.IS, Operator.IN) and set(first.values) <= set(second.values)
    if is_one_of:
        return len(satisfying(first.values, second)) == len(first.values)
    if second.operator in (Operator.IS_NOT, Operator.NOT_IN) and first.operator in (Operator.IS_NOT, Operator.NOT_IN):
        return set(second.values) <= set(first.values)
    every = closed_values(first.field)
    if first.operator in (Operator.IS_NOT, Operator.NOT_IN) and every is not None:
        left = [value for value in every if value not in first.values]
        return len(satisfying(left, second)) == len(left)
    if first.operator is second.operator is Operator.UNDER:
        return is_under(str(first.values[0]), str(second.values[0]))
    if first.operator is second.operator is Operator.STARTS_WITH:
        return str(first.values[0]).startswith(str(second.values[0]))
    return False


def closed_values(field: Field) -> tuple[Scalar, ...] | None:
    """All values a field can have, where they are few. An attribute that is none of the declared ones is unknown."""
    if field.type is FieldType.YES_NO:
        return (True, False)
    return field.choices if field.type is FieldType.CHOICE else None


def satisfying(values: Iterable[Scalar], compare: Compare) -> list[Scalar]:
    """Those of some known values without order that certainly make a comparison true; none for a pattern."""
    operand = str(compare.values[0])
    match compare.operator:
        case Operator.IS | Operator.IN:
            wanted = frozenset(compare.values)
            return [value for value in values if value in wanted]
        case Operator.IS_NOT | Operator.NOT_IN:
            refused = frozenset(compare.values)
            return [value for value in values if value not in refused]
        case Operator.UNDER:
            return [value for value in values if is_under(str(value), operand)]
        case Operator.STARTS_WITH:
            return [value for value in values if str(value).startswith(operand)]
        case Operator.CONTAINS:
            return [value for value in values if operand in str(value)]
        case _:
            return []

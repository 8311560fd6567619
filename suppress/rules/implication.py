"""Say whether one condition holds whenever another does, from their shape. Two conditions in; False = cannot tell.

Sound in three-valued logic: when `implies(a, b)`, a true `a` makes `b` true, and an `a` that is not false makes `b` not
false. Steps are counted, so that no file can make the question expensive; once they are used up nothing is claimed.
"""

from typing import Final

from suppress.facts.fields import Operator
from suppress.rules.tree import All, AnyOf, Bought, Compare, Condition, Duration, Instant, Not, Scalar

MAX_STEPS: Final = 100_000

_NEGATED: Final = {
    Operator.IS: Operator.IS_NOT,
    Operator.IS_NOT: Operator.IS,
    Operator.IN: Operator.NOT_IN,
    Operator.NOT_IN: Operator.IN,
    Operator.BELOW: Operator.AT_LEAST,
    Operator.AT_LEAST: Operator.BELOW,
    Operator.ABOVE: Operator.AT_MOST,
    Operator.AT_MOST: Operator.ABOVE,
}


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
        return _leaf_implies(positive(first), positive(second))


def positive(condition: Condition) -> Condition:
    """`not` of a comparison as the opposite comparison; anything else as it is."""
    if not (isinstance(condition, Not) and isinstance(condition.part, Compare)):
        return condition
    part = condition.part
    if part.operator is Operator.EXISTS:
        return Compare(field=part.field, operator=part.operator, values=(not part.values[0],), position=part.position)
    if part.operator not in _NEGATED:
        return condition
    return Compare(field=part.field, operator=_NEGATED[part.operator], values=part.values, position=part.position)


def bounds(compare: Compare) -> tuple[int | None, int | None] | None:
    """The least and greatest value that satisfy an ordering; None = no bound, or no ordering at all."""
    if compare.operator is Operator.BETWEEN:
        return size(compare.values[0]), size(compare.values[1])
    at = size(compare.values[0])
    match compare.operator:
        case Operator.BELOW:
            return None, at - 1
        case Operator.AT_MOST:
            return None, at
        case Operator.AT_LEAST:
            return at, None
        case Operator.ABOVE:
            return at + 1, None
        case _:
            return None


def size(value: Scalar) -> int:
    """A number, length or instant as the integer it is ordered by; 0 for what has no order."""
    match value:
        case Duration(us=us) | Instant(us=us):
            return us
        case int():
            return value
        case _:
            return 0


def is_under(path: str, top: str) -> bool:
    """Whether a category is `top` or below it."""
    return path == top or path.startswith(f"{top}/")


def _leaf_implies(first: Condition, second: Condition) -> bool:
    match first, second:
        case Bought(), Bought():
            return _bought_implies(first, second)
        case Compare(), Compare():
            return first.field.name == second.field.name and (first == second or _compare_implies(first, second))
        case _:
            return False


def _compare_implies(first: Compare, second: Compare) -> bool:
    if Operator.EXISTS in (first.operator, second.operator):
        return False
    if first.operator in (Operator.IS, Operator.IN):
        return all(satisfies(value, second) for value in first.values)
    if second.operator in (Operator.IS_NOT, Operator.NOT_IN) and first.operator in (Operator.IS_NOT, Operator.NOT_IN):
        return set(second.values) <= set(first.values)
    inner, outer = bounds(first), bounds(second)
    if inner is not None and outer is not None:
        return _at_least(inner[0], outer[0]) and _at_most(inner[1], outer[1])
    if first.operator is second.operator is Operator.UNDER:
        return is_under(str(first.values[0]), str(second.values[0]))
    if first.operator is second.operator is Operator.STARTS_WITH:
        return str(first.values[0]).startswith(str(second.values[0]))
    return False


def satisfies(value: Scalar, compare: Compare) -> bool:
    """Whether a known value certainly makes a comparison true. False for a pattern: it is not tried."""
    match compare.operator:
        case Operator.IS | Operator.IN:
            return value in compare.values
        case Operator.IS_NOT | Operator.NOT_IN:
            return value not in compare.values
        case Operator.UNDER:
            return is_under(str(value), str(compare.values[0]))
        case Operator.STARTS_WITH:
            return str(value).startswith(str(compare.values[0]))
        case Operator.CONTAINS:
            return str(compare.values[0]) in str(value)
        case _:
            found = bounds(compare)
            if found is None:
                return False
            return _at_least(size(value), found[0]) and _at_most(size(value), found[1])


def _bought_implies(first: Bought, second: Bought) -> bool:
    return (
        first.same == second.same
        and first.at_least >= second.at_least
        and (first.kept or not second.kept)
        and _at_most(first.within.us if first.within else None, second.within.us if second.within else None)
        and (second.not_within.us if second.not_within else 0) <= (first.not_within.us if first.not_within else 0)
    )


def _at_least(value: int | None, bound: int | None) -> bool:
    return bound is None or (value is not None and value >= bound)


def _at_most(value: int | None, bound: int | None) -> bool:
    return bound is None or (value is not None and value <= bound)

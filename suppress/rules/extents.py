"""The values a comparison leaves to an ordered field, as a set of whole numbers. Comparison in, intervals out.

Numbers, lengths of time, instants, times of day and dates are all ordered by a whole number; times of day run in a
circle, so that one comparison may leave two intervals. What a field can never be is left out from the start.
"""

from collections.abc import Iterable
from typing import Final

from suppress.facts.fields import Field, FieldType, Operator
from suppress.facts.instants import US_PER_DAY
from suppress.rules.tree import ClockTime, Compare, Day, Duration, Instant, Scalar

Interval = tuple[int | None, int | None]
"""From the first to the second whole number, both included; None = without end."""

Extent = tuple[Interval, ...]
"""Disjoint intervals in ascending order; none = nothing is left."""

EVERYTHING: Final[Extent] = ((None, None),)

_ORDERED: Final = frozenset({FieldType.NUMBER, FieldType.DURATION, FieldType.INSTANT, FieldType.CLOCK, FieldType.DAY})
_NEVER_NEGATIVE: Final = frozenset(
    {"stock.available_units", "item.price_minor", "item.replenish_days", "message.slots", "message.items_asked",
     "message.items_kept"}
)  # fmt: skip
_COUNTS: Final = "message.kept_of_"
_PERCENT: Final = "percent"


def is_ordered(field: Field) -> bool:
    """Whether the field's values have an order."""
    return field.type in _ORDERED


def limits(field: Field) -> Interval:
    """The least and greatest value an ordered field ever has; None where there is no such bound."""
    if field.type is FieldType.CLOCK:
        return 0, US_PER_DAY - 1
    if field.unit == _PERCENT:
        return 0, 100
    if field.type is FieldType.DURATION or field.base in _NEVER_NEGATIVE or field.name.startswith(_COUNTS):
        return 0, None
    return None, None


def extent(compare: Compare) -> Extent | None:
    """What a comparison leaves of all values the field can have; None when it is no matter of order.

    The field is known whenever the comparison is true, so what is unknown has no place here.
    """
    if compare.field.type not in _ORDERED or compare.operator is Operator.EXISTS:
        return None
    return common(_said(compare), (limits(compare.field),))


def without(compare: Compare) -> Extent | None:
    """What the opposite of a comparison leaves; None when it is no matter of order."""
    if compare.field.type not in _ORDERED or compare.operator is Operator.EXISTS:
        return None
    return common(_others(_said(compare)), (limits(compare.field),))


def common(first: Extent, second: Extent) -> Extent:
    """What lies in both."""
    found = []
    at = other = 0
    while at < len(first) and other < len(second):
        (low, high), (other_low, other_high) = first[at], second[other]
        least = other_low if low is None else low if other_low is None else max(low, other_low)
        most = other_high if high is None else high if other_high is None else min(high, other_high)
        if least is None or most is None or least <= most:
            found.append((least, most))
        if high is not None and (other_high is None or high <= other_high):
            at += 1
        else:
            other += 1
    return tuple(found)


def lies_in(inner: Extent, outer: Extent) -> bool:
    """Whether every value of the first is one of the second."""
    return not common(inner, _others(outer))


def size(value: Scalar) -> int:
    """A number, length, instant, time of day or date as the whole number it is ordered by; 0 for what has no order."""
    match value:
        case Duration(us=us) | Instant(us=us) | ClockTime(us=us):
            return us
        case Day(days=days):
            return days
        case int():
            return value
        case _:
            return 0


def _said(compare: Compare) -> Extent:
    values = [size(value) for value in compare.values]
    first, last = values[0], values[-1]
    match compare.operator:
        case Operator.IS | Operator.IN:
            return _points(values)
        case Operator.IS_NOT | Operator.NOT_IN:
            return _others(_points(values))
        case Operator.BELOW:
            return ((None, first - 1),)
        case Operator.AT_MOST:
            return ((None, first),)
        case Operator.AT_LEAST:
            return ((first, None),)
        case Operator.ABOVE:
            return ((first + 1, None),)
        case Operator.BETWEEN if compare.field.type is FieldType.CLOCK:
            return ((first, last - 1),) if first < last else ((None, last - 1), (first, None))
        case Operator.BETWEEN:
            return ((first, last),)
        case _:
            return EVERYTHING


def _points(values: Iterable[int]) -> Extent:
    return tuple((value, value) for value in sorted(set(values)))


def _others(intervals: Extent) -> Extent:
    """Every whole number that is in none of them."""
    found: list[Interval] = []
    start: int | None = None
    is_open = True
    for low, high in sorted(intervals, key=lambda interval: (interval[0] is not None, interval[0] or 0)):
        if is_open and low is not None and (start is None or start <= low - 1):
            found.append((start, low - 1))
        if high is None:
            is_open = False
        elif is_open:
            start = high + 1 if start is None else max(start, high + 1)
    return (*found, (start, None)) if is_open else tuple(found)

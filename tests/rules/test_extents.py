"""Sets of intervals behave as the sets of whole numbers they stand for; times of day run in a circle."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suppress.facts.fields import FIELDS, Operator
from suppress.facts.instants import US_PER_DAY, US_PER_HOUR
from suppress.rules.extents import EVERYTHING, Extent, common, extent, lies_in, without
from suppress.rules.tree import ClockTime, Compare, Day, Scalar

SPAN = range(-2, 12)


def members(found: Extent) -> set[int]:
    return {n for n in SPAN for low, high in found if (low is None or low <= n) and (high is None or n <= high)}


def comparisons() -> st.SearchStrategy[Compare]:
    numbers = st.integers(0, 9)
    one = st.tuples(numbers)
    by_operator = {
        Operator.IS: one, Operator.IS_NOT: one, Operator.BELOW: one, Operator.AT_MOST: one, Operator.AT_LEAST: one,
        Operator.ABOVE: one,
        Operator.BETWEEN: st.tuples(numbers, numbers).map(sorted).map(tuple),
        Operator.IN: st.lists(numbers, min_size=1, max_size=5, unique=True).map(tuple),
        Operator.NOT_IN: st.lists(numbers, min_size=1, max_size=5, unique=True).map(tuple),
    }  # fmt: skip
    return st.sampled_from(sorted(by_operator)).flatmap(
        lambda operator: by_operator[operator].map(
            lambda values: Compare(field=FIELDS["stock.on_hand"], operator=operator, values=values)
        )
    )


@given(comparisons(), comparisons())
def test_intervals_are_sets(one: Compare, other: Compare) -> None:
    """What two comparisons have in common, and what lies in what, is what sets say."""
    first, second = extent(one), extent(other)
    assert first is not None
    assert second is not None

    assert members(first) & members(second) == members(common(first, second))
    assert (members(first) <= members(second)) == lies_in(first, second)
    assert set(SPAN) - members(first) == members(without(one) or ())


def clock(first: int, second: int) -> Compare:
    values = tuple(ClockTime(hour * US_PER_HOUR, "") for hour in (first, second))
    return Compare(field=FIELDS["message.local_time"], operator=Operator.BETWEEN, values=values)


def test_clocks_run_in_a_circle() -> None:
    """From 22 to 8 is what is left of the day by 8 to 22, without the second of each."""
    night = ((0, 8 * US_PER_HOUR - 1), (22 * US_PER_HOUR, US_PER_DAY - 1))

    assert night == extent(clock(22, 8))
    assert night == without(clock(8, 22))


@pytest.mark.parametrize(
    ("name", "operator", "values", "wanted"),
    [
        ("stock.available_units", Operator.BELOW, (1,), ((0, 0),)),
        ("stock.available_units", Operator.BELOW, (0,), ()),
        ("stock.group_in_stock_share", Operator.ABOVE, (40,), ((41, 100),)),
        ("message.kept_of_sku", Operator.AT_LEAST, (0,), ((0, None),)),
        ("message.local_date", Operator.IS_NOT, (Day(5, ""),), ((None, 4), (6, None))),
        ("stock.on_hand", Operator.EXISTS, (True,), None),
        ("item.brand", Operator.IS, ("a",), None),
    ],
)
def test_what_fields_can_be(name: str, operator: Operator, values: tuple[Scalar, ...], wanted: Extent | None) -> None:
    """Bounds of the field bound what a comparison leaves; what has no order has no extent."""
    assert wanted == extent(Compare(field=FIELDS[name], operator=operator, values=values))


def test_everything_lies_in_everything() -> None:
    """The whole line is in itself and in nothing less."""
    assert lies_in(EVERYTHING, EVERYTHING)
    assert not lies_in(EVERYTHING, ((0, None),))
    assert lies_in((), ())

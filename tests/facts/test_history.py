"""Credits without a link take units off earlier lines of the same sku, newest first."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from suppress.facts.history import OrderLine, settle

line = st.builds(
    OrderLine,
    sku=st.sampled_from(["A", "B"]),
    ordered_at_us=st.integers(0, 5),
    units=st.integers(-3, 4).filter(bool),
    cancelled_units=st.integers(0, 2),
    returned_units=st.integers(0, 2),
    channel=st.sampled_from([None, "web"]),
)


def kept(*lines: OrderLine) -> list[int]:
    """Kept units, oldest line first."""
    return [purchase.kept_units for purchase in settle(lines)[0]]


def test_cancelled_and_returned_units_are_not_kept() -> None:
    """Kept units = units - cancelled - returned, never below 0."""
    assert [2] == kept(OrderLine("A", 1, 5, cancelled_units=1, returned_units=2))
    assert [0] == kept(OrderLine("A", 1, 1, returned_units=3))


def test_credit_takes_the_newest_earlier_line_first() -> None:
    """Of two purchases the younger one is what came back, and the rest is taken from the one before."""
    old, new, credit = OrderLine("A", 1, 2), OrderLine("A", 2, 2), OrderLine("A", 3, -3)

    assert [1, 0] == kept(old, new, credit)


def test_credit_never_touches_later_lines_or_other_skus() -> None:
    """What was bought after the credit, or is another sku, stays; the credit is reported as unmatched."""
    credit, later, other = OrderLine("A", 1, -2), OrderLine("A", 2, 2), OrderLine("B", 0, 2)
    purchases, unmatched = settle([credit, later, other])

    assert {("A", 2), ("B", 2)} == {(p.line.sku, p.kept_units) for p in purchases}
    assert [(credit, 2)] == unmatched


def test_credit_at_the_same_moment_matches() -> None:
    """A sale and its credit booked at the same instant cancel out."""
    assert [0] == kept(OrderLine("A", 1, 1), OrderLine("A", 1, -1))


@given(st.lists(line, max_size=8), st.randoms())
def test_order_of_arrival_does_not_matter(lines: list[OrderLine], rng: Random) -> None:
    """However the lines come, the same units are kept and the same credits stay unmatched."""
    shuffled = rng.sample(lines, len(lines))
    there, back = settle(lines), settle(shuffled)

    assert sorted((p.line[:5], p.kept_units) for p in there[0]) == sorted((p.line[:5], p.kept_units) for p in back[0])
    assert sorted((u.line[:5], u.units) for u in there[1]) == sorted((u.line[:5], u.units) for u in back[1])


@given(st.lists(line, max_size=8))
def test_units_are_never_invented_or_lost(lines: list[OrderLine]) -> None:
    """Kept units plus credited units are what was kept before credits; nothing falls below 0."""
    purchases, unmatched = settle(lines)
    before = sum(max(0, one.units - one.cancelled_units - one.returned_units) for one in lines if one.units > 0)
    credited = -sum(one.units for one in lines if one.units < 0) - sum(one.units for one in unmatched)

    assert before - credited == sum(purchase.kept_units for purchase in purchases)
    assert all(purchase.kept_units >= 0 for purchase in purchases)

"""Positions of lines in their orders."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from suppress.intake.positions import Positions


@given(
    batches=st.lists(st.lists(st.sampled_from(["a", "b", "c", "d", "e", None]), max_size=10), max_size=10),
    recent=st.integers(1, 4),
)
def test_positions_are_exact_however_little_is_remembered(batches: list[list[str | None]], recent: int) -> None:
    """Each line gets how many lines of its order came before it, plus one, even when most orders are spilled."""
    seen: Counter[str] = Counter()
    with Positions(recent_orders=recent) as positions:
        for batch in batches:
            expected = []
            for order_id in batch:
                if order_id is not None:
                    seen[order_id] += 1
                expected.append("" if order_id is None else str(seen[order_id]))

            assert expected == positions.count(batch)


def test_two_orders_that_share_a_bit_are_told_apart() -> None:
    """The bitmap only saves look-ups: many thousand spilled orders keep their own counts."""
    orders = [f"O{n}" for n in range(20_000)]
    with Positions(recent_orders=100) as positions:
        assert ["1"] * 20_000 == positions.count(orders)
        assert ["2"] * 20_000 == positions.count(orders[::-1])
        assert ["3", "1"] == positions.count(["O77", "new"])

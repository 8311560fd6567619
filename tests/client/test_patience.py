"""Pauses grow, are drawn at random, respect what the service says, and fit into what is left."""

import pytest

from suppress.client.patience import Patience
from tests.serving.stand_ins import NOW


def patience(draw: float = 1.0, tries: int = 10) -> Patience:
    return Patience(total_s=9.0, tries=tries, draw=lambda: draw, wall_s=NOW.timestamp)


def test_pauses_double_up_to_a_bound() -> None:
    """The longest is a second; all of it is chance."""
    assert [0.1, 0.2, 0.4, 0.8, 1.0, 1.0] == [patience().pause_s(failed, 9.0) for failed in range(1, 7)]
    assert [0.0, 0.05] == [patience(draw).pause_s(1, 9.0) for draw in (0.0, 0.5)]


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("2", 2.1), (" 0 ", 0.1), ("8", 8.1), ("9", None), ("-1", 0.1), ("soon", 0.1), ("", 0.1),
        ("Sun, 22 Nov 2026 09:00:03 GMT", 3.1), ("Sun, 22 Nov 2026 08:59:00 GMT", 0.1), ("²", 0.1),
    ],
)  # fmt: skip
def test_what_the_service_says_is_the_least(told: str, expected: float | None) -> None:
    """Seconds or a date; nonsense says nothing; what does not fit into the time left is no try at all."""
    assert (None if expected is None else pytest.approx(expected)) == patience().pause_s(1, 9.0, told)


def test_tries_are_bounded() -> None:
    """After the last one there is no pause."""
    assert [0.1, 0.2, None] == [patience(tries=3).pause_s(failed, 9.0) for failed in (1, 2, 3)]

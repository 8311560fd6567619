"""After failures in a row nobody asks but a trial, until one succeeds."""

from suppress.serving.breaker import Breaker


def test_it_opens_after_failures_in_a_row_alone() -> None:
    """A success in between starts the count anew."""
    breaker = Breaker(failures=3)
    seen = []
    for succeeds in (False, False, True, False, False, False):
        if succeeds:
            breaker.succeeded()
        else:
            breaker.failed(0)
        seen.append(breaker.is_open)

    assert [False] * 5 + [True] == seen
    assert 1 == breaker.opened


def test_open_it_lets_one_try_at_a_time() -> None:
    """The first trial is due after a while, and the next as long after it; a success closes it."""
    breaker = Breaker(failures=1, trial_every_us=10)
    breaker.failed(100)

    assert [False, True, False, False, True] == [breaker.is_trial_due(at_us) for at_us in (109, 110, 110, 119, 120)]
    breaker.failed(121)
    assert (True, 1) == (breaker.is_open, breaker.opened)
    breaker.succeeded()
    assert (False, False) == (breaker.is_open, breaker.is_trial_due(1_000))

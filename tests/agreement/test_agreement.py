"""Random rulesets x shops x messages: reference, durable-rules and the naive oracle give the same decision."""

import os
from random import Random

from hypothesis import given, seed, settings
from hypothesis import strategies as st

from tests.agreement.compare import check_cases
from tests.conftest import LONG, SEED

CASES = int(os.environ.get("SUPPRESS_AGREEMENT_CASES") or 20_000)
CASES_PER_RULESET = 10


@seed(SEED)
@settings(LONG, max_examples=CASES // CASES_PER_RULESET)
@given(st.randoms(use_true_random=False))
def test_engines_agree(rng: Random) -> None:
    """Both engines give identical decisions, and the naive oracle the same rules, items and verdict."""
    check_cases(rng, shops=2, messages=CASES_PER_RULESET // 2)

"""Random rulesets x shops x campaigns: a scan writes what the reference and durable-rules decide for every message."""

import os
from random import Random

from hypothesis import given, seed, settings
from hypothesis import strategies as st

from tests.conftest import LONG, SEED
from tests.scan.compare import check_campaign

MESSAGES = int(os.environ.get("SUPPRESS_SCAN_MESSAGES") or 5_000)
MESSAGES_PER_CAMPAIGN = 200
FALLING_SHARE = 4
DICE = st.integers(min_value=0, max_value=2**63)
"""A whole campaign takes more dice than Hypothesis hands out one by one; it draws what they start from."""


@seed(SEED)
@settings(LONG, max_examples=MESSAGES // MESSAGES_PER_CAMPAIGN - MESSAGES // MESSAGES_PER_CAMPAIGN // FALLING_SHARE)
@given(DICE)
def test_a_scan_decides_as_check_does(dice: int) -> None:
    """Every row of a scan of a random campaign is what both engines decide for the message, whatever the buckets."""
    check_campaign(Random(dice), MESSAGES_PER_CAMPAIGN)


@seed(SEED)
@settings(LONG, max_examples=MESSAGES // MESSAGES_PER_CAMPAIGN // FALLING_SHARE)
@given(DICE)
def test_dates_in_columns_are_those_of_the_engine(dice: int) -> None:
    """Where rules can only ever end, columns tell to the microsecond when a dropped item could be shown again."""
    check_campaign(Random(dice), MESSAGES_PER_CAMPAIGN, falling=True)

"""The demo's counts are right: a second count, made without `suppress`, comes to the same."""

from pathlib import Path

import pytest

from scripts.demonstration import derive
from scripts.demonstration.run import Outcome, check, load
from scripts.demonstration.tables import Tables
from tests.recount import recount

CAMPAIGNS = (9, 22)
RULES = Path(__file__).parent.parent / "rulesets" / "grocery.yaml"


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """The demo's own way for two campaigns, with all order lines of the households they target."""
    folder = tmp_path_factory.mktemp("demo")
    tables = Tables()
    campaigns = [campaign for campaign in tables.campaigns() if campaign.campaign_id in CAMPAIGNS]
    outcome = load(tables, folder, {household for campaign in campaigns for household in campaign.households})
    check(outcome, tables, campaigns, RULES, folder)
    return outcome


@pytest.mark.parametrize("campaign_id", CAMPAIGNS)
def test_counts_are_those_of_a_second_count(outcome: Outcome, campaign_id: int) -> None:
    """Messages, items, kept items, drops and silenced messages per deciding rule equal an independent recount."""
    expected = recount(campaign_id, RULES)

    counted = outcome.tally.by_campaign[campaign_id]

    assert expected.messages == counted.messages
    assert expected.items == counted.items
    assert expected.kept == counted.kept
    assert expected.dropped == counted.dropped
    assert expected.suppressed == counted.suppressed


def test_every_message_is_decided_by_durable_rules(outcome: Outcome) -> None:
    """No engine fault, no unreadable facts: durable-rules decides every message."""
    assert {"durable": outcome.tally.total.messages} == dict(outcome.tally.engines)
    assert (0, 0) == (outcome.faults, outcome.unreadable)


def test_lines_of_no_units_are_refused_and_reported(outcome: Outcome) -> None:
    """Order lines with quantity 0 are refused for their units and for nothing else; all others are loaded."""
    told = outcome.imported["orders"]

    assert 0 < told["refused"]
    assert {"units": told["refused"]} == told["refused_by_column"]
    assert told["rows_read"] == told["applied"] + told["refused"]
    assert Path(told["rejects"]).exists()


def test_synthetic_stock_is_seeded_and_says_what_it_is(tmp_path: Path) -> None:
    """The made-up stock is the same every time, and both its file and its location say that it is made up."""
    starts_at = Tables().campaigns()[0].starts_at
    skus = {str(sku) for sku in range(1, 1001)}

    first = derive.write_synthetic_stock(starts_at, skus, tmp_path)
    text = first.read_text()
    again = derive.write_synthetic_stock(starts_at, skus, tmp_path).read_text()

    assert text == again
    assert "SYNTHETIC" in first.name
    assert all(",SYNTHETIC," in row for row in text.splitlines()[1:])
    assert 900 < len(text.splitlines()) < 1000

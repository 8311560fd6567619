"""The demo's scan is right: what `check` says to the same messages, and a second count of what it offers."""

import json
import re
from pathlib import Path

import duckdb
import pytest

from scripts.demonstration import campaigns_scan
from scripts.demonstration.campaigns_scan import Scanned, offered
from scripts.demonstration.compare import compare
from scripts.demonstration.messages import MOST_ITEMS, Draft, drafts
from scripts.demonstration.offers import MOST_OFFERED, write_every_offer
from scripts.demonstration.run import Outcome, load
from scripts.demonstration.tables import Campaign, Tables

CAMPAIGNS = (15, 25)
LARGE_CAMPAIGN = 22
RULES = Path(__file__).parent.parent / "rulesets" / "grocery.yaml"


def chosen(tables: Tables, *numbers: int) -> list[Campaign]:
    """Some of the campaigns, in order of their start."""
    return [campaign for campaign in tables.campaigns() if campaign.campaign_id in numbers]


def made(tables: Tables, campaigns: list[Campaign]) -> list[Draft]:
    """The demo's messages of these campaigns."""
    return [draft for campaign in campaigns for draft in drafts(tables, campaign)]


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Tables, Outcome, Path]:
    """A store with all order lines of the households of two campaigns."""
    folder = tmp_path_factory.mktemp("scan-demo")
    tables = Tables()
    outcome = load(tables, folder, {each for campaign in chosen(tables, *CAMPAIGNS) for each in campaign.households})
    return tables, outcome, folder


@pytest.fixture(scope="module")
def scanned(loaded: tuple[Tables, Outcome, Path]) -> Scanned:
    """The demo's own way for two campaigns, every message compared."""
    tables, outcome, folder = loaded
    campaigns = chosen(tables, *CAMPAIGNS)
    return campaigns_scan.scan(outcome, tables, campaigns, made(tables, campaigns), RULES, folder, pairs=1_000_000)


def test_every_pair_is_as_checked(loaded: tuple[Tables, Outcome, Path], scanned: Scanned) -> None:
    """All messages of both campaigns are compared with check, whole, and nothing differs."""
    drafted = made(loaded[0], chosen(loaded[0], *CAMPAIGNS))

    assert () == scanned.agreement.differences
    assert len(drafted) == scanned.agreement.messages
    assert sum(len(draft.items) for draft in drafted) == scanned.agreement.pairs


def test_stock_is_stated_for_all_that_is_offered(scanned: Scanned) -> None:
    """Of 1,000 made-up figures about 30 are left out: no more of the items are dropped because nobody knows of any."""
    report = json.loads((scanned.out / "report.json").read_text())
    decided = {each["rule"]: each["decided"] for each in report["figures"]}

    assert 0 < decided["stock-not-known"] / report["items"]["asked"] < 0.06


def test_the_report_is_there_and_told(scanned: Scanned) -> None:
    """The scan ends with its report, and the summary counts the messages of the file."""
    count = len(scanned.out.joinpath("send.csv").read_text().splitlines()) - 1

    assert (scanned.out / "report.html").exists()
    assert re.search(rf"messages, {count:,} go out", scanned.told)


def test_a_difference_is_seen(loaded: tuple[Tables, Outcome, Path], scanned: Scanned, tmp_path: Path) -> None:
    """One kept item made a dropped one, and one date shifted by a microsecond: both are told, and nothing else."""
    outcome, folder = loaded[1:]
    for table in ("messages", "items"):
        change = {
            "messages": "*",
            "items": "* REPLACE (CASE WHEN kept_no = 1 THEN 'drop' ELSE verdict END AS verdict, CASE WHEN again_no = 1"
            " THEN eligible_again_at + INTERVAL 1 MICROSECOND ELSE eligible_again_at END AS eligible_again_at)",
        }[table]
        numbered = (
            f"SELECT *, row_number() OVER (PARTITION BY verdict ORDER BY message_id, position)"
            " * CAST(verdict = 'keep' AS INTEGER) AS kept_no, row_number() OVER (PARTITION BY eligible_again_at IS NULL"
            " ORDER BY message_id, position) * CAST(eligible_again_at IS NOT NULL AS INTEGER) AS again_no"
            f" FROM read_parquet('{scanned.out / table}.parquet')"
        )
        source = {"messages": f"read_parquet('{scanned.out / table}.parquet')", "items": f"({numbered})"}[table]
        duckdb.sql(f"COPY (SELECT {change} FROM {source}) TO '{tmp_path / table}.parquet' (FORMAT parquet)")

    told = compare(outcome.database, RULES, folder / "messages.parquet", tmp_path, pairs=1_000_000)

    assert 2 == len(told.differences)
    assert ["again_us", "verdict"] == sorted(re.findall(r": (\w+) is ", "\n".join(told.differences)))
    assert "DIFFERENT" in str(told)


def test_large_offers_are_several_messages(tmp_path: Path) -> None:
    """Every household is offered every product there are coupons for, once, at most a thousand in one message."""
    tables = Tables()
    campaigns = chosen(tables, LARGE_CAMPAIGN)

    folder = write_every_offer(tables, campaigns, tmp_path / "offers")

    rows = duckdb.sql(f"SELECT customer_id, slots, items FROM read_parquet('{folder}/*.parquet')").fetchall()
    found: dict[str, list[str]] = {}
    for customer, _, items in rows:
        found.setdefault(customer, []).extend(items)
    assert {str(household) for household in campaigns[0].households} == set(found)
    assert {tuple(sorted(offered(tables, campaigns)))} == {tuple(sorted(items)) for items in found.values()}
    assert {MOST_ITEMS} == {slots for _, slots, _ in rows}
    assert MOST_OFFERED == max(len(items) for _, _, items in rows)


def test_every_offer_can_be_scanned(loaded: tuple[Tables, Outcome, Path]) -> None:
    """With all products of a campaign, a scan and check agree on whole messages as well."""
    tables, outcome, folder = loaded
    campaigns = chosen(tables, CAMPAIGNS[0])

    told = campaigns_scan.scan(outcome, tables, campaigns, [], RULES, folder / "every", every_offer=True, pairs=200)

    assert () == told.agreement.differences
    assert 200 <= told.agreement.pairs

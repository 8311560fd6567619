"""`suppress scan --reserve`: what a campaign gets of limited stock is kept for it, and nobody else gets it too."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pyarrow.parquet as pq
import pytest

from suppress.decisions.report import ScanReport
from suppress.facts.instants import from_us
from suppress.facts.records import ProductRecord, StockRecord
from suppress.facts.snapshot import Source
from suppress.scanning import ScanRequest, StoreShares, scan, shares_of
from suppress.stores.database import Database
from suppress.stores.lake import open_lake
from suppress.stores.lake_rebuild import rebuild
from suppress.stores.load import Loader
from suppress.stores.reservations import Reservation, Reservations
from suppress.stores.schema import upgrade
from tests.stores.servers import postgresql_server

AS_OF_US = 1_763_800_000_000_000
UNITS = 7
SKUS = tuple(f"s{number}" for number in range(5))
MESSAGES = 30
RULES = """\
version: 1
ruleset: shop
codes: {promised_to_others: kept for somebody else}
rules:
  - id: enough-for-all
    limit: {messages_per_unit: 1}
    code: promised_to_others
    when: {stock.available_units: {exists: true}}
  - id: nothing-left
    suppress: message
    code: too_few_items
    when: {message.items_kept: {below: 1}}
"""
MAIN = [sys.executable, "-W", "ignore", "-c", "from suppress.cli import main; main()"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """A store with little stock, its lake, and campaigns that want more than there is."""

    root: Path
    url: str

    def command(self, campaign: str, *more: str) -> list[str]:
        """The command line of a scan, in place of one of the campaign before."""
        self.clear(campaign)
        return [
            *MAIN, "scan", str(self.campaign(campaign)), "--out", str(self.root / f"out-{campaign}"), "--campaign",
            campaign, "--database", self.url, "--lake", str(self.root / "lake"), "--rules", str(self.root / "rules"),
            "--memory", "300MB", "--threads", "1", "--as-of", from_us(AS_OF_US).isoformat(), *more,
        ]  # fmt: skip

    def clear(self, campaign: str) -> None:
        """Remove its output."""
        shutil.rmtree(self.root / f"out-{campaign}", ignore_errors=True)

    def campaign(self, name: str) -> Path:
        """Its messages."""
        dice, file = Random(name), self.root / f"{name}.jsonl"
        with file.open("w") as text:
            for number in range(MESSAGES):
                items = [{"sku": sku, "score": dice.random()} for sku in dice.sample(SKUS, 2)]
                told = {"message_id": f"{name}-{number}", "customer_id": f"c{number}", "campaign_id": name}
                text.write(json.dumps({**told, "items": items, "replacements": [dice.choice(SKUS)]}) + "\n")
        return file

    def run(self, campaign: str, *more: str) -> subprocess.CompletedProcess[str]:
        """The scan, to its end."""
        return subprocess.run(self.command(campaign, *more), capture_output=True, text=True, check=False)

    def used(self, campaign: str) -> dict[str, int]:
        """sku -> places the campaign's output says it uses."""
        rows = pq.read_table(self.root / f"out-{campaign}" / "budgets.parquet").to_pylist()
        assert all(UNITS == row["budget"] for row in rows)
        return {row["sku"]: row["used"] for row in rows if row["used"]}

    def live(self, at_us: int = 0, *, besides: str | None = None) -> dict[str, int]:
        """sku -> reserved places."""
        with Database.open(self.url) as database:
            return Reservations(database).live(at_us, except_campaign=besides)


@contextmanager
def a_shop(root: Path, url: str) -> Iterator[Shop]:
    """Fill a database."""
    (root / "rules").mkdir()
    (root / "rules" / "shop.yaml").write_text(RULES)
    with Database.open(url, require_schema=False) as database:
        upgrade(database)
        with Loader(database, Source.STOCK) as loader:
            loader.write([StockRecord(sku, "all", UNITS, 0, 0, None, None, None, AS_OF_US) for sku in SKUS])
            loader.finish(AS_OF_US)
        with Loader(database, Source.PRODUCTS) as loader:
            rest = (None, None, "active", None, None, None, "[]", "{}", AS_OF_US)
            loader.write([ProductRecord(sku, sku, None, *rest) for sku in SKUS])
            loader.finish(AS_OF_US)
        rebuild(database, root / "lake")
    yield Shop(root=root, url=url)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    if request.param == "sqlite":
        with a_shop(tmp_path, f"sqlite:///{tmp_path}/shop.db") as made:
            yield made
        return
    with postgresql_server() as url, a_shop(tmp_path, url) as made:
        yield made


def test_campaigns_at_once_never_share_a_unit(shop: Shop) -> None:
    """Two processes that scan at the same moment together reserve all there is of each sku, and no more."""
    both = ("winter", "spring")
    running = [
        subprocess.Popen(shop.command(name, "--reserve"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for name in both
    ]
    ended = [(one.communicate(), one.returncode) for one in running]
    used = [shop.used(name) for name in both]

    assert [0, 0] == [status for _, status in ended], ended
    assert dict.fromkeys(SKUS, UNITS) == shop.live()
    assert [used[1], used[0]] == [shop.live(besides=name) for name in both]
    assert all(UNITS == used[0].get(sku, 0) + used[1].get(sku, 0) for sku in SKUS)

    told = ScanReport.from_dict(json.loads((shop.root / "out-winter" / "report.json").read_text()))

    assert told.budgets is not None
    assert sum(used[0].values()) == told.budgets.used


@pytest.mark.parametrize("shop", ["sqlite"], indirect=True)
def test_released_places_are_free(shop: Shop) -> None:
    """A campaign takes all; the next gets nothing until the first is released, and then gets as much."""
    assert 0 == shop.run("winter", "--reserve").returncode
    assert dict.fromkeys(SKUS, UNITS) == shop.live()
    assert 0 == shop.run("spring", "--reserve").returncode
    assert {} == shop.used("spring")

    # A campaign scanned again is not in its own way.
    again = shop.run("winter", "--reserve", "--reserve-hours", "1")

    assert (0, dict.fromkeys(SKUS, UNITS)) == (again.returncode, shop.used("winter"))

    released = subprocess.run(
        [*MAIN, "release", "winter", "--database", shop.url], capture_output=True, text=True, check=False
    )

    assert 0 == released.returncode
    assert {} == shop.live()
    assert 0 == shop.run("spring").returncode
    assert dict.fromkeys(SKUS, UNITS) == shop.used("spring")
    assert {} == shop.live()


@pytest.mark.parametrize("shop", ["sqlite"], indirect=True)
def test_expired_places_are_free(shop: Shop) -> None:
    """What was reserved for an hour holds others off for that hour."""
    at_us = AS_OF_US
    with open_lake(shop.root / "lake") as lake:

        def decide(campaign: str, now_us: int) -> ScanReport:
            shop.clear(campaign)
            request = ScanRequest(
                messages=shop.campaign(campaign),
                out=shop.root / f"out-{campaign}",
                rules=shop.root / "rules",
                facts=lake.folder,
                lake=lake,
                campaign=campaign,
                as_of=from_us(AS_OF_US),
            )
            with shares_of(shop.url, campaign, reserve_hours=1, clock=lambda: from_us(now_us)) as shares:
                return scan(request, shares=shares).report

        assert 0 < decide("winter", at_us).verdicts.send
        assert 0 == decide("spring", at_us + 3_599_999_999).verdicts.send
        assert 0 < decide("spring", at_us + 3_600_000_000).verdicts.send


@pytest.mark.parametrize("shop", ["sqlite"], indirect=True)
def test_who_comes_in_between_keeps_his(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Places another campaign reserves while this one allocates are not given away: it allocates anew without them."""
    reserve, attempts = StoreShares.reserve, []

    def later(self: StoreShares, *given: object) -> dict[str, int]:
        attempts.append(given)
        if len(attempts) == 1:
            with Database.open(shop.url) as database:
                theirs = [Reservation("m", "c", "s0", UNITS - 2)]
                assert {} == Reservations(database).reserve_many("rival", theirs, {}, AS_OF_US, 2**61)
        return reserve(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(StoreShares, "reserve", later)
    with open_lake(shop.root / "lake") as lake:
        request = ScanRequest(
            messages=shop.campaign("winter"),
            out=shop.root / "out-winter",
            rules=shop.root / "rules",
            facts=lake.folder,
            lake=lake,
            campaign="winter",
            as_of=from_us(AS_OF_US),
        )
        with shares_of(shop.url, "winter", reserve_hours=1, clock=lambda: from_us(AS_OF_US)) as shares:
            scan(request, shares=shares)
    used = shop.used("winter")

    assert 2 == len(attempts)
    assert used.get("s0", 0) <= 2
    assert used == shop.live(AS_OF_US, besides="rival")


def test_who_reserves_names_a_campaign(tmp_path: Path) -> None:
    """--reserve without --campaign is an error of usage, before anything is read."""
    (tmp_path / "m.jsonl").write_text("")
    command = [*MAIN, "scan", str(tmp_path / "m.jsonl"), "--out", str(tmp_path / "out"), "--reserve"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)

    assert 2 == ended.returncode
    assert "--reserve needs --campaign" in ended.stderr
    assert not (tmp_path / "out").exists()

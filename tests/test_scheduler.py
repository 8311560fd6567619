"""What the scheduler makes of schedules, with a clock that is set by hand and scans that are only written down."""

import json
import shutil
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from apscheduler.jobstores.memory import MemoryJobStore

from suppress.facts.instants import to_us
from suppress.scheduler import Scheduler
from suppress.scheduler.alarms import alarms_for
from suppress.schedules.order import ScanEnd, ScanOrder, ScanSummary, Stop
from suppress.schedules.reading import parse_schedules
from suppress.schedules.schedule import Query, Schedule
from suppress.stores.database import Database
from suppress.stores.runs import RunStore

MAIL = """
- name: mail
  messages: campaigns/{date}.jsonl
  ruleset: shop
  when: {cron: "0 9 * * mon-fri", zone: Europe/Zurich}
  before: [60 minutes, 5 minutes]
"""


def read(text: str, folder: Path = Path("/shop")) -> tuple[Schedule, ...]:
    schedules, problems = parse_schedules(text.encode(), "schedules.yaml", folder)
    assert () == problems
    return schedules


class Shop:
    """One schedule file on one database, a clock that is set by hand, and scans that are only written down."""

    def __init__(self, database: Database, text: str, folder: Path) -> None:
        self.store = RunStore(database)
        self.now_us = 0
        self.orders: list[ScanOrder] = []
        self.ends: list[ScanEnd] = []
        self.spooled: list[str] = []
        self.scheduler = self.another(read(text, folder))

    def another(self, schedules: tuple[Schedule, ...], owner: str = "A") -> Scheduler:
        return Scheduler(
            schedules, self.store, self.scan, owner=owner, spool=self.spool, clock=lambda: self.now_us, tell=print
        )

    def scan(self, order: ScanOrder, stop: Stop) -> ScanEnd:
        assert not stop.is_set()
        self.orders.append(order)
        if not self.ends:
            order.out.mkdir()
        return self.ends.pop(0) if self.ends else ScanEnd(outcome="complete", summary=ScanSummary(messages=7, sent=5))

    def spool(self, query: Query, path: Path) -> int:
        self.spooled.append(query.sql)
        path.write_text("{}\n")
        return 1

    def at(self, text: str) -> None:
        """Let it be that time (UTC) and run what is due."""
        self.now_us = to_us(datetime.fromisoformat(text).replace(tzinfo=UTC))
        self.scheduler.run_due()

    def states(self) -> dict[str, str]:
        return {run.run_id: run.state for run in self.store.runs()}


@pytest.fixture
def database(sqlite_template: Path, tmp_path: Path) -> Iterator[Database]:
    """An open database with all tables; what is kept in it is tried on both kinds in `stores/test_runs.py`."""
    shutil.copy(sqlite_template, tmp_path / "runs.db")
    with Database.open(f"sqlite:///{tmp_path}/runs.db") as opened:
        yield opened


@pytest.fixture
def shop(database: Database, tmp_path: Path) -> Shop:
    return Shop(database, MAIL, tmp_path)


def test_a_day(shop: Shop, tmp_path: Path) -> None:
    """A full scan an hour before the send, a delta on its output five minutes before, both as of the send."""
    for time_ in ("06:00", "07:59", "08:00", "08:01", "08:55", "09:00", "12:00"):
        shop.at(f"2026-07-01T0{int(time_[:2]) - 2}:{time_[3:]}" if time_ < "12" else "2026-07-01T10:00")

    send_us = to_us(datetime(2026, 7, 1, 7, tzinfo=UTC))
    folder = tmp_path / "scans/mail/2026-07-01-0900"
    assert [
        ("mail-20260701T0900-1h", folder / "1h", None),
        ("mail-20260701T0900-5min", folder / "5min", folder / "1h"),
    ] == [(order.run_id, order.out, order.previous) for order in shop.orders]
    assert [(tmp_path / "campaigns/2026-07-01.jsonl", send_us, "shop", False)] * 2 == [
        (order.messages, order.as_of_us, order.ruleset, order.resume) for order in shop.orders
    ]
    assert {"done"} == set(shop.states().values())
    assert [("mail", datetime(2026, 7, 2, 6, tzinfo=UTC))] == [
        (scan.schedule, datetime.fromtimestamp((scan.slot_us or 0) / 1e6, UTC)) for scan in shop.store.upcoming()
    ]


@pytest.mark.parametrize(
    ("seen_first", "wanted"),
    [
        pytest.param("2026-07-01T05:59", [], id="before the first scan"),
        pytest.param("2026-07-01T06:30", ["mail-20260701T0900-1h"], id="the send lies ahead: scan now"),
        pytest.param("2026-07-01T06:57", ["mail-20260701T0900-5min"], id="only the latest scan"),
        pytest.param("2026-07-01T07:00", [], id="the send is over"),
    ],
)
def test_a_schedule_never_seen_before(shop: Shop, seen_first: str, wanted: list[str]) -> None:
    """A new schedule begins with the scan of a send that still lies ahead; what is past is neither run nor missed."""
    shop.at(seen_first)

    assert wanted == [order.run_id for order in shop.orders] == list(shop.states())


def test_back_after_days(shop: Shop) -> None:
    """After two days away the latest scan is run, late; the older ones are written down as missed."""
    shop.at("2026-07-01T05:00")
    shop.at("2026-07-03T06:10")

    assert ["mail-20260703T0900-1h"] == [order.run_id for order in shop.orders]
    assert {
        "mail-20260703T0900-1h": "done",
        "mail-20260702T0900-5min": "missed",
        "mail-20260702T0900-1h": "missed",
        "mail-20260701T0900-5min": "missed",
        "mail-20260701T0900-1h": "missed",
    } == shop.states()
    late = shop.store.run("mail-20260703T0900-1h")
    assert late is not None
    assert 600 * 1_000_000 == late.late_us


def test_a_scan_that_could_not_build_on_another_is_full(shop: Shop) -> None:
    """When the first scan of a send failed the second is a full one."""
    shop.ends.append(ScanEnd(outcome="stale facts", reason="stock of yesterday"))
    for at in ("05:00", "06:00", "06:55"):
        shop.at(f"2026-07-01T{at}")

    assert [None, None] == [order.previous for order in shop.orders]
    first, second = (shop.store.run(order.run_id) for order in shop.orders)
    assert first is not None
    assert second is not None
    assert ("failed", "stale facts", "stock of yesterday") == (first.state, first.outcome, first.reason)
    assert ("done", "full") == (second.state, second.kind)


def test_a_failed_run_runs_again_when_asked(shop: Shop) -> None:
    """A rerun takes up what was left, with the same order otherwise."""
    shop.ends.append(ScanEnd(outcome="failed", reason="no space left"))
    shop.at("2026-07-01T05:00")
    shop.at("2026-07-01T06:00")
    shop.store.ask_again("mail-20260701T0900-1h")
    shop.at("2026-07-01T06:20")

    assert [False, True] == [order.resume for order in shop.orders]
    assert ["done"] == list(shop.states().values())


def test_a_scan_that_raises_is_a_failed_run(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a scan throws becomes the reason of its failure, and the next one runs."""

    def broken(order: ScanOrder, _: Stop) -> ScanEnd:
        shop.orders.append(order)
        raise ValueError("nobody thought of this")

    monkeypatch.setattr(shop.scheduler, "_scan", broken)
    for at in ("05:00", "06:00", "06:55"):
        shop.at(f"2026-07-01T{at}")

    assert 2 == len(shop.orders)
    run = shop.store.run("mail-20260701T0900-1h")
    assert run is not None
    assert ("failed", "ValueError: nobody thought of this") == (run.state, run.reason)


def test_messages_of_a_query(database: Database, tmp_path: Path) -> None:
    """Messages asked of the store are written to a file beside the output, which goes once the scan is done."""
    text = MAIL.replace("campaigns/{date}.jsonl", '{query: "select 1 as message_id"}')
    shop = Shop(database, text, tmp_path)
    shop.ends.append(ScanEnd(outcome="failed", reason="x"))
    for at in ("05:00", "06:00", "06:55"):
        shop.at(f"2026-07-01T{at}")

    assert ["select 1 as message_id"] * 2 == shop.spooled
    assert ["1h.messages.jsonl", "5min.messages.jsonl"] == [order.messages.name for order in shop.orders]
    assert [True, False] == [order.messages.exists() for order in shop.orders]


def test_somebody_is_told(database: Database, tmp_path: Path) -> None:
    """A command gets each end as JSON, missed scans too; one that fails is written down and fails no run."""
    tell = f"import sys; open({str(tmp_path / 'told')!r}, 'a').write(sys.stdin.read() + chr(10)); sys.exit(3)"
    shop = Shop(database, f"{MAIL}  notify: {{command: [{sys.executable}, -c, {json.dumps(tell)}]}}", tmp_path)
    shop.at("2026-07-01T05:00")
    shop.at("2026-07-01T06:57")

    told = [json.loads(line) for line in (tmp_path / "told").read_text().splitlines()]
    assert {("mail-20260701T0900-1h", "missed"), ("mail-20260701T0900-5min", "done")} == {
        (about["run"], about["state"]) for about in told
    }
    run = shop.store.run("mail-20260701T0900-5min")
    assert run is not None
    assert ("done", "failed: the command ended with 3") == (run.state, run.notice)


def test_alarms_are_kept_in_memory_in_utc() -> None:
    """No job store that outlives the process, no zone but UTC, no alarm dropped for being late."""
    schedules = read(MAIL)
    looked = threading.Event()
    alarms = alarms_for(looked.set, schedules, 60.0)
    alarms.start(paused=True)
    try:
        jobs = {job.id: job for job in alarms.get_jobs()}

        assert [MemoryJobStore] == [type(store) for store in alarms._jobstores.values()]
        assert timedelta(0) == alarms.timezone.utcoffset(None)
        assert {"look", "schedule mail"} == set(jobs)
        assert {(None, True, 1)} == {(j.misfire_grace_time, j.coalesce, j.max_instances) for j in jobs.values()}
        due = jobs["schedule mail"].next_run_time.astimezone(UTC)
        assert due > datetime.now(UTC)
        assert due.minute in {0, 55}
        assert due.second == 0
        alarms.resume()
        assert looked.wait(30)
    finally:
        alarms.shutdown()

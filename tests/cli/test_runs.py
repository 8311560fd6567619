"""`suppress runs` and `suppress scheduler`: what they print, and how they end."""

import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from suppress.cli.runs import command as runs_command
from suppress.cli.runs_telling import before_words, page, span, state_words, table
from suppress.cli.scheduler import command as scheduler_command
from suppress.cli.scheduler import scan_arguments
from suppress.facts.instants import US_PER_DAY, US_PER_HOUR, US_PER_MINUTE, US_PER_SECOND
from suppress.schedules.order import ScanOrder
from suppress.stores.database import Database
from suppress.stores.runs import NewRun, RunStore, Terms
from suppress.stores.schema import upgrade

NINE_US = 1795420800 * US_PER_SECOND
"""Monday 23 November 2026, 09:00 in Zurich."""
TERMS = Terms()


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with a run in each state."""
    path = tmp_path_factory.mktemp("runs") / "runs.db"
    with Database.open(f"sqlite:///{path}", require_schema=False) as database:
        upgrade(database)
        store = RunStore(database)
        add(store, "done", NINE_US, US_PER_HOUR)
        ended(store, "done", done=True)
        add(store, "done", NINE_US, 5 * US_PER_MINUTE)
        ended(store, "done", done=True)
        add(store, "failed", NINE_US + US_PER_DAY, US_PER_HOUR)
        ended(store, "failed", done=False)
        add(store, "missed", NINE_US + 2 * US_PER_DAY, 0, missed="no scheduler was running when it was due")
        add(store, "running", NINE_US + 3 * US_PER_DAY, 0)
        store.claim("running", "host:1", now_us=NINE_US + 3 * US_PER_DAY, terms=TERMS)
        add(store, "late", NINE_US - US_PER_HOUR, 0)
    return path


@pytest.fixture
def url(template: Path, tmp_path: Path) -> str:
    """A copy of it."""
    shutil.copy(template, tmp_path / "runs.db")
    return f"sqlite:///{tmp_path}/runs.db"


def add(store: RunStore, schedule: str, send_us: int, before_us: int, missed: str | None = None) -> None:
    slot_us = send_us - before_us
    run = NewRun(
        run_id=f"{schedule}-{before_us // US_PER_MINUTE}", schedule=schedule, zone="Europe/Zurich", slot_us=slot_us,
        send_us=send_us, before_us=before_us, out=f"/out/{schedule}", ruleset="shop", missed=missed,
    )  # fmt: skip
    store.plan(schedule, run.zone, now_us=slot_us, due=lambda _: [run], upcoming=(send_us, send_us + US_PER_HOUR))


def ended(store: RunStore, schedule: str, *, done: bool) -> None:
    waiting = store.runs(schedule=schedule, state="waiting")[0]
    claim = store.claim(schedule, "host:1", now_us=waiting.slot_us + 90 * US_PER_SECOND, terms=TERMS)
    assert claim is not None
    store.finish(
        claim.lease, now_us=waiting.slot_us + 200 * US_PER_SECOND, done=done, kind=claim.run.kind or "",
        outcome="partial" if done else "failed", reason=None if done else "exit code 1: line one\nline two",
        counts={"messages": 2_000_000, "sent": 1_900_000, "suppressed": 100_000} if done else {},
        report="/out/report.json" if done else None,
    )  # fmt: skip


def run(*arguments: str) -> Result:
    return CliRunner().invoke(runs_command, arguments)


def test_the_list(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line per run, the latest first, with times by the clock of the send, then what is next."""
    monkeypatch.setenv("COLUMNS", "140")
    lines = run("--database", url).stdout.splitlines()
    told = {line.split()[0]: " ".join(line.split()[1:]) for line in lines if line}

    assert ["running-0", "missed-0", "failed-60", "done-5", "done-60", "late-0"] == [
        line.split()[0] for line in lines[1 : lines.index("")]
    ]
    assert (
        "Mon 2026-11-23 09:00 60 min, full done, partial 2,000,000 1,900,000 100,000 1 min 50 s 1 min 30 s"
        == (told["done-60"])
    )
    assert told["done-5"].startswith("Mon 2026-11-23 09:00 5 min, delta done")
    assert told["failed-60"].startswith("Tue 2026-11-24 09:00 60 min, full failed")
    assert told["missed-0"].startswith("Wed 2026-11-25 09:00 at missed")
    assert told["running-0"].startswith("Thu 2026-11-26 09:00 at, full running")
    assert any(line.split()[:2] == ["next:", "done"] for line in lines)
    assert max(map(len, lines)) <= 140


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        (["--state", "failed"], ["failed-60"]),
        (["--schedule", "done"], ["done-5", "done-60"]),
        (["--limit", "1"], ["running-0"]),
        (["--schedule", "none"], []),
    ],
)
def test_choosing(url: str, options: list[str], wanted: list[str]) -> None:
    """By state, by schedule, by number; the same in JSON Lines."""
    lines = run("--database", url, "--format", "jsonl", *options).stdout.splitlines()

    assert wanted == [json.loads(line)["run"] for line in lines]


def test_json(url: str) -> None:
    """Times are RFC 3339 in UTC, lengths of time are seconds, counts are numbers."""
    data = json.loads(run("--database", url, "--format", "json", "--schedule", "done").stdout)
    found = data["runs"][1]

    assert ("2026-11-23T07:00:00Z", "2026-11-23T08:00:00Z") == (found["slot"], found["send"])
    assert ("done", "partial", 90.0, 110.0) == tuple(
        found[name] for name in ("state", "outcome", "late_seconds", "took_seconds")
    )
    assert {"messages": 2_000_000, "sent": 1_900_000, "suppressed": 100_000} == found["counts"]
    assert [{"schedule": "done", "zone": "Europe/Zurich", "slot": "2026-11-23T08:00:00Z",
             "send": "2026-11-23T09:00:00Z"}] == data["next"]  # fmt: skip


def test_one_that_failed(url: str) -> None:
    """Why, in full, and what to type to run it again."""
    told = run("show", "failed-60", "--database", url).stdout

    assert "why:      exit code 1: line one\n          line two\n" in told
    assert "again:    suppress runs rerun failed-60\n" in told
    assert "late by:  1 min 30 s\n" in told


def test_rerun(url: str) -> None:
    """A failed run waits again; one that is done, or that nobody knows, is a usage error that says so."""
    results = [run("rerun", name, "--database", url) for name in ("failed-60", "done-5", "done-6")]

    assert [0, 2, 2] == [result.exit_code for result in results]
    assert "suppress scheduler --once" in results[0].stderr
    assert "is done; only failed and missed runs" in results[1].stderr
    assert 'did you mean "done-60"?' in results[2].stderr or 'did you mean "done-5"?' in results[2].stderr
    assert "waiting" == json.loads(run("show", "failed-60", "--database", url, "--format", "json").stdout)["state"]


def test_the_group_takes_the_database_too(url: str) -> None:
    """`suppress runs --database URL show ID` is the same."""
    assert 0 == run("--database", url, "show", "done-5").exit_code


def test_late_is_told(url: str) -> None:
    """A run that waits a minute after it was due is late; before that it waits."""
    with Database.open(url) as database:
        late = RunStore(database).run("late-0")
    assert late is not None

    assert ["waiting", "late"] == [state_words(late, late.slot_us + after * US_PER_SECOND) for after in (30, 90)]
    assert "1 h 30 min" in " ".join(table([late], [], late.slot_us + 90 * US_PER_MINUTE))
    assert "state:    late" in list(page(late, late.slot_us + US_PER_HOUR))


def test_nothing_yet() -> None:
    """An empty list says so."""
    assert ["no runs yet"] == list(table([], [], 0))


@pytest.mark.parametrize(
    ("length_us", "words"),
    [(None, ""), (0, "0.0 s"), (1_234_567, "1.2 s"), (59 * US_PER_SECOND, "59 s"), (60 * US_PER_SECOND, "1 min"),
     (3_700 * US_PER_SECOND, "1 h 1 min"), (50 * US_PER_HOUR, "2 day 2 h")],
)  # fmt: skip
def test_lengths_of_time(length_us: int | None, words: str) -> None:
    """In the two largest units."""
    assert words == span(length_us)


@pytest.mark.parametrize(
    ("before_us", "words"),
    [(0, "at"), (5 * US_PER_MINUTE, "5 min before"), (US_PER_HOUR, "60 min before"), (90 * US_PER_MINUTE,
     "90 min before"), (US_PER_DAY, "1 day before"), (2 * US_PER_DAY, "2 days before"), (8_000_000, "8 s before")],
)  # fmt: skip
def test_before(before_us: int, words: str) -> None:
    """As people say it."""
    assert words == before_words(before_us)


def test_arguments_of_a_scan() -> None:
    """What a scan is told by the command line; where facts and rules are it finds in its environment."""
    order = ScanOrder(
        run_id="r", messages=Path("/m.csv"), out=Path("/out"), as_of_us=NINE_US, ruleset="shop",
        previous=Path("/before"), resume=True,
    )  # fmt: skip

    assert shlex.split(
        "suppress scan /m.csv --out /out --as-of 2026-11-23T08:00:00+00:00 --ruleset shop --previous /before --resume "
        "--format json"
    ) == scan_arguments(["suppress", "scan"], order)


@pytest.fixture
def schedules(tmp_path: Path) -> Path:
    path = tmp_path / "schedules.yaml"
    path.write_text(
        "- name: mail\n  messages: m-{date}.csv\n  when: {cron: '0 9 * * 1', zone: Europe/Zurich}\n  before: 1 hour\n"
        "- name: once\n  messages: m.csv\n  when: {at: 2999-01-01T09:00, zone: UTC}\n"
    )
    return path


def test_check_tells_what_will_be_scanned(schedules: Path) -> None:
    """Each schedule's next scans with their paths, without a database."""
    told = CliRunner().invoke(scheduler_command, ["--schedules", str(schedules), "--check"])
    lines = told.stdout.splitlines()

    assert 0 == told.exit_code, told.output
    assert 4 == sum("60 min before Mon" in line and "08:00" in line and "m-2" in line for line in lines)
    assert "  Tue 2999-01-01 09:00  at Tue 2999-01-01 09:00: " in told.stdout
    assert "  nothing after that" == lines[-1]


def test_mistakes_end_the_scheduler(tmp_path: Path) -> None:
    """Exit 3, and each mistake with its place, on stderr."""
    (tmp_path / "s.yaml").write_text("- name: mail\n  messages: m\n  when: {cron: '0 9 * * 8', zone: UTC}\n")
    told = CliRunner().invoke(scheduler_command, ["--schedules", str(tmp_path / "s.yaml"), "--once"])

    assert (3, "") == (told.exit_code, told.stdout)
    assert 's.yaml:3:16 bad-cron: no weekday "8"' in told.stderr


def test_nothing_due(tmp_path: Path, url: str) -> None:
    """With nothing to run `--once` ends well; a database without tables is exit 6."""
    schedules = tmp_path / "once.yaml"
    schedules.write_text("- name: once\n  messages: m.csv\n  when: {at: 2999-01-01T09:00, zone: UTC}\n")
    ends = [
        subprocess.run(
            [sys.executable, "-m", "suppress", "scheduler", "--schedules", schedules, "--once", "--database", where],
            check=False, capture_output=True, text=True, timeout=60,
        )
        for where in (url, f"sqlite:///{schedules.parent}/none.db")
    ]  # fmt: skip

    assert [0, 6] == [end.returncode for end in ends], ends
    assert "0 scans ran, 0 failed" in ends[0].stderr
    assert "run `suppress db upgrade`" in ends[1].stderr

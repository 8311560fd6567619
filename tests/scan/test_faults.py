"""A scan that is stopped, or cannot go on: a clear error, nothing half-written, and a rerun that goes on."""

import fcntl
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from suppress.errors import FactsError, ShareError, StaleFactsError
from suppress.scanning import scan
from tests.faults.scan_kills import rounds
from tests.scan.campaign import no_report, small_buckets
from tests.scan.shop import LISTS, TABLES, Shop, digests, open_shop

SIGINT_STATUS = 130
UNEXPECTED_STATUS = 1
KILLED_AT = ("prepare", "judge", "write", "report")


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return open_shop(tmp_path / "shop", messages=60)


class Stopped(BaseException):
    """Stands for a kill: nothing of the scan gets to tidy up but what a dead process would leave anyway."""


def stop_at(stage: str) -> Callable[[str, int, int], None]:
    """Progress that ends the scan when it comes to a stage."""

    def tell(told: str, done: int, of: int) -> None:
        del done, of
        if told == stage:
            raise Stopped(stage)

    return tell


def left_of(out: Path) -> list[str]:
    """What stands beside the output's name, hidden or not."""
    return sorted(path.name for path in out.parent.iterdir() if out.name in path.name)


def test_a_killed_scan_goes_on(tmp_path: Path, seed: int) -> None:
    """Whenever it is killed, there is no output or the whole one, and the rerun gives that of an undisturbed scan."""
    counts = rounds(tmp_path, 4, seed, messages=60)

    assert 4 <= counts["killed at work"] + counts["finished before"]
    assert 4 == counts["gone on"] + counts["begun anew over what was left"]


@pytest.mark.parametrize("stage", KILLED_AT)
def test_finished_pieces_are_used_again(shop: Shop, tmp_path: Path, stage: str) -> None:
    """A scan stopped at any stage goes on with the pieces it finished, and its output is that of an undisturbed one."""
    out = tmp_path / "out"
    with no_report(), small_buckets(100):
        scan(shop.request(tmp_path / "undisturbed"))
        with pytest.raises(Stopped):
            scan(shop.request(out), progress=stop_at(stage))
        pieces = {
            path: path.stat().st_mtime_ns
            for path in (tmp_path / ".out.work").rglob("*.parquet")
            if not path.name.startswith(".")
        }
        told: list[str] = []

        assert not out.exists()
        assert {"messages.parquet", "candidates.parquet"} <= {path.name for path in pieces}

        def go_on(stage: str, done: int, of: int) -> None:
            del done, of
            told.append(stage)
            for path, written_ns in pieces.items():
                assert not path.exists() or written_ns == path.stat().st_mtime_ns

        scan(shop.request(out, resume=True), progress=go_on)

    assert "report" in told
    assert "read" not in told
    assert digests(tmp_path / "undisturbed") == digests(out)
    assert ["out"] == left_of(out)


def test_what_another_scan_left_does_no_harm(shop: Shop, tmp_path: Path) -> None:
    """Without `resume`, or with other rules, a leftover work folder is not used."""
    out = tmp_path / "out"
    with no_report():
        with pytest.raises(Stopped):
            scan(shop.request(out), progress=stop_at("write"))
        shop.rules.write_text(shop.rules.read_text().replace("60 days", "1 day"))
        scan(shop.request(out, resume=True))
        scan(shop.request(tmp_path / "undisturbed"))

    assert digests(tmp_path / "undisturbed") == digests(out)
    assert ["out"] == left_of(out)


def test_an_output_that_is_there_is_left_alone(shop: Shop, tmp_path: Path) -> None:
    """A scan never writes over an output, and says what to do."""
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine").write_text("kept")

    with pytest.raises(FactsError, match=r"exists already\. help: name another --out"):
        scan(shop.request(out))
    assert ["mine"] == [path.name for path in out.iterdir()]


def test_two_scans_cannot_write_one_output(shop: Shop, tmp_path: Path) -> None:
    """While one scan holds an output, a second gets a clear error and leaves the first one's work alone."""
    out = tmp_path / "out"
    refused: list[str] = []

    def try_too(stage: str, done: int, of: int) -> None:
        del done, of
        if stage == "prepare" and not refused:
            with pytest.raises(FactsError, match=r"another scan is writing .* help: wait for it") as second:
                scan(shop.request(out))
            refused.append(str(second.value))

    with no_report():
        scan(shop.request(out), progress=try_too)
        scan(shop.request(tmp_path / "undisturbed"))

    assert 1 == len(refused)
    assert digests(tmp_path / "undisturbed") == digests(out)


def test_a_lock_nobody_holds_is_no_obstacle(shop: Shop, tmp_path: Path) -> None:
    """A lock file a dead scan left behind keeps nobody out."""
    work = tmp_path / ".out.work"
    work.mkdir()
    with (work / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
    with no_report():
        scan(shop.request(tmp_path / "out"))

    assert ["out"] == left_of(tmp_path / "out")


# Interrupts and full disks need a process of their own

RUN = """
import resource, signal, sys, time
from suppress.cli import main
from suppress.scan.run import ScanRun
most = int(sys.argv.pop(1))
if most:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
else:
    # Whoever runs the tests in the background has interrupts ignored, by all that it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # The parent waits for this before it interrupts: from then on the scan is at work.
    begun = ScanRun.walk
    def walk(run, source, progress):
        def tell(stage, done, of):
            if stage == "judge" and done == 0:
                print("at work", flush=True)
                while True:
                    time.sleep(0.05)
        return begun(run, source, tell)
    ScanRun.walk = walk
main()
"""


def in_a_process(shop: Shop, out: Path, most_bytes: int) -> subprocess.Popen[str]:
    """The command line in a process that may write files of at most so many bytes; 0 = it waits to be interrupted."""
    return subprocess.Popen(
        [sys.executable, "-c", RUN, str(most_bytes), *shop.arguments(out)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )


def test_an_interrupt_leaves_nothing_half_written(shop: Shop, tmp_path: Path) -> None:
    """Ctrl-C ends a scan with status 130; there is no output, and a rerun goes on."""
    out = tmp_path / "out"
    process = in_a_process(shop, out, 0)
    assert process.stdout is not None
    line = process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)

    assert "at work\n" == line, errors
    assert SIGINT_STATUS == process.returncode, errors
    assert "Traceback" not in errors
    assert not out.exists()
    with no_report():
        scan(shop.request(out, resume=True))
        scan(shop.request(tmp_path / "undisturbed"))
    assert digests(tmp_path / "undisturbed") == digests(out)


@pytest.mark.parametrize("most_bytes", [1, 3_000, 9_000])
def test_a_full_disk_is_a_clear_error(shop: Shop, tmp_path: Path, most_bytes: int) -> None:
    """When nothing more can be written, early or late, that is said with status 1; a rerun goes on."""
    out = tmp_path / "out"
    process = in_a_process(shop, out, most_bytes)
    _, errors = process.communicate(timeout=60)

    assert UNEXPECTED_STATUS == process.returncode, errors
    assert "Traceback" not in errors
    assert "unexpected" not in errors
    assert "File too large" in errors
    assert "cannot be written" in errors or "the same command with --resume goes on" in errors
    assert not out.exists()
    with no_report():
        scan(shop.request(out, resume=True))
        scan(shop.request(tmp_path / "undisturbed"))
    assert digests(tmp_path / "undisturbed") == digests(out)


# Facts that cannot be used


def test_facts_that_are_not_there(shop: Shop, tmp_path: Path) -> None:
    """A folder without a manifest is no facts folder."""
    (shop.facts / "manifest.json").unlink()

    with pytest.raises(FactsError, match=r"is no facts folder: manifest\.json cannot be read"):
        scan(shop.request(tmp_path / "out"))
    assert [] == left_of(tmp_path / "out")


@pytest.mark.parametrize(
    ("manifest", "said"),
    [
        ("{", "cannot be read"),
        ("[]", "cannot be read"),
        ('{"format": 99}', "of format 99; this version reads 1"),
        ("{}", "of format None"),
        ('{"format": 1, "lines": ["lines/gone.parquet"], "feeds_us": {"orders": 1}}', "gone.parquet"),
    ],
)
def test_a_manifest_that_cannot_be_used(shop: Shop, tmp_path: Path, manifest: str, said: str) -> None:
    """A broken manifest, another format, or files that are not there: the error says what is wrong."""
    (shop.facts / "manifest.json").write_text(manifest)

    with pytest.raises(FactsError) as refused:
        scan(shop.request(tmp_path / "out", allow_stale=True))
    assert said in str(refused.value)
    assert not (tmp_path / "out").exists()


def test_a_facts_file_that_is_no_parquet(shop: Shop, tmp_path: Path) -> None:
    """A file that is cut short is named."""
    file = shop.facts / "products.parquet"
    file.write_bytes(file.read_bytes()[:-20])

    with pytest.raises(FactsError, match=r"products\.parquet"):
        scan(shop.request(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def feeds(shop: Shop, **at_us: int | None) -> None:
    """Change as of when sources are complete."""
    manifest = json.loads((shop.facts / "manifest.json").read_text())
    manifest["feeds_us"] |= at_us
    (shop.facts / "manifest.json").write_text(json.dumps(manifest))


def test_stale_facts_are_refused_unless_allowed(shop: Shop, tmp_path: Path) -> None:
    """Sources older than the rules allow, or never loaded, are all named; `allow_stale` scans all the same."""
    feeds(shop, stock=1, orders=None)

    with pytest.raises(StaleFactsError) as refused:
        scan(shop.request(tmp_path / "out"))
    assert "orders were never loaded; stock are as of 1970-01-01 00:00 UTC, older than 720 hours" in str(refused.value)
    assert "--allow-stale" in str(refused.value)
    assert not (tmp_path / "out").exists()
    with no_report():
        assert (tmp_path / "out") == scan(shop.request(tmp_path / "out", allow_stale=True)).out


def test_a_share_that_is_passed_releases_nothing(shop: Shop, tmp_path: Path) -> None:
    """A scan that would silence too many leaves tables and a report under another name, and no lists to send by."""
    out = tmp_path / "out"
    shop.rules.write_text(shop.rules.read_text().replace("defaults:", "max_share: 0.01\ndefaults:"))

    with pytest.raises(ShareError, match="nothing is released"):
        scan(shop.request(out))
    stopped = {path.name for path in (tmp_path / "out.stopped").iterdir()}
    assert {*TABLES, "report.json", "report.html"} <= stopped
    assert set() == stopped & set(LISTS)
    assert ["out.stopped"] == left_of(out)


def test_rows_that_cannot_be_read_are_told(shop: Shop, tmp_path: Path) -> None:
    """Bad rows are left out, counted and listed; the others are decided."""
    good = shop.messages.read_text()
    shop.messages.write_text(f'{good}{{"message_id": "bad"}}\nno json\n')
    outcome = scan(shop.request(tmp_path / "out"))

    assert 2 == outcome.refused
    assert 3 == len(outcome.rejects.read_text().splitlines())
    assert 60 == outcome.report.verdicts.messages


def test_messages_that_are_not_there(shop: Shop, tmp_path: Path) -> None:
    """A campaign that is not there is a clear error."""
    with pytest.raises(FactsError, match="there is no such file or folder"):
        scan(replace(shop.request(tmp_path / "out"), messages=tmp_path / "gone.jsonl"))
    assert [] == left_of(tmp_path / "out")

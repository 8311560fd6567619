"""`suppress scan` from end to end: what it prints, what it writes, and how it ends."""

import csv
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import pyarrow.parquet as pq
import pytest

from suppress.cli import main
from suppress.scan.run import ScanRun
from suppress.scan.stages import Stage
from tests.scan.shop import LISTS, TABLES, Shop, digests, open_shop

MESSAGES = 60
MESSAGES_COLUMNS = [
    "message_id", "customer_id", "channel", "campaign_id", "as_of", "verdict", "hold_until", "kept", "items_asked",
    "items_kept", "items_dropped", "rule", "code", "reasons", "control_group", "unknown",
]  # fmt: skip
ITEMS_COLUMNS = [
    "message_id", "customer_id", "position", "is_replacement", "sku", "placement", "score", "verdict", "shown",
    "replaced_by", "rule", "code", "reasons", "eligible_again_at", "evidence", "unknown",
]  # fmt: skip
WITHIN_PLACE = {"verdict", "place", "placed", "later", "later_now"}
"""Relations that the stage `place` works with."""


class Ended(NamedTuple):
    """How a command ended."""

    status: int
    out: str
    err: str


Run = Callable[..., Ended]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return open_shop(tmp_path_factory.mktemp("shop"), messages=MESSAGES)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Runs the command line, in an empty folder and with no settings around."""
    monkeypatch.chdir(tmp_path)

    def run_it(*arguments: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["suppress", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        return Ended(int(ended.value.code or 0), told.out, told.err)

    return run_it


def test_a_campaign_is_scanned(shop: Shop, run: Run, tmp_path: Path) -> None:
    """The command ends with 0, tells the report and where it is, and writes tables, lists and reports."""
    out = tmp_path / "out"
    ended = run(*shop.arguments(out))

    assert (0, "") == (ended.status, ended.err)
    assert f"report: {out / 'report.html'}" in ended.out
    assert {*TABLES, *LISTS, "report.json", "report.html", "run.json"} <= {path.name for path in out.iterdir()}
    assert MESSAGES_COLUMNS == pq.read_schema(out / "messages.parquet").names
    assert ITEMS_COLUMNS == pq.read_schema(out / "items.parquet").names
    assert {".out.work", ".out.facts"}.isdisjoint(path.name for path in tmp_path.iterdir())


def test_tables_and_lists_tell_the_same(shop: Shop, run: Run, tmp_path: Path) -> None:
    """Each message stands in the table and in exactly one list, with what it shows or why it goes to nobody."""
    out = tmp_path / "out"
    run(*shop.arguments(out))
    rows = pq.read_table(out / "messages.parquet").to_pylist()
    send, suppressed = (list(csv.DictReader((out / name).read_text().splitlines())) for name in LISTS)

    assert [f"m{number:05}" for number in range(MESSAGES)] == [row["message_id"] for row in rows]
    assert [(row["message_id"], "|".join(row["kept"])) for row in rows if row["verdict"] == "send"] == [
        (row["message_id"], row["items"]) for row in send
    ]
    assert [(row["message_id"], row["verdict"], row["code"]) for row in rows if row["verdict"] != "send"] == [
        (row["message_id"], row["verdict"], row["code"]) for row in suppressed
    ]
    assert all(row["sentence"] for row in suppressed)
    assert send
    assert suppressed


def test_the_outcome_for_programs(shop: Shop, run: Run, tmp_path: Path) -> None:
    """With `--format json` stdout is one object whose figures are those of the tables."""
    out = tmp_path / "out"
    told = json.loads(run(*shop.arguments(out, "--format", "json")).out)
    rows = pq.read_table(out / "messages.parquet").to_pylist()

    assert (str(out), MESSAGES, 0) == (told["out"], told["messages"], told["refused"])
    assert MESSAGES == told["sent"] + told["held"] + told["suppressed"]
    assert sum(row["verdict"] == "send" for row in rows) == told["sent"]
    assert sum(row["items_dropped"] for row in rows) == told["dropped"]
    assert sum(row["items_asked"] for row in rows) == told["items"]


def test_the_plan_is_what_the_run_walks(shop: Shop, run: Run, tmp_path: Path) -> None:
    """`--plan` names the very stages a run makes, in their order, and does nothing."""
    out = tmp_path / "out"
    planned = run(*shop.arguments(out, "--plan", "--format", "json"))
    text = run(*shop.arguments(out, "--plan"))
    names = [stage["stage"] for stage in json.loads(planned.out)["stages"]]
    walked: list[str] = []
    creates, makes = ScanRun._create, ScanRun._make

    def create(self: ScanRun, stage: Stage) -> None:
        if not stage.is_view:
            walked.append(stage.relation)
        creates(self, stage)

    def make(self: ScanRun, relation: str, select: str, *, is_view: bool = False) -> None:
        walked.append("place" if relation in WITHIN_PLACE else relation)
        makes(self, relation, select, is_view=is_view)

    assert (0, 0) == (planned.status, text.status)
    assert [] == [path for path in tmp_path.iterdir() if "out" in path.name]
    with patch.object(ScanRun, "_create", create), patch.object(ScanRun, "_make", make):
        run(*shop.arguments(out))
    assert names[0] == "messages"
    assert names[-1] == "output"
    assert names[1:-1] == list(dict.fromkeys(walked))
    width = max(map(len, names))
    assert names == [line[5 : 5 + width].strip() for line in text.out.splitlines() if line[:3].strip().isdigit()]


def test_memory_and_threads_are_kept_to(shop: Shop, run: Run, tmp_path: Path) -> None:
    """`--memory` and `--threads` reach the engine, are told in run.json, and change no byte of the tables."""
    seen: list[tuple[str, str]] = []
    walks = ScanRun.walk

    def walk(self: ScanRun, *given: object) -> object:
        asked = "SELECT current_setting('threads')::VARCHAR, current_setting('memory_limit')"
        row = self.connection.execute(asked).fetchone()
        assert row is not None
        seen.append(row)
        return walks(self, *given)  # type: ignore[arg-type]

    with patch.object(ScanRun, "walk", walk):
        for number, (memory, threads) in enumerate((("500MB", "1"), ("1GB", "2"))):
            ended = run(*shop.arguments(tmp_path / str(number), "--memory", memory, "--threads", threads))
            assert 0 == ended.status, ended.err
    told = [json.loads((tmp_path / str(number) / "run.json").read_text()) for number in range(2)]

    assert ["1", "2"] == [threads for threads, _ in seen]
    assert seen[0][1] != seen[1][1]
    assert [(500_000_000, 1), (1_000_000_000, 2)] == [(one["memory_bytes"], one["threads"]) for one in told]
    assert digests(tmp_path / "0") == digests(tmp_path / "1")


def test_rows_that_cannot_be_read_end_with_7(shop: Shop, run: Run, tmp_path: Path) -> None:
    """Bad rows are counted on stderr with the file that lists them; the others are decided."""
    messages = tmp_path / "messages.jsonl"
    messages.write_text(shop.messages.read_text() + "no json\n")
    out = tmp_path / "out"
    ended = run(*_with(shop.arguments(out), shop.messages, messages))

    assert 7 == ended.status
    assert f"1 rows could not be read; they are in {out / 'rejects.csv'}" in ended.err
    assert MESSAGES == pq.read_metadata(out / "messages.parquet").num_rows


def test_stale_facts_end_with_6(shop: Shop, run: Run, tmp_path: Path) -> None:
    """Facts older than the rules allow end the scan with 6 and say what helps; `--allow-stale` goes on."""
    later = ["--as-of", "2027-06-01T00:00:00Z"]
    refused = run(*shop.arguments(tmp_path / "out", *later))
    allowed = run(*shop.arguments(tmp_path / "out", *later, "--allow-stale"))

    assert 6 == refused.status
    assert "stock are as of 2026-11-22 09:00 UTC, older than 720 hours" in refused.err
    assert "--allow-stale" in refused.err
    assert 0 == allowed.status, allowed.err


def test_a_passed_share_ends_with_9(shop: Shop, run: Run, tmp_path: Path) -> None:
    """A scan that would silence too many ends with 9, names the report, and releases nothing."""
    rules = tmp_path / "strict.yaml"
    rules.write_text(shop.rules.read_text().replace("defaults:", "max_share: 0.01\ndefaults:"))
    ended = run(*_with(shop.arguments(tmp_path / "out"), shop.rules, rules))

    assert 9 == ended.status
    assert str(tmp_path / "out.stopped" / "report.html") in ended.err
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "out.stopped" / "send.csv").exists()


@pytest.mark.parametrize(
    ("more", "status", "said"),
    [
        (["--memory", "much"], 2, "write it as 4GB or 500MB"),
        (["--threads", "0"], 2, "0 is not in the range"),
        (["--engine", "abacus"], 2, "is not one of"),
        (["--facts", "nowhere"], 2, "does not exist"),
        (["--reserve"], 2, "--reserve needs --campaign"),
        (["--rules", "nowhere.yaml"], 3, "nowhere.yaml"),
    ],
)
def test_errors_say_what_helps(shop: Shop, run: Run, tmp_path: Path, more: list[str], status: int, said: str) -> None:
    """What cannot be done is told in a sentence, with the exit code for its kind, and nothing is written."""
    ended = run(*shop.arguments(tmp_path / "out", *more))

    assert (status, "") == (ended.status, ended.out)
    assert said in ended.err
    assert "Traceback" not in ended.err
    assert not (tmp_path / "out").exists()


def test_an_output_is_never_written_over(shop: Shop, run: Run, tmp_path: Path) -> None:
    """A second scan into the same folder is refused, and the first output stays as it is."""
    out = tmp_path / "out"
    run(*shop.arguments(out))
    before = digests(out)
    ended = run(*shop.arguments(out))

    assert 2 == ended.status
    assert "exists already. help: name another --out" in ended.err
    assert before == digests(out)


def _with(arguments: list[str], old: Path, new: Path) -> list[str]:
    return [str(new) if argument == str(old) else argument for argument in arguments]

"""`suppress import` as its users meet it: what it prints where, and with which exit code it ends."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from suppress.cli import main
from suppress.stores.database import Database
from suppress.stores.schema import upgrade

NOON = "2026-03-01T12:00:00Z"
HEAD = "order_id,customer_id,sku,units,ordered_at\n"
GOOD = f"O1,C1,A,1,{NOON}\n"


@pytest.fixture
def url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path}/facts.db"
    with Database.open(url, require_schema=False) as database:
        upgrade(database)
    return url


@pytest.fixture
def run(url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Runs the command line in this process; gives exit code, stdout and stderr."""

    def call(*arguments: object, database: str = url) -> tuple[int, str, str]:
        words = [str(each) for each in arguments]
        monkeypatch.setattr(sys, "argv", ["suppress", "import", *words, "--database", database])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return call


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    path = tmp_path / "orders.csv"
    path.write_text(HEAD + GOOD + f"O2,C1,A,-3,{NOON}\n")
    return path


def test_a_clean_import_ends_with_0_and_says_what_it_did(run, orders: Path) -> None:  # type: ignore[no-untyped-def]
    """The result is on stdout, a line per file and one for credit notes; stderr is silent."""
    code, out, err = run("orders", orders)

    assert (0, "") == (code, err)
    first, second = out.splitlines()
    assert first.startswith(f"{orders}: 2 rows read, 2 applied, 0 unchanged, 0 refused, ")
    assert second == (
        "credit notes in the store: 1 with 3 units; 1 units matched to earlier purchases, 2 unmatched (in 1 notes)"
    )


def test_refused_rows_end_with_7(run, orders: Path) -> None:  # type: ignore[no-untyped-def]
    """Refused rows are counted by column and found in the rejects file; their cells are printed nowhere."""
    orders.write_text(HEAD + GOOD + f"O2,secret-customer,A,none,{NOON}\n")
    code, out, err = run("orders", orders)

    assert code == 7
    assert "2 rows read, 1 applied, 0 unchanged, 1 refused" in out
    assert f"refused: {orders}: units 1; see {orders}.rejects.csv\n" == err
    assert "secret-customer" in Path(f"{orders}.rejects.csv").read_text()


def test_json_is_for_programs(run, orders: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """--format json gives one JSON object with all figures of each file and of the credit notes."""
    other = tmp_path / "other.csv"
    other.write_text(HEAD.replace("sku", "sku,colour", 1) + f"O3,C1,A,red,0,{NOON}\n")
    code, out, _ = run("orders", orders, other, "--format", "json", "--as-of", "2026-03-02T00:00:00Z")
    told = json.loads(out)

    assert code == 7
    assert told["source"] == "orders"
    assert [2, 1] == [each["rows_read"] for each in told["files"]]
    assert [None, f"{other}.rejects.csv"] == [each["rejects"] for each in told["files"]]
    assert ["2026-03-02T00:00:00Z"] * 2 == [each["as_of"] for each in told["files"]]
    assert ['the column "colour" is not read'] == told["files"][1]["notes"]
    assert {"units": 1} == told["files"][1]["refused_by_column"]
    assert {
        "lines": 1,
        "units": 3,
        "matched_units": 1,
        "unmatched_lines": 1,
        "unmatched_units": 2,
        "unmatched_skus": ["A"],
    } == told["credits"]


def test_flags_reach_the_reader(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """--map, --fold-case, --time-zone, --encoding and --rejects-dir do what they say."""
    path = tmp_path / "o.csv"
    path.write_bytes(
        "Nr;Kunde;Artikel;Menge;Datum\n1;C1;a-ä;2;2026-07-01 12:00\n2;C1;B;x;2026-07-01\n".encode("cp1252")
    )
    rejects = tmp_path / "rejects"
    rejects.mkdir()
    maps = ("Nr=order_id", "Kunde=customer_id", "Artikel=sku", "Menge=units", "Datum=ordered_at")
    flags = [word for each in maps for word in ("--map", each)]
    flags += ["--fold-case", "--time-zone", "Europe/Zurich", "--encoding", "cp1252", "--rejects-dir", str(rejects)]
    code, _, _ = run("orders", path, *flags)
    with closing(sqlite3.connect(tmp_path / "facts.db")) as database, database:
        found = database.execute("SELECT order_id, customer_id, sku, units, ordered_at_us FROM order_lines").fetchall()

    assert code == 7
    assert [("1", "C1", "A-Ä", 2, 1_782_900_000_000_000)] == found
    assert ["o.csv.rejects.csv"] == os.listdir(rejects)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nonsense"], "Invalid value"),
        (["--map", "sku"], "THEIRS=OURS"),
        (["--map", "a=untis"], 'did you mean "units"?'),
        (["--map", "a=sku", "--map", "b=sku"], "two columns"),
        (["--time-zone", "Mars/Olympus"], "no zone"),
        (["--as-of", "yesterday"], "not a time"),
        (["--as-of", "2026-03-01T12:00:00"], "has no zone"),
        (["--format", "xml"], "xml"),
    ],
)
def test_wrong_usage_ends_with_2(run, orders: Path, arguments: list[str], words: str) -> None:  # type: ignore[no-untyped-def]
    """What the user wrote wrong is named, and nothing is imported."""
    source = [] if arguments[0] == "nonsense" else ["orders"]
    code, out, err = run(*source, *arguments[:1], *arguments[1:], orders)

    assert (2, "") == (code, out)
    assert words in err


def test_a_file_that_cannot_be_read_ends_with_2_and_the_others_are_imported(run, orders: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """The error names the file, what it has and how to map it; the next file is imported all the same."""
    bad = tmp_path / "bad.csv"
    bad.write_text("order_id,customer_id,StockCode,units,ordered_at\n")
    code, out, err = run("orders", bad, orders)

    assert code == 2
    assert f'error: {bad}: the column sku is missing; the file has "order_id", "customer_id", "StockCode"' in err
    assert "--map 'THEIRS=sku'" in err
    assert out.startswith(f"{orders}: 2 rows read")


def test_two_files_of_one_name_need_two_folders_of_rejects(run, orders: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """Two files whose refused rows would overwrite each other are a usage error."""
    other = tmp_path / "b" / "orders.csv"
    other.parent.mkdir()
    other.write_text(HEAD)

    assert 2 == run("orders", orders, other, "--rejects-dir", tmp_path)[0]
    assert 2 == run("orders", orders, orders)[0]


@pytest.mark.parametrize("exists", [False, True])
def test_a_database_without_tables_ends_with_6(run, orders: Path, tmp_path: Path, exists: bool) -> None:  # type: ignore[no-untyped-def]
    """The error says which command makes the tables."""
    path = tmp_path / "none.db"
    if exists:
        path.touch()
    code, out, err = run("orders", orders, database=f"sqlite:///{path}")

    assert (6, "") == (code, out)
    assert "suppress db upgrade" in err


def test_ctrl_c_ends_with_130_and_a_rerun_completes(url: str, tmp_path: Path) -> None:
    """Interrupted by a real signal, the import leaves what it wrote, and the same command adds the rest."""
    path = tmp_path / "o.csv"
    rows = 200_000
    with path.open("w") as file:
        file.write(HEAD)
        file.writelines(f"O{n},C{n % 1000},S{n % 500},1,{NOON}\n" for n in range(rows))
    command = [sys.executable, "-m", "suppress", "import", "orders", str(path), "--database", url, "--format", "json"]
    # What a shell starts in the background inherits an ignored signal, this suite included.
    heeding = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); import suppress.cli as c; c.main()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", heeding, *command[3:]], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    there = 0
    with closing(sqlite3.connect(f"file:{tmp_path}/facts.db?mode=ro", uri=True)) as database:
        while there == 0 and process.poll() is None:
            time.sleep(0.02)
            there = database.execute("SELECT count(*) FROM order_lines").fetchone()[0]
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        left = database.execute("SELECT count(*) FROM order_lines").fetchone()[0]
    again = subprocess.run(command, capture_output=True, text=True, check=True)
    [told] = json.loads(again.stdout)["files"]

    assert (130, True) == (process.returncode, "run it again" in err)
    assert 0 < left < rows
    assert (rows - left, left) == (told["applied"], told["unchanged"])
    assert ["facts.db", "o.csv"] == sorted(p.name for p in tmp_path.iterdir() if not p.name.startswith("facts.db-"))


@pytest.mark.parametrize("variable", [None, "NO_COLOR", "CI"])
def test_the_bar_is_for_people_at_a_terminal(url: str, orders: Path, variable: str | None) -> None:
    """On a terminal stderr shows a bar with rows and rate, not so under NO_COLOR or CI; stdout is the same."""
    import pty

    ours, theirs = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "CI"}}
    environment |= {"TERM": "xterm", "COLUMNS": "120"} | ({variable: "1"} if variable else {})
    command = [sys.executable, "-m", "suppress", "import", "orders", str(orders), "--database", url]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=theirs, env=environment, text=True, check=True)
    os.close(theirs)
    shown = b""
    while True:
        try:
            piece = os.read(ours, 4096)
        except OSError:
            break
        if not piece:
            break
        shown += piece
    os.close(ours)

    assert "2 rows read" in done.stdout
    assert (variable is None) == (b"rows/s" in shown)


def test_help_names_the_exit_and_the_columns(run) -> None:  # type: ignore[no-untyped-def]
    """--help says where the columns are documented and what happens to refused rows."""
    code, out, _ = run("--help")

    assert code == 0
    for words in ("docs/imports.md", "rejects.csv", "--map", "--fold-case", "--time-zone", "--as-of", "--encoding"):
        assert words in out

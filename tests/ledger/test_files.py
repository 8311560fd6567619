"""Files of the log: rotated, read from any place on, closed after a killed process, taken out when old."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from suppress.decisions.record import Fault, Link
from suppress.errors import LedgerError
from suppress.ledger.chain_files import files_of, read_anchor, read_start
from suppress.ledger.folder import find_in_folder, lines_after, verify_folder
from suppress.ledger.prune import prune_folder
from suppress.ledger.tidying import close_abandoned
from tests.ledger.example import START_US, chain, record, write_chain

WRITER = "here-1-a"
US_PER_DAY = 86_400_000_000


def ends(folder: Path) -> list[Link | Fault]:
    return [one.found for one in verify_folder(folder)]


def first_seqs(folder: Path) -> list[int]:
    return [file.first_seq for file in files_of(folder)[WRITER]]


def test_files_are_rotated_by_size_and_by_day(tmp_path: Path) -> None:
    """A file is closed when it is full, or when the day (UTC) is over; the chain runs on."""
    days = [0, 0, 0, 1, 1, 3]
    lines = chain([record(number, day=day) for number, day in enumerate(days)])
    write_chain(tmp_path, lines, at_once=1, most_bytes=2 * len(lines[0].text))

    assert [1, 3, 4, 6] == first_seqs(tmp_path)
    assert [lines[-1].link] == ends(tmp_path)


def test_midnight_makes_one_new_file(tmp_path: Path) -> None:
    """Decisions of both days in any order make no heap of files; a clock that was a year ahead makes one more."""
    days = [0, 1, 0, 1, 0, 1, 365, 1]
    write_chain(tmp_path, chain([record(number, day=day) for number, day in enumerate(days)]), at_once=1)

    assert [1, 2, 7, 8] == first_seqs(tmp_path)


def test_lines_are_read_from_any_place_on(tmp_path: Path) -> None:
    """Of a chain the lines after any place can be had, across files."""
    lines = chain([record(number) for number in range(10)])
    write_chain(tmp_path, lines, at_once=3, most_bytes=1)

    for seq in range(11):
        after = Link(WRITER, seq, "")
        assert lines[seq:] == list(lines_after(tmp_path, after))


def test_a_decision_is_found_in_the_files(tmp_path: Path) -> None:
    """A decision is found by its id, and by nothing that merely mentions it."""
    lines = chain([record(number) for number in range(10)])
    write_chain(tmp_path, lines, at_once=3, most_bytes=1)

    assert lines[4] == find_in_folder(tmp_path, lines[4].record.decision_id)
    assert find_in_folder(tmp_path, "01J") is None


def test_retention_takes_whole_old_files(tmp_path: Path) -> None:
    """Files that are old as a whole go, from the beginning of the chain; what is left verifies, also when all went."""
    lines = chain([record(number, day=number // 2) for number in range(8)])
    write_chain(tmp_path, lines, at_once=1)
    first = prune_folder(tmp_path, START_US + US_PER_DAY)
    again = prune_folder(tmp_path, START_US + US_PER_DAY)
    after_first = ends(tmp_path)
    rest = prune_folder(tmp_path, START_US + 100 * US_PER_DAY)

    assert (1, 2, []) == first
    assert (0, 0, []) == again
    assert [lines[-1].link] == after_first
    assert (3, 6, []) == rest
    assert lines[-1].link == read_start(tmp_path, WRITER)
    assert [lines[-1].link] == ends(tmp_path)


def test_retention_leaves_the_file_that_is_written(tmp_path: Path) -> None:
    """While a chain's process lives its last file stays, however old."""
    lines = chain([record(1), record(2, day=1), record(3, day=2)])
    writer = write_chain(tmp_path, lines[:2], at_once=1, close=False)
    pruned = prune_folder(tmp_path, START_US + 100 * US_PER_DAY)
    writer.append(lines[2:])
    writer.close()

    assert (1, 1, []) == pruned
    assert [lines[2].link] == ends(tmp_path)


def test_retention_does_not_touch_what_is_damaged(tmp_path: Path) -> None:
    """A file with a line nobody can read is left and told; other chains are pruned."""
    for writer in (WRITER, "here-2-b"):
        write_chain(tmp_path, chain([record(1)], writer))
    files_of(tmp_path)[WRITER][0].path.write_bytes(b"{}\n")
    pruned = prune_folder(tmp_path, START_US + 100 * US_PER_DAY)

    assert (1, 1) == pruned[:2]
    assert [WRITER] == [told.split(":")[0] for told in pruned.left]


def test_an_interrupted_retention_does_no_harm(tmp_path: Path) -> None:
    """A file that was marked as taken and is still there changes nothing."""
    lines = chain([record(number, day=number) for number in range(3)])
    write_chain(tmp_path, lines, at_once=1)
    first = files_of(tmp_path)[WRITER][0].path
    kept = first.read_bytes()
    prune_folder(tmp_path, START_US + US_PER_DAY)
    first.write_bytes(kept)

    assert [lines[-1].link] == ends(tmp_path)


def test_retention_while_the_log_is_verified(tmp_path: Path) -> None:
    """What retention takes while somebody verifies is not told as missing."""
    for writer in (WRITER, "here-2-b"):
        write_chain(tmp_path, chain([record(number, day=number) for number in range(3)], writer), at_once=1)
    verifying = verify_folder(tmp_path)
    first = next(verifying)
    prune_folder(tmp_path, START_US + 2 * US_PER_DAY)
    second = next(verifying)

    assert (0, 2) == (first.start.seq, second.start.seq)
    assert [3, 3] == [one.found.seq for one in (first, second) if isinstance(one.found, Link)]


KILLED = """
import os, sys
from pathlib import Path
from tests.ledger.example import entry, recorder
from suppress.ledger.jsonl import ChainWriter
from suppress.ledger.writer import Ledger
ledger = Ledger(recorder(), lambda writer: ChainWriter(Path(sys.argv[1]), writer))
number = 0
while True:
    number += 1
    ledger.write([entry(number)]).result()
    print(number, flush=True)
"""


def test_a_killed_process_loses_nothing_it_promised(tmp_path: Path) -> None:
    """After kill -9 every decision that was promised is there; the next process closes the chain, and it verifies."""
    with subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        promised = [int(process.stdout.readline()) for _ in range(100)]
        open_while_it_lives = close_abandoned(tmp_path)
        process.kill()
        promised += [int(line) for line in process.stdout.read().split()]
    (writer,) = files_of(tmp_path)
    with files_of(tmp_path)[writer][0].path.open("ab") as file:
        file.write(b'{"prev_hash":"half a line')
    closed = close_abandoned(tmp_path)
    anchor = read_anchor(tmp_path, writer)
    kept = [line.record.decision_id for line in lines_after(tmp_path, Link(writer, 0, ""))]

    assert [] == open_while_it_lives
    assert [f"01J{number:023}" for number in promised] == kept[: len(promised)]
    assert 1 >= len(kept) - len(promised)
    assert closed == ends(tmp_path)
    assert anchor is not None
    assert anchor.closed
    assert [] == close_abandoned(tmp_path)


def test_a_damaged_chain_is_not_closed(tmp_path: Path) -> None:
    """A chain that does not fit its anchor is left open and as it is, for people to look at."""
    lines = chain([record(number) for number in range(3)])
    writer = write_chain(tmp_path, lines, close=False)
    os.close(writer._anchor)
    path = files_of(tmp_path)[WRITER][0].path
    path.write_bytes(path.read_bytes()[:-50])
    before = path.read_bytes()

    assert [] == close_abandoned(tmp_path)
    assert before == path.read_bytes()
    assert [3] == [found.seq for found in ends(tmp_path)]


def test_there_is_no_log(tmp_path: Path) -> None:
    """Where there is no folder the error names it."""
    with pytest.raises(LedgerError, match="no decision log at"):
        ends(tmp_path / "none")


def test_other_files_are_left_alone(tmp_path: Path) -> None:
    """What is not of the log is neither read nor taken out."""
    write_chain(tmp_path, chain([record(1)]))
    for name in ("notes.txt", "orders.jsonl", "x.0001.jsonl"):
        (tmp_path / name).write_text("hello")
    prune_folder(tmp_path, START_US + 100 * US_PER_DAY)

    assert [] == [one for one in ends(tmp_path) if isinstance(one, Fault)]
    assert {"notes.txt", "orders.jsonl", "x.0001.jsonl", "anchors"} == {path.name for path in tmp_path.iterdir()}

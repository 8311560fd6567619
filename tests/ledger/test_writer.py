"""The ledger promises only what is on the disk, loses nothing silently, and shares syncs."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from suppress.decisions.record import Fault, LogLine, read_line
from suppress.errors import LedgerError
from suppress.ledger.chain_files import read_anchor, writers_of
from suppress.ledger.folder import verify_folder
from suppress.ledger.jsonl import ChainWriter
from suppress.ledger.writer import MOST_WAITING, Ledger
from tests.faults.log_kills import rounds
from tests.ledger.example import Entry, entry, record, recorder

WAIT_SECONDS = 30.0


def open_ledger(folder: Path) -> Ledger:
    return Ledger(recorder(), lambda writer: ChainWriter(folder, writer))


def logged(folder: Path) -> list[LogLine]:
    """Every line of the folder; the log must verify."""
    assert [] == [one for one in verify_folder(folder) if isinstance(one.found, Fault)]
    return [read_line(text) for path in sorted(folder.glob("*.jsonl")) for text in path.read_bytes().splitlines()]


class Held:
    """A sink that keeps lines in memory, and waits or fails as told."""

    def __init__(self, fail: Callable[[Sequence[LogLine]], None] = lambda _: None) -> None:
        self.is_broken = False
        self.is_closed = False
        self.batches: list[list[LogLine]] = []
        self.fail = fail

    def append(self, lines: Sequence[LogLine]) -> None:
        self.fail(lines)
        self.batches.append(list(lines))

    def close(self) -> None:
        self.is_closed = True


def test_what_is_done_is_on_the_disk(tmp_path: Path) -> None:
    """When the future ends the line is in the file, whole, before the ledger is closed."""
    ledger = open_ledger(tmp_path)
    ledger.write([entry(1), entry(2)]).result(WAIT_SECONDS)
    before = [line.record.decision_id for line in logged(tmp_path)]
    ledger.close()

    assert [entry(1).decision.decision_id, entry(2).decision.decision_id] == before
    assert (2, 0) == ledger.counts[:2]
    anchor = read_anchor(tmp_path, writers_of(tmp_path)[0])
    assert anchor is not None
    assert anchor.closed


def test_many_threads_make_one_chain(tmp_path: Path) -> None:
    """Lines of many threads form one chain that verifies, each thread's own in order, none missing, none twice."""
    ledger = open_ledger(tmp_path)
    each = 40

    def work(thread: int) -> None:
        for number in range(each):
            ledger.write([entry(thread * 1000 + number)]).result(WAIT_SECONDS)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ledger.close()
    numbers = [int(line.record.decision_id[3:]) for line in logged(tmp_path)]

    assert 1 == len(writers_of(tmp_path))
    assert sorted(thread * 1000 + number for thread in range(8) for number in range(each)) == sorted(numbers)
    for thread in range(8):
        own = [number for number in numbers if number // 1000 == thread]
        assert sorted(own) == own
    assert 8 * each == ledger.counts.written


def test_who_comes_while_the_disk_is_busy_shares_the_next_write() -> None:
    """While one write is under way all others queue, and the next write takes them together."""
    started, go_on = threading.Event(), threading.Event()

    def wait(_: Sequence[LogLine]) -> None:
        started.set()
        go_on.wait(WAIT_SECONDS)

    sink = Held(wait)
    ledger = Ledger(recorder(), lambda _: sink)
    futures = [ledger.write([entry(0)])]
    started.wait(WAIT_SECONDS)
    futures += [ledger.write([entry(number)]) for number in range(1, 100)]
    waiting = ledger.counts.waiting
    go_on.set()
    for future in futures:
        future.result(WAIT_SECONDS)
    ledger.close()

    assert 100 == waiting
    assert [1, 99] == [len(batch) for batch in sink.batches]
    assert (100, 0, 2, 0) == ledger.counts


def test_closing_writes_what_waits() -> None:
    """What was handed in before the ledger closes is written; what comes after is refused and counted."""
    sink = Held()
    ledger = Ledger(recorder(), lambda _: sink)
    futures = [ledger.write([entry(number)]) for number in range(50)]
    ledger.close()

    assert [None] * 50 == [future.result(0) for future in futures]
    assert sink.is_closed
    with pytest.raises(LedgerError, match="closed"):
        ledger.write([entry(51)]).result(0)
    assert (50, 1) == ledger.counts[:2]


def test_a_write_that_fails_is_told_and_undone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk fails those it concerns, is counted, leaves no half line, and is over when there is room again."""
    ledger = open_ledger(tmp_path)
    ledger.write([entry(1)]).result(WAIT_SECONDS)
    write = os.write

    def full(handle: int, data: bytes) -> int:
        write(handle, bytes(data[:100]))
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("suppress.ledger.jsonl.os.write", full)
    failed = ledger.write([entry(2), entry(3)])
    with pytest.raises(LedgerError, match="No space left"):
        failed.result(WAIT_SECONDS)
    monkeypatch.undo()
    ledger.write([entry(4)]).result(WAIT_SECONDS)
    ledger.close()

    assert [record(1), record(4)] == [line.record for line in logged(tmp_path)]
    assert 1 == len(writers_of(tmp_path))
    assert (2, 2) == ledger.counts[:2]


FULL = """
import resource, signal, sys
from pathlib import Path
from suppress.ledger.jsonl import ChainWriter
from suppress.ledger.writer import Ledger
from tests.ledger.example import entry, recorder
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, resource.RLIM_INFINITY))
ledger = Ledger(recorder(), lambda writer: ChainWriter(Path(sys.argv[1]), writer))
went = []
for number in range(30):
    if number == 20:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    if ledger.write([entry(number)]).exception() is None:
        went.append(number)
ledger.close()
print(*went, ledger.counts.lost)
"""


def test_a_file_that_may_not_grow(tmp_path: Path) -> None:
    """Where the system takes half a line and no more, what was promised is there and the rest is counted."""
    told = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True, check=True
    ).stdout.split()
    went, lost = [int(number) for number in told[:-1]], int(told[-1])

    assert list(range(20, 30)) == went[-10:]
    assert 3 < lost < 20
    assert 30 == len(went) + lost
    assert [f"01J{number:023}" for number in went] == [line.record.decision_id for line in logged(tmp_path)]


def test_a_killed_process_is_made_up_for(tmp_path: Path, seed: int) -> None:
    """Killed at a random moment: nothing promised is missing from files or table."""
    assert rounds(tmp_path, 1, seed) > 0


def test_a_sync_that_fails_ends_the_chain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a failed sync nothing more is promised in that file: a new chain begins, and both verify."""
    ledger = open_ledger(tmp_path)
    ledger.write([entry(1)]).result(WAIT_SECONDS)

    def broken(_: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("suppress.ledger.jsonl.os.fdatasync", broken)
    with pytest.raises(LedgerError, match="Input/output"):
        ledger.write([entry(2)]).result(WAIT_SECONDS)
    monkeypatch.undo()
    ledger.write([entry(3)]).result(WAIT_SECONDS)
    ledger.close()

    assert {record(1).decision_id, record(3).decision_id} == {line.record.decision_id for line in logged(tmp_path)}
    assert 2 == len(writers_of(tmp_path))
    assert (2, 1) == ledger.counts[:2]


def test_a_folder_that_is_gone(tmp_path: Path) -> None:
    """Where somebody takes the files away nothing more is promised in them; a new chain begins."""
    ledger = open_ledger(tmp_path / "log")
    ledger.write([entry(1)]).result(WAIT_SECONDS)
    for path in (tmp_path / "log").glob("*.jsonl"):
        path.unlink()
    with pytest.raises(LedgerError, match="gone"):
        ledger.write([entry(2)]).result(WAIT_SECONDS)
    ledger.write([entry(3)]).result(WAIT_SECONDS)
    ledger.close()
    (path,) = (tmp_path / "log").glob("*.jsonl")

    assert [entry(3).decision.decision_id] == [
        read_line(text).record.decision_id for text in path.read_bytes().splitlines()
    ]


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """Where no file can be made each write says so, and the ledger lives on."""
    (tmp_path / "log").write_text("a file")
    ledger = open_ledger(tmp_path / "log")
    for number in range(2):
        with pytest.raises(LedgerError, match="cannot be written"):
            ledger.write([entry(number)]).result(WAIT_SECONDS)
    (tmp_path / "log").unlink()
    ledger.write([entry(3)]).result(WAIT_SECONDS)
    ledger.close()

    assert 1 == len(logged(tmp_path / "log"))
    assert (1, 2) == ledger.counts[:2]


def test_whether_it_can_be_written_is_known_without_a_decision(tmp_path: Path) -> None:
    """After a write that failed it counts as failing until a chain could be begun; nobody has to lose one more."""
    (tmp_path / "log").write_text("a file")
    begun = threading.Event()

    def open_sink(writer: str) -> ChainWriter:
        sink = ChainWriter(tmp_path / "log", writer)
        begun.set()
        return sink

    ledger = Ledger(recorder(), open_sink, retry_seconds=0.01)
    before = ledger.is_failing
    with pytest.raises(LedgerError, match="cannot be written"):
        ledger.write([entry(1)]).result(WAIT_SECONDS)
    meanwhile = ledger.is_failing
    (tmp_path / "log").unlink()
    assert begun.wait(WAIT_SECONDS)
    ledger.close()

    assert [False, True, False] == [before, meanwhile, ledger.is_failing]
    assert [] == logged(tmp_path / "log")
    assert (0, 1) == ledger.counts[:2]


def test_a_full_disk_ends_a_chain_in_good_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a chain could not grow another is begun as soon as there is room; all are closed and verify."""
    begun = threading.Semaphore(0)

    def open_sink(writer: str) -> ChainWriter:
        begun.release()
        return ChainWriter(tmp_path, writer)

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    ledger = Ledger(recorder(), open_sink, retry_seconds=0.01)
    ledger.write([entry(1)]).result(WAIT_SECONDS)
    assert begun.acquire(timeout=WAIT_SECONDS)
    with monkeypatch.context() as patch:
        patch.setattr("suppress.ledger.jsonl.os.write", full)
        with pytest.raises(LedgerError, match="No space left"):
            ledger.write([entry(2)]).result(WAIT_SECONDS)
    assert begun.acquire(timeout=WAIT_SECONDS)
    ledger.write([entry(3)]).result(WAIT_SECONDS)
    ledger.close()

    assert not ledger.is_failing
    assert {record(1).decision_id, record(3).decision_id} == {line.record.decision_id for line in logged(tmp_path)}
    assert all(anchor.closed for anchor in (read_anchor(tmp_path, name) for name in writers_of(tmp_path)) if anchor)


def test_a_disk_that_hangs_does_not_fill_the_memory() -> None:
    """When too many decisions wait for the disk further ones are refused at once, and counted."""
    go_on = threading.Event()
    ledger = Ledger(recorder(), lambda _: Held(lambda _: bool(go_on.wait(WAIT_SECONDS)) and None))
    many = [record(1)] * 500
    futures = [ledger.write_records(many) for _ in range(MOST_WAITING // 500)]
    refused = ledger.write_records(many)
    with pytest.raises(LedgerError, match="not keeping up"):
        refused.result(0)
    go_on.set()
    for future in futures:
        future.result(WAIT_SECONDS)
    ledger.close()

    assert (MOST_WAITING, 500) == ledger.counts[:2]


def test_whatever_goes_wrong_is_told() -> None:
    """A fault nobody foresaw fails those it concerns; the next are written in a chain of their own."""
    sinks = []

    def fail(_: Sequence[LogLine]) -> None:
        if len(sinks) == 1:
            raise ZeroDivisionError

    def open_sink(_: str) -> Held:
        sinks.append(Held(fail))
        return sinks[-1]

    ledger = Ledger(recorder(), open_sink)
    with pytest.raises(LedgerError, match="failed"):
        ledger.write([entry(1)]).result(WAIT_SECONDS)
    ledger.write([entry(2)]).result(WAIT_SECONDS)
    bad = Entry(decision=None, message=entry().message, decided_at_us=0)  # type: ignore[arg-type]
    with pytest.raises(LedgerError, match="form of the log"):
        ledger.write([bad, bad]).result(0)
    ledger.close()

    assert [1] == [line.link.seq for line in sinks[1].batches[0]]
    assert (1, 3) == ledger.counts[:2]


def test_no_decisions_are_done_at_once() -> None:
    """An empty list is durable already."""
    ledger = Ledger(recorder(), lambda _: Held())
    ledger.write([]).result(0)
    ledger.close()

    assert (0, 0, 0, 0) == ledger.counts


def test_a_future_cannot_be_taken_back(tmp_path: Path) -> None:
    """Whoever gives up waiting does not keep the decision from being written."""
    ledger = open_ledger(tmp_path)
    future = ledger.write([entry(1)])

    assert not future.cancel()
    ledger.close()
    assert 1 == len(logged(tmp_path))

"""The table follows the files: behind when it must be, complete in the end, and nobody waits for it."""

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from suppress.decisions.record import NO_HASH, Link, LogLine
from suppress.errors import StoreError
from suppress.ledger import following
from suppress.ledger.following import TableFollower
from suppress.ledger.prune import prune_folder
from tests.ledger.example import START_US, chain, record, write_chain

WAIT_SECONDS = 30.0
WRITER = "here-1-a"


class Table:
    """A table in memory that can be down; `changed` is told of every line."""

    def __init__(self) -> None:
        self.is_down = False
        self.chains: dict[str, Link] = {}
        self.lines: list[LogLine] = []
        self.changed = threading.Condition()
        self.refused = threading.Event()

    def append(self, lines: Sequence[LogLine]) -> Link:
        self._look()
        with self.changed:
            writer = lines[0].link.writer
            for line in lines:
                head = self.chains.setdefault(writer, Link(writer, 0, NO_HASH))
                if line.link.seq == head.seq + 1:
                    assert head.hash == line.prev_hash
                    self.lines.append(line)
                    self.chains[writer] = line.link
            self.changed.notify_all()
            return self.chains[writer]

    def begin(self, start: Link) -> None:
        self._look()
        self.chains[start.writer] = start

    def get(self, decision_id: str) -> bytes | None:
        self._look()
        return next((line.text for line in self.lines if line.record.decision_id == decision_id), None)

    def heads(self) -> dict[str, Link]:
        self._look()
        return dict(self.chains)

    def _look(self) -> None:
        if self.is_down:
            self.refused.set()
            raise StoreError("the database is down")

    def wait_for(self, count: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.lines) >= count, WAIT_SECONDS)


@pytest.fixture
def table() -> Table:
    return Table()


def test_lines_are_copied_in_order(tmp_path: Path, table: Table) -> None:
    """What the ledger wrote is in the table a moment later, and no longer in memory."""
    lines = chain([record(number) for number in range(30)])
    follower = TableFollower(table, tmp_path)
    for line in lines:
        follower.take([line])
    table.wait_for(30)
    follower.close()

    assert lines == table.lines
    assert lines[3] == follower.find(lines[3].record.decision_id)
    assert follower.find("01J") is None
    assert (0, 0) == follower.counts


def test_what_is_not_copied_yet_is_found(tmp_path: Path, table: Table) -> None:
    """While the table is down a decision is still found; when it is back it has all."""
    lines = chain([record(number) for number in range(5)])
    write_chain(tmp_path, lines)
    table.is_down = True
    follower = TableFollower(table, tmp_path, retry_seconds=0.01)
    follower.take(lines)
    found = follower.find(lines[3].record.decision_id)
    behind = follower.counts.behind
    table.refused.wait(WAIT_SECONDS)
    table.is_down = False
    table.wait_for(5)
    follower.close()

    assert lines[3] == found
    assert 5 == behind
    assert lines == table.lines
    assert follower.counts.failures > 0


def test_what_another_process_just_wrote_is_found(tmp_path: Path, table: Table) -> None:
    """A decision that another process promised a moment ago is found at the end of its file; no other id is."""
    lines = chain([record(number) for number in range(5)])
    writer = write_chain(tmp_path, lines, close=False)
    follower = TableFollower(table, tmp_path)
    found, none = follower.find(lines[3].record.decision_id), follower.find("01J")
    table.is_down = True
    found_without_table = follower.find(lines[3].record.decision_id)
    with pytest.raises(StoreError):
        follower.find("01J")
    writer.close()
    follower.close()

    assert lines[3] == found == found_without_table
    assert none is None


def test_memory_is_bounded(tmp_path: Path, table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table that is down for long is filled from the files, for memory holds the newest lines only."""
    lines = chain([record(number) for number in range(20)])
    monkeypatch.setattr(following, "MOST_WAITING_BYTES", 4 * max(len(line.text) for line in lines))
    writer = write_chain(tmp_path, lines, most_bytes=1, close=False)
    table.is_down = True
    follower = TableFollower(table, tmp_path, retry_seconds=0.01)
    for line in lines:
        follower.take([line])
    behind, kept = follower.counts.behind, len(follower._lines)
    table.is_down = False
    table.wait_for(20)
    follower.close()
    writer.close()

    assert (20, 4) == (behind, kept)
    assert lines == table.lines
    assert (0, 0) == (follower.counts.behind, follower._bytes)


def test_chains_of_dead_processes_are_copied(tmp_path: Path, table: Table) -> None:
    """What a process that ended had not copied is copied by the next one, each line once."""
    first, second = (chain([record(number) for number in range(6)], writer) for writer in (WRITER, "here-2-b"))
    write_chain(tmp_path, first)
    write_chain(tmp_path, second)
    table.append(first[:4])
    follower = TableFollower(table, tmp_path)
    table.wait_for(12)
    follower.close()

    assert {WRITER: first[-1].link, "here-2-b": second[-1].link} == table.chains
    assert 12 == len(table.lines)


def test_a_new_table_begins_where_the_files_begin(tmp_path: Path, table: Table) -> None:
    """A table that never saw what retention took from the files takes the rest of the chain."""
    lines = chain([record(number, day=number) for number in range(4)])
    write_chain(tmp_path, lines, at_once=1)
    prune_folder(tmp_path, START_US + 2 * 86_400_000_000)
    follower = TableFollower(table, tmp_path)
    table.wait_for(2)
    follower.close()

    assert lines[2:] == table.lines


def test_a_damaged_chain_does_not_hold_up_others(
    tmp_path: Path, table: Table, caplog: pytest.LogCaptureFixture
) -> None:
    """A chain whose anchor cannot be read is told once; all others are copied."""
    for writer in (WRITER, "here-2-b"):
        write_chain(tmp_path, chain([record(1)], writer))
    (tmp_path / "anchors" / f"{WRITER}.head").write_text("{}")
    follower = TableFollower(table, tmp_path)
    table.wait_for(1)
    follower.close()

    assert ["here-2-b"] == list(table.chains)
    assert 1 == sum(WRITER in told for told in caplog.messages)


def test_files_that_are_gone_do_not_hold_up_what_follows(
    tmp_path: Path, table: Table, caplog: pytest.LogCaptureFixture
) -> None:
    """Lines that can be had nowhere are told; the follower goes on with other chains."""
    lines = chain([record(number) for number in range(5)])
    other = chain([record(9)], "here-2-b")
    follower = TableFollower(table, tmp_path)
    follower.take(lines[3:])
    follower.take(other)
    table.wait_for(1)
    follower.close()

    assert other == table.lines
    assert any("lines 4 to 5 of here-1-a are not in the table" in told for told in caplog.messages)


def test_closing_does_not_wait_for_a_table_that_is_down(tmp_path: Path, table: Table) -> None:
    """Whoever stops the service does not wait for a database that is down; the next process copies."""
    lines = chain([record(number) for number in range(5)])
    write_chain(tmp_path, lines)
    table.is_down = True
    follower = TableFollower(table, tmp_path, retry_seconds=3600)
    follower.take(lines)
    follower.close()
    table.is_down = False
    after = TableFollower(table, tmp_path)
    table.wait_for(5)
    after.close()

    assert lines == table.lines

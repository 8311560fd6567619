"""The table of decisions: whole chains in, found again, verified, and cut from the beginning."""

from collections.abc import Callable
from random import Random

import pytest

from suppress.decisions.decision import Verdict
from suppress.decisions.record import Fault, LogLine, RecordQuery
from suppress.errors import FactsError, StoreError
from suppress.stores.database import Database
from suppress.stores.decision_log import DecisionLog
from tests.ledger.example import START_US, chain, record

WRITER = "here-1-a"
MUTATIONS = 60


@pytest.fixture
def log(database: Database) -> DecisionLog:
    return DecisionLog(database)


def lines_of(count: int, writer: str = WRITER) -> list[LogLine]:
    return chain([record(number, day=number // 4) for number in range(count)], writer)


def test_lines_are_added_once(log: DecisionLog) -> None:
    """Whoever appends again changes nothing; what is new of a batch is added; a gap is not made."""
    lines = lines_of(6)

    assert lines[2].link == log.append(lines[:3])
    assert lines[2].link == log.append(lines[:3])
    assert lines[2].link == log.append(lines[4:])
    assert lines[4].link == log.append(lines[1:5])
    assert {WRITER: lines[4].link} == log.heads()
    assert [lines[4].link] == list(log.verify())
    assert 5 == len(log.find(RecordQuery(), 100).lines)


def test_a_chain_does_not_fork(log: DecisionLog) -> None:
    """A line that follows another one than the table has is refused."""
    lines = lines_of(3)
    log.append(lines[:2])
    other = chain([record(9), record(8), record(7)])
    with pytest.raises(StoreError, match="does not follow line 2"):
        log.append(other[2:])

    assert [lines[1].link] == list(log.verify())


def test_a_decision_is_found_by_its_id(log: DecisionLog) -> None:
    """One line is had by its decision's id, byte for byte; None where there is none."""
    lines = lines_of(3)
    log.append(lines)

    assert lines[1].text == log.get(lines[1].record.decision_id)
    assert log.get("01J") is None


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        (RecordQuery(), [4, 3, 2, 1]),
        (RecordQuery(verdict="suppress"), [2]),
        (RecordQuery(message_id="m-3"), [3]),
        (RecordQuery(campaign_id="spring", ruleset="retail-default"), [4, 3, 2, 1]),
        (RecordQuery(campaign_id="summer"), []),
        (RecordQuery(customer=record(1).customer), [3, 2, 1]),
        (RecordQuery(from_us=START_US + 2_000, to_us=START_US + 4_000), [3, 2]),
    ],
)
def test_decisions_are_found_by_what_they_are(query: RecordQuery, numbers: list[int], log: DecisionLog) -> None:
    """Every filter finds what fits it, and of a time what is in its half-open span, the newest first."""
    records = [record(1), record(2, verdict=Verdict.SUPPRESS), record(3), record(4, customer_id=None)]
    log.append(chain(records))
    found = log.find(query, 100)

    assert [f"m-{number}" for number in numbers] == [message_of(text) for text in found.lines]
    assert found.next_page_token is None


def test_pages_follow_each_other(log: DecisionLog) -> None:
    """Page by page every decision comes once, also those of one instant in several chains, while others arrive."""
    both = [chain([record(number) for number in range(10)], writer) for writer in (WRITER, "here-2-b")]
    for lines in both:
        log.append(lines)
    expected = list(log.find(RecordQuery(), 100).lines)
    found: list[bytes] = []
    token = None
    for page in range(7):
        more = log.find(RecordQuery(), 3, token)
        found += more.lines
        token = more.next_page_token
        log.append(chain([record(50 + page)], f"late-{page}-c"))

    assert 20 == len(expected)
    assert expected == found
    assert token is None


@pytest.mark.parametrize(
    "token", ["", "x", "WzFd", "WzEsMiwzXQ", "Wzk5OTk5OTk5OTk5OTk5OTk5OTk5OSwiYSIsMV0", "WzEsIlx1MDAwMCIsMV0"]
)
def test_a_foreign_token_is_refused(token: str, log: DecisionLog) -> None:
    """A page token that was not given is the caller's mistake, whatever it holds."""
    with pytest.raises(FactsError, match="page token"):
        log.find(RecordQuery(), 3, token)


def test_old_decisions_are_taken_out(log: DecisionLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """Retention cuts chains from the beginning, in steps; the rest verifies and grows on, also if nothing is left."""
    monkeypatch.setattr("suppress.stores.decision_log.PRUNED_AT_ONCE", 3)
    lines, other = lines_of(12), lines_of(3, "here-2-b")
    log.append(lines[:10])
    log.append(other)
    taken = log.prune(START_US + 2 * 86_400_000_000)
    again = log.prune(START_US + 2 * 86_400_000_000)
    found = list(log.verify())
    log.append(lines[10:])

    assert (11, 0) == (taken, again)
    assert [lines[9].link, other[2].link] == found
    assert [lines[11].link, other[2].link] == list(log.verify())
    assert 4 == len(log.find(RecordQuery(), 100).lines)
    assert 4 == log.prune(START_US + 100 * 86_400_000_000)
    assert [lines[11].link, other[2].link] == list(log.verify())


def test_retention_while_the_log_is_verified(log: DecisionLog) -> None:
    """What retention takes while somebody verifies is not told as missing."""
    both = [lines_of(8, writer) for writer in (WRITER, "here-2-b")]
    for lines in both:
        log.append(lines)
    verifying = log.verify()
    first = next(verifying)
    taken = log.prune(START_US + 86_400_000_000)

    assert 8 == taken
    assert [both[0][-1].link, both[1][-1].link] == [first, *verifying]


def test_a_chain_may_begin_where_files_begin(log: DecisionLog) -> None:
    """A table that never had the first lines of a chain takes the rest, once told; one that has some goes on."""
    lines = lines_of(6)
    log.begin(lines[2].link)
    log.append(lines[3:5])
    log.begin(lines[4].link)

    assert lines[5].link == log.append(lines[5:])
    assert [lines[5].link] == list(log.verify())
    assert 3 == len(log.find(RecordQuery(), 100).lines)


def _statements(dice: Random) -> tuple[str, int]:
    """A change of the table by hand, and the first line it alters."""
    seq, other = sorted(dice.sample(range(1, 11), 2))
    place = dice.randrange(200)
    at = f"WHERE writer = '{WRITER}' AND seq"
    text = f"substr(line, 1, {place}) || '~' || substr(line, {place + 2})"
    column = dice.choice(
        ["verdict = 'hold'", "customer = 'eve'", "message_id = NULL", "decided_at_us = 1", "version = 4"]
    )
    return dice.choice(
        [
            (f"UPDATE decisions SET line = {text} {at} = {seq}", seq),
            (f"UPDATE decisions SET {column} {at} = {seq}", seq),
            (f"DELETE FROM decisions {at} = {seq}", seq),
            (f"DELETE FROM decisions {at} >= {seq}", seq),
            (f"UPDATE decisions SET line = (SELECT d.line FROM decisions d {at} = {other}) {at} = {seq}", seq),
            (f"UPDATE decisions SET seq = 11 {at} = {seq}", seq),
            (f"UPDATE decision_chains SET head_seq = 9 WHERE writer = '{WRITER}'", 9),
            (f"UPDATE decision_chains SET pruned_seq = 1 WHERE writer = '{WRITER}'", 2),
            (f"DELETE FROM decision_chains WHERE writer = '{WRITER}'", 1),
        ]
    )


def test_every_change_by_hand_is_found(log: DecisionLog, database: Database, seed: int) -> None:
    """Random changes of rows, of columns and of the chain's own row are found, and the first altered line is named."""
    seeds = Random(seed)
    for number in range(MUTATIONS):
        own = seeds.randrange(2**32)
        statement, expected = _statements(Random(own))
        with database.write() as connection:
            for table in ("decisions", "decision_chains"):
                connection.exec_driver_sql(f"DELETE FROM {table}")
        log.append(lines_of(10))
        with database.write() as connection:
            connection.exec_driver_sql(statement)
        found = [one for one in log.verify() if isinstance(one, Fault)]

        assert (WRITER, expected) == found[0][:2], f"mutation {number}, seed {own}: {statement}: {found}"


def test_errors_are_the_stores(log: DecisionLog, database: Database) -> None:
    """Where the table cannot be used the error says so and names the database."""
    with database.write() as connection:
        connection.exec_driver_sql("DROP TABLE decisions")
    attempts: list[Callable[[], object]] = [
        lambda: log.append(lines_of(1)),
        lambda: log.get("x"),
        lambda: log.find(RecordQuery(), 1),
        lambda: list(log.verify()),
    ]
    for attempt in attempts:
        with pytest.raises(StoreError, match="decisions"):
            attempt()
    assert {} == log.heads()


def message_of(text: bytes) -> str | None:
    from suppress.decisions.record import read_line

    return read_line(text).record.message_id

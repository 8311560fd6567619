"""Records become lines of a chain, and the first one that was changed is named."""

import json
from hashlib import sha256

import pytest

from suppress.decisions.record import LOST_SENTENCE, NO_HASH, Fault, Link, read_line, told_of, verify
from tests.ledger.example import SENTENCE, START_US, chain, decision, record

BEFORE = Link("here-1-a", 0, NO_HASH)


def test_a_line_can_be_checked_with_a_shell() -> None:
    """The hash at the end of a line is the SHA-256 of all before it, the hash of the line before included."""
    first, second = chain([record(1), record(2)])
    before, after = second.text.rsplit(b',"hash":"', 1)

    assert sha256(before).hexdigest().encode() + b'"}' == after
    assert first.link.hash == json.loads(second.text)["prev_hash"]
    assert json.loads(second.text)["hash"] == second.link.hash


def test_a_line_reads_as_it_was_written() -> None:
    """Reading a line gives its place and its record back, to the byte."""
    for line in chain([record(1), record(2, customer_id=None)]):
        assert line == read_line(line.text)


def test_a_record_is_canonical() -> None:
    """The keys of a record are sorted, at every level, so that the same decision gives the same bytes."""
    body = record().body

    assert json.dumps(json.loads(body), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() == body


def test_a_record_says_what_was_decided() -> None:
    """Of a record the decision can be had as it was told, but for the customer's name; its ruleset has sentences."""
    body = json.loads(record().body)
    told, expected = told_of(body, {"already-bought": SENTENCE}), decision().to_dict()

    assert expected.keys() == told.keys()
    for name in expected.keys() - {"customer_id", "items", "ruleset"}:
        assert expected[name] == told[name]
    assert SENTENCE == told["items"][0]["reasons"][0]["sentence"]
    assert LOST_SENTENCE == told_of(body, {})["items"][0]["reasons"][0]["sentence"]
    assert 3 == told["ruleset"]["version"]
    assert "2026-11-23T09:00:00.001000Z" == body["timestamp"]
    assert START_US + 1000 == record().decided_at_us


def test_a_whole_chain_verifies() -> None:
    """Where nothing was changed the end of the chain is told, and lines after the known head are welcome."""
    lines = chain([record(number) for number in range(5)])
    texts = [line.text for line in lines]

    assert lines[4].link == verify(texts, BEFORE)
    assert lines[4].link == verify(texts, BEFORE, lines[2].link)
    assert lines[4].link == verify(texts[3:], lines[2].link, lines[4].link)
    assert verify([], BEFORE) == BEFORE


LINES = [line.text for line in chain([record(number) for number in range(5)])]
OTHER = [line.text for line in chain([record(number) for number in range(5, 10)])]
FOREIGN = chain([record(1)], "there-2-b")[0].text
HEAD = read_line(LINES[4]).link


@pytest.mark.parametrize(
    ("texts", "seq", "what"),
    [
        ([LINES[0], LINES[1].replace(b"TEA", b"TEE"), *LINES[2:]], 2, "was altered"),
        ([LINES[0], *LINES[2:]], 2, "is missing: line 3"),
        (LINES[1:], 1, "is missing: line 2"),
        (LINES[:3], 4, "is missing: the chain went on to line 5"),
        ([], 1, "is missing"),
        ([LINES[1], LINES[0], *LINES[2:]], 1, "is missing: line 2"),
        ([*LINES[:2], LINES[1], *LINES[2:]], 3, "is missing: line 2"),
        ([*LINES[:3], FOREIGN, LINES[4]], 4, "another writer, there-2-b"),
        ([*LINES[:3], b"{}", LINES[4]], 4, "no line of a decision log"),
        ([*LINES[:2], OTHER[2], *LINES[3:]], 3, "does not fit the line before"),
        (OTHER, 5, "not the one the chain was known to have"),
    ],
)
def test_the_first_change_is_named(texts: list[bytes], seq: int, what: str) -> None:
    """A line that was changed, dropped, repeated, swapped or forged is named by its place in the chain."""
    found = verify(texts, BEFORE, HEAD)

    assert isinstance(found, Fault)
    assert (seq, "here-1-a") == (found.seq, found.writer)
    assert what in found.what


@pytest.mark.parametrize(
    "text", [b"", b"{}", b"[1]", LINES[0][:-1], LINES[0] + b"\n", LINES[0].replace(b'"result"', b'"r"')]
)
def test_what_is_no_line_is_refused(text: bytes) -> None:
    """Whatever is not a line of a log is refused, not half read."""
    with pytest.raises(ValueError, match="this"):
        read_line(text)

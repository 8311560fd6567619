"""Turn a decision into a line of the log, one link of a chain, and find the first line that is not as it was written.

A line is one JSON object: the place in its chain, then the record with sorted keys, then its hash:

    {"prev_hash":"...","seq":7,"writer":"...", ..., "hash":"..."}

`hash` is the SHA-256 of all that stands before `,"hash"`, the hash of the line before included. So whoever changes,
drops, adds or swaps a line breaks the chain there. Each process that writes has a chain of its own, its `writer`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final, NamedTuple

import orjson

NO_HASH: Final = "0" * 64
"""What the first line of a chain has for the hash of the line before."""

LOST_SENTENCE: Final = "(the rule's sentence is not known any more)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One decision to be logged. `body` is its JSON object, canonical; the fields beside it are what people look for.

    `customer`: as the log knows the customer, a keyed hash by default; None when nobody was found.
    """

    decision_id: str
    decided_at_us: int
    ruleset: str
    version: int | None
    verdict: str
    customer: str | None
    message_id: str | None
    channel: str | None
    campaign_id: str | None
    body: bytes


class Link(NamedTuple):
    """A place in a chain: the `seq`-th line of `writer` has this hash. `seq` 0 is before the first."""

    writer: str
    seq: int
    hash: str


class LogLine(NamedTuple):
    """A record in its place: what stands in the file and in the table, byte for byte, without a line break."""

    link: Link
    prev_hash: str
    record: Record
    text: bytes


class Fault(NamedTuple):
    """The first line of a chain that is not as it was written. `seq`: its place; `what`: what is wrong with it.

    `decision_id`: of the line that was found there, where it can still be read.
    """

    writer: str
    seq: int
    what: str
    decision_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordQuery:
    """Which records to find: all that fit everything stated. Times in microseconds, half-open: from_us <= t < to_us.

    `customer`: as the log knows the customer.
    """

    customer: str | None = None
    message_id: str | None = None
    campaign_id: str | None = None
    verdict: str | None = None
    ruleset: str | None = None
    from_us: int | None = None
    to_us: int | None = None


def record_of(told: Mapping[str, Any], *, decided_at_us: int, asked: Mapping[str, Any]) -> Record:
    """The record of a decision. `told`: its JSON shape, masked, without sentences. `asked`: the rest of the record.

    `asked` holds `input`, the message in its JSON shape, masked, and whatever else is worth keeping.
    """
    input_ = asked["input"]
    ruleset = {"version": None, **told["ruleset"]}
    result = {name: value for name, value in told.items() if name not in _AT_THE_TOP}
    timestamp = (_EPOCH + timedelta(microseconds=decided_at_us)).isoformat(timespec="microseconds")
    body = {
        **asked,
        "decision_id": told["decision_id"],
        "timestamp": timestamp.replace("+00:00", "Z"),
        "ruleset": ruleset,
        "facts_as_of": told["facts_as_of"],
        "result": result,
    }
    return Record(
        decision_id=told["decision_id"],
        decided_at_us=decided_at_us,
        ruleset=ruleset["name"],
        version=ruleset["version"],
        verdict=told["verdict"],
        customer=told["customer_id"],
        message_id=told["message_id"],
        channel=input_.get("channel"),
        campaign_id=input_.get("campaign_id"),
        body=orjson.dumps(body, option=orjson.OPT_SORT_KEYS),
    )


def told_of(body: Mapping[str, Any], sentences: Mapping[str, str]) -> dict[str, Any]:
    """The decision of a logged record in the shape of `Decision.to_dict`. `sentences`: by the id of their rule.

    A sentence the record holds itself stays; one that is nowhere says so.
    """
    result: dict[str, Any] = {**body["result"], **{name: body[name] for name in _AT_THE_TOP}}
    result["reasons"] = _with_sentences(result["reasons"], sentences)
    for group in ("items", "replacements"):
        result[group] = [{**item, "reasons": _with_sentences(item["reasons"], sentences)} for item in result[group]]
    return result


def _with_sentences(reasons: list[dict[str, Any]], sentences: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"sentence": sentences.get(reason["rule"], LOST_SENTENCE), **reason} for reason in reasons]


def next_line(after: Link, record: Record) -> LogLine:
    """The record as the line after `after` in its chain."""
    head = f'{{"prev_hash":"{after.hash}","seq":{after.seq + 1},"writer":"{after.writer}",'
    text = head.encode() + record.body[1:-1]
    digest = sha256(text).hexdigest()
    line = b'%b,"hash":"%b"}' % (text, digest.encode())
    return LogLine(Link(after.writer, after.seq + 1, digest), after.hash, record, line)


def read_link(line: bytes) -> tuple[Link, str] | None:
    """Where a line says it stands, and the hash before it; None when it is no line of a log. Proves nothing."""
    found = _LINE.fullmatch(line)
    if found is None:
        return None
    prev_hash, seq, writer, digest = (part.decode("ascii") for part in found.groups())
    return Link(writer, int(seq), digest), prev_hash


def read_line(line: bytes) -> LogLine:
    """A line as it was logged. Raises ValueError when it cannot be one; whether it was changed says `problem_in`."""
    found = read_link(line)
    if found is None:
        raise ValueError("this is no line of a decision log")
    body = orjson.loads(line)
    try:
        result, input_, ruleset = body["result"], body["input"], body["ruleset"]
        record = Record(
            decision_id=body["decision_id"],
            decided_at_us=(datetime.fromisoformat(body["timestamp"]) - _EPOCH) // timedelta(microseconds=1),
            ruleset=ruleset["name"],
            version=ruleset["version"],
            verdict=result["verdict"],
            customer=result["customer_id"],
            message_id=result["message_id"],
            channel=input_.get("channel"),
            campaign_id=input_.get("campaign_id"),
            body=b"{%b}" % line[_LINE_HEAD.match(line).end() : -_LENGTH_OF_HASH],  # type: ignore[union-attr]
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"this line of the decision log lacks {error}") from None
    return LogLine(found[0], found[1], record, line)


def problem_in(line: bytes, after: Link) -> str | None:
    """What is wrong with a line that should follow `after`; None when it is as it was written."""
    found = read_link(line)
    if found is None:
        return "is no line of a decision log"
    link, prev_hash = found
    if sha256(line[:-_LENGTH_OF_HASH]).hexdigest() != link.hash:
        return "was altered: its hash does not fit"
    if link.writer != after.writer:
        return f"is missing: a line of another writer, {link.writer}, stands in its place"
    if link.seq != after.seq + 1:
        return f"is missing: line {link.seq} stands in its place"
    if prev_hash != after.hash:
        return "does not fit the line before it"
    return None


def verify(lines: Iterable[bytes], after: Link, head: Link | None = None) -> Link | Fault:
    """Where a chain's lines end, from `after` on; or the first that is not as it was written, or is missing.

    `head`: how far the chain is known to go; further lines may follow, fewer may not.
    """
    at = after
    for line in lines:
        problem = problem_in(line, at)
        if problem is None and head is not None and at.seq + 1 == head.seq and read_link(line) != (head, at.hash):
            problem = "is not the one the chain was known to have there"
        if problem is not None:
            return Fault(after.writer, at.seq + 1, problem, _decision_id(line))
        at = Link(after.writer, at.seq + 1, line[-_LENGTH_OF_HASH:][_HASH_AT].decode("ascii"))
    if head is not None and at.seq < head.seq:
        return Fault(after.writer, at.seq + 1, f"is missing: the chain went on to line {head.seq}")
    return at


def _decision_id(line: bytes) -> str | None:
    found = _DECISION_ID.search(line)
    return None if found is None else found[1].decode("utf-8", "replace")


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_AT_THE_TOP: Final = ("decision_id", "facts_as_of", "ruleset")
"""What a record names beside the result, so the result does not."""
_LINE: Final = re.compile(
    rb'\{"prev_hash":"([0-9a-f]{64})","seq":([1-9][0-9]{0,17}),"writer":"([A-Za-z0-9._-]{1,255})",'
    rb'[^\n\r]*,"hash":"([0-9a-f]{64})"\}'
)
_LINE_HEAD: Final = re.compile(rb'\{"prev_hash":"[0-9a-f]{64}","seq":[0-9]+,"writer":"[^"]+",')
_LENGTH_OF_HASH: Final = len(',"hash":""}') + 64
_HASH_AT: Final = slice(len(',"hash":"'), -2)
_DECISION_ID: Final = re.compile(rb'"decision_id":"([^"]{1,255})"')

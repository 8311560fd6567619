"""Decisions to log: one per number, whatever they are about."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from suppress.decisions.decision import (
    Decision,
    Evidence,
    ItemDecision,
    ItemVerdict,
    Mode,
    Outcome,
    Reason,
    Verdict,
)
from suppress.decisions.record import NO_HASH, Link, LogLine, Record, next_line
from suppress.facts.instants import to_us
from suppress.facts.message import Item, Message
from suppress.ledger.jsonl import ChainWriter
from suppress.ledger.masking import Masks
from suppress.ledger.recording import Recorder

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
START_US = to_us(START)
KEY = b"a key of thirty-two bytes, or so"
SENTENCE = "The customer bought this item in the last 365 days."
OWN = Evidence(field="customer.id", seen="ada", wanted="one of the staff")
BOUGHT = Evidence(field="bought.same_item_group", seen=2, wanted="at least 1 unit", as_of=START)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What the service hands in."""

    decision: Decision
    message: Message
    decided_at_us: int
    version: int | None = 3
    request_id: str | None = "r-1"
    key_id: str | None = "k-1"
    took_us: int = 900
    unavailable: str | None = None


def decision(number: int = 1, *, customer_id: str | None = "ada", verdict: Verdict = Verdict.SEND) -> Decision:
    reason = Reason(
        rule="already-bought",
        code="recently_purchased",
        sentence=SENTENCE,
        outcome=Outcome.TRUE,
        mode=Mode.ENFORCE,
        evidence=(BOUGHT, OWN),
    )
    return Decision(
        decision_id=f"01J{number:023}",
        message_id=f"m-{number}",
        customer_id=customer_id,
        verdict=verdict,
        hold_until=None,
        as_of=START,
        valid_until=None,
        items=(
            ItemDecision(sku="TEA", verdict=ItemVerdict.DROP, reasons=(reason,)),
            ItemDecision(sku="MUG-ö", verdict=ItemVerdict.KEEP),
        ),
        replacements=(),
        shown=("MUG-ö",),
        reasons=(),
        facts_as_of={"orders": START, "stock": None},
        facts_missing=(),
        ruleset="retail-default",
        fingerprint="sha256:abc",
        mode=Mode.ENFORCE,
        engine="durable",
    )


def message(number: int = 1) -> Message:
    return Message(
        items=(Item(sku="TEA", placement="hero", score=0.5), "MUG-ö"),  # type: ignore[arg-type]
        customer_id="ada",
        email="ada@shop.example",
        phone="+41 44 123 45 67",
        message_id=f"m-{number}",
        channel="email",
        campaign_id="spring",
        replacements=("POT",),
        attributes={"greeting": "Dear Ada Lovelace"},
        send_at=START,
    )


def entry(number: int = 1, *, day: int = 0, verdict: Verdict = Verdict.SEND, customer_id: str | None = "ada") -> Entry:
    at = START + timedelta(days=day, milliseconds=number)
    decided = decision(number, verdict=verdict, customer_id=customer_id)
    return Entry(decision=decided, message=message(number), decided_at_us=to_us(at))


def recorder() -> Recorder:
    return Recorder(Masks(KEY), {"host": "here"})


def record(
    number: int = 1, *, day: int = 0, verdict: Verdict = Verdict.SEND, customer_id: str | None = "ada"
) -> Record:
    return recorder().record(entry(number, day=day, verdict=verdict, customer_id=customer_id))


def chain(records: list[Record], writer: str = "here-1-a", after: Link | None = None) -> list[LogLine]:
    """The records as lines of a chain."""
    at, lines = after or Link(writer, 0, NO_HASH), []
    for each in records:
        lines.append(next_line(at, each))
        at = lines[-1].link
    return lines


def write_chain(
    folder: Path, lines: list[LogLine], *, at_once: int = 7, most_bytes: int = 20_000, close: bool = True
) -> ChainWriter:
    """The lines in files of a folder."""
    writer = ChainWriter(folder, lines[0].link.writer, most_bytes=most_bytes)
    for first in range(0, len(lines), at_once):
        writer.append(lines[first : first + at_once])
    if close:
        writer.close()
    return writer

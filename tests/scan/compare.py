"""Scan one random campaign and decide its messages one by one on both engines of `check`; say where they differ."""

import os
import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from random import Random

from suppress.engine.decide import Decider
from suppress.engine.guarded import GuardedEngine, ReferenceEngine
from suppress.facts.book import FactBook
from suppress.facts.instants import from_us, to_us
from suppress.facts.message import Message
from suppress.rules.compile import compile_ruleset
from suppress.rules.ruleset import Ruleset
from tests.agreement.generate import AS_OF_US, a_ruleset
from tests.scan.campaign import Row, Scanned, no_report, scanned
from tests.scan.draw import a_campaign, a_shop, falling_ruleset
from tests.scan.reference import comparable, wanted

SHM = Path("/dev/shm")
TEMPORARY = SHM if os.access(SHM, os.W_OK) else None

REPORTED = 0.1
"""Share of campaigns whose report is made too."""

Counts = Counter[str]


def check_campaign(rng: Random, messages: int, *, falling: bool = False) -> Counts:
    """Draw a ruleset, a shop and a campaign; assert that the scan writes what the engines decide. What was compared."""
    ruleset = falling_ruleset(rng) if falling else a_ruleset(rng)
    book = a_shop(rng)
    campaign = a_campaign(rng, messages)
    is_parquet = rng.random() < 0.5
    pairs = sum(len(message.items) + len(message.replacements) for message in campaign)
    pairs_per_bucket = rng.choice((None, None, max(1, pairs // 2), max(1, pairs // 5)))
    with tempfile.TemporaryDirectory(dir=TEMPORARY) as root, nullcontext() if rng.random() < REPORTED else no_report():
        compiled = compile_ruleset(ruleset)
        found = scanned(
            Path(root), compiled, book, campaign, AS_OF_US, is_parquet=is_parquet, pairs_per_bucket=pairs_per_bucket
        )
    return compare(ruleset, book, campaign, found)


def compare(ruleset: Ruleset, book: FactBook, campaign: Sequence[Message], found: Scanned) -> Counts:
    """Assert that the scan of a campaign wrote what both engines decide, message by message. What was compared."""
    compiled = compile_ruleset(ruleset)
    durable = GuardedEngine(compiled)
    counts: Counts = Counter()
    try:
        by_reference = Decider(compiled, ReferenceEngine(compiled))
        by_durable = Decider(compiled, durable)

        assert [message.message_id for message in campaign] == [row["message_id"] for row in found.messages]
        for message, row in zip(campaign, found.messages, strict=True):
            as_of_us = AS_OF_US if message.send_at is None else to_us(message.send_at)
            snapshot = book.snapshot(message, as_of_us, compiled.needs)
            decision = by_reference.decide(snapshot, "")
            want, want_items = wanted(by_reference, snapshot, decision)
            rows = found.items[row["message_id"]]
            place = told(ruleset, book, message)

            assert replace(decision, engine="") == replace(by_durable.decide(snapshot, ""), engine=""), place
            assert_alike(comparable(want), comparable(row), place)
            for want_item, item in zip(want_items, rows, strict=True):
                assert_alike(comparable(want_item), comparable(item), place)
            counts += _counted(row, rows)
        assert durable.faults == 0
    finally:
        durable.close()
    return counts


def assert_alike(want: Row, have: Row, place: str) -> None:
    """Assert that two rows are equal, and name the columns in which they are not."""
    differences = {name: (want.get(name), have.get(name)) for name in want if want.get(name) != have.get(name)}

    assert list(want) == list(have)
    assert {} == differences, f"wanted, scanned: {differences}\n{place}"


def told(ruleset: Ruleset, book: FactBook, message: Message) -> str:
    """Everything about a case, for the report of a difference."""
    return f"{ruleset}\n{book}\n{message}\nas of {message.send_at or from_us(AS_OF_US)}"


def _counted(row: Row, items: list[Row]) -> Counts:
    return Counter(
        {
            "messages": 1,
            row["verdict"]: 1,
            "control group": row["control_group"],
            "items": len(items),
            "dropped": sum(item["verdict"] == "drop" for item in items),
            "dropped with a date": sum(item["eligible_again_at"] is not None for item in items),
            "replacements shown": sum(item["is_replacement"] and item["shown"] for item in items),
            "kept without a slot": sum(item["verdict"] == "keep" and not item["shown"] for item in items),
            "items with unknowns": sum(bool(item["unknown"]) for item in items),
            "evidence": sum(len(item["evidence"] or ()) for item in items),
        }
    )

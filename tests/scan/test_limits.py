"""Limits in whole scans: stock is shared out as `check` would share it, never twice, whatever order rows come in."""

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isnan
from pathlib import Path
from random import Random
from unittest.mock import patch

import pyarrow.parquet as pq
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from suppress.decisions.decision import Decision, Verdict
from suppress.engine.decide import Decider
from suppress.engine.guarded import ReferenceEngine
from suppress.facts.book import FactBook
from suppress.facts.instants import from_us, to_us
from suppress.facts.message import Message
from suppress.rules.compile import CompiledRuleset, compile_ruleset
from suppress.rules.ruleset import Effect
from suppress.scan.run import Held
from suppress.scanning import ScanRequest, running, scan
from tests.agreement.generate import AS_OF_US, a_ruleset, reservations
from tests.conftest import LONG, SEED
from tests.scan.book_folder import write_folder
from tests.scan.campaign import Row, Scanned, no_report, read_back, write_jsonl
from tests.scan.draw import a_campaign, a_shop
from tests.scan.test_delta import TEMPORARY, at_corner, in_corner, moved

CAMPAIGNS = int(os.environ.get("SUPPRESS_LIMIT_CAMPAIGNS") or 8)
DICE = st.integers(min_value=0, max_value=2**63)
"""One number a campaign is drawn from: drawn throw by throw, Hypothesis takes longer to draw it than to scan it."""
CORNERS = 12
MESSAGES = 25


@dataclass(frozen=True)
class Others:
    """What others hold of limited skus, and what was reserved."""

    places: Mapping[str, int]
    reserved: list[Held] = field(default_factory=list)

    def taken(self) -> Mapping[str, int]:
        """As a store tells it."""
        return self.places

    def reserve(self, held: Sequence[Held], at_most: Mapping[str, int]) -> Mapping[str, int]:
        """Note it; it must leave others what they hold."""
        assert all(places <= at_most[sku] for sku, places in self.places.items() if sku in at_most)
        self.reserved.extend(held)
        return {}


def shared_out(
    compiled: CompiledRuleset, book: FactBook, messages: Sequence[Message], others: Others
) -> tuple[Scanned, list[Row]]:
    """What a scan writes of messages and items, and its budgets."""
    with tempfile.TemporaryDirectory(dir=TEMPORARY) as folder, no_report():
        root = Path(folder)
        request = ScanRequest(
            messages=write_jsonl(messages, root / "in.jsonl"),
            out=root / "out",
            rules=root,
            facts=write_folder(book, root / "facts"),
            as_of=from_us(AS_OF_US),
            memory="300MB",
            threads=1,
            allow_stale=True,
        )
        with patch.object(running, "load_ruleset", lambda *_, **__: compiled):
            found = read_back(scan(request, shares=others))
        return found, pq.read_table(root / "out" / "budgets.parquet").to_pylist()


def limited(rng: Random) -> CompiledRuleset:
    """A random ruleset with a limit."""
    while True:
        ruleset = a_ruleset(rng, limits=True)
        compiled = compile_ruleset(ruleset)
        if any(rule.effect is Effect.LIMIT_ITEM for rule in compiled.item_rules) or compiled.limit_rules:
            return compiled


@seed(SEED)
@settings(LONG, max_examples=CAMPAIGNS)
@given(DICE)
def test_a_message_alone_gets_what_check_gives(dice: int) -> None:
    """Of messages that share no sku, each gets the verdict, the items and the reasons `check` gives it."""
    rng = Random(dice)
    compiled = limited(rng)
    book = FactBook()
    messages, places = [], {}
    for corner in range(CORNERS):
        shop = a_shop(rng)
        book.add(moved(corner, shop, 0))
        book.feeds_us = shop.feeds_us
        messages += [in_corner(corner, message) for message in a_campaign(rng, 1)]
        places |= {at_corner(corner, sku): taken for sku, taken in reservations(rng).items()}
    found, _ = shared_out(compiled, book, messages, Others(places))
    decider = Decider(compiled, ReferenceEngine(compiled))
    for message, row in zip(messages, found.messages, strict=True):
        decision = decide(decider, book, message, places)

        assert told(decision) == scanned_as(row, found.items[row["message_id"]]), (compiled.rules, message)


@seed(SEED)
@settings(LONG, max_examples=CAMPAIGNS)
@given(DICE)
def test_shares_are_stable(dice: int) -> None:
    """No budget is passed, rows in any order give the same, and whoever is sent has what those before him leave."""
    rng = Random(dice)
    compiled, book, places = limited(rng), a_shop(rng), reservations(rng)
    messages = [once_each(message) for message in a_campaign(rng, MESSAGES)]
    others = Others(places)
    found, budgets = shared_out(compiled, book, messages, others)

    for row in budgets:
        assert row["used"] == 0 or row["used"] + places.get(row["sku"], 0) <= row["budget"]
    assert {row["sku"]: row["used"] for row in budgets if row["used"]} == sums(others.reserved)

    shuffled = rng.sample(messages, len(messages))
    again, _ = shared_out(compiled, book, shuffled, Others(places))

    assert {row["message_id"]: row for row in found.messages} == {row["message_id"]: row for row in again.messages}
    assert found.items == again.items

    decider = Decider(compiled, ReferenceEngine(compiled))
    for message, row in zip(messages, found.messages, strict=True):
        if row["verdict"] == "send":
            before = places_before(message, messages, others.reserved, places)
            decision = decide(decider, book, message, before)

            assert decision.verdict is Verdict.SEND
            assert list(decision.shown) == row["kept"], (compiled.rules, message)


def places_before(
    message: Message, messages: Sequence[Message], held: Sequence[Held], places: Mapping[str, int]
) -> dict[str, int]:
    """sku -> places held by others, and by messages of this campaign that rank before this one for it."""
    of = {one.message_id: one for one in messages}
    before = dict(places)
    for holder, _, sku, count in held:
        if holder != message.message_id and rank(of[str(holder)], sku) < rank(message, sku):
            before[sku] = before.get(sku, 0) + count
    return before


def rank(message: Message, sku: str) -> tuple[float, bytes]:
    """The higher score first, none last; then the message's id, bytewise."""
    score = next((item.score for item in message.items if item.sku == sku), None)
    return float("inf") if score is None or isnan(score) else -score, str(message.message_id).encode()


def once_each(message: Message) -> Message:
    """The message with every sku once, as an item or as a replacement."""
    items = {item.sku: item for item in message.items}
    rest = tuple(dict.fromkeys(sku for sku in message.replacements if sku not in items))
    slots = len(message.items) if message.slots is None else message.slots
    return replace(message, items=tuple(items.values()), replacements=rest, slots=slots)


def sums(held: Sequence[Held]) -> dict[str, int]:
    """sku -> places."""
    found: dict[str, int] = {}
    for _, _, sku, places in held:
        found[sku] = found.get(sku, 0) + places
    return found


def decide(decider: Decider, book: FactBook, message: Message, reserved: Mapping[str, int]) -> Decision:
    """What `check` decides when others hold these places."""
    as_of_us = AS_OF_US if message.send_at is None else to_us(message.send_at)
    return decider.decide(replace(book.snapshot(message, as_of_us, decider.compiled.needs), reserved=reserved), "")


def told(decision: Decision) -> Row:
    """The parts of a decision that a scan tells too."""
    return {
        "verdict": decision.verdict.value,
        "hold_until": decision.hold_until,
        "kept": list(decision.shown),
        "rule": decision.deciding.rule if decision.deciding else None,
        "reasons": [(reason.rule, reason.outcome.value, reason.mode.value) for reason in decision.reasons],
        "items": [
            (
                item.sku,
                item.verdict.value,
                item.replaced_by,
                [(reason.rule, reason.outcome.value, reason.mode.value) for reason in item.reasons],
            )
            for item in (*decision.items, *decision.replacements)
        ],
    }


def scanned_as(row: Row, items: Sequence[Row]) -> Row:
    """The same of what a scan wrote."""
    return {
        **{name: row[name] for name in ("verdict", "hold_until", "kept", "rule")},
        "reasons": _reasons(row),
        "items": [(item["sku"], item["verdict"], item["replaced_by"], _reasons(item)) for item in items],
    }


def _reasons(row: Row) -> list[tuple[str, str, str]]:
    return [(reason["rule"], reason["outcome"], reason["mode"]) for reason in row["reasons"] or ()]

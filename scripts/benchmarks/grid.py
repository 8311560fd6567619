"""Measure `gate.check` over the grid of items, rules and history on one store, and the rivals beside it on one cell."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple
from unittest.mock import patch

import suppress
from scripts.benchmarks.handwritten import Dropped, HandWritten, first_rule, joined_fact
from scripts.benchmarks.measure import Timing, rate_of, time_calls, time_interleaved
from scripts.benchmarks.messages import make_messages
from scripts.benchmarks.rivals import BareDurable, OrmLoop, Zen
from scripts.benchmarks.rules import SIZES, BenchRule, Maker, write_rules
from scripts.benchmarks.shop import HISTORIES, Shop
from scripts.benchmarks.whole import WholeByHand, write_whole
from suppress import Decision, Message
from suppress.service import Gate
from suppress.stores.database import Database

ITEMS = (1, 6, 20)
OURS = "suppress check"
BY_HAND = "(a) raw SQL and ifs"
WHOLE: Final = "whole"
Ruleset = int | str
"""So many rules of the core, or `WHOLE`."""
Rivals = dict[str, Callable[[Message], Any]]
_FEWER = {500: 2, 5_000: 5}
"""History -> by how much fewer calls a cell has, where one call takes long."""


class Cell(NamedTuple):
    """One measured cell of the grid."""

    store: str
    items: int
    rules: int
    history: int
    timing: Timing


class Beside(NamedTuple):
    """The rivals on one cell. `batch_rate`: `check_many`, results per CPU second; `dropped_share` of the items.

    `fired`: rule -> share of the messages it fires on, in shadow mode too; `verdicts`: share of the messages.
    `statements`: most statements one check sent to the store.
    """

    store: str
    history: int
    timings: dict[str, Timing]
    batch_rate: float
    single_rate: float
    dropped_share: float
    faults: int
    fired: dict[str, float]
    verdicts: dict[str, float]
    statements: int


class Bench:
    """One shop, its rule files, its messages; every store is measured with the same of them."""

    def __init__(self, shop: Shop, folder: Path, sqlite_url: str, calls: int) -> None:
        self.shop = shop
        self.calls = calls
        self.rules: dict[int, list[BenchRule]] = {size: Maker(shop=shop).rules(size) for size in SIZES}
        self.files: dict[Ruleset, Path] = {
            size: write_rules(self.rules[size], folder, f"bench-{size}") for size in SIZES
        }
        self.files[WHOLE] = write_whole(self.rules[50], folder)
        self._messages: dict[tuple[int, int, int], list[Message]] = {}
        self._sqlite_url = sqlite_url

    def messages(self, history: int, items: int, count: int) -> list[Message]:
        """Seeded messages to customers with exactly that many lines; -1 = customers as they come."""
        key = (history, items, count)
        if key not in self._messages:
            customers = self.shop.customer_ids if history < 0 else self.shop.dedicated_customers(history)
            with Database.open(self._sqlite_url) as database:
                self._messages[key] = make_messages(self.shop, database, customers, items, count)
        return self._messages[key]

    @contextmanager
    def gate(self, url: str, rules: Ruleset) -> Iterator[Gate]:
        """A gate on a store with so many rules, or with the ruleset of all kinds of conditions."""
        with closing(suppress.open(url, self.files[rules])) as gate:
            yield gate

    def grid(self, store: str, url: str, rules: Sequence[int] = SIZES) -> Iterator[Cell]:
        """Every cell on one store."""
        for size in rules:
            with self.gate(url, size) as gate:
                for history in (*HISTORIES, -1):
                    for items in ITEMS if history >= 0 else (6,):
                        calls = self.calls // _FEWER.get(history, 1)
                        messages = self.messages(history, items, calls)
                        yield Cell(store, items, size, history, time_calls(gate.check, messages))

    def beside(self, store: str, url: str, history: int, calls: int) -> Beside:
        """6 items, 50 rules: `check` and the rivals in turns on the same messages, once all gave the same answers."""
        messages = self.messages(history, 6, calls)
        rules = self.rules[50]
        with self.gate(url, 50) as gate, Database.open(url) as database:
            join, keys = joined_fact(rules)
            joining = HandWritten(database, join)
            facts = {message.message_id or "": joining.each_item(message) for message in messages}
            hand = HandWritten(database, first_rule(rules))
            rivals: Rivals = {
                BY_HAND: hand.dropped,
                "(b) ORM loop": OrmLoop(database, first_rule(rules)).dropped,
                "(c) bare durable-rules, facts joined": BareDurable(rules, keys, facts).dropped,
                "(d) zen-engine, facts joined": Zen(rules, keys, facts).dropped,
            }
            return _beside(store, history, gate, messages, _dropped, rivals, {})

    def beside_whole(self, store: str, url: str, history: int, calls: int) -> Beside:
        """6 items, the ruleset of all kinds of conditions: `check` and what stands beside it, in turns.

        The same messages are checked by the 50 rules of the core in between.
        """
        messages = self.messages(history, 6, calls)
        with self.gate(url, WHOLE) as gate, self.gate(url, 50) as core, Database.open(url) as database:
            hand = WholeByHand(database, self.rules[50])
            more = {"suppress check, the 50 rules of the core": core.check}
            return _beside(store, history, gate, messages, _answer, {BY_HAND: hand.answer}, more)


def _beside(
    store: str,
    history: int,
    gate: Gate,
    messages: list[Message],
    told: Callable[[Decision], object],
    rivals: Rivals,
    others: Rivals,
) -> Beside:
    """The figures of `gate` and its rivals on the same messages, once all gave the same answers."""
    fired: Counter[str] = Counter()
    verdicts: Counter[str] = Counter()
    dropped = statements = 0
    for message in messages:
        with patch.object(Database, "rows", autospec=True, side_effect=Database.rows) as rows:
            decision = gate.check(message)
        statements = max(statements, rows.call_count)
        dropped += sum(item.deciding is not None for item in decision.items)
        verdicts[decision.verdict.value] += 1
        fired.update({reason.rule for each in (decision, *decision.items) for reason in each.reasons})
        want = told(decision)
        for name, rival in rivals.items():
            got = rival(message)
            if got != want:
                raise AssertionError(f"{name} on {message}: {got}, suppress: {want}")
    timings = time_interleaved({OURS: gate.check, **rivals, **others}, messages)
    rates = [
        (rate_of(lambda: gate.check_many(messages))[0], rate_of(lambda: map(gate.check, messages))[0]) for _ in range(3)
    ]
    batch, single = sorted(rates, key=lambda pair: pair[0] / pair[1])[1]
    return Beside(
        store=store,
        history=history,
        timings=timings,
        batch_rate=batch,
        single_rate=single,
        dropped_share=dropped / (6 * len(messages)),
        faults=gate.engine_faults,
        fired={rule: count / len(messages) for rule, count in fired.most_common()},
        verdicts={verdict: count / len(messages) for verdict, count in verdicts.most_common()},
        statements=statements,
    )


def _answer(decision: Decision) -> tuple[Dropped, str]:
    return _dropped(decision), decision.verdict.value


def _dropped(decision: Decision) -> Dropped:
    return {item.sku: item.deciding.rule for item in decision.items if item.deciding is not None}

"""Measure `gate.check` over the grid of items, rules and history on one store, and the rivals beside it on one cell."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import suppress
from scripts.benchmarks.handwritten import Dropped, HandWritten, first_rule, joined_fact
from scripts.benchmarks.measure import Timing, rate_of, time_calls, time_interleaved
from scripts.benchmarks.messages import make_messages
from scripts.benchmarks.rivals import BareDurable, OrmLoop, Zen
from scripts.benchmarks.rules import SIZES, BenchRule, Maker, write_rules
from scripts.benchmarks.shop import HISTORIES, Shop
from suppress import Decision, Message
from suppress.service import Gate
from suppress.stores.database import Database

ITEMS = (1, 6, 20)
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
    """The rivals on one cell. `batch_rate`: `check_many`, results per CPU second; `dropped_share` of the items."""

    store: str
    history: int
    timings: dict[str, Timing]
    batch_rate: float
    single_rate: float
    dropped_share: float
    faults: int


class Bench:
    """One shop, its rule files, its messages; every store is measured with the same of them."""

    def __init__(self, shop: Shop, folder: Path, sqlite_url: str, calls: int) -> None:
        self.shop = shop
        self.calls = calls
        self.rules: dict[int, list[BenchRule]] = {size: Maker(shop=shop).rules(size) for size in SIZES}
        self.files = {size: write_rules(self.rules[size], folder, f"bench-{size}") for size in SIZES}
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
    def gate(self, url: str, rules: int) -> Iterator[Gate]:
        """A gate on a store with so many rules."""
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
            rivals = {
                "(a) raw SQL and ifs": hand.dropped,
                "(b) ORM loop": OrmLoop(database, first_rule(rules)).dropped,
                "(c) bare durable-rules, facts joined": BareDurable(rules, keys, facts).dropped,
                "(d) zen-engine, facts joined": Zen(rules, keys, facts).dropped,
            }
            dropped = 0
            for message in messages:
                want = _dropped(gate.check(message))
                dropped += len(want)
                for name, rival in rivals.items():
                    got = rival(message)
                    if got != want:
                        raise AssertionError(f"{name} on {message}: {got}, suppress: {want}")
            timings = time_interleaved({"suppress check": gate.check, **rivals}, messages)
            rates = [
                (rate_of(lambda: gate.check_many(messages))[0], rate_of(lambda: map(gate.check, messages))[0])
                for _ in range(3)
            ]
            batch, single = sorted(rates, key=lambda pair: pair[0] / pair[1])[1]
            return Beside(store, history, timings, batch, single, dropped / (6 * len(messages)), gate.engine_faults)


def _dropped(decision: Decision) -> Dropped:
    return {item.sku: item.deciding.rule for item in decision.items if item.deciding is not None}

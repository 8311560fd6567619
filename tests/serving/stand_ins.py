"""Rules, facts and a log that a test holds in its hands: what they do, it says."""

import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime

from suppress.decisions.decision import Decision
from suppress.engine.decide import Decider
from suppress.engine.guarded import ReferenceEngine
from suppress.errors import LedgerError, StoreError
from suppress.facts.instants import to_us
from suppress.facts.inventory import StockLevel
from suppress.facts.message import Message
from suppress.facts.snapshot import FactNeeds, Snapshot, Source
from suppress.rules.compile import CompiledRuleset, compile_ruleset
from suppress.rules.reading import parse_ruleset
from suppress.serving.ports import Entry
from suppress.serving.service import OnLogFailure, Serving, Threads

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
NOW_US = to_us(NOW)
PATIENCE_S = 20
"""How long a test waits for what must happen, before it is told that it did not."""
RULES = """
version: 1
ruleset: shop
TOP
rules:
  - {id: sold-out, drop: item, code: out_of_stock, when: {stock.available_units: {below: 1}}}
  - {id: nothing-left, suppress: message, code: nothing_left, when: {message.items_kept: {below: 1}}}
"""
STOCK = {"A-1": 5, "A-2": 0}


def compiled(top: str = "", rules: str = RULES) -> CompiledRuleset:
    """The ruleset with these lines at its top."""
    ruleset, problems = parse_ruleset(rules.replace("TOP", top).encode(), "shop.yaml")

    assert ruleset is not None, problems
    return compile_ruleset(ruleset)


def message(*skus: str, **more: object) -> Message:
    """A message recommending these skus."""
    return Message(customer_id="ada", items=skus or ("A-1", "A-2"), **more)  # type: ignore[arg-type]


@dataclass(frozen=True)
class FixedRevision:
    """Rules that stay."""

    compiled: CompiledRuleset
    version: int | None = None

    @property
    def decider(self) -> Decider:
        """What decides by them."""
        return Decider(self.compiled, ReferenceEngine(self.compiled))


class Rules:
    """The revision in force: whatever is put into `revision`."""

    def __init__(self, top: str = "") -> None:
        self.revision = FixedRevision(compiled(top))

    def current(self) -> FixedRevision:
        """The revision in force now."""
        return self.revision


@dataclass
class Shelf:
    """Facts: the stock, at once; unless reads are to fail, or to be held up until `gate` opens."""

    failing: bool = False
    broken: bool = False
    gate: threading.Event = field(default_factory=threading.Event)
    begun: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    reads: int = 0
    held: int = 0
    ticks: "Ticks | None" = None

    def __post_init__(self) -> None:
        self.gate.set()

    def __call__(self, needs: FactNeeds) -> "Shelf":
        return self

    def snapshots(self, messages: Sequence[tuple[Message, int]]) -> list[Snapshot]:
        """What stands on the shelf."""
        self.reads += 1
        if self.ticks is not None and not self.gate.is_set():
            self.ticks.now_us += 1_000_000
        self.begun.release()
        if not self.gate.is_set():
            self.held += 1
            assert self.gate.wait(PATIENCE_S)
        if self.failing:
            raise StoreError("the database is gone")
        if self.broken:
            raise ZeroDivisionError
        stock = {sku: (StockLevel(sku, "all", units, NOW_US),) for sku, units in STOCK.items()}
        return [
            Snapshot(
                message=message, as_of_us=at_us, customer_id="ada", stock=stock, feeds_us=dict.fromkeys(Source, NOW_US)
            )
            for message, at_us in messages
        ]


class Plain:
    """Shares nothing out."""

    def decide(self, decider: Decider, snapshot: Snapshot, decision_id: str, *, reserve: bool) -> Decision:
        """The decision."""
        return decider.decide(snapshot, decision_id)


class Log:
    """A decision log: `how` it takes things down is `at once`, `never`, `failing` or `refusing`."""

    def __init__(self, how: str = "at once") -> None:
        self.how = how
        self.entries: list[Entry] = []
        self.open: list[Future[None]] = []
        self.given = threading.Semaphore(0)

    def write(self, entries: Sequence[Entry]) -> "Future[None]":
        """Take these down."""
        if self.how == "refusing":
            raise LedgerError("the log is closed")
        future: Future[None] = Future()
        self.entries += entries
        if self.how == "failing":
            future.set_exception(LedgerError("the disk is full"))
        elif self.how == "at once":
            future.set_result(None)
        else:
            self.open.append(future)
        self.given.release()
        return future


@dataclass
class Ticks:
    """A clock that goes when it is told to."""

    now_us: int = 0

    def __call__(self) -> int:
        return self.now_us


def serving(
    rules: Rules,
    shelf: Shelf,
    log: Log,
    *,
    ticks: Ticks | None = None,
    on_log_failure: OnLogFailure = OnLogFailure.ANSWER,
    threads: Threads = Threads(2, 4),  # noqa: B008
) -> Serving:
    """A gate between them."""
    more = {} if ticks is None else {"ticks_us": ticks}
    return Serving(
        rules, shelf, Plain(), log, clock=lambda: NOW_US, on_log_failure=on_log_failure, threads=threads, **more
    )

"""Change rules under load, half of the time to broken ones: `python -m tests.faults.reloads [--reloads 1000]`.

Threads ask the live gate for batches without a pause while the rules change as often as they can be read: files that
are saved in a watched folder, or versions that appear in a database. Every second change cannot be used. Each answer is
held against what the reference evaluator says by the rules the answer names, and must be made by one revision. Printed:
how many decisions there were, how many rules came into force and how many were refused, what was wrong, and how memory
went. Exit 1 when a check raised or decided otherwise, an answer mixed revisions, broken rules took over, a revision
outlived its users, or memory grew by more than 5 %.
"""

import argparse
import gc
import logging
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from suppress.decisions.decision import Decision
from suppress.engine.decide import Decider
from suppress.engine.guarded import ReferenceEngine
from suppress.facts.book import FactBook
from suppress.facts.instants import to_us
from suppress.facts.message import Message
from suppress.facts.records import OrderRecord, ProductRecord, StockRecord
from suppress.facts.snapshot import FactNeeds, Snapshot, Source
from suppress.rules.compile import CompiledRuleset, compile_ruleset
from suppress.rules.reading import parse_ruleset
from suppress.rules.sources import FileKind, SourceFile
from suppress.serving.ports import Entry
from suppress.serving.revisions import FolderRules, PublishedRules, Revisions, Rules
from suppress.serving.service import Serving
from suppress.stores.database import Database
from suppress.stores.schema import upgrade
from suppress.stores.versions import Versions

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
NOW_US = to_us(NOW)
DAY_US = 86_400_000_000
SKUS = tuple(f"S-{number}" for number in range(12))
PATIENCE_SECONDS = 60.0
VARIANTS = 60
"""Kinds of rules that come and go; so many are known beforehand, and no memory is taken for the next."""
RULES_AROUND = 20
"""Rules that stand in every file and change nothing, so that there is something to compile."""


@dataclass
class Counts:
    """What happened; `wrong` and `errors` name the first few."""

    decisions: int = 0
    swaps: int = 0
    refused: int = 0
    wrong: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    alive: int = 0
    memory_kb: list[int] = field(default_factory=list)
    took_seconds: float = 0.0

    @property
    def growth_percent(self) -> float:
        """Of resident memory, from a tenth of the way to the end."""
        first = self.memory_kb[len(self.memory_kb) // 10]
        return (self.memory_kb[-1] - first) * 100 / first

    @property
    def is_good(self) -> bool:
        """Whether nothing was wrong; memory is judged apart, for it takes many reloads to tell."""
        return not self.wrong and not self.errors and self.alive <= 1


def text_of(number: int) -> str:
    """Rules of one of VARIANTS kinds: by a window of its own for what was bought, and one item that is never shown."""
    kind = number % VARIANTS
    around = (
        f"{{id: over-{units}, drop: item, code: out_of_stock, when: {{stock.available_units: {{above: {units}}}}}}}"
        for units in range(1_000, 1_000 + RULES_AROUND)
    )
    within = f"{{bought: {{same: sku, within: {kind % 30 + 1} days}}}}"
    rules = (
        *around,
        f"{{id: bought, drop: item, code: recently_purchased, when: {within}}}",
        f"{{id: never-{kind}, drop: item, code: out_of_stock, when: {{item.sku: {SKUS[kind % len(SKUS)]}}}}}",
    )
    return "version: 1\nruleset: shop\nrules:\n" + "".join(f"  - {rule}\n" for rule in rules)


def broken(number: int) -> str:
    """A text that is no ruleset; one of four mistakes."""
    text = text_of(number)
    mistakes = (
        text.replace("drop: item", "drop: itme", 1),
        text[: text.index("code", len(text) // 2)],
        text + "  - {id: [",
        "",
    )
    return mistakes[number // 2 % len(mistakes)]


MESSAGES = tuple(
    Message(message_id=f"m-{start}", customer_id="ada", items=SKUS[start : start + 6]) for start in range(0, 6, 2)
)


def book() -> FactBook:
    """All there is to know: a customer who bought every item, one every three days."""
    facts = FactBook(feeds_us=dict.fromkeys(Source, NOW_US))
    for at, sku in enumerate(SKUS):
        bought_us = NOW_US - at * 3 * DAY_US
        facts.add([ProductRecord(sku, None, None, None, None, "active", None, None, None, "[]", "{}", NOW_US)])
        facts.add([StockRecord(sku, "all", 9, 0, 0, None, None, None, NOW_US)])
        facts.add([OrderRecord(f"o-{at}", "1", "ada", sku, 1, bought_us, 0, 0, False, None, None, None, NOW_US)])
    return facts


@dataclass
class Facts:
    """Reads from the book what some rules need."""

    book: FactBook
    needs: FactNeeds

    def snapshots(self, messages: Sequence[tuple[Message, int]]) -> list[Snapshot]:
        return [self.book.snapshot(message, as_of_us, self.needs) for message, as_of_us in messages]


class Unshared:
    """Nothing is shared out."""

    def decide(self, decider: Decider, snapshot: Snapshot, decision_id: str, *, reserve: bool) -> Decision:
        del reserve
        return decider.decide(snapshot, decision_id)


@dataclass
class Log:
    """A decision log that only looks whether an entry is told with the version its decision was made by."""

    wrong: list[str]

    def write(self, entries: Sequence[Entry]) -> "Future[None]":
        self.wrong += (f"logged as {each.version}" for each in entries if each.version != each.decision.version)
        done: Future[None] = Future()
        done.set_result(None)
        return done


def compiled_of(number: int) -> CompiledRuleset:
    ruleset, problems = parse_ruleset(text_of(number).encode(), "shop.yaml")
    assert ruleset is not None, problems
    return compile_ruleset(ruleset)


class Judge:
    """Knows what the rules of each kind decide, by the reference alone."""

    def __init__(self, facts: FactBook) -> None:
        self._known: dict[str, list[dict[str, object]]] = {}
        for compiled in map(compiled_of, range(VARIANTS)):
            decider = Decider(compiled, ReferenceEngine(compiled))
            told = [decider.decide(facts.snapshot(each, NOW_US, compiled.needs), "") for each in MESSAGES]
            self._known[compiled.fingerprint] = [_plain(decision) for decision in told]

    def wrong(self, decisions: Sequence[Decision]) -> str | None:
        """What is wrong with the decisions of one answer: made by two revisions, or not what theirs says."""
        named = {(decision.ruleset, decision.fingerprint, decision.version) for decision in decisions}
        if len(named) != 1:
            return f"one answer by {len(named)} revisions: {sorted(map(str, named))}"
        told = [_plain(replace(decision, version=None)) for decision in decisions]
        if told != self._known[decisions[0].fingerprint]:
            return f"{named} decides {[decision.shown for decision in decisions]}"
        return None


def _plain(decision: Decision) -> dict[str, object]:
    return {key: value for key, value in decision.to_dict().items() if key not in {"engine", "decision_id"}}


def check_on(serving: Serving, judge: Judge, ended: threading.Event, counts: Counts, lock: threading.Lock) -> None:
    """Ask for answers until told to stop."""
    done = 0
    while not ended.is_set():
        try:
            answers = serving.check_many(MESSAGES, deadline_ms=int(PATIENCE_SECONDS * 1_000), as_of=NOW)
            wrong = judge.wrong([answer.decision for answer in answers])
            if any(answer.unavailable or not answer.is_logged for answer in answers):
                wrong = f"without facts or log: {answers[0].unavailable}"
            if wrong is not None:
                with lock:
                    counts.wrong.append(wrong)
            done += len(answers)
        except Exception as error:
            with lock:
                counts.errors.append(f"{type(error).__name__}: {error}")
    with lock:
        counts.decisions += done


def memory_kb() -> int:
    """Resident memory of this process."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise RuntimeError("no VmRSS in /proc/self/status")


@contextmanager
def folder_source(folder: Path) -> Iterator[tuple[Rules, Callable[[int, bool], None]]]:
    """A watched folder, and what saves a file in it as editors do: another file takes the place of the old."""
    path = folder / "shop.yaml"

    def save(number: int, is_good: bool) -> None:
        beside = folder / "shop.new"
        beside.write_text(text_of(number) if is_good else broken(number))
        beside.replace(path)

    save(0, True)
    yield FolderRules(folder, _now_us), save


@contextmanager
def published_source(folder: Path) -> Iterator[tuple[Rules, Callable[[int, bool], None]]]:
    """A database of versions, and what stores one, even if it is broken: as if this suppress could not read it."""
    url = f"sqlite:///{folder}/versions.db"

    def store(number: int, is_good: bool) -> None:
        file = SourceFile("shop.yaml", FileKind.RULESET, text_of(number) if is_good else broken(number))
        fingerprint = compiled_of(number).fingerprint
        # Opened anew, as publishers are: the pages they write are no memory of whoever reads.
        with Database.open(url) as publishing:
            given = {"fingerprint": fingerprint, "author": "ada", "message": "m"}
            Versions(publishing).publish("shop", [file], now_us=NOW_US, **given)

    with Database.open(url, require_schema=False) as database:
        upgrade(database)
        store(0, True)
        yield PublishedRules(Versions(database)), store


SOURCES = {"folder": folder_source, "published": published_source}


def run(source: str, reloads: int, threads: int) -> Counts:
    """Change the rules that often, every second time to broken ones, while threads check."""
    counts, lock, ended = Counts(), threading.Lock(), threading.Event()
    facts = book()
    judge = Judge(facts)
    began = time.monotonic()
    alive: weakref.WeakSet[Decider] = weakref.WeakSet()
    with tempfile.TemporaryDirectory() as folder, SOURCES[source](Path(folder)) as (rules, change):
        revisions = Revisions(rules, _now_us)
        serving = Serving(revisions, lambda needs: Facts(facts, needs), Unshared(), Log(counts.wrong), clock=_now_us)
        checking = [
            threading.Thread(target=check_on, args=(serving, judge, ended, counts, lock)) for _ in range(threads)
        ]
        for thread in checking:
            thread.start()
        try:
            for number in range(1, reloads + 1):
                is_good = number % 2 == 0
                change(number, is_good)
                settle(revisions, number, is_good, counts)
                alive.add(revisions.current().decider)
                counts.memory_kb.append(memory_kb())
        finally:
            ended.set()
            for thread in checking:
                thread.join(PATIENCE_SECONDS)
            serving.close()
        counts.swaps, counts.refused = revisions.health.swaps, revisions.health.failures
        gc.collect()
        counts.alive = len(alive)
    counts.took_seconds = time.monotonic() - began
    return counts


def settle(revisions: Revisions, number: int, is_good: bool, counts: Counts) -> None:
    """Look until the change was met: new rules in force and no error, or the old ones and an error that is new."""
    before, failures = revisions.current().serial, revisions.health.failures
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        revisions.refresh()
        if not is_good and revisions.health.failures > failures:
            if revisions.current().serial != before or revisions.last_error is None:
                counts.wrong.append(f"change {number} is broken and took over")
            return
        if is_good and revisions.current().serial > before:
            now, wanted = revisions.current(), compiled_of(number).fingerprint
            if {now.compiled.fingerprint, now.decider.compiled.fingerprint} != {wanted} or revisions.last_error:
                counts.wrong.append(f"change {number} was met with other rules, or an error: {revisions.last_error}")
            return
    counts.wrong.append(f"change {number} was not met within {PATIENCE_SECONDS:g} s: {revisions.last_error}")


def _now_us() -> int:
    return time.time_ns() // 1_000


def main() -> int:
    """Run on both sources, or on one."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--reloads", type=int, default=1000)
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--source", choices=(*SOURCES, "both"), default="both")
    chosen = parser.parse_args()
    logging.getLogger("suppress").setLevel(logging.CRITICAL)
    is_good = True
    for source in SOURCES if chosen.source == "both" else (chosen.source,):
        counts = run(source, chosen.reloads, chosen.threads)
        grows = counts.growth_percent
        print(
            f"{source}: {chosen.reloads} changes in {counts.took_seconds:.0f} s under {chosen.threads} threads; "
            f"{counts.swaps} came into force, {counts.refused} were refused; {counts.decisions:,} decisions, "
            f"{len(counts.wrong)} wrong, {len(counts.errors)} errors; {counts.alive} revision alive at the end; "
            f"resident memory {counts.memory_kb[0] // 1024} -> {counts.memory_kb[-1] // 1024} MB, {grows:+.1f} % "
            "since a tenth of the way"
        )
        for told in (*counts.wrong[:5], *counts.errors[:5]):
            print(f"  {told}")
        is_good = is_good and counts.is_good and grows <= 5.0
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())

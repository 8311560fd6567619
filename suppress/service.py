"""Wire rules, facts and engine into a Gate that answers for messages. Holds no logic of its own.

The only module that looks at a clock.
"""

import base64
import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from suppress.decisions.decision import Decision
from suppress.engine.decide import Decider
from suppress.engine.guarded import Engine, GuardedEngine, ReferenceEngine
from suppress.errors import RulesetError, StoreError
from suppress.facts.ids import clean_id
from suppress.facts.instants import US_PER_HOUR, to_us
from suppress.facts.message import Message
from suppress.facts.snapshot import Snapshot, unavailable_snapshot
from suppress.problems import Problem, did_you_mean, errors_in
from suppress.rules.compile import CompiledRuleset, compile_ruleset
from suppress.rules.reading import read_rulesets
from suppress.rules.ruleset import Ruleset
from suppress.settings import DEFAULT_RESERVE_HOURS, DEFAULT_RULESET
from suppress.stores.database import Database
from suppress.stores.facts import FactStore
from suppress.stores.reservations import MessageKey, Released, Reservations

Clock = Callable[[], datetime]

BATCH: Final = 200
"""Messages whose facts `check_many` fetches together: enough to share round trips, few enough to stay prompt."""

_log = logging.getLogger(__name__)


class Sharing:
    """Decides messages by what others hold of the stock that is shared out, and holds what they take."""

    def __init__(self, reservations: Reservations, clock: Clock, reserve_hours: int = DEFAULT_RESERVE_HOURS) -> None:
        self._reservations = reservations
        self._clock = clock
        self._reserve_us = reserve_hours * US_PER_HOUR

    def decide(self, decider: Decider, snapshot: Snapshot, decision_id: str, *, reserve: bool) -> Decision:
        """The decision; under a lock where the message takes any. Raises StoreError when nobody can say what is held.

        `reserve=False` looks at what is left and takes nothing.
        """
        decided = decider.weigh(snapshot, decision_id)
        if not decided.limited:
            return decided.decision
        message = snapshot.message
        key = MessageKey(message.campaign_id or "", message.message_id or decision_id, snapshot.customer_id or "")
        skus = {*(item.sku for item in message.items), *message.replacements}
        now_us = to_us(self._clock())
        if not (reserve and decided.draws):
            snapshot = replace(snapshot, reserved=self._reservations.taken(key, skus, now_us))
            decided = decider.weigh(snapshot, decision_id)
            if not (reserve and decided.draws):
                return decided.decision
        with self._reservations.drawing(key, skus, now_us) as drawing:
            if drawing.taken != snapshot.reserved:
                decided = decider.weigh(replace(snapshot, reserved=drawing.taken), decision_id)
            drawing.hold(decided.draws, now_us, max(now_us, snapshot.as_of_us) + self._reserve_us)
        return decided.decision


class Gate:
    """One ruleset in front of one database. Threads may share it; close it, or use it in a `with` block.

    A check never raises for what it meets in the facts: where the database cannot be read, every fact is unknown, the
    rules follow their `when_unknown`, and the decision says so under `facts_missing`.
    """

    def __init__(
        self,
        compiled: CompiledRuleset,
        database: Database,
        engine: Engine,
        clock: Clock,
        reserve_hours: int = DEFAULT_RESERVE_HOURS,
    ) -> None:
        self.compiled = compiled
        self.unreadable = 0
        self._database = database
        self._engine = engine
        self._decider = Decider(compiled, engine)
        self._facts = FactStore(database, compiled.needs)
        self._sharing = Sharing(Reservations(database), clock, reserve_hours)
        self._clock = clock

    def check(self, message: Message, *, as_of: datetime | None = None, reserve: bool = True) -> Decision:
        """The decision for one message, as of `as_of`, else the message's `send_at`, else now.

        A message that is sent reserves what it shows of items whose stock is shared out (`limit`); the same message_id
        checked again keeps its own and takes no more. `reserve=False` looks at what is left and takes nothing.
        """
        as_of_us = self._as_of_us(message, as_of)
        try:
            snapshot = self._facts.snapshot(message, as_of_us)
        except StoreError as error:
            snapshot = self._unreadable(message, as_of_us, error)
        return self._decide(snapshot, reserve=reserve)

    def check_many(
        self, messages: Iterable[Message], *, as_of: datetime | None = None, reserve: bool = True
    ) -> Iterator[Decision]:
        """One decision per message, in order; facts are fetched for many messages at a time. Memory stays flat."""
        waiting = iter(messages)
        while batch := list(islice(waiting, BATCH)):
            asked = [(message, self._as_of_us(message, as_of)) for message in batch]
            try:
                snapshots = self._facts.snapshots(asked)
            except StoreError as error:
                snapshots = [self._unreadable(message, as_of_us, error) for message, as_of_us in asked]
            for snapshot in snapshots:
                yield self._decide(snapshot, reserve=reserve)

    def close(self) -> None:
        """Give back the engine's memory and the database's connections."""
        self._engine.close()
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def engine_faults(self) -> int:
        """How often the reference had to answer for durable-rules since the gate was opened."""
        return self._engine.faults if isinstance(self._engine, GuardedEngine) else 0

    def _decide(self, snapshot: Snapshot, *, reserve: bool) -> Decision:
        """The decision; where nobody can say what others hold of limited items, that is unknown."""
        decision_id = new_decision_id()
        try:
            return self._sharing.decide(self._decider, snapshot, decision_id, reserve=reserve)
        except StoreError as error:
            self.unreadable += 1
            _log.error("stock cannot be shared out, what others hold counts as unknown: %s", error)
            return self._decider.decide(replace(snapshot, reserved=None), decision_id)

    def _as_of_us(self, message: Message, as_of: datetime | None) -> int:
        return to_us(as_of or message.send_at or self._clock())

    def _unreadable(self, message: Message, as_of_us: int, error: StoreError) -> Snapshot:
        self.unreadable += 1
        _log.error("the facts cannot be read, every fact counts as unknown: %s", error)
        return unavailable_snapshot(message, as_of_us)


def open_gate(
    database: str,
    rules: str | Path,
    *,
    ruleset: str | None = None,
    engine: str = "durable",
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    reserve_hours: int = DEFAULT_RESERVE_HOURS,
) -> Gate:
    """A gate on a database (SQLAlchemy URL) and a folder or file of rules.

    `ruleset`: which one of the folder; None = the only one, else `retail-default`. `engine`: `durable` (default) or
    `reference`. `reserve_hours`: how long messages keep what they take of stock that is shared out, from when they are
    checked, or sent if that is later. Raises RulesetError with all problems, StoreError when the database is missing or
    not upgraded.
    """
    compiled = load_ruleset(rules, ruleset=ruleset)
    opened = Database.open(database)
    chosen: Engine = ReferenceEngine(compiled) if engine == "reference" else GuardedEngine(compiled)
    return Gate(compiled, opened, chosen, clock, reserve_hours)


def load_ruleset(rules: str | Path, *, ruleset: str | None = None) -> CompiledRuleset:
    """One ruleset of a folder or file, compiled. Raises RulesetError with every problem found in it."""
    return compile_ruleset(chosen(*read_rulesets(Path(rules)), where=str(rules), ruleset=ruleset))


def chosen(rulesets: Mapping[str, Ruleset], problems: Iterable[Problem], *, where: str, ruleset: str | None) -> Ruleset:
    """The ruleset of that name, or the one that decides where none is named. Raises RulesetError when there is none.

    `problems`: those of all files read; errors in others than the chosen one are logged. `where`: told to people.
    """
    errors = errors_in(problems)
    if ruleset is None and len(rulesets) > 1 and DEFAULT_RULESET not in rulesets:
        known = ", ".join(sorted(rulesets))
        raise RulesetError(
            f"{where} holds several rulesets: {known}. help: name one with --ruleset or SUPPRESS_RULESET"
        )
    wanted = ruleset or (next(iter(rulesets)) if len(rulesets) == 1 and not errors else DEFAULT_RULESET)
    if wanted in rulesets:
        for problem in errors:
            _log.warning("another ruleset of the folder cannot be used: %s", problem)
        return rulesets[wanted]
    if errors:
        raise RulesetError("\n".join(str(problem) for problem in errors), errors)
    known = ", ".join(sorted(rulesets)) or "none"
    hint = did_you_mean(wanted, rulesets) or "name one with --ruleset or SUPPRESS_RULESET"
    raise RulesetError(f'no ruleset "{wanted}" in {where}; there are: {known}. help: {hint}')


def release(database: str, campaign_id: str, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Released:
    """Free what a campaign reserved of stock that is shared out; says how much was still held.

    Raises StoreError when the database cannot be reached or written.
    """
    with Database.open(database) as opened:
        return Reservations(opened).release(clean_id(campaign_id, "campaign id"), to_us(clock()))


_TO_CROCKFORD: Final = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"0123456789ABCDEFGHJKMNPQRSTVWXYZ")


def new_decision_id() -> str:
    """A ULID: 26 characters, sortable by time (milliseconds), 80 random bits."""
    number = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
    # Base 32 goes by fives from the left: 128 bits stand behind two zeros and before as many as fill up to 160.
    return base64.b32encode((number << 30).to_bytes(20, "big"))[:26].translate(_TO_CROCKFORD).decode()

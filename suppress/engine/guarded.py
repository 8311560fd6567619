"""The engines `decide` can run on: the reference alone, or durable-rules with the reference standing behind it.

durable-rules answers first. Whatever it says fired is confirmed by the reference (which has to look at a fired rule
anyway, for its evidence), and every `audit_every`-th answer is compared whole. On any fault or difference the reference
answers, and the fault is counted and logged: never a silent allow.
"""

import logging
import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from suppress.engine.evaluate import Values, fires
from suppress.engine.inference import Inference
from suppress.errors import EngineError
from suppress.rules.compile import CompiledRule, CompiledRuleset

REFERENCE: Final = "reference"
DURABLE: Final = "durable"
AUDIT_EVERY: Final = 101
"""A prime, so that the audit does not fall on the same place of every message."""

_log = logging.getLogger(__name__)


class Answer(NamedTuple):
    """The numbers of the rules that fire, and the engine that says so."""

    fired: frozenset[int]
    engine: str


class Engine(Protocol):
    """What evaluates a ruleset's rules on the values of one item or one message."""

    def item_rules(self, values: Values) -> Answer:
        """The `drop: item` rules that fire."""

    def limit_rules(self, values: Values) -> Answer:
        """The `limit` rules that fire."""

    def message_rules(self, values: Values) -> Answer:
        """The rules that fire of those that suppress or hold messages."""

    def close(self) -> None:
        """Free what the engine holds. Running evaluations finish first."""


class ReferenceEngine:
    """The reference evaluator, in file order."""

    def __init__(self, compiled: CompiledRuleset) -> None:
        self._item_rules = compiled.item_rules
        self._limit_rules = compiled.limit_rules
        self._message_rules = compiled.message_rules

    def item_rules(self, values: Values) -> Answer:
        """The `drop: item` rules that fire."""
        return Answer(_fired(self._item_rules, values), REFERENCE)

    def limit_rules(self, values: Values) -> Answer:
        """The `limit` rules that fire."""
        return Answer(_fired(self._limit_rules, values), REFERENCE)

    def message_rules(self, values: Values) -> Answer:
        """The rules that fire of those that suppress or hold messages."""
        return Answer(_fired(self._message_rules, values), REFERENCE)

    def close(self) -> None:
        """Nothing to free."""


class GuardedEngine:
    """durable-rules, confirmed and if need be replaced by the reference. `faults` counts how often it was replaced."""

    def __init__(self, compiled: CompiledRuleset, *, audit_every: int = AUDIT_EVERY) -> None:
        self.faults = 0
        self._audit_every = audit_every
        self._answers = 0
        self._lock = threading.Lock()
        self._item_rules = {rule.number: rule for rule in compiled.item_rules}
        self._limit_rules = {rule.number: rule for rule in compiled.limit_rules}
        self._message_rules = {rule.number: rule for rule in compiled.message_rules}
        self._item = self._start(compiled.item_rules, f"{compiled.name}-items")
        self._limit = self._start(compiled.limit_rules, f"{compiled.name}-limits") if compiled.limit_rules else None
        self._message = self._start(compiled.message_rules, f"{compiled.name}-message")

    def item_rules(self, values: Values) -> Answer:
        """The `drop: item` rules that fire."""
        return self._answer(self._item, self._item_rules, values)

    def limit_rules(self, values: Values) -> Answer:
        """The `limit` rules that fire."""
        return self._answer(self._limit, self._limit_rules, values)

    def message_rules(self, values: Values) -> Answer:
        """The rules that fire of those that suppress or hold messages."""
        return self._answer(self._message, self._message_rules, values)

    def close(self) -> None:
        """Delete the engine's states and rule sets."""
        for inference in (self._item, self._limit, self._message):
            if inference is not None:
                inference.close()

    def _start(self, rules: Sequence[CompiledRule], name: str) -> Inference | None:
        try:
            return Inference(rules, name=name)
        except EngineError as error:
            self._count(f"durable-rules cannot hold {name}: {error}")
            return None

    def _answer(self, inference: Inference | None, rules: Mapping[int, CompiledRule], values: Values) -> Answer:
        if inference is None:
            return Answer(_fired(rules.values(), values), REFERENCE)
        try:
            fired = inference.fired(values)
        except EngineError as error:
            self._count(str(error))
            return Answer(_fired(rules.values(), values), REFERENCE)
        self._answers += 1
        if self._answers % self._audit_every == 0:
            right = _fired(rules.values(), values) == fired
        else:
            right = all(number in rules and fires(rules[number], values) for number in fired)
        if right:
            return Answer(fired, DURABLE)
        self._count("durable-rules and the reference evaluator disagree")
        return Answer(_fired(rules.values(), values), REFERENCE)

    def _count(self, what: str) -> None:
        with self._lock:
            self.faults += 1
        _log.error("engine fault, the reference answers: %s", what)


def _fired(rules: Iterable[CompiledRule], values: Values) -> frozenset[int]:
    return frozenset(rule.number for rule in rules if fires(rule, values))

"""Turn the differences of a failed story into what is behind them: the rules that decided, and those that kept silent.

A rule is silent when the story wants its code or its id for an item, or for the message, and it did not fire.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from suppress.cases.shapes import WANTS
from suppress.decisions.decision import Decision, Evidence, Reason, first_enforced
from suppress.engine.decide import Decider
from suppress.engine.evaluate import Values, truth
from suppress.engine.evidence import Anyones, ReasonWriter
from suppress.engine.features import ItemValues
from suppress.engine.guarded import Answer, ReferenceEngine
from suppress.engine.message_values import MessageValues
from suppress.facts.snapshot import Snapshot
from suppress.rules.compile import CompiledRule, CompiledRuleset

Wanted = Mapping[str | None, frozenset[str]]
"""Codes and rule ids a story wants, per sku; None = for the message."""

_OF_THE_MESSAGE = frozenset({"verdict", "message", "hold_until"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """One rule behind a difference. `about`: the sku, or None for the message. `applies`: not before its start or
    after its end. `evidence`: what was seen and what the rule asks."""

    about: str | None
    rule: str
    code: str
    sentence: str
    fired: bool
    applies: bool
    evidence: tuple[Evidence, ...]


def reasons_behind(
    compiled: CompiledRuleset, snapshot: Snapshot, decision: Decision, differences: Mapping[str, tuple[Any, Any]]
) -> tuple[Behind, ...]:
    """The rules behind differences (question -> what was wanted, what was decided), those that fired first."""
    subjects: dict[str | None, None] = {}
    wanted: dict[str | None, set[str]] = {}
    for asked, (want, decided) in differences.items():
        for about, words in _differing(asked, want, decided):
            subjects[about] = None
            wanted.setdefault(about, set()).update(words)
    fired = [
        _fired(about, reason)
        for about in subjects
        for reason in _deciding(_reasons(decision, about), wanted[about], differences)
    ]
    silent = _silent(compiled, snapshot, {about: frozenset(words) for about, words in wanted.items() if words})
    return (*fired, *silent)


def _differing(asked: str, want: Any, decided: Any) -> Iterable[tuple[str | None, Sequence[str]]]:
    """What an answer that differs is about, each with the codes or ids that were wanted of it."""
    shape = WANTS.get(asked, "")
    if shape.startswith("a map"):
        want, decided = want or {}, decided or {}
        for sku in dict.fromkeys((*want, *decided)):
            if want.get(sku) != decided.get(sku):
                entry = want.get(sku) if asked in {"dropped", "fired", "shadow"} else None
                yield sku, [entry] if isinstance(entry, str) else list(entry or ())
    elif asked == "shown":
        for sku in dict.fromkeys((*(want or ()), *(decided or ()))):
            if (sku in (want or ())) != (sku in (decided or ())):
                yield sku, ()
    elif asked in _OF_THE_MESSAGE:
        yield None, (want or ()) if asked == "message" else ()


def _reasons(decision: Decision, about: str | None) -> tuple[Reason, ...]:
    if about is None:
        return decision.reasons
    items = (*decision.items, *decision.replacements)
    return next((item.reasons for item in items if item.sku == about), ())


def _deciding(reasons: tuple[Reason, ...], wanted: Iterable[str], differences: Iterable[str]) -> tuple[Reason, ...]:
    """The reason that decided; all that fired where a story asks which did."""
    if {"fired", "shadow", "message"} & set(differences):
        return tuple(reason for reason in reasons if not {reason.rule, reason.code} & set(wanted)) or reasons[:1]
    deciding = first_enforced(reasons)
    return () if deciding is None else (deciding,)


def _fired(about: str | None, reason: Reason) -> Behind:
    return Behind(
        about=about,
        rule=reason.rule,
        code=reason.code,
        sentence=reason.sentence,
        fired=True,
        applies=True,
        evidence=reason.evidence,
    )


def _silent(compiled: CompiledRuleset, snapshot: Snapshot, wanted: Wanted) -> tuple[Behind, ...]:
    if not wanted:
        return ()
    engine = _ListeningEngine(compiled, snapshot.as_of_us, wanted)
    Decider(compiled, engine).decide(snapshot, "")
    return tuple(engine.silent)


class _ListeningEngine:
    """The reference engine, noting why rules that are wanted do not fire."""

    def __init__(self, compiled: CompiledRuleset, as_of_us: int, wanted: Wanted) -> None:
        self.silent: list[Behind] = []
        self._compiled = compiled
        self._as_of_us = as_of_us
        self._wanted = wanted
        self._engine = ReferenceEngine(compiled)
        self._writer = ReasonWriter()

    def item_rules(self, values: Values) -> Answer:
        """The item rules that fire, as the reference says."""
        answer = self._engine.item_rules(values)
        if isinstance(values, ItemValues):
            self._listen(values.item.sku, values, self._compiled.item_rules, answer)
        return answer

    def limit_rules(self, values: Values) -> Answer:
        """The limit rules that fire, as the reference says."""
        answer = self._engine.limit_rules(values)
        if isinstance(values, ItemValues):
            self._listen(values.item.sku, values, self._compiled.limit_rules, answer)
        return answer

    def message_rules(self, values: Values) -> Answer:
        """The message rules that fire, as the reference says."""
        answer = self._engine.message_rules(values)
        if isinstance(values, MessageValues):
            self._listen(None, values, self._compiled.message_rules, answer)
        return answer

    def close(self) -> None:
        """Nothing to free."""

    def _listen(self, about: str | None, values: Anyones, rules: tuple[CompiledRule, ...], answer: Answer) -> None:
        words = self._wanted.get(about, frozenset())
        for rule in rules:
            applies = rule.applies_at(self._as_of_us)
            if {rule.id, rule.code} & words and not (applies and rule.number in answer.fired):
                reason = self._writer.reason_of(rule, values, truth(rule.condition, values), rule.mode)
                self.silent.append(
                    Behind(
                        about=about,
                        rule=rule.id,
                        code=rule.code,
                        sentence=rule.sentence,
                        fired=False,
                        applies=applies,
                        evidence=reason.evidence,
                    )
                )

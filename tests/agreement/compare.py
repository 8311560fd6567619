"""Decide one random case on every engine and by the naive oracle; say where they differ."""

from random import Random
from typing import Any

from suppress.decisions.decision import Decision, ItemVerdict
from suppress.engine.decide import Decider
from suppress.engine.guarded import GuardedEngine, ReferenceEngine
from suppress.facts.instants import from_us
from suppress.rules.compile import compile_ruleset
from tests.agreement.generate import AS_OF_US, a_book, a_message, a_ruleset, told
from tests.agreement.naive import Naive


def check_cases(rng: Random, *, shops: int = 1, messages: int = 1) -> int:
    """Draw a ruleset, shops and messages; assert that all engines agree on each. The number of decisions compared."""
    ruleset = a_ruleset(rng)
    compiled = compile_ruleset(ruleset)
    durable = GuardedEngine(compiled, audit_every=1)
    try:
        by_reference = Decider(compiled, ReferenceEngine(compiled))
        by_durable = Decider(compiled, durable)
        for _ in range(shops):
            book = a_book(rng)
            for _ in range(messages):
                message = a_message(rng)
                snapshot = book.snapshot(message, AS_OF_US, compiled.needs)
                reference = by_reference.decide(snapshot, "")
                decided = by_durable.decide(snapshot, "")
                naive = Naive(ruleset, book, message, from_us(AS_OF_US)).decide()

                assert durable.faults == 0, told(ruleset, book, message)
                assert _whole(reference) == _whole(decided), told(ruleset, book, message)
                assert _of_naive(naive) == _core(reference), told(ruleset, book, message)
    finally:
        durable.close()
    return shops * messages


def _whole(decision: Decision) -> dict[str, Any]:
    content = decision.to_dict()
    del content["engine"]
    return content


def _core(decision: Decision) -> dict[str, Any]:
    def judged(items: tuple[Any, ...]) -> list[tuple[str, list[str], bool]]:
        return [(i.sku, [r.rule for r in i.reasons], i.verdict is ItemVerdict.DROP) for i in items]

    return {
        "items": judged(decision.items),
        "replacements": judged(decision.replacements),
        "shown": list(decision.shown),
        "message": [reason.rule for reason in decision.reasons],
        "verdict": decision.verdict.value,
    }


def _of_naive(naive: Naive) -> dict[str, Any]:
    return {
        "items": naive.items,
        "replacements": naive.replacements,
        "shown": naive.shown,
        "message": naive.message_rules,
        "verdict": naive.verdict,
    }

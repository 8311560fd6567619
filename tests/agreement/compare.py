"""Decide one random case on every engine and by the naive oracle; say where they differ."""

from dataclasses import replace
from datetime import datetime
from random import Random
from typing import Any

from suppress.decisions.decision import Decision, ItemDecision, Mode, Outcome
from suppress.decisions.decision import Reason as Told
from suppress.engine.decide import Decider
from suppress.engine.guarded import GuardedEngine, ReferenceEngine
from suppress.facts.instants import from_us
from suppress.rules.compile import compile_ruleset
from tests.agreement.generate import AS_OF_US, a_book, a_message, a_ruleset, reservations, told
from tests.agreement.naive import Judged, Naive, Reason

_Answer = tuple[str, Outcome, Mode]


def check_cases(rng: Random, *, shops: int = 1, messages: int = 1) -> int:
    """Draw a ruleset, shops and messages; assert that all engines agree on each. The number of decisions compared."""
    ruleset = a_ruleset(rng, limits=rng.random() < 0.5)
    compiled = compile_ruleset(ruleset)
    durable = GuardedEngine(compiled, audit_every=1)
    try:
        by_reference = Decider(compiled, ReferenceEngine(compiled))
        by_durable = Decider(compiled, durable)
        for _ in range(shops):
            book = a_book(rng)
            for _ in range(messages):
                message = a_message(rng)
                reserved = reservations(rng)
                snapshot = replace(book.snapshot(message, AS_OF_US, compiled.needs), reserved=reserved)
                reference = by_reference.decide(snapshot, "")
                decided = by_durable.decide(snapshot, "")
                naive = Naive(ruleset, book, message, from_us(AS_OF_US), reserved).decide()

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
    return {
        "items": [_item(item) for item in decision.items],
        "replacements": [_item(item) for item in decision.replacements],
        "shown": list(decision.shown),
        "message": [_answer(reason) for reason in decision.reasons],
        "deciding": decision.deciding.rule if decision.deciding else None,
        "verdict": decision.verdict.value,
        "hold_until": decision.hold_until,
        "control_group": decision.control_group,
        "customer_id": decision.customer_id,
    }


def _item(item: ItemDecision) -> tuple[object, ...]:
    deciding = item.deciding.rule if item.deciding else None
    reasons = [_answer(reason) for reason in item.reasons]
    return item.sku, item.placement, item.verdict.value, item.replaced_by, deciding, reasons


def _answer(reason: Told) -> _Answer:
    return reason.rule, reason.outcome, reason.mode


def _of_naive(naive: Naive) -> dict[str, Any]:
    hold_until: datetime | None = naive.hold_until
    return {
        "items": [_item_of_naive(judged) for judged in naive.items],
        "replacements": [_item_of_naive(judged) for judged in naive.replacements],
        "shown": naive.shown,
        "message": [_answer_of_naive(reason) for reason in naive.reasons],
        "deciding": next((reason.rule.id for reason in naive.reasons if reason.obeyed), None),
        "verdict": naive.verdict,
        "hold_until": hold_until,
        "control_group": naive.control_group,
        "customer_id": naive.customer_id(),
    }


def _item_of_naive(judged: Judged) -> tuple[object, ...]:
    verdict = "drop" if judged.dropped else "keep"
    reasons = [_answer_of_naive(reason) for reason in judged.reasons]
    deciding = judged.deciding.rule.id if judged.deciding else None
    return judged.sku, judged.placement, verdict, judged.replaced_by, deciding, reasons


def _answer_of_naive(reason: Reason) -> _Answer:
    outcome = Outcome.TRUE if reason.sure else Outcome.UNKNOWN
    return reason.rule.id, outcome, Mode.ENFORCE if reason.obeyed else Mode.SHADOW

"""Turn a message nobody could judge by facts into a Decision that keeps all its items, for a policy to send or not."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from suppress.decisions.decision import (
    Decision,
    ItemDecision,
    ItemVerdict,
    MissingFact,
    Mode,
    Outcome,
    Reason,
    Verdict,
    Why,
)
from suppress.facts.message import Message

CODE: Final = "facts_unavailable"


def unjudged(
    message: Message,
    as_of: datetime,
    decision_id: str,
    *,
    policy: str,
    verdict: Verdict,
    reasons: tuple[Reason, ...],
    missing: Iterable[str],
) -> Decision:
    """The decision by no ruleset. It holds for its own instant alone: `valid_until` is `as_of`.

    `policy`: what decided, in place of an engine. `missing`: the facts that could not be had.
    """
    slots = len(message.items) if message.slots is None else message.slots
    return Decision(
        decision_id=decision_id,
        message_id=message.message_id,
        customer_id=message.customer_id,
        verdict=verdict,
        hold_until=None,
        as_of=as_of,
        valid_until=as_of,
        items=tuple(
            ItemDecision(sku=item.sku, verdict=ItemVerdict.KEEP, placement=item.placement) for item in message.items
        ),
        replacements=(),
        shown=tuple(item.sku for item in message.items[:slots]),
        reasons=reasons,
        facts_as_of={},
        facts_missing=tuple(MissingFact(fact=fact, about=None, why=Why.UNAVAILABLE) for fact in missing),
        ruleset="",
        fingerprint="",
        mode=Mode.ENFORCE,
        engine=policy,
    )


def reason_of(policy: str, sentence: str, mode: Mode = Mode.ENFORCE) -> Reason:
    """Why the message is not simply sent: the policy, in words."""
    return Reason(rule=policy, code=CODE, sentence=sentence, outcome=Outcome.UNKNOWN, mode=mode)

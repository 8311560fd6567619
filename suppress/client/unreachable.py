"""What the caller wants done when no service answers, as a Decision made without it."""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import uuid4

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

ON_UNREACHABLE: Final = "on_unreachable"
"""The engine, and the rule, of a decision that no service made."""


class OnUnreachable(StrEnum):
    """`allow`: sent as it is. `block`: not sent. `hold`: kept until it is checked again. `raise`: UnavailableError."""

    ALLOW = "allow"
    BLOCK = "block"
    HOLD = "hold"
    RAISE = "raise"


_VERDICTS: Final = {OnUnreachable.BLOCK: Verdict.SUPPRESS, OnUnreachable.HOLD: Verdict.HOLD}
_SENTENCES: Final = {
    OnUnreachable.BLOCK: "Do not send the message when the service cannot be reached.",
    OnUnreachable.HOLD: "Hold the message until it is checked again when the service cannot be reached.",
}


def decide_without_service(policy: OnUnreachable, message: Message, as_of: datetime) -> Decision:
    """The decision by `allow`, `block` or `hold`. Its id begins with `local-`: no service knows it, no log has it."""
    sentence = _SENTENCES.get(policy)
    reason = Reason(
        rule=ON_UNREACHABLE,
        code="facts_unavailable",
        sentence=sentence or "",
        outcome=Outcome.UNKNOWN,
        mode=Mode.ENFORCE,
    )
    slots = len(message.items) if message.slots is None else message.slots
    return Decision(
        decision_id=f"local-{uuid4().hex}",
        message_id=message.message_id,
        customer_id=message.customer_id,
        verdict=_VERDICTS.get(policy, Verdict.SEND),
        hold_until=None,
        as_of=as_of,
        valid_until=as_of,
        items=tuple(
            ItemDecision(sku=item.sku, verdict=ItemVerdict.KEEP, placement=item.placement) for item in message.items
        ),
        replacements=(),
        shown=tuple(item.sku for item in message.items[:slots]),
        reasons=() if sentence is None else (reason,),
        facts_as_of={},
        facts_missing=(MissingFact(fact="service", about=None, why=Why.UNAVAILABLE),),
        ruleset="",
        fingerprint="",
        mode=Mode.ENFORCE,
        engine=ON_UNREACHABLE,
    )

"""What the caller wants done when no service answers, as a Decision made without it."""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import uuid4

from suppress.decisions.decision import Decision, Verdict
from suppress.facts.message import Message
from suppress.facts.unjudged import reason_of, unjudged

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
    return unjudged(
        message,
        as_of,
        f"local-{uuid4().hex}",
        policy=ON_UNREACHABLE,
        verdict=_VERDICTS.get(policy, Verdict.SEND),
        reasons=() if sentence is None else (reason_of(ON_UNREACHABLE, sentence),),
        missing=("service",),
    )

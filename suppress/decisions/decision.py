"""The answer for one message: what to show, whether to send, and why, in values that turn into JSON.

All times are aware UTC. `Decision.to_dict()` gives the JSON shape campaign systems read.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """What to do with the message. `suppress` beats `hold` beats `send`."""

    SEND = "send"
    HOLD = "hold"
    SUPPRESS = "suppress"


class ItemVerdict(StrEnum):
    """What to do with one recommended item."""

    KEEP = "keep"
    DROP = "drop"


class Mode(StrEnum):
    """`enforce`: obeyed. `shadow`: recorded, not obeyed. `off`: not evaluated."""

    ENFORCE = "enforce"
    SHADOW = "shadow"
    OFF = "off"


class Outcome(StrEnum):
    """The truth of a condition, as in SQL: a comparison with an unknown value is unknown."""

    TRUE = "true"
    FALSE = "false"
    UNKNOWN = "unknown"


class Why(StrEnum):
    """Why a fact could not be used."""

    MISSING = "missing"
    STALE = "stale"
    UNAVAILABLE = "unavailable"
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One comparison behind a reason: the field, the value seen (None = unknown), the value wanted in words."""

    field: str
    seen: str | int | bool | None
    wanted: str
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One rule that fired. `outcome` is unknown when the rule fired because facts were missing."""

    rule: str
    code: str
    sentence: str
    outcome: Outcome
    mode: Mode
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingFact:
    """A fact some rule asked for and could not have. `about` is the sku, or None for the customer or a whole feed."""

    fact: str
    about: str | None
    why: Why
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemDecision:
    """What happens to one item. All rules that fired are in `reasons`, in file order.

    `eligible_again_at`: the first instant at which, with the same facts, no enforced rule would drop it;
    None for a kept item and where the passing of time alone does not help.
    """

    sku: str
    verdict: ItemVerdict
    placement: str | None = None
    replaced_by: str | None = None
    eligible_again_at: datetime | None = None
    reasons: tuple[Reason, ...] = ()

    @property
    def deciding(self) -> Reason | None:
        """The first enforced reason in file order; None when the item is kept."""
        return first_enforced(self.reasons)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The answer for one message.

    `shown`: the skus for the slots, in order: kept items, then kept replacements.
    `replacements`: the replacements that were looked at, whether used or not.
    `valid_until`: until then the same facts give the same verdicts; None when no rule depends on time.
    `hold_until`: with the verdict hold; None = until it is checked again, for nobody knows a date.
    `control_group`: the customer is drawn to have rules recorded and not obeyed, so their reasons are in shadow mode.
    `facts_as_of`: per source, how recent the facts were; None when the source was never loaded.
    `version`: the number under which the ruleset was published; None when it came from files.
    """

    decision_id: str
    message_id: str | None
    customer_id: str | None
    verdict: Verdict
    hold_until: datetime | None
    as_of: datetime
    valid_until: datetime | None
    items: tuple[ItemDecision, ...]
    replacements: tuple[ItemDecision, ...]
    shown: tuple[str, ...]
    reasons: tuple[Reason, ...]
    facts_as_of: dict[str, datetime | None]
    facts_missing: tuple[MissingFact, ...]
    ruleset: str
    fingerprint: str
    mode: Mode
    engine: str
    control_group: bool = False
    version: int | None = None

    @property
    def deciding(self) -> Reason | None:
        """The first enforced message reason; None when the message is sent."""
        return first_enforced(self.reasons)

    def to_dict(self, *, sentences: bool = True, evidence: bool = True) -> dict[str, Any]:
        """The JSON shape of the decision; times as RFC 3339 in UTC. Reasons may go without sentences or evidence."""

        def told(reasons: tuple[Reason, ...]) -> list[dict[str, Any]]:
            return [_reason(reason, sentences, evidence) for reason in reasons]

        return {
            "decision_id": self.decision_id,
            "message_id": self.message_id,
            "customer_id": self.customer_id,
            "verdict": self.verdict._value_,
            "hold_until": _time(self.hold_until),
            "as_of": _time(self.as_of),
            "valid_until": _time(self.valid_until),
            "items": [_item(item, told) for item in self.items],
            "replacements": [_item(item, told) for item in self.replacements],
            "shown": list(self.shown),
            "reasons": told(self.reasons),
            "facts_as_of": {source: _time(at) for source, at in self.facts_as_of.items()},
            "facts_missing": [
                {"fact": m.fact, "about": m.about, "why": m.why._value_, "as_of": _time(m.as_of)}
                for m in self.facts_missing
            ],
            "ruleset": {"name": self.ruleset, "fingerprint": self.fingerprint, "version": self.version},
            "mode": self.mode._value_,
            "control_group": self.control_group,
            "engine": self.engine,
        }


def first_enforced(reasons: tuple[Reason, ...]) -> Reason | None:
    """The deciding reason: the first that is obeyed, in file order."""
    return next((reason for reason in reasons if reason.mode is Mode.ENFORCE), None)


# Hot: `_value_` is what `value` reads by way of a descriptor in Python.
def _item(item: ItemDecision, told: Callable[[tuple[Reason, ...]], list[dict[str, Any]]]) -> dict[str, Any]:
    return {
        "sku": item.sku,
        "placement": item.placement,
        "verdict": item.verdict._value_,
        "replaced_by": item.replaced_by,
        "eligible_again_at": _time(item.eligible_again_at),
        "reasons": told(item.reasons) if item.reasons else [],
    }


def _reason(reason: Reason, sentences: bool, evidence: bool) -> dict[str, Any]:
    told: dict[str, Any] = {"rule": reason.rule, "code": reason.code}
    if sentences:
        told["sentence"] = reason.sentence
    told["outcome"] = reason.outcome._value_
    told["mode"] = reason.mode._value_
    if evidence:
        told["evidence"] = [
            {"field": e.field, "seen": e.seen, "wanted": e.wanted, "as_of": _time(e.as_of)} for e in reason.evidence
        ]
    return told


def _time(at: datetime | None) -> str | None:
    if at is None:
        return None
    text = at.isoformat() if at.tzinfo is UTC else at.astimezone(UTC).isoformat()
    return f"{text[:-6]}Z"

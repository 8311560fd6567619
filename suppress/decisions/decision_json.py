"""Turn the JSON shape of a decision back into the Decision it was made of: the other half of `Decision.to_dict`."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from suppress.decisions.decision import (
    Decision,
    Evidence,
    ItemDecision,
    ItemVerdict,
    MissingFact,
    Mode,
    Outcome,
    Reason,
    Verdict,
    Why,
)


def decision_from(told: Mapping[str, Any]) -> Decision:
    """The decision. Further keys are passed over; reasons, sentences and evidence may have been left out.

    Raises ValueError when it is no decision, or says a word this version does not know.
    """
    try:
        ruleset = told["ruleset"]
        return Decision(
            decision_id=_text(told["decision_id"]),
            message_id=told["message_id"],
            customer_id=told["customer_id"],
            verdict=Verdict(told["verdict"]),
            hold_until=_time(told["hold_until"]),
            as_of=_instant(told["as_of"]),
            valid_until=_time(told["valid_until"]),
            items=_items(told["items"]),
            replacements=_items(told["replacements"]),
            shown=tuple(_text(sku) for sku in told["shown"]),
            reasons=_reasons(told.get("reasons", ())),
            facts_as_of={source: _time(at) for source, at in told["facts_as_of"].items()},
            facts_missing=tuple(
                MissingFact(fact=m["fact"], about=m["about"], why=Why(m["why"]), as_of=_time(m["as_of"]))
                for m in told["facts_missing"]
            ),
            ruleset=_text(ruleset["name"]),
            fingerprint=ruleset["fingerprint"],
            version=ruleset.get("version"),
            mode=Mode(told["mode"]),
            engine=_text(told["engine"]),
            control_group=bool(told["control_group"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"this is no decision: {type(error).__name__}: {error}") from None


def _items(told: Iterable[Mapping[str, Any]]) -> tuple[ItemDecision, ...]:
    return tuple(
        ItemDecision(
            sku=_text(item["sku"]),
            verdict=ItemVerdict(item["verdict"]),
            placement=item["placement"],
            replaced_by=item["replaced_by"],
            eligible_again_at=_time(item["eligible_again_at"]),
            reasons=_reasons(item.get("reasons", ())),
        )
        for item in told
    )


def _reasons(told: Iterable[Mapping[str, Any]]) -> tuple[Reason, ...]:
    return tuple(
        Reason(
            rule=reason["rule"],
            code=reason["code"],
            sentence=reason.get("sentence", ""),
            outcome=Outcome(reason["outcome"]),
            mode=Mode(reason["mode"]),
            evidence=tuple(
                Evidence(field=e["field"], seen=e["seen"], wanted=e["wanted"], as_of=_time(e["as_of"]))
                for e in reason.get("evidence", ())
            ),
        )
        for reason in told
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"text is wanted, not {type(value).__name__}")
    return value


def _time(told: str | None) -> datetime | None:
    return None if told is None else _instant(told)


def _instant(told: str) -> datetime:
    at = datetime.fromisoformat(told)
    if at.tzinfo is None:
        raise ValueError(f"the time {told} has no zone")
    return at

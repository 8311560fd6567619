"""Turn a message whose facts cannot be had into the Decision its ruleset wants then (`on_unavailable`).

The policy stands in for the rules, so it is obeyed where any of them would be: in a ruleset on trial, and for the
control group, only where one says `always`.
"""

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
from suppress.engine.control import in_control_group
from suppress.engine.placing import Run
from suppress.facts.instants import from_us
from suppress.facts.message import Message
from suppress.rules.compile import CompiledRuleset
from suppress.rules.ruleset import OnUnavailable

ON_UNAVAILABLE: Final = "on_unavailable"
"""The engine, and the rule, of a decision no rule had a part in."""
CODE: Final = "facts_unavailable"

_VERDICTS: Final = {
    OnUnavailable.ALLOW: Verdict.SEND,
    OnUnavailable.BLOCK: Verdict.SUPPRESS,
    OnUnavailable.HOLD: Verdict.HOLD,
}
_SENTENCES: Final = {
    OnUnavailable.BLOCK: "Do not send the message when the facts cannot be had in time.",
    OnUnavailable.HOLD: "Hold the message until it is checked again when the facts cannot be had in time.",
}


def decide_without_facts(
    compiled: CompiledRuleset, policy: OnUnavailable, message: Message, as_of_us: int, decision_id: str
) -> Decision:
    """The decision: every item is kept, the message is sent, held or suppressed, every source is missing.

    It holds for its own instant alone: `valid_until` is `as_of`.
    """
    run = Run(is_control=in_control_group(compiled.name, message.customer_id, compiled.control_group))
    verdict = Verdict.SEND
    reasons: tuple[Reason, ...] = ()
    if policy is not OnUnavailable.ALLOW:
        is_obeyed = any(run.obeys(rule) for rule in compiled.rules)
        reasons = (_reason(policy, Mode.ENFORCE if is_obeyed else Mode.SHADOW),)
        verdict = _VERDICTS[policy] if is_obeyed else verdict
    as_of = from_us(as_of_us)
    slots = len(message.items) if message.slots is None else message.slots
    sources = compiled.needs.sources
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
        facts_as_of={source.value: None for source in sources},
        facts_missing=tuple(MissingFact(fact=source.value, about=None, why=Why.UNAVAILABLE) for source in sources),
        ruleset=compiled.name,
        fingerprint=compiled.fingerprint,
        mode=compiled.mode,
        engine=ON_UNAVAILABLE,
        control_group=run.is_control,
        version=compiled.version,
    )


def _reason(policy: OnUnavailable, mode: Mode) -> Reason:
    return Reason(
        rule=ON_UNAVAILABLE, code=CODE, sentence=_SENTENCES[policy], outcome=Outcome.UNKNOWN, mode=mode, evidence=()
    )

"""Turn a message whose facts cannot be had into the Decision its ruleset wants then (`on_unavailable`).

The policy stands in for the rules, so it is obeyed where any of them would be: in a ruleset on trial, and for the
control group, only where one says `always`.
"""

from dataclasses import replace
from typing import Final

from suppress.decisions.decision import Decision, Mode, Reason, Verdict
from suppress.engine.control import in_control_group
from suppress.engine.placing import Run
from suppress.facts.instants import from_us
from suppress.facts.message import Message
from suppress.facts.unjudged import reason_of, unjudged
from suppress.rules.compile import CompiledRuleset
from suppress.rules.ruleset import OnUnavailable

ON_UNAVAILABLE: Final = "on_unavailable"
"""The engine, and the rule, of a decision no rule had a part in."""

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
        mode = Mode.ENFORCE if is_obeyed else Mode.SHADOW
        reasons = (reason_of(ON_UNAVAILABLE, _SENTENCES[policy], mode),)
        verdict = _VERDICTS[policy] if is_obeyed else verdict
    sources = [source.value for source in compiled.needs.sources]
    decision = unjudged(
        message,
        from_us(as_of_us),
        decision_id,
        policy=ON_UNAVAILABLE,
        verdict=verdict,
        reasons=reasons,
        missing=sources,
    )
    return replace(
        decision,
        facts_as_of=dict.fromkeys(sources),
        ruleset=compiled.name,
        fingerprint=compiled.fingerprint,
        mode=compiled.mode,
        control_group=run.is_control,
        version=compiled.version,
    )

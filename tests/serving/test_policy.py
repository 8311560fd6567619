"""Without facts, the ruleset's word decides: `on_unavailable`."""

import json

import pytest

from suppress.decisions.decision import Decision, Verdict
from suppress.facts.message import Item
from suppress.rules.compile import CompiledRuleset
from suppress.rules.ruleset import OnUnavailable
from suppress.serving.policy import decide_without_facts
from tests.serving.stand_ins import NOW, NOW_US, RULES, compiled, message

ALWAYS = RULES.replace("below: 1}}}", "below: 1}}, always: yes}", 1)


def decided(rules: CompiledRuleset, **more: object) -> Decision:
    """What becomes of a message to ada."""
    policy = rules.on_unavailable

    assert policy is not None
    return decide_without_facts(rules, policy, message("A-1", "A-2", **more), NOW_US, "d-1")


@pytest.mark.parametrize(
    ("policy", "verdict", "sentence"),
    [
        ("allow", Verdict.SEND, None),
        ("block", Verdict.SUPPRESS, "Do not send the message when the facts cannot be had in time."),
        ("hold", Verdict.HOLD, "Hold the message until it is checked again when the facts cannot be had in time."),
    ],
)
def test_each_word_has_its_verdict(policy: str, verdict: Verdict, sentence: str | None) -> None:
    """Allow sends the message as it came, block and hold say why they do not; all say that facts were missing."""
    decision = decided(compiled(f"on_unavailable: {policy}"))

    assert (verdict, sentence) == (decision.verdict, decision.deciding and decision.deciding.sentence)
    assert ("A-1", "A-2") == decision.shown
    assert ("keep", "keep") == tuple(item.verdict.value for item in decision.items)
    assert [("stock", None, "unavailable")] == [(m.fact, m.about, m.why.value) for m in decision.facts_missing]
    assert {"stock": None} == decision.facts_as_of
    assert ("on_unavailable", NOW, NOW, None) == (
        decision.engine,
        decision.as_of,
        decision.valid_until,
        decision.hold_until,
    )
    assert [] == [reason.code for reason in decision.reasons if reason.code != "facts_unavailable"]
    assert json.dumps(decision.to_dict())


def test_no_more_is_shown_than_there_are_slots() -> None:
    """The first items fill the slots, replacements are for items that are dropped; places in the mail are kept."""
    rules = compiled("on_unavailable: allow")
    placed = decide_without_facts(
        rules,
        OnUnavailable.ALLOW,
        message(Item(sku="A-1", placement="top"), "A-2", slots=1, replacements=("A-3",)),  # type: ignore[arg-type]
        NOW_US,
        "d-1",
    )

    assert (("A-1",), ()) == (placed.shown, placed.replacements)
    assert ["top", None] == [item.placement for item in placed.items]


@pytest.mark.parametrize(
    ("top", "rules", "verdict", "modes"),
    [
        ("mode: shadow", RULES, Verdict.SEND, ["shadow"]),
        ("mode: shadow", ALWAYS, Verdict.SUPPRESS, ["enforce"]),
        ("mode: 'off'", RULES, Verdict.SEND, ["shadow"]),
        ("control_group: 100%", RULES, Verdict.SEND, ["shadow"]),
        ("control_group: 100%", ALWAYS, Verdict.SUPPRESS, ["enforce"]),
    ],
)
def test_it_is_obeyed_where_a_rule_would_be(top: str, rules: str, verdict: Verdict, modes: list[str]) -> None:
    """A ruleset on trial and a control group are not stopped by it, unless a rule is always obeyed."""
    decision = decided(compiled(f"on_unavailable: block\n{top}", rules))

    assert (verdict, modes) == (decision.verdict, [reason.mode.value for reason in decision.reasons])
    assert top.startswith("control") == decision.control_group

"""Check that a rule asks only for what is known when it runs: an item's facts, the message's, the outcome."""

from typing import Final

from suppress.facts.fields import Scope
from suppress.rules.findings import Findings, quoted
from suppress.rules.ruleset import Effect, Rule
from suppress.rules.tree import Bought, Compare, Condition, Leaf, Said, Sent, Shown, leaves

EFFECT_WORDS: Final = {
    Effect.DROP_ITEM: "drop: item",
    Effect.LIMIT_ITEM: "limit",
    Effect.SUPPRESS_MESSAGE: "suppress: message",
    Effect.HOLD_MESSAGE: "hold",
}
"""Effects as rules write them."""

_NAMES: Final = {Bought: "bought", Shown: "shown", Said: "said", Sent: "sent"}


def check_scopes(rule: Rule, condition: Condition, findings: Findings) -> None:
    """Note what is about one item in a rule about messages, and what is known too late for a rule about items."""
    effect = EFFECT_WORDS[rule.effect]
    for leaf in leaves(condition):
        scope = scope_of(leaf)
        name = quoted(leaf.field.label if isinstance(leaf, Compare) else _NAMES[type(leaf)])
        if scope is Scope.ITEM and not rule.effect.is_about_items:
            findings.add(
                "wrong-scope",
                f'{name} speaks of one item, but the rule says "{effect}"',
                leaf.position,
                'write "drop: item" here, and stop messages with "message.items_kept" in a rule of its own',
            )
        elif scope is Scope.OUTCOME and rule.effect.is_about_items:
            findings.add(
                "wrong-scope",
                f'{name} is known once all items are decided, but the rule says "{effect}"',
                leaf.position,
                'use it in a rule with "suppress: message" or "hold"',
            )


def scope_of(leaf: Leaf) -> Scope:
    """When a leaf has a truth: for an item, for the message, or once items are decided."""
    if isinstance(leaf, Compare):
        return leaf.field.scope
    return Scope.MESSAGE if isinstance(leaf, Sent) else Scope.ITEM

"""Hold what the new rules do against every `max_share` they state: counts in, Shares out.

A ruleset's bounds the messages that would not be sent now (suppressed or held). A rule's bounds the messages it fires
on and is obeyed for; for `drop: item` and `limit` the items it drops. Parts per ten thousand.
"""

from collections.abc import Mapping

from suppress.decisions.decision import Verdict
from suppress.replay.report import Share
from suppress.rules.compile import CompiledRuleset


def shares_of(
    compiled: CompiledRuleset,
    fired: Mapping[str, int],
    verdicts: Mapping[tuple[Verdict, Verdict], int],
    items: int,
) -> tuple[Share, ...]:
    """One Share per `max_share`: the ruleset's, then those of its rules in file order.

    `fired`: rule id -> items or messages it is obeyed for. `verdicts`: (before, now) -> messages. `items`: all items.
    """
    messages = sum(verdicts.values())
    shares: list[Share] = []
    if compiled.max_share is not None:
        silent = sum(count for (_, now), count in verdicts.items() if now is not Verdict.SEND)
        shares.append(
            Share(rule=None, counts="messages", acted_on=silent, total=messages, max_share=compiled.max_share)
        )
    for rule in compiled.rules:
        if rule.max_share is not None:
            of_items = rule.effect.is_about_items
            shares.append(
                Share(
                    rule=rule.id,
                    counts="items" if of_items else "messages",
                    acted_on=fired.get(rule.id, 0),
                    total=items if of_items else messages,
                    max_share=rule.max_share,
                )
            )
    return tuple(shares)

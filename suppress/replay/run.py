"""Walk messages through two rulesets over the same facts: messages in, a Report out.

The facts of a batch are fetched once, as both rulesets together need them, so that a difference is one of rules alone.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import islice
from typing import Final

from suppress.decisions.decision import Decision
from suppress.engine.decide import Decider
from suppress.facts.message import Message
from suppress.facts.snapshot import FactNeeds, Snapshot
from suppress.replay.report import Report
from suppress.replay.tally import Tally
from suppress.rules.compile import CompiledRuleset

BATCH: Final = 200
"""Messages whose facts are fetched together."""

Asked = tuple[Message, int]
Fetch = Callable[[Sequence[Asked]], Sequence[Snapshot]]


def needs_of_both(old: CompiledRuleset, new: CompiledRuleset) -> FactNeeds:
    """The facts both rulesets together need: what `replay` must be handed."""
    return old.needs | new.needs


def replay(messages: Iterable[Asked], old: Decider, new: Decider, fetch: Fetch) -> Report:
    """What changes for these messages (each with the instant it is decided as of, in microseconds).

    `fetch` gives the Snapshot of each message of a batch, in order, with the facts of `needs_of_both`; what it raises
    goes through: a plan on facts that could not be read would mislead. Stock that is shared out goes to the messages in
    their order, as checks would give it, and nothing of it is taken beforehand.
    """
    tally = Tally(old.compiled, new.compiled)
    by_old, by_new = _Sharing(old), _Sharing(new)
    waiting = iter(messages)
    while batch := list(islice(waiting, BATCH)):
        for (message, _), snapshot in zip(batch, fetch(batch), strict=True):
            tally.add(message, by_old.decide(snapshot), by_new.decide(snapshot))
    return tally.report()


class _Sharing:
    """Decides one message after the other; what each takes of limited items is gone for the next."""

    def __init__(self, decider: Decider) -> None:
        self._decider = decider
        self._taken: Counter[str] = Counter()

    def decide(self, snapshot: Snapshot) -> Decision:
        """The decision for the next message."""
        if not self._decider.compiled.limit_rules:
            return self._decider.decide(snapshot, "")
        decided = self._decider.weigh(replace(snapshot, reserved=self._taken), "")
        self._taken.update(decided.draws)
        return decided.decision

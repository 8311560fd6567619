"""Walk messages through two rulesets over the same facts: messages in, a Report out.

The facts of a batch are fetched once, as both rulesets together need them, so that a difference is one of rules alone.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Final

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
    goes through: a plan on facts that could not be read would mislead.
    """
    tally = Tally(old.compiled, new.compiled)
    waiting = iter(messages)
    while batch := list(islice(waiting, BATCH)):
        for (message, _), snapshot in zip(batch, fetch(batch), strict=True):
            tally.add(message, old.decide(snapshot, ""), new.decide(snapshot, ""))
    return tally.report()

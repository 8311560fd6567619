"""Say how far the stock of limited items goes within one message: limits that fire in, who gets nothing out.

The twin, for one message, of the allocation of a whole campaign: who holds a place ranks by score, then by position;
what a sku has places for goes to the first of them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from typing import Final, NamedTuple

from suppress.decisions.decision import Why
from suppress.engine.features import ItemValues
from suppress.engine.shared import UnknownFact
from suppress.rules.compile import CompiledRule
from suppress.rules.needs import AVAILABLE_UNITS
from suppress.rules.ruleset import WhenUnknown

NO_RESERVATIONS: Final = UnknownFact("reservations", None, Why.UNAVAILABLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What the tightest of an item's limits leaves. `budget`: places for the sku in all messages together.

    `available_units`, `taken` (places others hold): None = unknown, and then there is nothing to share out.
    """

    rule: CompiledRule
    budget: int
    available_units: int | None
    taken: int | None

    @property
    def is_used_up(self) -> bool:
        """Whether there is not one place left beside those others hold."""
        return self.taken is None or self.taken >= self.budget


class Holder(NamedTuple):
    """A candidate of the message (by its number) that has a slot and uses up a budget. `score`: None = the lowest."""

    candidate: int
    sku: str
    score: float | None
    share: Share


def share_of(limits: Iterable[CompiledRule], values: ItemValues) -> Share | None:
    """What the tightest of these limits leaves of the item; None when none of them limits it.

    Where the units, or what others hold of them, are unknown, limits that allow it do not count.
    """
    units = values.field(AVAILABLE_UNITS)
    reserved = values.shared.snapshot.reserved
    is_known = isinstance(units, int) and reserved is not None
    tightest: CompiledRule | None = None
    for rule in limits:
        if rule.limit is None or not (is_known or rule.when_unknown is WhenUnknown.BLOCK):
            continue
        if tightest is None or tightest.limit is None or rule.limit.hundredths < tightest.limit.hundredths:
            tightest = rule
    if tightest is None or tightest.limit is None:
        return None
    available = units if isinstance(units, int) else None
    return Share(
        rule=tightest,
        budget=0 if available is None or reserved is None else tightest.limit.budget(available),
        available_units=available,
        taken=None if reserved is None else reserved.get(values.item.sku, 0),
    )


def refused(holders: Sequence[Holder], reserved: Mapping[str, int] | None) -> dict[int, Share]:
    """Candidate -> its share, for those that get no place: the lowest-ranked beyond each sku's budget."""
    taken = dict(reserved or {})
    over: dict[int, Share] = {}
    for holder in sorted(holders, key=_rank):
        before = taken.get(holder.sku, 0)
        if before < holder.share.budget:
            taken[holder.sku] = before + 1
        else:
            share = holder.share
            over[holder.candidate] = share if share.taken is None else _with_taken(share, before)
    return over


def _rank(holder: Holder) -> tuple[float, int]:
    score = holder.score
    # What compares with nothing counts as no score.
    return (float("inf") if score is None or isnan(score) else -score, holder.candidate)


def _with_taken(share: Share, taken: int) -> Share:
    return Share(rule=share.rule, budget=share.budget, available_units=share.available_units, taken=taken)

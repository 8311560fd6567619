"""Say until when a message is held: the latest date of the rules that hold it."""

from collections.abc import Iterable

from suppress.engine.features import ItemValues
from suppress.engine.shared import SharedFacts
from suppress.facts.local_time import next_clock_us
from suppress.rules.needs import RESTOCK_AT
from suppress.rules.ruleset import Hold


def hold_until_us(holds: Iterable[Hold], shared: SharedFacts, dropped: Iterable[ItemValues]) -> int | None:
    """The latest of the dates; None when no hold has one: then the message waits until it is checked again.

    `dropped`: the items that were dropped, of which the first to be restocked ends a hold until restock.
    """
    restocks = [at_us for values in dropped if isinstance(at_us := values.field(RESTOCK_AT), int)]
    dates = (_until_us(hold, shared, min(restocks, default=None)) for hold in holds)
    return max((at_us for at_us in dates if at_us is not None), default=None)


def _until_us(hold: Hold, shared: SharedFacts, restock_us: int | None) -> int | None:
    if hold.until is not None:
        return next_clock_us(shared.as_of_us, hold.until.us, shared.zone())
    return shared.as_of_us + hold.length.us if hold.length is not None else restock_us

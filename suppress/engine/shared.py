"""Turn a Snapshot into what all items of one message share: how far each source can be used, and the recipient's clock.

Reading notes the next instant at which time alone could change something (a purchase leaves a window, a figure grows
stale), from which `decide` states how long a decision holds. Windows are half-open: `as_of - window < t <= as_of`, and
so is freshness: a figure as old as its maximum age is stale.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from zoneinfo import ZoneInfo

from suppress.decisions.decision import Why
from suppress.facts.catalog import Product
from suppress.facts.customer import Customer
from suppress.facts.local_time import next_midnight_us, next_turn_us, zone_of
from suppress.facts.snapshot import Snapshot, Source


class UnknownFact(NamedTuple):
    """Why a value is unknown: the fact (a source, or a field of a known row), the sku or None, its age if stale."""

    fact: str
    about: str | None
    why: Why
    as_of_us: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a ruleset lays down for reading facts. `zone`: the shop's.

    `age_bounds_us`, `clocks_us`: what ages and local times are compared with. `cycles_days`: category -> days one unit
    lasts. `regions`: region -> stock locations. `choices`: attribute declared as one of a few words -> these words.
    """

    max_age_us: Mapping[Source, int] = field(default_factory=dict)
    age_bounds_us: tuple[int, ...] = ()
    clocks_us: tuple[int, ...] = ()
    zone: ZoneInfo
    cycles_days: Mapping[str, int] = field(default_factory=dict)
    regions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class SharedFacts:
    """What all items of one message have in common: who it is for, how old each source is, what time it is there."""

    __slots__ = ("_problems", "_styles", "_zone", "as_of_us", "next_change_us", "snapshot", "terms")

    def __init__(self, snapshot: Snapshot, terms: Terms) -> None:
        self.snapshot = snapshot
        self.as_of_us = snapshot.as_of_us
        self.terms = terms
        self.next_change_us: int | None = None
        self._problems: dict[Source, UnknownFact | None] = {}
        self._styles: dict[str, list[Product]] | None = None
        self._zone: ZoneInfo | None = None

    def note_change(self, at_us: int) -> None:
        """Remember that something changes at `at_us` by the passing of time alone."""
        if at_us > self.as_of_us and (self.next_change_us is None or at_us < self.next_change_us):
            self.next_change_us = at_us

    def problem_with(self, source: Source) -> UnknownFact | None:
        """Why nothing from this source can be used, or None when it can."""
        if source in self._problems:
            return self._problems[source]
        loaded_us = self.snapshot.feeds_us.get(source)
        problem = None
        if source in self.snapshot.unavailable:
            problem = UnknownFact(source.value, None, Why.UNAVAILABLE)
        elif loaded_us is None:
            problem = UnknownFact(source.value, None, Why.MISSING)
        elif self.is_stale(source, loaded_us):
            problem = UnknownFact(source.value, None, Why.STALE, loaded_us)
        self._problems[source] = problem
        return problem

    def is_stale(self, source: Source, stated_us: int) -> bool:
        """Whether a figure stated at `stated_us` is as old as the ruleset allows, or older."""
        max_age_us = self.terms.max_age_us.get(source)
        if max_age_us is None:
            return False
        self.note_change(stated_us + max_age_us)
        return self.as_of_us - stated_us >= max_age_us

    def recipient_problem(self) -> UnknownFact | None:
        """Why the recipient cannot be named, or None."""
        if self.snapshot.customer_id is not None:
            return None
        return UnknownFact("customer", None, self.snapshot.customer_problem or Why.MISSING)

    def history_problem(self, source: Source) -> UnknownFact | None:
        """Why what `source` says of this customer's past cannot be used, or None."""
        return self.problem_with(source) or self.recipient_problem()

    def customer_problem(self) -> UnknownFact | None:
        """Why nothing is known of the customer but the id, or None."""
        problem = self.recipient_problem() or self.problem_with(Source.CUSTOMERS)
        if problem is None and self.snapshot.customer is None:
            problem = UnknownFact(Source.CUSTOMERS.value, None, Why.MISSING)
        return problem

    def customer(self) -> Customer | None:
        """The customer; None when nothing but the id can be used."""
        return self.snapshot.customer if self.customer_problem() is None else None

    def of_same_style(self, item_group: str) -> Sequence[Product]:
        """The products of a style, as far as they were fetched."""
        if self._styles is None:
            self._styles = {}
            for product in self.snapshot.products.values():
                self._styles.setdefault(product.item_group, []).append(product)
        return self._styles.get(item_group, ())

    def zone(self) -> ZoneInfo:
        """The customer's time zone, else the ruleset's."""
        if self._zone is None:
            customer = self.customer()
            self._zone = zone_of(customer.time_zone if customer else None) or self.terms.zone
        return self._zone

    def note_next_midnight(self) -> None:
        """Remember that the local date changes."""
        self.note_change(next_midnight_us(self.as_of_us, self.zone()))

    def note_next_clock(self) -> None:
        """Remember when a comparison with the local time may change."""
        self.note_change(next_turn_us(self.as_of_us, self.terms.clocks_us, self.zone()))

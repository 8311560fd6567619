"""Turn a Snapshot into what all items of one message share: purchases, and how far each source can be used.

Reading notes the next instant at which time alone could change something (a purchase leaves a window, a figure grows
stale), from which `decide` states how long a decision holds. Windows are half-open: `as_of - window < t <= as_of`, and
so is freshness: a figure as old as its maximum age is stale.
"""

from collections.abc import Mapping
from typing import NamedTuple

from suppress.decisions.decision import Why
from suppress.facts.history import settle
from suppress.facts.snapshot import Snapshot, Source
from suppress.rules.tree import Same


class PurchaseUnits(NamedTuple):
    """One purchase as windows count it."""

    at_us: int
    kept_units: int
    ordered_units: int


class UnknownFact(NamedTuple):
    """Why a value is unknown: the fact (a source, or a field of a known row), the sku or None, its age if stale."""

    fact: str
    about: str | None
    why: Why
    as_of_us: int | None = None


class SharedFacts:
    """What all items of one message have in common: who it is for, what they bought, how old each source is."""

    __slots__ = (
        "_bought_by",
        "_history_problem",
        "_history_read",
        "_source_problems",
        "age_bounds_us",
        "as_of_us",
        "max_age_us",
        "next_change_us",
        "snapshot",
    )

    def __init__(
        self, snapshot: Snapshot, max_age_us: Mapping[Source, int], age_bounds_us: tuple[int, ...] = ()
    ) -> None:
        self.snapshot = snapshot
        self.as_of_us = snapshot.as_of_us
        self.max_age_us = max_age_us
        self.age_bounds_us = age_bounds_us
        self.next_change_us: int | None = None
        self._source_problems: dict[Source, UnknownFact | None] = {}
        self._history_problem: UnknownFact | None = None
        self._history_read = False
        self._bought_by: dict[Same, dict[str, list[PurchaseUnits]]] | None = None

    def note_change(self, at_us: int) -> None:
        """Remember that something changes at `at_us` by the passing of time alone."""
        if at_us > self.as_of_us and (self.next_change_us is None or at_us < self.next_change_us):
            self.next_change_us = at_us

    def problem_with(self, source: Source) -> UnknownFact | None:
        """Why nothing from this source can be used, or None when it can."""
        if source in self._source_problems:
            return self._source_problems[source]
        loaded_us = self.snapshot.feeds_us.get(source)
        problem = None
        if source in self.snapshot.unavailable:
            problem = UnknownFact(source.value, None, Why.UNAVAILABLE)
        elif loaded_us is None:
            problem = UnknownFact(source.value, None, Why.MISSING)
        elif self.is_stale(source, loaded_us):
            problem = UnknownFact(source.value, None, Why.STALE, loaded_us)
        self._source_problems[source] = problem
        return problem

    def is_stale(self, source: Source, stated_us: int) -> bool:
        """Whether a figure stated at `stated_us` is as old as the ruleset allows, or older."""
        max_age_us = self.max_age_us.get(source)
        if max_age_us is None:
            return False
        self.note_change(stated_us + max_age_us)
        return self.as_of_us - stated_us >= max_age_us

    def customer_problem(self) -> UnknownFact | None:
        """Why the recipient cannot be named, or None."""
        if self.snapshot.customer_id is not None:
            return None
        return UnknownFact("customer", None, self.snapshot.customer_problem or Why.MISSING)

    def history_problem(self) -> UnknownFact | None:
        """Why the customer's purchases cannot be used, or None."""
        if not self._history_read:
            self._history_problem = self.problem_with(Source.ORDERS) or self.customer_problem()
            self._history_read = True
        return self._history_problem

    def purchases(self, same: Same, key: str) -> list[PurchaseUnits]:
        """The customer's purchases that count as the same, by that key."""
        if self._bought_by is None:
            self._bought_by = self._index()
        return self._bought_by[same].get(key, [])

    def _index(self) -> dict[Same, dict[str, list[PurchaseUnits]]]:
        by_sku: dict[str, list[PurchaseUnits]] = {}
        by_group: dict[str, list[PurchaseUnits]] = {}
        by_category: dict[str, list[PurchaseUnits]] = {}
        by_brand: dict[str, list[PurchaseUnits]] = {}
        purchases, _ = settle(self.snapshot.lines)
        for line, kept_units in purchases:
            units = PurchaseUnits(line.ordered_at_us, kept_units, line.units)
            by_sku.setdefault(line.sku, []).append(units)
            if line.item_group is not None:
                by_group.setdefault(line.item_group, []).append(units)
            if line.category is not None:
                by_category.setdefault(line.category, []).append(units)
            if line.brand is not None:
                by_brand.setdefault(line.brand, []).append(units)
        return {Same.SKU: by_sku, Same.ITEM_GROUP: by_group, Same.CATEGORY: by_category, Same.BRAND: by_brand}

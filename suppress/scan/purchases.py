"""Turn order lines into what they say of each pair: how much was bought of the same, when last, and what is due again.

One query per way of counting as the same; ways that hold one another share one, by the widest key. Where style,
category or brand are unknown, what was bought of the sku alone counts, and the rest is unknown.
"""

from collections.abc import Sequence
from itertools import groupby
from typing import Final

from suppress.facts.instants import US_PER_DAY
from suppress.facts.snapshot import MOST_MEMBERS, Source
from suppress.rules.needs import REPLENISHMENT_DUE
from suppress.rules.tree import Bought, By, Same
from suppress.scan.asked import Asked, counts_down
from suppress.scan.bundles import Bundles
from suppress.scan.counting import LINE, counted, counts, units
from suppress.scan.folder import Folder
from suppress.scan.pairs import KEYS, PAIR, PAIR_OF_C, Pairs, is_known
from suppress.scan.sql import all_of, any_of, literal, name
from suppress.scan.usable import Usable

Instants = tuple[int, int]
DUE_TABLE: Final = "past due"
_NESTED: Final = (Same.SKU, Same.ITEM_GROUP, Same.CATEGORY)
"""From the narrowest to the widest."""


class Purchases:
    """The SQL of everything about purchases, for one ruleset and one facts folder."""

    def __init__(self, asked: Asked, folder: Folder, usable: Usable, pairs: Pairs) -> None:
        self.asked = asked
        self.bought = [node for node in asked.of_kind(Bought) if isinstance(node, Bought)]
        self.is_due_asked = REPLENISHMENT_DUE in asked.fields
        self._folder = folder
        self._usable = usable
        self._pairs = pairs
        self._bundles = Bundles(asked, folder)

    @property
    def needs_lines(self) -> bool:
        """Whether any order lines are read."""
        return bool(self.bought) or self.is_due_asked

    @property
    def needs_household(self) -> bool:
        """Whether the purchases of whole households count."""
        return any(node.by is By.HOUSEHOLD for node in self.bought)

    def household(self) -> str:
        """The relation `household`: customer -> whether too many live there to be one household."""
        people = self._folder.relation("customers")
        return (
            f"SELECT p.customer_id AS customer_id, n.members > {MOST_MEMBERS} AS is_crowd FROM ({people}) p JOIN ("
            f"SELECT household_id, count(*) AS members FROM ({people}) WHERE household_id IS NOT NULL"
            " GROUP BY household_id) n ON n.household_id = p.household_id"
        )

    def line(self, between: Instants | None) -> str:
        """The relation `line`: the order lines of these customers, and of their households where those count.

        `between`: the first and the last instant messages are decided as of; lines that count at none are left out.
        """
        whose = "SELECT member_id FROM member" if self.needs_household else "SELECT customer_id FROM message"
        parts = [f"customer_id IN ({whose})"]
        if between is not None:
            first_us, last_us = between
            parts += [f"from_us <= {literal(last_us)}", f"until_us > {literal(first_us)}"]
            windows = [node.within.us for node in self.bought if node.within is not None]
            if len(windows) == len(self.bought) and not self.is_due_asked:
                parts.append(f"ordered_at_us > {literal(first_us - max(windows))}")
        if all(node.kept for node in self.bought):
            parts.append("kept_units > 0")
        return f"SELECT * FROM ({self._folder.relation('lines')}) WHERE {all_of(parts)}"

    def member(self) -> str:
        """The relation `member`: customer -> whose purchases count as the household's, her own included.

        Of nobody whose household cannot be named are there others.
        """
        people = self._folder.relation("customers")
        return (
            "SELECT DISTINCT m.customer_id AS customer_id, coalesce(o.customer_id, m.customer_id) AS member_id,"
            " m.as_of_us AS as_of_us FROM message m"
            " LEFT JOIN household h ON h.customer_id = m.customer_id"
            f" LEFT JOIN ({people}) o ON o.household_id = m.household_id AND m.is_described"
            " AND NOT coalesce(h.is_crowd, FALSE) WHERE m.customer_id IS NOT NULL"
        )

    def lone_pairs(self) -> dict[str, str]:
        """Relation -> its SELECT: pairs whose product has no style (category, brand), so that only its sku is found.

        They are few, and a relation of their own, so that nobody goes through all lines once more for their sake.
        """
        widest = {Same(self._way(node)[0]) for node in self.bought}
        keys = [same for same in Same if same in widest - {Same.SKU, Same.COMPONENT}]
        return {_without(same): f"SELECT * FROM pair c WHERE c.{KEYS[same]} IS NULL" for same in keys}

    def part(self) -> str:
        """The relation `part`: bundle -> the skus inside it."""
        return self._bundles.part()

    def tables(self) -> dict[str, str]:
        """Relation -> its SELECT, one row per pair of which anything was found."""
        tables: dict[str, str] = {}
        for (widest, by), group in groupby(sorted(self.bought, key=self._way), key=self._way):
            nodes = list(group)
            found = (
                self._bundles.bought(nodes, self._lines(By(by)))
                if widest == Same.COMPONENT.value
                else self._bought(nodes, Same(widest), By(by))
            )
            tables[f"past bought {widest} {by}"] = found
        if self.is_due_asked:
            tables[DUE_TABLE] = self._due()
        return tables

    def _way(self, node: Bought) -> tuple[str, str]:
        """The widest key by which the lines of a condition are found together with those of others.

        Whoever bought the same sku bought the same style, and (where each style has one category) of the same category:
        one join with the widest of them finds all.
        """
        asked = {other.same for other in self.bought if other.by is node.by}
        if node.same not in _NESTED:
            return node.same.value, node.by.value
        widest = node.same
        if Same.ITEM_GROUP in asked and node.same is Same.SKU:
            widest = Same.ITEM_GROUP
        if Same.CATEGORY in asked and self._folder.one_category:
            widest = Same.CATEGORY
        return widest.value, node.by.value

    def _bought(self, nodes: Sequence[Bought], widest: Same, by: By) -> str:
        join = self._lines(by)
        columns = ", ".join(column for node in nodes for column in counted(self.asked, node))
        key = widest.value
        ways = sorted({node.same for node in nodes}, key=_NESTED.index) if widest in _NESTED else [widest]
        pair = f"(SELECT * FROM pair c WHERE {self._pairs.relevant(nodes)}) c"
        same = ", ".join(f"l.{way.value} = c.{way.value} AS same_{way.value}" for way in ways)
        of_ways = any_of([self._reaches(way, [node for node in nodes if node.same is way]) for way in ways])
        found = (
            f"SELECT {PAIR_OF_C}, c.as_of_us, {same}, {LINE} FROM {pair} {join} AND l.{key} = c.{key} WHERE {of_ways}"
        )
        if widest is not Same.SKU:
            same = ", ".join(f"TRUE AS same_{way.value}" for way in ways)
            lone = f"(SELECT * FROM {name(_without(widest))} c WHERE {self._pairs.relevant(nodes)}) c"
            found += f" UNION ALL SELECT {PAIR_OF_C}, c.as_of_us, {same}, {LINE} FROM {lone} {join} AND l.sku = c.sku"
        downs = [node for node in nodes if counts_down(node)]
        if downs:
            sums = ", ".join(f"{self._newest_first(node)} AS {name(f'down {n}')}" for n, node in enumerate(downs))
            found = f"SELECT l.*, {sums} FROM ({found}) l"
            columns += "".join(
                f", max(l.ordered_at_us) FILTER (WHERE {counts(node)} AND {name(f'down {n}')} >="
                f" {literal(node.at_least)}) AS {self.asked.reach(node)}"
                for n, node in enumerate(downs)
            )
        return f"SELECT {PAIR}, {columns} FROM ({found}) l GROUP BY {PAIR}"

    def _newest_first(self, node: Bought) -> str:
        """How many units count, from the newest purchase down to line `l`."""
        counting = f"CASE WHEN {counts(node)} THEN {units(node)} ELSE 0 END"
        return f"sum({counting}) OVER (PARTITION BY l.pair_no ORDER BY l.ordered_at_us DESC)"

    def _reaches(self, way: Same, nodes: Sequence[Bought]) -> str:
        """Whether line `l` can count for pair `c` by this way: the key is the same, it matters, it is late enough."""
        parts = [f"l.{way.value} = c.{way.value}", self._pairs.relevant(nodes)]
        windows = [node.within.us for node in nodes if node.within is not None]
        if len(windows) == len(nodes):
            parts.append(f"l.ordered_at_us > c.as_of_us - {literal(max(windows))}")
        return all_of(parts)

    def _lines(self, by: By) -> str:
        """The lines `l` of a pair's customer, or of everybody in her household, and how they join with pair `c`."""
        known = "l.from_us <= c.as_of_us AND c.as_of_us < l.until_us"
        if by is By.CUSTOMER:
            return f"JOIN line l ON l.customer_id = c.customer_id AND {known}"
        return (
            "JOIN member b ON b.customer_id = c.customer_id AND b.as_of_us = c.as_of_us"
            f" JOIN line l ON l.customer_id = b.member_id AND {known}"
        )

    def _due(self) -> str:
        found = (
            f"SELECT {PAIR_OF_C}, l.ordered_at_us AS at_us, any_value(c.cycle_days) AS cycle_days,"
            f" CAST(sum(l.kept_units) AS BIGINT) AS units FROM pair c {self._lines(By.CUSTOMER)} AND l.sku = c.sku"
            f" WHERE l.kept_units > 0 GROUP BY {PAIR_OF_C}, l.ordered_at_us"
        )
        return (
            f"SELECT {PAIR}, max(at_us) AS last_kept_us,"
            f" max(at_us) + any_value(cycle_days) * arg_max(units, at_us) * {US_PER_DAY} AS due_at_us"
            f" FROM ({found}) GROUP BY {PAIR}"
        )

    def enough(self, node: Bought) -> str:
        """Whether enough was bought, of a candidate joined with `tables`."""
        if node.same is Same.COMPONENT:
            return self._bundles.enough(node)
        return f"coalesce({self.asked.amount(node)}, 0) >= {literal(node.at_least)}"

    def sure(self, node: Bought) -> str:
        """Whether what was counted is certainly all."""
        household = "" if node.by is By.CUSTOMER else " AND m.is_described AND NOT coalesce(h.is_crowd, FALSE)"
        return f"{is_known(node.same)}{household}"

    def is_due(self) -> str:
        """Whether an item is due again; NULL = unknown."""
        usable = f"m.customer_id IS NOT NULL AND {self._usable.source(Source.ORDERS, 'm.as_of_us')}"
        return (
            f"CASE WHEN NOT ({usable}) THEN NULL WHEN g.sku IS NULL"
            " THEN CASE WHEN last_kept_us IS NULL THEN FALSE END"
            " ELSE coalesce(m.as_of_us >= due_at_us, FALSE) END"
        )


def _without(same: Same) -> str:
    return f"pair without {same.value}"

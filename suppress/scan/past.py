"""Turn history into what it says of each (message, candidate): how much counts for each condition, and when last.

One query per way of counting as the same. `pair` is what they join with: one row per (message, candidate) with the keys
of the candidate's product, all NULL when the catalogue does not know it or cannot be used. Where style, category or
brand are unknown, what was bought (shown) of the sku alone counts, and the rest is unknown.
"""

from collections.abc import Sequence
from itertools import groupby
from typing import Final

from suppress.facts.fields import Operator
from suppress.facts.instants import US_PER_DAY
from suppress.facts.snapshot import MOST_MEMBERS, Source
from suppress.rules.needs import REPLENISHMENT_DUE
from suppress.rules.tree import Bought, By, Compare, Count, Leaf, Parts, Past, Said, Same, Shown
from suppress.scan.asked import Asked, counts_down
from suppress.scan.folder import Folder
from suppress.scan.goods import Goods
from suppress.scan.lower import truth
from suppress.scan.people import lacks, of_channels
from suppress.scan.relevance import relevance
from suppress.scan.sql import all_of, any_of, literal, literals, name
from suppress.scan.usable import Usable

PAIR: Final = "pair_no"
PAIR_NO: Final = "c.message_no * 1048576 + c.position"
"""One number for a message's candidate; a message has fewer than a million of them."""

Instants = tuple[int, int]
DUE_TABLE: Final = "past due"


class History:
    """The SQL of everything about the past, for one ruleset and one facts folder."""

    def __init__(self, asked: Asked, folder: Folder, usable: Usable, goods: Goods) -> None:
        self.asked = asked
        self._goods = goods
        self._folder = folder
        self._usable = usable
        self.bought = [node for node in asked.of_kind(Bought) if isinstance(node, Bought)]
        self._shown = [node for node in asked.of_kind(Shown) if isinstance(node, Shown)]
        self.said = [node for node in asked.of_kind(Said) if isinstance(node, Said)]
        self._is_due_asked = REPLENISHMENT_DUE in asked.fields

    @property
    def needs_lines(self) -> bool:
        """Whether any order lines are read."""
        return bool(self.bought) or self._is_due_asked

    @property
    def needs_household(self) -> bool:
        """Whether the purchases of whole households count."""
        return any(node.by is By.HOUSEHOLD for node in self.bought)

    def pair(self) -> str:
        """The relation `pair`."""
        known = self.knows_products()
        plain = [f", {self._goods.field(field)} AS {name(field)}" for field in self._plain_item_fields()]
        plain += [f", m.{name(field)} AS {name(field)}" for field in self._plain_message_fields()]
        return (
            f"SELECT {PAIR_NO} AS pair_no, c.sku, m.customer_id, m.as_of_us, m.message_id, m.channel, m.campaign_id,"
            f" g.item_group, g.category, g.brand, g.bundle_of, g.cycle_days, {known} AS knows_products{''.join(plain)}"
            " FROM candidate c JOIN message m ON m.message_no = c.message_no"
            f" LEFT JOIN product g ON g.sku = c.sku AND {known}"
        )

    def _plain_item_fields(self) -> list[str]:
        fields = self.asked.item_fields()
        return [field for field in fields if field.startswith("item.") and self._goods.field(field) is not None]

    def _plain_message_fields(self) -> list[str]:
        asked = {leaf.field.name for leaf in self.asked.item_leaves if isinstance(leaf, Compare)}
        return [field for field in self.asked.message_fields() if field in asked]

    def _is_plain(self, leaf: Leaf) -> bool:
        if not isinstance(leaf, Compare) or leaf.operator is Operator.MATCHES:
            return False
        return leaf.field.name in (*self._plain_item_fields(), *self._plain_message_fields())

    def _relevant(self, nodes: Sequence[Past]) -> str:
        """Where any of these conditions can matter, as a condition on pairs `c`."""
        alternatives = []
        for node in nodes:
            found = relevance((*self.asked.item_rules, *self.asked.limit_rules), node, self._is_plain)
            if found is None:
                return "TRUE"
            alternatives += [
                all_of([f"coalesce({truth(condition, self.asked)}, TRUE)" for condition in beside]) for beside in found
            ]
        return any_of(list(dict.fromkeys(alternatives)))

    def matters(self, leaf: Leaf) -> str:
        """Whether a leaf can matter where it stands, of a row of `judged`. Where it cannot, it was never looked up."""
        if not isinstance(leaf, Bought) or leaf.same is Same.COMPONENT:
            return "TRUE"
        return self._relevant([leaf])

    def knows_products(self) -> str:
        """Whether the catalogue can be used for message `m`."""
        return self._usable.source(Source.PRODUCTS, "m.as_of_us")

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
            if len(windows) == len(self.bought) and not self._is_due_asked:
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

    def joins(self) -> list[str]:
        """What is joined with candidates `c` of messages `m` for these columns."""
        joins = ["LEFT JOIN household h ON h.customer_id = m.customer_id"] if self.needs_household else []
        for number, table in enumerate(self.tables()):
            alias = f"past_{number}"
            joins.append(f"LEFT JOIN {name(table)} {alias} ON {alias}.pair_no = {PAIR_NO}")
        return joins

    def tables(self) -> dict[str, str]:
        """Relation -> its SELECT, one row per pair of which anything was found."""
        tables: dict[str, str] = {}
        for (widest, by), nodes in groupby(sorted(self.bought, key=self._way), key=self._way):
            made = self._components if widest == Same.COMPONENT.value else self._purchases
            tables[f"past bought {widest} {by}"] = made(list(nodes), Same(widest), By(by))
        if self._is_due_asked:
            tables[DUE_TABLE] = self._due()
        for same, nodes_shown in groupby(sorted(self._shown, key=lambda n: n.same.value), key=lambda n: n.same):
            tables[f"past shown {same.value}"] = self._shown_before(list(nodes_shown), same)
        if self.said:
            tables["past said"] = self._said_before()
        return tables

    def lone_pairs(self) -> dict[str, str]:
        """Relation -> its SELECT: pairs whose product has no style (category, brand), so that only its sku is found.

        They are few, and a relation of their own, so that nobody goes through all lines once more for their sake.
        """
        widest = {Same(self._way(node)[0]) for node in self.bought}
        keys = [same for same in Same if same in widest - {Same.SKU, Same.COMPONENT}]
        return {_without(same): f"SELECT * FROM pair c WHERE c.{_KEY[same]} IS NULL" for same in keys}

    def columns(self) -> list[str]:
        """The truths of all conditions on an item's past, what was counted, and whether the item is due."""
        columns = []
        for bought in self.bought:
            columns += self._truth(bought, Source.ORDERS, self._enough(bought), self._sure(bought))
            columns += [self.asked.reach(bought)] if counts_down(bought) else []
        for shown in self._shown:
            enough = f"coalesce({self.asked.amount(shown)}, 0) >= {literal(shown.at_least)}"
            columns += self._truth(
                shown, Source.SENT, enough, _is_known(shown.same), lacks(shown.channels, shown.campaigns)
            )
        for said in self.said:
            enough = f"coalesce({self.asked.amount(said)}, 0) > 0"
            columns += self._truth(said, Source.FEEDBACK, enough, _is_known(said.same))
        if self._is_due_asked:
            columns.append(f"{self._is_due()} AS {name(REPLENISHMENT_DUE)}")
            columns.append("due_at_us")
        return columns

    def _truth(
        self, node: Bought | Shown | Said, source: Source, enough: str, sure: str, unknown: Sequence[str] = ()
    ) -> list[str]:
        out = ["m.customer_id IS NULL", f"NOT {self._usable.source(source, 'm.as_of_us')}", *unknown]
        return [
            f"CASE WHEN {' OR '.join(out)} THEN NULL WHEN {enough} THEN TRUE WHEN {sure} THEN FALSE END"
            f" AS {self.asked.past(node)}",
            f"coalesce({self.asked.amount(node)}, 0) AS {self.asked.amount(node)}",
            self.asked.last(node),
            f"coalesce({sure}, FALSE) AS {self.asked.sure(node)}",
        ]

    def _enough(self, node: Bought) -> str:
        if node.same is not Same.COMPONENT:
            return f"coalesce({self.asked.amount(node)}, 0) >= {literal(node.at_least)}"
        own, parts = self._component_columns(node)
        wanted = "len(list_distinct(g.bundle_of))"
        owned = f"coalesce({parts}, 0) >= {wanted}" if node.parts is Parts.ALL else f"coalesce({parts}, 0) > 0"
        return f"coalesce({own}, FALSE) OR (coalesce({wanted}, 0) > 0 AND {owned})"

    def _sure(self, node: Bought) -> str:
        household = "" if node.by is By.CUSTOMER else " AND m.is_described AND NOT coalesce(h.is_crowd, FALSE)"
        return f"{_is_known(node.same)}{household}"

    def _component_columns(self, node: Bought) -> tuple[str, str]:
        number = self.asked.past(node).strip('"')
        return name(f"{number} own"), name(f"{number} parts")

    def _lines(self, by: By) -> str:
        """The lines `l` of a pair's customer, or of everybody in her household, and how they join with pair `c`."""
        known = "l.from_us <= c.as_of_us AND c.as_of_us < l.until_us"
        if by is By.CUSTOMER:
            return f"JOIN line l ON l.customer_id = c.customer_id AND {known}"
        return (
            "JOIN member b ON b.customer_id = c.customer_id AND b.as_of_us = c.as_of_us"
            f" JOIN line l ON l.customer_id = b.member_id AND {known}"
        )

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

    def _purchases(self, nodes: Sequence[Bought], widest: Same, by: By) -> str:
        join = self._lines(by)
        columns = ", ".join(column for node in nodes for column in self._counted(node))
        key = widest.value
        ways = sorted({node.same for node in nodes}, key=_NESTED.index) if widest in _NESTED else [widest]
        pair = f"(SELECT * FROM pair c WHERE {self._relevant(nodes)}) c"
        same = ", ".join(f"l.{way.value} = c.{way.value} AS same_{way.value}" for way in ways)
        of_ways = any_of([self._reaches(way, [node for node in nodes if node.same is way]) for way in ways])
        found = (
            f"SELECT {PAIR_OF_C}, c.as_of_us, {same}, {LINE} FROM {pair} {join} AND l.{key} = c.{key} WHERE {of_ways}"
        )
        if widest is not Same.SKU:
            same = ", ".join(f"TRUE AS same_{way.value}" for way in ways)
            lone = f"(SELECT * FROM {name(_without(widest))} c WHERE {self._relevant(nodes)}) c"
            found += f" UNION ALL SELECT {PAIR_OF_C}, c.as_of_us, {same}, {LINE} FROM {lone} {join} AND l.sku = c.sku"
        downs = [node for node in nodes if counts_down(node)]
        if downs:
            sums = ", ".join(f"{self._newest_first(node)} AS {name(f'down {n}')}" for n, node in enumerate(downs))
            found = f"SELECT l.*, {sums} FROM ({found}) l"
            columns += "".join(
                f", max(l.ordered_at_us) FILTER (WHERE {self._counts(node)} AND {name(f'down {n}')} >="
                f" {literal(node.at_least)}) AS {self.asked.reach(node)}"
                for n, node in enumerate(downs)
            )
        return f"SELECT {PAIR}, {columns} FROM ({found}) l GROUP BY {PAIR}"

    def _newest_first(self, node: Bought) -> str:
        """How many units count, from the newest purchase down to line `l`."""
        units = f"CASE WHEN {self._counts(node)} THEN {_units(node)} ELSE 0 END"
        return f"sum({units}) OVER (PARTITION BY l.pair_no ORDER BY l.ordered_at_us DESC)"

    def _reaches(self, way: Same, nodes: Sequence[Bought]) -> str:
        """Whether line `l` can count for pair `c` by this way: the key is the same, it matters, it is late enough."""
        parts = [f"l.{way.value} = c.{way.value}", self._relevant(nodes)]
        windows = [node.within.us for node in nodes if node.within is not None]
        if len(windows) == len(nodes):
            parts.append(f"l.ordered_at_us > c.as_of_us - {literal(max(windows))}")
        return all_of(parts)

    def _counted(self, node: Bought) -> list[str]:
        """What is counted of lines `l`, which hold `as_of_us`: the amount, and the last instant."""
        counted = self._counts(node)
        amount = (
            f"count(DISTINCT l.order_id) FILTER (WHERE {counted})"
            if node.count is Count.ORDERS
            else f"CAST(sum({_units(node)}) FILTER (WHERE {counted}) AS BIGINT)"
        )
        return [
            f"{amount} AS {self.asked.amount(node)}",
            f"max(l.ordered_at_us) FILTER (WHERE {counted}) AS {self.asked.last(node)}",
        ]

    def _counts(self, node: Bought) -> str:
        parts = [f"{_units(node)} > 0"]
        if node.same is not Same.COMPONENT:
            parts.append(f"l.same_{node.same.value}")
        if node.within is not None:
            parts.append(f"l.ordered_at_us > l.as_of_us - {literal(node.within.us)}")
        if node.not_within is not None:
            parts.append(f"l.ordered_at_us <= l.as_of_us - {literal(node.not_within.us)}")
        if not node.gifts:
            parts.append("NOT l.is_gift")
        if node.channels:
            parts.append(f"l.channel IN ({literals(node.channels)})")
        return " AND ".join(parts)

    def _components(self, nodes: Sequence[Bought], same: Same, by: By) -> str:
        """Per pair: of the item itself (list 0, inside bundles too) and of each of its parts (the lists after)."""
        del same
        join = self._lines(by)
        asks = (
            "SELECT c.*, 0 AS list_no, c.sku AS wanted FROM pair c UNION ALL"
            " SELECT c.*, 1 AS list_no, u.part AS wanted FROM pair c, (SELECT unnest(list_distinct(c.bundle_of)) AS"
            " part) u"
        )
        found = (
            f"SELECT {PAIR_OF_C}, c.list_no, c.wanted, c.as_of_us, {LINE}, 1 AS times FROM ({asks}) c {join}"
            " AND l.sku = c.wanted"
            f" UNION ALL SELECT {PAIR_OF_C}, c.list_no, c.wanted, c.as_of_us, {LINE}, k.times FROM ({asks}) c"
            f" JOIN part k ON k.part = c.wanted AND c.knows_products {join} AND l.sku = k.sku"
        )
        within = ", ".join(column for node in nodes for column in self._counted_within(node))
        lists = f"SELECT {PAIR}, list_no, wanted, {within} FROM ({found}) l GROUP BY {PAIR}, list_no, wanted"
        columns = ", ".join(column for node in nodes for column in self._counted_over_lists(node))
        made = f"SELECT {PAIR}, {columns} FROM ({lists}) GROUP BY {PAIR}"
        orders = [node for node in nodes if node.count is Count.ORDERS]
        if not orders:
            return made
        # An order counts once, in however many of the lists it stands.
        counts = ", ".join(
            f"count(DISTINCT l.order_id) FILTER (WHERE {self._counts(node)}) AS {self.asked.amount(node)}"
            for node in orders
        )
        return f"SELECT * FROM ({made}) JOIN (SELECT {PAIR}, {counts} FROM ({found}) l GROUP BY {PAIR}) USING ({PAIR})"

    def _counted_within(self, node: Bought) -> list[str]:
        counted = self._counts(node)
        amount = (
            f"count(DISTINCT l.order_id) FILTER (WHERE {counted})"
            if node.count is Count.ORDERS
            else f"CAST(sum({_units(node)} * l.times) FILTER (WHERE {counted}) AS BIGINT)"
        )
        return [
            f"{amount} AS {self.asked.amount(node)}",
            f"max(l.ordered_at_us) FILTER (WHERE {counted}) AS {self.asked.last(node)}",
        ]

    def _counted_over_lists(self, node: Bought) -> list[str]:
        amount, last = self.asked.amount(node), self.asked.last(node)
        own, parts = self._component_columns(node)
        enough = f"coalesce({amount}, 0) >= {literal(node.at_least)}"
        columns = [
            f"coalesce(bool_or(list_no = 0 AND {enough}), FALSE) AS {own}",
            f"count(*) FILTER (WHERE list_no = 1 AND {enough}) AS {parts}",
            f"max({last}) AS {last}",
        ]
        if node.count is Count.UNITS:
            columns.append(f"CAST(sum({amount}) AS BIGINT) AS {amount}")
        return columns

    def part(self) -> str:
        """The relation `part`: bundle -> the skus inside it, other than itself, and how often."""
        return (
            "SELECT sku, part, count(*) AS times FROM (SELECT g.sku AS sku, unnest(g.bundle_of) AS part"
            f" FROM ({self._folder.relation('products')}) g) WHERE part <> sku GROUP BY sku, part"
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

    def _is_due(self) -> str:
        usable = f"m.customer_id IS NOT NULL AND {self._usable.source(Source.ORDERS, 'm.as_of_us')}"
        return (
            f"CASE WHEN NOT ({usable}) THEN NULL WHEN g.sku IS NULL"
            " THEN CASE WHEN last_kept_us IS NULL THEN FALSE END"
            " ELSE coalesce(m.as_of_us >= due_at_us, FALSE) END"
        )

    def _shown_before(self, nodes: Sequence[Shown], same: Same) -> str:
        join = (
            "JOIN sent_item s ON s.customer_id = m.customer_id AND s.sent_at_us <= m.as_of_us"
            " AND (m.message_id IS NULL OR s.message_id <> m.message_id)"
        )
        found = (
            f"SELECT {PAIR_OF_M}, m.as_of_us, m.channel AS own_channel, m.campaign_id AS own_campaign_id, "
            f"s.message_id, s.sent_at_us, s.channel, s.campaign_id FROM pair m {join} AND s.sku = m.sku"
        )
        if same is not Same.SKU:
            found += f" UNION ALL {found.replace('s.sku = m.sku', f's.{same.value} = m.{same.value}')}"
        columns = []
        for node in nodes:
            counted = [_of_shown(node)]
            if node.within is not None:
                counted.append(f"s.sent_at_us > s.as_of_us - {literal(node.within.us)}")
            if node.not_within is not None:
                counted.append(f"s.sent_at_us <= s.as_of_us - {literal(node.not_within.us)}")
            where = " AND ".join(counted)
            columns.append(f"count(DISTINCT s.message_id) FILTER (WHERE {where}) AS {self.asked.amount(node)}")
            columns.append(f"max(s.sent_at_us) FILTER (WHERE {where}) AS {self.asked.last(node)}")
        return f"SELECT {PAIR}, {', '.join(columns)} FROM ({found}) s GROUP BY {PAIR}"

    def sent_item(self) -> str:
        """The relation `sent_item`: every item of every earlier message to these customers, with style and category."""
        return (
            "SELECT s.message_id, s.customer_id, s.sent_at_us, s.channel, s.campaign_id, s.sku, g.item_group,"
            " g.category"
            " FROM (SELECT message_id, customer_id, sent_at_us, channel, campaign_id, unnest(items) AS sku"
            f" FROM ({self._folder.relation('sent')}) WHERE customer_id IN (SELECT customer_id FROM message)) s"
            f" LEFT JOIN ({self._folder.relation('products')}) g ON g.sku = s.sku"
        )

    def opinion(self) -> str:
        """The relation `opinion`: what these customers said, of a sku (with its style and category) or a category."""
        return (
            "SELECT f.customer_id, f.says, f.at_us, CASE WHEN f.about_kind = 'sku' THEN f.about END AS sku,"
            " g.item_group, CASE WHEN f.about_kind = 'sku' THEN g.category ELSE f.about END AS category"
            f" FROM ({self._folder.relation('feedback')}) f LEFT JOIN ({self._folder.relation('products')}) g"
            " ON f.about_kind = 'sku' AND g.sku = f.about WHERE f.customer_id IN (SELECT customer_id FROM message)"
        )

    def _said_before(self) -> str:
        columns = []
        for node in self.said:
            about = {
                Same.SKU: "o.sku = c.sku",
                Same.ITEM_GROUP: "(o.sku = c.sku OR o.item_group = c.item_group)",
            }.get(
                node.same,
                "(o.sku = c.sku OR (o.sku IS NOT NULL AND o.category = c.category) OR (o.sku IS NULL AND"
                " (c.category = o.category OR starts_with(c.category, o.category || '/'))))",
            )
            since = "" if node.within is None else f" AND o.at_us > c.as_of_us - {literal(node.within.us)}"
            where = f"o.says IN ({literals(node.says)}) AND {about}{since}"
            columns.append(f"count(*) FILTER (WHERE {where}) AS {self.asked.amount(node)}")
            columns.append(f"max(o.at_us) FILTER (WHERE {where}) AS {self.asked.last(node)}")
        return (
            f"SELECT {PAIR_OF_C}, {', '.join(columns)} FROM pair c JOIN opinion o ON o.customer_id = c.customer_id"
            f" AND o.at_us <= c.as_of_us GROUP BY {PAIR_OF_C}"
        )


PAIR_OF_C: Final = "c.pair_no"
PAIR_OF_M: Final = "m.pair_no"
_KEY: Final = {Same.COMPONENT: "sku", Same.ITEM_GROUP: "item_group", Same.CATEGORY: "category", Same.BRAND: "brand"}
_NESTED: Final = (Same.SKU, Same.ITEM_GROUP, Same.CATEGORY)
"""From the narrowest to the widest."""
LINE: Final = "l.ordered_at_us, l.units, l.kept_units, l.is_gift, l.channel, l.order_id"


def _without(same: Same) -> str:
    return f"pair without {same.value}"


def _units(node: Bought) -> str:
    return "l.kept_units" if node.kept else "l.units"


def _is_known(same: Same) -> str:
    """Whether the candidate's own key is known, by which the same is found."""
    if same is Same.SKU:
        return literal(True)
    return f"g.{_KEY[same]} IS NOT NULL"


def _of_shown(node: Shown) -> str:
    return (
        of_channels(node.channels, node.campaigns)
        .replace("m.channel", "s.own_channel")
        .replace("m.campaign_id", "s.own_campaign_id")
    )

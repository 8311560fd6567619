"""Turn the sent log and feedback into what they say of each pair: how often the same was shown, what was said of it."""

from collections.abc import Sequence
from itertools import groupby
from typing import Final

from suppress.rules.tree import Said, Same, Shown
from suppress.scan.asked import Asked
from suppress.scan.folder import Folder
from suppress.scan.pairs import PAIR, PAIR_OF_C
from suppress.scan.people import of_channels
from suppress.scan.sql import literal, literals

_PAIR_OF_M: Final = "m.pair_no"


class Outreach:
    """The SQL of what was shown to customers and what they said, for one ruleset and one facts folder."""

    def __init__(self, asked: Asked, folder: Folder) -> None:
        self.asked = asked
        self.shown = [node for node in asked.of_kind(Shown) if isinstance(node, Shown)]
        self.said = [node for node in asked.of_kind(Said) if isinstance(node, Said)]
        self._folder = folder

    def tables(self) -> dict[str, str]:
        """Relation -> its SELECT, one row per pair of which anything was found."""
        tables = {}
        for same, nodes in groupby(sorted(self.shown, key=lambda node: node.same.value), key=lambda node: node.same):
            tables[f"past shown {same.value}"] = self._shown_before(list(nodes), same)
        if self.said:
            tables["past said"] = self._said_before()
        return tables

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

    def _shown_before(self, nodes: Sequence[Shown], same: Same) -> str:
        join = (
            "JOIN sent_item s ON s.customer_id = m.customer_id AND s.sent_at_us <= m.as_of_us"
            " AND (m.message_id IS NULL OR s.message_id <> m.message_id)"
        )
        found = (
            f"SELECT {_PAIR_OF_M}, m.as_of_us, m.channel AS own_channel, m.campaign_id AS own_campaign_id, "
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


def _of_shown(node: Shown) -> str:
    return (
        of_channels(node.channels, node.campaigns)
        .replace("m.channel", "s.own_channel")
        .replace("m.campaign_id", "s.own_campaign_id")
    )

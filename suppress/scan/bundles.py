"""Turn order lines into what they say of bundles: an item counts as bought inside one, or when its parts were."""

from collections.abc import Sequence

from suppress.rules.tree import Bought, Count, Parts
from suppress.scan.asked import Asked
from suppress.scan.counting import LINE, counted, counts
from suppress.scan.folder import Folder
from suppress.scan.pairs import PAIR, PAIR_OF_C
from suppress.scan.sql import literal, name


class Bundles:
    """The SQL of conditions that look into bundles, for one ruleset and one facts folder."""

    def __init__(self, asked: Asked, folder: Folder) -> None:
        self.asked = asked
        self._folder = folder

    def part(self) -> str:
        """The relation `part`: bundle -> the skus inside it, other than itself, and how often."""
        return (
            "SELECT sku, part, count(*) AS times FROM (SELECT g.sku AS sku, unnest(g.bundle_of) AS part"
            f" FROM ({self._folder.relation('products')}) g) WHERE part <> sku GROUP BY sku, part"
        )

    def bought(self, nodes: Sequence[Bought], join: str) -> str:
        """Per pair: of the item itself (list 0, inside bundles too) and of each of its parts (the lists after).

        `join`: what joins pairs `c` with their lines `l`.
        """
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
        within = ", ".join(column for node in nodes for column in counted(self.asked, node, " * l.times"))
        lists = f"SELECT {PAIR}, list_no, wanted, {within} FROM ({found}) l GROUP BY {PAIR}, list_no, wanted"
        columns = ", ".join(column for node in nodes for column in self._counted_over_lists(node))
        made = f"SELECT {PAIR}, {columns} FROM ({lists}) GROUP BY {PAIR}"
        orders = [node for node in nodes if node.count is Count.ORDERS]
        if not orders:
            return made
        # An order counts once, in however many of the lists it stands.
        each = ", ".join(
            f"count(DISTINCT l.order_id) FILTER (WHERE {counts(node)}) AS {self.asked.amount(node)}" for node in orders
        )
        return f"SELECT * FROM ({made}) JOIN (SELECT {PAIR}, {each} FROM ({found}) l GROUP BY {PAIR}) USING ({PAIR})"

    def _counted_over_lists(self, node: Bought) -> list[str]:
        amount, last = self.asked.amount(node), self.asked.last(node)
        own, parts = self._columns(node)
        enough = f"coalesce({amount}, 0) >= {literal(node.at_least)}"
        columns = [
            f"coalesce(bool_or(list_no = 0 AND {enough}), FALSE) AS {own}",
            f"count(*) FILTER (WHERE list_no = 1 AND {enough}) AS {parts}",
            f"max({last}) AS {last}",
        ]
        if node.count is Count.UNITS:
            columns.append(f"CAST(sum({amount}) AS BIGINT) AS {amount}")
        return columns

    def _columns(self, node: Bought) -> tuple[str, str]:
        number = self.asked.past(node).strip('"')
        return name(f"{number} own"), name(f"{number} parts")

    def enough(self, node: Bought) -> str:
        """Whether enough was bought of the item, or of its parts, for product `g`."""
        own, parts = self._columns(node)
        wanted = "len(list_distinct(g.bundle_of))"
        owned = f"coalesce({parts}, 0) >= {wanted}" if node.parts is Parts.ALL else f"coalesce({parts}, 0) > 0"
        return f"coalesce({own}, FALSE) OR (coalesce({wanted}, 0) > 0 AND {owned})"

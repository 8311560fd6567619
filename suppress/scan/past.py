"""Turn history into columns of candidates: whether each condition on it holds, how much counts, and when last."""

from collections.abc import Sequence

from suppress.facts.snapshot import Source
from suppress.rules.needs import REPLENISHMENT_DUE
from suppress.rules.tree import Bought, Leaf, Said, Same, Shown
from suppress.scan.asked import Asked, counts_down
from suppress.scan.folder import Folder
from suppress.scan.outreach import Outreach
from suppress.scan.pairs import PAIR_NO, Pairs, is_known
from suppress.scan.people import lacks
from suppress.scan.purchases import Purchases
from suppress.scan.sql import literal, name
from suppress.scan.usable import Usable


class History:
    """The SQL of everything about the past, for one ruleset and one facts folder."""

    def __init__(self, asked: Asked, folder: Folder, usable: Usable, pairs: Pairs) -> None:
        self.asked = asked
        self.purchases = Purchases(asked, folder, usable, pairs)
        self.outreach = Outreach(asked, folder)
        self._pairs = pairs
        self._usable = usable

    def matters(self, leaf: Leaf) -> str:
        """Whether a leaf can matter where it stands, of a row of `judged`. Where it cannot, it was never looked up."""
        if not isinstance(leaf, Bought) or leaf.same is Same.COMPONENT:
            return "TRUE"
        return self._pairs.relevant([leaf])

    def joins(self) -> list[str]:
        """What is joined with candidates `c` of messages `m` for these columns."""
        joins = ["LEFT JOIN household h ON h.customer_id = m.customer_id"] if self.purchases.needs_household else []
        for number, table in enumerate(self.tables()):
            alias = f"past_{number}"
            joins.append(f"LEFT JOIN {name(table)} {alias} ON {alias}.pair_no = {PAIR_NO}")
        return joins

    def tables(self) -> dict[str, str]:
        """Relation -> its SELECT, one row per pair of which anything was found."""
        return {**self.purchases.tables(), **self.outreach.tables()}

    def columns(self) -> list[str]:
        """The truths of all conditions on an item's past, what was counted, and whether the item is due."""
        columns = []
        for bought in self.purchases.bought:
            columns += self._truth(bought, Source.ORDERS, self.purchases.enough(bought), self.purchases.sure(bought))
            columns += [self.asked.reach(bought)] if counts_down(bought) else []
        for shown in self.outreach.shown:
            enough = f"coalesce({self.asked.amount(shown)}, 0) >= {literal(shown.at_least)}"
            columns += self._truth(
                shown, Source.SENT, enough, is_known(shown.same), lacks(shown.channels, shown.campaigns)
            )
        for said in self.outreach.said:
            enough = f"coalesce({self.asked.amount(said)}, 0) > 0"
            columns += self._truth(said, Source.FEEDBACK, enough, is_known(said.same))
        if self.purchases.is_due_asked:
            columns.append(f"{self.purchases.is_due()} AS {name(REPLENISHMENT_DUE)}")
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

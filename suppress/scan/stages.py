"""Turn a ruleset and a facts folder into the stages of a scan: which relation each makes, and the SELECT that makes it.

Preparation happens once (what belongs to skus, zones, declared attributes), the rest once per bucket of customers, on
the tables `asked_message` and `candidate` of that bucket. `scan.run` walks the stages; `scan.plan` prints them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from suppress.facts.fields import Scope, label_of
from suppress.rules.compile import CompiledRuleset
from suppress.rules.needs import GROUP_IN_STOCK_SHARE
from suppress.rules.tree import Sent, Shown
from suppress.scan.asked import Asked
from suppress.scan.folder import Folder
from suppress.scan.goods import Goods
from suppress.scan.judging import Judging
from suppress.scan.outcome import Outcome
from suppress.scan.pairs import Pairs
from suppress.scan.past import History
from suppress.scan.people import People
from suppress.scan.purchases import Instants
from suppress.scan.sql import name
from suppress.scan.usable import Usable


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One relation to be made. `is_view`: its rows are not kept, but read anew by what uses it."""

    relation: str
    select: str
    is_view: bool = False
    what: str = ""


class Stages:
    """All stages of scans by one ruleset on one facts folder."""

    def __init__(self, compiled: CompiledRuleset, folder: Folder) -> None:
        self.compiled = compiled
        self.folder = folder
        self.asked = Asked(compiled)
        usable = Usable(folder, compiled)
        self.people = People(self.asked, folder, usable)
        self.goods = Goods(self.asked, folder, usable)
        self.pairs = Pairs(self.asked, usable, self.goods)
        self.history = History(self.asked, folder, usable, self.pairs)
        self.judging = Judging(self.asked, self.goods, self.pairs, self.history)
        self.outcome = Outcome(self.asked, self.history.matters)
        self.drop_rules = sorted((*compiled.item_rules, *compiled.limit_rules), key=lambda rule: rule.number)

    def preparation(self) -> Iterator[Stage]:
        """What is made once, after the lookups."""
        yield Stage(relation="product", select=self.goods.product(), what="products with what rules ask of them")
        for place in self.goods.places:
            what = f"stock at {place}" if place else "stock, all locations"
            yield Stage(relation=self.goods.table(place), select=self.goods.stock(place), what=what)
        if GROUP_IN_STOCK_SHARE in self.asked.fields:
            yield Stage(relation="style_stock", select=self.goods.style_stock(), what="stock of whole styles")
        if any(node.same.value == "component" for node in self.history.purchases.bought):
            yield Stage(relation="part", select=self.history.purchases.part(), what="what is inside bundles")
        if self.history.purchases.needs_household:
            yield Stage(relation="household", select=self.history.purchases.household(), what="households")

    def bucket(self, between: Instants | None = None) -> Iterator[Stage]:
        """What is made for each bucket of customers, up to `judged`.

        `between`: the first and the last instant messages are decided as of; None = not yet known.
        """
        if self.asked.of_kind(Sent):
            yield Stage(relation="sent_past", select=self.people.sent_past(), what="messages sent before")
        yield Stage(relation="message", select=self.people.message(), what="messages with their customers")
        yield Stage(relation="pair", select=self.pairs.pair(), is_view=True)
        if self.history.purchases.needs_lines:
            if self.history.purchases.needs_household:
                yield Stage(
                    relation="member", select=self.history.purchases.member(), what="who lives with the customers"
                )
            yield Stage(relation="line", select=self.history.purchases.line(between), is_view=True)
            for table, select in self.history.purchases.lone_pairs().items():
                yield Stage(relation=table, select=select, what=table.replace("pair", "items"))
        if self.asked.of_kind(Shown):
            yield Stage(relation="sent_item", select=self.history.outreach.sent_item(), what="items shown before")
        if self.history.outreach.said:
            yield Stage(relation="opinion", select=self.history.outreach.opinion(), what="what customers said")
        for table, select in self.history.tables().items():
            yield Stage(relation=table, select=select, what=table.replace("past ", "past: "))
        yield Stage(relation="judged", select=self.judging.judged(), what="items judged by their rules")

    def lookups(self) -> Iterator[tuple[str, str, str, Sequence[str]]]:
        """Declared attributes: (table, SELECT of texts, field, choices)."""
        for field in self.goods.attributes():
            yield f"attribute {field}", self.goods.texts(field), field, self.asked.choices(field)
        for field in self.asked.message_fields():
            if label_of(field) != field:
                yield f"attribute {field}", self.people.values(field), field, self.asked.choices(field)

    def pattern_lookups(self) -> Iterator[tuple[str, str, str]]:
        """Patterns: (table, SELECT of values, pattern)."""
        for pattern, number in self.asked.patterns.items():
            field = self.asked.fields[pattern.field]
            if pattern.field in ("item.sku", "item.placement"):
                values = f"SELECT {pattern.field.removeprefix('item.')} FROM every_candidate"
            elif field.scope is Scope.ITEM:
                values = self.goods.texts(pattern.field)
            else:
                values = self.people.values(pattern.field)
            yield f"match {number}", values, pattern.text

    def placed(self, *, is_plain: bool) -> str:
        """The relation `placed`: `judged` with all truths, what was tried and what is shown.

        `is_plain`: no rule looks at the items placed before, and every message has room for all its items.
        """
        if is_plain:
            return "SELECT *, TRUE AS tried, drop_no IS NULL AS shown FROM judged"
        later = "JOIN later l USING (message_no, position)" if self.judging.later_rules else ""
        truths = ", l.* EXCLUDE (message_no, position, drop_no)" if later else ""
        return (
            f"SELECT j.* EXCLUDE (drop_no), p.drop_no, p.tried, p.shown{truths}"
            f" FROM judged j JOIN place p USING (message_no, position) {later}"
        )


def create(stage: Stage) -> str:
    """The statement that makes a stage's relation in DuckDB."""
    kind = "VIEW" if stage.is_view else "TABLE"
    return f"CREATE OR REPLACE TEMP {kind} {name(stage.relation)} AS {stage.select}"

"""Turn placed candidates and messages into the two tables a scan writes: what becomes of each message and each item.

Their columns are described in `docs/scans.md`.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from suppress.facts.fields import FieldType, Operator
from suppress.rules.comparisons import DROPPED_CODE
from suppress.rules.compile import CompiledRule
from suppress.rules.leaf_names import leaf_name
from suppress.rules.needs import GROUP_IN_STOCK_SHARE, RESTOCK_AT
from suppress.rules.tree import Bought, Compare, Leaf, Said, Sent, Shown, leaves
from suppress.scan import limits
from suppress.scan.asked import Asked
from suppress.scan.falling import NEVER, all_have_ends, end_of_rule
from suppress.scan.judging import by_number, fired, first_obeyed, obeyed, reasons, rule_column, stated
from suppress.scan.listing import Entry, listed
from suppress.scan.lower import truth
from suppress.scan.sql import all_of, any_of, literal, name, texts

EVIDENCE_TYPE: Final = 'STRUCT(field VARCHAR, seen VARCHAR, "at" TIMESTAMPTZ)[]'


class Outcome:
    """The SQL of the outcome, for one ruleset."""

    def __init__(self, asked: Asked, matters: Callable[[Leaf], str]) -> None:
        self.asked = asked
        self._matters = matters
        self.item_rules = [*asked.item_rules, *asked.limit_rules]

    def decided(self) -> str:
        """The relation `decided`, one row per message: what was kept, which message rules hold, which of them"
        " decides."""
        sums = [
            "count(*) FILTER (WHERE shown) AS items_kept",
            f"count(*) FILTER (WHERE {_DROPPED}) AS items_dropped",
            "list(sku ORDER BY position) FILTER (WHERE shown) AS kept",
        ]
        if DROPPED_CODE in self.asked.fields:
            code = by_number(self.item_rules, "drop_no", "code")
            sums.append(f"list(DISTINCT {code}) FILTER (WHERE {_DROPPED}) AS codes")
        if self.asked.needs_restock:
            sums.append(f"min({name(RESTOCK_AT)}) FILTER (WHERE {_DROPPED}) AS restock_us")
        summed = f"SELECT message_no, {', '.join(sums)} FROM placed GROUP BY message_no"
        more = ", s.restock_us" if self.asked.needs_restock else ""
        if DROPPED_CODE in self.asked.fields:
            more += f", coalesce(s.codes, {texts(())}) AS {name(DROPPED_CODE)}"
        values = (
            'SELECT m.*, coalesce(s.items_kept, 0) AS "message.items_kept", coalesce(s.items_dropped, 0) AS'
            " items_dropped,"
            f" coalesce(s.kept, {texts(())}) AS kept{more} FROM message m LEFT JOIN ({summed}) s ON s.message_no ="
            " m.message_no"
        )
        rules = self.asked.message_rules
        truths = ", ".join(["*", *(f"{truth(rule.condition, self.asked)} AS {rule_column(rule)}" for rule in rules)])
        suppressed = any_of([obeyed(rule) for rule in self.asked.suppressing()])
        held = any_of([obeyed(rule) for rule in self.asked.holding()])
        return (
            f"SELECT *, CASE WHEN {suppressed} THEN 'suppress' WHEN {held} THEN 'hold' ELSE 'send' END AS verdict,"
            f" {first_obeyed(rules)} AS rule_no FROM (SELECT {truths} FROM ({values}))"
        )

    def messages(self) -> str:
        """The table `messages`, from `decided`, in order, with the number messages are in order by."""
        rules = self.asked.message_rules
        return (
            "SELECT message_no, message_id, customer_id, channel, campaign_id, make_timestamptz(as_of_us) AS as_of,"
            " verdict,"
            f" make_timestamptz(CASE WHEN verdict = 'hold' THEN {self._hold_until()} END) AS hold_until, kept,"
            ' items_asked, CAST("message.items_kept" AS INTEGER) AS items_kept, CAST(items_dropped AS INTEGER) AS'
            f" items_dropped, {by_number(rules, 'rule_no', 'id')} AS rule, {by_number(rules, 'rule_no', 'code')} AS"
            " code,"
            f" {reasons(rules)} AS reasons, control_group, {self.unknown(self.asked.message_leaves)} AS unknown"
            " FROM (SELECT * FROM decided ORDER BY message_no) d"
        )

    def items(self, drop_rules: Sequence[CompiledRule], *, may_replace: bool) -> str:
        """The table `items`, from `placed` and `message`, in order, with the number messages are in order by.

        `may_replace`: whether any message has replacements.
        """
        replaced, join = "CAST(NULL AS VARCHAR)", ""
        found = ["m.message_id", "m.customer_id"]
        if may_replace:
            numbered = "row_number() OVER (PARTITION BY message_no ORDER BY position) AS n FROM placed"
            replaced = "replaced_by"
            found.append("x.sku AS replaced_by")
            join = (
                f" LEFT JOIN (SELECT message_no, position, {numbered} WHERE {_DROPPED}) y"
                " ON y.message_no = j.message_no AND y.position = j.position"
                f" LEFT JOIN (SELECT message_no, sku, {numbered} WHERE is_replacement AND shown) x"
                " ON x.message_no = j.message_no AND x.n = y.n"
            )
        tells = limits.tells if self.asked.limit_rules else None
        if tells:
            found += ["v.is_sent", "w.places"]
            join += (
                " JOIN (SELECT message_no, verdict = 'send' AS is_sent FROM decided) v ON v.message_no = j.message_no"
                " LEFT JOIN reserved w ON w.sku = j.sku"
            )
        again = self._eligible_again(drop_rules)
        if not all_have_ends(drop_rules):
            again = "again_us"
            found.append("z.again_us")
            join += " LEFT JOIN again z ON z.message_no = j.message_no AND z.position = j.position"
        # Put in order before anything is told: values move more lightly than lists of reasons.
        gathered = (
            f"SELECT j.*, {', '.join(found)} FROM placed j"
            " JOIN (SELECT message_no, message_id, customer_id FROM message) m ON m.message_no = j.message_no"
            f"{join} WHERE tried ORDER BY j.message_no, j.position"
        )
        return (
            "SELECT message_no, message_id, customer_id, position, is_replacement, sku, placement, score,"
            " CASE WHEN drop_no IS NULL THEN 'keep' ELSE 'drop' END AS verdict, shown,"
            f" CASE WHEN drop_no IS NOT NULL THEN {replaced} END AS replaced_by,"
            f" {by_number(drop_rules, 'drop_no', 'id')} AS rule, {by_number(drop_rules, 'drop_no', 'code')} AS code,"
            f" {reasons(drop_rules, tells)} AS reasons,"
            f" make_timestamptz(CASE WHEN drop_no IS NOT NULL THEN {again} END) AS eligible_again_at,"
            f" {self._evidence(drop_rules)} AS evidence, {self.unknown(self.asked.item_leaves)} AS unknown"
            f" FROM ({gathered}) j"
        )

    def unknown(self, all_leaves: Iterable[Leaf]) -> str:
        """The names of what was asked for and is unknown; NULL when nothing is. What only `exists` asks is no gap."""
        asked: dict[str, dict[str, None]] = {}
        for leaf in all_leaves:
            if isinstance(leaf, Compare) and (leaf.operator is Operator.EXISTS or not leaf.field.may_be_unknown):
                continue
            matters = self._matters(leaf)
            gap = f"{self._value(leaf)} IS NULL" + ("" if matters == "TRUE" else f" AND ({matters})")
            asked.setdefault(leaf_name(leaf), {})[gap] = None
        gaps = {any_of([*of_label]): Entry(literal(label)) for label, of_label in asked.items()}
        several = [Entry(label.value, gap) for gap, label in gaps.items()]
        return listed({gap: [label] for gap, label in gaps.items()}, several, "VARCHAR[]")

    def _value(self, leaf: Leaf) -> str:
        return self.asked.field(leaf.field.name) if isinstance(leaf, Compare) else self.asked.past(leaf)

    def _hold_until(self) -> str:
        dates = []
        for rule in self.asked.holding():
            hold = rule.hold
            if hold is None:
                continue
            until = "restock_us"
            if hold.until is not None:
                until = name(f"next {hold.until.us}")
            elif hold.length is not None:
                until = f"as_of_us + {literal(hold.length.us)}"
            dates.append(f"CASE WHEN {obeyed(rule)} THEN {until} END")
        return f"greatest({', '.join(dates)})" if dates else "CAST(NULL AS BIGINT)"

    def _eligible_again(self, rules: Sequence[CompiledRule]) -> str:
        ends = [f"CASE WHEN {obeyed(rule)} THEN {end} END" for rule in rules if (end := end_of_rule(rule, self.asked))]
        return f"nullif(greatest({', '.join(ends)}), {literal(NEVER)})" if ends else "CAST(NULL AS BIGINT)"

    def _evidence(self, rules: Sequence[CompiledRule]) -> str:
        """What the rules that fired looked at, each thing once."""
        readers: dict[Entry, dict[str, None]] = {}
        for rule in rules:
            for leaf in leaves(rule.condition):
                readers.setdefault(Entry(self._seen(leaf), self._matters(leaf)), {})[fired(rule)] = None
        alone = {fires: [seen for seen, of in readers.items() if fires in of] for fires in map(fired, rules)}
        several = [Entry(seen.value, all_of([any_of([*of]), seen.condition])) for seen, of in readers.items()]
        return listed(alone, several, EVIDENCE_TYPE)

    def _seen(self, leaf: Leaf) -> str:
        at = "CAST(NULL AS BIGINT)"
        match leaf:
            case Compare(field=field):
                column = self.asked.field(field.name)
                seen = f"CAST({column} AS VARCHAR)"
                if field.type is FieldType.YES_NO:
                    seen = f"CASE {column} WHEN TRUE THEN 'yes' WHEN FALSE THEN 'no' END"
                elif field.type is FieldType.WORDS:
                    seen = f"array_to_string({column}, ', ')"
                elif field.type is FieldType.INSTANT:
                    seen = f"strftime(make_timestamp({column}), '%Y-%m-%dT%H:%M:%SZ')"
                if field.name.startswith("stock.") and field.base != GROUP_IN_STOCK_SHARE:
                    at = stated(field.at)
            case Bought() | Shown() | Said() | Sent():
                seen = (
                    f"CASE WHEN {self.asked.past(leaf)} IS NOT NULL THEN CAST({self.asked.amount(leaf)} AS VARCHAR) END"
                )
                at = self.asked.last(leaf)
        return f"{{'field': {literal(leaf_name(leaf))}, 'seen': {seen}, 'at': make_timestamptz({at})}}"


_DROPPED: Final = "drop_no IS NOT NULL AND NOT is_replacement"

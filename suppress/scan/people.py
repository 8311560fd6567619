"""Turn messages and customers into the relation `message`: a row per message with every value that belongs to it whole.

Columns bear the names of the fields they are the values of (`"customer.region"`); NULL = unknown. `control_group` says
whether rules are only recorded for the customer.
"""

from collections.abc import Callable, Mapping
from typing import Final

from suppress.decisions.shares import SHARE_PARTS
from suppress.facts.fields import label_of
from suppress.facts.snapshot import Source
from suppress.rules.needs import goes_by_customers_clock
from suppress.rules.tree import CUSTOMER_ZONE, SHOP_ZONE, Sent
from suppress.scan.asked import Asked
from suppress.scan.folder import Folder
from suppress.scan.sql import literal, name
from suppress.scan.usable import Usable

_OF_MESSAGE: Final = "message.attributes."
_OF_CUSTOMER: Final = "customer.attributes."
_CONSENT: Final = "customer.consent."

MESSAGE_COLUMNS: Final[Mapping[str, str]] = {
    "customer.known": "m.customer_id IS NOT NULL",
    "customer.id": "m.customer_id",
    "customer.household_id": "p.household_id",
    "customer.country": "p.country",
    "customer.region": "p.region",
    "customer.time_zone": "p.time_zone",
    "customer.consent": "p.consent[m.channel]",
    "customer.do_not_contact": "p.do_not_contact",
    "customer.open_case": "p.open_case",
    "customer.late_order": "p.late_order",
    "message.channel": "m.channel",
    "message.slots": "m.slots",
    "message.items_asked": "m.items_asked",
    "message.local_time": "t.clock_us",
    "message.local_weekday": "t.weekday",
    "message.local_date": "t.day",
    "campaign.id": "m.campaign_id",
    "campaign.tag": "m.campaign_tags",
}
"""Field -> its SQL; `m` is the message, `p` its customer (all NULL when nothing is known of her), `t` her clock."""


class People:
    """The SQL of everything about whole messages, for one ruleset and one facts folder."""

    def __init__(self, asked: Asked, folder: Folder, usable: Usable) -> None:
        self.asked = asked
        self._folder = folder
        self._usable = usable
        self._shop = asked.compiled.time_zone
        self.needs_clock = bool(asked.walls_us()) or any(
            goes_by_customers_clock(leaf) for leaf in (*asked.item_leaves, *asked.message_leaves)
        )

    def addressed(self) -> str:
        """Messages of relation `asked_message` with what is known of their customers, as `m.*` and a struct `p`."""
        known = self._usable.source(Source.CUSTOMERS, "m.as_of_us")
        return (
            f"SELECT m, p FROM asked_message m LEFT JOIN ({self._folder.relation('customers')}) p"
            f" ON p.customer_id = m.customer_id AND {known}"
        )

    def moments_asked(self) -> str:
        """The (as_of_us, zone) pairs whose clocks matter; an unknown zone is the shop's, as is an empty text."""
        return f"SELECT DISTINCT m.as_of_us, {self._zone()} FROM ({self.addressed()})"

    def fixed_moments_asked(self, zone: str) -> str:
        """The instants whose calendar in one zone matters."""
        return f"SELECT DISTINCT as_of_us, {literal(zone)} FROM asked_message"

    def fixed_zones(self) -> dict[str, str]:
        """Zone as rules name it -> IANA name, for calendars that do not go by the customer's clock."""
        zones = {
            node.zone or SHOP_ZONE: node.zone
            for node in self.asked.of_kind(Sent)
            if isinstance(node, Sent) and node.calendar is not None and node.zone != CUSTOMER_ZONE
        }
        return {named: self._shop if zone in (None, SHOP_ZONE) else zone for named, zone in zones.items() if named}

    def message(self) -> str:
        """The relation `message` from the tables `asked_message`, `moment`, `moment ZONE`, `sent_past`, lookups."""
        columns = [
            "m.message_no AS message_no", "m.message_id AS message_id", "m.customer_id AS customer_id",
            "m.channel AS channel", "m.campaign_id AS campaign_id", "m.as_of_us AS as_of_us", "m.slots AS slots",
            "m.items_asked AS items_asked", f"{self._control()} AS control_group",
            "p.household_id AS household_id", "p.customer_id IS NOT NULL AS is_described", "p.region AS region",
        ]  # fmt: skip
        joins = []
        if self.needs_clock:
            columns += [f"t.{name(f'next {wall}')} AS {name(f'next {wall}')}" for wall in self.asked.walls_us()]
            joins.append(f"LEFT JOIN moment t ON t.as_of_us = m.as_of_us AND t.zone = {self._zone()}")
        for field in self.asked.message_fields():
            columns.append(f"{self.field(field, joins)} AS {name(field)}")
        for pattern, number in self.asked.patterns.items():
            if pattern.field in self.asked.message_fields():
                joins.append(
                    f"LEFT JOIN {name(f'match {number}')} k{number} ON k{number}.value ="
                    f" {self.field(pattern.field, [])}"
                )
                columns.append(f"k{number}.hit AS {name(f'match {number}')}")
        if self.asked.of_kind(Sent):
            joins.append("LEFT JOIN sent_past s ON s.message_no = m.message_no")
        for node in self.asked.of_kind(Sent):
            if isinstance(node, Sent):
                columns += self._sent_columns(node)
        return f"SELECT {', '.join(columns)} FROM ({self.addressed()}) {' '.join(joins)}"

    def sent_past(self) -> str:
        """Per message what each `sent` counts: messages before, of the channels and campaigns named."""
        joins = (
            ["LEFT JOIN moment t ON t.as_of_us = m.as_of_us AND t.zone = " + self._zone()] if self.needs_clock else []
        )
        joins += [
            f"LEFT JOIN {name(f'moment {named}')} {name(f'f {named}')} ON {name(f'f {named}')}.as_of_us = m.as_of_us"
            for named in self.fixed_zones()
        ]
        columns = []
        for node in self.asked.of_kind(Sent):
            if not isinstance(node, Sent):
                continue
            counted = f"({self.asked_channels(node)}) AND s.sent_at_us {self._since(node)}"
            columns.append(f"count(*) FILTER (WHERE {counted}) AS {self.asked.amount(node)}")
            columns.append(f"max(s.sent_at_us) FILTER (WHERE {counted}) AS {self.asked.last(node)}")
        return (
            f"SELECT m.message_no AS message_no, {', '.join(columns)} FROM ({self.addressed()}) {' '.join(joins)}"
            f" JOIN ({self._folder.relation('sent')}) s ON s.customer_id = m.customer_id"
            " AND s.sent_at_us <= m.as_of_us AND (m.message_id IS NULL OR s.message_id <> m.message_id)"
            " GROUP BY m.message_no"
        )

    @staticmethod
    def asked_channels(node: Sent) -> str:
        """Whether an earlier message `s` is of the channels and campaigns a condition names."""
        return of_channels(node.channels, node.campaigns)

    def field(self, field: str, joins: list[str]) -> str:
        """The SQL of a field of the whole message; adds what must be joined for it."""
        if field.startswith(_CONSENT):
            return f"p.consent[{literal(field.removeprefix(_CONSENT))}]"
        for prefix, owner in ((_OF_MESSAGE, "m"), (_OF_CUSTOMER, "p")):
            if field.startswith(prefix):
                text = f"{owner}.attributes[{literal(label_of(field).removeprefix(prefix))}]"
                if label_of(field) == field:
                    return text
                alias = name(f"a {field}")
                join = f"LEFT JOIN {name(f'attribute {field}')} {alias} ON {alias}.text = {text}"
                if join not in joins:
                    joins.append(join)
                return f"{alias}.value"
        return MESSAGE_COLUMNS[field]

    def values(self, field: str) -> str:
        """A SELECT of every text a field of the whole message can have, or its attribute's text."""
        text = self.field(label_of(field), [])
        return f"SELECT {text} FROM ({self.addressed()})"

    def _sent_columns(self, node: Sent) -> list[str]:
        unusable = [
            "m.customer_id IS NULL",
            f"NOT {self._usable.source(Source.SENT, 'm.as_of_us')}",
            *lacks(node.channels, node.campaigns),
        ]
        amount, last, past = self.asked.amount(node), self.asked.last(node), self.asked.past(node)
        return [
            f"CASE WHEN {' OR '.join(unusable)} THEN NULL ELSE coalesce(s.{amount}, 0) >= {literal(node.at_least)}"
            f" END AS {past}",
            f"coalesce(s.{amount}, 0) AS {amount}",
            f"s.{last} AS {last}",
        ]

    def _since(self, node: Sent) -> str:
        if node.calendar is None:
            return "IS NOT NULL" if node.within is None else f"> m.as_of_us - {literal(node.within.us)}"
        start = name(f"start {node.calendar.value}")
        table = "t" if node.zone == CUSTOMER_ZONE else name(f"f {node.zone or SHOP_ZONE}")
        return f">= {table}.{start}"

    def _zone(self) -> str:
        return f"coalesce(p.time_zone, {literal(self._shop)})"

    def _control(self) -> str:
        share, ruleset = self.asked.compiled.control_group, self.asked.compiled.name
        if not share:
            return literal(False)
        digest = f"sha256({literal(ruleset)} || chr(0) || m.customer_id)"
        number = f"CAST(('0x' || substr({digest}, 1, 16)) AS UBIGINT) % {SHARE_PARTS}"
        return f"coalesce({number} < {share}, FALSE)"


def of_channels(channels: tuple[str, ...], campaigns: tuple[str, ...]) -> str:
    """Whether an earlier message `s` is of the channels and campaigns named; `this` is those of message `m`."""
    wanted: Callable[[str, str], str] = lambda word, own: own if word == "this" else literal(word)  # noqa: E731
    parts = [
        f"s.{column} IN ({', '.join(wanted(word, f'm.{column}') for word in words)})"
        for column, words in (("channel", channels), ("campaign_id", campaigns))
        if words
    ]
    return " AND ".join(parts) or "TRUE"


def lacks(channels: tuple[str, ...], campaigns: tuple[str, ...]) -> list[str]:
    """What makes a condition unknown: `this` asked for and not stated by the message."""
    return [
        f"m.{column} IS NULL"
        for column, words in (("channel", channels), ("campaign_id", campaigns))
        if "this" in words
    ]

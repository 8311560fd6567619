"""Rival (a) for the ruleset "whole": its core by the core's `if`s, `whole.yaml` written out by hand, rule for rule.

Five statements, then dictionaries and `if`s. The first rule that fires decides an item; the message gets a verdict. No
reasons, evidence, dates of return or of a hold are made. Only as much is handled as occurs in the generated shop.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import orjson

from scripts.benchmarks.handwritten import STOCK_MAX_AGE_US, Dropped, first_rule
from scripts.benchmarks.rules import BenchRule, write_rules
from scripts.benchmarks.shop import AS_OF_US, US_PER_DAY
from suppress import Message
from suppress.stores.database import Database

CORE: Final = 22
"""So many rules of the core come first; with those of `whole.yaml` they are 50."""

_HOUR_US: Final = US_PER_DAY // 24
_CYCLES: Final = {"dept-01": 90, "dept-04": 45, "dept-04/aisle-21": 20}
_REGIONS: Final = {"north": ("all", "north-1"), "south": ("south-1", "all")}
_SUNDAYS_AT_WORK: Final = {"2026-11-29", "2026-12-20"}
_DECEMBER_US: Final = int(datetime(2026, 12, 1, tzinfo=UTC).timestamp()) * 1_000_000
_IN_CONTROL: Final = 500

Line = tuple[int, int, int, bool, str, str]
"""One order line: at_us, kept units, ordered units, is a gift, channel, order_id."""


def write_whole(rules: Sequence[BenchRule], folder: Path) -> Path:
    """Write the ruleset: the first rules of the core as a base, `whole.yaml` over it."""
    write_rules(rules[:CORE], folder, "whole-core", last=False)
    path = folder / "whole.yaml"
    path.write_text(Path(__file__).with_name("whole.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    return path


class _Bought:
    """Order lines by what makes them count as the same."""

    def __init__(self) -> None:
        self.sku: dict[str, list[Line]] = {}
        self.style: dict[str, list[Line]] = {}
        self.category: dict[str, list[Line]] = {}
        self.brand: dict[str, list[Line]] = {}
        self.component_last: dict[str, int] = {}
        self.household_style_last: dict[str, int] = {}

    def add(self, row: Sequence[Any], is_own: bool) -> None:
        _, sku, at_us, units, cancelled, returned, is_gift, channel, order_id, style, category, brand, bundle = row
        kept = max(0, units - cancelled - returned)
        if kept:
            self.household_style_last[style] = max(at_us, self.household_style_last.get(style, 0))
        if is_own:
            line = (at_us, kept, units, is_gift, channel, order_id)
            self.sku.setdefault(sku, []).append(line)
            self.style.setdefault(style, []).append(line)
            self.category.setdefault(category, []).append(line)
            self.brand.setdefault(brand, []).append(line)
            if kept:
                for part in (sku, *(orjson.loads(bundle) if bundle != "[]" else ())):
                    self.component_last[part] = max(at_us, self.component_last.get(part, 0))


class _Sent(NamedTuple):
    channel: str
    campaign: str
    at_us: int
    skus: set[str]
    styles: set[str]
    categories: set[str]


class WholeByHand:
    """Five statements on a driver connection, then the `if`s."""

    def __init__(self, database: Database, rules: Sequence[BenchRule]) -> None:
        self._connection: Any = database.read().connection.driver_connection
        self._core: Callable[..., str | None] = first_rule(rules[:CORE])
        self._out_of_stock = {rule.id for rule in rules[:CORE] if rule.code == "out_of_stock"} | {"not-back-this-month"}
        self._is_sqlite = database.dialect == "sqlite"
        self._lists: dict[int, tuple[str, str]] = {}
        mark = self._mark = "?" if self._is_sqlite else "%s"
        self._people = (
            "SELECT m.customer_id, m.country, m.region, m.time_zone, m.consent, m.attributes, m.do_not_contact,"
            " m.open_case, m.late_order FROM customers c JOIN customers m ON m.household_id = c.household_id"
            f" WHERE c.customer_id = {mark}"
        )
        each = "json_each(m.items)" if self._is_sqlite else "json_array_elements_text(m.items::json)"
        self._sent = (
            "SELECT m.message_id, m.channel, m.campaign_id, m.sent_at_us, e.value, p.item_group_id, p.category"
            f" FROM sent_messages m CROSS JOIN {each} e LEFT JOIN products p ON p.sku = e.value"
            f" WHERE m.customer_id = {mark} AND m.sent_at_us > {mark} AND m.sent_at_us <= {mark}"
            f" AND m.message_id <> {mark}"
        )
        self._feedback = (
            "SELECT f.about_kind, f.about, p.category FROM feedback f"
            " LEFT JOIN products p ON f.about_kind = 'sku' AND p.sku = f.about"
            f" WHERE f.customer_id = {mark} AND f.updated_at_us > {mark} AND f.updated_at_us <= {mark}"
            " AND f.says IN ('not_interested', 'already_own')"
        )

    def answer(self, message: Message) -> tuple[Dropped, str]:
        """The dropped items of a message with the rule that decided each, and the verdict on the message."""
        as_of_us, who, rows = AS_OF_US, message.customer_id or "", self._rows
        people = {row[0]: row[1:] for row in rows(self._people, (who,))}
        _, _, zone, consent, _, do_not_contact, open_case, late_order = people[who]
        must_not = orjson.loads(consent).get(message.channel) is False or do_not_contact
        digest = sha256(f"whole\x00{who}".encode()).digest()
        if int.from_bytes(digest[:8], "big") % 10_000 < _IN_CONTROL:
            return {}, "suppress" if must_not else "send"
        sent = self._sent_to(who, message)
        dropped, kept = self._items(message, people, sent)
        local = datetime.fromtimestamp(as_of_us / 1_000_000, ZoneInfo(zone))
        monday = local.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=local.weekday())
        week_us = int(monday.timestamp()) * 1_000_000
        soon_us = as_of_us - 3 * US_PER_DAY
        if (
            must_not
            or any(one.at_us > soon_us and one.channel == message.channel for one in sent)
            or any(one.at_us >= week_us and one.campaign == message.campaign_id for one in sent)
            or not kept
        ):
            return dropped, "suppress"
        if (
            open_case
            or late_order
            or ((local.hour >= 22 or local.hour < 8) and message.channel in ("push", "email"))
            or (
                local.weekday() == 6
                and local.date().isoformat() not in _SUNDAYS_AT_WORK
                and "weekdays-only" in message.campaign_tags
            )
            or (kept < 3 and any(rule in self._out_of_stock for rule in dropped.values()))
        ):
            return dropped, "hold"
        return dropped, "send"

    def _items(  # noqa: PLR0912, PLR0915  (one `if` per rule, as a person would)
        self, message: Message, people: dict[str, Any], sent: list[_Sent]
    ) -> tuple[Dropped, int]:
        as_of_us, who, rows = AS_OF_US, message.customer_id, self._rows
        country, region, _, _, attributes, *_ = people[who or ""]
        customer = orjson.loads(attributes)
        points, tier = int(customer["points"]), customer["tier"]
        asked = tuple(item.sku for item in message.items)
        goods = {row[0]: row for row in rows(self._with_list(len(asked))[0], asked)}
        styles: dict[str, list[bool]] = {}
        for row in goods.values():
            is_there = row[4] == "active" and row[9] is not None and row[9] - row[10] - row[11] > 0
            styles.setdefault(row[1], []).append(is_there)
        members = tuple(people)
        bought = _Bought()
        for row in rows(self._with_list(len(members))[1], (*members, as_of_us)):
            bought.add(row, row[0] == who)
        said = rows(self._feedback, (who, as_of_us - 200 * US_PER_DAY, as_of_us))
        messages_of_14_days = sum(one.at_us > as_of_us - 14 * US_PER_DAY for one in sent)
        is_advertising = message.channel == "advert" or not {"reach", "clearance"}.isdisjoint(message.campaign_tags)
        dropped: Dropped = {}
        placed_styles: set[str] = set()
        placed_in_department = 0
        for sku in asked:
            _, style, category, brand, status, price, cycle_days, bundle, text, *stock = goods[sku]
            on_hand, reserved, safety_stock, incoming_units, incoming_us, availability, location, stated_us = stock
            available = None
            if on_hand is not None and as_of_us - stated_us < STOCK_MAX_AGE_US:
                available = max(0, on_hand - reserved - safety_stock)
            attributes = orjson.loads(text)
            if cycle_days is None:
                cycle_days = _cycle_of(category)
            of_sku = [line for line in bought.sku.get(sku, ()) if line[1]]
            last_us = max((line[0] for line in of_sku), default=0)
            last_units = sum(line[1] for line in of_sku if line[0] == last_us)
            due = cycle_days is not None and last_us > 0 and as_of_us >= last_us + cycle_days * last_units * US_PER_DAY
            of_style, of_category = bought.style.get(style, ()), bought.category.get(category, ())
            of_brand = bought.brand.get(brand, ())
            in_department = f"{category}/".startswith("dept-03/")
            rule = self._core(
                as_of_us,
                message.channel,
                message.campaign_id,
                country,
                category,
                brand,
                status,
                price,
                attributes.get("season"),
                attributes.get("colour"),
                available,
                availability,
                due,
                last_us,
                max((line[0] for line in of_style if line[1]), default=0),
                of_style,
                max((line[0] for line in of_category if line[1]), default=0),
                of_brand,
            )
            if rule is not None:
                pass
            elif _has_component(sku, bundle, bought.component_last, as_of_us - 365 * US_PER_DAY) and not due:
                rule = "has-it-in-a-bundle"
            elif bought.household_style_last.get(style, 0) > as_of_us - 120 * US_PER_DAY:
                rule = "one-in-the-house"
            elif len({o[5] for o in of_category if o[1] and not o[3] and o[0] > as_of_us - 180 * US_PER_DAY}) >= 2:
                rule = "own-often-enough"
            elif any(o[1] and o[4] in ("store", "app") and o[0] > as_of_us - 60 * US_PER_DAY for o in of_category):
                rule = "from-the-counter"
            elif any(
                o[1] and as_of_us - 730 * US_PER_DAY < o[0] <= as_of_us - 180 * US_PER_DAY for o in of_brand
            ) and any(o[1] and o[0] > as_of_us - 30 * US_PER_DAY for o in of_brand):
                rule = "came-back-for-more"
            elif cycle_days is not None and not due and last_us > as_of_us - 365 * US_PER_DAY:
                rule = "cycle-not-over"
            elif (
                f"{category}/".startswith("dept-05/")
                and available is not None
                and location in _REGIONS.get(region, (region,))
                and available < 6
            ):
                rule = "too-few-where-she-lives"
            elif (
                available is not None
                and availability not in (None, "in_stock", "preorder")
                and incoming_us is not None
                and incoming_units
                and incoming_us > max(as_of_us, _DECEMBER_US)
            ):
                rule = "not-back-this-month"
            elif 100 * sum(styles[style]) // len(styles[style]) < 70 and as_of_us - stated_us < 3 * _HOUR_US:
                rule = "broken-sizes"
            elif any(sku in one.skus and one.at_us > as_of_us - 7 * US_PER_DAY for one in sent):
                rule = "shown-this-week"
            elif any(
                style in one.styles and one.channel in ("email", "push") and one.at_us > as_of_us - 21 * US_PER_DAY
                for one in sent
            ):
                rule = "style-shown"
            elif (
                sum(
                    category in one.categories
                    and one.campaign in ("newsletter", "spring-sale")
                    and as_of_us - 30 * US_PER_DAY < one.at_us <= as_of_us - US_PER_DAY
                    for one in sent
                )
                >= 2
            ):
                rule = "category-shown-twice"
            elif said and _said_no(said, sku, category):
                rule = "said-no"
            elif style in placed_styles:
                rule = "variant-beside-it"
            elif placed_in_department >= 2 and in_department:
                rule = "enough-of-the-department"
            elif 150 <= points <= 199 and price < 1000:
                rule = "rich-do-not-want-cheap"
            elif is_advertising and price <= 900 and attributes.get("season") != "all-year":
                rule = "spring-is-over"
            elif tier == "gold" and messages_of_14_days >= 2 and brand.startswith("brand-00"):
                rule = "no-more-mail-for-the-gold"
            if rule is not None:
                dropped[sku] = rule
            else:
                placed_styles.add(style)
                placed_in_department += in_department
        return dropped, len(asked) - len(dropped)

    def _sent_to(self, who: str, message: Message) -> list[_Sent]:
        found: dict[str, _Sent] = {}
        parameters = (who, AS_OF_US - 33 * US_PER_DAY, AS_OF_US, message.message_id)
        for message_id, channel, campaign, at_us, sku, style, category in self._rows(self._sent, parameters):
            one = found.get(message_id)
            if one is None:
                one = found[message_id] = _Sent(channel, campaign, at_us, set(), set(), set())
            one.skus.add(sku)
            one.styles.add(style)
            one.categories.add(category)
        return list(found.values())

    def _rows(self, statement: str, parameters: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = self._connection.execute(statement, parameters).fetchall()
        return rows

    def _with_list(self, count: int) -> tuple[str, str]:
        """The statements on goods (so many skus, with the others of their styles) and on lines (so many customers)."""
        if count not in self._lists:
            marks = ", ".join([self._mark] * count)
            self._lists[count] = (
                "SELECT q.sku, q.item_group_id, q.category, q.brand, q.status, q.price_minor, q.replenish_days,"
                " q.bundle_of, q.attributes, s.on_hand, s.reserved, s.safety_stock, s.incoming_units, s.incoming_at_us,"
                " s.availability, s.location_id, s.updated_at_us FROM products p"
                " JOIN products q ON q.item_group_id = p.item_group_id LEFT JOIN stock s ON s.sku = q.sku"
                f" WHERE p.sku IN ({marks})",
                "SELECT l.customer_id, l.sku, l.ordered_at_us, l.units, l.cancelled_units, l.returned_units, l.is_gift,"
                " l.channel, l.order_id, p.item_group_id, p.category, p.brand, p.bundle_of"
                " FROM order_lines l JOIN products p ON p.sku = l.sku"
                f" WHERE l.customer_id IN ({marks}) AND l.ordered_at_us <= {self._mark}",
            )
        return self._lists[count]


def _cycle_of(path: str) -> int | None:
    while path:
        if path in _CYCLES:
            return _CYCLES[path]
        path = path.rpartition("/")[0]
    return None


def _has_component(sku: str, bundle: str, last_us: dict[str, int], low_us: int) -> bool:
    if last_us.get(sku, 0) > low_us:
        return True
    parts = orjson.loads(bundle) if bundle != "[]" else ()
    return bool(parts) and all(last_us.get(part, 0) > low_us for part in parts)


def _said_no(said: list[tuple[Any, ...]], sku: str, category: str) -> bool:
    for kind, about, its_category in said:
        if kind == "sku":
            if about == sku or its_category == category:
                return True
        elif category == about or category.startswith(f"{about}/"):
            return True
    return False

"""The naive oracle: rules told straight on a FactBook, without features, caches, engines or cleverness.

Written from DESIGN, `docs/decisions.md` and the docstrings of the tree alone, with datetimes and plain loops, so that
a mistake in `suppress.engine` is not repeated here. It answers what a decision says: which rules fire where, how sure
and how loud, what is shown in whose place, the verdict, and until when the message is held.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from suppress.decisions.decision import Mode
from suppress.engine.control import in_control_group
from suppress.facts.fields import CUSTOMERS_REGION, Field, Operator
from suppress.facts.instants import from_us
from suppress.facts.snapshot import Source
from suppress.rules.ruleset import Effect, Rule, Ruleset, WhenUnknown
from suppress.rules.tree import (
    CUSTOMER_ZONE,
    SHOP_ZONE,
    All,
    AnyOf,
    Bought,
    ClockTime,
    Compare,
    Condition,
    Day,
    Duration,
    Instant,
    Not,
    Said,
    Sent,
    Shown,
)
from tests.agreement.naive_clock import first_instant_of, next_showing, zone_of
from tests.agreement.naive_past import History
from tests.agreement.naive_words import compare, is_under, read_attribute

if TYPE_CHECKING:
    from suppress.facts.book import FactBook
    from suppress.facts.message import Message

Truth = bool | None
MICROSECOND = timedelta(microseconds=1)
EPOCH_DAY = date(1970, 1, 1)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
BEST_FIRST = ("in_stock", "backorder", "preorder", "out_of_stock")


@dataclass
class Reason:
    """A rule that fired: its id, whether for sure, and whether it is obeyed."""

    rule: Rule
    sure: bool
    obeyed: bool


@dataclass
class Judged:
    """An item that was looked at, and the rules that fired on it."""

    sku: str
    placement: str | None
    reasons: list[Reason]
    limits: list[Reason] = field(default_factory=list)
    replaced_by: str | None = None

    @property
    def deciding(self) -> Reason | None:
        return next((reason for reason in self.reasons if reason.obeyed), None)

    @property
    def dropped(self) -> bool:
        return self.deciding is not None


@dataclass
class Naive:
    """One case. `seen` takes (leaf, truth) of all that was asked, for counting what random cases try."""

    ruleset: Ruleset
    book: FactBook
    message: Message
    as_of: datetime
    reserved: dict[str, int] = field(default_factory=dict)
    refused: dict[int, Rule] = field(default_factory=dict)
    items: list[Judged] = field(default_factory=list)
    replacements: list[Judged] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    reasons: list[Reason] = field(default_factory=list)
    verdict: str = "send"
    hold_until: datetime | None = None
    seen: list[tuple[Condition, Truth]] = field(default_factory=list)

    @property
    def slots(self) -> int:
        return len(self.message.items) if self.message.slots is None else self.message.slots

    @property
    def control_group(self) -> bool:
        return in_control_group(self.ruleset.name, self.customer_id(), self.ruleset.control_group)

    def decide(self) -> Naive:
        while True:
            places = self._place()
            self._judge_message()
            over = self._over(places) if self.verdict == "send" else {}
            if not over:
                break
            self.refused.update(over)
        if self.verdict == "send":
            for judged, _ in places.values():
                self._record_what_is_not_obeyed(judged)
        return self

    def _place(self) -> dict[int, tuple[Judged, float | None]]:
        """The candidates that have a slot, by their number, each with its score."""
        self.items, self.replacements, self.shown = [], [], []
        places: dict[int, tuple[Judged, float | None]] = {}
        for number, item in enumerate(self.message.items):
            judged = self._judge(item.sku, item.placement, number)
            self.items.append(judged)
            if not judged.dropped and len(self.shown) < self.slots:
                self.shown.append(item.sku)
                places[number] = judged, item.score
        used = []
        for number, sku in enumerate(self.message.replacements, start=len(self.items)):
            if len(self.shown) < self.slots and sku not in self.shown and sku not in [r.sku for r in self.replacements]:
                judged = self._judge(sku, None, number)
                self.replacements.append(judged)
                if not judged.dropped:
                    self.shown.append(sku)
                    used.append(sku)
                    places[number] = judged, None
        for judged, sku in zip([item for item in self.items if item.dropped], used, strict=False):
            judged.replaced_by = sku
        return places

    def _judge_message(self) -> None:
        self.verdict, self.hold_until = "send", None
        self.reasons = self._fired({Effect.SUPPRESS_MESSAGE, Effect.HOLD_MESSAGE}, None, None)
        obeyed = [reason.rule for reason in self.reasons if reason.obeyed]
        if any(rule.effect is Effect.SUPPRESS_MESSAGE for rule in obeyed):
            self.verdict = "suppress"
        elif obeyed:
            self.verdict = "hold"
            dates = [date_ for rule in obeyed if (date_ := self._held_until(rule)) is not None]
            self.hold_until = max(dates, default=None)

    # limits -----------------------------------------------------------------------------------------------------

    def _room(self, rule: Rule, sku: str) -> int | None:
        """How many places of the sku the rule leaves beside those others hold; None = as many as anybody wants."""
        units = self._stock("available_units", sku, None)
        if units is None:
            return 0 if rule.when_unknown is WhenUnknown.BLOCK else None
        return units * rule.limit.hundredths // 100 - self.reserved.get(sku, 0)

    def _over(self, places: dict[int, tuple[Judged, float | None]]) -> dict[int, Rule]:
        """Which candidates stand beyond what their tightest limit leaves, each with that limit."""
        over: dict[int, Rule] = {}
        given: dict[str, int] = {}
        for number, (judged, _) in sorted(places.items(), key=lambda entry: (-(entry[1][1] or 0.0), entry[0])):
            rules = [reason.rule for reason in judged.limits if reason.obeyed]
            rules = [rule for rule in rules if self._room(rule, judged.sku) is not None]
            if rules:
                tightest = min(rules, key=lambda rule: rule.limit.hundredths)
                if given.get(judged.sku, 0) >= self._room(tightest, judged.sku):
                    over[number] = tightest
                else:
                    given[judged.sku] = given.get(judged.sku, 0) + 1
        return over

    # rules ------------------------------------------------------------------------------------------------------

    def _judge(self, sku: str, placement: str | None, number: int) -> Judged:
        judged = Judged(sku, placement, self._fired({Effect.DROP_ITEM}, sku, placement))
        if not judged.dropped:
            judged.limits = self._fired({Effect.LIMIT_ITEM}, sku, placement)
            if number in self.refused:
                self._add(judged, self.refused[number], obeyed=True)
        return judged

    def _record_what_is_not_obeyed(self, judged: Judged) -> None:
        for reason in judged.limits:
            room = self._room(reason.rule, judged.sku)
            if not reason.obeyed and room is not None and room <= 0:
                self._add(judged, reason.rule, obeyed=False)

    def _add(self, judged: Judged, rule: Rule, *, obeyed: bool) -> None:
        """A limit that leaves the item nothing, among the reasons in file order."""
        sure = next((reason.sure for reason in judged.limits if reason.rule is rule), False)
        is_counted = self._stock("available_units", judged.sku, None) is not None
        judged.reasons.append(Reason(rule, sure and is_counted, obeyed))
        judged.reasons.sort(key=lambda reason: self.ruleset.rules.index(reason.rule))

    def _fired(self, effects: set[Effect], sku: str | None, placement: str | None) -> list[Reason]:
        found = []
        for rule in self.ruleset.rules:
            if rule.effect in effects and self._active(rule):
                truth = self._fires(rule, sku, placement)
                if truth is True or (truth is None and rule.when_unknown is WhenUnknown.BLOCK):
                    found.append(Reason(rule, truth is True, self._obeyed(rule)))
        return found

    def _active(self, rule: Rule) -> bool:
        started = rule.starts is None or from_us(rule.starts.us) <= self.as_of
        ended = rule.ends is not None and from_us(rule.ends.us) <= self.as_of
        return rule.mode is not Mode.OFF and self.ruleset.mode is not Mode.OFF and started and not ended

    def _obeyed(self, rule: Rule) -> bool:
        silenced = self.ruleset.mode is Mode.SHADOW or self.control_group
        return rule.mode is Mode.ENFORCE and (rule.always or not silenced)

    def _fires(self, rule: Rule, sku: str | None, placement: str | None) -> Truth:
        when = self._truth(rule.when, sku, placement)
        unless = False if rule.unless is None else self._truth(rule.unless, sku, placement)
        if when is False or unless is True:
            return False
        return True if when is True and unless is False else None

    def _held_until(self, rule: Rule) -> datetime | None:
        hold = rule.hold
        assert hold is not None
        if hold.length is not None:
            return self.as_of + timedelta(microseconds=hold.length.us)
        if hold.until is not None:
            minutes = hold.until.us // 60_000_000
            return next_showing(self.as_of, minutes // 60, minutes % 60, self._local_zone())
        restocks = [self._stock("restock_at", item.sku, None) for item in self.items if item.dropped]
        return min((from_us(at) for at in restocks if at is not None), default=None)

    # conditions -------------------------------------------------------------------------------------------------

    def _truth(self, node: Condition, sku: str | None, placement: str | None) -> Truth:
        if isinstance(node, All | AnyOf):
            truths = [self._truth(part, sku, placement) for part in node.parts]
            strongest = not isinstance(node, All)
            if strongest in truths:
                return strongest
            return None if None in truths else not strongest
        if isinstance(node, Not):
            inner = self._truth(node.part, sku, placement)
            return inner if inner is None else not inner
        truth = self._leaf(node, sku, placement)
        self.seen.append((node, truth))
        return truth

    def _leaf(self, node: Condition, sku: str | None, placement: str | None) -> Truth:
        history = History(self)
        if isinstance(node, Bought):
            assert sku is not None
            return history.bought(node, sku)
        if isinstance(node, Shown):
            assert sku is not None
            return history.shown(node, sku)
        if isinstance(node, Said):
            assert sku is not None
            return history.said(node, sku)
        if isinstance(node, Sent):
            return history.sent(node)
        assert isinstance(node, Compare)
        seen = self._value(node.field, sku, placement)
        if node.operator is Operator.EXISTS:
            return (seen is not None) is node.values[0]
        return None if seen is None else compare(node, seen, [_plain(value) for value in node.values])

    # facts ------------------------------------------------------------------------------------------------------

    def too_old(self, source: Source, stated: datetime) -> bool:
        allowed = self.ruleset.max_age.get(source)
        return allowed is not None and not stated > self.as_of - timedelta(microseconds=allowed.us)

    def usable(self, source: Source) -> bool:
        loaded = self.book.feeds_us.get(source)
        return loaded is not None and not self.too_old(source, from_us(loaded))

    def customer_id(self) -> str | None:
        if self.message.customer_id is not None:
            return self.message.customer_id
        wanted = ("email", self.message.email)
        found = [c.customer_id for c in self.book.customers.values() if wanted in c.identities]
        return found[0] if len(found) == 1 else None

    def customer(self):
        who = self.customer_id()
        return self.book.customers.get(who) if who and self.usable(Source.CUSTOMERS) else None

    def product(self, sku: str):
        return self.book.products.get(sku) if self.usable(Source.PRODUCTS) else None

    def _local_zone(self):
        record = self.customer()
        customers = zone_of(record.time_zone) if record is not None and record.time_zone else None
        return customers or zone_of(self.ruleset.time_zone)

    def start_of(self, calendar: str, zone: str | None) -> datetime:
        """The first instant of the calendar period that `as_of` is in."""
        where = (
            self._local_zone()
            if zone == CUSTOMER_ZONE
            else zone_of(self.ruleset.time_zone)
            if zone == SHOP_ZONE
            else zone_of(zone)
        )
        today = self.as_of.astimezone(where).date()
        first = {"day": today, "week": today - timedelta(days=today.weekday()), "month": today.replace(day=1)}[calendar]
        return first_instant_of(first, where)

    # fields -----------------------------------------------------------------------------------------------------

    def _value(self, of: Field, sku: str | None, placement: str | None):
        area, _, rest = of.base.partition(".")
        attribute = rest.removeprefix("attributes.") if rest.startswith("attributes.") else None
        if attribute is not None:
            return read_attribute(self._attributes(area, sku).get(attribute), of)
        if area == "item":
            return self._item(rest, sku, placement)
        if area == "stock":
            return self._stock(rest, sku, of.at)
        if area == "customer":
            return self._customer(rest)
        if rest.startswith("kept_of_"):
            return self._kept_of(rest.removeprefix("kept_of_"), sku, of.under)
        local = self.as_of.astimezone(self._local_zone()).replace(tzinfo=None)
        return {
            "message.channel": self.message.channel,
            "message.slots": self.slots,
            "message.items_asked": len(self.message.items),
            "message.items_kept": len(self.shown),
            "message.local_time": (local - datetime.combine(local.date(), datetime.min.time())) // MICROSECOND,
            "message.local_weekday": WEEKDAYS[local.weekday()],
            "message.local_date": (local.date() - EPOCH_DAY).days,
            "message.dropped_code": {item.deciding.rule.code for item in self.items if item.deciding is not None},
            "campaign.id": self.message.campaign_id,
            "campaign.tag": set(self.message.campaign_tags),
        }[of.base]

    def _attributes(self, area: str, sku: str | None) -> dict[str, str]:
        if area == "message":
            return dict(self.message.attributes)
        record = self.customer() if area == "customer" else self.product(sku)
        return {} if record is None else json.loads(record.attributes)

    def style(self, product) -> str:
        return product.item_group_id or product.sku

    def _item(self, rest: str, sku: str, placement: str | None):
        if rest in {"sku", "placement"}:
            return sku if rest == "sku" else placement
        product = self.product(sku)
        if rest == "replenishment_due":
            return History(self).due(product, sku)
        if product is None:
            return None
        if rest == "replenish_days":
            return self.cycle_days(product)
        return self.style(product) if rest == "item_group" else getattr(product, rest)

    def cycle_days(self, product) -> int | None:
        if product.replenish_days is not None:
            return product.replenish_days
        paths = [path for path in self.ruleset.cycles if product.category and is_under(product.category, path)]
        if not paths:
            return None
        return self.ruleset.cycles[max(paths, key=lambda path: len(path.split("/")))].us // (86_400 * 1_000_000)

    def _kept_of(self, what: str, sku: str, under: str | None) -> int | None:
        if what == "sku":
            return self.shown.count(sku)
        if not self.usable(Source.PRODUCTS):
            return None
        placed = [product for shown in self.shown if (product := self.product(shown)) is not None]
        if under is not None:
            return sum(1 for p in placed if p.category is not None and is_under(p.category, under))
        product = self.product(sku)
        if product is None:
            return None
        if what == "item_group":
            return sum(1 for p in placed if self.style(p) == self.style(product))
        mine = getattr(product, what)
        return None if mine is None else sum(1 for p in placed if getattr(p, what) == mine)

    def _stock(self, rest: str, sku: str, at: str | None):
        if rest == "group_in_stock_share":
            return self._share_of_style(sku)
        places = None if at is None else [at]
        if at == CUSTOMERS_REGION:
            region = self._customer("region")
            if region is None:
                return None
            places = self.ruleset.regions.get(region, (region,))
        levels = [v for v in self.book.stock.values() if v.sku == sku and (places is None or v.location_id in places)]
        if not levels:
            return None
        oldest = min(from_us(level.updated_at_us) for level in levels)
        if self.too_old(Source.STOCK, oldest):
            return None
        if rest == "age":
            return max(0, (self.as_of - oldest) // MICROSECOND)
        if rest == "available_units":
            return sum(max(0, level.on_hand - level.reserved - level.safety_stock) for level in levels)
        if rest == "availability":
            stated = [level.availability for level in levels]
            return next((word for word in BEST_FIRST if word in stated), None)
        if rest in {"incoming_at", "restock_at"}:
            dates = [level.incoming_at_us for level in levels if level.incoming_at_us is not None]
            if rest == "restock_at":
                # No units to come (0) is no restock; a date without units is that of a preorder or backorder.
                coming = [level for level in levels if level.incoming_units != 0]
                dates = [us for level in coming if (us := level.incoming_at_us) and from_us(us) > self.as_of]
            return min(dates, default=None)
        figures = [getattr(level, rest) for level in levels]
        return None if None in figures else sum(figures)

    def _share_of_style(self, sku: str) -> int | None:
        product = self.product(sku)
        if product is None:
            return None
        style = [p for p in self.book.products.values() if self.style(p) == self.style(product)]
        units = [self._stock("available_units", p.sku, None) if p.status == "active" else 0 for p in style]
        if None in units:
            return None
        return 100 * sum(1 for available in units if available >= 1) // len(style)

    def _customer(self, rest: str):
        who = self.customer_id()
        if rest in {"known", "id"}:
            return who is not None if rest == "known" else who
        record = self.customer()
        if record is None:
            return None
        if rest == "consent":
            return json.loads(record.consent).get(self.message.channel)
        if rest.startswith("consent."):
            return json.loads(record.consent).get(rest.removeprefix("consent."))
        return getattr(record, rest)


def _plain(value):
    if isinstance(value, Duration | Instant | ClockTime):
        return value.us
    return value.days if isinstance(value, Day) else value

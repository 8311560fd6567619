"""Draw random rulesets, shops and messages from anything that behaves like `random.Random`.

Hypothesis hands in a Random it controls (and can shrink); the long run hands in a seeded one. Vocabularies are tiny and
times sit on the edges of windows, so that rules fire, facts collide and boundaries are hit.
"""

import json
from datetime import UTC, datetime
from random import Random

from suppress.decisions.decision import Mode
from suppress.facts.book import FactBook
from suppress.facts.feedback import SAYINGS
from suppress.facts.fields import FIELDS, OPERATORS, Field, FieldType, Operator, Scope, find_field, qualified, typed
from suppress.facts.instants import US_PER_DAY, US_PER_HOUR, US_PER_MINUTE, from_us, to_us
from suppress.facts.message import Item, Message
from suppress.facts.records import (
    CustomerRecord,
    FeedbackRecord,
    OrderRecord,
    ProductRecord,
    SentRecord,
    StockRecord,
)
from suppress.facts.snapshot import Source
from suppress.problems import Position
from suppress.rules.ruleset import Effect, Hold, Limit, Rule, Ruleset, WhenUnknown
from suppress.rules.tree import (
    All,
    AnyOf,
    Bought,
    By,
    ClockTime,
    Compare,
    Condition,
    Count,
    Day,
    Duration,
    Instant,
    Leaf,
    Not,
    Parts,
    Period,
    Said,
    Same,
    Scalar,
    Sent,
    Shown,
)

AS_OF_US = to_us(datetime(2026, 10, 25, 1, tzinfo=UTC))
"""The very instant at which European clocks go from 3:00 back to 2:00: local times and calendars are hardest here."""
SKUS = ("A-1", "A-2", "B-1", "b-1", "C-1", "ghost")
GROUPS = ("A", "B", "é\"\\'\n")
CATEGORIES = ("food", "food/tea", "food/tea/green", "foodstuff", "home")
BRANDS = ("NO", "on", "", "Ünï 🍵", "x y")
COUNTRIES = ("CH", "DE")
CHANNELS = ("email", "advert")
WINDOWS_US = (US_PER_HOUR, US_PER_DAY, 30 * US_PER_DAY, 365 * US_PER_DAY)
POSITION = Position("random.yaml")
ZONES = ("Europe/Zurich", "UTC", "America/New_York", "Asia/Kathmandu", "Pacific/Apia", "No/Where")
TAGS = ("sale", "winback", "vip")
CODES = ("recently_purchased", "out_of_stock")
CYCLES = {"food": Duration(5 * US_PER_DAY, "5 days"), "food/tea": Duration(US_PER_DAY, "1 day")}
TODAY = AS_OF_US // US_PER_DAY
PERIOD_STARTS_US = tuple(
    (TODAY - days_ago) * US_PER_DAY - ahead_minutes * US_PER_MINUTE
    for days_ago in (0, 1, 6, 24)
    for ahead_minutes in (120, 0, -240, 345, 780)
)
"""Where the day, the week and the month begin in Zurich, UTC, New York, Kathmandu and Apia."""

_TEXTS = {
    "item.sku": SKUS,
    "item.placement": ("hero", "grid"),
    "item.title": ("Green tea", "tea", "NO"),
    "item.item_group": (*GROUPS, "C-1"),
    "item.category": CATEGORIES,
    "item.brand": BRANDS,
    "item.currency": ("EUR", "CHF"),
    "item.attributes.colour": ("red", "no", "1"),
    "customer.id": ("ada", "bob"),
    "customer.household_id": ("h1", "h2"),
    "customer.country": COUNTRIES,
    "customer.region": ("ZH", "BE"),
    "customer.time_zone": ZONES,
    "customer.attributes.tier": ("gold", "x" * 1000),
    "message.channel": CHANNELS,
    "message.attributes.theme": ("sale", "new"),
    "campaign.id": ("spring", "autumn"),
    "campaign.tag": TAGS,
    "message.dropped_code": CODES,
}
_PATTERNS = ("tea$", "^[A-Z]", "o+", "a|b", ".", "\\d")
_ATTRIBUTES = ("item.attributes.colour", "customer.attributes.tier", "message.attributes.theme")


def _made_to_measure() -> tuple[Field, ...]:
    """Fields that stand in no table: attributes, typed ones, consent to a channel, stock at a place, kept by path."""
    attributes = [field for name in _ATTRIBUTES if (field := find_field(name))]
    points, joined, organic, sms, level = (
        find_field(name)
        for name in (
            "customer.attributes.points",
            "customer.attributes.joined",
            "item.attributes.organic",
            "customer.consent.sms",
            "customer.attributes.level",
        )
    )
    assert points
    assert joined
    assert organic
    assert sms
    assert level
    places = [
        qualified(field, at=place)
        for field in FIELDS.values()
        if field.by_location
        for place in ("east", "customer.region")
    ]
    return (
        *attributes,
        typed(points, FieldType.NUMBER),
        typed(joined, FieldType.DAY),
        typed(organic, FieldType.YES_NO),
        typed(level, FieldType.CHOICE, ("bronze", "silver")),
        sms,
        *places,
        qualified(FIELDS["message.kept_of_category"], under="food"),
    )


DRAWN_FIELDS = (*FIELDS.values(), *_made_to_measure())
"""What comparisons are drawn of: the whole vocabulary, and fields made to measure."""


def a_ruleset(rng: Random, *, limits: bool = False) -> Ruleset:
    """One to eight rules, now and then enough for several chunks of the engine. `limits`: some share stock out."""
    count = rng.choice((1, 2, 3, 4, 6, 8)) if rng.random() < 0.99 else rng.randint(50, 110)
    ages = {source: Duration(rng.choice(WINDOWS_US), "some time") for source in Source if rng.random() < 0.25}
    return Ruleset(
        name="random",
        rules=tuple(_a_rule(rng, number, limits=limits) for number in range(count)),
        mode=rng.choice((Mode.OFF, Mode.SHADOW, Mode.SHADOW)) if rng.random() < 0.05 else Mode.ENFORCE,
        max_age=ages,
        time_zone=rng.choice(("UTC", "Europe/Zurich", "America/New_York")),
        cycles=rng.choice(({}, CYCLES)),
        regions=rng.choice(({}, {"ZH": ("east", "west"), "BE": ("north",)})),
        control_group=rng.choice((0, 0, 0, 5_000, 10_000)),
        position=POSITION,
    )


def a_book(rng: Random) -> FactBook:
    """A shop of six skus and two customers, with gaps."""
    book = FactBook(feeds_us={source: _feed(rng) for source in Source})
    book.add(_a_product(rng, sku) for sku in SKUS[:-1] if rng.random() < 0.85)
    book.add(_a_level(rng, sku, place) for sku in SKUS for place in ("east", "west", "north") if rng.random() < 0.5)
    book.add(_a_customer(rng, name) for name in ("ada", "bob", "cyd") if rng.random() < 0.8)
    book.add(_an_order(rng, number) for number in range(rng.choice((0, 1, 2, 4, 8))))
    book.add(_a_sent(rng, number) for number in range(rng.choice((0, 0, 1, 2, 4))))
    book.add(_a_feedback(rng) for _ in range(rng.choice((0, 0, 1, 2, 3))))
    return book


def a_message(rng: Random) -> Message:
    """A message of up to four items, some repeated, to a customer known by id, by e-mail, or not at all."""
    recipient = rng.choice(("id", "id", "id", "email", "nobody"))
    return Message(
        items=tuple(
            Item(sku=rng.choice(SKUS), placement=_maybe(rng, ("hero", "grid"))) for _ in range(rng.randint(0, 4))
        ),
        customer_id="ada" if recipient == "id" else None,
        email={"id": None, "email": "ada@example.com", "nobody": "nobody@example.com"}[recipient],
        message_id="m-1",
        channel=_maybe(rng, CHANNELS),
        campaign_id=_maybe(rng, ("spring", "autumn")),
        campaign_tags=tuple(tag for tag in TAGS if rng.random() < 0.3),
        slots=rng.choice((None, None, 0, 1, 2, 5)),
        replacements=tuple(rng.choice(SKUS) for _ in range(rng.randint(0, 3))),
        attributes={"theme": "sale"} if rng.random() < 0.5 else {},
    )


def reservations(rng: Random) -> dict[str, int]:
    """Places other messages hold."""
    return {sku: rng.choice((1, 2, 100)) for sku in SKUS if rng.random() < 0.3}


def a_condition(rng: Random, scope: Scope, depth: int) -> Condition:
    """A tree of at most that depth."""
    kind = rng.random()
    if depth == 0 or kind < 0.4:
        return a_leaf(rng, scope)
    if kind < 0.55:
        return Not(part=a_condition(rng, scope, depth - 1))
    parts = tuple(a_condition(rng, scope, depth - 1) for _ in range(rng.choice((1, 2, 2, 3, 4))))
    return All(parts=parts) if kind < 0.78 else AnyOf(parts=parts)


def a_leaf(rng: Random, scope: Scope) -> Leaf:
    """A comparison with any operator its type allows, or a condition on the past."""
    if scope is Scope.ITEM and rng.random() < 0.4:
        return rng.choice((_a_bought, _a_bought, _a_shown, _a_said, _a_sent_condition))(rng)
    if rng.random() < 0.2:
        return _a_sent_condition(rng)
    wanted = {Scope.ITEM, Scope.MESSAGE} if scope is Scope.ITEM else {Scope.MESSAGE, Scope.OUTCOME}
    fields = [field for field in DRAWN_FIELDS if field.scope in wanted]
    if rng.random() < 0.5:
        # There are many fields of some types and one of others: each type comes up as often as the next.
        type_ = rng.choice(tuple(FieldType))
        fields = [field for field in fields if field.type is type_] or fields
    field = rng.choice(fields)
    operator = rng.choice(OPERATORS[field.type])
    return Compare(field=field, operator=operator, values=_values(rng, field, operator))


def _values(rng: Random, field: Field, operator: Operator) -> tuple[Scalar, ...]:
    match operator:
        case Operator.EXISTS:
            return (rng.random() < 0.5,)
        case Operator.MATCHES:
            return (rng.choice(_PATTERNS),)
        case Operator.STARTS_WITH | Operator.CONTAINS:
            return (rng.choice(_TEXTS[field.name])[: rng.randint(1, 3)] or "x",)
        case Operator.IN | Operator.NOT_IN:
            several = {_value(rng, field) for _ in range(rng.choice((1, 2, 3, 4)))}
            return tuple(sorted(several, key=repr))
        case Operator.BETWEEN if field.type is FieldType.CLOCK:
            first, second = _value(rng, field), _value(rng, field)
            return (first, second) if first != second else (first, _a_minute_later(first))
        case Operator.BETWEEN:
            return tuple(sorted((_value(rng, field), _value(rng, field)), key=_sortable))
        case _:
            return (_value(rng, field),)


def _a_minute_later(clock: Scalar) -> ClockTime:
    assert isinstance(clock, ClockTime)
    return ClockTime((clock.us + US_PER_MINUTE) % US_PER_DAY, "02:01")


def _value(rng: Random, field: Field) -> Scalar:
    match field.type:
        case FieldType.YES_NO:
            return rng.random() < 0.5
        case FieldType.NUMBER:
            return rng.choice((-1, 0, 1, 2, 3, 5, 14, 2**53 - 1))
        case FieldType.DURATION:
            return Duration(rng.choice(WINDOWS_US) + rng.choice((-1, 0, 1)), "some time")
        case FieldType.INSTANT:
            return Instant(AS_OF_US + rng.choice((-1, 0, 1)) * US_PER_DAY, "2026-11-22")
        case FieldType.CLOCK:
            # Five past three in Zurich, the top of an hour, and in the middle of one.
            return ClockTime(rng.choice((0, 60, 120, 125, 150, 180, 21 * 60, 23 * 60 + 59)) * US_PER_MINUTE, "02:00")
        case FieldType.DAY:
            return Day(TODAY + rng.choice((-1, 0, 1, 30)), "2026-10-25")
        case FieldType.CHOICE:
            return rng.choice(field.choices)
        case _:
            return rng.choice(_TEXTS[field.name])


def _sortable(value: Scalar) -> int:
    if isinstance(value, Day):
        return value.days
    return value.us if isinstance(value, Duration | Instant) else int(value)


def _a_bought(rng: Random) -> Bought:
    within, not_within = _a_window(rng)
    return Bought(
        same=rng.choice(tuple(Same)),
        within=within,
        not_within=not_within,
        at_least=rng.choice((1, 1, 1, 2, 3)),
        count=rng.choice((Count.UNITS, Count.UNITS, Count.ORDERS)),
        kept=rng.random() < 0.7,
        by=rng.choice((By.CUSTOMER, By.CUSTOMER, By.HOUSEHOLD)),
        gifts=rng.random() < 0.7,
        channels=rng.choice(((), (), ("web",), ("shop", "web"))),
        parts=rng.choice(tuple(Parts)),
    )


def _a_shown(rng: Random) -> Shown:
    within, not_within = _a_window(rng)
    return Shown(
        same=rng.choice((Same.SKU, Same.ITEM_GROUP, Same.CATEGORY)),
        within=within,
        not_within=not_within,
        at_least=rng.choice((1, 1, 2)),
        channels=_some_of(rng, CHANNELS),
        campaigns=_some_of(rng, ("spring", "autumn")),
    )


def _a_sent_condition(rng: Random) -> Sent:
    period = rng.choice((None, *Period))
    return Sent(
        within=Duration(rng.choice(WINDOWS_US), "some time") if period is None else None,
        calendar=period,
        zone=rng.choice(("customer", "shop", "Asia/Kathmandu")) if period else None,
        at_least=rng.choice((1, 1, 2, 3)),
        channels=_some_of(rng, CHANNELS),
        campaigns=_some_of(rng, ("spring", "autumn")),
    )


def _a_said(rng: Random) -> Said:
    return Said(
        says=tuple(rng.sample(SAYINGS, rng.choice((1, 1, 2)))),
        same=rng.choice((Same.SKU, Same.ITEM_GROUP, Same.CATEGORY)),
        within=rng.choice((None, *(Duration(us, "some time") for us in WINDOWS_US))),
    )


def _a_window(rng: Random) -> tuple[Duration | None, Duration | None]:
    within = rng.choice((None, *WINDOWS_US))
    shorter = [us for us in WINDOWS_US if within is None or us < within]
    not_within = rng.choice((None, None, *shorter)) if shorter else None
    return (
        None if within is None else Duration(within, "some time"),
        None if not_within is None else Duration(not_within, "some time"),
    )


def _some_of(rng: Random, words: tuple[str, ...]) -> tuple[str, ...]:
    return rng.choice(((), (), (rng.choice(words),), words, ("this",), ("this", words[0])))


def _a_rule(rng: Random, number: int, *, limits: bool) -> Rule:
    effect = rng.choice((*[Effect.DROP_ITEM] * 7, Effect.SUPPRESS_MESSAGE, Effect.HOLD_MESSAGE))
    if limits and effect is Effect.DROP_ITEM and rng.random() < 0.3:
        effect = Effect.LIMIT_ITEM
    scope = Scope.ITEM if effect.is_about_items else Scope.MESSAGE
    starts, ends = _a_date(rng), _a_date(rng)
    mode = rng.choice((Mode.ENFORCE, Mode.ENFORCE, Mode.ENFORCE, Mode.SHADOW, Mode.OFF))
    return Rule(
        id=f"rule-{number}",
        effect=effect,
        hold=_a_hold(rng) if effect is Effect.HOLD_MESSAGE else None,
        limit=Limit(hundredths=rng.choice((1, 50, 100, 100, 150))) if effect is Effect.LIMIT_ITEM else None,
        always=mode is Mode.ENFORCE and rng.random() < 0.2,
        code=rng.choice(CODES),
        when=a_condition(rng, scope, rng.choice((0, 1, 2, 3, 4))),
        unless=a_condition(rng, scope, rng.choice((0, 1, 2))) if rng.random() < 0.3 else None,
        when_unknown=rng.choice(tuple(WhenUnknown)),
        mode=mode,
        starts=starts,
        ends=ends if starts is None or ends is None or ends.us > starts.us else None,
        position=POSITION,
    )


def _a_hold(rng: Random) -> Hold:
    return rng.choice(
        (
            Hold(until=ClockTime(rng.choice((0, 125, 150, 480)) * US_PER_MINUTE, "08:00")),
            Hold(length=Duration(2 * US_PER_HOUR, "2 hours")),
            Hold(restock=True),
        )
    )


def _a_date(rng: Random) -> Instant | None:
    if rng.random() < 0.85:
        return None
    return Instant(AS_OF_US + rng.choice((-US_PER_DAY, 0, 1, US_PER_DAY)), "2026-11-22T09:00:00Z")


def _a_product(rng: Random, sku: str) -> ProductRecord:
    return ProductRecord(
        sku=sku,
        title=_maybe(rng, _TEXTS["item.title"]),
        item_group_id=_maybe(rng, GROUPS),
        category=_maybe(rng, CATEGORIES),
        brand=_maybe(rng, BRANDS),
        status=rng.choice(("active", "active", "discontinued", "recalled", "hidden")),
        replenish_days=rng.choice((None, 1, 30)),
        price_minor=rng.choice((None, 0, 3, 2**53 - 1)),
        currency=_maybe(rng, ("EUR", "CHF")),
        bundle_of=json.dumps(rng.sample(SKUS, rng.choice((0, 0, 1, 2, 3))) * rng.choice((1, 1, 2))),
        attributes=rng.choice(("{}", '{"colour":"red"}', '{"colour":"no","organic":"yes"}', '{"organic":"maybe"}')),
        updated_at_us=AS_OF_US,
    )


def _a_level(rng: Random, sku: str, place: str) -> StockRecord:
    return StockRecord(
        sku=sku,
        location_id=place,
        on_hand=rng.choice((-2, 0, 1, 2, 5, 14)),
        reserved=rng.choice((0, 0, 1, 3)),
        safety_stock=rng.choice((0, 0, 1)),
        incoming_units=rng.choice((None, 0, 3)),
        incoming_at_us=rng.choice((None, AS_OF_US, AS_OF_US + 1, AS_OF_US + US_PER_DAY)),
        availability=rng.choice((None, "in_stock", "out_of_stock", "preorder", "backorder")),
        updated_at_us=_past(rng),
    )


def _a_customer(rng: Random, name: str) -> CustomerRecord:
    shared = rng.random() < 0.1
    return CustomerRecord(
        customer_id=name,
        household_id=_maybe(rng, ("h1", "h2")),
        country=_maybe(rng, COUNTRIES),
        region=_maybe(rng, ("ZH", "BE", "east")),
        time_zone=_maybe(rng, ZONES),
        consent=rng.choice(("{}", '{"email":true,"sms":false}', '{"email":false}', '{"advert":true,"sms":true}')),
        attributes=rng.choice(
            (
                "{}",
                '{"tier":"gold","level":"silver"}',
                '{"points":"3","joined":"2026-10-24","level":"wood"}',
                '{"points":"3.5","joined":"soon"}',
            )
        ),
        do_not_contact=rng.choice((None, True, False)),
        open_case=rng.choice((None, True, False)),
        late_order=rng.choice((None, True, False)),
        updated_at_us=AS_OF_US,
        identities=(("email", "ada@example.com" if name == "ada" or shared else f"{name}@example.com"),),
    )


def _an_order(rng: Random, number: int) -> OrderRecord:
    units = rng.choice((1, 1, 2, 3, -1, -2))
    return OrderRecord(
        order_id=f"o-{number // 2}",
        line_id=f"{number % 2}",
        customer_id=rng.choice(("ada", "ada", "ada", "bob", "cyd")),
        sku=rng.choice(SKUS),
        units=units,
        ordered_at_us=_past(rng),
        cancelled_units=rng.choice((0, 0, 0, 1)) if units > 0 else 0,
        returned_units=rng.choice((0, 0, 0, 1, 2)) if units > 0 else 0,
        is_gift=rng.random() < 0.1,
        channel=_maybe(rng, ("shop", "web")),
        unit_price_minor=None,
        currency=None,
        updated_at_us=AS_OF_US,
    )


def _a_sent(rng: Random, number: int) -> SentRecord:
    return SentRecord(
        message_id=rng.choice(("m-1", *[f"m-{number + 2}"] * 3)),
        customer_id=rng.choice(("ada", "ada", "ada", "bob")),
        channel=_maybe(rng, CHANNELS),
        campaign_id=_maybe(rng, ("spring", "autumn")),
        sent_at_us=rng.choice((_past(rng), rng.choice(PERIOD_STARTS_US) + rng.choice((-1, 0, 1)))),
        items=json.dumps([rng.choice(SKUS) for _ in range(rng.choice((0, 2, 3, 4)))]),
        updated_at_us=AS_OF_US,
    )


def _a_feedback(rng: Random) -> FeedbackRecord:
    kind = rng.choice(("sku", "sku", "category"))
    return FeedbackRecord(
        customer_id=rng.choice(("ada", "ada", "ada", "bob")),
        about_kind=kind,
        about=rng.choice(SKUS if kind == "sku" else CATEGORIES),
        says=rng.choice(SAYINGS),
        updated_at_us=_past(rng),
    )


def _past(rng: Random) -> int:
    """An instant at a window's edge, a microsecond beside it, somewhere in between, or just after `as_of`."""
    edge = AS_OF_US - rng.choice((0, *WINDOWS_US, 2 * US_PER_DAY, 400 * US_PER_DAY))
    return edge + rng.choice((-1, 0, 1))


def _feed(rng: Random) -> int | None:
    kind = rng.random()
    return None if kind < 0.05 else _past(rng) if kind < 0.3 else AS_OF_US


def _maybe(rng: Random, choices: tuple[str, ...]) -> str | None:
    return None if rng.random() < 0.25 else rng.choice(choices)


def told(ruleset: Ruleset, book: FactBook, message: Message) -> str:
    """Everything about a case, for the report of a difference."""
    return f"{ruleset}\n{book}\n{message}\nas of {from_us(AS_OF_US)}"

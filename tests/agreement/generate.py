"""Draw random rulesets, shops and messages from anything that behaves like `random.Random`.

Hypothesis hands in a Random it controls (and can shrink); the long run hands in a seeded one. Vocabularies are tiny and
times sit on the edges of windows, so that rules fire, facts collide and boundaries are hit.
"""

from random import Random

from suppress.decisions.decision import Mode
from suppress.facts.book import FactBook
from suppress.facts.fields import FIELDS, OPERATORS, Field, FieldType, Operator, Scope, find_field
from suppress.facts.instants import US_PER_DAY, US_PER_HOUR, from_us
from suppress.facts.message import Item, Message
from suppress.facts.records import CustomerRecord, OrderRecord, ProductRecord, StockRecord
from suppress.facts.snapshot import Source
from suppress.problems import Position
from suppress.rules.ruleset import Effect, Rule, Ruleset, WhenUnknown
from suppress.rules.tree import All, AnyOf, Bought, Compare, Condition, Duration, Instant, Not, Same, Scalar

AS_OF_US = 1_795_338_000 * 1_000_000
SKUS = ("A-1", "A-2", "B-1", "b-1", "C-1", "ghost")
GROUPS = ("A", "B", "é\"\\'\n")
CATEGORIES = ("food", "food/tea", "food/tea/green", "foodstuff")
BRANDS = ("NO", "on", "", "Ünï 🍵", "x y")
COUNTRIES = ("CH", "DE")
CHANNELS = ("email", "advert")
WINDOWS_US = (US_PER_HOUR, US_PER_DAY, 30 * US_PER_DAY, 365 * US_PER_DAY)
POSITION = Position("random.yaml")

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
    "customer.time_zone": ("Europe/Zurich", "UTC"),
    "customer.attributes.tier": ("gold", "x" * 1000),
    "message.channel": CHANNELS,
    "message.attributes.theme": ("sale", "new"),
    "campaign.id": ("spring", "autumn"),
}
_PATTERNS = ("tea$", "^[A-Z]", "o+", "a|b", ".", "\\d")
_ATTRIBUTES = ("item.attributes.colour", "customer.attributes.tier", "message.attributes.theme")


def a_ruleset(rng: Random) -> Ruleset:
    """One to eight rules, now and then enough for several chunks of the engine."""
    count = rng.choice((1, 2, 3, 4, 6, 8)) if rng.random() < 0.98 else rng.randint(50, 110)
    ages = {
        source: Duration(rng.choice(WINDOWS_US), "some time")
        for source in (Source.PRODUCTS, Source.ORDERS, Source.STOCK, Source.CUSTOMERS)
        if rng.random() < 0.25
    }
    return Ruleset(
        name="random",
        rules=tuple(_a_rule(rng, number) for number in range(count)),
        mode=Mode.SHADOW if rng.random() < 0.03 else Mode.ENFORCE,
        max_age=ages,
        position=POSITION,
    )


def a_book(rng: Random) -> FactBook:
    """A shop of six skus and two customers, with gaps."""
    book = FactBook(feeds_us={source: _feed(rng) for source in Source})
    book.add(_a_product(rng, sku) for sku in SKUS[:-1] if rng.random() < 0.85)
    book.add(_a_level(rng, sku, place) for sku in SKUS for place in ("east", "west") if rng.random() < 0.5)
    book.add(_a_customer(rng, name) for name in ("ada", "bob") if rng.random() < 0.8)
    book.add(_an_order(rng, number) for number in range(rng.choice((0, 1, 2, 4, 8))))
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
        slots=rng.choice((None, None, 0, 1, 2, 5)),
        replacements=tuple(rng.choice(SKUS) for _ in range(rng.randint(0, 3))),
        attributes={"theme": "sale"} if rng.random() < 0.5 else {},
    )


def a_condition(rng: Random, scope: Scope, depth: int) -> Condition:
    """A tree of at most that depth."""
    kind = rng.random()
    if depth == 0 or kind < 0.4:
        return a_leaf(rng, scope)
    if kind < 0.55:
        return Not(part=a_condition(rng, scope, depth - 1))
    parts = tuple(a_condition(rng, scope, depth - 1) for _ in range(rng.choice((1, 2, 2, 3, 4))))
    return All(parts=parts) if kind < 0.78 else AnyOf(parts=parts)


def a_leaf(rng: Random, scope: Scope) -> Compare | Bought:
    """A comparison with any operator its type allows, or a purchase condition."""
    if scope is Scope.ITEM and rng.random() < 0.3:
        return _a_bought(rng)
    wanted = {Scope.ITEM, Scope.MESSAGE} if scope is Scope.ITEM else {Scope.MESSAGE, Scope.OUTCOME}
    names = [name for name, field in FIELDS.items() if field.scope in wanted]
    names += [name for name in _ATTRIBUTES if (find_field(name) or FIELDS["item.sku"]).scope in wanted]
    field = find_field(rng.choice(names))
    assert field is not None
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
        case Operator.BETWEEN:
            return tuple(sorted((_value(rng, field), _value(rng, field)), key=_sortable))
        case _:
            return (_value(rng, field),)


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
        case FieldType.CHOICE:
            return rng.choice(field.choices)
        case _:
            return rng.choice(_TEXTS[field.name])


def _sortable(value: Scalar) -> int:
    return value.us if isinstance(value, Duration | Instant) else int(value)


def _a_bought(rng: Random) -> Bought:
    within = rng.choice((None, *WINDOWS_US))
    shorter = [us for us in WINDOWS_US if within is None or us < within]
    not_within = rng.choice((None, None, *shorter)) if shorter else None
    return Bought(
        same=rng.choice(tuple(Same)),
        within=None if within is None else Duration(within, "some time"),
        not_within=None if not_within is None else Duration(not_within, "some time"),
        at_least=rng.choice((1, 1, 1, 2, 3)),
        kept=rng.random() < 0.7,
    )


def _a_rule(rng: Random, number: int) -> Rule:
    effect = Effect.DROP_ITEM if rng.random() < 0.75 else Effect.SUPPRESS_MESSAGE
    scope = Scope.ITEM if effect is Effect.DROP_ITEM else Scope.MESSAGE
    starts, ends = _a_date(rng), _a_date(rng)
    return Rule(
        id=f"rule-{number}",
        effect=effect,
        code="recently_purchased",
        when=a_condition(rng, scope, rng.choice((0, 1, 2, 3, 4))),
        unless=a_condition(rng, scope, rng.choice((0, 1, 2))) if rng.random() < 0.3 else None,
        when_unknown=rng.choice(tuple(WhenUnknown)),
        mode=rng.choice((Mode.ENFORCE, Mode.ENFORCE, Mode.ENFORCE, Mode.SHADOW, Mode.OFF)),
        starts=starts,
        ends=ends if starts is None or ends is None or ends.us > starts.us else None,
        position=POSITION,
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
        bundle_of="[]",
        attributes=rng.choice(("{}", '{"colour":"red"}', '{"colour":"no"}')),
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
        incoming_at_us=rng.choice((None, AS_OF_US, AS_OF_US + US_PER_DAY)),
        availability=rng.choice((None, "in_stock", "out_of_stock", "preorder", "backorder")),
        updated_at_us=_past(rng),
    )


def _a_customer(rng: Random, name: str) -> CustomerRecord:
    shared = rng.random() < 0.1
    return CustomerRecord(
        customer_id=name,
        household_id=_maybe(rng, ("h1", "h2")),
        country=_maybe(rng, COUNTRIES),
        region=_maybe(rng, ("ZH", "BE")),
        time_zone=_maybe(rng, ("Europe/Zurich", "UTC")),
        consent="{}",
        attributes=rng.choice(("{}", '{"tier":"gold"}')),
        updated_at_us=AS_OF_US,
        identities=(("email", "ada@example.com" if name == "ada" or shared else f"{name}@example.com"),),
    )


def _an_order(rng: Random, number: int) -> OrderRecord:
    units = rng.choice((1, 1, 2, 3, -1, -2))
    return OrderRecord(
        order_id=f"o-{number}",
        line_id="1",
        customer_id=rng.choice(("ada", "ada", "ada", "bob")),
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

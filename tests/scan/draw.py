"""Draw random campaigns: many messages, sent at different times to different people, of one shop.

What a shop and a ruleset look like is drawn by `tests.agreement.generate`; here is what only many messages have.
"""

from dataclasses import replace
from datetime import datetime
from random import Random

from suppress.decisions.decision import Mode
from suppress.facts.book import FactBook
from suppress.facts.feedback import SAYINGS
from suppress.facts.fields import FIELDS, Operator, Scope
from suppress.facts.instants import US_PER_DAY, US_PER_HOUR, from_us
from suppress.facts.message import Item, Message
from suppress.facts.records import CustomerRecord
from suppress.rules.ruleset import Effect, Rule, Ruleset, WhenUnknown
from suppress.rules.tree import (
    All,
    AnyOf,
    Bought,
    By,
    Compare,
    Condition,
    Count,
    Duration,
    Instant,
    Not,
    Said,
    Same,
    Sent,
    Shown,
)
from tests.agreement.generate import AS_OF_US, POSITION, SKUS, WINDOWS_US, a_book, a_leaf, a_message

PEOPLE = ("ada", "bob", "cyd", "dan")
PHONES = {"ada": "+41441234567", "cyd": "+41447654321"}
SEND_AFTER_US = (
    -400 * US_PER_DAY, -31 * US_PER_DAY, -US_PER_DAY, -US_PER_HOUR, -1, 0, 1, 6 * US_PER_HOUR, US_PER_DAY,
    40 * US_PER_DAY,
)  # fmt: skip
"""When messages go out, measured from the instant at whose windows' edges the facts sit."""


def a_shop(rng: Random) -> FactBook:
    """A shop as the engines are compared on, whose customers have phones too; two may share one."""
    book = a_book(rng)
    shared = rng.random() < 0.1
    for customer in list(book.customers.values()):
        phone = PHONES["ada"] if shared else PHONES.get(customer.customer_id)
        if phone is not None:
            book.customers[customer.customer_id] = _with_phone(customer, phone)
    return book


def a_campaign(rng: Random, messages: int) -> list[Message]:
    """So many messages; some go out at times of their own, some to nobody the shop knows."""
    return [_a_message(rng, number) for number in range(messages)]


def falling_ruleset(rng: Random) -> Ruleset:
    """Item rules that time alone can only ever end, so that most dropped items have a date."""
    return Ruleset(
        name="falling",
        rules=tuple(_falling_rule(rng, number) for number in range(rng.choice((1, 2, 3, 4)))),
        control_group=rng.choice((0, 0, 0, 10_000)),
        position=POSITION,
    )


def _with_phone(customer: CustomerRecord, phone: str) -> CustomerRecord:
    return customer._replace(identities=(*customer.identities, ("phone", phone)))


def _a_message(rng: Random, number: int) -> Message:
    drawn = a_message(rng)
    known = rng.choice(PEOPLE) if rng.random() < 0.7 else None
    email = phone = None
    if known is None:
        email = rng.choice(("ada@example.com", " BOB@Example.com", "nobody@example.com", None))
        phone = rng.choice(("+41 44 123 45 67", "0041447654321", "12")) if email is None else None
    return replace(
        drawn,
        message_id=f"m-{number}",
        customer_id=known,
        email=email,
        phone=phone,
        items=tuple(Item(sku=item.sku, placement=item.placement, score=_a_score(rng)) for item in drawn.items),
        send_at=_a_time(rng),
        attributes=drawn.attributes or rng.choice(({}, {"theme": "new", "x": "='1"})),
    )


def _a_score(rng: Random) -> float | None:
    return rng.choice((None, 0.0, 0.5, 1.0, -2.5, 1e300))


def _a_time(rng: Random) -> datetime | None:
    return None if rng.random() < 0.5 else from_us(AS_OF_US + rng.choice(SEND_AFTER_US))


def _falling_rule(rng: Random, number: int) -> Rule:
    ends = rng.choice((None, None, None, 1, US_PER_DAY, 90 * US_PER_DAY))
    when: Condition = _falling(rng, rng.choice((0, 1, 1, 2)))
    if rng.random() < 0.3:
        when = All(parts=(when, _still(rng)))
    return Rule(
        id=f"rule-{number}",
        effect=Effect.DROP_ITEM,
        always=rng.random() < 0.2,
        code=rng.choice(("recently_purchased", "out_of_stock")),
        when=when,
        unless=_excuse(rng) if rng.random() < 0.4 else None,
        when_unknown=rng.choice(tuple(WhenUnknown)),
        mode=rng.choice((Mode.ENFORCE, Mode.ENFORCE, Mode.ENFORCE, Mode.SHADOW)),
        ends=None if ends is None else Instant(AS_OF_US + ends, "2026-11-22T09:00:00Z"),
        position=POSITION,
    )


def _falling(rng: Random, depth: int) -> Condition:
    if depth:
        parts = tuple(_falling(rng, depth - 1) for _ in range(rng.choice((1, 2, 3))))
        return rng.choice((All, AnyOf))(parts=parts)
    return rng.choice((_bought, _bought, _bought, _shown, _said, _sent))(rng)


def _bought(rng: Random) -> Condition:
    return Bought(
        same=rng.choice((Same.SKU, Same.ITEM_GROUP, Same.CATEGORY, Same.BRAND)),
        within=_window(rng),
        count=rng.choice(tuple(Count)),
        kept=rng.random() < 0.7,
        by=rng.choice((By.CUSTOMER, By.CUSTOMER, By.HOUSEHOLD)),
        gifts=rng.random() < 0.7,
        channels=rng.choice(((), (), ("web",))),
    )


def _shown(rng: Random) -> Condition:
    return Shown(same=rng.choice((Same.SKU, Same.ITEM_GROUP, Same.CATEGORY)), within=_window(rng))


def _said(rng: Random) -> Condition:
    says = tuple(rng.sample(SAYINGS, rng.choice((1, 2))))
    return Said(says=says, same=rng.choice((Same.SKU, Same.ITEM_GROUP, Same.CATEGORY)), within=_window(rng))


def _sent(rng: Random) -> Condition:
    return Sent(within=_window(rng) or Duration(US_PER_DAY, "1 day"), channels=rng.choice(((), ("email",), ("this",))))


def _window(rng: Random) -> Duration | None:
    within = rng.choice((None, *WINDOWS_US, *WINDOWS_US))
    return None if within is None else Duration(within, "some time")


def _still(rng: Random) -> Condition:
    """What time does not change."""
    leaf: Condition = Compare(field=FIELDS["item.sku"], operator=Operator.IN, values=tuple(rng.sample(SKUS, 4)))
    while rng.random() < 0.7:
        drawn = a_leaf(rng, Scope.ITEM)
        if isinstance(drawn, Compare) and drawn.field.name.startswith(("item.", "stock.", "customer.")):
            leaf = drawn
    if isinstance(leaf, Compare) and leaf.field.name == "item.replenishment_due":
        return _due(is_due=False)
    return leaf if rng.random() < 0.7 else Not(part=leaf)


def _excuse(rng: Random) -> Condition:
    return _due(is_due=True) if rng.random() < 0.7 else _still(rng)


def _due(*, is_due: bool) -> Condition:
    return Compare(field=FIELDS["item.replenishment_due"], operator=Operator.IS, values=(is_due,))

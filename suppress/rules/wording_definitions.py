"""Say in words what the sentences of a ruleset count and mean: only what its rules speak of, one line each."""

from collections.abc import Iterator
from typing import Final

from suppress.facts.fields import CUSTOMERS_REGION
from suppress.facts.snapshot import Source
from suppress.rules.needs import goes_by_customers_clock
from suppress.rules.ruleset import Effect, Ruleset
from suppress.rules.tree import SHOP_ZONE, Bought, By, Compare, Leaf, Parts, Said, Same, Sent, Shown

SOURCES: Final = {
    Source.PRODUCTS: "the catalogue",
    Source.ORDERS: "orders",
    Source.STOCK: "stock figures",
    Source.CUSTOMERS: "customers",
    Source.SENT: "the log of messages sent",
    Source.FEEDBACK: "what customers said",
}

_FIELD_NOTES: Final = {
    "stock.available_units": (
        "available",
        "units on hand, minus those reserved and those kept as safety stock, never below none; "
        "over all locations unless the rule names one",
    ),
    "stock.availability": ("stated availability", "what the shop itself says; of several locations, the best"),
    "stock.restock_at": (
        "the next restock",
        "when the next units still to come arrive, or those of a preorder or backorder",
    ),
    "stock.group_in_stock_share": (
        "the share of the item's style that is in stock",
        "how many of the style's sizes and colours are sold and have a unit available, in percent",
    ),
    "item.price_minor": ("minor units", "the smallest unit of the currency, such as cents"),
    "item.replenishment_due": (
        "due for replenishment",
        "the customer last bought and kept the item so long ago that the units bought then are used up; "
        "never true of what is not used up",
    ),
    "item.replenish_days": (
        "replenishment cycle",
        "the days one unit lasts; not known of what is not used up",
    ),
    "customer.known": ("known, of a customer", "the shop can tell which customer the message goes to"),
    **dict.fromkeys(
        ("message.kept_of_sku", "message.kept_of_item_group", "message.kept_of_category", "message.kept_of_brand"),
        ("already in the message", "placed in the message before this item"),
    ),
    "message.items_kept": ("left", "places of the message that are filled once items were dropped and replaced"),
}


def definitions(ruleset: Ruleset) -> tuple[tuple[str, str], ...]:
    """Each term the rules speak of, and what it means."""
    told = [leaf for rule in ruleset.rules for leaf in rule.leaves()]
    past = [leaf for leaf in told if not isinstance(leaf, Compare)]
    return (
        *_of_purchases([leaf for leaf in past if isinstance(leaf, Bought)]),
        *_of_sameness({leaf.same for leaf in past if not isinstance(leaf, Sent)}),
        *_of_messages([leaf for leaf in past if isinstance(leaf, Shown | Sent)]),
        *_of_feedback([leaf for leaf in past if isinstance(leaf, Said)]),
        *_of_fields(
            [leaf for leaf in told if isinstance(leaf, Compare)],
            shares_out=any(rule.limit is not None for rule in ruleset.rules),
        ),
        *_of_places(ruleset, told),
    )


def _of_purchases(found: list[Bought]) -> Iterator[tuple[str, str]]:
    if any(leaf.kept for leaf in found):
        yield "bought and kept", "units ordered and not cancelled, sent back or credited since"
    if any(not leaf.kept for leaf in found):
        yield "bought", "units ordered, whether they were kept or not"
    if any(not leaf.gifts for leaf in found):
        yield "other than as a gift", "orders marked as a gift do not count"
    if any(leaf.by is By.HOUSEHOLD for leaf in found):
        yield "the customer's household", "all customers of one household; a customer without one stands alone"
    for parts in sorted({leaf.parts for leaf in found if leaf.same is Same.COMPONENT}):
        owned = "all its parts are" if parts is Parts.ALL else "any of its parts is"
        yield (
            f"as {parts.value} of its parts",
            f"the item itself counts, and so does one inside a bundle; a bundle counts as owned once {owned}",
        )


def _of_sameness(found: set[Same]) -> Iterator[tuple[str, str]]:
    if Same.ITEM_GROUP in found:
        yield "the same style", "what the catalogue calls one style, in whatever size or colour"
    if Same.CATEGORY in found:
        yield "the same category", "the category the catalogue gives the item, not those above or below it"


def _of_messages(found: list[Shown | Sent]) -> Iterator[tuple[str, str]]:
    if any(isinstance(leaf, Shown) for leaf in found):
        yield "was shown", "had the item in an earlier message; the one being checked never counts itself"
    if any(isinstance(leaf, Sent) for leaf in found):
        yield "was sent", "earlier messages only; the one being checked never counts itself"


def _of_feedback(found: list[Said]) -> Iterator[tuple[str, str]]:
    if any(leaf.same is Same.CATEGORY for leaf in found):
        yield "this category", "what was said of the item's category, of one above it, or of an item in it"


def _of_fields(found: list[Compare], *, shares_out: bool) -> Iterator[tuple[str, str]]:
    used = {leaf.field.base for leaf in found} | ({"stock.available_units"} if shares_out else set())
    yield from dict.fromkeys(note for name, note in _FIELD_NOTES.items() if name in used)


def _of_places(ruleset: Ruleset, told: list[Leaf]) -> Iterator[tuple[str, str]]:
    zones = {leaf.zone for leaf in told if isinstance(leaf, Sent)}
    held = any(rule.effect is Effect.HOLD_MESSAGE and rule.hold and rule.hold.until for rule in ruleset.rules)
    if held or any(goes_by_customers_clock(leaf) for leaf in told):
        yield (
            "where the customer lives",
            f"by the customer's clock; where it is not known, by that of {ruleset.time_zone}",
        )
    if SHOP_ZONE in zones:
        yield "where the shop is", f"by the clock of {ruleset.time_zone}"
    if any(isinstance(leaf, Compare) and leaf.field.at == CUSTOMERS_REGION for leaf in told):
        yield (
            "in the customer's region",
            "at the locations of that region; a region not listed is a location of that name",
        )

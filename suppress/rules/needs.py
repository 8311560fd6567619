"""Say which facts decide rules, leaf by leaf: what a store is to fetch, and which feeds people are told of.

The one place that knows what a leaf reads; the compiled form, the page people approve and the check against a shop's
catalogue all ask it.
"""

from collections.abc import Iterable
from typing import Final

from suppress.facts.fields import CUSTOMERS_REGION, Field
from suppress.facts.snapshot import FactNeeds, Source
from suppress.rules.ruleset import Hold, Limit, Rule
from suppress.rules.tree import (
    CUSTOMER_ZONE,
    LONGEST_PERIOD_US,
    Bought,
    By,
    Compare,
    Count,
    Leaf,
    Said,
    Same,
    Sent,
    Shown,
)

REPLENISHMENT_DUE: Final = "item.replenishment_due"
AVAILABLE_UNITS: Final = "stock.available_units"
RESTOCK_AT: Final = "stock.restock_at"
GROUP_IN_STOCK_SHARE: Final = "stock.group_in_stock_share"

LOCAL_FIELDS: Final = frozenset({"message.local_time", "message.local_weekday", "message.local_date"})
"""Fields that turn with the customer's clock."""


def facts_needed(all_leaves: Iterable[Leaf]) -> FactNeeds:
    """The facts that decide these leaves, and nothing beyond."""
    needs = FactNeeds()
    for leaf in all_leaves:
        needs |= _needs_of_leaf(leaf)
    return needs


def needs_of_effect(hold: Hold | None, limit: Limit | None) -> FactNeeds:
    """The facts that say until when a message is held, and how much there is to share out."""
    until_restock = hold is not None and hold.restock
    return FactNeeds(customer=hold is not None and hold.until is not None, stock=until_restock or limit is not None)


def sources_of(needs: FactNeeds) -> tuple[Source, ...]:
    """The feeds these facts come from, in the order of `Source`."""
    read = {
        Source.PRODUCTS: needs.products or needs.group_stock,
        Source.ORDERS: needs.history,
        Source.STOCK: needs.stock or needs.group_stock,
        Source.CUSTOMERS: needs.customer or needs.household,
        Source.SENT: needs.sent,
        Source.FEEDBACK: needs.feedback,
    }
    return tuple(source for source in Source if read[source])


def sources_read(rules: Iterable[Rule]) -> tuple[Source, ...]:
    """The feeds the rules look at, whatever their mode, in the order of `Source`."""
    needs = FactNeeds()
    for rule in rules:
        needs |= facts_needed(rule.leaves()) | needs_of_effect(rule.hold, rule.limit)
    return sources_of(needs)


def goes_by_customers_clock(leaf: Leaf) -> bool:
    """Whether the customer's time zone matters; where it is not known the ruleset's counts."""
    match leaf:
        case Compare(field=field):
            return field.name in LOCAL_FIELDS
        case Sent(zone=zone):
            return zone == CUSTOMER_ZONE
        case _:
            return False


def moves(leaf: Leaf) -> bool:
    """Whether time alone can change what the leaf says."""
    return not isinstance(leaf, Compare) or leaf.field.name in (REPLENISHMENT_DUE, *LOCAL_FIELDS)


def _needs_of_leaf(leaf: Leaf) -> FactNeeds:
    match leaf:
        case Bought(same=same, within=within, by=by):
            household = by is By.HOUSEHOLD
            return FactNeeds(
                products=same is not Same.SKU,
                customer=household,
                history_by=frozenset({same.value}),
                history_window_us=within.us if within else None,
                order_ids=leaf.count is Count.ORDERS,
                household=household,
            )
        case Shown(same=same, within=within):
            return FactNeeds(
                products=same is not Same.SKU,
                sent=True,
                sent_by=frozenset({same.value}),
                sent_window_us=within.us if within else None,
            )
        case Sent(within=within, calendar=calendar):
            window_us = LONGEST_PERIOD_US[calendar] if calendar else within.us if within else None
            return FactNeeds(sent=True, sent_window_us=window_us, customer=goes_by_customers_clock(leaf))
        case Said(same=same):
            return FactNeeds(feedback=True, products=same is not Same.SKU)
        case Compare(field=field):
            return _needs_of_field(field) | FactNeeds(customer=goes_by_customers_clock(leaf))


def _needs_of_field(field: Field) -> FactNeeds:
    needs = FactNeeds(
        products=field.source is Source.PRODUCTS,
        stock=field.source is Source.STOCK,
        customer=field.source is Source.CUSTOMERS or field.at == CUSTOMERS_REGION,
    )
    if field.name == REPLENISHMENT_DUE:
        needs |= FactNeeds(products=True, history_by=frozenset({Same.SKU.value}))
    if field.name == GROUP_IN_STOCK_SHARE:
        needs |= FactNeeds(products=True, group_stock=True)
    return needs

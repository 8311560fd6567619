"""Which facts decide a leaf: every field's feed is among those that are fetched and told of."""

import pytest

from suppress.facts.fields import ATTRIBUTE_PREFIXES, FIELDS, OPERATORS
from suppress.facts.snapshot import FactNeeds, Source
from suppress.rules.needs import LOCAL_FIELDS, facts_needed, goes_by_customers_clock, sources_of
from tests.rules.test_wording import a_leaf_for

ALL_FIELDS = {**FIELDS, **ATTRIBUTE_PREFIXES}


@pytest.mark.parametrize("name", ALL_FIELDS)
def test_the_feed_of_a_field_is_needed(name: str) -> None:
    """What the vocabulary says a field comes from is fetched for it, and told."""
    field = ALL_FIELDS[name]
    needed = sources_of(facts_needed([a_leaf_for(field, OPERATORS[field.type][0])]))

    assert field.source is None or field.source in needed


def test_the_clocks_of_the_vocabulary_turn() -> None:
    """The fields that turn with the customer's clock are those the vocabulary calls local."""
    assert {name for name in FIELDS if name.startswith("message.local_")} == LOCAL_FIELDS
    assert {
        name for name in FIELDS if goes_by_customers_clock(a_leaf_for(FIELDS[name], OPERATORS[FIELDS[name].type][0]))
    } == LOCAL_FIELDS


@pytest.mark.parametrize(
    ("needs", "sources"),
    [
        (FactNeeds(), ()),
        (FactNeeds(group_stock=True), (Source.PRODUCTS, Source.STOCK)),
        (FactNeeds(household=True, history_by=frozenset({"sku"})), (Source.ORDERS, Source.CUSTOMERS)),
        (FactNeeds(feedback=True, sent=True, products=True), (Source.PRODUCTS, Source.SENT, Source.FEEDBACK)),
    ],
)
def test_facts_come_from_feeds(needs: FactNeeds, sources: tuple[Source, ...]) -> None:
    """Each kind of fact names its feeds, in the order of the feeds."""
    assert sources == sources_of(needs)

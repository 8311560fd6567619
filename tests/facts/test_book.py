"""The book: which facts a snapshot holds, and how old ones meet today's catalogue."""

import pytest

from suppress.decisions.decision import Why
from suppress.facts.book import FactBook
from suppress.facts.customer import Customer
from suppress.facts.feedback import Feedback
from suppress.facts.message import Message
from suppress.facts.records import (
    CustomerRecord,
    FeedbackRecord,
    OrderRecord,
    ProductRecord,
    Record,
    SentRecord,
    StockRecord,
)
from suppress.facts.sent_log import SentItem, SentMessage
from suppress.facts.snapshot import FactNeeds, Snapshot

NOW_US = 100


def snapshot(*records: Record) -> Snapshot:
    book = FactBook()
    book.add(records)
    return book.snapshot(Message(items=("S-38",), customer_id="ada"), NOW_US, FactNeeds())


def product(sku: str, style: str | None = None, category: str | None = None, bundle_of: str = "[]") -> ProductRecord:
    return ProductRecord(sku, None, style, category, None, "active", None, None, None, bundle_of, "{}", 1)


def stock(sku: str) -> StockRecord:
    return StockRecord(sku, "all", 1, 0, 0, None, None, None, 1)


def customer(customer_id: str, household_id: str | None, *, open_case: bool | None = None) -> CustomerRecord:
    return CustomerRecord(customer_id, household_id, None, None, None, "{}", "{}", None, open_case, None, 1, ())


def order(order_id: str, customer_id: str, at_us: int = 1, sku: str = "S-38") -> OrderRecord:
    return OrderRecord(order_id, "1", customer_id, sku, 1, at_us, 0, 0, False, None, None, None, 1)


def sent(message_id: str, at_us: int, items: str = "[]", customer_id: str = "ada") -> SentRecord:
    return SentRecord(message_id, customer_id, "email", "spring", at_us, items, 1)


def test_other_sizes_of_the_style() -> None:
    """Products and stock of every sku of the item's style are there, also where the style is named after one sku."""
    found = snapshot(
        *(product("S-38", "S"), product("S-40", "S"), product("S"), product("T", "T-style"), product("U")),
        *(stock(sku) for sku in ("S-38", "S-40", "S", "T")),
    )

    assert {"S-38", "S-40", "S"} == found.products.keys() == found.stock.keys()


def test_an_item_without_product_has_no_style() -> None:
    """A sku the catalogue lacks brings its own stock and nothing else."""
    found = snapshot(product("S-40", "S-38"), stock("S-38"), stock("S-40"))

    assert ({}, {"S-38"}) == (found.products, found.stock.keys())


def test_lines_of_the_household_by_member() -> None:
    """The others of the household come by member, without the customer herself and without those who bought nothing."""
    people = [customer("ada", "h1"), customer("ben", "h1"), customer("cleo", "h1"), customer("dora", "h2")]
    found = snapshot(*people, *(order(f"o-{who}", who) for who in ("ada", "ben", "dora")), order("late", "cleo", 101))

    assert ["o-ada"] == [line.order_id for line in found.lines]
    assert {"ben": ["o-ben"]} == {
        who: [line.order_id for line in lines] for who, lines in found.household_lines.items()
    }


def test_a_customer_without_a_household_is_alone() -> None:
    """Customers whose household nobody knows do not share one."""
    found = snapshot(customer("ada", None), customer("ben", None), order("o-1", "ben"))

    assert {} == found.household_lines


@pytest.mark.parametrize(("members", "problem"), [(50, None), (51, Why.AMBIGUOUS)])
def test_a_crowd_is_no_household(members: int, problem: Why | None) -> None:
    """A household id that stands for "not known" says nothing: her own purchases count, the rest is unknown."""
    people = [customer(f"c{number}", "N/A") for number in range(members - 1)]
    found = snapshot(customer("ada", "N/A"), *people, order("o-1", "ada"), order("o-2", "c1"))

    assert problem == found.household_problem
    assert 1 == len(found.lines)
    assert (set() if problem else {"c1"}) == found.household_lines.keys()


def test_a_line_knows_its_order_and_its_bundle() -> None:
    """A line has the id of its order and the parts of its product, as the catalogue lists them today."""
    found = snapshot(product("KIT", bundle_of='["S-38","T"]'), order("o-1", "ada", sku="KIT"), order("o-2", "ada"))

    assert {"o-1": ("S-38", "T"), "o-2": ()} == {line.order_id: line.bundle_of for line in found.lines}


def test_messages_sent_before() -> None:
    """Her messages up to now, oldest first, with today's style and category of the items they showed."""
    found = snapshot(
        *(product("A", "S", "shoes"), product("B")),
        *(sent("m-2", 100), sent("m-1", 100, '["A","B","gone"]'), sent("m-3", 50), sent("m-4", 101)),
        sent("m-1", 60, customer_id="ben"),
    )
    items = (SentItem("A", "S", "shoes"), SentItem("B", "B", None), SentItem("gone", None, None))

    assert ["m-3", "m-1", "m-2"] == [message.message_id for message in found.sent]
    assert SentMessage("m-1", 100, "email", "spring", items) == found.sent[1]


def test_what_she_said() -> None:
    """What she said up to now, oldest first; of a sku with today's style and category, of a category without."""
    found = snapshot(
        product("A", "S", "shoes"),
        FeedbackRecord("ada", "sku", "A", "already_own", 100),
        FeedbackRecord("ada", "category", "shoes/boots", "not_interested", 50),
        FeedbackRecord("ada", "sku", "gone", "bought_as_gift", 60),
        FeedbackRecord("ada", "sku", "A", "not_interested", 101),
        FeedbackRecord("ben", "sku", "A", "not_interested", 1),
    )

    assert (
        Feedback("not_interested", 50, None, None, "shoes/boots"),
        Feedback("bought_as_gift", 60, "gone", None, None),
        Feedback("already_own", 100, "A", "S", "shoes"),
    ) == found.feedback


def test_flags_of_a_customer() -> None:
    """What is known of a customer is told, what is not is None."""
    found = snapshot(customer("ada", "h1", open_case=False))

    assert Customer("ada", "h1", open_case=False) == found.customer

"""What the store answers of the names it knows, on both databases."""

import pytest

from suppress.facts.records import CustomerRecord, OrderRecord, ProductRecord, Record, SentRecord, StockRecord
from suppress.facts.snapshot import Source
from suppress.rules.catalogue import Kind
from suppress.stores import lookups
from suppress.stores.database import Database
from suppress.stores.load import Loader
from suppress.stores.lookups import StoreCatalogue

PRODUCTS = [
    ProductRecord(
        "A-1", "Tea", "tea-style", "food/tea", "Acme", "active", None, 999, "EUR", "[]", '{"leaf": "yes"}', 1
    ),
    ProductRecord("A-2", None, None, "food/soup", None, "active", None, None, None, "[]", "{}", 1),
]
STOCK = [StockRecord("A-1", "zurich-1", 1, 0, 0, None, None, None, 1)]
ORDERS = [OrderRecord("o", "1", "ada", "A-1", 1, 1, 0, 0, False, "web", None, None, 1)]
CUSTOMERS = [
    CustomerRecord("ada", None, "CH", "ZH", None, '{"email": true}', '{"tier": "gold"}', None, True, None, 1, ())
]
SENT = [SentRecord("m", "ada", "sms", None, 1, "[]", 1)]


@pytest.fixture
def catalogue(database: Database) -> StoreCatalogue:
    batches: dict[Source, list[Record]] = {
        Source.PRODUCTS: [*PRODUCTS],
        Source.STOCK: [*STOCK],
        Source.ORDERS: [*ORDERS],
        Source.CUSTOMERS: [*CUSTOMERS],
        Source.SENT: [*SENT],
    }
    for source, records in batches.items():
        with Loader(database, source) as loader:
            loader.write(records)
            loader.finish(1)
    return StoreCatalogue(database)


def test_what_was_never_loaded(catalogue: StoreCatalogue) -> None:
    """A source without a finished import was never loaded."""
    assert frozenset({Source.FEEDBACK}) == catalogue.never_loaded()


def test_unknown_skus_and_styles(catalogue: StoreCatalogue) -> None:
    """A product without a style is its own; case counts; quotes are only letters."""
    assert {"a-1", "x' OR 1=1"} == catalogue.unknown(Kind.SKU, ["A-1", "a-1", "x' OR 1=1"])
    assert {"A-1 ", "soup"} == catalogue.unknown(Kind.ITEM_GROUP, ["A-1", "A-2", "tea-style", "A-1 ", "soup"])


def test_names_like_another(catalogue: StoreCatalogue) -> None:
    """What begins alike in any case is a candidate for what was meant."""
    assert {"A-1", "A-2"} == set(catalogue.like(Kind.SKU, "a-9"))
    assert {"tea-style"} == set(catalogue.like(Kind.ITEM_GROUP, "tea-stile"))
    assert [] == list(catalogue.like(Kind.SKU, "%"))


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        (Kind.CATEGORY, {"food/tea", "food/soup"}),
        (Kind.BRAND, {"Acme"}),
        (Kind.LOCATION, {"zurich-1"}),
        (Kind.REGION, {"ZH"}),
        (Kind.ORDER_CHANNEL, {"web"}),
        (Kind.SENT_CHANNEL, {"sms"}),
        (Kind.SENT_CAMPAIGN, set()),
        (Kind.ITEM_ATTRIBUTE, {"leaf"}),
        (Kind.CUSTOMER_ATTRIBUTE, {"tier"}),
        (Kind.CONSENT_CHANNEL, {"email"}),
    ],
)
def test_every_word_of_a_kind(catalogue: StoreCatalogue, kind: Kind, wanted: set[str]) -> None:
    """Each kind has its column; what is unknown is no word."""
    assert wanted == catalogue.words(kind)


def test_too_many_rows_to_tell(catalogue: StoreCatalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the bound nothing is claimed."""
    monkeypatch.setattr(lookups, "MOST_ROWS", 1)

    assert catalogue.words(Kind.BRAND) is None
    assert {"zurich-1"} == catalogue.words(Kind.LOCATION)


def test_fields_nobody_states(catalogue: StoreCatalogue) -> None:
    """A field is filled when one row states it; fields without a column of their own are never called empty."""
    asked = ["customer.household_id", "customer.open_case", "item.brand", "stock.restock_at", "item.sku", "stock.age"]

    assert {"customer.household_id", "stock.restock_at"} == catalogue.never_filled(asked)
    assert frozenset() == catalogue.never_filled(["item.sku"])

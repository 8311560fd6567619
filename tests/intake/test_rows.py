"""What one row of each source becomes, and why a row is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from suppress.facts.records import (
    CustomerRecord,
    FeedbackRecord,
    OrderRecord,
    ProductRecord,
    SentRecord,
    StockRecord,
)
from suppress.facts.snapshot import Source
from tests.intake.files import FILE_TIME_US, read, us, write_csv

NOON = "2026-03-01T12:00:00Z"
PRODUCT = ProductRecord("A", None, None, None, None, "active", None, None, None, "[]", "{}", FILE_TIME_US)
ORDER = OrderRecord("O1", "1", "C1", "A", 1, us(NOON), 0, 0, False, None, None, None, FILE_TIME_US)
STOCK = StockRecord("A", "all", 5, 0, 0, None, None, None, us(NOON))
CUSTOMER = CustomerRecord("C1", None, None, None, None, "{}", "{}", None, None, None, FILE_TIME_US, ())
SENT = SentRecord("m-1", "C1", None, None, us(NOON), "[]", FILE_TIME_US)
FEEDBACK = FeedbackRecord("C1", "sku", "A", "already_own", us(NOON))

LEAST: dict[Source, dict[str, str]] = {
    Source.PRODUCTS: {"sku": "A"},
    Source.ORDERS: {"order_id": "O1", "customer_id": "C1", "sku": "A", "units": "1", "ordered_at": NOON},
    Source.STOCK: {"sku": "A", "on_hand": "5", "updated_at": NOON},
    Source.CUSTOMERS: {"customer_id": "C1"},
    Source.SENT: {"message_id": "m-1", "customer_id": "C1", "sent_at": NOON},
    Source.FEEDBACK: {"customer_id": "C1", "sku": "A", "says": "already_own", "at": NOON},
}

GOOD: list[tuple[Source, dict[str, str], Any]] = [
    (Source.PRODUCTS, {}, PRODUCT),
    (Source.PRODUCTS, {"sku": "  A "}, PRODUCT),
    (Source.PRODUCTS, {"sku": "85123a"}, PRODUCT._replace(sku="85123a")),
    (Source.PRODUCTS, {"sku": "Cafe\u0301"}, PRODUCT._replace(sku="Café")),
    (Source.PRODUCTS, {"title": " Two\n lines  here "}, PRODUCT._replace(title="Two lines here")),
    (Source.PRODUCTS, {"category": "/home / bedroom//beds/"}, PRODUCT._replace(category="home/bedroom/beds")),
    (Source.PRODUCTS, {"category": " / "}, PRODUCT),
    (Source.PRODUCTS, {"status": "Discontinued"}, PRODUCT._replace(status="discontinued")),
    (Source.PRODUCTS, {"status": ""}, PRODUCT),
    (Source.PRODUCTS, {"replenish_days": "30.0"}, PRODUCT._replace(replenish_days=30)),
    (
        Source.PRODUCTS,
        {"price_minor": "1999", "currency": "eur"},
        PRODUCT._replace(price_minor=1999, currency="EUR"),
    ),
    (Source.PRODUCTS, {"bundle_of": "B| C |"}, PRODUCT._replace(bundle_of='["B","C"]')),
    (Source.PRODUCTS, {"bundle_of": '["B|1", 7]'}, PRODUCT._replace(bundle_of='["B|1","7"]')),
    (
        Source.PRODUCTS,
        {"attributes": '{"size": 44, "new": true, "x": null}', "attributes.colour": "red"},
        PRODUCT._replace(attributes='{"colour":"red","new":"true","size":"44"}'),
    ),
    (Source.PRODUCTS, {"attributes": '{"a": "map"}', "attributes.a": "b"}, PRODUCT._replace(attributes='{"a":"b"}')),
    (Source.PRODUCTS, {"updated_at": NOON}, PRODUCT._replace(updated_at_us=us(NOON))),
    (Source.ORDERS, {}, ORDER),
    (Source.ORDERS, {"units": "-2"}, ORDER._replace(units=-2)),
    (Source.ORDERS, {"units": "+3"}, ORDER._replace(units=3)),
    (Source.ORDERS, {"line_id": "L-9"}, ORDER._replace(line_id="L-9")),
    (Source.ORDERS, {"ordered_at": "2026-03-01T13:00:00.000001+01:00"}, ORDER._replace(ordered_at_us=us(NOON) + 1)),
    (Source.ORDERS, {"ordered_at": "2026-03-01 12:00:00z"}, ORDER),
    (Source.ORDERS, {"ordered_at": "2026-03-01T12:00:00.1234567Z"}, ORDER._replace(ordered_at_us=us(NOON) + 123456)),
    (Source.ORDERS, {"is_gift": "TRUE"}, ORDER._replace(is_gift=True)),
    (Source.ORDERS, {"is_gift": "0"}, ORDER),
    (Source.ORDERS, {"email": "not read when customer_id is there"}, ORDER),
    (
        Source.ORDERS,
        {"cancelled_units": "1", "returned_units": "2", "channel": "web", "unit_price_minor": "0"},
        ORDER._replace(cancelled_units=1, returned_units=2, channel="web", unit_price_minor=0),
    ),
    (Source.STOCK, {}, STOCK),
    (Source.STOCK, {"on_hand": "-4"}, STOCK._replace(on_hand=-4)),
    (
        Source.STOCK,
        {"location_id": "ZH", "reserved": "1", "safety_stock": "2", "incoming_units": "3", "incoming_at": NOON},
        STOCK._replace(location_id="ZH", reserved=1, safety_stock=2, incoming_units=3, incoming_at_us=us(NOON)),
    ),
    (Source.STOCK, {"availability": "in stock"}, STOCK._replace(availability="in_stock")),
    (Source.CUSTOMERS, {}, CUSTOMER),
    (
        Source.CUSTOMERS,
        {"email": " Anna.M+shop@Example.COM ", "phone": "044 668 18 00", "country": "ch"},
        CUSTOMER._replace(country="CH", identities=(("email", "anna.m+shop@example.com"), ("phone", "+41446681800"))),
    ),
    (
        Source.CUSTOMERS,
        {"consent": '{"sms": "no", "email": "no"}', "consent_email": "yes", "consent_push": ""},
        CUSTOMER._replace(consent='{"email":true,"sms":false}'),
    ),
    (
        Source.CUSTOMERS,
        {"time_zone": "Europe/Zurich", "household_id": "H1", "region": "ZH"},
        CUSTOMER._replace(time_zone="Europe/Zurich", household_id="H1", region="ZH"),
    ),
    (
        Source.CUSTOMERS,
        {"do_not_contact": "yes", "open_case": "No", "late_order": ""},
        CUSTOMER._replace(do_not_contact=True, open_case=False),
    ),
    (Source.CUSTOMERS, {"late_order": "1"}, CUSTOMER._replace(late_order=True)),
    (Source.SENT, {}, SENT),
    (
        Source.SENT,
        {"items": '[{"sku": "A", "placement": "top"}, "B"]', "channel": "email", "campaign_id": "spring"},
        SENT._replace(items='["A","B"]', channel="email", campaign_id="spring"),
    ),
    (Source.FEEDBACK, {}, FEEDBACK),
    (
        Source.FEEDBACK,
        {"sku": "", "category": "home/beds", "says": "Not interested"},
        FEEDBACK._replace(about_kind="category", about="home/beds", says="not_interested"),
    ),
]

BAD: list[tuple[Source, dict[str, str], str, str]] = [
    (Source.PRODUCTS, {"sku": " "}, "sku", "is empty"),
    (Source.PRODUCTS, {"sku": "A\x00"}, "sku", "U+0000"),
    (Source.PRODUCTS, {"sku": "x" * 256}, "sku", "at most 255"),
    (Source.PRODUCTS, {"title": "bell\x07"}, "title", "U+0007"),
    (Source.PRODUCTS, {"title": "x" * 2001}, "title", "at most 2000"),
    (Source.PRODUCTS, {"status": "actve"}, "status", 'did you mean "active"?'),
    (Source.PRODUCTS, {"status": "zzz"}, "status", "choose from active"),
    (Source.PRODUCTS, {"replenish_days": "0"}, "replenish_days", "1 or more"),
    (Source.PRODUCTS, {"replenish_days": "30 days"}, "replenish_days", "whole number"),
    (Source.PRODUCTS, {"price_minor": "19.99"}, "price_minor", "whole number"),
    (Source.PRODUCTS, {"price_minor": "1" * 5000}, "price_minor", "whole number"),
    (Source.PRODUCTS, {"currency": "€"}, "currency", "three letters"),
    (Source.PRODUCTS, {"bundle_of": "[1, 2"}, "bundle_of", "JSON"),
    (Source.PRODUCTS, {"bundle_of": "[true]"}, "bundle_of", "list of skus"),
    (Source.PRODUCTS, {"bundle_of": "|".join("x" * 1001)}, "bundle_of", "at most 1000"),
    (Source.PRODUCTS, {"attributes": '{"a": {"b": 1}}'}, "attributes", "flat"),
    (Source.PRODUCTS, {"attributes": "red"}, "attributes", "JSON"),
    (Source.PRODUCTS, {"attributes": "[" * 20_000}, "attributes", "JSON"),
    (Source.PRODUCTS, {"updated_at": "yesterday"}, "updated_at", "2026-11-22T09:00:00Z"),
    (Source.ORDERS, {"order_id": ""}, "order_id", "is empty"),
    (Source.ORDERS, {"customer_id": ""}, "customer_id", "no email or phone"),
    (Source.ORDERS, {"units": "0"}, "units", "credit note"),
    (Source.ORDERS, {"units": ""}, "units", "is empty"),
    (Source.ORDERS, {"units": "1.5"}, "units", "whole number"),
    (Source.ORDERS, {"units": "1_000"}, "units", "whole number"),
    (Source.ORDERS, {"units": "٣"}, "units", "whole number"),
    (Source.ORDERS, {"units": "NaN"}, "units", "whole number"),
    (Source.ORDERS, {"cancelled_units": "-1"}, "cancelled_units", "0 or more"),
    (Source.ORDERS, {"ordered_at": "2026-03-01T12:00:00"}, "ordered_at", "--time-zone"),
    (Source.ORDERS, {"ordered_at": "2026-03-01"}, "ordered_at", "--time-zone"),
    (Source.ORDERS, {"ordered_at": "01/12/2010 08:26"}, "ordered_at", "2026-11-22T09:00:00Z"),
    (Source.ORDERS, {"ordered_at": "1700000000"}, "ordered_at", "2026-11-22T09:00:00Z"),
    (Source.ORDERS, {"ordered_at": "2026-02-29T00:00:00Z"}, "ordered_at", "2026-11-22T09:00:00Z"),
    (Source.ORDERS, {"is_gift": "maybe"}, "is_gift", "yes or no"),
    (Source.ORDERS, {"units": "x", "sku": ""}, "sku; units", "sku: is empty; units: must be"),
    (Source.STOCK, {"on_hand": "many"}, "on_hand", "whole number"),
    (Source.STOCK, {"updated_at": ""}, "updated_at", "is empty"),
    (Source.STOCK, {"reserved": "-1"}, "reserved", "0 or more"),
    (Source.STOCK, {"availability": "instock"}, "availability", 'did you mean "in_stock"?'),
    (Source.CUSTOMERS, {"email": "anna@"}, "email", "not an e-mail address"),
    (Source.CUSTOMERS, {"phone": "044 668 18 00"}, "phone", "country code"),
    (Source.CUSTOMERS, {"country": "Switzerland"}, "country", "two letters"),
    (Source.CUSTOMERS, {"time_zone": "Zürich"}, "time_zone", "Europe/Zurich"),
    (Source.CUSTOMERS, {"time_zone": "../../etc/passwd"}, "time_zone", "Europe/Zurich"),
    (Source.CUSTOMERS, {"do_not_contact": "perhaps"}, "do_not_contact", "yes or no"),
    (Source.CUSTOMERS, {"consent_email": "perhaps"}, "consent_email", "yes or no"),
    (Source.CUSTOMERS, {"consent": '{"email": "perhaps"}'}, "consent", "email: must be yes or no"),
    (Source.SENT, {"sent_at": ""}, "sent_at", "is empty"),
    (Source.SENT, {"items": '[{"placement": "top"}]'}, "items", "maps with a sku"),
    (Source.FEEDBACK, {"sku": ""}, "sku", "so is category"),
    (Source.FEEDBACK, {"category": "home"}, "sku", "one of them"),
    (Source.FEEDBACK, {"says": "loves_it"}, "says", "choose from already_own"),
    (Source.FEEDBACK, {"at": ""}, "at", "is empty"),
]


@pytest.mark.parametrize(("source", "cells", "record"), GOOD)
def test_a_good_row_becomes_its_record(tmp_path: Path, source: Source, cells: dict[str, str], record: Any) -> None:
    """Each row becomes exactly the record written beside it."""
    found = read(write_csv(tmp_path / "f.csv", [LEAST[source] | cells]), source)

    assert ([record], []) == (found.records, found.refused)


@pytest.mark.parametrize(("source", "cells", "column", "reason"), BAD)
def test_a_bad_row_is_refused_alone(
    tmp_path: Path, source: Source, cells: dict[str, str], column: str, reason: str
) -> None:
    """A bad row is refused with its number, its column, a reason and itself; its neighbours are kept."""
    least = LEAST[source]
    found = read(write_csv(tmp_path / "f.csv", [least, least | cells, least]), source)

    assert 2 == len(found.records)
    [refused] = found.refused
    assert (3, column) == (refused.row, refused.column)
    assert reason in refused.reason
    assert {k: v for k, v in (least | cells).items() if v} == json.loads(refused.record)


def test_a_sent_message_without_an_id_gets_the_same_one_every_time(tmp_path: Path) -> None:
    """A row of the sent log without message_id has an id that depends on nothing but the row."""
    row = LEAST[Source.SENT] | {"message_id": ""}
    [first, second] = read(write_csv(tmp_path / "a.csv", [row, row | {"customer_id": "C2"}]), Source.SENT).records
    [again] = read(write_csv(tmp_path / "b.csv", [row]), Source.SENT).records

    assert first == again
    assert first[0] != second[0]


@pytest.mark.parametrize(
    ("local", "utc"),
    [
        ("2026-07-01T12:00:00", "2026-07-01T10:00:00+00:00"),
        ("2026-07-01", "2026-06-30T22:00:00+00:00"),
        ("2026-10-25T02:30:00", "2026-10-25T00:30:00+00:00"),
        ("2026-03-29T02:30:00", "2026-03-29T01:30:00+00:00"),
        ("2026-07-01T12:00:00Z", "2026-07-01T12:00:00+00:00"),
    ],
    ids=["summer", "midnight", "twice: the first", "never: the offset before", "a zone of its own"],
)
def test_times_without_a_zone_are_read_in_the_one_given(tmp_path: Path, local: str, utc: str) -> None:
    """`--time-zone` reads times without a zone, the first of two instants, the skipped hour with the offset before."""
    from zoneinfo import ZoneInfo

    path = write_csv(tmp_path / "f.csv", [LEAST[Source.ORDERS] | {"ordered_at": local}])
    [record] = read(path, Source.ORDERS, zone=ZoneInfo("Europe/Zurich")).records

    assert us(utc) == record.ordered_at_us  # type: ignore[union-attr]


def test_fold_case_makes_sloppy_codes_one(tmp_path: Path) -> None:
    """Under --fold-case skus and ids of groups, orders and customers are upper case, and other columns as written."""
    rows = [
        {"sku": "85123a", "item_group_id": "straße", "brand": "acme", "bundle_of": "b|c"},
        {"sku": "85123A", "item_group_id": "STRASSE", "brand": "Acme", "bundle_of": '["B","C"]'},
    ]
    folded = read(write_csv(tmp_path / "f.csv", rows), Source.PRODUCTS, fold_case=True).records
    kept = read(tmp_path / "f.csv", Source.PRODUCTS).records

    assert {("85123A", "STRASSE", '["B","C"]')} == {(r.sku, r.item_group_id, r.bundle_of) for r in folded}  # type: ignore[union-attr]
    assert ["acme", "Acme"] == [r.brand for r in folded]  # type: ignore[union-attr]
    assert ["85123a", "85123A"] == [r.sku for r in kept]  # type: ignore[union-attr]


def test_customers_are_found_by_their_addresses(tmp_path: Path) -> None:
    """A row without customer_id takes the one customer its e-mail or phone points to, and is refused otherwise."""
    least = LEAST[Source.ORDERS]
    known = {
        ("email", "a@shop.com"): ["C1"],
        ("phone", "+41446681800"): ["C2"],
        ("email", "family@shop.com"): ["C3", "C4"],
    }
    rows = [
        least | {"customer_id": "", **each}
        for each in (
            {"email": "A@Shop.com", "phone": ""},
            {"email": "", "phone": "+41 44 668 18 00"},
            {"email": "family@shop.com", "phone": ""},
            {"email": "stranger@shop.com", "phone": ""},
            {"email": "a@shop.com", "phone": "+41 44 668 18 00"},
            {"email": "nonsense", "phone": ""},
            {"email": "stranger@shop.com", "phone": "+41 44 668 18 00"},
        )
    ]
    found = read(
        write_csv(tmp_path / "f.csv", rows),
        Source.ORDERS,
        lambda asked: {each: known[each] for each in asked if each in known},
    )

    assert ["C1", "C2", "C2"] == [record.customer_id for record in found.records]  # type: ignore[union-attr]
    assert [4, 5, 6, 7] == [refused.row for refused in found.refused]
    for refused, words in zip(
        found.refused, ["2 customers", "nobody", "2 customers", "not an e-mail address"], strict=True
    ):
        assert words in refused.reason
        assert "shop.com" not in refused.reason

"""Turn the parsed columns of a batch into records, one function per source: what needs more than one column to decide.

A row with a mistake still gets a record, so that every list stays as long as the batch; the reader leaves it out.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any, Final

import orjson

from suppress.errors import FactsError
from suppress.facts.records import (
    CustomerRecord,
    FeedbackRecord,
    OrderRecord,
    ProductRecord,
    Record,
    SentRecord,
    StockRecord,
)
from suppress.facts.snapshot import Source
from suppress.intake.columns import Mistake
from suppress.intake.identities import Identity, Resolve, identities_of, only_customer
from suppress.intake.kinds import parse_yes_no
from suppress.intake.positions import Positions


@dataclass(kw_only=True)
class Table:
    """The parsed columns of one batch. A column the file lacks holds its default in every row."""

    rows: int
    values: dict[str, list[Any]]
    defaults: dict[str, Any]
    resolve: Resolve
    positions: Positions
    mistakes: list[Mistake] = field(default_factory=list)

    def __getitem__(self, name: str) -> list[Any]:
        found = self.values.get(name)
        if found is None:
            found = self.values[name] = list(repeat(self.defaults[name], self.rows))
        return found

    def refuse(self, index: int, column: str | None, reason: str) -> None:
        """Refuse one row of the batch."""
        self.mistakes.append(Mistake(index, column, reason))

    def prefixed(self, prefix: str) -> dict[str, list[Any]]:
        """The columns whose names begin with `prefix`, by the rest of their names."""
        return {name[len(prefix) :]: self.values[name] for name in self.values if name.startswith(prefix)}


def _products(table: Table) -> Iterable[Record]:
    return map(
        ProductRecord._make,
        zip(
            table["sku"],
            table["title"],
            table["item_group_id"],
            table["category"],
            table["brand"],
            table["status"],
            table["replenish_days"],
            table["price_minor"],
            table["currency"],
            table["bundle_of"],
            _attributes(table),
            table["updated_at"],
            strict=True,
        ),
    )


def _orders(table: Table) -> Iterable[Record]:
    # Every row with a readable order counts, refused ones too: a mended file gives its lines the same places.
    line_ids = table["line_id"]
    if None in line_ids:
        places = table.positions.count(table["order_id"])
        line_ids = [own or place for own, place in zip(line_ids, places, strict=True)]
    return map(
        OrderRecord._make,
        zip(
            table["order_id"],
            line_ids,
            _customer_ids(table),
            table["sku"],
            table["units"],
            table["ordered_at"],
            table["cancelled_units"],
            table["returned_units"],
            table["is_gift"],
            table["channel"],
            table["unit_price_minor"],
            table["currency"],
            table["updated_at"],
            strict=True,
        ),
    )


def _stock(table: Table) -> Iterable[Record]:
    return map(
        StockRecord._make,
        zip(
            table["sku"],
            table["location_id"],
            table["on_hand"],
            table["reserved"],
            table["safety_stock"],
            table["incoming_units"],
            table["incoming_at"],
            table["availability"],
            table["updated_at"],
            strict=True,
        ),
    )


def _customers(table: Table) -> Iterable[Record]:
    identities: list[tuple[Identity, ...]] = []
    addresses = zip(table["email"], table["phone"], table["country"], strict=True)
    for index, (email, phone, country) in enumerate(addresses):
        try:
            identities.append(identities_of(email, phone, country))
        except FactsError as error:
            column = "phone" if str(error).startswith("not a phone") else "email"
            table.refuse(index, column, str(error))
            identities.append(())
    return map(
        CustomerRecord._make,
        zip(
            table["customer_id"],
            table["household_id"],
            table["country"],
            table["region"],
            table["time_zone"],
            _consent(table),
            _attributes(table),
            table["do_not_contact"],
            table["open_case"],
            table["late_order"],
            table["updated_at"],
            identities,
            strict=True,
        ),
    )


def _sent(table: Table) -> Iterable[Record]:
    customer_ids = _customer_ids(table)
    columns = (customer_ids, table["channel"], table["campaign_id"], table["sent_at"], table["items"])
    message_ids = table["message_id"]
    if None in message_ids:
        # The same row must get the same id again, or a rerun would send every message twice.
        message_ids = [
            own or "row-" + hashlib.sha256(orjson.dumps(row)).hexdigest()[:32]
            for own, *row in zip(message_ids, *columns, strict=True)
        ]
    return map(SentRecord._make, zip(message_ids, *columns, table["updated_at"], strict=True))


def _feedback(table: Table) -> Iterable[Record]:
    kinds: list[str] = []
    abouts: list[str] = []
    for index, (sku, category) in enumerate(zip(table["sku"], table["category"], strict=True)):
        if (sku is None) == (category is None):
            table.refuse(
                index, "sku", "is empty, and so is category" if sku is None else "or category: give one of them"
            )
        kinds.append("sku" if sku is not None else "category")
        abouts.append(sku if sku is not None else category)
    return map(
        FeedbackRecord._make,
        zip(_customer_ids(table), kinds, abouts, table["says"], table["at"], strict=True),
    )


ASSEMBLERS: Final[dict[Source, Callable[[Table], Iterable[Record]]]] = {
    Source.PRODUCTS: _products,
    Source.ORDERS: _orders,
    Source.STOCK: _stock,
    Source.CUSTOMERS: _customers,
    Source.SENT: _sent,
    Source.FEEDBACK: _feedback,
}


def _customer_ids(table: Table) -> Sequence[str | None]:
    """The customer of each row, found by e-mail or phone where the row gives no `customer_id`."""
    customer_ids = table["customer_id"]
    if None not in customer_ids:
        return customer_ids
    refused = {mistake.at for mistake in table.mistakes if mistake.column == "customer_id"}
    wanted: dict[int, tuple[Identity, ...]] = {}
    for index, (known, email, phone) in enumerate(zip(customer_ids, table["email"], table["phone"], strict=True)):
        if known is not None or index in refused:
            continue
        try:
            identities = identities_of(email, phone, None)
        except FactsError as error:
            table.refuse(index, "email or phone", str(error))
            continue
        if identities:
            wanted[index] = identities
        else:
            table.refuse(index, "customer_id", "is empty, and there is no email or phone to find the customer by")
    found = list(customer_ids)
    known_customers = table.resolve({identity for each in wanted.values() for identity in each}) if wanted else {}
    for index, identities in wanted.items():
        try:
            found[index] = only_customer(identities, known_customers)
        except FactsError as error:
            table.refuse(index, "email or phone", str(error))
    return found


def _consent(table: Table) -> Sequence[str]:
    """Channel -> yes or no as JSON text; the `consent_` columns win over the map."""
    columns = table.prefixed("consent_")
    maps = table["consent"]
    texts: list[str] = []
    for index, given in enumerate(maps):
        consent: dict[str, bool] = {}
        for channel, value in (given or {}).items():
            try:
                consent[channel] = parse_yes_no(str(value))
            except FactsError as error:
                table.refuse(index, "consent", f"{channel}: {error}")
        for channel, values in columns.items():
            if values[index] is not None:
                consent[channel] = values[index]
        texts.append(_json(consent))
    return texts


def _attributes(table: Table) -> Sequence[str]:
    """Name -> text as JSON text; the `attributes.` columns win over the map."""
    columns = table.prefixed("attributes.")
    if "attributes" not in table.values and not columns:
        return ["{}"] * table.rows
    texts: list[str] = []
    for index, given in enumerate(table["attributes"]):
        attributes = {name: _attribute_text(value) for name, value in (given or {}).items()}
        for name, values in columns.items():
            if values[index] is not None:
                attributes[name] = values[index]
        texts.append(_json(attributes))
    return texts


def _attribute_text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _json(value: dict[str, Any]) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode() if value else "{}"

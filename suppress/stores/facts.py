"""Answer what is known about messages at an instant: messages in, Snapshots out, in at most three statements.

The database twin of `facts.book`. Rows become facts by position, without ORM objects: this is the hot path of a check.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import orjson
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from suppress.decisions.decision import Why
from suppress.facts.catalog import Product
from suppress.facts.customer import Customer
from suppress.facts.inventory import StockLevel
from suppress.facts.message import Message
from suppress.facts.snapshot import FactNeeds, Snapshot, Source
from suppress.stores.asked import Address, Asked, People, Recipient, asked_of, recipient_of
from suppress.stores.database import Database
from suppress.stores.dialects import Lists, Row
from suppress.stores.past import Past, PastOf
from suppress.stores.statements import statements_for, wants_customers, wants_products, wants_stock

_SOURCES: Final = {source.value: source for source in Source}
_BUNDLE, _ATTRIBUTES = (1 + Product._fields.index(name) for name in ("bundle_of", "attributes"))

Stock = dict[str, tuple[StockLevel, ...]]


class FactStore:
    """Reads the facts one compiled ruleset needs. Threads may share it."""

    def __init__(self, database: Database, needs: FactNeeds) -> None:
        self._database = database
        self._needs = needs
        self._has_customers = wants_customers(needs)
        self._has_products = wants_products(needs)
        self._has_stock = wants_stock(needs)
        self._statements = statements_for(needs, database.dialect)
        self._past = Past(database, needs, self._statements)
        self._lists = Lists(database.dialect)

    def snapshot(self, message: Message, as_of_us: int) -> Snapshot:
        """All facts about the message at `as_of_us`. Raises StoreError when they cannot be read."""
        return self.snapshots(((message, as_of_us),))[0]

    def snapshots(self, messages: Sequence[tuple[Message, int]]) -> list[Snapshot]:
        """The snapshot of each message at its instant, in order; one to three statements for all of them together.

        Raises StoreError when the facts cannot be read; a connection that broke since its last use is made anew once.
        """
        if not messages:
            return []
        asked = [asked_of(message, as_of_us) for message, as_of_us in messages]
        try:
            try:
                return self._answer(asked)
            except DBAPIError as error:
                if not error.connection_invalidated:
                    raise
                self._database.drop_reader()
                return self._answer(asked)
        except SQLAlchemyError as error:
            self._database.drop_reader()
            raise self._database.error("read facts from", error) from None
        except orjson.JSONDecodeError as error:
            raise self._database.error("read facts from", error) from None

    def _answer(self, asked: Sequence[Asked]) -> list[Snapshot]:
        people = self._people(asked)
        recipients = [recipient_of(one, people) for one in asked]
        products, stock = self._goods(asked)
        if len(asked) == 1:
            past = self._past.of_one(asked[0], recipients[0], products)
            return [self._snapshot(asked[0], recipients[0], people, products, stock, past)]
        styles = _styles(products) if self._needs.group_stock else {}
        answers = []
        for one, to, past in zip(asked, recipients, self._past.of_many(asked, recipients, products), strict=True):
            skus = _with_styles(one.skus, products, styles) if styles else one.skus
            answers.append(self._snapshot(one, to, people, _some(products, skus), _some(stock, skus), past))
        return answers

    def _snapshot(
        self, one: Asked, to: Recipient, people: People, products: dict[str, Product], stock: Stock, past: PastOf
    ) -> Snapshot:
        return Snapshot(
            message=one.message,
            as_of_us=one.as_of_us,
            customer_id=to.customer_id,
            customer_problem=to.problem,
            customer=to.customer if self._has_customers else None,
            products=products,
            stock=stock,
            household_problem=Why.AMBIGUOUS if to.is_in_a_crowd else None,
            lines=past.lines,
            household_lines=past.household_lines,
            sent=past.sent,
            feedback=past.feedback,
            feeds_us=people.feeds_us,
        )

    def _people(self, asked: Sequence[Asked]) -> People:
        addresses = list({one.address for one in asked if one.address is not None})
        parameters: list[Any] = []
        if self._has_customers:
            ids = self._lists.values({m.customer_id for m, *_ in asked if m.customer_id is not None})
            parameters += [ids, ids] if self._needs.household else [ids]
        if addresses:
            pairs = self._lists.rows(addresses, 2)
            parameters += [*pairs, *pairs] if self._needs.household else pairs
        statement = self._statements.addressees if addresses else self._statements.people
        feeds_us: dict[Source, int | None] = dict.fromkeys(Source)
        by_id: dict[str, Customer] = {}
        by_address: dict[Address, Recipient] = {}
        members: dict[str, set[str]] = {}
        for row in self._rows(statement, parameters):
            kind, value, number = row[:3]
            if kind == "feed":
                if value in _SOURCES:
                    feeds_us[_SOURCES[value]] = number
            elif kind == "id":
                by_id[value] = _customer(row)
            elif kind == "member":
                members.setdefault(value, set()).add(row[3])
            elif number > 1:
                by_address[kind, value] = Recipient(None, Why.AMBIGUOUS, None)
            else:
                by_address[kind, value] = Recipient(row[3], None, _customer(row))
        return People(feeds_us, by_id, by_address, members)

    def _goods(self, asked: Sequence[Asked]) -> tuple[dict[str, Product], Stock]:
        products: dict[str, Product] = {}
        stock: Stock = {}
        skus = asked[0].skus if len(asked) == 1 else {sku for one in asked for sku in one.skus}
        if self._statements.goods is None or not skus:
            return products, stock
        after_product = 1 + len(Product._fields) if self._has_products else 1
        for row in self._rows(self._statements.goods, (self._lists.values(skus),)):
            sku = row[0]
            if self._has_products and row[1] is not None and sku not in products:
                products[sku] = _product(row)
            if self._has_stock and row[after_product] is not None:
                level = StockLevel._make(row[after_product:])
                stock[sku] = (*stock[sku], level) if sku in stock else (level,)
        return products, stock

    def _rows(self, statement: str, parameters: Sequence[Any]) -> list[Row]:
        return self._database.rows(statement, tuple(parameters))


def _customer(row: Row) -> Customer:
    return Customer._make((*row[3:8], _map(row[8]), _map(row[9]), _flag(row[10]), _flag(row[11]), _flag(row[12])))


def _flag(value: Any) -> bool | None:
    return None if value is None else bool(value)


def _product(row: Row) -> Product:
    """The product of a row of goods: its sku, then the product's columns, of which the last two are JSON text."""
    bundle = row[_BUNDLE]
    parts = () if bundle == "[]" else tuple(orjson.loads(bundle))
    return Product._make((*row[1:_BUNDLE], parts, _map(row[_ATTRIBUTES])))


def _map(text: str) -> Any:
    return {} if text == "{}" else orjson.loads(text)


def _styles(products: Mapping[str, Product]) -> dict[str, list[str]]:
    styles: dict[str, list[str]] = {}
    for product in products.values():
        styles.setdefault(product.item_group, []).append(product.sku)
    return styles


def _with_styles(
    skus: Iterable[str], products: Mapping[str, Product], styles: Mapping[str, list[str]]
) -> Iterable[str]:
    """These skus and all others of their styles."""
    groups = dict.fromkeys(products[sku].item_group for sku in skus if sku in products)
    return dict.fromkeys((*skus, *(sku for group in groups for sku in styles[group])))


def _some(facts: Mapping[str, Any], skus: Iterable[str]) -> dict[str, Any]:
    return {sku: facts[sku] for sku in skus if sku in facts}

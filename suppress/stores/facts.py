"""Answer what is known about messages at an instant: messages in, Snapshots out, in at most three statements.

The database twin of `facts.book`. Rows become facts by position, without ORM objects: this is the hot path of a check.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import orjson
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from suppress.decisions.decision import Why
from suppress.errors import FactsError
from suppress.facts.catalog import Product
from suppress.facts.customer import Customer
from suppress.facts.history import OrderLine
from suppress.facts.identity import normal_email, normal_phone
from suppress.facts.inventory import StockLevel
from suppress.facts.message import Message
from suppress.facts.snapshot import FactNeeds, Snapshot, Source
from suppress.stores.database import Database
from suppress.stores.statements import WAYS, statements_for

BEGINNING_US: Final = -(2**62)
"""Before any order, for windows without an end: far from the edge of 64 bits on purpose."""

_SOURCES: Final = {source.value: source for source in Source}
_PRODUCT: Final = slice(1, 1 + len(Product._fields))
_MISSING: Final = (None, Why.MISSING, None)

Row = tuple[Any, ...]
Address = tuple[str, str]
Recipient = tuple[str | None, Why | None, Customer | None]


class _Asked(NamedTuple):
    """One message, when, and what it asks for. `address`: what to find the customer by, in compared form."""

    message: Message
    as_of_us: int
    address: Address | None
    skus: tuple[str, ...]


class _People(NamedTuple):
    """The first answer: feeds, customers by id, and for each address whom it leads to."""

    feeds_us: Mapping[Source, int | None]
    by_id: Mapping[str, Customer]
    by_address: Mapping[Address, Recipient]


class FactStore:
    """Reads the facts one compiled ruleset needs. Threads may share it."""

    def __init__(self, database: Database, needs: FactNeeds) -> None:
        self._database = database
        self._needs = needs
        self._ways = tuple(way for way in WAYS if way in needs.history_by)
        self._has_products = needs.products or bool(self._ways)
        self._statements = statements_for(needs, database.dialect)
        on_sqlite = database.dialect == "sqlite"
        self._list: Callable[[Iterable[str]], Any] = _json_list if on_sqlite else list
        self._pairs: Callable[[Sequence[Row]], tuple[Any, ...]] = _json_tuples if on_sqlite else _two_columns
        self._tuples: Callable[[Sequence[Row]], tuple[Any, ...]] = _json_tuples if on_sqlite else _columns

    def snapshot(self, message: Message, as_of_us: int) -> Snapshot:
        """All facts about the message at `as_of_us`. Raises StoreError when they cannot be read."""
        return self.snapshots(((message, as_of_us),))[0]

    def snapshots(self, messages: Sequence[tuple[Message, int]]) -> list[Snapshot]:
        """The snapshot of each message at its instant, in order; one to three statements for all of them together.

        Raises StoreError when the facts cannot be read; a connection that broke since its last use is made anew once.
        """
        if not messages:
            return []
        asked = [_asked(message, as_of_us) for message, as_of_us in messages]
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

    def _answer(self, asked: Sequence[_Asked]) -> list[Snapshot]:
        people = self._people(asked)
        recipients = [_recipient(one, people) for one in asked]
        products, stock = self._goods(asked)
        histories = self._histories(asked, recipients, products)
        single = len(asked) == 1
        answers = []
        for one, (customer_id, problem, customer) in zip(asked, recipients, strict=True):
            lines = histories.get(customer_id, ()) if customer_id is not None else ()
            answers.append(
                Snapshot(
                    message=one.message,
                    as_of_us=one.as_of_us,
                    customer_id=customer_id,
                    customer_problem=problem,
                    customer=customer if self._needs.customer else None,
                    products=products if single else _some(products, one.skus),
                    stock=stock if single else _some(stock, one.skus),
                    lines=tuple(lines) if single else self._relevant(one, lines, products),
                    feeds_us=people.feeds_us,
                )
            )
        return answers

    def _people(self, asked: Sequence[_Asked]) -> _People:
        addresses = {one.address for one in asked if one.address is not None}
        parameters: list[Any] = []
        if self._needs.customer:
            parameters.append(self._list({m.customer_id for m, *_ in asked if m.customer_id is not None}))
        if addresses:
            parameters += self._tuples(list(addresses))
        statement = self._statements.addressees if addresses else self._statements.people
        feeds_us: dict[Source, int | None] = dict.fromkeys(Source)
        by_id: dict[str, Customer] = {}
        by_address: dict[Address, Recipient] = {}
        for row in self._rows(statement, parameters):
            kind, value, number = row[:3]
            if kind == "feed":
                if value in _SOURCES:
                    feeds_us[_SOURCES[value]] = number
            elif kind == "id":
                by_id[value] = _customer(row)
            elif number > 1:
                by_address[kind, value] = (None, Why.AMBIGUOUS, None)
            else:
                by_address[kind, value] = (row[3], None, _customer(row))
        return _People(feeds_us, by_id, by_address)

    def _goods(self, asked: Sequence[_Asked]) -> tuple[dict[str, Product], dict[str, tuple[StockLevel, ...]]]:
        products: dict[str, Product] = {}
        stock: dict[str, tuple[StockLevel, ...]] = {}
        skus = asked[0].skus if len(asked) == 1 else {sku for one in asked for sku in one.skus}
        if self._statements.goods is None or not skus:
            return products, stock
        after_product = _PRODUCT.stop if self._has_products else 1
        for row in self._rows(self._statements.goods, (self._list(skus),)):
            sku = row[0]
            if self._has_products and row[1] is not None and sku not in products:
                products[sku] = _product(row[_PRODUCT])
            if self._needs.stock and row[after_product] is not None:
                stock[sku] = (*stock.get(sku, ()), StockLevel._make(row[after_product:]))
        return products, stock

    def _histories(
        self, asked: Sequence[_Asked], recipients: Sequence[Recipient], products: Mapping[str, Product]
    ) -> dict[str, list[OrderLine]]:
        found: dict[str, list[OrderLine]] = {}
        spans: dict[str, tuple[int, int]] = {}
        skus: set[str] = set()
        for one, (customer_id, _, _) in zip(asked, recipients, strict=True):
            if customer_id is not None:
                after, until = self._after_us(one.as_of_us), one.as_of_us
                if customer_id in spans:
                    known = spans[customer_id]
                    after, until = min(after, known[0]), max(until, known[1])
                spans[customer_id] = (after, until)
                skus.update(one.skus)
        if not self._statements.lines or not self._statements.lines_of_many or not spans or not skus:
            return found
        parameters = [*self._tuples([(customer_id, *span) for customer_id, span in spans.items()])]
        if len(asked) == 1:
            statement = self._statements.lines
            parameters += [self._list(keys) for keys in self._keys(asked[0], products)]
        else:
            statement = self._statements.lines_of_many
            parameters += self._pairs_of(asked, recipients, products)
        for row in self._rows(statement, parameters):
            found.setdefault(row[0], []).append(
                OrderLine(row[1], row[2], row[3], row[4], row[5], bool(row[6]), *row[7:])
            )
        return found

    def _keys(self, one: _Asked, products: Mapping[str, Product]) -> list[Collection[str]]:
        """The skus a message shows, then their groups, categories, brands: one list per way a line can count."""
        shown = [products[sku] for sku in one.skus if sku in products] if self._ways else []
        return [one.skus, *(_values(shown, way) for way in self._ways)]

    def _pairs_of(
        self, asked: Sequence[_Asked], recipients: Sequence[Recipient], products: Mapping[str, Product]
    ) -> list[Any]:
        """The keys of many messages, each beside its customer: one's popular brand must not fetch another's lines."""
        pairs: list[dict[Row, None]] = [{} for _ in ("sku", *self._ways)]
        for one, (customer_id, _, _) in zip(asked, recipients, strict=True):
            if customer_id is not None:
                for keys, of_way in zip(self._keys(one, products), pairs, strict=True):
                    of_way.update(dict.fromkeys((customer_id, key) for key in keys))
        return [parameter for of_way in pairs for parameter in self._pairs(list(of_way))]

    def _relevant(
        self, one: _Asked, lines: Sequence[OrderLine], products: Mapping[str, Product]
    ) -> tuple[OrderLine, ...]:
        if not lines:
            return ()
        after_us = self._after_us(one.as_of_us)
        wanted = list(zip(self._ways, self._keys(one, products)[1:], strict=True))
        return tuple(
            line
            for line in lines
            if after_us < line.ordered_at_us <= one.as_of_us
            and (line.sku in one.skus or any(getattr(line, way) in values for way, values in wanted))
        )

    def _after_us(self, as_of_us: int) -> int:
        window_us = self._needs.history_window_us
        return BEGINNING_US if window_us is None else as_of_us - window_us

    def _rows(self, statement: str, parameters: Sequence[Any]) -> list[Row]:
        return self._database.rows(statement, tuple(parameters))


def _asked(message: Message, as_of_us: int) -> _Asked:
    skus = tuple(dict.fromkeys([*(item.sku for item in message.items), *message.replacements]))
    address: Address | None = None
    if message.customer_id is None:
        try:
            if message.email is not None:
                address = ("email", normal_email(message.email))
            else:
                address = ("phone", normal_phone(message.phone or ""))
        except FactsError:
            address = None
    return _Asked(message, as_of_us, address, skus)


def _recipient(one: _Asked, people: _People) -> Recipient:
    customer_id = one.message.customer_id
    if customer_id is not None:
        return customer_id, None, people.by_id.get(customer_id)
    return _MISSING if one.address is None else people.by_address.get(one.address, _MISSING)


def _customer(row: Row) -> Customer:
    return Customer._make((*row[3:8], _map(row[8]), _map(row[9])))


def _product(columns: Row) -> Product:
    bundle, attributes = columns[-2:]
    return Product._make((*columns[:-2], () if bundle == "[]" else tuple(orjson.loads(bundle)), _map(attributes)))


def _map(text: str) -> Any:
    return {} if text == "{}" else orjson.loads(text)


def _values(products: Iterable[Product], way: str) -> set[str]:
    return {value for product in products if (value := getattr(product, way)) is not None}


def _some(facts: Mapping[str, Any], skus: Iterable[str]) -> dict[str, Any]:
    return {sku: facts[sku] for sku in skus if sku in facts}


def _json_list(values: Iterable[str]) -> str:
    return orjson.dumps(list(values)).decode()


def _json_tuples(rows: Sequence[Row]) -> tuple[str]:
    return (orjson.dumps(rows).decode(),)


def _two_columns(pairs: Sequence[Row]) -> tuple[list[Any], ...]:
    return [first for first, _ in pairs], [second for _, second in pairs]


def _columns(rows: Sequence[Row]) -> tuple[list[Any], ...]:
    return tuple(list(column) for column in zip(*rows, strict=True))

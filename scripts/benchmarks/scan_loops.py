"""Rivals (c) and (d): a loop over `check_many`, and the loop with SQLModel objects a user would write first.

Both decide message by message from a store, and write what the other rivals write. They are measured on a sample.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
from sqlmodel import Session, col, select

import suppress
from scripts.benchmarks.shop import AS_OF, AS_OF_US, US_PER_DAY
from suppress import Item, Message
from suppress.stores.database import Database
from suppress.stores.tables import CustomerRow, OrderLineRow, ProductRow, StockRow

_ONE_ENOUGH: Final = ("dept-00", "dept-03/aisle-17", "dept-05/aisle-26")
_BATCH: Final = 10_000


class Judged(NamedTuple):
    """One message decided: per item the rule that dropped it or None, and the rule that holds the message back."""

    message: Message
    rules: Sequence[str | None]
    deciding: str | None


def check_many_loop(url: str, rules: str, messages: Iterator[Message]) -> Iterator[Judged]:
    """(c): `check_many`, message by message."""
    given: list[Message] = []

    def noted() -> Iterator[Message]:
        for message in messages:
            given.append(message)
            yield message

    with suppress.open(url, rules) as gate:
        for number, decision in enumerate(gate.check_many(noted(), as_of=AS_OF)):
            dropped = [item.deciding.rule if item.deciding else None for item in decision.items]
            deciding = decision.reasons[0].rule if decision.reasons else None
            yield Judged(given[number], dropped, deciding)


def orm_loop(url: str, rules: str, messages: Iterator[Message]) -> Iterator[Judged]:
    """(d): the customer, the lines joined with their products, then two queries per item. `rules` are written out."""
    with Database.open(url) as database:
        for message in messages:
            with Session(database._read_engine) as session:
                customer = session.get(CustomerRow, message.customer_id)
                lines = session.exec(
                    select(OrderLineRow, ProductRow)
                    .join(ProductRow, col(ProductRow.sku) == OrderLineRow.sku)
                    .where(OrderLineRow.customer_id == message.customer_id, OrderLineRow.ordered_at_us <= AS_OF_US)
                ).all()
                rule_of = [_judge(session, customer, lines, item.sku) for item in message.items]
            consent = json.loads(customer.consent) if customer else {}
            deciding = None
            if consent.get(message.channel) is False:
                deciding = "no-consent"
            elif rule_of.count(None) < 2:
                deciding = "too-few-items"
            yield Judged(message, rule_of, deciding)


def _judge(
    session: Session, customer: CustomerRow | None, lines: Sequence[tuple[OrderLineRow, ProductRow]], sku: str
) -> str | None:
    product = session.get(ProductRow, sku)
    shelf = session.exec(select(StockRow).where(StockRow.sku == sku)).all()
    bought = [
        (AS_OF_US - line.ordered_at_us, its)
        for line, its in lines
        if line.units - line.cancelled_units - line.returned_units > 0
    ]
    if any(its.sku == sku and ago_us < 90 * US_PER_DAY for ago_us, its in bought):
        return "bought-this"
    if product is not None:
        style = product.item_group_id
        if any(its.item_group_id == style and ago_us < 180 * US_PER_DAY for ago_us, its in bought):
            return "bought-this-style"
        if _is_one_enough(product.category) and any(
            its.category == product.category and ago_us < 365 * US_PER_DAY for ago_us, its in bought
        ):
            return "one-is-enough"
    available = _available(shelf)
    if available is None or available < 20:
        return "nearly-sold-out"
    there = _available([row for row in shelf if customer and row.location_id == customer.region])
    if there is not None and there < 2:
        return "too-few-where-she-lives"
    if product is not None and product.status in ("discontinued", "hidden", "recalled"):
        return "not-for-sale"
    return None


def _is_one_enough(category: str | None) -> bool:
    return category is not None and any(category == one or category.startswith(f"{one}/") for one in _ONE_ENOUGH)


def _available(shelf: Sequence[StockRow]) -> int | None:
    if not shelf or any(AS_OF_US - row.updated_at_us >= US_PER_DAY for row in shelf):
        return None
    return sum(max(0, row.on_hand - row.reserved - row.safety_stock) for row in shelf)


LOOPS: Final[dict[str, Callable[[str, str, Iterator[Message]], Iterator[Judged]]]] = {
    "check-many": check_many_loop,
    "orm": orm_loop,
}


def _messages(path: str) -> Iterator[Message]:
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_BATCH):
            for row in batch.to_pylist():
                yield Message(
                    message_id=row["message_id"],
                    customer_id=row["customer_id"],
                    channel=row["channel"],
                    campaign_id=row["campaign_id"],
                    items=tuple(Item(sku=sku) for sku in row["items"]),
                )


def _write(out: Path, judged: Sequence[Judged]) -> None:
    items: dict[str, list[Any]] = {name: [] for name in ("message_id", "position", "sku", "verdict", "rule")}
    told: dict[str, list[Any]] = {name: [] for name in ("message_id", "customer_id", "verdict", "rule", "kept")}
    for message, rules, deciding in judged:
        for place, (item, rule) in enumerate(zip(message.items, rules, strict=True), 1):
            row = (message.message_id, place, item.sku, "drop" if rule else "keep", rule)
            for column, value in zip(items.values(), row, strict=True):
                column.append(value)
        kept = [item.sku for item, rule in zip(message.items, rules, strict=True) if rule is None]
        verdict = "suppress" if deciding else "send"
        whole = (message.message_id, message.customer_id, verdict, deciding, kept)
        for column, value in zip(told.values(), whole, strict=True):
            column.append(value)
    out.mkdir(parents=True)
    pq.write_table(pa.table(items), out / "items.parquet", compression="zstd")
    pq.write_table(pa.table(told), out / "messages.parquet", compression="zstd")


def _main(url: str, messages: str, out: str, loop: str, rules: str) -> None:
    begun, cpu = time.perf_counter(), time.process_time()
    judged = list(LOOPS[loop](url, rules, _messages(messages)))
    _write(Path(out), judged)
    took = {"work_s": time.perf_counter() - begun, "work_cpu_s": time.process_time() - cpu}
    print(json.dumps({**took, "messages": len(judged)}))


if __name__ == "__main__":
    _main(*sys.argv[1:])

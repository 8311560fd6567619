"""Turn messages of a scan into Snapshots from a facts folder, for the few the engine itself is asked about.

Used where an answer has no closed form in columns. The store answers the same question for `check` (`stores.facts`).
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import duckdb

from suppress.decisions.decision import Why
from suppress.facts.catalog import Product
from suppress.facts.customer import Customer
from suppress.facts.feedback import Feedback
from suppress.facts.history import OrderLine
from suppress.facts.inventory import StockLevel
from suppress.facts.message import Item, Message
from suppress.facts.sent_log import SentItem, SentMessage
from suppress.facts.snapshot import MOST_MEMBERS, FactNeeds, Snapshot
from suppress.scan.folder import Folder
from suppress.scan.sql import any_of

BATCH: Final = 2_000
"""Messages whose facts are fetched together."""

_NOBODY: Final = "nobody@example.invalid"
"""Stands for a recipient nobody could name; only that nobody is known matters."""

Rows = list[dict[str, Any]]


class FolderFacts:
    """Reads Snapshots of the messages in the relations `asked_message` and `candidate` of one connection."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, folder: Folder, needs: FactNeeds) -> None:
        self._connection = connection
        self._folder = folder
        self._needs = needs

    def snapshots(self, numbers: Sequence[int]) -> Iterator[tuple[int, Snapshot]]:
        """Each message's number with its Snapshot."""
        for start in range(0, len(numbers), BATCH):
            yield from self._batch(numbers[start : start + BATCH])

    def _batch(self, numbers: Sequence[int]) -> Iterator[tuple[int, Snapshot]]:
        listed = ", ".join(map(str, numbers))
        messages = self._rows(f"SELECT * FROM asked_message WHERE message_no IN ({listed})")
        candidates = _grouped(
            self._rows(f"SELECT * FROM candidate WHERE message_no IN ({listed}) ORDER BY message_no, position"),
            "message_no",
        )
        wanted = f"SELECT sku FROM candidate WHERE message_no IN ({listed})"
        whom = f"SELECT customer_id FROM asked_message WHERE message_no IN ({listed})"
        products = self._products(wanted)
        stock = self._stock(wanted)
        customers = {row["customer_id"]: _customer(row) for row in self._of("customers", whom)}
        members = _grouped(self._members(whom), "household_id") if self._needs.household else {}
        lines = _grouped(self._lines(whom, wanted), "customer_id") if self._needs.history else {}
        sent = _grouped(self._sent(whom), "customer_id")
        feedback = _grouped(self._feedback(whom), "customer_id")
        for row in messages:
            as_of_us, who = row["as_of_us"], row["customer_id"]
            customer = customers.get(who)
            household = members.get(customer.household_id, []) if customer and customer.household_id else []
            others = [member["customer_id"] for member in household if member["customer_id"] != who]
            is_crowd = len(others) >= MOST_MEMBERS
            theirs = {} if is_crowd else {other: _known(lines.get(other, []), as_of_us) for other in others}
            yield (
                row["message_no"],
                Snapshot(
                    message=_message(row, candidates.get(row["message_no"], [])),
                    as_of_us=as_of_us,
                    customer_id=who,
                    customer_problem=None if who is not None else Why(row.get("customer_problem") or "missing"),
                    customer=customer,
                    products=products,
                    stock=stock,
                    lines=_known(lines.get(who, []), as_of_us),
                    household_problem=Why.AMBIGUOUS if is_crowd else None,
                    household_lines={other: known for other, known in theirs.items() if known},
                    sent=tuple(one["message"] for one in sent.get(who, []) if one["sent_at_us"] <= as_of_us),
                    feedback=tuple(one["said"] for one in feedback.get(who, []) if one["at_us"] <= as_of_us),
                    feeds_us=self._folder.feeds_us,
                ),
            )

    def _products(self, wanted: str) -> dict[str, Product]:
        """Those of the skus, and all others of their styles."""
        every = self._folder.relation("products")
        rows = self._rows(
            f"SELECT * FROM ({every}) WHERE item_group IN (SELECT item_group FROM ({every}) WHERE sku IN ({wanted}))"
        )
        return {
            row["sku"]: Product(
                **{**row, "bundle_of": tuple(row["bundle_of"] or ()), "attributes": row["attributes"] or {}}
            )
            for row in rows
        }

    def _stock(self, wanted: str) -> dict[str, tuple[StockLevel, ...]]:
        every = self._folder.relation("products")
        styles = (
            f"SELECT sku FROM ({every}) WHERE item_group IN (SELECT item_group FROM ({every}) WHERE sku IN ({wanted}))"
        )
        rows = self._rows(
            f"SELECT * FROM ({self._folder.relation('stock')}) WHERE sku IN ({wanted}) OR sku IN ({styles})"
            " ORDER BY sku, location_id"
        )
        return {sku: tuple(StockLevel(**row) for row in levels) for sku, levels in _grouped(rows, "sku").items()}

    def _members(self, whom: str) -> Rows:
        people = self._folder.relation("customers")
        homes = f"SELECT household_id FROM ({people}) WHERE customer_id IN ({whom})"
        return self._rows(f"SELECT customer_id, household_id FROM ({people}) WHERE household_id IN ({homes})")

    def _lines(self, whom: str, wanted: str) -> Rows:
        """The lines that can count for any of the candidates, by any of the ways rules ask for."""
        everybody = whom
        if self._needs.household:
            people = self._folder.relation("customers")
            homes = f"SELECT household_id FROM ({people}) WHERE customer_id IN ({whom})"
            everybody = f"{whom} UNION SELECT customer_id FROM ({people}) WHERE household_id IN ({homes})"
        products = self._folder.relation("products")
        ways = [f"l.sku IN ({wanted})"]
        ways += [
            f"l.{way} IN (SELECT {way} FROM ({products}) WHERE sku IN ({wanted}))"
            for way in sorted(self._needs.history_by & {"item_group", "category", "brand"})
        ]
        if "component" in self._needs.history_by:
            ways += [
                "len(b.bundle_of) > 0",
                f"l.sku IN (SELECT unnest(bundle_of) FROM ({products}) WHERE sku IN ({wanted}))",
            ]
        bundles = f"SELECT sku, bundle_of FROM ({products})"
        rows = self._rows(
            f"SELECT l.*, b.bundle_of FROM ({self._folder.relation('lines')}) l LEFT JOIN ({bundles}) b ON b.sku ="
            " l.sku"
            f" WHERE l.customer_id IN ({everybody}) AND ({any_of(ways)})"
            " ORDER BY l.customer_id, l.ordered_at_us, l.order_id, l.line_id"
        )
        for row in rows:
            row["line"] = OrderLine(
                sku=row["sku"],
                ordered_at_us=row["ordered_at_us"],
                units=row["units"],
                # Whatever came back is in the kept units of the version already.
                cancelled_units=row["units"] - row["kept_units"],
                is_gift=row["is_gift"],
                channel=row["channel"],
                item_group=row["item_group"],
                category=row["category"],
                brand=row["brand"],
                order_id=row["order_id"],
                bundle_of=tuple(row["bundle_of"] or ()),
            )
        return rows

    def _sent(self, whom: str) -> Rows:
        rows = self._rows(
            f"SELECT * FROM ({self._folder.relation('sent')}) WHERE customer_id IN ({whom}) ORDER BY sent_at_us,"
            " message_id"
        )
        kinds = self._kinds({sku for row in rows for sku in row["items"] or ()})
        for row in rows:
            items = tuple(SentItem(sku, *kinds.get(sku, (None, None))) for sku in row["items"] or ())
            row["message"] = SentMessage(
                row["message_id"], row["sent_at_us"], row["channel"], row["campaign_id"], items
            )
        return rows

    def _feedback(self, whom: str) -> Rows:
        rows = self._rows(f"SELECT * FROM ({self._folder.relation('feedback')}) WHERE customer_id IN ({whom})")
        kinds = self._kinds({row["about"] for row in rows if row["about_kind"] == "sku"})
        for row in rows:
            if row["about_kind"] == "sku":
                row["said"] = Feedback(row["says"], row["at_us"], row["about"], *kinds.get(row["about"], (None, None)))
            else:
                row["said"] = Feedback(row["says"], row["at_us"], category=row["about"])
        rows.sort(key=lambda row: (row["at_us"], row["says"], row["said"].sku or "", row["said"].category or ""))
        return rows

    def _kinds(self, skus: set[str]) -> dict[str, tuple[str | None, str | None]]:
        """Style and category by sku."""
        rows = self._connection.execute(
            f"SELECT sku, item_group, category FROM ({self._folder.relation('products')}) WHERE sku IN (SELECT"
            " unnest(?))",
            [sorted(skus)],
        ).fetchall()
        return {sku: (group, category) for sku, group, category in rows}

    def _of(self, table: str, whom: str) -> Rows:
        return self._rows(f"SELECT * FROM ({self._folder.relation(table)}) WHERE customer_id IN ({whom})")

    def _rows(self, select: str) -> Rows:
        found = self._connection.execute(select)
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


Exact = Callable[[Snapshot], Sequence[int | None]]
"""Given a Snapshot, when each of its message's items and replacements could be shown again; None = nobody can say."""


def _grouped(rows: Rows, key: str) -> dict[Any, Rows]:
    groups: dict[Any, Rows] = {}
    for row in rows:
        groups.setdefault(row[key], []).append(row)
    return groups


def _known(lines: Rows, as_of_us: int) -> tuple[OrderLine, ...]:
    return tuple(row["line"] for row in lines if row["from_us"] <= as_of_us < row["until_us"])


def _customer(row: dict[str, Any]) -> Customer:
    return Customer(**{**row, "consent": row["consent"] or {}, "attributes": row["attributes"] or {}})


def _message(row: dict[str, Any], candidates: Rows) -> Message:
    return Message(
        items=tuple(
            Item(sku=one["sku"], placement=one["placement"], score=one["score"])
            for one in candidates
            if not one["is_replacement"]
        ),
        customer_id=row["customer_id"],
        email=None if row["customer_id"] is not None else _NOBODY,
        message_id=row["message_id"],
        channel=row["channel"],
        campaign_id=row["campaign_id"],
        campaign_tags=tuple(row["campaign_tags"] or ()),
        slots=row["slots"],
        replacements=tuple(one["sku"] for one in candidates if one["is_replacement"]),
        attributes=dict(row["attributes"] or {}),
    )

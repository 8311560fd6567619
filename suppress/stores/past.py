"""What happened before: purchases, messages and feedback of the customers of some messages, in one statement.

A single message gets exactly the rows the statement finds; of a batch's rows each message gets those that concern it.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import orjson

from suppress.facts.catalog import Product
from suppress.facts.feedback import Feedback
from suppress.facts.history import OrderLine
from suppress.facts.sent_log import SentItem, SentMessage
from suppress.facts.snapshot import FactNeeds
from suppress.stores.asked import Asked, Recipient
from suppress.stores.database import Database
from suppress.stores.dialects import Lists, Row
from suppress.stores.statements import COMPONENT, Statements, ways_of

BEGINNING_US: Final = -(2**62)
"""Before any order, for windows without an end: far from the edge of 64 bits on purpose."""

Products = Mapping[str, Product]


@dataclass(frozen=True, slots=True)
class Found:
    """The answer, by customer; of everybody who was asked for, household members too."""

    lines: dict[str, list[OrderLine]] = field(default_factory=dict)
    sent: dict[str, list[SentMessage]] = field(default_factory=dict)
    feedback: dict[str, list[Feedback]] = field(default_factory=dict)


class PastOf(NamedTuple):
    """What of it concerns one message."""

    lines: tuple[OrderLine, ...] = ()
    household_lines: Mapping[str, tuple[OrderLine, ...]] = {}
    sent: tuple[SentMessage, ...] = ()
    feedback: tuple[Feedback, ...] = ()


NOTHING: Final = PastOf()


class Past:
    """Reads what happened before, as far as one compiled ruleset needs it. Threads may share it."""

    def __init__(self, database: Database, needs: FactNeeds, statements: Statements) -> None:
        self._database = database
        self._needs = needs
        self._statements = statements
        self._lists = Lists(database.dialect)
        self._ways = ways_of(needs.history_by)
        self._sent_ways = ways_of(needs.sent_by)
        self._by_component = COMPONENT in needs.history_by
        self._is_more = needs.sent or needs.feedback

    def of_one(self, one: Asked, to: Recipient, products: Products) -> PastOf:
        """What concerns a single message: all that the statement finds."""
        who, needs, lists = to.customer_id, self._needs, self._lists
        if who is None or self._statements.past is None or not (one.skus or self._is_more):
            return NOTHING
        until_us = one.as_of_us
        parameters: list[Any] = []
        if needs.history:
            after_us = _after_us(one, needs.history_window_us)
            spans = [(who, after_us, until_us)]
            if to.others:
                spans += [(other, after_us, until_us) for other in to.others]
            parameters += lists.rows(spans, 3)
            parameters += [lists.values(keys) for keys in self._line_keys(one, products)]
        if needs.sent:
            span = lists.rows([(who, _after_us(one, needs.sent_window_us), until_us)], 3)
            parameters += span
            if needs.sent_by:
                parameters += span
                parameters += [lists.values(keys) for keys in self._message_keys(one, products)]
        if needs.feedback:
            parameters += lists.rows([(who, BEGINNING_US, until_us)], 3)
        rows = self._database.rows(self._statements.past, tuple(parameters))
        if not self._statements.is_mixed and not to.others:
            return PastOf(tuple([_line(row) for row in rows]))
        found = self._found(rows)
        lines = {whose: tuple(lines) for whose, lines in found.lines.items()} if one.skus else {}
        return PastOf(lines.pop(who, ()), lines, tuple(found.sent.get(who, ())), tuple(found.feedback.get(who, ())))

    def of_many(self, asked: Sequence[Asked], recipients: Sequence[Recipient], products: Products) -> list[PastOf]:
        """What concerns each message, in order."""
        known = [(one, to) for one, to in zip(asked, recipients, strict=True) if to.customer_id is not None]
        if self._statements.past_of_many is None or not (
            known and (self._is_more or any(one.skus for one, _ in known))
        ):
            return [NOTHING] * len(asked)
        rows = self._database.rows(self._statements.past_of_many, tuple(self._parameters_of_many(known, products)))
        found = self._found(rows)
        return [self._relevant(one, to, found, products) for one, to in zip(asked, recipients, strict=True)]

    def _parameters_of_many(self, known: Sequence[tuple[Asked, Recipient]], products: Products) -> Iterator[Any]:
        needs = self._needs
        if needs.history:
            yield from self._spans(known, needs.history_window_us, with_others=True)
            yield from self._pairs(
                [((to.customer_id, *to.others), self._line_keys(one, products)) for one, to in known]
            )
        if needs.sent:
            spans = self._spans(known, needs.sent_window_us)
            yield from spans
            if needs.sent_by:
                yield from spans
                yield from self._pairs([((to.customer_id,), self._message_keys(one, products)) for one, to in known])
        if needs.feedback:
            yield from self._spans(known, None)

    def _spans(
        self, known: Sequence[tuple[Asked, Recipient]], window_us: int | None, *, with_others: bool = False
    ) -> tuple[Any, ...]:
        """The customers, each with the time that all messages to her, or to her household, want together."""
        spans: dict[str | None, tuple[int, int]] = {}
        for one, to in known:
            after, until = _after_us(one, window_us), one.as_of_us
            for who in (to.customer_id, *to.others) if with_others else (to.customer_id,):
                earlier, later = spans.get(who, (after, until))
                spans[who] = (min(after, earlier), max(until, later))
        return self._lists.rows([(who, *span) for who, span in spans.items()], 3)

    def _pairs(self, keyed: Sequence[tuple[Sequence[str | None], list[Collection[str]]]]) -> Iterator[Any]:
        """One list per way. Each key stands beside its customer: one's popular brand must not fetch another's lines."""
        pairs: list[dict[Row, None]] = [{} for _ in keyed[0][1]]
        for whose, lists in keyed:
            for keys, of_way in zip(lists, pairs, strict=True):
                of_way.update(dict.fromkeys((who, key) for who in whose for key in keys))
        for of_way in pairs:
            yield from self._lists.rows(list(of_way), 2)

    def _found(self, rows: Iterable[Row]) -> Found:
        if self._statements.is_mixed:
            return _mixed(rows)
        found = Found()
        for row in rows:
            found.lines.setdefault(row[0], []).append(_line(row))
        return found

    def _line_keys(self, one: Asked, products: Products) -> list[Collection[str]]:
        """The skus whose lines count, then groups, categories, brands: one list per way a line can count."""
        keys = _keys(one, products, self._ways)
        if self._by_component:
            keys[0] = {*one.skus, *(part for sku in one.skus if sku in products for part in products[sku].bundle_of)}
        return keys

    def _message_keys(self, one: Asked, products: Products) -> list[Collection[str]]:
        return _keys(one, products, self._sent_ways)

    def _relevant(self, one: Asked, to: Recipient, found: Found, products: Products) -> PastOf:
        if to.customer_id is None:
            return NOTHING
        lines: dict[str, tuple[OrderLine, ...]] = {}
        if one.skus:
            keys = self._line_keys(one, products)
            for who in (to.customer_id, *to.others):
                if who in found.lines and (some := self._relevant_lines(one, keys, found.lines[who])):
                    lines[who] = some
        return PastOf(
            lines.pop(to.customer_id, ()),
            lines,
            self._relevant_messages(one, found.sent.get(to.customer_id, ()), products),
            tuple(said for said in found.feedback.get(to.customer_id, ()) if said.at_us <= one.as_of_us),
        )

    def _relevant_lines(
        self, one: Asked, keys: list[Collection[str]], lines: Sequence[OrderLine]
    ) -> tuple[OrderLine, ...]:
        after_us = _after_us(one, self._needs.history_window_us)
        wanted = list(zip(self._ways, keys[1:], strict=True))
        return tuple(
            line
            for line in lines
            if after_us < line.ordered_at_us <= one.as_of_us
            and (line.sku in keys[0] or line.bundle_of or any(getattr(line, way) in values for way, values in wanted))
        )

    def _relevant_messages(
        self, one: Asked, messages: Sequence[SentMessage], products: Products
    ) -> tuple[SentMessage, ...]:
        if not messages:
            return ()
        after_us = _after_us(one, self._needs.sent_window_us)
        skus, *keys = self._message_keys(one, products)
        wanted = list(zip(self._sent_ways, keys, strict=True))
        return tuple(
            message._replace(
                items=tuple(
                    item
                    for item in message.items
                    if item.sku in skus or any(getattr(item, way) in values for way, values in wanted)
                )
            )
            if message.items
            else message
            for message in messages
            if after_us < message.sent_at_us <= one.as_of_us
        )


def _after_us(one: Asked, window_us: int | None) -> int:
    return BEGINNING_US if window_us is None else one.as_of_us - window_us


def _keys(one: Asked, products: Products, ways: Sequence[str]) -> list[Collection[str]]:
    shown = [products[sku] for sku in one.skus if sku in products] if ways else []
    values = ({value for product in shown if (value := getattr(product, way)) is not None} for way in ways)
    return [one.skus, *values]


def _line(row: Row) -> OrderLine:
    return OrderLine(row[1], row[2], row[3], row[4], row[5], bool(row[6]), *row[7:])


def _mixed(rows: Iterable[Row]) -> Found:
    found = Found()
    shown: dict[tuple[str, str], list[SentItem]] = {}
    sent: list[Row] = []
    for row in rows:
        kind = row[13]
        if kind == "line":
            line = OrderLine._make((*row[1:6], bool(row[6]), *row[7:12], _parts(row[12])))
            found.lines.setdefault(row[0], []).append(line)
        elif kind == "sent":
            sent.append(row)
        elif kind == "shown":
            shown.setdefault((row[0], row[11]), []).append(SentItem(row[1], row[8], row[9]))
        else:
            found.feedback.setdefault(row[0], []).append(Feedback(row[11], row[2], row[1], row[8], row[9]))
    for row in sorted(sent, key=lambda row: (row[2], row[11])):
        items = tuple(shown.get((row[0], row[11]), ()))
        found.sent.setdefault(row[0], []).append(SentMessage(row[11], row[2], row[7], row[12], items))
    for said in found.feedback.values():
        said.sort(key=lambda each: (each.at_us, each.says, each.sku or "", each.category or ""))
    return found


def _parts(bundle_of: str | None) -> tuple[str, ...]:
    return () if bundle_of is None or bundle_of == "[]" else tuple(orjson.loads(bundle_of))

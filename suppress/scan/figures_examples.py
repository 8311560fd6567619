"""Draw rows worth looking at: the ten things customers were best spared, and a sample of what was held back.

Rows are known by their number in the file while they are ranked and drawn; only those that are told are read whole.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any, Final, NamedTuple

import duckdb

from suppress.decisions.decision import ItemVerdict, Mode, Verdict
from suppress.decisions.report import Clue, Prevented, Row, Sample
from suppress.facts.instants import from_us

EXAMPLES: Final = 10
SAMPLED_ITEMS: Final = 300
SAMPLED_MESSAGES: Final = 200

_PER_RULE: Final = 30
_MESSAGES_PER_RULE: Final = 6

EMBARRASSING: Final[Mapping[str, float]] = {
    "recalled": 0.9,
    "do_not_contact": 0.9,
    "no_consent": 0.75,
    "open_case": 0.7,
    "already_owned": 0.6,
    "restricted": 0.6,
    "not_interested": 0.5,
    "out_of_stock": 0.45,
    "not_for_sale": 0.4,
    "already_shown": 0.3,
    "stock_unknown": 0.2,
    "unknown_product": 0.2,
    "quiet_hours": 0.2,
    "low_stock": 0.15,
    "frequency_capped": 0.15,
    "too_few_items": 0.0,
    "nothing_left": 0.0,
    "unknown_customer": 0.0,
}
"""Reason code -> how much a customer would mind, from 0 (not told) to 1, where no purchase says so; others: 0.1."""

_OTHERS: Final = 0.1

_AGAIN: Final = 0.55
_SAME_CATEGORY: Final = 0.8
"""What a further example of the same rule, or of the same category, is worth beside the first one."""

_DRAW: Final = "(n % 1000000007) * 2654435761 % 4294967291"
"""An order of rows that looks random and is the same in every run."""


class _Item(NamedTuple):
    """A dropped item as it stands in the table, with what the catalogue says of it."""

    number: int
    message_id: str
    customer_id: str | None
    sku: str
    title: str | None
    category: str | None
    price_minor: int | None
    currency: str | None
    rule: str
    code: str
    reasons: list[dict[str, str]] | None
    again_us: int | None
    clues: list[dict[str, Any]] | None
    replaced_by: str | None


class _Found(NamedTuple):
    """Something that might be told, and how embarrassing it would have been. `item` None: a whole message."""

    worth: float
    message_id: str
    customer_id: str | None
    rule: str
    code: str
    item: _Item | None = None

    @property
    def category(self) -> str | None:
        """What makes two examples alike, beside their rule."""
        return self.item.category if self.item else "the message"

    @property
    def sku(self) -> str | None:
        """The item's; None for a message."""
        return self.item.sku if self.item else None


def examples(
    connection: duckdb.DuckDBPyConnection, first_us: int | None, last_us: int | None
) -> tuple[tuple[Prevented, ...], Sample]:
    """At most ten prevented embarrassments, and a sample of what was dropped, suppressed or held.

    Embarrassing is: bought most recently and dear first, recalled and unwelcome ones among them; each customer and
    product once. The sample has as many rows of every rule as there is room for. `first_us`, `last_us`: the first
    and last instant a message was judged as of; None without messages.
    """
    if first_us is None or last_us is None:
        return (), Sample()
    _rank(connection, first_us if first_us == last_us else None)
    items_total, rules = _extent(connection, "report_dropped", "TRUE")
    drawn = _numbers(connection, f"arg_min(n, {_DRAW}, {SAMPLED_ITEMS // max(1, rules)})")
    best = _numbers(connection, f"arg_max(n, (rank << 36) - n, {_PER_RULE}) FILTER (rank > 0)")
    items = _read(connection, drawn | best)
    worth = dict(connection.execute("SELECT n, rank / 1e7 FROM report_dropped WHERE n IN (SELECT unnest(?))", [[*best]])
                 .fetchall())  # fmt: skip
    found = [
        _Found(worth[number], item.message_id, item.customer_id, item.rule, item.code, item)
        for number, item in items.items()
        if number in best
    ]
    told = _prevented(connection, _varied([*found, *_messages(connection)]))
    sample = _sample(connection, [item for number, item in items.items() if number in drawn], items_total)
    connection.execute("DROP TABLE report_dropped")
    return told, sample


def _rank(connection: duckdb.DuckDBPyConnection, as_of_us: int | None) -> None:
    """Make the table `report_dropped`: number, rule and embarrassment (in ten-millionths) of each dropped candidate.

    A purchase is as old as it was when its message was judged: at `as_of_us`, or where None, each at its own time.
    """
    as_of, when = str(as_of_us), ""
    if as_of_us is None:
        as_of = "epoch_us(as_of)"
        when = "LEFT JOIN (SELECT message_id, as_of FROM report_messages) USING (message_id)"
    connection.execute("CREATE OR REPLACE TEMP TABLE report_codes (code VARCHAR, worth DOUBLE)")
    connection.executemany("INSERT INTO report_codes VALUES (?, ?)", list(EMBARRASSING.items()))
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE report_dropped AS
           SELECT n, "rule", round(1e7 * (0.3 + dear) * CASE
                   WHEN bought_us IS NOT NULL THEN 1 / (1 + greatest(0, as_of_us - bought_us) / 864e9)
                   ELSE coalesce(worth, $others) END)::BIGINT AS rank
           FROM (SELECT file_row_number AS n, "rule", code, dear, {as_of} AS as_of_us,
                        list_max(list_transform(evidence, lambda e: CASE WHEN starts_with(e.field, 'bought.')
                            THEN epoch_us(e."at") END)) AS bought_us
                 FROM report_items JOIN report_skus USING (sku) {when}
                 WHERE verdict = 'drop' AND NOT is_replacement)
           LEFT JOIN report_codes USING (code)""",
        {"others": _OTHERS},
    )


def _numbers(connection: duckdb.DuckDBPyConnection, chosen: str) -> set[int]:
    """The numbers of the rows an aggregate chooses for each rule."""
    rows = connection.execute(f'SELECT unnest({chosen}) FROM report_dropped GROUP BY "rule"').fetchall()
    return {number for (number,) in rows}


def _read(connection: duckdb.DuckDBPyConnection, numbers: Collection[int]) -> dict[int, _Item]:
    """The dropped items of these numbers, in the order of the file."""
    rows = connection.execute(
        """SELECT file_row_number, message_id, customer_id, sku, title, category, price_minor, currency, "rule", code,
               reasons, epoch_us(eligible_again_at),
               [{'field': e.field, 'seen': e.seen, 'at_us': epoch_us(e."at")} FOR e IN evidence], replaced_by
           FROM report_items JOIN report_skus USING (sku) WHERE file_row_number IN (SELECT unnest(?))
           ORDER BY file_row_number""",
        [[*numbers]],
    ).fetchall()
    return {row[0]: _Item(*row) for row in rows}


def _messages(connection: duckdb.DuckDBPyConnection) -> list[_Found]:
    """Whole messages nobody should have got, a few of every rule."""
    rows = connection.execute(
        f"""WITH drawn AS (
                SELECT unnest(arg_min(n, {_DRAW}, {_MESSAGES_PER_RULE})) AS file_row_number
                FROM (SELECT file_row_number AS n, "rule" FROM report_messages WHERE verdict <> 'send') GROUP BY "rule")
            SELECT coalesce(worth, ?) AS worth, message_id, customer_id, "rule", code
            FROM report_messages LEFT JOIN report_codes USING (code)
            WHERE file_row_number IN (FROM drawn) AND "rule" IS NOT NULL ORDER BY file_row_number""",
        [_OTHERS],
    ).fetchall()
    return [_Found(*row) for row in rows if row[0] > 0]


def _varied(found: list[_Found]) -> list[_Found]:
    """The best ten, where a further one of a kind counts less, and no customer or product comes twice."""
    left = sorted(found, key=lambda one: (-one.worth, one.rule, one.message_id, one.sku or ""))
    chosen: list[_Found] = []
    rules: Counter[str] = Counter()
    categories: Counter[str | None] = Counter()
    while left and len(chosen) < EXAMPLES:
        best = max(
            left, key=lambda one: one.worth * _AGAIN ** rules[one.rule] * _SAME_CATEGORY ** categories[one.category]
        )
        chosen.append(best)
        rules[best.rule] += 1
        categories[best.category] += 1
        left = [
            one
            for one in left
            if one.message_id != best.message_id
            and (one.customer_id is None or one.customer_id != best.customer_id)
            and (one.sku is None or one.sku != best.sku)
        ]
    return chosen


def _prevented(connection: duckdb.DuckDBPyConnection, chosen: list[_Found]) -> tuple[Prevented, ...]:
    """What was chosen, with the messages it was in and the replacements that were shown instead."""
    messages = {
        message_id: (channel, at_us)
        for message_id, channel, at_us in connection.execute(
            "SELECT message_id, channel, epoch_us(as_of) FROM report_messages WHERE message_id IN (SELECT unnest(?))",
            [[found.message_id for found in chosen]],
        ).fetchall()
    }
    replacements = [found.item.replaced_by for found in chosen if found.item and found.item.replaced_by]
    titles: dict[str, str | None] = dict(
        connection.execute(
            "SELECT sku, title FROM report_products WHERE sku IN (SELECT unnest(?))", [replacements]
        ).fetchall()
    )
    # A message without an id cannot be told of; it counts all the same.
    named = (found for found in chosen if found.message_id in messages)
    return tuple(_told(found, *messages[found.message_id], titles) for found in named)


def _told(found: _Found, channel: str | None, as_of_us: int, titles: Mapping[str, str | None]) -> Prevented:
    item = found.item
    return Prevented(
        message_id=found.message_id,
        customer_id=found.customer_id,
        channel=channel,
        as_of=from_us(as_of_us),
        rule=found.rule,
        code=found.code,
        sku=item.sku if item else None,
        title=item.title if item else None,
        category=item.category if item else None,
        price_minor=item.price_minor if item else None,
        currency=item.currency if item else None,
        clues=_clues(item.clues) if item else (),
        replaced_by=item.replaced_by if item else None,
        replaced_by_title=titles.get(item.replaced_by) if item and item.replaced_by else None,
    )


def _clues(evidence: list[dict[str, Any]] | None) -> tuple[Clue, ...]:
    return tuple(
        Clue(field=one["field"], seen=one["seen"], at=None if one["at_us"] is None else from_us(one["at_us"]))
        for one in evidence or []
    )


def _sample(connection: duckdb.DuckDBPyConnection, items: list[_Item], items_total: int) -> Sample:
    """Messages that do not go out now and dropped items, by message."""
    messages_total, rules = _extent(connection, "report_messages", "verdict <> 'send'")
    messages = connection.execute(
        f"""WITH drawn AS (
                SELECT unnest(arg_min(n, {_DRAW}, {SAMPLED_MESSAGES // max(1, rules)})) AS file_row_number
                FROM (SELECT file_row_number AS n, "rule" FROM report_messages WHERE verdict <> 'send') GROUP BY "rule")
            SELECT message_id, customer_id, verdict, "rule", code, reasons, epoch_us(hold_until)
            FROM report_messages WHERE file_row_number IN (FROM drawn) ORDER BY file_row_number"""
    ).fetchall()
    rows = [
        Row(
            message_id=message_id,
            customer_id=customer_id,
            sku=None,
            title=None,
            verdict=Verdict(verdict),
            rule=rule,
            code=code,
            also=_also(rule, reasons),
            again_at=None if until_us is None else from_us(until_us),
        )
        for message_id, customer_id, verdict, rule, code, reasons, until_us in messages
    ]
    rows.extend(
        Row(
            message_id=item.message_id,
            customer_id=item.customer_id,
            sku=item.sku,
            title=item.title,
            verdict=ItemVerdict.DROP,
            rule=item.rule,
            code=item.code,
            also=_also(item.rule, item.reasons),
            again_at=None if item.again_us is None else from_us(item.again_us),
        )
        for item in items
    )
    rows.sort(key=lambda row: (row.message_id, row.sku or ""))
    return Sample(rows=tuple(rows), total=messages_total + items_total)


def _also(rule: str | None, reasons: list[dict[str, str]] | None) -> tuple[str, ...]:
    return tuple(one["rule"] for one in reasons or [] if one["mode"] == Mode.ENFORCE and one["rule"] != rule)


def _extent(connection: duckdb.DuckDBPyConnection, table: str, where: str) -> tuple[int, int]:
    """How many such rows there are, and of how many rules."""
    row = connection.execute(f'SELECT count(*), count(DISTINCT "rule") FROM {table} WHERE {where}').fetchone()
    return row or (0, 0)

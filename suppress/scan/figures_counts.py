"""Count an output folder: messages by verdict, items by what became of them, rules by what they did."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

import duckdb

from suppress.decisions.decision import Mode, Outcome
from suppress.decisions.report import Group, HoldBucket, Holds, Items, ReportContext, RuleFigures, UnknownFact, Verdicts
from suppress.facts.instants import from_us

GROUPS: Final = 12
"""Campaigns told one by one."""

MOST_BUCKETS: Final = 24
"""Bars of the picture of held messages."""

_HOUR_US: Final = 3_600_000_000
_WIDTHS_HOURS: Final = (1, 2, 3, 6, 12, 24, 48, 168, 720)

_Fired = list[dict[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageCounts:
    """What the table of messages says. `shown`: items with a slot in messages that are sent. `spared`: messages of the
    control group that would not have been sent to others.
    """

    verdicts: Verdicts
    customers: int
    unknown_customers: int
    from_us: int | None
    to_us: int | None
    shown: int
    control_customers: int
    control_messages: int
    spared: int
    figures: Mapping[str, RuleFigures] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemCounts:
    """What the table of items says."""

    items: Items
    spared: int
    figures: Mapping[str, RuleFigures]


def message_counts(connection: duckdb.DuckDBPyConnection, context: ReportContext) -> MessageCounts:
    """Messages by verdict and rule, and whom they are for."""
    row = connection.execute(
        """SELECT count(*) FILTER (customer_id IS NULL), epoch_us(min(as_of)), epoch_us(max(as_of)),
                  coalesce(sum(items_kept) FILTER (verdict = 'send'), 0), count(*) FILTER (control_group)
           FROM report_messages"""
    ).fetchone()
    unknown, from_at, to_at, shown, control_messages = row or (0, None, None, 0, 0)
    groups_ = connection.execute(
        """SELECT verdict, "rule", any_value(reasons), count(*) FROM report_messages
           GROUP BY verdict, "rule", hash(reasons)"""
    ).fetchall()
    tally = _Tally(context, acts_on="messages")
    verdicts = {"send": 0, "hold": 0, "suppress": 0}
    for verdict, rule, reasons, count in groups_:
        verdicts[verdict] += count
        tally.add(rule, reasons or [], count, goes_on=verdict == "send")
    return MessageCounts(
        verdicts=Verdicts(**verdicts),
        customers=_customers(connection, "TRUE"),
        unknown_customers=unknown,
        from_us=from_at,
        to_us=to_at,
        shown=int(shown),
        control_customers=_customers(connection, "control_group"),
        control_messages=control_messages,
        spared=tally.spared,
        figures=tally.figures,
    )


def _customers(connection: duckdb.DuckDBPyConnection, where: str) -> int:
    """How many different customers there are. They are told apart by 64 bits, which is quicker than by their ids."""
    row = connection.execute(
        f"""SELECT count(DISTINCT hash(customer_id)) FROM report_messages WHERE customer_id IS NOT NULL AND {where}"""
    ).fetchone()
    return row[0] if row else 0


def item_counts(connection: duckdb.DuckDBPyConnection, context: ReportContext, *, shown: int) -> ItemCounts:
    """Items by verdict and rule. Rules are counted on the candidates of messages, as `max_share` counts them."""
    asked = kept = replaced = tried = 0
    for verdict, is_replacement, was_replaced, count in connection.execute(
        """SELECT verdict, is_replacement, replaced_by IS NOT NULL, count(*) FROM report_items GROUP BY ALL"""
    ).fetchall():
        if is_replacement:
            tried += count
            continue
        asked += count
        kept += count if verdict == "keep" else 0
        replaced += count if was_replaced else 0
    tally = _Tally(context, acts_on="items")
    for verdict, rule, reasons, count in connection.execute(
        """SELECT verdict, "rule", any_value(reasons), count(*) FROM report_items
           WHERE reasons IS NOT NULL AND NOT is_replacement GROUP BY verdict, "rule", hash(reasons)"""
    ).fetchall():
        tally.add(rule if verdict == "drop" else None, reasons, count, goes_on=verdict == "keep")
    return ItemCounts(
        items=Items(
            asked=asked, kept=kept, dropped=asked - kept, replaced=replaced, replacements_tried=tried, shown=shown
        ),
        spared=tally.spared,
        figures=tally.figures,
    )


class _Tally:
    """Adds up groups of rows that share their reasons (told apart by 64 bits, which is quicker than by their words)."""

    def __init__(self, context: ReportContext, *, acts_on: str) -> None:
        rules = [rule for rule in context.rules if rule.acts_on == acts_on]
        self.figures = {rule.id: RuleFigures(rule=rule.id) for rule in rules}
        self.spared = 0
        self._enforced = {rule.id for rule in rules if rule.mode is Mode.ENFORCE}

    def add(self, decided_by: str | None, reasons: _Fired, count: int, *, goes_on: bool) -> None:
        """So many rows with these reasons. `goes_on`: kept, or sent."""
        obeyed = [reason for reason in reasons if reason["mode"] == Mode.ENFORCE]
        if decided_by is not None:
            self._add(decided_by, decided=count)
        for reason in reasons:
            rule = reason["rule"]
            if reason["mode"] == Mode.ENFORCE:
                unknown = count if reason["outcome"] == Outcome.UNKNOWN else 0
                self._add(rule, fired=count, alone=count if len(obeyed) == 1 else 0, unknown=unknown)
            elif rule in self._enforced:
                self._add(rule, spared=count)
            else:
                self._add(rule, tried=count, would_change=count if goes_on else 0)
        if not obeyed and any(reason["rule"] in self._enforced for reason in reasons):
            self.spared += count

    def _add(self, rule: str, **counts: int) -> None:
        known = self.figures.get(rule, RuleFigures(rule=rule))
        self.figures[rule] = replace(known, **{name: getattr(known, name) + count for name, count in counts.items()})


def unknown_facts(connection: duckdb.DuckDBPyConnection) -> tuple[UnknownFact, ...]:
    """Facts asked for in vain, those that most messages lack first."""
    rows = connection.execute(
        """WITH asked AS (
               SELECT unnest(unknown) AS fact, message_id, 0 AS items FROM report_messages WHERE unknown IS NOT NULL
               UNION ALL
               SELECT unnest(unknown), message_id, 1 FROM report_items WHERE unknown IS NOT NULL AND NOT is_replacement)
           SELECT fact, count(DISTINCT hash(message_id)) AS messages, sum(items)::BIGINT FROM asked
           GROUP BY fact ORDER BY messages DESC, fact"""
    ).fetchall()
    return tuple(UnknownFact(fact=fact, messages=messages, items=items) for fact, messages, items in rows)


def holds(connection: duckdb.DuckDBPyConnection) -> Holds:
    """When held messages are due, in bars of as few hours as fit."""
    rows = connection.execute(
        f"""SELECT epoch_us(hold_until) // {_HOUR_US} AS hour, count(*) FROM report_messages WHERE verdict = 'hold'
            GROUP BY hour ORDER BY hour"""
    ).fetchall()
    undated = sum(count for hour, count in rows if hour is None)
    dated = [(hour, count) for hour, count in rows if hour is not None]
    if not dated:
        return Holds(undated=undated)
    width = _width(hour for hour, _ in dated)
    first, last = dated[0][0] // width, dated[-1][0] // width
    counts = dict.fromkeys(range(first, min(last, first + MOST_BUCKETS - 1) + 1), 0)
    for hour, count in dated:
        counts[min(hour // width, max(counts))] += count
    return Holds(
        bucket_hours=width,
        buckets=tuple(
            HoldBucket(starts_at=from_us(bucket * width * _HOUR_US), messages=count) for bucket, count in counts.items()
        ),
        undated=undated,
    )


def _width(hours: Iterable[int]) -> int:
    seen = list(hours)
    span = seen[-1] - seen[0]
    return next((width for width in _WIDTHS_HOURS if span // width < MOST_BUCKETS - 1), _WIDTHS_HOURS[-1])


def groups(
    connection: duckdb.DuckDBPyConnection, by: Literal["campaign_id", "channel"], total: Verdicts
) -> tuple[Group, ...]:
    """Messages by campaign or channel, the largest first; what is beyond the first ones is one group at the end."""
    rows: list[tuple[Any, ...]] = connection.execute(
        f"""SELECT {by}, count(*) FILTER (verdict = 'send'), count(*) FILTER (verdict = 'hold'),
                   count(*) FILTER (verdict = 'suppress'), count(*) OVER () FROM report_messages GROUP BY {by}
            ORDER BY count(*) DESC, {by} NULLS LAST LIMIT {GROUPS}"""
    ).fetchall()
    told = [
        Group(name=name, verdicts=Verdicts(send=send, hold=hold, suppress=suppress))
        for name, send, hold, suppress, _ in rows
    ]
    if rows and rows[0][4] > len(rows):
        rest = Verdicts(
            send=total.send - sum(group.verdicts.send for group in told),
            hold=total.hold - sum(group.verdicts.hold for group in told),
            suppress=total.suppress - sum(group.verdicts.suppress for group in told),
        )
        told.append(Group(name=None, verdicts=rest, others=rows[0][4] - len(rows)))
    return tuple(told)

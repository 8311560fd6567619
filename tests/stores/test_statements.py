"""The SQL of the facts: what it always was for rules that need no more, and along the indexes for all others."""

import re
from typing import Any

import pytest

from suppress.facts.message import Message
from suppress.facts.snapshot import FactNeeds
from suppress.stores.database import Database
from suppress.stores.facts import FactStore
from suppress.stores.statements import statements_for
from tests.stores.test_facts import EVERYTHING, fill_plain_shop

LINES = (
    "SELECT l.customer_id, l.sku, l.ordered_at_us, l.units, l.cancelled_units, l.returned_units, l.is_gift, l.channel"
)
OF_PRODUCT = ", coalesce(p.item_group_id, p.sku), p.category, p.brand"
JOIN = " LEFT JOIN products p ON p.sku = l.sku"
COLUMNS = ("l.sku", "coalesce(p.item_group_id, p.sku)", "p.category", "p.brand")
SPANS = {
    "sqlite": (
        " FROM json_each(?) k CROSS JOIN order_lines l ON l.customer_id = json_extract(k.value, '$[0]')"
        " AND l.ordered_at_us > json_extract(k.value, '$[1]') AND l.ordered_at_us <= json_extract(k.value, '$[2]')"
    ),
    "postgresql": (
        " FROM unnest(%s::text[], %s::bigint[], %s::bigint[]) k(customer_id, after_us, until_us)"
        " JOIN order_lines l ON l.customer_id = k.customer_id"
        " AND l.ordered_at_us > k.after_us AND l.ordered_at_us <= k.until_us"
    ),
}
ONE = {"sqlite": "{} IN (SELECT value FROM json_each(?))", "postgresql": "{} IN (SELECT unnest(%s::text[]))"}
MANY = {
    "sqlite": (
        "(l.customer_id, {}) IN (SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?))"
    ),
    "postgresql": (
        "(l.customer_id, {}) IN (SELECT w.customer_id, w.key FROM unnest(%s::text[], %s::text[]) w(customer_id, key))"
    ),
}


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_purchases_alone(dialect: str) -> None:
    """Rules that only ask what was bought run the statement they always ran, with nothing added."""
    by_sku = statements_for(FactNeeds(history_by=frozenset({"sku"})), dialect)
    by_all = statements_for(FactNeeds(history_by=frozenset({"sku", "item_group", "category", "brand"})), dialect)

    for text, of_one, of_all in ((ONE, by_sku.past, by_all.past), (MANY, by_sku.past_of_many, by_all.past_of_many)):
        among = text[dialect]

        assert f"{LINES}{SPANS[dialect]} WHERE {among.format('l.sku')}" == of_one
        assert (
            f"{LINES}{OF_PRODUCT}{SPANS[dialect]}{JOIN} WHERE {' OR '.join(among.format(each) for each in COLUMNS)}"
            == of_all
        )


WANTED = {
    "component": FactNeeds(history_by=frozenset({"component"}), order_ids=True),
    "household": FactNeeds(history_by=frozenset({"sku", "brand"}), household=True),
    "style": FactNeeds(products=True, group_stock=True),
    "messages": FactNeeds(sent=True, sent_window_us=100),
    "shown items": FactNeeds(sent=True, sent_by=frozenset({"sku", "item_group", "category"})),
    "feedback": FactNeeds(feedback=True),
    "everything": EVERYTHING,
}


WHOLE = {
    "sqlite": r"^SCAN (?!feeds\b|\w+ VIRTUAL TABLE|[kf]$).*|.*AUTOMATIC.*",
    "postgresql": (
        r"Seq Scan on (?!feeds\b).*|.*Index Cond: \(item_group_id IS NULL\)|Index (?:Only )?Scan.*\n(?! +Index Cond)"
    ),
}
"""A table read from end to end: not the feeds, not a list of parameters, not what a part of the statement found."""


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize("name", WANTED)
def test_indexes_are_used(database: Database, monkeypatch: pytest.MonkeyPatch, name: str, *, many: bool) -> None:
    """No statement reads a table from end to end, but for the six rows of feeds."""
    fill_plain_shop(database)
    plans: list[str] = []
    rows = database.rows

    def explained(statement: str, parameters: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        explain = "EXPLAIN QUERY PLAN " if database.dialect == "sqlite" else "EXPLAIN "
        plans.extend(str(row[-1]) for row in rows(explain + statement, parameters))
        return rows(statement, parameters)

    monkeypatch.setattr(database, "rows", explained)
    messages = [Message(items=("s1", "s2"), customer_id="c1"), Message(items=("s3",), email="bob@shop.ch")]
    FactStore(database, WANTED[name]).snapshots([(message, 1_000) for message in messages[: 2 if many else 1]])

    assert plans
    assert [] == re.findall(WHOLE[database.dialect], "\n".join(plans), re.MULTILINE)

"""The pieces of SQL that differ between the two databases: how a list goes in, and how the loops are held in order.

Lists go in as one parameter (JSON on SQLite, an array on PostgreSQL), so both databases prepare each statement once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """SQL fragments, each with its parameters' places.

    `ids`, `addresses`, `skus`: one list, as something to select from: customers `c`, identities `i`, skus `k`.
    `members`: joins to customers `c` at most {most} of their households, `m`. `spans`: (customer_id, after_us,
    until_us) as `k`. `join`: JOIN that keeps the order of the loops. `span`: what such a `k` says of {table}, whose
    instants are in {at}. `shown`: the items of {messages} `m` as `e`. `among` and `among_pairs`: a column, or a pair of
    columns, is in a list.
    """

    ids: str
    members: str
    addresses: str
    skus: str
    spans: str
    join: str
    span: str
    shown: str
    among: str
    among_pairs: str


# CROSS JOIN keeps SQLite from turning the loops round: from the few asked for to the many stored.
SQLITE: Final = Dialect(
    ids="json_each(?) k CROSS JOIN customers c ON c.customer_id = k.value",
    members=(
        "CROSS JOIN customers m ON m.customer_id IN"
        " (SELECT o.customer_id FROM customers o WHERE o.household_id = c.household_id LIMIT {most})"
    ),
    addresses=(
        "json_each(?) k CROSS JOIN identities i"
        " ON i.kind = json_extract(k.value, '$[0]') AND i.value = json_extract(k.value, '$[1]')"
    ),
    skus="(SELECT value AS sku FROM json_each(?)) k",
    spans="json_each(?) k",
    join="CROSS JOIN",
    span=(
        "{table}.customer_id = json_extract(k.value, '$[0]')"
        " AND {table}.{at} > json_extract(k.value, '$[1]') AND {table}.{at} <= json_extract(k.value, '$[2]')"
    ),
    shown=("(SELECT m.customer_id, m.message_id, j.value AS value FROM {messages} CROSS JOIN json_each(m.items) j) e"),
    among="{column} IN (SELECT value FROM json_each(?))",
    among_pairs=("{column} IN (SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?))"),
)
POSTGRESQL: Final = Dialect(
    ids="customers c JOIN unnest(%s::text[]) k(customer_id) ON c.customer_id = k.customer_id",
    members=(
        "JOIN LATERAL (SELECT o.customer_id FROM customers o WHERE o.household_id = c.household_id LIMIT {most}) m"
        " ON true"
    ),
    addresses=(
        "identities i JOIN unnest(%s::text[], %s::text[]) k(kind, value) ON i.kind = k.kind AND i.value = k.value"
    ),
    skus="unnest(%s::text[]) k(sku)",
    spans="unnest(%s::text[], %s::bigint[], %s::bigint[]) k(customer_id, after_us, until_us)",
    join="JOIN",
    span=("{table}.customer_id = k.customer_id AND {table}.{at} > k.after_us AND {table}.{at} <= k.until_us"),
    # Not as a table of its own: PostgreSQL would store each message's few items apart before it reads them.
    shown=("(SELECT m.customer_id, m.message_id, json_array_elements_text(m.items::json) AS value FROM {messages}) e"),
    among="{column} IN (SELECT unnest(%s::text[]))",
    among_pairs="{column} IN (SELECT w.customer_id, w.key FROM unnest(%s::text[], %s::text[]) w(customer_id, key))",
)
DIALECTS: Final = {"sqlite": SQLITE, "postgresql": POSTGRESQL}


class Lists:
    """Turns lists into parameters: JSON text on SQLite, arrays on PostgreSQL."""

    def __init__(self, dialect: str) -> None:
        self._is_json = dialect == "sqlite"

    def values(self, values: Iterable[str]) -> Any:
        """One parameter for a list of texts."""
        return orjson.dumps(list(values)).decode() if self._is_json else list(values)

    def rows(self, rows: Sequence[Row], width: int) -> tuple[Any, ...]:
        """The parameters for a list of rows of `width` columns: one on SQLite, one per column on PostgreSQL."""
        if self._is_json:
            return (orjson.dumps(rows).decode(),)
        return tuple([row[column] for row in rows] for column in range(width))

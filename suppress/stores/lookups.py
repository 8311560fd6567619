"""The questions an import asks of the store: whose address is this, and how many credit notes are there."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

import orjson

from suppress.stores.database import Database

_BY_ADDRESS: Final = {
    "sqlite": (
        "SELECT i.kind, i.value, i.customer_id FROM json_each(?) k CROSS JOIN identities i"
        " ON i.kind = json_extract(k.value, '$[0]') AND i.value = json_extract(k.value, '$[1]')"
    ),
    "postgresql": (
        "SELECT i.kind, i.value, i.customer_id FROM identities i"
        " JOIN unnest(%s::text[], %s::text[]) k(kind, value) ON i.kind = k.kind AND i.value = k.value"
    ),
}


def customers_by_identity(
    database: Database, identities: Collection[tuple[str, str]]
) -> Mapping[tuple[str, str], Sequence[str]]:
    """(kind, value in compared form) -> every customer known by it, in one round trip; unknown ones are left out.

    Raises StoreError when the database fails.
    """
    pairs = sorted(identities)
    if database.dialect == "sqlite":
        parameters: tuple[object, ...] = (orjson.dumps(pairs).decode(),)
    else:
        parameters = ([kind for kind, _ in pairs], [value for _, value in pairs])
    found: dict[tuple[str, str], list[str]] = {}
    with database.errors("read"):
        for kind, value, customer_id in database.read().exec_driver_sql(_BY_ADDRESS[database.dialect], parameters):
            found.setdefault((kind, value), []).append(customer_id)
    return found


def credit_totals(database: Database) -> tuple[int, int]:
    """How many credit notes (lines with negative units) there are, and their units as a positive number."""
    with database.errors("read"):
        lines, units = (
            database.read()
            .exec_driver_sql("SELECT count(*), coalesce(-sum(units), 0) FROM order_lines WHERE units < 0")
            .one()
        )
    return int(lines), int(units)

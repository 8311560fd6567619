"""Questions to the store as a whole: whose address is this, how many credit notes there are, which names it knows."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import orjson

from suppress.facts.snapshot import Source
from suppress.rules.catalogue import Kind
from suppress.stores.database import Database
from suppress.stores.dialects import DIALECTS, Lists


def customers_by_identity(
    database: Database, identities: Collection[tuple[str, str]]
) -> Mapping[tuple[str, str], Sequence[str]]:
    """(kind, value in compared form) -> every customer known by it, in one round trip; unknown ones are left out.

    Raises StoreError when the database fails.
    """
    pairs = sorted(identities)
    parameters = Lists(database.dialect).rows(pairs, 2)
    statement = f"SELECT i.kind, i.value, i.customer_id FROM {DIALECTS[database.dialect].addresses}"  # noqa: S608
    found: dict[tuple[str, str], list[str]] = {}
    with database.errors("read"):
        for kind, value, customer_id in database.read().exec_driver_sql(statement, parameters):
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


MOST_ROWS: Final = 5_000_000
"""Beyond so many rows nobody waits for every name in them, and none is called unknown."""

_LIKE: Final = 50

_UNKNOWN: Final = {
    (Kind.SKU, "sqlite"): "SELECT value FROM json_each(?) EXCEPT SELECT sku FROM products",
    (Kind.SKU, "postgresql"): 'SELECT unnest(%s::text[]) COLLATE "C" EXCEPT SELECT sku FROM products',
    (Kind.ITEM_GROUP, "sqlite"): (
        "SELECT value FROM json_each(?) EXCEPT SELECT item_group_id FROM products EXCEPT SELECT sku FROM products"
    ),
    (Kind.ITEM_GROUP, "postgresql"): (
        'SELECT unnest(%s::text[]) COLLATE "C"'
        " EXCEPT SELECT item_group_id FROM products EXCEPT SELECT sku FROM products"
    ),
}
_COLUMN_OF_MANY: Final = {Kind.SKU: "sku", Kind.ITEM_GROUP: "item_group_id"}
_COLUMNS: Final = {
    Kind.CATEGORY: ("products", "category"),
    Kind.BRAND: ("products", "brand"),
    Kind.LOCATION: ("stock", "location_id"),
    Kind.REGION: ("customers", "region"),
    Kind.ORDER_CHANNEL: ("order_lines", "channel"),
    Kind.SENT_CHANNEL: ("sent_messages", "channel"),
    Kind.SENT_CAMPAIGN: ("sent_messages", "campaign_id"),
}
_KEYS: Final = {
    Kind.ITEM_ATTRIBUTE: ("products", "attributes"),
    Kind.CUSTOMER_ATTRIBUTE: ("customers", "attributes"),
    Kind.CONSENT_CHANNEL: ("customers", "consent"),
}
_KEY_OF: Final = {"sqlite": "json_each(t.{}) k", "postgresql": "LATERAL jsonb_object_keys(t.{}::jsonb) k(key)"}
_FIELDS: Final = {
    **{f"item.{name}": ("products", name) for name in ("title", "category", "brand", "price_minor", "currency")},
    "item.replenish_days": ("products", "replenish_days"),
    **{f"stock.{name}": ("stock", name) for name in ("incoming_units", "availability")},
    "stock.incoming_at": ("stock", "incoming_at_us"),
    "stock.restock_at": ("stock", "incoming_at_us"),
    **{
        f"customer.{name}": ("customers", name)
        for name in (
            "household_id", "country", "region", "time_zone", "do_not_contact", "open_case", "late_order",
        )
    },
}  # fmt: skip


class StoreCatalogue:
    """Answers from the store which names it knows (`rules.catalogue`), in one statement per kind.

    Every question raises StoreError when the database fails.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def never_loaded(self) -> frozenset[Source]:
        """The sources of which nothing was ever imported."""
        loaded = self._column("SELECT source FROM feeds WHERE as_of_us IS NOT NULL", ())
        return frozenset(source for source in Source if source.value not in loaded)

    def unknown(self, kind: Kind, words: Collection[str]) -> frozenset[str]:
        """Those of the words that are no sku (no style)."""
        sqlite = self._database.dialect == "sqlite"
        parameter: object = orjson.dumps(list(words)).decode() if sqlite else list(words)
        return frozenset(self._column(_UNKNOWN[kind, self._database.dialect], (parameter,)))

    def like(self, kind: Kind, word: str) -> Collection[str]:
        """Up to fifty skus (styles) that begin as the first half of the word does, in any case."""
        column, mark = _COLUMN_OF_MANY[kind], "?" if self._database.dialect == "sqlite" else "%s"
        statement = (
            f"SELECT DISTINCT {column} FROM products WHERE lower(substr({column}, 1, {mark})) = lower({mark})"  # noqa: S608
            f" LIMIT {_LIKE}"
        )
        start = word[: max(1, len(word) // 2)]
        return self._column(statement, (len(start), start))

    def words(self, kind: Kind) -> frozenset[str] | None:
        """Every name of another kind; None when there are too many rows to tell."""
        table, column = (_COLUMNS | _KEYS)[kind]
        some = f"(SELECT {column} FROM {table} LIMIT {MOST_ROWS + 1}) t"  # noqa: S608
        if self._column(f"SELECT count(*) FROM {some}", ())[0] > MOST_ROWS:  # noqa: S608
            return None
        if kind in _KEYS:
            keys = _KEY_OF[self._database.dialect].format(column)
            statement = f"SELECT DISTINCT k.key FROM {table} t, {keys}"  # noqa: S608
        else:
            statement = f"SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL"  # noqa: S608
        return frozenset(self._column(statement, ()))

    def never_filled(self, fields: Collection[str]) -> frozenset[str]:
        """Those of the fields, by their names in rules, that are unknown for every row there is."""
        asked = [name for name in fields if name in _FIELDS]
        if not asked:
            return frozenset()
        filled = (
            f"EXISTS (SELECT 1 FROM {table} WHERE {column} IS NOT NULL)"  # noqa: S608
            for table, column in (_FIELDS[name] for name in asked)
        )
        with self._database.errors("read"):
            answers = self._database.read().exec_driver_sql(f"SELECT {', '.join(filled)}").one()
        return frozenset(name for name, is_filled in zip(asked, answers, strict=True) if not is_filled)

    def _column(self, statement: str, parameters: tuple[object, ...]) -> list[Any]:
        with self._database.errors("read"):
            return [row[0] for row in self._database.read().exec_driver_sql(statement, parameters)]

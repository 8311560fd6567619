"""The files of a facts folder beside the order lines: which columns the store gives for each, and how they are kept.

One table of the store becomes one Parquet file, sorted by its key; JSON text becomes lists and maps.
"""

from dataclasses import dataclass
from typing import Final

from suppress.facts.facts_folder import file_of
from suppress.facts.snapshot import Source

Columns = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LakeTable:
    """One file. `columns`: the store's, with their Arrow types. `key`: the first of them, that name a row.

    `fetched_by`: how many of the key's columns suffice to fetch what a load wrote. `kept`: the file's columns, as SQL
    over the store's. `about`: the column that names the customer or sku a row is about, `about_kind` which.
    """

    name: str
    source: Source
    table: str
    columns: Columns
    key: tuple[str, ...]
    kept: str
    about: str
    about_kind: str

    @property
    def file(self) -> str:
        """Its name in the folder."""
        return file_of(self.name)

    @property
    def column_names(self) -> str:
        """The store's columns, to be selected."""
        return ", ".join(name for name, _ in self.columns)


def _texts(*names: str) -> Columns:
    return tuple((name, "string") for name in names)


def _wholes(*names: str) -> Columns:
    return tuple((name, "int64") for name in names)


def _flag(name: str) -> str:
    return f"CAST({name} AS BOOLEAN) AS {name}"


PRODUCTS: Final = LakeTable(
    name="products",
    source=Source.PRODUCTS,
    table="products",
    columns=(
        *_texts("sku", "item_group_id", "title", "category", "brand", "status"),
        *_wholes("replenish_days", "price_minor"),
        *_texts("currency", "bundle_of", "attributes"),
    ),
    key=("sku",),
    kept=(
        "sku, coalesce(nullif(item_group_id, ''), sku) AS item_group, title, category, brand, status, replenish_days,"
        " price_minor, currency, CAST(CAST(bundle_of AS JSON) AS VARCHAR[]) AS bundle_of,"
        " CAST(CAST(attributes AS JSON) AS MAP(VARCHAR, VARCHAR)) AS attributes"
    ),
    about="sku",
    about_kind="sku",
)
STOCK: Final = LakeTable(
    name="stock",
    source=Source.STOCK,
    table="stock",
    columns=(
        *_texts("sku", "location_id"),
        *_wholes("on_hand", "reserved", "safety_stock", "incoming_units", "incoming_at_us"),
        *_texts("availability"),
        *_wholes("updated_at_us"),
    ),
    key=("sku", "location_id"),
    kept="*",
    about="sku",
    about_kind="sku",
)
CUSTOMERS: Final = LakeTable(
    name="customers",
    source=Source.CUSTOMERS,
    table="customers",
    columns=(
        *_texts("customer_id", "household_id", "country", "region", "time_zone", "consent", "attributes"),
        *_wholes("do_not_contact", "open_case", "late_order"),
    ),
    key=("customer_id",),
    kept=(
        "customer_id, household_id, country, region, time_zone,"
        " CAST(CAST(consent AS JSON) AS MAP(VARCHAR, BOOLEAN)) AS consent,"
        " CAST(CAST(attributes AS JSON) AS MAP(VARCHAR, VARCHAR)) AS attributes,"
        f" {', '.join(map(_flag, ('do_not_contact', 'open_case', 'late_order')))}"
    ),
    about="customer_id",
    about_kind="customer",
)
IDENTITIES: Final = LakeTable(
    name="identities",
    source=Source.CUSTOMERS,
    table="identities",
    columns=_texts("customer_id", "kind", "value"),
    key=("customer_id",),
    kept="kind, value, customer_id",
    about="customer_id",
    about_kind="customer",
)
SENT: Final = LakeTable(
    name="sent",
    source=Source.SENT,
    table="sent_messages",
    columns=(
        *_texts("message_id", "customer_id", "channel", "campaign_id"),
        *_wholes("sent_at_us"),
        *_texts("items"),
    ),
    key=("message_id", "customer_id"),
    kept=("message_id, customer_id, channel, campaign_id, sent_at_us, CAST(CAST(items AS JSON) AS VARCHAR[]) AS items"),
    about="customer_id",
    about_kind="customer",
)
FEEDBACK: Final = LakeTable(
    name="feedback",
    source=Source.FEEDBACK,
    table="feedback",
    columns=(*_texts("customer_id", "about_kind", "about", "says"), *_wholes("updated_at_us")),
    key=("customer_id", "about_kind", "about", "says"),
    kept="customer_id, about_kind, about, says, updated_at_us AS at_us",
    about="customer_id",
    about_kind="customer",
)
TABLES: Final = (PRODUCTS, STOCK, CUSTOMERS, IDENTITIES, SENT, FEEDBACK)

LINE_COLUMNS: Final = (
    *_texts("order_id", "line_id", "customer_id", "sku"),
    *_wholes("units", "ordered_at_us", "cancelled_units", "returned_units", "is_gift"),
    *_texts("channel"),
)
"""What the store gives of an order line or credit note."""


def order_of(table: LakeTable) -> str:
    """How the file's rows are sorted: by customer or sku first."""
    columns = dict.fromkeys((table.about, *table.key, *(("kind", "value") if table is IDENTITIES else ())))
    return ", ".join(columns)

"""The tables facts are kept in, as SQLModel classes: one per record type of `facts.records`.

Columns bear the names of the records' fields. Instants are whole microseconds since 1970 UTC, JSON is text, flags are
0/1 on SQLite and booleans on PostgreSQL: the same values on both databases. On SQLite the tables are STRICT, because it
otherwise stores whatever it is given, and WITHOUT ROWID, because every read is by key. Table classes validate nothing
and stay in this room.
"""

from typing import Any, Final

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Index, Integer, LargeBinary, MetaData, Text, text
from sqlmodel import Field, SQLModel

from suppress.facts.catalog import PRODUCT_STATUSES
from suppress.facts.inventory import AVAILABILITIES

NAMING: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
# Bytewise order on both databases: faster than a language's, the same everywhere, and safe when the system's changes.
TEXT: Final = Text().with_variant(Text(collation="C"), "postgresql")
WHOLE: Final = BigInteger().with_variant(Integer(), "sqlite")
FLAG: Final = Boolean().with_variant(Integer(), "sqlite")
SQLITE_OPTIONS: Final = {"sqlite_strict": True, "sqlite_with_rowid": False}


def key_column() -> Any:
    """Text that names a row, alone or with others."""
    return Field(sa_type=TEXT, primary_key=True)


def text_column() -> Any:
    """Text."""
    return Field(sa_type=TEXT)


def whole_column() -> Any:
    """A whole number."""
    return Field(sa_type=WHOLE)


def _load_seq() -> Any:
    return Field(sa_type=WHOLE, sa_column_kwargs={"server_default": text("0")})


def flag_column() -> Any:
    """Yes or no."""
    return Field(sa_type=FLAG)


def _is_id(*columns: str) -> tuple[CheckConstraint, ...]:
    return tuple(CheckConstraint(f"length({column}) BETWEEN 1 AND 255", name=column) for column in columns)


def _one_of(column: str, words: tuple[str, ...]) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(repr(word) for word in words)})", name=column)


class Base(SQLModel):
    """Gives every table the same naming convention, so that migrations can name what they change."""

    metadata = MetaData(naming_convention=NAMING)


class ProductRow(Base, table=True):
    """One product; `bundle_of` and `attributes` are JSON text."""

    __tablename__ = "products"
    __table_args__ = (
        *_is_id("sku"),
        _one_of("status", PRODUCT_STATUSES),
        Index("ix_products_item_group_id", "item_group_id"),
        SQLITE_OPTIONS,
    )

    sku: str = key_column()
    title: str | None = text_column()
    item_group_id: str | None = text_column()
    category: str | None = text_column()
    brand: str | None = text_column()
    status: str = text_column()
    replenish_days: int | None = whole_column()
    price_minor: int | None = whole_column()
    currency: str | None = text_column()
    bundle_of: str = text_column()
    attributes: str = text_column()
    updated_at_us: int = whole_column()


class OrderLineRow(Base, table=True):
    """One order line, or (negative `units`) a credit note that names none.

    The history index holds all a check reads of a line, so that a customer's lines lie side by side. `load_seq` is the
    load that wrote the row last (`stores.load_log`); triggers note corrected and deleted lines in `line_corrections`.
    """

    __tablename__ = "order_lines"
    __table_args__ = (
        *_is_id("order_id", "line_id", "customer_id", "sku"),
        CheckConstraint("units <> 0", name="units"),
        CheckConstraint("cancelled_units >= 0 AND returned_units >= 0", name="came_back"),
        Index(
            "ix_order_lines_history",
            *("customer_id", "ordered_at_us", "sku", "units"),
            *("cancelled_units", "returned_units", "is_gift", "channel"),
        ),
        Index(
            "ix_order_lines_credits",
            *("customer_id", "sku"),
            sqlite_where=text("units < 0"),
            postgresql_where=text("units < 0"),
        ),
        SQLITE_OPTIONS,
    )

    order_id: str = key_column()
    line_id: str = key_column()
    customer_id: str = text_column()
    sku: str = text_column()
    units: int = whole_column()
    ordered_at_us: int = whole_column()
    cancelled_units: int = whole_column()
    returned_units: int = whole_column()
    is_gift: bool = flag_column()
    channel: str | None = text_column()
    unit_price_minor: int | None = whole_column()
    currency: str | None = text_column()
    updated_at_us: int = whole_column()
    load_seq: int = _load_seq()


class StockRow(Base, table=True):
    """Units of one sku at one location."""

    __tablename__ = "stock"
    __table_args__ = (*_is_id("sku", "location_id"), _one_of("availability", AVAILABILITIES), SQLITE_OPTIONS)

    sku: str = key_column()
    location_id: str = key_column()
    on_hand: int = whole_column()
    reserved: int = whole_column()
    safety_stock: int = whole_column()
    incoming_units: int | None = whole_column()
    incoming_at_us: int | None = whole_column()
    availability: str | None = text_column()
    updated_at_us: int = whole_column()


class CustomerRow(Base, table=True):
    """One customer; `consent` and `attributes` are JSON text. Identities have a table of their own."""

    __tablename__ = "customers"
    __table_args__ = (*_is_id("customer_id"), Index("ix_customers_household_id", "household_id"), SQLITE_OPTIONS)

    customer_id: str = key_column()
    household_id: str | None = text_column()
    country: str | None = text_column()
    region: str | None = text_column()
    time_zone: str | None = text_column()
    consent: str = text_column()
    attributes: str = text_column()
    do_not_contact: bool | None = flag_column()
    open_case: bool | None = flag_column()
    late_order: bool | None = flag_column()
    updated_at_us: int = whole_column()


class IdentityRow(Base, table=True):
    """One address a customer can be found by, in compared form. Several customers may share one."""

    __tablename__ = "identities"
    __table_args__ = (
        _one_of("kind", ("email", "phone")),
        Index("ix_identities_customer_id", "customer_id"),
        SQLITE_OPTIONS,
    )

    kind: str = key_column()
    value: str = key_column()
    customer_id: str = key_column()


class SentMessageRow(Base, table=True):
    """One message that was sent to one customer; `items` is a JSON list of skus.

    The history index holds all that counting messages reads, but for the items: they may be longer than an index takes.
    """

    __tablename__ = "sent_messages"
    __table_args__ = (
        *_is_id("message_id", "customer_id"),
        Index("ix_sent_messages_history", "customer_id", "sent_at_us", "channel", "campaign_id"),
        SQLITE_OPTIONS,
    )

    message_id: str = key_column()
    customer_id: str = key_column()
    channel: str | None = text_column()
    campaign_id: str | None = text_column()
    sent_at_us: int = whole_column()
    items: str = text_column()
    updated_at_us: int = whole_column()


class FeedbackRow(Base, table=True):
    """What one customer said of one sku or category."""

    __tablename__ = "feedback"
    __table_args__ = (*_is_id("customer_id"), SQLITE_OPTIONS)

    customer_id: str = key_column()
    about_kind: str = key_column()
    about: str = key_column()
    says: str = key_column()
    updated_at_us: int = whole_column()


class FeedRow(Base, table=True):
    """How far one source is complete; NULL = never loaded. The migrations put in a row per source.

    `load_seq` is the number of the last load of the source; 0 = none.
    """

    __tablename__ = "feeds"
    __table_args__ = (SQLITE_OPTIONS,)

    source: str = key_column()
    as_of_us: int | None = whole_column()
    load_seq: int = _load_seq()


class LoadRow(Base, table=True):
    """One transaction that wrote rows of one source, see `stores.load_log`. `keys` NULL = too many to tell.

    `token` is random: it tells this load from one of the same number in another database, or in a restored one.
    """

    __tablename__ = "loads"
    __table_args__ = (SQLITE_OPTIONS,)

    source: str = key_column()
    load_seq: int = Field(sa_type=WHOLE, primary_key=True, sa_column_kwargs={"autoincrement": False})
    token: str = text_column()
    row_count: int = whole_column()
    keys: bytes | None = Field(sa_type=LargeBinary)


class LineCorrectionRow(Base, table=True):
    """An order line of this customer and sku was changed or deleted by the load of this number, or just before it.

    Written by triggers on `order_lines`, for the line as it was and as it became.
    """

    __tablename__ = "line_corrections"
    __table_args__ = (SQLITE_OPTIONS,)

    load_seq: int = Field(sa_type=WHOLE, primary_key=True, sa_column_kwargs={"autoincrement": False})
    customer_id: str = key_column()
    sku: str = key_column()

"""The columns of every import, in one table: what a row may hold, what it must hold, and what an empty cell means.

Parsing, heading checks and `docs/imports.md` all read it.
"""

from dataclasses import dataclass
from typing import Final

from suppress.facts.catalog import PRODUCT_STATUSES
from suppress.facts.feedback import SAYINGS
from suppress.facts.inventory import AVAILABILITIES
from suppress.facts.snapshot import Source
from suppress.intake.columns import Column
from suppress.intake.kinds import Kind

RECIPIENT: Final = ("customer_id", "email", "phone")


class FileTime:
    """Stands for the file's own time, where a row without a time of its own takes that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowForm:
    """What the rows of one source look like.

    `one_of`: groups of columns of which each row must give at least one. `prefixes`: `consent_` and the like, columns
    whose names end in something the shop chooses.
    """

    source: Source
    columns: tuple[Column, ...]
    one_of: tuple[tuple[str, ...], ...] = ()
    prefixes: tuple[Column, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all fixed columns."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column | None:
        """The column called `name`, fixed or by its prefix; None when the source has none."""
        for column in self.columns:
            if column.name == name:
                return column
        for column in self.prefixes:
            if name.startswith(column.name) and len(name) > len(column.name):
                return column
        return None


def _id(name: str, meaning: str, *, required: bool = False, folds: bool = False, default: str | None = None) -> Column:
    return Column(
        name=name,
        kind=Kind.ID,
        meaning=meaning,
        required=required,
        folds=folds,
        default=default,
        default_text=f"`{default}`" if default else "",
    )


def _text(name: str, meaning: str) -> Column:
    return Column(name=name, kind=Kind.TEXT, meaning=meaning)


def _word(name: str, meaning: str) -> Column:
    return Column(name=name, kind=Kind.WORD, meaning=meaning)


def _units(name: str, meaning: str, *, required: bool = False, default: int | None = 0) -> Column:
    shown = "" if required or default is None else str(default)
    return Column(
        name=name, kind=Kind.WHOLE, meaning=meaning, required=required, default=default, default_text=shown, least=0
    )


def _money(name: str, meaning: str) -> tuple[Column, Column]:
    return (
        Column(name=name, kind=Kind.WHOLE, meaning=f"{meaning}, in minor units (cents)"),
        Column(name="currency", kind=Kind.CURRENCY, meaning="ISO 4217 code, e.g. `EUR`"),
    )


def _time(name: str, meaning: str, *, required: bool = False) -> Column:
    return Column(name=name, kind=Kind.INSTANT, meaning=meaning, required=required)


UPDATED_AT: Final = Column(
    name="updated_at",
    kind=Kind.INSTANT,
    meaning="the row's own time: of two rows with the same key the newer one wins",
    default=FileTime,
    default_text="the file's time",
)
SKU: Final = _id("sku", "the product", required=True, folds=True)
CUSTOMER: Final = (
    _id("customer_id", "the customer; or give `email` or `phone`", folds=True),
    Column(name="email", kind=Kind.ADDRESS, meaning="finds the customer when `customer_id` is empty"),
    Column(name="phone", kind=Kind.ADDRESS, meaning="the same, with country code: `+41 44 668 18 00`"),
)
ATTRIBUTES: Final = Column(name="attributes", kind=Kind.MAP, meaning="flat JSON map of whatever else rules want")
ATTRIBUTE: Final = _text("attributes.", "one attribute, e.g. `attributes.colour`; wins over `attributes`")
CONSENT: Final = Column(name="consent_", kind=Kind.YES_NO, meaning="consent to one channel, e.g. `consent_email`")

PRODUCTS: Final = RowForm(
    source=Source.PRODUCTS,
    columns=(
        SKU,
        _text("title", "the name people read"),
        _id("item_group_id", "products that differ only by size or colour share it", folds=True),
        Column(name="category", kind=Kind.PATH, meaning="path, `/` between levels: `home/bedroom/mattresses`"),
        _text("brand", "the brand"),
        Column(
            name="status",
            kind=Kind.CHOICE,
            meaning="whether it is sold",
            choices=PRODUCT_STATUSES,
            default="active",
            default_text="`active`",
        ),
        Column(
            name="replenish_days",
            kind=Kind.WHOLE,
            meaning="days until one unit of a consumable is used up; empty = not a consumable",
            least=1,
        ),
        *_money("price_minor", "price"),
        Column(
            name="bundle_of",
            kind=Kind.SKUS,
            meaning=r"the skus inside a bundle: `a\|b` or a JSON list",
            folds=True,
            default="[]",
        ),
        ATTRIBUTES,
        UPDATED_AT,
    ),
    prefixes=(ATTRIBUTE,),
)

ORDERS: Final = RowForm(
    source=Source.ORDERS,
    columns=(
        _id("order_id", "the order", required=True, folds=True),
        Column(
            name="line_id",
            kind=Kind.ID,
            meaning="the line within its order",
            folds=True,
            default_text="position in its order, from 1",
        ),
        *CUSTOMER,
        SKU,
        Column(
            name="units",
            kind=Kind.WHOLE,
            meaning="how many; negative = a credit note that names no line; 0 is refused",
            required=True,
            zero=False,
        ),
        _time("ordered_at", "when it was ordered", required=True),
        _units("cancelled_units", "how many of them were cancelled"),
        _units("returned_units", "how many of them came back"),
        Column(
            name="is_gift",
            kind=Kind.YES_NO,
            meaning="bought for somebody else",
            default=False,
            default_text="no",
        ),
        _word("channel", "where it was bought"),
        *_money("unit_price_minor", "price of one unit"),
        UPDATED_AT,
    ),
    one_of=(RECIPIENT,),
)

STOCK: Final = RowForm(
    source=Source.STOCK,
    columns=(
        SKU,
        _id("location_id", "the warehouse or shop", default="all"),
        Column(name="on_hand", kind=Kind.WHOLE, meaning="units there now; oversold = negative", required=True),
        _units("reserved", "units promised to somebody"),
        _units("safety_stock", "units never to be sold"),
        _units("incoming_units", "units on their way", default=None),
        _time("incoming_at", "when they arrive"),
        Column(name="availability", kind=Kind.CHOICE, meaning="what the shop says", choices=AVAILABILITIES),
        _time("updated_at", "when the figure was true", required=True),
    ),
)

CUSTOMERS: Final = RowForm(
    source=Source.CUSTOMERS,
    columns=(
        _id("customer_id", "the customer", required=True, folds=True),
        Column(name="email", kind=Kind.ADDRESS, meaning="e-mail address; kept in compared form"),
        Column(name="phone", kind=Kind.ADDRESS, meaning="phone number; a national one needs `country`"),
        _id("household_id", "customers who live together share it", folds=True),
        Column(name="country", kind=Kind.COUNTRY, meaning="ISO 3166 code, e.g. `CH`"),
        _text("region", "region within the country"),
        Column(name="time_zone", kind=Kind.ZONE, meaning="IANA name, e.g. `Europe/Zurich`"),
        Column(name="consent", kind=Kind.MAP, meaning="JSON map of channel to yes or no"),
        Column(name="do_not_contact", kind=Kind.YES_NO, meaning="asked never to be contacted"),
        Column(name="open_case", kind=Kind.YES_NO, meaning="a complaint of theirs is open"),
        Column(name="late_order", kind=Kind.YES_NO, meaning="an order of theirs is overdue"),
        ATTRIBUTES,
        UPDATED_AT,
    ),
    prefixes=(CONSENT, ATTRIBUTE),
)

SENT: Final = RowForm(
    source=Source.SENT,
    columns=(
        _id("message_id", "the message"),
        *CUSTOMER,
        _word("channel", "how it was sent"),
        _id("campaign_id", "the campaign"),
        _time("sent_at", "when it was sent", required=True),
        Column(
            name="items",
            kind=Kind.SKUS,
            meaning=r"the skus it showed: `a\|b` or a JSON list",
            folds=True,
            default="[]",
        ),
        UPDATED_AT,
    ),
    one_of=(RECIPIENT,),
)

FEEDBACK: Final = RowForm(
    source=Source.FEEDBACK,
    columns=(
        *CUSTOMER,
        _id("sku", "the product spoken of", folds=True),
        Column(name="category", kind=Kind.PATH, meaning="or the category spoken of; not both"),
        Column(name="says", kind=Kind.CHOICE, meaning="what the customer said", required=True, choices=SAYINGS),
        _time("at", "when", required=True),
    ),
    one_of=(RECIPIENT, ("sku", "category")),
)

FORMS: Final = {form.source: form for form in (PRODUCTS, ORDERS, STOCK, CUSTOMERS, SENT, FEEDBACK)}


def columns_table(form: RowForm) -> str:
    """The columns of one source as a Markdown table, for `docs/imports.md`."""
    lines = ["| column | holds | when empty | meaning |", "|---|---|---|---|"]
    for column in (*form.columns, *form.prefixes):
        name = f"`{column.name}{'NAME' if column in form.prefixes else ''}`"
        holds = f"one of {', '.join(column.choices)}" if column.choices else column.kind.value
        empty = "refused" if column.required else column.default_text or "unknown"
        if column.kind in {Kind.SKUS, Kind.MAP}:
            empty = "none"
        group = next((group for group in form.one_of if column.name in group), None)
        if group:
            empty = f"another of {', '.join(f'`{each}`' for each in group if each != column.name)}"
        shown = f"**{name}**" if column.required else name
        lines.append(f"| {shown} | {holds} | {empty} | {column.meaning} |")
    return "\n".join(lines)

"""The columns of a campaign system's own Parquet files, and the SQL that reads each cell or says what is wrong with it.

As `suppress import` reads them, with what a Parquet file may leave unsaid: types decide first, cells second.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from suppress.facts.catalog import PRODUCT_STATUSES
from suppress.facts.feedback import SAYINGS
from suppress.facts.ids import MAX_ID_CHARACTERS
from suppress.facts.inventory import AVAILABILITIES
from suppress.facts.snapshot import Source

Types = Mapping[str, str]
"""A file's columns -> their DuckDB types."""

MOST_TEXT: Final = 2000
_WHOLES: Final = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "HUGEINT")
_ZONED: Final = "TIMESTAMP WITH TIME ZONE"
_RFC_3339: Final = r"^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?([Zz]|[+-]\d{2}:?\d{2})$"
_CONTROLS: Final = r"[\x{0000}-\x{001F}\x{007F}-\x{009F}]"


class Kind(StrEnum):
    """What a column holds, in words for people."""

    ID = "an id"
    TEXT = "text"
    WHOLE = "a whole number"
    FLAG = "yes or no"
    INSTANT = "a time with a zone"
    SKUS = "a list of skus"
    MAP = "a map"
    WORD = "one of a few words"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One column. `default`: SQL for an empty cell. `least`: smallest number. `words`: the choices of a WORD.

    A MAP may also be spread over columns whose names begin with `prefix`; `values` is the type of its values.
    """

    name: str
    kind: Kind
    required: bool = False
    default: str = "NULL"
    least: int | None = None
    words: tuple[str, ...] = ()
    values: str = "VARCHAR"
    prefix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One file: its columns, the key of its rows, which column tells the newer of two rows, and which its time."""

    source: Source
    file: str
    cells: tuple[Cell, ...]
    key: tuple[str, ...]
    newer: str
    time: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """SQL over the row: `value` (NULL where it cannot be read) and `problem` (text, NULL where there is none)."""

    value: str
    problem: str


def _id(name: str, *, required: bool = False, default: str = "NULL") -> Cell:
    return Cell(name=name, kind=Kind.ID, required=required, default=default)


def _units(name: str, default: str = "0") -> Cell:
    return Cell(name=name, kind=Kind.WHOLE, default=default, least=0)


def _time(name: str, *, required: bool = False) -> Cell:
    return Cell(name=name, kind=Kind.INSTANT, required=required)


def _texts(*names: str) -> tuple[Cell, ...]:
    return tuple(Cell(name=name, kind=Kind.TEXT) for name in names)


def _map(name: str, prefix: str, values: str = "VARCHAR") -> Cell:
    return Cell(name=name, kind=Kind.MAP, default=f"MAP {{}}::MAP(VARCHAR, {values})", values=values, prefix=prefix)


def _skus(name: str) -> Cell:
    return Cell(name=name, kind=Kind.SKUS, default="[]::VARCHAR[]")


def _flag(name: str, default: str = "NULL") -> Cell:
    return Cell(name=name, kind=Kind.FLAG, default=default)


SKU: Final = _id("sku", required=True)
CUSTOMER: Final = _id("customer_id", required=True)
SHAPES: Final = (
    Shape(
        source=Source.PRODUCTS,
        file="products.parquet",
        cells=(
            SKU,
            _id("item_group_id"),
            *_texts("title", "category", "brand"),
            Cell(name="status", kind=Kind.WORD, words=PRODUCT_STATUSES, default="'active'"),
            Cell(name="replenish_days", kind=Kind.WHOLE, least=1),
            Cell(name="price_minor", kind=Kind.WHOLE),
            *_texts("currency"),
            _skus("bundle_of"),
            _map("attributes", "attributes."),
            _time("updated_at"),
        ),
        key=("sku",),
        newer="updated_at",
        time="updated_at",
    ),
    Shape(
        source=Source.ORDERS,
        file="order_lines.parquet",
        cells=(
            _id("order_id", required=True),
            _id("line_id"),
            CUSTOMER,
            SKU,
            Cell(name="units", kind=Kind.WHOLE, required=True),
            _time("ordered_at", required=True),
            _units("cancelled_units"),
            _units("returned_units"),
            _flag("is_gift", "false"),
            *_texts("channel"),
            _time("updated_at"),
        ),
        key=("order_id", "line_id"),
        newer="updated_at",
        time="ordered_at",
    ),
    Shape(
        source=Source.STOCK,
        file="stock.parquet",
        cells=(
            SKU,
            _id("location_id", default="'all'"),
            Cell(name="on_hand", kind=Kind.WHOLE, required=True),
            _units("reserved"),
            _units("safety_stock"),
            _units("incoming_units", "NULL"),
            _time("incoming_at"),
            Cell(name="availability", kind=Kind.WORD, words=AVAILABILITIES),
            _time("updated_at", required=True),
        ),
        key=("sku", "location_id"),
        newer="updated_at",
        time="updated_at",
    ),
    Shape(
        source=Source.CUSTOMERS,
        file="customers.parquet",
        cells=(
            CUSTOMER,
            *_texts("email", "phone"),
            _id("household_id"),
            *_texts("country", "region", "time_zone"),
            _map("consent", "consent_", "BOOLEAN"),
            _map("attributes", "attributes."),
            _flag("do_not_contact"),
            _flag("open_case"),
            _flag("late_order"),
            _time("updated_at"),
        ),
        key=("customer_id",),
        newer="updated_at",
        time="updated_at",
    ),
    Shape(
        source=Source.SENT,
        file="sent.parquet",
        cells=(
            _id("message_id", required=True),
            CUSTOMER,
            *_texts("channel"),
            _id("campaign_id"),
            _time("sent_at", required=True),
            _skus("items"),
            _time("updated_at"),
        ),
        key=("message_id", "customer_id"),
        newer="updated_at",
        time="sent_at",
    ),
    Shape(
        source=Source.FEEDBACK,
        file="feedback.parquet",
        cells=(
            CUSTOMER,
            _id("sku"),
            *_texts("category"),
            Cell(name="says", kind=Kind.WORD, required=True, words=SAYINGS),
            _time("at", required=True),
        ),
        key=("customer_id", "sku", "category", "says"),
        newer="at",
        time="at",
    ),
)


def unreadable(cell: Cell, type_: str) -> str | None:
    """Why a column of that type can hold no such cells; None when it can."""
    is_naive = type_.startswith("TIMESTAMP") and type_ != _ZONED
    if cell.kind is Kind.INSTANT and is_naive:
        return (
            "has times without a zone; write them as timestamps with UTC set (isAdjustedToUTC), or as text with a zone"
        )
    able = {
        Kind.ID: type_ == "VARCHAR" or type_ in _WHOLES,
        Kind.TEXT: type_ == "VARCHAR",
        Kind.WORD: type_ == "VARCHAR",
        Kind.WHOLE: type_ in _WHOLES or type_ in {"DOUBLE", "FLOAT"} or type_.startswith("DECIMAL"),
        Kind.FLAG: type_ in {"BOOLEAN", "VARCHAR"},
        Kind.INSTANT: type_ in {_ZONED, "VARCHAR"},
        Kind.SKUS: type_ in {"VARCHAR", "VARCHAR[]"},
        Kind.MAP: type_ == "VARCHAR" or type_.startswith(("MAP(", "STRUCT(")),
    }[cell.kind]
    return None if able or type_ in {"NULL", '"NULL"'} else f"is of type {type_}; it must hold {cell.kind.value}"


def spread(cell: Cell, types: Types) -> list[Cell]:
    """The columns of the file that each hold one value of the map, as cells of their own."""
    kind = Kind.FLAG if cell.values == "BOOLEAN" else Kind.TEXT
    return [
        Cell(name=name, kind=kind)
        for name in types
        if cell.prefix and name.startswith(cell.prefix) and len(name) > len(cell.prefix)
    ]


def reading(cell: Cell, types: Types) -> Reading:
    """How the cell is read from a row `r` of a file with these columns."""
    own = _reading(cell, types)
    parts = [(part.name.removeprefix(cell.prefix), _reading(part, types)) for part in spread(cell, types)]
    if not parts:
        return own
    entries = ", ".join(f"{{'key': {_quoted(name)}, 'value': {part.value}}}" for name, part in parts)
    known = f"map_from_entries(list_filter([{entries}], lambda e: e.value IS NOT NULL))"
    problems = ", ".join(part.problem for _, part in [("", own), *parts])
    return Reading(value=f"map_concat({own.value}, {known})", problem=f"nullif(concat_ws('; ', {problems}), '')")


def _reading(cell: Cell, types: Types) -> Reading:
    if cell.name not in types:
        return Reading(value=cell.default, problem=_quoted(f"{cell.name} is missing") if cell.required else "NULL")
    column = f'r."{cell.name}"'
    raw, checks = _READERS[cell.kind](cell, column, types[cell.name])
    is_empty = f"{column} IS NULL"
    if types[cell.name] == "VARCHAR":
        is_empty += f" OR trim({column}) = ''"
    when_empty = _quoted(f"{cell.name} is empty") if cell.required else "NULL"
    whens = " ".join(f"WHEN {condition} THEN {_quoted(f'{cell.name} {reason}')}" for condition, reason in checks)
    return Reading(
        value=f"CASE WHEN {is_empty} THEN {cell.default} ELSE {raw} END",
        problem=f"CASE WHEN {is_empty} THEN {when_empty} {whens} END",
    )


def _read_id(cell: Cell, column: str, type_: str) -> tuple[str, list[tuple[str, str]]]:
    del cell, type_
    clean = f"nfc_normalize(trim(CAST({column} AS VARCHAR), {_BLANKS}))"
    return clean, [
        (f"length({clean}) = 0", "is empty"),
        (f"length({clean}) > {MAX_ID_CHARACTERS}", f"is longer than {MAX_ID_CHARACTERS} characters"),
        (f"regexp_matches({clean}, '{_CONTROLS}')", "holds a control character"),
    ]


def _read_text(cell: Cell, column: str, type_: str) -> tuple[str, list[tuple[str, str]]]:
    del type_
    clean = f"nfc_normalize(trim(regexp_replace({column}, '\\s+', ' ', 'g')))"
    if cell.name == "category":
        clean = f"nullif(trim(regexp_replace({clean}, '\\s*/[\\s/]*', '/', 'g'), '/'), '')"
    if cell.name in {"country", "currency"}:
        clean = f"upper({clean})"
    return clean, [
        (f"length({clean}) > {MOST_TEXT}", f"is longer than {MOST_TEXT} characters"),
        (f"regexp_matches({clean}, '{_CONTROLS}')", "holds a control character"),
    ]


def _read_whole(cell: Cell, column: str, type_: str) -> tuple[str, list[tuple[str, str]]]:
    del type_
    whole = f"TRY_CAST({column} AS BIGINT)"
    checks = [
        (f"{whole} IS NULL OR {whole} <> {column} OR abs({whole}::HUGEINT) >= 1000000000000000", "is no whole number")
    ]
    if cell.least is not None:
        checks.append((f"{whole} < {cell.least}", f"is below {cell.least}"))
    if cell.name == "units":
        checks.append((f"{whole} = 0", "is 0; write how many were bought, or a negative number for a credit note"))
    return whole, checks


def _read_flag(cell: Cell, column: str, type_: str) -> tuple[str, list[tuple[str, str]]]:
    del cell
    if type_ == "BOOLEAN":
        return column, []
    word = f"lower(trim({column}))"
    yes, no = "('yes', 'true', '1', 'y', 't')", "('no', 'false', '0', 'n', 'f')"
    value = f"CASE WHEN {word} IN {yes} THEN true WHEN {word} IN {no} THEN false END"
    return value, [(f"({value}) IS NULL", "must be yes or no")]


def _read_instant(cell: Cell, column: str, type_: str) -> tuple[str, list[tuple[str, str]]]:
    del cell
    if type_ == _ZONED:
        return f"epoch_us({column})", [(f"NOT isfinite({column})", "is no time")]
    text = f"trim({column})"
    value = f"epoch_us(TRY_CAST({text} AS TIMESTAMPTZ))"
    return value, [
        (f"NOT regexp_matches({text}, '{_RFC_3339}')", "must be a time with a zone like 2026-11-22T09:00:00Z"),
        (f"({value}) IS NULL", "is no time"),
    ]


def _read_word(cell: Cell, column: str, type_: str) -> tuple[str, list[tuple[str, str]]]:
    del type_
    word = f"replace(replace(lower(trim({column})), ' ', '_'), '-', '_')"
    words = ", ".join(_quoted(each) for each in cell.words)
    return word, [(f"{word} NOT IN ({words})", f"must be one of {', '.join(cell.words)}")]


def _read_skus(cell: Cell, column: str, type_: str) -> tuple[str, list[tuple[str, str]]]:
    del cell
    checks: list[tuple[str, str]] = []
    listed = column
    if type_ == "VARCHAR":
        listed = (
            f"CASE WHEN starts_with(trim({column}), '[') THEN CAST(TRY_CAST({column} AS JSON) AS VARCHAR[])"
            f" ELSE list_filter(string_split({column}, '|'), lambda x: trim(x) <> '') END"
        )
        is_json = f"starts_with(trim({column}), '[') AND NOT json_valid({column})"
        checks.append((is_json, "must be a list of skus, a|b or a JSON list"))
    clean = f"list_transform({listed}, lambda x: nfc_normalize(trim(x, {_BLANKS})))"
    wrong = (
        f"lambda x: x IS NULL OR length(x) NOT BETWEEN 1 AND {MAX_ID_CHARACTERS} OR regexp_matches(x, '{_CONTROLS}')"
    )
    checks.append((f"len(list_filter({clean}, {wrong})) > 0", "holds a sku that cannot be one"))
    return clean, checks


def _read_map(cell: Cell, column: str, type_: str) -> tuple[str, list[tuple[str, str]]]:
    target = f"MAP(VARCHAR, {cell.values})"
    if type_ == "VARCHAR":
        value = f"TRY_CAST(TRY_CAST({column} AS JSON) AS {target})"
    elif type_.startswith("STRUCT("):
        value = f"TRY_CAST(to_json({column}) AS {target})"
    else:
        value = f"TRY_CAST({column} AS {target})"
    known = f"map_from_entries(list_filter(map_entries({value}), lambda e: e.value IS NOT NULL))"
    return known, [
        (f"({value}) IS NULL", f"must be a flat map of {'yes or no' if cell.values == 'BOOLEAN' else 'text'}")
    ]


_BLANKS: Final = "' \t\r\n\u00a0'"
_READERS: Final = {
    Kind.ID: _read_id,
    Kind.TEXT: _read_text,
    Kind.WHOLE: _read_whole,
    Kind.FLAG: _read_flag,
    Kind.INSTANT: _read_instant,
    Kind.WORD: _read_word,
    Kind.SKUS: _read_skus,
    Kind.MAP: _read_map,
}


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"

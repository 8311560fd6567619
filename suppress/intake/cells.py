"""Turn a value of any file format into a cell of text: the same data gives the same rows from CSV, JSONL and Parquet.

A cell is text as a CSV would hold it; empty = not given. What a CSV cannot say (a JSON yes/no, list or map) is JSON
text behind a mark that no clean text can contain, so that `true` never passes for an id.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Final

import orjson

from suppress.errors import FactsError

TYPED: Final = "\x00"
_EXACT: Final = 2**53


def cell_of(value: object) -> str:
    """The cell for one value. Whole numbers lose their `.0`; numbers too large to be exact become typed cells."""
    match value:
        case str():
            return value
        case None:
            return ""
        case bool():
            return TYPED + ("true" if value else "false")
        case int():
            return str(value)
        case float():
            return _number_cell(value)
        case datetime() | date():
            return value.isoformat()
        case Decimal():
            return str(int(value)) if value == value.to_integral_value() else str(value)
        case bytes():
            return value.decode("utf-8", errors="replace")
        case _:
            return TYPED + orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def _number_cell(value: float) -> str:
    if value != value:  # noqa: PLR0124 - not a number: what Parquet files of pandas hold for "no value"
        return ""
    if abs(value) >= _EXACT:
        return TYPED + repr(value)
    return str(int(value)) if value.is_integer() else repr(value)


def plain(cell: str, wanted: str) -> str:
    """The trimmed text of an untyped cell. Raises FactsError, `must be {wanted}, not ...`, for a typed one."""
    if cell.startswith(TYPED):
        raise FactsError(f"must be {wanted}, not {_said(cell)}")
    return cell.strip()


def json_of(cell: str, wanted: str) -> object:
    """The value of a cell that holds JSON text. Raises FactsError when it is not JSON."""
    try:
        return orjson.loads(cell.removeprefix(TYPED))
    except orjson.JSONDecodeError as error:
        raise FactsError(f"must be {wanted}; as JSON it cannot be read: {error.msg}") from None


def shown(cell: str) -> object:
    """What the file said, for people: the cell's text, or the value of a typed cell."""
    if not cell.startswith(TYPED):
        return cell
    try:
        shown_value: object = orjson.loads(cell[1:])
    except orjson.JSONDecodeError:
        return cell[1:]
    return shown_value


def _said(cell: str) -> str:
    text = cell[1:]
    if text.startswith("["):
        return "a list"
    if text.startswith("{"):
        return "a map"
    return text if text in {"true", "false"} else "a number too large to be exact"

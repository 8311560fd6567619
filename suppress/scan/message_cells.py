"""Turn one row of cells, from CSV or Parquet, into the object JSON would have said, for the border to read."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from suppress.errors import FactsError
from suppress.scan.message_blocks import Border, Read, Refused, named
from suppress.scan.message_columns import INSTANTS

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EXACT: Final = 2**53


def parsed(border: Border, cells: Mapping[str, Any], types: Mapping[str, Any] | None = None) -> Read:
    """The Message of a row of cells (None = not given), or why it is none."""
    message_id = named(cells.get("message_id"))
    try:
        given = {
            name: _given(name, cell, in_us=types is not None and is_instant(types[name]))
            for name, cell in cells.items()
            if cell is not None
        }
        return border.parse_message({name: value for name, value in given.items() if value is not None})
    except FactsError as error:
        return Refused(message_id, str(error))


def _given(name: str, cell: Any, *, in_us: bool) -> object:
    """A cell as JSON would have said it."""
    value = _plain_value(cell)
    if in_us:
        try:
            return _EPOCH + timedelta(microseconds=cell)
        except OverflowError:
            raise FactsError(f"{name}: it must be a time like 2026-11-22T09:00:00Z") from None
    if isinstance(value, str):
        match name:
            case "items" | "replacements" | "campaign_tags":
                if value.lstrip().startswith("["):
                    return _json_value(name, value, "a list")
                return [entry.strip() for entry in value.split("|") if entry.strip()]
            case "attributes":
                return _json_value(name, value, "a map like {...}")
            case "slots":
                return int(value) if re.fullmatch(r"\s*[+-]?[0-9]{1,18}\s*", value) else value
    if name == "attributes" and isinstance(value, dict):
        return {key: each for key, each in value.items() if each is not None}
    if name == "items" and isinstance(value, list):
        return [
            {key: each for key, each in entry.items() if each is not None or key == "sku"}
            if isinstance(entry, dict)
            else entry
            for entry in value
        ]
    return value


def _plain_value(cell: Any) -> Any:
    match cell:
        case float():
            if cell != cell:  # noqa: PLR0124 - not a number: what Parquet files of pandas hold for "no value"
                return None
            return int(cell) if cell.is_integer() and abs(cell) < _EXACT else cell
        case Decimal():
            return int(cell) if cell == cell.to_integral_value() else float(cell)
        case bytes():
            return cell.decode("utf-8", errors="replace")
        case dict():
            return {key: _inner(value) for key, value in cell.items()}
        case list() | tuple():
            return [_plain_value(value) if isinstance(value, dict) else _inner(value) for value in cell]
        case _:
            return cell


def _inner(value: Any) -> Any:
    """A value inside a list or map: a number there stays the number it is."""
    return float(value) if isinstance(value, Decimal) else value.decode() if isinstance(value, bytes) else value


def _json_value(name: str, text: str, wanted: str) -> object:
    try:
        return json.loads(text, object_pairs_hook=_once_each, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise FactsError(f"{name}: it must be {wanted}; as JSON it cannot be read") from None


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError
    return dict(pairs)


def _no_constant(_: str) -> object:
    raise ValueError


def is_instant(type_: Any) -> bool:
    """Whether a column's cells are times with a zone; they are fetched as microseconds since 1970."""
    return bool(type_.id in INSTANTS)

"""Write the rows of a query as a message file: rows in, JSON Lines out, whole or not at all."""

import os
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import orjson

_LISTS: Final = frozenset({"items", "replacements", "campaign_tags", "attributes"})


def write_messages(rows: Iterable[Mapping[str, Any]], path: Path) -> int:
    """How many rows there were. Lists and maps may come as JSON text; a time needs its zone. Raises OSError."""
    unfinished = path.with_name(f"{path.name}.unfinished-{os.getpid()}")
    count = 0
    try:
        with unfinished.open("wb") as file:
            for row in rows:
                file.write(orjson.dumps({name: _value(name, value) for name, value in row.items()}, default=_plain))
                file.write(b"\n")
                count += 1
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return count


def _value(name: str, value: Any) -> Any:
    if name in _LISTS and isinstance(value, str) and value[:1] in {"[", "{"}:
        return orjson.loads(value)
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)

"""Turn order lines and credits into versions of lines, each true for a span of time; and say how a lake's are read.

A version holds for from_us <= as_of < until_us. A line that no credit touched has one; each credit that takes units off
it ends one and begins the next. `facts.history.settle` of all that was known at `as_of` gives the same kept units.
"""

# ruff: noqa: S608  (the text is put together from names in this room; values travel as parameters)

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from suppress.facts.facts_folder import TABLES, by_masks, line_files_of, masks_of

FOREVER_US: Final = 2**62


class StoredLine(NamedTuple):
    """One order line or credit note of the store, in the order of `lake_tables.LINE_COLUMNS`."""

    order_id: str
    line_id: str
    customer_id: str
    sku: str
    units: int
    ordered_at_us: int
    cancelled_units: int
    returned_units: int
    is_gift: int
    channel: str | None


class Version(NamedTuple):
    """One line over one span of time. `kept_units` = units - cancelled - returned - credited so far, at least 0."""

    customer_id: str
    sku: str
    ordered_at_us: int
    from_us: int
    until_us: int
    units: int
    kept_units: int
    is_gift: bool
    channel: str | None
    order_id: str
    line_id: str


_ARROW: Final = {"VARCHAR": "string", "BIGINT": "int64", "BOOLEAN": "bool"}
VERSION_TYPES: Final = {name: _ARROW[TABLES["lines"][name]] for name in Version._fields}
"""The columns of a version with their Arrow types."""
FILE_COLUMNS: Final = TABLES["lines"]
"""The columns of a file of lines, with DuckDB's types: those of a version, and the catalogue's."""
FILE_ORDER: Final = "customer_id, ordered_at_us, sku, order_id, line_id, from_us"


def versions_of(lines: Iterable[StoredLine]) -> Iterator[Version]:
    """The versions of one customer's lines of one sku; credits are no versions themselves.

    As in `settle`: credits in order of time, each taken off earlier or simultaneous lines, newest first.
    """
    bought: list[StoredLine] = []
    credits_: list[StoredLine] = []
    for line in lines:
        (bought if line.units > 0 else credits_).append(line)
    bought.sort(key=_order)
    kept = [_kept(line) for line in bought]
    since = [line.ordered_at_us for line in bought]
    for credit in sorted(credits_, key=_order):
        left = -credit.units
        at_us = credit.ordered_at_us
        for index in range(len(bought) - 1, -1, -1):
            if not left:
                break
            taken = min(left, kept[index])
            if taken and bought[index].ordered_at_us <= at_us:
                if since[index] < at_us:
                    yield _version(bought[index], since[index], at_us, kept[index])
                    since[index] = at_us
                kept[index] -= taken
                left -= taken
    for line, from_us, units in zip(bought, since, kept, strict=True):
        yield _version(line, from_us, FOREVER_US, units)


def lines_relation(folder: Path, manifest: Mapping[str, Any], columns: str = "*") -> str:
    """A SELECT for DuckDB of the live versions of all lines of a facts folder, to be put in parentheses.

    A filter on customer_id around it reaches the Parquet files, which are sorted by customer. A row of an older file is
    live unless a newer file replaced its customer and sku.
    """
    masked = by_masks(line_files_of(manifest), masks_of(manifest))
    if not masked:
        typed = ", ".join(f"CAST(NULL AS {kind}) AS {name}" for name, kind in FILE_COLUMNS.items())
        return f"SELECT {columns} FROM (SELECT {typed} WHERE false)"
    return " UNION ALL ".join(
        f"SELECT {columns} FROM {files_relation(folder, files)} l{_unless(folder, masks)}"
        for masks, files in masked.items()
    )


def files_relation(folder: Path, files: Iterable[str]) -> str:
    """Parquet files of a folder as a table function of DuckDB."""
    paths = ", ".join(f"'{quoted(folder / file)}'" for file in files)
    return f"read_parquet([{paths}])"


def quoted(path: Path) -> str:
    """A path inside quotes in SQL. Brackets and stars are not taken for patterns."""
    text = str(path).replace("'", "''")
    return "".join(f"[{character}]" if character in "*?[" else character for character in text)


def _unless(folder: Path, masks: tuple[str, ...]) -> str:
    if not masks:
        return ""
    return (
        f" WHERE NOT EXISTS (SELECT 1 FROM {files_relation(folder, masks)} m"
        " WHERE m.customer_id = l.customer_id AND m.sku = l.sku)"
    )


def _version(line: StoredLine, from_us: int, until_us: int, kept_units: int) -> Version:
    return Version(
        line.customer_id,
        line.sku,
        line.ordered_at_us,
        from_us,
        until_us,
        line.units,
        kept_units,
        bool(line.is_gift),
        line.channel,
        line.order_id,
        line.line_id,
    )


def _kept(line: StoredLine) -> int:
    return max(0, line.units - line.cancelled_units - line.returned_units)


def _order(line: StoredLine) -> tuple[object, ...]:
    """As `settle` has it; of lines that are alike the one of the later order is the newer."""
    return (line.ordered_at_us, line.units, _kept(line), line.is_gift, line.channel or "", line.order_id, line.line_id)

"""Write tables in parts, and turn Parquet files of one kind into one: bytes are copied, nothing is decoded or sorted.

What a file holds is told by its footer, in absolute places; those of a part that is put behind others are moved by as
much as stands before it. https://parquet.apache.org/docs/file-format/metadata/
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import duckdb

from suppress.errors import FactsError
from suppress.scan.sql import literal, target
from suppress.scan.thrift_compact import I64, Field, Listed, read_struct, written

_UNWANTED: Final = "statistics_propagation"
"""It has columns written as never NULL where some rows have no NULL, and the parts of a table would differ."""
_MAGIC: Final = b"PAR1"
_TAIL_BYTES: Final = 8
_COPIED_BYTES: Final = 1 << 22

_SCHEMA, _ROWS, _GROUPS, _ORDERS = 2, 3, 4, 7
_GROUP_COLUMNS, _GROUP_OFFSET, _GROUP_ORDINAL = 1, 5, 7
_CHUNK_OFFSET, _CHUNK_ABOUT = 2, 3
_INDEXES: Final = (4, 5, 6, 7)
"""Of a column chunk: page indexes, which hold absolute places themselves. They may be left out."""
_PLACES: Final = (9, 10, 11, 14)
"""Of a column chunk's metadata: where pages, dictionary and Bloom filter begin."""


def write_part(connection: duckdb.DuckDBPyConnection, select: str, file: Path, options: str) -> int:
    """Write the rows of a SELECT as Parquet, so that parts of one table have one schema; how many there are."""
    row = connection.execute("SELECT current_setting('disabled_optimizers')").fetchone()
    disabled = row[0] if row and row[0] else ""
    connection.execute(f"SET disabled_optimizers = {literal(','.join(filter(None, (disabled, _UNWANTED))))}")
    try:
        written_rows = connection.execute(f"COPY ({select}) TO {target(file)} ({options})").fetchone()
    finally:
        connection.execute(f"SET disabled_optimizers = {literal(disabled)}")
    return int(written_rows[0]) if written_rows else 0


def join_parts(parts: Sequence[Path], whole: Path) -> None:
    """Write the rows of all parts, in that order, into one file.

    Raises FactsError when a part is no whole Parquet file, or of another schema than the first; OSError.
    """
    footers = [_footer(part) for part in parts]
    first = footers[0]
    groups: list[dict[int, Field]] = []
    with whole.open("wb") as out:
        out.write(_MAGIC)
        for part, footer in zip(parts, footers, strict=True):
            if any(footer.get(each) != first.get(each) for each in (_SCHEMA, _ORDERS)):
                raise FactsError(f"{part} does not have the columns of {parts[0]}")
            moved_by = out.tell() - len(_MAGIC)
            with part.open("rb") as source:
                source.seek(len(_MAGIC))
                _copy(source, out, _end_of_data(part))
            groups += [_moved(group, moved_by) for group in footer[_GROUPS].value.values]
        rows = sum(footer[_ROWS].value for footer in footers)
        kind = first[_GROUPS].value.kind
        about = written({**first, _ROWS: Field(I64, rows), _GROUPS: Field(first[_GROUPS].kind, Listed(kind, groups))})
        out.write(about + len(about).to_bytes(4, "little") + _MAGIC)


def _footer(part: Path) -> dict[int, Field]:
    try:
        with part.open("rb") as file:
            file.seek(_end_of_data(part))
            return read_struct(file.read()[:-_TAIL_BYTES])
    except (ValueError, IndexError) as error:
        raise FactsError(f"{part} is no whole Parquet file: {error}") from None


def _end_of_data(part: Path) -> int:
    size = part.stat().st_size
    with part.open("rb") as file:
        file.seek(max(0, size - _TAIL_BYTES))
        tail = file.read()
    footer = int.from_bytes(tail[:4], "little")
    if tail[4:] != _MAGIC or footer > size - _TAIL_BYTES - len(_MAGIC):
        raise FactsError(f"{part} is no whole Parquet file: it does not end as one")
    return size - _TAIL_BYTES - footer


def _copy(source: Any, out: Any, until: int) -> None:
    while left := until - source.tell():
        block = source.read(min(left, _COPIED_BYTES))
        if not block:
            raise FactsError(f"{source.name} ended while it was read")
        out.write(block)


def _moved(group: dict[int, Field], by: int) -> dict[int, Field]:
    columns = group[_GROUP_COLUMNS]
    moved = {**group, _GROUP_COLUMNS: Field(columns.kind, Listed(columns.value.kind, []))}
    moved.pop(_GROUP_ORDINAL, None)
    _shift(moved, _GROUP_OFFSET, by)
    for chunk in columns.value.values:
        about = dict(chunk[_CHUNK_ABOUT].value)
        for place in _PLACES:
            _shift(about, place, by)
        one = {**chunk, _CHUNK_ABOUT: Field(chunk[_CHUNK_ABOUT].kind, about)}
        for index in _INDEXES:
            one.pop(index, None)
        _shift(one, _CHUNK_OFFSET, by)
        moved[_GROUP_COLUMNS].value.values.append(one)
    return moved


def _shift(struct: dict[int, Field], number: int, by: int) -> None:
    """Move a place. Zero says that nobody tells it."""
    if number in struct and struct[number].value:
        struct[number] = Field(struct[number].kind, struct[number].value + by)

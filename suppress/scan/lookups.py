"""Work out in Python what SQL engines spell differently (patterns, attributes, clocks), once per distinct value.

Each lookup is a small table of what was asked and what came of it, made by the very functions `check` uses; the large
tables are then only joined with it.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import re2

from suppress.facts.attributes import value_of
from suppress.facts.fields import FieldType, label_of
from suppress.facts.local_time import clock_us, day_number, next_clock_us, period_us, weekday, zone_of
from suppress.rules.tree import Period
from suppress.scan.sql import name

_PERIODS: Final = tuple(period.value for period in Period)
_ARROW: Final = {FieldType.NUMBER: pa.int64(), FieldType.DAY: pa.int64(), FieldType.YES_NO: pa.bool_()}


class Lookups:
    """Makes lookup tables on one connection."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def matches(self, table: str, values: str, pattern: str) -> None:
        """A table (value, hit) of the distinct values a SELECT gives, and whether each contains a match."""
        compiled = re2.compile(pattern)
        found = self._distinct(values)
        hits = [compiled.search(value) is not None for value in found]
        self._make(table, {"value": pa.array(found, pa.string()), "hit": pa.array(hits, pa.bool_())})

    def attributes(self, table: str, texts: str, field: str, choices: Sequence[str]) -> None:
        """A table (text, value) of the distinct texts a SELECT gives, each read as the type the field declares."""
        type_ = declared_type(field)
        found = self._distinct(texts)
        read = [value_of(text, type_, choices) for text in found]
        kind = _ARROW.get(type_, pa.string())
        self._make(table, {"text": pa.array(found, pa.string()), "value": pa.array(read, kind)})

    def moments(self, table: str, asked: str, shop: ZoneInfo, walls_us: Iterable[int]) -> None:
        """A table of what clock and calendar show at each (as_of_us, zone) a SELECT gives.

        Columns beside those: clock_us, weekday, day, and the first instant of each period, `start day`; and for each
        of `walls_us` when the clock shows it next, `next WALL`. A zone nobody knows is the shop's.
        """
        rows = self._rows(asked)
        walls = list(walls_us)
        columns: dict[str, list[Any]] = {
            key: []
            for key in (
                "as_of_us", "zone", "clock_us", "weekday", "day",
                *(f"start {period}" for period in _PERIODS), *(f"next {wall}" for wall in walls),
            )
        }  # fmt: skip
        for as_of_us, zone_name in rows:
            zone = zone_of(zone_name) or shop
            values = (
                as_of_us, zone_name, clock_us(as_of_us, zone), weekday(as_of_us, zone), day_number(as_of_us, zone),
                *(period_us(as_of_us, period, zone)[0] for period in _PERIODS),
                *(next_clock_us(as_of_us, wall, zone) for wall in walls),
            )  # fmt: skip
            for column, value in zip(columns.values(), values, strict=True):
                column.append(value)
        texts = ("zone", "weekday")
        arrays = {key: pa.array(column, pa.string() if key in texts else pa.int64()) for key, column in columns.items()}
        self._make(table, arrays)

    def _distinct(self, values: str) -> list[str]:
        statement = f"SELECT DISTINCT v FROM ({values}) t(v) WHERE v IS NOT NULL ORDER BY v"
        return [row[0] for row in self._rows(statement)]

    def _rows(self, select: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(select).fetchall()

    def _make(self, table: str, columns: dict[str, pa.Array]) -> None:
        made = pa.table(columns)
        self._connection.register("made_in_python", made)
        self._connection.execute(f"CREATE OR REPLACE TABLE {name(table)} AS SELECT * FROM made_in_python")
        self._connection.unregister("made_in_python")


def declared_type(field: str) -> FieldType:
    """The type an attribute's name declares; text unless it says otherwise."""
    return FieldType(field.rpartition(" as ")[2]) if label_of(field) != field else FieldType.TEXT

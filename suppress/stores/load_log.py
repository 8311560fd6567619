"""The log of loads: which rows each transaction of a loader wrote, so that a lake can fetch what came since.

A load is one transaction that changed rows of one source. Loads of a source are numbered 1, 2, 3, ... without gaps, in
the order in which they became visible. The log names the keys offered, of which some may have been there already.
"""

import uuid
import zlib
from collections.abc import Sequence
from operator import itemgetter
from typing import Any, Final

import orjson
from sqlalchemy import text
from sqlalchemy.engine import Connection

from suppress.facts.snapshot import Source

MOST_LOGGED_ROWS: Final = 5_000_000
"""Beyond so many rows a lake is quicker made anew; older keys are forgotten."""

_LAST: Final = "SELECT load_seq FROM feeds WHERE source = :source"
_ADVANCE: Final = text("UPDATE feeds SET load_seq = :load_seq WHERE source = :source")
_NOTE: Final = text(
    "INSERT INTO loads (source, load_seq, token, row_count, keys) VALUES (:source, :load_seq, :token, :rows, :keys)"
)
_FORGET_BEFORE: Final = text(
    "SELECT max(load_seq) FROM (SELECT load_seq, sum(row_count) OVER (ORDER BY load_seq DESC) AS newer FROM loads"
    " WHERE source = :source) n"
    " WHERE newer > :most AND load_seq < (SELECT max(load_seq) FROM loads WHERE source = :source)"
)
_FORGET: Final = text("DELETE FROM loads WHERE source = :source AND load_seq <= :load_seq")
_FORGET_CORRECTIONS: Final = text("DELETE FROM line_corrections WHERE load_seq <= :load_seq")


def next_load(connection: Connection, source: Source) -> int:
    """The number of the load this transaction writes; other loaders of the source wait until it ends."""
    lock = " FOR UPDATE" if connection.dialect.name == "postgresql" else ""
    return int(connection.execute(text(_LAST + lock), {"source": source.value}).scalar_one()) + 1


def note_load(connection: Connection, source: Source, load_seq: int, keys: bytes | None, rows: int) -> None:
    """Complete the load. `keys` None: too many to tell, a lake has to be made anew."""
    connection.execute(_ADVANCE, {"source": source.value, "load_seq": load_seq})
    token = uuid.uuid4().hex
    connection.execute(
        _NOTE, {"source": source.value, "load_seq": load_seq, "token": token, "rows": rows, "keys": keys}
    )


def forget_old_loads(connection: Connection, source: Source) -> None:
    """Keep the newest loads, together MOST_LOGGED_ROWS rows, and always the last."""
    cut = connection.execute(_FORGET_BEFORE, {"source": source.value, "most": MOST_LOGGED_ROWS}).scalar()
    if cut is not None:
        connection.execute(_FORGET, {"source": source.value, "load_seq": cut})
        if source is Source.ORDERS:
            connection.execute(_FORGET_CORRECTIONS, {"load_seq": cut})


def packed_keys(rows: Sequence[tuple[Any, ...]], width: int) -> bytes:
    """The first `width` columns of the rows, column by column, as compressed JSON."""
    return zlib.compress(orjson.dumps([list(map(itemgetter(column), rows)) for column in range(width)]), 1)


def unpacked_keys(packed: bytes) -> list[tuple[str, ...]]:
    """What `packed_keys` packed, row by row."""
    return list(zip(*orjson.loads(zlib.decompress(packed)), strict=True))

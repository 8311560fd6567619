"""Turn what a scan or a rival wrote into one value: equal for equal decisions, whatever the order of rows."""

from pathlib import Path
from typing import NamedTuple

import duckdb


class Checksum(NamedTuple):
    """Over (message, position, deciding rule), and over (message, verdict, deciding rule, what is shown when sent)."""

    items: int
    items_sum: int
    messages: int
    messages_sum: int
    dropped: int
    suppressed: int


def checksum(out: Path, messages: int) -> Checksum:
    """The decisions in `out` on the first so many messages."""
    below = f"message_id < 'M-{messages:08d}'"
    with duckdb.connect() as db:
        row = db.execute(
            f"""SELECT * FROM (
                SELECT count(*), coalesce(sum(hash(message_id, position::INTEGER, coalesce(rule, ''))), 0), count(rule)
                FROM read_parquet('{out}/items.parquet') WHERE {below}
            ), (
                SELECT count(*), coalesce(sum(hash(message_id, verdict::VARCHAR, coalesce(rule, ''),
                    CASE WHEN verdict = 'send' THEN kept END)), 0), count(rule)
                FROM read_parquet('{out}/messages.parquet') WHERE {below}
            )"""
        ).fetchone()
    assert row is not None
    items, items_sum, dropped, told, messages_sum, suppressed = map(int, row)
    return Checksum(items, items_sum, told, messages_sum, dropped, suppressed)


def is_ordered(out: Path) -> bool:
    """Whether the items stand in the order of the messages, and then of their positions."""
    with duckdb.connect() as db:
        row = db.execute(
            f"""SELECT count(*) FROM (
                SELECT message_id, position, lag(message_id) OVER row AS before, lag(position) OVER row AS place
                FROM read_parquet('{out}/items.parquet', file_row_number = true)
                WINDOW row AS (ORDER BY file_row_number)
            ) WHERE before > message_id OR (before = message_id AND place >= position)"""
        ).fetchone()
    return row == (0,)

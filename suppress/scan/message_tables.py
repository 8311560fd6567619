"""Turn the messages read into the two tables a scan works on: messages, and what each may show."""

from pathlib import Path
from typing import Final, NamedTuple

import duckdb

from suppress.scan.parquet_parts import join_parts, write_part
from suppress.scan.sql import path, target

_CANDIDATES_AT_ONCE: Final = 4_000_000
_PARQUET: Final = "FORMAT parquet, COMPRESSION lz4, ROW_GROUP_SIZE 122880"
_ONCE: Final = (
    "CASE WHEN len(list_distinct(replacements)) < len(replacements)"
    " THEN list_filter(replacements, lambda e, i: list_position(replacements, e) = i) ELSE replacements END"
)
_WITH_REPLACEMENTS: Final = (
    f"list_concat(items, list_transform({_ONCE},"
    " lambda e: {'sku': e, 'placement': NULL::VARCHAR, 'score': NULL::DOUBLE}))"
)


class Tables(NamedTuple):
    """How many rows the tables have, and the first and last instant messages are decided as of."""

    accepted: int
    candidates: int
    first_as_of_us: int | None
    last_as_of_us: int | None


def write_tables(connection: duckdb.DuckDBPyConnection, read: str, work: Path) -> Tables:
    """Write `messages.parquet` and `candidates.parquet` into `work`, from the table of messages named `read`."""
    has_replacements = connection.execute(f"SELECT 1 FROM {read} WHERE len(replacements) > 0 LIMIT 1").fetchone()
    tried = _WITH_REPLACEMENTS if has_replacements else "items"
    messages = work / "messages.parquet"
    connection.execute(
        "COPY (SELECT seq AS message_no, message_id, customer_id, customer_problem, channel, campaign_id,"
        " campaign_tags, as_of_us, coalesce(slots, len(items))::INTEGER AS slots, len(items)::INTEGER AS items_asked,"
        f" len({tried})::INTEGER AS candidates, attributes FROM {read}) TO {target(messages)} ({_PARQUET})"
    )
    candidates = _write_candidates(connection, read, messages, tried, work)
    counts = connection.execute(f"SELECT count(*), min(as_of_us), max(as_of_us) FROM {read}").fetchone()
    accepted, first_us, last_us = counts or (0, None, None)
    return Tables(accepted, candidates, first_us, last_us)


def _write_candidates(connection: duckdb.DuckDBPyConnection, read: str, messages: Path, tried: str, work: Path) -> int:
    """Write `candidates.parquet`, a few million at a time: what is unnested in order is held in memory meanwhile."""
    whole = work / "candidates.parquet"
    bounds = connection.execute(
        "SELECT min(message_no), max(message_no) FROM (SELECT message_no, sum(candidates) OVER (ORDER BY message_no)"
        f" // {_CANDIDATES_AT_ONCE} AS part FROM read_parquet({path(messages)})) GROUP BY part ORDER BY part"
    ).fetchall()
    written, parts = 0, []
    for number, (first, last) in enumerate(bounds or [(0, 0)]):
        parts.append(whole if len(bounds) <= 1 else work / f"candidates-{number:04}.parquet")
        written += write_part(
            connection,
            "SELECT message_no, position::INTEGER AS position, position > items_asked AS is_replacement,"
            " tried.sku AS sku, tried.placement AS placement, tried.score AS score FROM ("
            "SELECT message_no, items_asked, unnest(tried) AS tried, generate_subscripts(tried, 1) AS position FROM ("
            f"SELECT seq AS message_no, len(items) AS items_asked, {tried} AS tried FROM {read}"
            f" WHERE seq BETWEEN {first} AND {last}))",
            parts[-1],
            _PARQUET,
        )
    if len(parts) > 1:
        join_parts(parts, whole)
        for part in parts:
            part.unlink()
    return written

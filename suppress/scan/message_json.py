"""Turn a JSONL file of messages into blocks: lines of everyday values as columns, the others for the border to read."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import IO, Any, Final, NamedTuple

import duckdb
import orjson
import pyarrow as pa

from suppress.errors import FactsError
from suppress.scan.message_blocks import (
    BLOCK,
    MOST_LINE_BYTES,
    Block,
    Border,
    Read,
    Refused,
    named,
    odd_numbers,
    registered,
    text_array,
)
from suppress.scan.message_columns import message_columns, odd_row
from suppress.scan.message_grammar import PLAIN_LINE
from suppress.scan.sql import literal

_READ_BYTES: Final = 32 << 20


def json_blocks(connection: duckdb.DuckDBPyConnection, stream: IO[bytes], border: Border) -> Iterator[Block]:
    """The blocks of a file with one JSON object per line, or with a single one over several lines."""
    columns = message_columns(_json_types(connection))
    odd = f"NOT plain OR {odd_row(columns)}"
    head = stream.read(MOST_LINE_BYTES + 4).removeprefix(b"\xef\xbb\xbf")
    alone = _alone(head)
    pieces: Iterator[_Lines] = iter([_Lines([alone[0]], [alone[1]], None)] if alone else _lines(head, stream))
    for piece in pieces:
        texts = pa.nulls(1, pa.string()) if alone else text_array(piece.lines)
        registered(connection, {"row": pa.array(piece.numbers, pa.int64()), "line": texts})
        read_odd = _odd_lines(connection, odd, piece, border)
        yield Block(_JSON_RELATION, columns, odd, len(piece.lines), piece.numbers[-1], (), read_odd)
        connection.unregister(BLOCK)


class _Lines(NamedTuple):
    """Some lines of a file that are not blank, without their ends, and the last of the file when it has no end."""

    numbers: Sequence[int]
    lines: list[bytes]
    without_end: int | None


def _alone(head: bytes) -> tuple[int, bytes] | None:
    """The message that is the whole file, over several lines, with the number of its first line; None = one per line.

    `head`: the file's beginning, one byte more than a message may have. The border's reader decides in the same way.
    """
    lines = head.split(b"\n")
    number = next((index for index, line in enumerate(lines, 1) if line.strip()), None)
    if number is None or not lines[number - 1].lstrip().startswith((b"{", b"[")) or _is_json(lines[number - 1]):
        return None
    gathered = b"\n".join(lines[number - 1 :])
    if len(gathered) > MOST_LINE_BYTES:
        return None
    is_one = _is_json(gathered) or not any(line.startswith(b"{") and _is_json(line) for line in lines[number:])
    return (number, gathered) if is_one else None


def _is_json(text: bytes) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def _lines(head: bytes, stream: IO[bytes]) -> Iterator[_Lines]:
    """The lines of a stream; of one that is too long a beginning that is still too long."""
    number = 1
    carried = b""
    chunk = head
    while chunk:
        lines = (carried + chunk).split(b"\n")
        carried = lines.pop()[: MOST_LINE_BYTES + 1]
        yield from _filled(number, lines, None)
        number += len(lines)
        chunk = stream.read(_READ_BYTES)
    if carried:
        yield from _filled(number, [carried], number)


def _filled(first: int, lines: list[bytes], without_end: int | None) -> Iterator[_Lines]:
    numbers: Sequence[int] = range(first, first + len(lines))
    if not all(map(bytes.strip, lines)):
        kept = [(number, line) for number, line in zip(numbers, lines, strict=True) if line.strip()]
        numbers, lines = [number for number, _ in kept], [line for _, line in kept]
    if lines:
        yield _Lines(numbers, lines, without_end)


def _odd_lines(
    connection: duckdb.DuckDBPyConnection, odd: str, piece: _Lines, border: Border
) -> Callable[[], Iterator[tuple[int, Read]]]:
    def read() -> Iterator[tuple[int, Read]]:
        are_odd = odd_numbers(connection, _JSON_RELATION, odd)
        for number, line in zip(piece.numbers, piece.lines, strict=True):
            if number in are_odd:
                try:
                    yield number, border.load_message(line if number == piece.without_end else line + b"\n")
                except FactsError as error:
                    yield number, Refused(_named_in(line), str(error))

    return read


def _named_in(line: bytes) -> str | None:
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return named(found.get("message_id")) if isinstance(found, dict) else None


_JSON_TYPES: Final = {
    **dict.fromkeys(("message_id", "customer_id", "email", "phone", "channel", "campaign_id", "send_at"), "VARCHAR"),
    "campaign_tags": "VARCHAR[]",
    "slots": "INTEGER",
    "items": "STRUCT(sku VARCHAR, placement VARCHAR, score DOUBLE)[]",
    "replacements": "VARCHAR[]",
    "attributes": "MAP(VARCHAR, VARCHAR)",
}
_SHAPE: Final = json.dumps(_JSON_TYPES)
_BARE_ITEMS: Final = "lambda e: {'sku': e, 'placement': NULL::VARCHAR, 'score': NULL::DOUBLE}"
# Only lines that keep to the grammar are taken apart here; a name written twice gives a map that is NULL.
_JSON_RELATION: Final = f"""(
SELECT row,
  coalesce(matches AND len(names) = len(list_distinct(names))
    AND NOT (list_contains(names, 'attributes') AND found.attributes IS NULL), false) AS plain,
  {", ".join(f"found.{name} AS {name}" for name in _JSON_TYPES if name != "items")},
  CASE WHEN skus IS NULL THEN found.items ELSE list_transform(skus, {_BARE_ITEMS}) END AS items
FROM (
  SELECT row, matches, CASE WHEN matches THEN json_keys(line) END AS names,
    CASE WHEN matches THEN from_json(line, {literal(_SHAPE)}) END AS found,
    CASE WHEN matches AND NOT regexp_matches(line, '"items" *: *\\[ *\\{{')
      THEN from_json(json_extract(line, '$.items'), '["VARCHAR"]') END AS skus
  FROM (SELECT row, line, coalesce(regexp_full_match(line, {literal(PLAIN_LINE)}), false) AS matches FROM {BLOCK})
))"""


def _json_types(connection: duckdb.DuckDBPyConnection) -> Mapping[str, Any]:
    casts = ", ".join(f"NULL::{type_} AS {name}" for name, type_ in _JSON_TYPES.items())
    return dict(zip(_JSON_TYPES, connection.sql(f"SELECT {casts}").types, strict=True))

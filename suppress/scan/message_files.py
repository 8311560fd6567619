"""Turn message files (Parquet, CSV, JSONL) into blocks of columns DuckDB can work on, streaming.

A block also hands over its odd rows one by one, as what the border's parser reads: an object, or a line of JSON.

CSV: the first row names the columns; an empty cell is not given; `items`, `replacements` and `campaign_tags` are `A|B`
or a JSON list (which for `items` may hold maps of sku, placement and score); `attributes` is a JSON map. Parquet may
use the same texts, or lists, structs and maps. Rows count from 1 in Parquet, from the line in JSONL, from the heading
(row 1) in CSV.
"""

import csv
import gzip
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import IO, Any, Final, NamedTuple, Protocol

import duckdb
import orjson
import pyarrow as pa

from suppress.errors import FactsError
from suppress.facts.ids import MAX_ID_CHARACTERS
from suppress.facts.message import Message
from suppress.scan.message_columns import (
    FIELDS,
    INSTANTS,
    PLAIN_LINE,
    Column,
    check_columns,
    message_columns,
    odd_row,
)
from suppress.scan.sql import literal

ENDINGS: Final = (".parquet", ".csv", ".jsonl", ".ndjson", ".json")
_PARQUET_ROWS: Final = 491_520
_CSV_ROWS: Final = 50_000
_JSON_BYTES: Final = 32 << 20
_PIECE_ROWS: Final = 16_384
_FETCHED_ROWS: Final = 4_096
_MOST_LINE_BYTES: Final = 1 << 20
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EXACT: Final = 2**53
_BLOCK: Final = "incoming_block"


class Border(Protocol):
    """What reads one message from a stranger and says what is wrong with it: the module `suppress.intake.messages`."""

    def parse_message(self, obj: object) -> Message:
        """The message in an object. Raises FactsError."""
        ...

    def load_message(self, text: bytes) -> Message:
        """The message in JSON text. Raises FactsError."""
        ...


class Refused(NamedTuple):
    """Why a row is no message; `message_id`: the id it would have had, as far as it has one."""

    message_id: str | None
    reason: str


Read = Message | Refused


class Block(NamedTuple):
    """Some rows of a file. `relation`: SQL with the columns `row` and those of `columns`; `odd`: SQL, never NULL.

    `rows`: how many there are, those of `broken` (row, reason) included, which are not in the relation. `last_row`:
    the number of the last. `read_odd`: the odd rows of the relation, each with its Message or why it is none.
    """

    relation: str
    columns: Mapping[str, Column]
    odd: str
    rows: int
    last_row: int
    broken: Sequence[tuple[int, str]]
    read_odd: Callable[[], Iterator[tuple[int, Read]]]


def message_files(source: Path) -> list[Path]:
    """The file itself, or the files of a folder in name order. Raises FactsError when there are none."""
    if not source.is_dir():
        if not source.exists():
            raise FactsError(f"{source}: there is no such file or folder")
        _ending(source)
        return [source]
    files = sorted((path for path in source.iterdir() if not path.name.startswith((".", "_"))), key=lambda p: p.name)
    if not files:
        raise FactsError(f"{source}: the folder holds no message files; their names must end in {', '.join(ENDINGS)}")
    for path in files:
        if path.is_dir():
            raise FactsError(f"{path} is a folder within the folder of messages; put the files side by side")
        _ending(path)
    return files


def blocks(connection: duckdb.DuckDBPyConnection, path: Path, border: Border) -> Iterator[Block]:
    """The blocks of one file, each good until the next is asked for. Raises FactsError when the file cannot be read."""
    ending = _ending(path)
    try:
        if ending == ".parquet":
            yield from _parquet_blocks(connection, path, border)
        elif ending == ".csv":
            with _opened(path) as stream:
                yield from _csv_blocks(connection, stream, border)
        else:
            with _opened(path) as stream:
                yield from _json_blocks(connection, stream, border)
    except FactsError as error:
        raise FactsError(f"{path}: {error}") from None
    except (EOFError, gzip.BadGzipFile) as error:
        raise FactsError(f"{path}: the file is cut short, or no gzip file: {error}") from None
    except OSError as error:
        raise FactsError(f"{path}: the file cannot be read: {error.strerror or type(error).__name__}") from None


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turns what DuckDB says of a damaged Parquet file into a FactsError; a full disk or memory stays what it is."""
    try:
        yield
    except duckdb.Error as error:
        text = str(error).partition("\n")[0][:200]
        is_of_the_machine = isinstance(error, duckdb.OutOfMemoryException | duckdb.InterruptException)
        is_ours = isinstance(error, duckdb.BinderException | duckdb.CatalogException | duckdb.ParserException)
        is_elsewhere = isinstance(error, duckdb.IOException) and str(path) not in str(error)
        if _ending(path) != ".parquet" or is_of_the_machine or is_ours or is_elsewhere:
            raise
        raise FactsError(f"{path}: the Parquet file is cut short or damaged: {text}") from None


def first_row(path: Path) -> int:
    """The number of a file's first row that can be a message."""
    return 2 if _ending(path) == ".csv" else 1


def _ending(path: Path) -> str:
    name = path.name.lower()
    ending = next((each for each in ENDINGS if name.removesuffix(".gz").endswith(each)), None)
    if ending is None or (ending == ".parquet" and name.endswith(".gz")):
        raise FactsError(
            f"{path}: the name of a message file must end in {', '.join(ENDINGS)}; "
            "CSV and JSONL may be compressed (.gz)"
        )
    return ending


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    with path.open("rb") as raw:
        if path.name.lower().endswith(".gz"):
            with gzip.GzipFile(fileobj=raw) as unzipped:
                yield io.BufferedReader(unzipped)
        else:
            yield raw


# Parquet


def _parquet_blocks(connection: duckdb.DuckDBPyConnection, path: Path, border: Border) -> Iterator[Block]:
    file = f"read_parquet({literal(str(path))}, file_row_number=true)"
    with readable(path):
        described = connection.sql(f"SELECT * FROM {file}")
        names = [name for name in described.columns if name != "file_row_number"]
        types = dict(zip(described.columns, described.types, strict=True))
        rows: int = connection.sql(f"SELECT count(*) FROM {file}").fetchall()[0][0]
    check_columns(names)
    columns = message_columns({name: types[name] for name in names})
    odd = odd_row(columns)
    for first in range(0, rows, _PARQUET_ROWS):
        end = min(first + _PARQUET_ROWS, rows)
        relation = (
            f"(SELECT file_row_number + 1 AS row, * FROM {file} "
            f"WHERE file_row_number >= {first} AND file_row_number < {end})"
        )
        read_odd = _odd_cells(connection, relation, types, odd, border)
        yield Block(relation, columns, odd, end - first, end, (), read_odd)


def _odd_cells(
    connection: duckdb.DuckDBPyConnection, relation: str, types: Mapping[str, Any], odd: str, border: Border
) -> Callable[[], Iterator[tuple[int, Read]]]:
    names = [name for name in FIELDS if name in types]
    cells = ", ".join(_fetchable(name, types[name]) for name in names)

    def read() -> Iterator[tuple[int, Read]]:
        # On a connection of its own, because who takes these rows writes others meanwhile.
        answer = connection.cursor().execute(f"SELECT row, {cells} FROM {relation} WHERE {odd}")
        while some := answer.fetchmany(_FETCHED_ROWS):
            for row, *values in some:
                yield row, _parsed(border, dict(zip(names, values, strict=True)), types)

    return read


def _fetchable(name: str, type_: Any) -> str:
    """A column in a form that becomes a Python value without a database of zones."""
    column = f'"{name}"'
    at = f"{column}::TIMESTAMPTZ"
    return (
        f"CASE WHEN isfinite({at}) THEN epoch_us({at}) ELSE 9223372036854775807 END" if _is_instant(type_) else column
    )


def _is_instant(type_: Any) -> bool:
    return bool(type_.id in INSTANTS)


def _parsed(border: Border, cells: Mapping[str, Any], types: Mapping[str, Any] | None = None) -> Read:
    """The Message of a row of cells (None = not given), or why it is none."""
    message_id = _named(cells.get("message_id"))
    try:
        given = {
            name: _given(name, cell, is_instant=types is not None and _is_instant(types[name]))
            for name, cell in cells.items()
            if cell is not None
        }
        return border.parse_message({name: value for name, value in given.items() if value is not None})
    except FactsError as error:
        return Refused(message_id, str(error))


def _named(message_id: object) -> str | None:
    """What a row gives as its id, when that can be shown."""
    text = str(message_id) if isinstance(message_id, str | int) and not isinstance(message_id, bool) else ""
    text = text.strip()
    return text if 0 < len(text) <= MAX_ID_CHARACTERS and text.isprintable() else None


def _given(name: str, cell: Any, *, is_instant: bool) -> object:
    """A cell as JSON would have said it."""
    value = _plain_value(cell)
    if is_instant:
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


# CSV


def _csv_blocks(connection: duckdb.DuckDBPyConnection, stream: IO[bytes], border: Border) -> Iterator[Block]:
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    try:
        lines = _text_lines(text)
        first = next((line for line in lines if line.strip()), None)
        if first is None:
            raise FactsError("the file is empty; its first row must name the columns")
        reader = csv.reader(_chained(first, lines), delimiter=max(",;\t", key=first.count), strict=True)
        try:
            heading = [name.strip() for name in next(reader)]
        except csv.Error as error:
            raise FactsError(f"the heading cannot be read: {error}") from None
        check_columns(heading)
        types = dict.fromkeys(heading, duckdb.sqltypes.VARCHAR)
        columns = message_columns(types)
        odd = odd_row(columns)
        for numbers, rows, broken in _csv_rows(reader, len(heading)):
            last = max([1, *numbers[-1:], *(row for row, _ in broken[-1:])])
            cells = list(zip(*rows, strict=True)) if rows else [()] * len(heading)
            table = {"row": pa.array(numbers, pa.int64())}
            for name, column in zip(heading, cells, strict=True):
                table[name] = _text_array([None if not cell or cell.isspace() else cell for cell in column])
            _registered(connection, table)
            read_odd = _odd_records(connection, odd, heading, zip(numbers, rows, strict=True), border)
            yield Block(_BLOCK, columns, odd, len(rows) + len(broken), last, broken, read_odd)
            connection.unregister(_BLOCK)
    except UnicodeError as error:
        reason = error.reason if isinstance(error, UnicodeDecodeError) else str(error)
        raise FactsError(f"the file is not UTF-8: {reason}") from None
    finally:
        text.detach()


def _odd_records(
    connection: duckdb.DuckDBPyConnection,
    odd: str,
    heading: Sequence[str],
    records: Iterable[tuple[int, list[str]]],
    border: Border,
) -> Callable[[], Iterator[tuple[int, Read]]]:
    def read() -> Iterator[tuple[int, Read]]:
        are_odd = _odd_numbers(connection, _BLOCK, odd)
        for number, record in records:
            if number in are_odd:
                cells = {name: cell for name, cell in zip(heading, record, strict=True) if cell and not cell.isspace()}
                yield number, _parsed(border, cells)

    return read


def _odd_numbers(connection: duckdb.DuckDBPyConnection, relation: str, odd: str) -> set[int]:
    return {row for (row,) in connection.execute(f"SELECT row FROM {relation} WHERE {odd}").fetchall()}


def _chained(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _text_lines(text: io.TextIOWrapper) -> Iterator[str]:
    while line := text.readline(_MOST_LINE_BYTES):
        if len(line) >= _MOST_LINE_BYTES:
            raise FactsError(f"a line has more than {_MOST_LINE_BYTES} characters; is it really a CSV file?")
        yield line


def _csv_rows(
    reader: Iterator[list[str]], width: int
) -> Iterator[tuple[list[int], list[list[str]], list[tuple[int, str]]]]:
    numbers: list[int] = []
    rows: list[list[str]] = []
    broken: list[tuple[int, str]] = []
    number = 1
    while True:
        number += 1
        try:
            row = next(reader, None)
        except csv.Error as error:
            broken.append((number, f"cannot be read as CSV: {error}"))
            continue
        if row is None:
            break
        if len(row) == width:
            numbers.append(number)
            rows.append(row)
        elif row:
            broken.append((number, f"has {len(row)} cells; the heading has {width}"))
        if len(rows) + len(broken) >= _CSV_ROWS:
            yield numbers, rows, broken
            numbers, rows, broken = [], [], []
    yield numbers, rows, broken


# JSONL


def _json_blocks(connection: duckdb.DuckDBPyConnection, stream: IO[bytes], border: Border) -> Iterator[Block]:
    columns = message_columns(_json_types(connection))
    odd = f"NOT plain OR {odd_row(columns)}"
    head = stream.read(_MOST_LINE_BYTES + 4).removeprefix(b"\xef\xbb\xbf")
    alone = _alone(head)
    pieces: Iterator[_Lines] = iter([_Lines([alone[0]], [alone[1]], None)] if alone else _lines(head, stream))
    for piece in pieces:
        texts = pa.nulls(1, pa.string()) if alone else _text_array(piece.lines)
        _registered(connection, {"row": pa.array(piece.numbers, pa.int64()), "line": texts})
        read_odd = _odd_lines(connection, odd, piece, border)
        yield Block(_JSON_RELATION, columns, odd, len(piece.lines), piece.numbers[-1], (), read_odd)
        connection.unregister(_BLOCK)


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
    if len(gathered) > _MOST_LINE_BYTES:
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
        carried = lines.pop()[: _MOST_LINE_BYTES + 1]
        yield from _filled(number, lines, None)
        number += len(lines)
        chunk = stream.read(_JSON_BYTES)
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
        are_odd = _odd_numbers(connection, _JSON_RELATION, odd)
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
    return _named(found.get("message_id")) if isinstance(found, dict) else None


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
  FROM (SELECT row, line, coalesce(regexp_full_match(line, {literal(PLAIN_LINE)}), false) AS matches FROM {_BLOCK})
))"""


def _json_types(connection: duckdb.DuckDBPyConnection) -> Mapping[str, Any]:
    casts = ", ".join(f"NULL::{type_} AS {name}" for name, type_ in _JSON_TYPES.items())
    return dict(zip(_JSON_TYPES, connection.sql(f"SELECT {casts}").types, strict=True))


# Columns in memory


def _text_array(values: Sequence[str | bytes | None]) -> Any:
    """A column of text; what is no UTF-8 is NULL."""
    try:
        return pa.array(values, pa.binary()).cast(pa.string())
    except (pa.ArrowInvalid, UnicodeEncodeError):
        return pa.array([_utf8(value) for value in values], pa.string())


def _utf8(value: str | bytes | None) -> str | None:
    try:
        return value.decode() if isinstance(value, bytes) else value
    except UnicodeDecodeError:
        return None


def _registered(connection: duckdb.DuckDBPyConnection, columns: dict[str, Any]) -> None:
    """Lets DuckDB see these columns, in pieces that its threads can share."""
    table = pa.table(columns)
    connection.register(_BLOCK, pa.Table.from_batches(table.to_batches(max_chunksize=_PIECE_ROWS), table.schema))

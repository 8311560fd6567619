"""What every reader of message files gives: blocks of columns DuckDB can work on, and their odd rows one by one."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol

import duckdb
import pyarrow as pa

from suppress.facts.ids import MAX_ID_CHARACTERS
from suppress.facts.message import Message
from suppress.scan.message_columns import Column

BLOCK: Final = "incoming_block"
MOST_LINE_BYTES: Final = 1 << 20
_PIECE_ROWS: Final = 16_384


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


def named(message_id: object) -> str | None:
    """What a row gives as its id, when that can be shown."""
    text = str(message_id) if isinstance(message_id, str | int) and not isinstance(message_id, bool) else ""
    text = text.strip()
    return text if 0 < len(text) <= MAX_ID_CHARACTERS and text.isprintable() else None


def odd_numbers(connection: duckdb.DuckDBPyConnection, relation: str, odd: str) -> set[int]:
    """The numbers of a relation's odd rows."""
    return {row for (row,) in connection.execute(f"SELECT row FROM {relation} WHERE {odd}").fetchall()}


def text_array(values: Sequence[str | bytes | None]) -> Any:
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


def registered(connection: duckdb.DuckDBPyConnection, columns: dict[str, Any]) -> None:
    """Lets DuckDB see these columns, in pieces that its threads can share."""
    table = pa.table(columns)
    connection.register(BLOCK, pa.Table.from_batches(table.to_batches(max_chunksize=_PIECE_ROWS), table.schema))

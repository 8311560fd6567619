"""Turn message files into the two tables a scan works on, `messages.parquet` and `candidates.parquet`.

Plain rows, nearly all, are read as columns (`message_columns.py`); odd ones by the border's parser, one by one, so that
what is accepted and refused is what `check` accepts and refuses. Refused rows go into a CSV file with their reasons.
The same input gives the same bytes. Raw addresses stay behind: the tables hold the customers they were found to be.
"""

import csv
import os
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, NamedTuple

import duckdb
import pyarrow as pa

from suppress.errors import FactsError, ResourceError
from suppress.facts.instants import to_us
from suppress.facts.message import Message
from suppress.scan.message_blocks import Block, Border
from suppress.scan.message_columns import FIELDS, NOT_GIVEN
from suppress.scan.message_files import blocks, first_row, message_files
from suppress.scan.message_parquet import readable
from suppress.scan.message_recipients import ADDRESSES, find_customers
from suppress.scan.message_tables import write_tables

REJECTS_HEADING: Final = ("file", "row", "message_id", "reason")
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
# `check` answers whoever asks; of a campaign the lists, tables and reservations know a message by its id alone.
_NAMELESS: Final = "message_id: it is missing"
_READ: Final = "incoming_messages"
_TWICE: Final = "incoming_twice"
_ODD: Final = "incoming_odd"
_BLOCK_ROWS: Final = "incoming_rows"
_FETCHED_ROWS: Final = 4_096
_ODD_ROWS: Final = 20_000
_ITEMS: Final = "STRUCT(sku VARCHAR, placement VARCHAR, score DOUBLE)[]"
_COLUMNS: Final = {
    "seq": "BIGINT",
    "message_id": "VARCHAR",
    "customer_id": "VARCHAR",
    "customer_problem": "VARCHAR",
    "channel": "VARCHAR",
    "campaign_id": "VARCHAR",
    "campaign_tags": "VARCHAR[]",
    "as_of_us": "BIGINT",
    "slots": "INTEGER",
    "items": _ITEMS,
    "replacements": "VARCHAR[]",
    "attributes": "MAP(VARCHAR, VARCHAR)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagesRead:
    """What came of the message files. `rows` = accepted + refused; `candidates`: rows of `candidates.parquet`.

    The instants messages are decided as of, earliest and latest; None when no message was accepted. `by_address`:
    whether customers were looked up by e-mail addresses or phone numbers.
    """

    rows: int
    accepted: int
    refused: int
    candidates: int
    first_as_of_us: int | None
    last_as_of_us: int | None
    by_address: bool = True

    @property
    def is_one_instant(self) -> bool:
        """Whether all messages are decided as of one instant."""
        return self.first_as_of_us == self.last_as_of_us


def read_messages(
    connection: duckdb.DuckDBPyConnection,
    source: Path,
    facts: Path,
    work: Path,
    *,
    rejects: Path,
    border: Border,
    as_of_us: int,
    progress: Callable[[int], None] | None = None,
) -> MessagesRead:
    """Writes `messages.parquet` and `candidates.parquet` into `work` and appends refused rows to `rejects`.

    `source`: a file or a folder of files. `facts`: the facts folder. `as_of_us`: for messages without `send_at`.
    `border`: the module `suppress.intake.messages`. `progress` is told the rows read so far.
    Raises FactsError when a file cannot be read or lacks columns, or when the rejects cannot be written; ResourceError
    when the disk is full.
    """
    files = message_files(source)
    identities = facts / "identities.parquet"
    declared = ", ".join(f"{name} {type_}" for name, type_ in _COLUMNS.items())
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {_READ} ({declared})")
    try:
        with _Rejects.appended(rejects) as refused:
            reading = _Reading(connection, identities if identities.exists() else None, as_of_us, refused)
            for path in files:
                reading.begin(path)
                for block in blocks(connection, path, border):
                    with readable(path):
                        reading.take(block)
                    if progress:
                        progress(reading.rows)
            reading.refuse_repeated()
            reading.number()
            tables = write_tables(connection, _READ, work)
            return MessagesRead(
                rows=reading.rows, refused=refused.count, by_address=reading.by_address, **tables._asdict()
            )
    finally:
        for name in (_READ, _TWICE, ADDRESSES):
            connection.execute(f"DROP TABLE IF EXISTS {name}")


class _File(NamedTuple):
    """An input file and what its row numbers lack to be a place among all rows of all files, from 0."""

    path: Path
    base: int


class _Reading:
    """The messages read so far, in the temporary table _READ; `seq` is a row's place among all rows of all files."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, identities: Path | None, as_of_us: int, rejects: "_Rejects"
    ) -> None:
        self._connection = connection
        self._identities = identities
        self.by_address = False
        self._as_of_us = as_of_us
        self._rejects = rejects
        self._files: list[_File] = []
        self._next_seq = 0
        self.rows = 0

    def begin(self, path: Path) -> None:
        """The next blocks are of this file."""
        self._files.append(_File(path, self._next_seq - first_row(path)))

    def take(self, block: Block) -> None:
        """Takes the messages of a block in, and writes down which rows of it are refused."""
        file = self._files[-1]
        self.rows += block.rows
        self._next_seq = file.base + block.last_row + 1
        for row, reason in block.broken:
            self._rejects.add(file.path, row, None, reason)
        values = {name: column.value for name, column in block.columns.items()}
        plain = self._insert(block.relation, values, block.odd, file.base)
        if plain + len(block.broken) < block.rows:
            self._take_odd(block, file)

    def _take_odd(self, block: Block, file: _File) -> None:
        accepted: list[tuple[int, Message]] = []
        for row, read in block.read_odd():
            if isinstance(read, Message) and read.message_id is None:
                self._rejects.add(file.path, row, None, _NAMELESS)
            elif isinstance(read, Message):
                accepted.append((row, read))
                if len(accepted) == _ODD_ROWS:
                    self._insert_read(accepted, file)
                    accepted = []
            else:
                self._rejects.add(file.path, row, read.message_id, read.reason)
        if accepted:
            self._insert_read(accepted, file)

    def _insert_read(self, accepted: Sequence[tuple[int, Message]], file: _File) -> None:
        self._connection.register(_ODD, _table(accepted))
        self._insert(_ODD, {name: name for name in FIELDS}, "false", file.base)
        self._connection.unregister(_ODD)

    def _insert(self, relation: str, values: Mapping[str, str], odd: str, base: int) -> int:
        """Takes in the rows of a relation that are not odd; how many they are."""
        cells = ", ".join(f"{value} AS {name}" for name, value in values.items())
        rows = f"SELECT row, {cells} FROM {relation} WHERE NOT ({odd})"
        customer, problem, join = "customer_id", "NULL", ""
        if any(values[name] != NOT_GIVEN for name in ("email", "phone")):
            self._connection.execute(f"CREATE OR REPLACE TEMP TABLE {_BLOCK_ROWS} AS {rows}")
            rows = f"SELECT * FROM {_BLOCK_ROWS}"
            by_address = f"FROM {_BLOCK_ROWS} WHERE customer_id IS NULL"
            if self._number(f"SELECT count(*) {by_address}"):
                self.by_address = True
                kind, address = "if(email IS NULL, 'phone', 'email')", "coalesce(email, phone)"
                asked = f"SELECT {kind} AS kind, {address} AS address {by_address}"
                find_customers(self._connection, asked, self._identities)
                customer = "coalesce(incoming.customer_id, known.customer_id)"
                problem = "known.problem"
                join = (
                    f"LEFT JOIN {ADDRESSES} AS known ON incoming.customer_id IS NULL"
                    f" AND known.kind = {kind} AND known.address = {address}"
                )
        taken = self._number(
            f"INSERT INTO {_READ} SELECT row + ({base}), message_id, {customer}, {problem}, channel, campaign_id,"
            f" campaign_tags, coalesce(send_at, {self._as_of_us}), slots, items, replacements, attributes"
            f" FROM ({rows}) AS incoming {join}"
        )
        for table in (_BLOCK_ROWS, ADDRESSES):
            self._connection.execute(f"DROP TABLE IF EXISTS {table}")
        return taken

    def refuse_repeated(self) -> None:
        """Refuses every message whose id an earlier one had."""
        self._connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {_TWICE} AS SELECT seq, message_id, first_seq FROM {_READ} JOIN ("
            f"SELECT message_id, min(seq) AS first_seq FROM {_READ}"
            " GROUP BY message_id HAVING count(*) > 1) USING (message_id) WHERE seq > first_seq"
        )
        answer = self._connection.execute(f"SELECT seq, message_id, first_seq FROM {_TWICE} ORDER BY seq")
        while some := answer.fetchmany(_FETCHED_ROWS):
            for seq, message_id, first_seq in some:
                (file, row), (first_file, first) = self._place(seq), self._place(first_seq)
                where = f"row {first}" if file == first_file else f"row {first} of {first_file.name}"
                self._rejects.add(file, row, message_id, f"message id {message_id} was already used in {where}")
        self._connection.execute(f"DELETE FROM {_READ} WHERE seq IN (SELECT seq FROM {_TWICE})")

    def number(self) -> None:
        """Makes `seq` the message's number among those accepted, and the table's own order."""
        # A deleted row leaves its rowid behind, so rows may stand at their place and still have gaps between them.
        if self._number(f"SELECT count(*) FILTER (seq <> rowid) + coalesce(max(seq) + 1, 0) - count(*) FROM {_READ}"):
            others = ", ".join(name for name in _COLUMNS if name != "seq")
            self._connection.execute(
                f"CREATE OR REPLACE TEMP TABLE {_READ} AS"
                f" SELECT row_number() OVER (ORDER BY seq) - 1 AS seq, {others} FROM {_READ} ORDER BY seq"
            )

    def _place(self, seq: int) -> tuple[Path, int]:
        file = self._files[bisect_right(self._files, seq, key=lambda file: file.base + first_row(file.path)) - 1]
        return file.path, seq - file.base

    def _number(self, query: str) -> int:
        answer = self._connection.execute(query).fetchone()
        return int(answer[0]) if answer else 0


def _table(accepted: Sequence[tuple[int, Message]]) -> Any:
    """Messages the border has read, as columns like those of a block."""
    messages = [message for _, message in accepted]
    texts = ("message_id", "customer_id", "email", "phone", "channel", "campaign_id")
    columns = {name: pa.array([getattr(message, name) for message in messages], pa.string()) for name in texts}
    skus = pa.list_(pa.string())
    item = pa.struct({"sku": pa.string(), "placement": pa.string(), "score": pa.float64()})
    items = [[(each.sku, each.placement, _score(each.score)) for each in message.items] for message in messages]
    return pa.table(
        columns
        | {
            "row": pa.array([row for row, _ in accepted], pa.int64()),
            "campaign_tags": pa.array([message.campaign_tags for message in messages], skus),
            "send_at": pa.array([message.send_at and to_us(message.send_at) for message in messages], pa.int64()),
            "slots": pa.array([message.slots for message in messages], pa.int32()),
            "items": pa.array(items, pa.list_(item)),
            "replacements": pa.array([message.replacements for message in messages], skus),
            "attributes": pa.array(
                [list(message.attributes.items()) for message in messages], pa.map_(pa.string(), pa.string())
            ),
        }
    )


def _score(score: float | None) -> float | None:
    return None if score is None else score + 0.0


class _Rejects:
    """The CSV of refused rows, written at its end. Its cells are safe to open in a spreadsheet."""

    def __init__(self, path: Path, stream: IO[str]) -> None:
        self._path = path
        self._writer = csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_ALL)
        self.count = 0
        if stream.tell() == 0:
            self._writer.writerow(REJECTS_HEADING)

    @classmethod
    @contextmanager
    def appended(cls, path: Path) -> Iterator["_Rejects"]:
        """The rejects of this path, which need not exist yet. Only its owner may read it."""
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(handle, "a", encoding="utf-8", newline="") as stream:
                stream.seek(0, os.SEEK_END)
                yield cls(path, stream)
        except OSError as error:
            kind = ResourceError if ResourceError.is_cause(error) else FactsError
            raise kind(f"the refused messages cannot be written to {path}: {error.strerror}") from None

    def add(self, file: Path, row: int, message_id: str | None, reason: str) -> None:
        """One refused row of `file`; `message_id`: as far as it is known."""
        self.count += 1
        self._writer.writerow((_safe(str(file)), row, _safe(message_id or ""), _safe(reason)))


def _safe(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell

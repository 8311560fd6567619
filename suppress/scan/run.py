"""Walk the stages of a plan on DuckDB: message files and a facts folder in, a folder of tables and lists out.

Customers are taken in buckets, so that memory stays within its limit; each bucket is a piece that survives a kill. The
same inputs give the same tables byte for byte: every table is written in one order.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa

from suppress.errors import FactsError
from suppress.facts.local_time import zone_of
from suppress.rules.compile import CompiledRuleset
from suppress.scan import limits, placing
from suppress.scan.allocate import Placed, allocate, room
from suppress.scan.falling import all_have_ends
from suppress.scan.folder import Folder
from suppress.scan.judging import obeyed
from suppress.scan.lists import send_list, suppressed_list, table
from suppress.scan.lookups import Lookups
from suppress.scan.messages import MessagesRead
from suppress.scan.parquet_parts import join_parts, write_part
from suppress.scan.plan import ScanPlan
from suppress.scan.snapshots import Exact, FolderFacts
from suppress.scan.sources import Source
from suppress.scan.sql import any_of, literal, name, path, target
from suppress.scan.stages import Stage, Stages, create
from suppress.scan.work import Work, trouble

PARQUET: Final = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE 122880"
MOST_ROUNDS: Final = 100_000
_UNWANTED: Final = "common_subexpressions"
"""An optimisation that would work out for every row what few rows need."""
_DUCKDB_SHARE: Final = 0.65
"""Of the memory limit; the rest is for what DuckDB does not count, and for Python."""


Held = tuple[str, str | None, str, int]
"""A message, its customer, a sku, and the places of it that the message holds."""


class Shares(Protocol):
    """What other campaigns hold of limited skus, and where this one's places are reserved."""

    def taken(self) -> Mapping[str, int]:
        """sku -> live places that others hold."""
        ...

    def reserve(self, held: Sequence[Held], at_most: Mapping[str, int]) -> Mapping[str, int]:
        """Reserve places, if others hold no more than `at_most` by sku; else the skus of which they do, and how"
        " many."""
        ...


Progress = Callable[[str, int, int], None]
"""Told a stage, how many of its steps are done, and how many there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Walked:
    """What a run came to."""

    messages: MessagesRead
    buckets: int


class ScanRun:
    """One walk through a plan. Use it within `Work.opened`."""

    def __init__(
        self, plan: ScanPlan, compiled: CompiledRuleset, folder: Folder, work: Work, exact: Exact, shares: "Shares"
    ) -> None:
        self._shares = shares
        self._exact = exact
        self._plan = plan
        self._compiled = compiled
        self._work = work
        self._folder = folder
        self._stages = Stages(compiled, folder)
        self._connection = connect(plan, work.temp)

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The connection, for whoever counts the results."""
        return self._connection

    def walk(self, source: Source, progress: Progress) -> Walked:
        """Make `messages.parquet`, `items.parquet` and the lists in the work folder's result.

        Raises FactsError for files that cannot be read, ResourceError when memory or disk do not suffice.
        """
        try:
            return self._walk(source, progress)
        except (duckdb.OutOfMemoryException, duckdb.IOException) as error:
            raise trouble(error) from None

    def _walk(self, source: Source, progress: Progress) -> Walked:
        def read_now() -> dict[str, Any]:
            found = source(self._connection, lambda rows: progress("read", rows, 0))
            return {field: getattr(found, field) for field in MessagesRead.__slots__}

        read = MessagesRead(**self._work.note("read.json", read_now))
        buckets = self._divide(read, progress)
        self._prepare(progress)
        for number in range(buckets):
            progress("judge", number, buckets)
            self._bucket(number, buckets, read)
        progress("judge", buckets, buckets)
        progress("write", 0, 1)
        self._join(buckets)
        progress("write", 1, 1)
        return Walked(messages=read, buckets=buckets)

    def _divide(self, read: MessagesRead, progress: Progress) -> int:
        """Put messages and candidates into buckets of customers, unless all fit into one."""
        buckets = -(-read.candidates // self._plan.limits.pairs_per_bucket)
        if buckets <= 1 or self._stages.asked.limit_rules:
            return 1
        progress("divide", 0, 1)

        def divide(folder: Path) -> None:
            folder.mkdir()
            self._connection.execute(f"""
                CREATE OR REPLACE TEMP TABLE bucket_of AS
                SELECT message_no, CAST(least({buckets - 1}, floor({buckets} * (
                    sum(candidates) OVER (ORDER BY customer_id NULLS FIRST, message_no) - candidates
                ) / {read.candidates})) AS INTEGER) AS bucket
                FROM {self._file("messages")}
            """)
            for kind in ("messages", "candidates"):
                self._connection.execute(
                    f"COPY (SELECT r.*, b.bucket FROM {self._file(kind)} r JOIN bucket_of b USING (message_no))"
                    f" TO {target(folder / kind)} (FORMAT parquet, PARTITION_BY (bucket), COMPRESSION snappy)"
                )

        self._work.piece("buckets", divide)
        progress("divide", 1, 1)
        return buckets

    def _prepare(self, progress: Progress) -> None:
        con, stages = self._connection, self._stages
        con.execute(f"CREATE OR REPLACE TEMP VIEW every_candidate AS SELECT * FROM {self._file('candidates')}")
        con.execute(f"CREATE OR REPLACE TEMP VIEW asked_message AS SELECT * FROM {self._file('messages')}")
        lookups = self._lookups()
        shop = zone_of(self._compiled.time_zone) or ZoneInfo("UTC")
        for kind, texts, field, choices in stages.lookups():
            lookups.attributes(kind, texts, field, choices)
        for kind, values, pattern in stages.pattern_lookups():
            lookups.matches(kind, values, pattern)
        if stages.people.needs_clock:
            lookups.moments("moment", stages.people.moments_asked(), shop, stages.asked.walls_us())
        for named, zone in stages.people.fixed_zones().items():
            lookups.moments(f"moment {named}", stages.people.fixed_moments_asked(zone), zone_of(zone) or shop, ())
        made = list(stages.preparation())
        for number, stage in enumerate(made):
            progress("prepare", number, len(made))
            self._create(stage)
        progress("prepare", len(made), len(made))

    def _bucket(self, number: int, buckets: int, read: MessagesRead) -> None:
        names = {kind: _part(kind, number, buckets) for kind in ("items", "messages")}
        if all((self._work.root / part).exists() for part in names.values()):
            return
        con = self._connection
        for view, kind in (("asked_message", "messages"), ("candidate", "candidates")):
            con.execute(
                f"CREATE OR REPLACE TEMP VIEW {view} AS SELECT * FROM {self._bucket_file(kind, number, buckets)}"
            )
        between = None if read.first_as_of_us is None else (read.first_as_of_us, read.last_as_of_us or 0)
        for stage in self._stages.bucket(between):
            self._create(stage)
        has_replacements = self._has("SELECT 1 FROM candidate WHERE is_replacement")
        has_room = not self._has("SELECT 1 FROM asked_message WHERE slots < items_asked")
        is_plain = has_room and not has_replacements and not self._stages.judging.later_rules
        has_limits = bool(self._stages.asked.limit_rules)
        is_plain = is_plain and not has_limits
        if has_limits:
            self._share_out()
        else:
            self._place_all(is_plain=is_plain)
        if not all_have_ends(self._stages.drop_rules):
            self._work_out_again()
        # Messages of several buckets are put in order by their number in the end.
        numbered = "" if buckets > 1 else " EXCLUDE (message_no)"
        items = self._stages.outcome.items(self._stages.drop_rules, may_replace=has_replacements)
        messages = self._stages.outcome.messages()
        for kind, left_out, select in (("items", " EXCLUDE (message_no)", items), ("messages", numbered, messages)):
            self._work.piece(names[kind], partial(self._copy, f"SELECT *{left_out} FROM ({select})"))

    def _work_out_again(self) -> None:
        """Make `again`: when dropped items could be shown again, worked out by the engine, message by message."""
        # What no passing of time ends needs no working out: one such rule, and nobody can say when.
        lasting = any_of([obeyed(rule) for rule in self._stages.drop_rules if not rule.moves])
        waiting = (
            f"SELECT DISTINCT message_no FROM placed WHERE drop_no IS NOT NULL AND tried AND NOT ({lasting}) ORDER BY 1"
        )
        numbers = [row[0] for row in self._rows(waiting)]
        found: dict[str, list[int]] = {"message_no": [], "position": [], "again_us": []}
        for number, snapshot in self._facts().snapshots(numbers):
            for position, again_us in enumerate(self._exact(snapshot), 1):
                if again_us is not None:
                    for column, value in zip(found.values(), (number, position, again_us), strict=True):
                        column.append(value)
        made = pa.table({key: pa.array(column, pa.int64()) for key, column in found.items()})
        self._take("again", made)

    def _place_all(self, *, is_plain: bool, has_limits: bool = False) -> None:
        """Make `placed` and `decided`."""
        if not is_plain:
            self._place(has_limits=has_limits)
        self._make("placed", self._stages.placed(is_plain=is_plain), is_view=True)
        self._make("decided", self._stages.outcome.decided())

    def _share_out(self) -> None:
        """Place until no sku is given away more often than its budget; what is reserved for it is reserved then."""
        rules = self._stages.asked.limit_rules

        def make(relation: str, select: str) -> int:
            self._make(relation, select)
            return self._number(f"SELECT count(*) FROM {relation}")

        def place(rejected: str) -> Placed:
            self._make("rejected", f"SELECT * FROM {rejected}")
            self._place_all(is_plain=False, has_limits=True)
            self._make("holder", limits.holder(rules))
            self._make("unsent", limits.unsent())
            return Placed(holder="holder", unsent="unsent")

        taken = self._shares.taken()
        headroom = 0
        while True:
            # Others that take on and on while this allocates get some room ahead, more with each attempt.
            self._reserved({sku: places + headroom for sku, places in taken.items()})
            allocate(make, place, "reserved")
            held = self._rows(
                "SELECT h.message_id, d.customer_id, h.sku, count(*) FROM holder h JOIN decided d USING (message_no)"
                " GROUP BY ALL ORDER BY ALL"
            )
            at_most = {sku: int(places) for sku, places in self._rows(room("holder"))}
            contested = self._shares.reserve(held, at_most)
            if not contested:
                break
            taken = {**taken, **contested}
            headroom = max(1, 2 * headroom)
        self._copy(limits.budgets(), self._work.result / "budgets.parquet")

    def _reserved(self, taken: Mapping[str, int]) -> None:
        made = pa.table({"sku": pa.array(taken, pa.string()), "places": pa.array(taken.values(), pa.int64())})
        self._take("reserved", made)

    def _place(self, *, has_limits: bool) -> None:
        """Make `place`: what is tried and shown, in rounds where rules look at the items placed before."""
        later = self._stages.judging.later_rules
        if not later:
            self._make("verdict", placing.verdict(later=False, limits=has_limits), is_view=True)
            self._make("place", placing.place())
            return
        self._make("place", placing.NOTHING_PLACED)
        self._make("later", placing.later(self._stages.asked, later))
        for _ in range(MOST_ROUNDS):
            self._make("verdict", placing.verdict(later=True, limits=has_limits))
            self._make("place", placing.place())
            self._make("later_now", placing.later(self._stages.asked, later))
            moved = self._number("SELECT count(*) FROM (SELECT * FROM later_now EXCEPT SELECT * FROM later)")
            if not moved:
                return
            self._make("later", "SELECT * FROM later_now")
        raise FactsError("the rules that look at the items placed before did not come to rest")

    def _join(self, buckets: int) -> None:
        """The parts as one table each: messages in the order they came in, items by bucket, message and position."""
        if buckets > 1:
            parts = {
                kind: [self._work.root / _part(kind, number, buckets) for number in range(buckets)]
                for kind in ("messages", "items")
            }
            self._work.piece("out/items.parquet", partial(join_parts, parts["items"]))
            listed = ", ".join(map(path, parts["messages"]))
            select = f"SELECT * EXCLUDE (message_no) FROM read_parquet([{listed}]) ORDER BY message_no"
            self._work.piece("out/messages.parquet", partial(self._copy, select))
        result = self._work.result
        messages = table(result / "messages.parquet")
        self._connection.execute(send_list(messages, result / "send.csv"))
        self._connection.execute(suppressed_list(messages, self._compiled.message_rules, result / "suppressed.csv"))

    # What follows is all a run asks of the engine its relations stand in; `scan.spark` answers it with another one.

    def _lookups(self) -> Lookups:
        return Lookups(self._connection)

    def _facts(self) -> FolderFacts:
        return FolderFacts(self._connection, self._folder, self._compiled.needs)

    def _create(self, stage: Stage) -> None:
        self._connection.execute(create(stage))

    def _take(self, relation: str, made: pa.Table) -> None:
        """Make a relation of what was worked out in Python."""
        self._connection.register("made_in_python", made)
        self._make(relation, "SELECT * FROM made_in_python")
        self._connection.unregister("made_in_python")

    def _rows(self, select: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(select).fetchall()

    def _make(self, relation: str, select: str, *, is_view: bool = False) -> None:
        kind, other = ("VIEW", "TABLE") if is_view else ("TABLE", "VIEW")
        # Another bucket may have needed it as the other kind, which neither DROP IF EXISTS nor OR REPLACE gets rid of.
        if self._has(f"SELECT 1 FROM duckdb_{other}s() WHERE {other}_name = {literal(relation)}"):
            self._connection.execute(f"DROP {other} {name(relation)}")
        self._connection.execute(f"CREATE OR REPLACE TEMP {kind} {name(relation)} AS {select}")

    def _copy(self, select: str, file: Path) -> None:
        write_part(self._connection, select, file, PARQUET)

    def _has(self, select: str) -> bool:
        # A result that is not fetched to its end keeps the connection from other work.
        return bool(self._connection.execute(f"{select} LIMIT 1").fetchall())

    def _number(self, select: str) -> int:
        rows = self._connection.execute(select).fetchall()
        return int(rows[0][0] or 0) if rows else 0

    def _file(self, kind: str) -> str:
        return table(self._work.root / f"{kind}.parquet")

    def _bucket_file(self, kind: str, number: int, buckets: int) -> str:
        if buckets == 1:
            return self._file(kind)
        folder = self._work.root / "buckets" / kind / f"bucket={number}"
        # One message may fill several buckets, and messages may have no items: nothing is written of nothing.
        if not folder.exists():
            return f"(SELECT * FROM {self._file(kind)} WHERE FALSE)"
        return f"read_parquet({literal(str(folder / '*.parquet'))})"


def connect(plan: ScanPlan, temp: Path) -> duckdb.DuckDBPyConnection:
    """A connection within the plan's limits that spills into `temp` and installs nothing from anywhere."""
    connection = duckdb.connect()
    for setting in (
        f"SET memory_limit = '{int(plan.limits.memory_bytes * _DUCKDB_SHARE)}B'",
        f"SET threads = {plan.limits.threads}",
        f"SET temp_directory = {target(temp)}",
        "SET TimeZone = 'UTC'",
        "SET preserve_insertion_order = true",
        f"SET disabled_optimizers = {literal(_UNWANTED)}",
        "SET autoinstall_known_extensions = false",
        "SET autoload_known_extensions = false",
        "SET enable_progress_bar = false",
    ):
        connection.execute(setting)
    return connection


def _part(kind: str, number: int, buckets: int) -> str:
    """Where a bucket's part of a table stands; the only bucket's is the table."""
    return f"parts/{kind}-{number:04}.parquet" if buckets > 1 else f"out/{kind}.parquet"

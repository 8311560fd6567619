"""Walk the stages of a plan on Apache Spark: the same stages, the same tables as on DuckDB, past one machine.

Messages are read beside the workers, as ever, and handed over as Parquet; from there on all work goes by customer, so
that what is bucketed by customer is never moved. Where rows are counted, or a table is finished, it is kept by Spark.
"""

import shutil
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
from pyarrow import parquet

from suppress.errors import FactsError
from suppress.facts.facts_folder import TABLES
from suppress.rules.compile import CompiledRuleset
from suppress.scan.folder import Folder
from suppress.scan.lookups import Lookups
from suppress.scan.messages import MessagesRead
from suppress.scan.plan import ScanPlan
from suppress.scan.run import Progress, ScanRun, Shares, Walked
from suppress.scan.snapshots import Exact, FolderFacts
from suppress.scan.sources import Source
from suppress.scan.spark_facts import buckets_of, glob_free, quoted, tables_of, view_facts, view_of, viewed
from suppress.scan.spark_keys import CARRIED
from suppress.scan.spark_session import made_session, own_session
from suppress.scan.spark_sql import in_spark, ordered
from suppress.scan.sql import literals, name, path
from suppress.scan.stages import Stage
from suppress.scan.work import Work

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

ROWS_PER_PART: Final = 1_000_000
"""Of what is divided by customer, or written, as one piece."""
_SPARKS_SHARE: Final = 0.6
"""Of the memory limit, when the session is made here; the rest is for reading messages and writing results."""
_BESIDE_SHARE: Final = 0.3
_SPREAD: Final = "coalesce(m.customer_id, concat(chr(1), m.message_no))"
"""`of_customer` of a message: no customer's id contains a control character."""
_ARROW: Final = {pa.string(): "STRING", pa.int64(): "BIGINT", pa.bool_(): "BOOLEAN"}
_KEPT: Final = f"{CARRIED} kept"
_READ_ONCE: Final = ("sent_past", "opinion")
_SMALL: Final = ("product", "stock ", "style_stock", "part")
"""What relations begin with that every worker gets whole."""


class SparkRun(ScanRun):
    """One walk through a plan on Spark. `session`: to work on; None = one is made on this machine and stopped after."""

    def __init__(
        self,
        plan: ScanPlan,
        compiled: CompiledRuleset,
        folder: Folder,
        work: Work,
        exact: Exact,
        shares: Shares,
        *,
        session: "SparkSession | None" = None,
    ) -> None:
        super().__init__(plan, compiled, viewed(folder), work, exact, shares)
        self._connection.execute(f"SET memory_limit = '{int(plan.limits.memory_bytes * _BESIDE_SHARE)}B'")
        self._files = folder
        self._is_made = session is None
        self._session = session or made_session(
            threads=plan.limits.threads, memory_bytes=int(plan.limits.memory_bytes * _SPARKS_SHARE), temp=work.temp
        )
        self._spark = self._session
        self._between = work.root / "spark"
        self._messages = 0
        self._numbers = count()

    def walk(self, source: Source, progress: Progress) -> Walked:
        """As `ScanRun.walk`. Raises FactsError with what Spark says, too."""
        from py4j.protocol import Py4JError  # noqa: PLC0415
        from pyspark.errors import PySparkException  # noqa: PLC0415

        try:
            return super().walk(source, progress)
        except (PySparkException, Py4JError) as error:
            raise FactsError(f"the scan failed on Spark: {_said(error)}") from error
        finally:
            shutil.rmtree(self._between, ignore_errors=True)
            if self._is_made:
                self._session.stop()

    def _divide(self, read: MessagesRead, progress: Progress) -> int:
        """Divide messages and candidates by customer among Spark's tasks. There is one bucket: Spark spills itself."""
        progress("divide", 0, 1)
        self._messages = read.accepted
        parts = buckets_of(self._files) or max(
            self._session.sparkContext.defaultParallelism, -(-read.candidates // ROWS_PER_PART)
        )
        self._spark = own_session(self._session, parts)
        view_facts(self._spark, self._files)
        if not tables_of(self._files):
            for table in TABLES:
                made = f"CREATE OR REPLACE TEMP VIEW {name(view_of(table))} AS {self._files.relation(table)}"
                self._connection.execute(made)
        self._hand_over("messages", ("asked_message",), f"SELECT *, {_SPREAD} AS {CARRIED} FROM {{messages}} m", parts)
        self._hand_over(
            "candidates",
            ("candidate", "every_candidate"),
            f"SELECT c.*, {_SPREAD} AS {CARRIED} FROM {{candidates}} c JOIN {{messages}} m USING (message_no)",
            parts,
        )
        progress("divide", 1, 1)
        return 1

    def _hand_over(self, kind: str, views: Sequence[str], select: str, parts: int) -> None:
        """Write what was read as Parquet, and have Spark divide it by customer, once."""
        self._between.mkdir(exist_ok=True)
        file = self._between / f"{kind}.parquet"
        files = {known: self._file(known) for known in ("messages", "candidates")}
        self._copy_here(select.format(**files), file)
        rows = self._spark.read.parquet(glob_free(file)).repartition(parts, CARRIED)
        kept = self._keep(rows)
        for view in views:
            kept.createOrReplaceTempView(view)

    def _keep(self, rows: "DataFrame") -> "DataFrame":
        """The rows worked out, in the workers' memory and on their disks, without how they came about."""
        # By what rows lie divided is remembered of a column with a name of its own; Spark's optimizer undoes an alias
        # of the same name, and then finds its column no more.
        kept = rows.withColumnRenamed(CARRIED, _KEPT).localCheckpoint(eager=True)
        return kept.withColumnRenamed(_KEPT, CARRIED)

    def _query(self, select: str) -> "DataFrame":
        return self._spark.sql(in_spark(select))

    def _lookups(self) -> Lookups:
        return _SparkLookups(self, is_beside=not tables_of(self._files))

    def _facts(self) -> FolderFacts:
        return _SparkFacts(self) if tables_of(self._files) else super()._facts()

    def _create(self, stage: Stage) -> None:
        # What only one other relation reads is worked out together with it.
        is_view = stage.is_view or stage.relation.startswith("past ") or stage.relation in _READ_ONCE
        self._make(stage.relation, stage.select, is_view=is_view)

    def _make(self, relation: str, select: str, *, is_view: bool = False) -> None:
        from pyspark.sql import functions  # noqa: PLC0415

        rows = self._query(select)
        if not is_view:
            rows = self._keep(rows)
        if relation.startswith(_SMALL):
            rows = functions.broadcast(rows)
        rows.createOrReplaceTempView(quoted(relation))

    def _take(self, relation: str, made: pa.Table) -> None:
        from pyspark.sql import functions  # noqa: PLC0415

        # As Parquet: to take Arrow's tables as they are, Spark would have pandas installed.
        file = self._between / f"made-{next(self._numbers)}.parquet"
        parquet.write_table(made, file)
        schema = ", ".join(f"{quoted(each.name)} {_ARROW[each.type]}" for each in made.schema)
        rows = functions.broadcast(self._spark.read.schema(schema).parquet(glob_free(file)))
        if "message_no" in made.column_names:
            whose = self._spark.sql(f"SELECT message_no, {CARRIED} FROM asked_message")
            rows = whose.join(rows, "message_no")
        rows.createOrReplaceTempView(quoted(relation))

    def _rows(self, select: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self._query(select).drop(CARRIED).collect()]

    def _has(self, select: str) -> bool:
        return bool(self._query(select).take(1))

    def _number(self, select: str) -> int:
        rows = self._rows(select)
        return int(rows[0][0] or 0) if rows else 0

    def _copy(self, select: str, file: Path) -> None:
        """Have the workers write parts in order, and lay them together as one file like DuckDB's."""
        from pyspark.sql import functions  # noqa: PLC0415

        wanted = ordered(select)
        rows = self._spark.sql(wanted.select)
        if wanted.by[:1] == ("message_no",):
            # Numbers have no gaps, so where a row belongs is known without looking at the others.
            parts = -(-self._messages // ROWS_PER_PART) or 1
            part = functions.expr(f"CAST(message_no * {parts} DIV {max(1, self._messages)} AS INT)")
            rows = rows.repartitionById(parts, part).sortWithinPartitions(*wanted.by)
        elif wanted.by:
            rows = rows.orderBy(*wanted.by)
        folder = self._between / file.name
        rows.drop(*wanted.left_out, CARRIED).write.mode("overwrite").parquet(str(folder))
        written = sorted(folder.glob("part-*.parquet"))
        self._copy_here(f"SELECT * FROM read_parquet([{', '.join(path(part) for part in written)}])", file)
        shutil.rmtree(folder)

    def _copy_here(self, select: str, file: Path) -> None:
        super()._copy(select, file)


def _said(error: Exception) -> str:
    """What went wrong, in one line: of an exception of Java's, what is at the bottom of it."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    causes = [line.removeprefix("Caused by: ") for line in lines if line.startswith("Caused by: ")]
    if lines and lines[0].startswith("An error occurred while calling") and len(lines) > 1:
        return causes[-1] if causes else lines[1].removeprefix(": ")
    return lines[0] if lines else type(error).__name__


class _SparkLookups(Lookups):
    """Lookups for Spark. `is_beside`: what they are made of is read beside the workers, from the facts folder."""

    def __init__(self, run: SparkRun, *, is_beside: bool) -> None:
        super().__init__(run.connection)
        self._run = run
        self._is_beside = is_beside

    def _rows(self, select: str) -> list[tuple[Any, ...]]:
        return super()._rows(select) if self._is_beside else self._run._rows(select)

    def _make(self, table: str, columns: dict[str, pa.Array]) -> None:
        self._run._take(table, pa.table(columns))


class _SparkFacts(FolderFacts):
    """Snapshots from tables of the catalogue."""

    def __init__(self, run: SparkRun) -> None:
        super().__init__(run.connection, run._folder, run._compiled.needs)
        self._run = run

    def _rows(self, select: str) -> list[dict[str, Any]]:
        return [row.asDict() for row in self._run._query(select).drop(CARRIED).collect()]

    def _kinds(self, skus: set[str]) -> dict[str, tuple[str | None, str | None]]:
        listed = literals(sorted(skus))
        if not listed:
            return {}
        rows = self._rows(
            f"SELECT sku, item_group, category FROM ({self._folder.relation('products')}) WHERE sku IN ({listed})"
        )
        return {row["sku"]: (row["item_group"], row["category"]) for row in rows}

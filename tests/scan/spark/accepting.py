"""Walk a plan on Spark and look on: whether it accepts every query, or how it would work it out."""

from pathlib import Path
from typing import Any

from suppress.scan.spark import SparkRun
from suppress.scan.spark_sql import ordered


class AcceptingRun(SparkRun):
    """A run in which no relation has any rows, so that nothing is worked out: Spark only reads every query."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.accepted: list[str] = []

    def _keep(self, rows: Any) -> Any:
        return self._spark.createDataFrame([], rows.schema)

    def _make(self, relation: str, select: str, *, is_view: bool = False) -> None:
        super()._make(relation, select)
        self.accepted.append(relation)

    def _rows(self, select: str) -> list[tuple[Any, ...]]:
        self._query(select)
        return []

    def _has(self, select: str) -> bool:
        self._query(select)
        return True

    def _number(self, select: str) -> int:
        self._query(select)
        return 0

    def _copy(self, select: str, file: Path) -> None:
        self._spark.sql(ordered(select).select)
        self.accepted.append(file.name)
        file.touch()

    def _join(self, buckets: int) -> None:
        """There are no tables to make lists of."""


class ExplainedRun(SparkRun):
    """A run that keeps the physical plan of every relation it makes."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.plans: dict[str, str] = {}

    def _make(self, relation: str, select: str, *, is_view: bool = False) -> None:
        super()._make(relation, select, is_view=is_view)
        self.plans[relation] = self._query(select)._jdf.queryExecution().executedPlan().toString()

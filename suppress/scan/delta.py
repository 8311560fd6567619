"""Say which messages of an earlier scan must be decided again, since facts about their customers or items changed.

Everything else would come out the same: the rules, the messages and the instants they are decided as of are those of
the earlier scan, and no source became usable or too old meanwhile. Where that cannot be said, all are decided again.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import duckdb

from suppress.decisions.decision import Verdict
from suppress.decisions.report import ReportContext, ScanReport, Verdicts
from suppress.facts.snapshot import Source
from suppress.rules.compile import CompiledRuleset
from suppress.rules.needs import GROUP_IN_STOCK_SHARE
from suppress.scan.figures import shares_told
from suppress.scan.folder import Folder
from suppress.scan.messages import MessagesRead
from suppress.scan.plan import ScanPlan
from suppress.scan.sql import literal, path, target
from suppress.scan.stages import Stages

STATE: Final = "state"
"""Folder of an output that keeps what a later delta works on: the messages and candidates as they were read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What changed in the facts: a SELECT of (kind 'customer' | 'sku', id, source).

    `restated`: the source of skus whose stock was stated again as it was.
    """

    relation: str
    restated: str

    def of(self, kind: str) -> str:
        """A SELECT of the ids of one kind of which more changed than a time."""
        return f"SELECT id FROM ({self.relation}) WHERE kind = {literal(kind)} AND source <> {literal(self.restated)}"

    def came_from(self, source: Source) -> bool:
        """Whether anything changed in one source."""
        with duckdb.connect() as connection:
            found = connection.execute(
                f"SELECT 1 FROM ({self.relation}) WHERE source = {literal(source.value)} LIMIT 1"
            )
            return found.fetchone() is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """The earlier scan: its output folder and what its `run.json` says."""

    out: Path
    told: Mapping[str, Any]

    @property
    def report(self) -> ScanReport:
        """What it reported of all messages."""
        return ScanReport.from_dict(json.loads((self.out / "report.json").read_text(encoding="utf-8")))

    @property
    def generation(self) -> int | None:
        """The generation of the lake it read."""
        number = self.told.get("generation")
        return number if isinstance(number, int) else None


def read_before(out: Path) -> Before | None:
    """An earlier scan that a delta can build on; None when it left no state. A delta's own is the scan it built on."""
    try:
        told = json.loads((out / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if told.get("built_on"):
        return read_before(Path(told["built_on"]))
    out = out.resolve()
    has_state = all((out / STATE / f"{kind}.parquet").exists() for kind in ("messages", "candidates"))
    return Before(out=out, told=told) if has_state else None


def why_all(
    before: Before | None, plan: ScanPlan, compiled: CompiledRuleset, folder: Folder, changes: Changes | None
) -> str | None:
    """Why all messages must be decided again, in words; None when only some must."""
    if before is None:
        return "the earlier output keeps nothing to build on"
    earlier, read = before.told.get("plan", {}), before.told.get("read", {})
    first_us, last_us = read.get("first_as_of_us"), read.get("last_as_of_us")
    if changes is None:
        return "what changed in the facts since cannot be told"
    if earlier.get("fingerprint") != plan.fingerprint:
        return "the rules are others"
    if earlier.get("inputs") != plan.identity["inputs"]:
        return "the message files are others"
    if first_us is None:
        return "the earlier scan had no messages"
    if earlier.get("as_of_us") != plan.as_of_us and _has_message_of(before.out / STATE, earlier.get("as_of_us")):
        return "it is decided as of another time"
    feeds_us = before.told.get("feeds_us", {})
    usable_then = _usable({source: feeds_us.get(source.value) for source in Source}, compiled, first_us, last_us)
    if usable_then != _usable(plan.feeds_us, compiled, first_us, last_us):
        return "a source was loaded for the first time, is fresh again, or grew too old"
    if compiled.limit_rules:
        return "limited stock is shared out over all messages together"
    if changes.came_from(Source.CUSTOMERS) and (
        Stages(compiled, folder).history.purchases.needs_household or read.get("by_address", True)
    ):
        return "who lives with whom, or whose address it is, may have changed"
    return None


def affected(compiled: CompiledRuleset, folder: Folder, changes: Changes, state: Path) -> str:
    """A SELECT of the numbers of messages whose customer or items changed."""
    stages = Stages(compiled, folder)
    skus = changes.of("sku")
    if Source.STOCK in compiled.max_age_us or "stock.age" in {field.base for field in stages.asked.fields.values()}:
        skus += f" UNION SELECT id FROM ({changes.relation}) WHERE source = {literal(changes.restated)}"
    if GROUP_IN_STOCK_SHARE in stages.asked.fields:
        every = folder.relation("products")
        styles = f"SELECT item_group FROM ({every}) WHERE sku IN ({skus})"
        skus = f"SELECT sku FROM ({every}) WHERE item_group IN ({styles}) UNION {skus}"
    customers = changes.of("customer")
    if stages.history.purchases.needs_household:
        people = folder.relation("customers")
        homes = f"SELECT household_id FROM ({people}) WHERE customer_id IN ({customers})"
        customers = f"SELECT customer_id FROM ({people}) WHERE household_id IN ({homes}) UNION {customers}"
    return (
        f"SELECT message_no FROM read_parquet({path(state / 'messages.parquet')}) WHERE customer_id IN ({customers})"
        f" UNION SELECT message_no FROM read_parquet({path(state / 'candidates.parquet')}) WHERE sku IN ({skus})"
    )


def take_affected(
    connection: duckdb.DuckDBPyConnection, before: Before, numbers: str, work: Path, read: Mapping[str, Any]
) -> MessagesRead:
    """Write the affected messages and candidates of the earlier scan into the work folder, as if they had been read."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE affected AS {numbers}")
    for kind in ("messages", "candidates"):
        order = "message_no" if kind == "messages" else "message_no, position"
        source = f"read_parquet({path(before.out / STATE / f'{kind}.parquet')})"
        connection.execute(
            f"COPY (SELECT * FROM {source} SEMI JOIN affected USING (message_no) ORDER BY {order})"
            f" TO {target(work / f'{kind}.parquet')} (FORMAT parquet, COMPRESSION zstd)"
        )
    counted = {kind: _count(connection, work / f"{kind}.parquet") for kind in ("messages", "candidates")}
    return MessagesRead(
        rows=counted["messages"],
        accepted=counted["messages"],
        refused=0,
        candidates=counted["candidates"],
        first_as_of_us=read["first_as_of_us"],
        last_as_of_us=read["last_as_of_us"],
    )


def of_whole(
    connection: duckdb.DuckDBPyConnection, report: ScanReport, context: ReportContext, before: Before, compare: Path
) -> ScanReport:
    """The report of a delta that also tells what becomes of the whole campaign, and how near it is to each `max_share`.

    `compare`: where the messages decided again stand as they were. All others are as the earlier scan left them.
    """
    earlier = before.report
    messages = path(compare / "messages.parquet")
    verdicts_were, shares_were = shares_told(
        connection,
        f"SELECT * FROM read_parquet({messages})",
        f"SELECT * FROM read_parquet({path(before.out / 'items.parquet')})"
        f" WHERE message_id IN (SELECT message_id FROM read_parquet({messages}))",
        context,
    )
    verdicts = {
        verdict: getattr(earlier.verdicts, verdict)
        - getattr(verdicts_were, verdict)
        + getattr(report.verdicts, verdict)
        for verdict in map(str, Verdict)
    }
    shares = tuple(
        replace(now, acted_on=then.acted_on - left.acted_on + now.acted_on, total=then.total - left.total + now.total)
        for now, left, then in zip(report.shares, shares_were, earlier.shares, strict=True)
    )
    return replace(report, whole=Verdicts(**verdicts), shares=shares)


def write_changes(connection: duckdb.DuckDBPyConnection, before: Before, result: Path, compare: Path) -> None:
    """`changes.csv`: whose verdict or items are others than before; and in `compare` the same messages as they were."""
    now = f"read_parquet({path(result / 'messages.parquet')})"
    earlier = f"read_parquet({path(before.out / 'messages.parquet')})"
    connection.execute(
        "COPY (SELECT n.message_id, n.customer_id, e.verdict AS verdict_before, n.verdict,"
        " array_to_string(e.kept, '|') AS items_before, array_to_string(n.kept, '|') AS items"
        f" FROM {now} n LEFT JOIN {earlier} e USING (message_id)"
        " WHERE n.verdict IS DISTINCT FROM e.verdict OR n.kept IS DISTINCT FROM e.kept)"
        f" TO {target(result / 'changes.csv')} (FORMAT csv, HEADER)"
    )
    compare.mkdir(exist_ok=True)
    connection.execute(
        f"COPY (SELECT e.* FROM {earlier} e SEMI JOIN {now} n USING (message_id))"
        f" TO {target(compare / 'messages.parquet')} (FORMAT parquet)"
    )


def _usable(
    feeds_us: Mapping[Source, int | None], compiled: CompiledRuleset, first_us: int, last_us: int
) -> dict[Source, int | None]:
    """The first of the instants messages are decided as of, if any, from which on a source is too old to be used."""
    ends: dict[Source, int | None] = {}
    for source in Source:
        loaded_us, max_age_us = feeds_us.get(source), compiled.max_age_us.get(source)
        if loaded_us is None:
            ends[source] = first_us
        elif max_age_us is None or loaded_us + max_age_us > last_us:
            ends[source] = None
        else:
            ends[source] = max(first_us, loaded_us + max_age_us)
    return ends


def _has_message_of(state: Path, as_of_us: int | None) -> bool:
    """Whether a message may have been decided as of the scan's own time, since it has none itself."""
    with duckdb.connect() as connection:
        messages = f"read_parquet({path(state / 'messages.parquet')})"
        return bool(
            connection.execute(f"SELECT 1 FROM {messages} WHERE as_of_us = {literal(as_of_us)} LIMIT 1").fetchall()
        )


def _count(connection: duckdb.DuckDBPyConnection, file: Path) -> int:
    row = connection.execute(f"SELECT count(*) FROM read_parquet({path(file)})").fetchone()
    return int(row[0]) if row else 0

"""Wire rules, facts and messages into a scan: a request in, a folder of tables, lists and a report out.

Holds no logic of its own. The clock is handed in by default; everything below is handed times.
"""

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from suppress.decisions.report import ReportContext, ScanReport
from suppress.engine.decide import Decider
from suppress.engine.guarded import ReferenceEngine
from suppress.errors import FactsError, ShareError, StaleFactsError
from suppress.facts.instants import US_PER_HOUR, from_us, to_us
from suppress.facts.snapshot import Snapshot
from suppress.intake import messages as border
from suppress.reports.html import render
from suppress.rules.compile import CompiledRuleset
from suppress.rules.needs import sources_of
from suppress.scan import delta
from suppress.scan.estimates import estimate
from suppress.scan.figures import rules_of, scan_report
from suppress.scan.folder import Folder, read_folder
from suppress.scan.message_files import message_files
from suppress.scan.messages import MessagesRead
from suppress.scan.plan import Limits, ScanPlan, make_plan
from suppress.scan.run import Held, Progress, ScanRun, Shares
from suppress.scan.snapshots import Exact
from suppress.scan.work import Work
from suppress.service import load_ruleset
from suppress.stores.database import Database
from suppress.stores.lake import ONLY_RESTATED, Lake, lake_path, open_lake
from suppress.stores.lake_folder import prepare_facts
from suppress.stores.lake_refresh import refresh as refresh_lake
from suppress.stores.reservations import Reservation, Reservations

DEFAULT_MEMORY: Final = "4GB"
REJECTS: Final = "rejects.csv"
ENGINES: Final = ("duckdb", "spark")
_UNITS: Final = {"KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanRequest:
    """One scan, as asked for. `facts`: a facts folder; `lake`: the open lake it is of, if it is of one.

    `as_of`: for messages without `send_at`; None = now. `previous`: an earlier output to compare with; where it can be
    told what changed in the lake since, only messages that this concerns are decided again. `engine`: one of `ENGINES`.
    """

    messages: Path
    out: Path
    rules: Path
    facts: Path
    lake: Lake | None = None
    ruleset: str | None = None
    as_of: datetime | None = None
    memory: str = DEFAULT_MEMORY
    threads: int | None = None
    allow_stale: bool = False
    campaign: str | None = None
    previous: Path | None = None
    resume: bool = False
    engine: str = "duckdb"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanOutcome:
    """What a scan came to. `refused`: rows of the message files that could not be read; they are in `rejects`.

    `decided_all_because`: why all messages were decided although there is an earlier scan; None for a delta, and where
    none was asked for.
    """

    out: Path
    report: ScanReport
    rejects: Path
    refused: int
    decided_anew: int
    seconds: float
    decided_all_because: str | None = None


def plan_scan(request: ScanRequest, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> ScanPlan:
    """What a scan would do. Raises RulesetError, FactsError."""
    compiled = load_ruleset(request.rules, ruleset=request.ruleset)
    return _plan(request, compiled, read_folder(request.facts), _as_of_us(request, clock))


def scan(
    request: ScanRequest,
    *,
    shares: Shares | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    progress: Progress | None = None,
    session: Any = None,
) -> ScanOutcome:
    """Scan the messages of a request. Nothing appears under `out` before everything is there.

    `shares`: what other campaigns hold of limited stock; None = nobody holds anything, and nothing is reserved.
    `session`: a SparkSession for the engine `spark`; None = one is made on this machine.

    Raises RulesetError; FactsError when messages or facts cannot be read; StaleFactsError when a source the rules need
    was never loaded or is older than they allow; ShareError when a `max_share` is passed: then tables and report stand
    under `OUT.stopped`, without lists.
    """
    began = time.monotonic()
    compiled = load_ruleset(request.rules, ruleset=request.ruleset)
    folder = read_folder(request.facts)
    work = Work(request.out)
    tell = progress or _quiet
    as_of_us = _as_of_us(request, clock)
    if request.resume and request.as_of is None:
        as_of_us = work.planned_as_of_us() or as_of_us
    plan = _plan(request, compiled, folder, as_of_us)
    before, changes = _before(request)
    why_all = None if request.previous is None else delta.why_all(before, plan, compiled, folder, changes)
    is_delta = before is not None and why_all is None
    identity = {**plan.identity, "built_on": str(before.out) if before is not None and is_delta else None}
    if request.resume and (done := _finished(request.out, identity)):
        return done
    with work.opened(identity, resume=request.resume):
        if not request.allow_stale:
            refuse_stale(compiled, folder, as_of_us)
        again, taken = _eligible_again(compiled), shares or NoShares()
        if request.engine == "spark":
            # Only whoever asks for Spark has it loaded.
            from suppress.scan.spark import SparkRun  # noqa: PLC0415

            run: ScanRun = SparkRun(plan, compiled, folder, work, again, taken, session=session)
        elif folder.about.get("tables"):
            raise FactsError(f"{folder.root} names tables of a catalogue. help: scan by them with --engine spark")
        else:
            run = ScanRun(plan, compiled, folder, work, again, taken)
        rejects = work.result / REJECTS
        take = None
        if before is not None and changes is not None and is_delta:
            numbers = delta.affected(compiled, folder, changes, before.out / delta.STATE)
            take = partial(
                delta.take_affected, before=before, numbers=numbers, work=work.root, read=before.told["read"]
            )
        walked = run.walk(border, rejects, tell, take)
        tell("report", 0, 1)
        compare = request.previous
        if before is not None and is_delta:
            compare = work.root / "before"
            delta.write_changes(run.connection, before, work.result, compare)
        else:
            _keep_state(work)
        context = _context(request, compiled, folder, walked.messages.accepted if is_delta else None)
        report = _report(run, work, context, folder, compare, before if is_delta else None)
        run.connection.close()
        _write(work.result, report, plan, walked.messages, identity["built_on"], why_all, request.lake)
        tell("report", 1, 1)
        if not walked.messages.refused:
            rejects.unlink(missing_ok=True)
        if report.passed:
            raise _stopped(work, report)
        out = work.publish()
    return ScanOutcome(
        out=out,
        report=report,
        rejects=out / rejects.name,
        refused=walked.messages.refused,
        decided_anew=walked.messages.accepted,
        seconds=time.monotonic() - began,
        decided_all_because=why_all,
    )


@contextmanager
def facts_folder(
    *, facts: Path | None, lake: Path | None, database: str, beside: Path, refresh: bool = False
) -> Iterator[tuple[Path, Lake | None]]:
    """The facts folder to scan by: a folder of somebody's own Parquet files, else that of the lake of a database.

    `refresh`: bring the lake up to date with the database before.

    Raises FactsError for files that cannot be used, StoreError when there is no lake.
    """
    if facts is None:
        where = lake_path(database, lake)
        if refresh:
            store = Database.open(database)
            try:
                refresh_lake(store, where)
            finally:
                store.close()
        with open_lake(where) as opened:
            yield opened.folder, opened
        return
    work = beside.with_name(f".{beside.name}.facts")
    try:
        yield prepare_facts(facts, work).folder, None
    finally:
        shutil.rmtree(work, ignore_errors=True)


class NoShares:
    """Nobody holds anything, and nothing is reserved: of a scan without a store."""

    def taken(self) -> dict[str, int]:
        """Nothing."""
        return {}

    def reserve(self, held: Sequence[Held], at_most: Mapping[str, int]) -> dict[str, int]:
        """Nothing is in the way."""
        del held, at_most
        return {}


class StoreShares:
    """Places of limited items that are reserved in a database. Without a campaign they are only looked at."""

    def __init__(
        self, reservations: Reservations, campaign: str | None, now_us: int, expires_at_us: int | None
    ) -> None:
        self._reservations = reservations
        self._campaign = campaign
        self._now_us = now_us
        self._expires_at_us = expires_at_us

    def taken(self) -> dict[str, int]:
        """sku -> live places that others hold."""
        return self._reservations.live(self._now_us, except_campaign=self._campaign)

    def reserve(self, held: Sequence[Held], at_most: Mapping[str, int]) -> dict[str, int]:
        """Reserve them for the campaign, in place of all it held; or which skus others hold more of than was known."""
        if self._campaign is None or self._expires_at_us is None:
            return {}
        rows = [Reservation(message, customer or "", sku, places) for message, customer, sku, places in held]
        return self._reservations.reserve_many(self._campaign, rows, at_most, self._now_us, self._expires_at_us)


@contextmanager
def shares_of(
    database: str,
    campaign: str | None,
    *,
    reserve_hours: float | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Iterator[StoreShares]:
    """What a database knows of reserved stock. `reserve_hours`: reserve for so long; None = only look.

    Raises StoreError when the database cannot be read.
    """
    opened = Database.open(database)
    now_us = to_us(clock())
    expires_at_us = None if reserve_hours is None else now_us + int(reserve_hours * US_PER_HOUR)
    try:
        yield StoreShares(Reservations(opened), campaign, now_us, expires_at_us)
    finally:
        opened.close()


def refuse_stale(compiled: CompiledRuleset, folder: Folder, as_of_us: int) -> None:
    """Raises StaleFactsError when a source the rules need was never loaded, or is older than they allow."""
    complaints = []
    for source in sources_of(compiled.needs):
        loaded_us = folder.feeds_us.get(source)
        max_age_us = compiled.max_age_us.get(source)
        if loaded_us is None:
            complaints.append(f"{source.value} were never loaded")
        elif max_age_us is not None and as_of_us - loaded_us >= max_age_us:
            hours = max_age_us / 3_600_000_000
            complaints.append(
                f"{source.value} are as of {from_us(loaded_us):%Y-%m-%d %H:%M} UTC, older than {hours:g} hours"
            )
    if complaints:
        raise StaleFactsError(
            f"the facts are too old to scan by: {'; '.join(complaints)}."
            " help: load them and refresh the lake, or scan all the same with --allow-stale"
        )


def memory_bytes(text: str) -> int:
    """`4GB`, `500MB` in bytes. Raises FactsError for anything else."""
    number, unit = text.strip()[:-2], text.strip()[-2:].upper()
    try:
        return int(float(number) * _UNITS[unit])
    except (KeyError, ValueError, OverflowError):
        raise FactsError(f'"{text}" is no amount of memory. help: write it as 4GB or 500MB') from None


def _eligible_again(compiled: CompiledRuleset) -> Exact:
    """When dropped items could be shown again, by the engine itself."""
    decider = Decider(compiled, ReferenceEngine(compiled))

    def exact(snapshot: Snapshot) -> list[int | None]:
        decision = decider.decide(snapshot, "")
        items = [item.eligible_again_at for item in decision.items]
        tried = {item.sku: item.eligible_again_at for item in decision.replacements}
        told = (*items, *(tried.get(sku) for sku in snapshot.message.replacements))
        return [None if at is None else to_us(at) for at in told]

    return exact


def _plan(request: ScanRequest, compiled: CompiledRuleset, folder: Folder, as_of_us: int) -> ScanPlan:
    limits = Limits(memory_bytes=memory_bytes(request.memory), threads=request.threads or os.cpu_count() or 1)
    files = message_files(request.messages)
    expected = estimate(files)
    return make_plan(
        compiled,
        folder,
        request.messages,
        files,
        as_of_us=as_of_us,
        limits=limits,
        rows=expected.messages,
        candidates=expected.items,
    )


def _as_of_us(request: ScanRequest, clock: Callable[[], datetime]) -> int:
    return to_us(request.as_of or clock())


def _finished(out: Path, identity: Mapping[str, Any]) -> ScanOutcome | None:
    """What this very scan came to, when it was finished before and only nobody took note."""
    try:
        told = json.loads((out / "run.json").read_text(encoding="utf-8"))
        report = ScanReport.from_dict(json.loads((out / "report.json").read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None
    if {**told["plan"], "built_on": told["built_on"]} != json.loads(json.dumps(identity)):
        return None
    read = told["read"]
    return ScanOutcome(
        out=out,
        report=report,
        rejects=out / REJECTS,
        refused=read["refused"],
        decided_anew=read["accepted"],
        seconds=0.0,
        decided_all_because=told.get("decided_all_because"),
    )


def _before(request: ScanRequest) -> tuple[delta.Before | None, delta.Changes | None]:
    """The earlier scan to build on, and what changed in the lake since; None where nobody knows."""
    before = None if request.previous is None else delta.read_before(request.previous)
    if before is None or request.lake is None or before.told.get("lake") != _lake_told(request.lake):
        return before, None
    if before.generation is None:
        return before, None
    changes = request.lake.changed_since(before.generation)
    told = None if changes is None else delta.Changes(relation=changes.relation(), restated=ONLY_RESTATED)
    return before, told


def _lake_told(lake: Lake) -> dict[str, Any]:
    """What tells a lake from another, and from itself after it was made anew: its generations are numbered alike."""
    return {key: lake.manifest.get(key) for key in ("made_from", "rebuilt_at")}


def _keep_state(work: Work) -> None:
    """Keep what a later delta works on."""
    state = work.result / delta.STATE
    state.mkdir(exist_ok=True)
    for kind in ("messages", "candidates"):
        kept = state / f"{kind}.parquet"
        kept.unlink(missing_ok=True)
        os.link(work.root / kept.name, kept)


def _context(
    request: ScanRequest, compiled: CompiledRuleset, folder: Folder, decided_anew: int | None
) -> ReportContext:
    ages = {source.value: None if at_us is None else from_us(at_us) for source, at_us in folder.feeds_us.items()}
    return ReportContext(
        ruleset=compiled.name,
        fingerprint=compiled.fingerprint,
        rules=rules_of(compiled.rules),
        facts_as_of=ages,
        max_age_us={source.value: age_us for source, age_us in compiled.max_age_us.items()},
        control_group=compiled.control_group,
        max_share=compiled.max_share,
        campaign=request.campaign,
        engine=request.engine,
        decided_anew=decided_anew,
    )


def _report(
    run: ScanRun,
    work: Work,
    context: ReportContext,
    folder: Folder,
    compare: Path | None,
    built_on: delta.Before | None,
) -> ScanReport:
    """What was decided, beside the run in `compare`; of a delta also what that makes of the whole campaign."""
    budgets = work.result / "budgets.parquet"
    report = scan_report(
        run.connection,
        work.result,
        context,
        products=folder.root / "products.parquet",
        budgets=budgets if budgets.exists() else None,
        previous=compare,
    )
    if built_on is None or compare is None:
        return report
    return delta.of_whole(report, scan_report(run.connection, compare, context), built_on)


def _write(
    result: Path,
    report: ScanReport,
    plan: ScanPlan,
    read: MessagesRead,
    built_on: str | None,
    why_all: str | None,
    lake: Lake | None,
) -> None:
    told = json.dumps(report.to_dict(), ensure_ascii=False, indent=1)
    (result / "report.json").write_text(told, encoding="utf-8")
    (result / "report.html").write_text(render(report), encoding="utf-8")
    run: dict[str, Any] = {
        "plan": plan.identity,
        "ruleset": plan.ruleset,
        "read": asdict(read),
        "feeds_us": {source.value: at_us for source, at_us in plan.feeds_us.items()},
        "generation": None if lake is None else lake.generation,
        "lake": None if lake is None else _lake_told(lake),
        "built_on": built_on,
        "decided_all_because": why_all,
        "memory_bytes": plan.limits.memory_bytes,
        "threads": plan.limits.threads,
    }
    (result / "run.json").write_text(json.dumps(run, indent=1), encoding="utf-8")


def _stopped(work: Work, report: ScanReport) -> ShareError:
    for name in ("send.csv", "suppressed.csv"):
        (work.result / name).unlink(missing_ok=True)
    stopped = work.publish(work.out.with_name(f"{work.out.name}.stopped"))
    shares = "; ".join(
        f"{share.rule or 'the ruleset'} acts on {100 * share.acted_on / share.total:.1f}% of {share.counts} and may on"
        f" {share.max_share / 100:g}%"
        for share in report.passed
    )
    return ShareError(
        f"nothing is released: {shares}. help: read {stopped / 'report.html'}, mend the rule or raise max_share"
    )


def _quiet(stage: str, done: int, of: int) -> None:
    del stage, done, of

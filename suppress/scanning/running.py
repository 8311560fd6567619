"""Carry a scan out: plan it, walk it on one engine or the other, and let its output appear."""

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from suppress.engine.decide import Decider
from suppress.engine.guarded import ReferenceEngine
from suppress.errors import FactsError
from suppress.facts.instants import to_us
from suppress.facts.snapshot import Snapshot
from suppress.intake import messages as border
from suppress.rules.compile import CompiledRuleset
from suppress.scan import delta
from suppress.scan.estimates import estimate
from suppress.scan.folder import Folder, read_folder
from suppress.scan.message_files import message_files
from suppress.scan.plan import Limits, ScanPlan, make_plan
from suppress.scan.run import Progress, ScanRun, Shares
from suppress.scan.snapshots import Exact
from suppress.scan.sources import from_before, from_files
from suppress.scan.work import Work
from suppress.scanning.ages import refuse_stale
from suppress.scanning.earlier import before_of, finished, keep_state
from suppress.scanning.request import REJECTS, ScanOutcome, ScanRequest, memory_bytes
from suppress.scanning.shares import NoShares
from suppress.scanning.writing import context_of, report_of, stopped_by, write_report
from suppress.service import load_ruleset


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

    Raises RulesetError; FactsError when messages or facts cannot be read; ResourceError when disk or memory do not
    suffice, and `resume` goes on later; StaleFactsError when a source the rules need was never loaded or is older than
    they allow; ShareError when a `max_share` is passed: then tables and report stand under `OUT.stopped`, no lists.
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
    before, changes = before_of(request)
    why_all = None if request.previous is None else delta.why_all(before, plan, compiled, folder, changes)
    is_delta = before is not None and why_all is None
    identity = {**plan.identity, "built_on": str(before.out) if before is not None and is_delta else None}
    if request.resume and (done := finished(request.out, identity)):
        return done
    with work.opened(identity, resume=request.resume):
        if not request.allow_stale:
            refuse_stale(compiled, folder, as_of_us)
        run = _engine(request, plan, compiled, folder, work, shares or NoShares(), session)
        rejects = work.result / REJECTS
        source = from_files(plan, folder, work, rejects, border)
        if before is not None and changes is not None and is_delta:
            numbers = delta.affected(compiled, folder, changes, before.out / delta.STATE)
            source = from_before(before, numbers, work)
        walked = run.walk(source, tell)
        tell("report", 0, 1)
        compare = request.previous
        if before is not None and is_delta:
            compare = work.root / "before"
            delta.write_changes(run.connection, before, work.result, compare)
        else:
            keep_state(work)
        context = context_of(request, compiled, folder, walked.messages.accepted if is_delta else None)
        report = report_of(run, work, context, folder, compare, before if is_delta else None)
        run.connection.close()
        write_report(work.result, report, plan, walked.messages, identity["built_on"], why_all, request.lake)
        tell("report", 1, 1)
        if not walked.messages.refused:
            rejects.unlink(missing_ok=True)
        if report.passed:
            raise stopped_by(work, report)
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


def _engine(
    request: ScanRequest,
    plan: ScanPlan,
    compiled: CompiledRuleset,
    folder: Folder,
    work: Work,
    shares: Shares,
    session: Any,
) -> ScanRun:
    again = _eligible_again(compiled)
    if request.engine == "spark":
        # Only whoever asks for Spark has it loaded.
        from suppress.scan.spark import SparkRun  # noqa: PLC0415

        return SparkRun(plan, compiled, folder, work, again, shares, session=session)
    if folder.about.get("tables"):
        raise FactsError(f"{folder.root} names tables of a catalogue. help: scan by them with --engine spark")
    return ScanRun(plan, compiled, folder, work, again, shares)


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


def _quiet(stage: str, done: int, of: int) -> None:
    del stage, done, of

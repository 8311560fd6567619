"""Write what is told of a scan beside its tables: the report, and by what it was made."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from suppress.decisions.report import ReportContext, ScanReport
from suppress.errors import ShareError
from suppress.facts.facts_folder import file_of
from suppress.facts.instants import from_us
from suppress.reports.html import render
from suppress.rules.compile import CompiledRuleset
from suppress.scan import delta
from suppress.scan.figures import rules_of, scan_report
from suppress.scan.folder import Folder
from suppress.scan.messages import MessagesRead
from suppress.scan.plan import ScanPlan
from suppress.scan.run import ScanRun
from suppress.scan.work import Work
from suppress.scanning.earlier import lake_told
from suppress.scanning.request import ScanRequest
from suppress.stores.lake import Lake


def context_of(
    request: ScanRequest, compiled: CompiledRuleset, folder: Folder, decided_anew: int | None
) -> ReportContext:
    """What the report has to know beside the tables. `decided_anew`: messages of a delta; None = all were decided."""
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


def report_of(
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
        products=folder.root / file_of("products"),
        budgets=budgets if budgets.exists() else None,
        previous=compare,
    )
    if built_on is None or compare is None:
        return report
    return delta.of_whole(run.connection, report, context, built_on, compare)


def write_report(
    result: Path,
    report: ScanReport,
    plan: ScanPlan,
    read: MessagesRead,
    built_on: str | None,
    why_all: str | None,
    lake: Lake | None,
) -> None:
    """Write report.json, report.html and run.json, which says of what rules, files and facts the tables are made."""
    told = json.dumps(report.to_dict(), ensure_ascii=False, indent=1)
    (result / "report.json").write_text(told, encoding="utf-8")
    (result / "report.html").write_text(render(report), encoding="utf-8")
    run: dict[str, Any] = {
        "plan": plan.identity,
        "ruleset": plan.ruleset,
        "read": asdict(read),
        "feeds_us": {source.value: at_us for source, at_us in plan.feeds_us.items()},
        "generation": None if lake is None else lake.generation,
        "lake": None if lake is None else lake_told(lake),
        "built_on": built_on,
        "decided_all_because": why_all,
        "memory_bytes": plan.limits.memory_bytes,
        "threads": plan.limits.threads,
    }
    (result / "run.json").write_text(json.dumps(run, indent=1), encoding="utf-8")


def stopped_by(work: Work, report: ScanReport) -> ShareError:
    """Put the result aside under `OUT.stopped`, without lists to send by, and say which share was passed."""
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

"""What is said of runs: to people in lines, to notices as data."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from suppress.facts.instants import from_us
from suppress.schedules.order import ScanEnd
from suppress.stores.runs import Claim, Run


def about(run: Run) -> Mapping[str, Any]:
    """What is told of a run that ended: no person, no message, only counts and places."""
    return {
        "run": run.run_id,
        "schedule": run.schedule,
        "state": run.state,
        "outcome": run.outcome,
        "reason": run.reason,
        "kind": run.kind,
        "send_at": from_us(run.send_us).isoformat(),
        "before_seconds": run.before_us // 1_000_000,
        "late_seconds": None if run.late_us is None else run.late_us // 1_000_000,
        "seconds": None
        if run.started_at_us is None or run.finished_at_us is None
        else (run.finished_at_us - run.started_at_us) // 1_000_000,
        "counts": dict(run.counts),
        "out": run.out,
        "report": run.report,
    }


def begun(claim: Claim) -> str:
    """A line about a run that begins."""
    run = claim.run
    late = f", {run.late_us // 1_000_000} s late" if run.late_us and run.late_us > 1_000_000 else ""
    if claim.taken_from is not None:
        return f"{run.run_id}: taken over from {claim.taken_from}, attempt {run.attempts}"
    return f"{run.run_id}: begun ({run.kind}{late})"


def ended(run: Run, end: ScanEnd) -> str:
    """A line about a run that ended."""
    counts = asdict(end.summary) if end.summary else {}
    told = ", ".join(f"{counts[name]:,} {name}" for name in ("messages", "sent", "suppressed") if counts.get(name))
    said = f"{run.run_id}: {end.outcome}" + (f" ({told})" if told else "")
    return said + (f": {end.reason}" if end.reason else "")

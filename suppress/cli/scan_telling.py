"""What people see of a scan while it works, and before: progress on a terminal, the stages of a plan as a table."""

import json
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, TextIO

if TYPE_CHECKING:
    from rich.progress import TaskID

    from suppress.scan.plan import ScanPlan
    from suppress.scanning import ScanOutcome

_STAGES: Final = {
    "read": "reading messages",
    "divide": "dividing customers into buckets",
    "prepare": "preparing products and stock",
    "judge": "judging buckets of customers",
    "write": "writing tables",
    "report": "writing the report",
}


class Bars:
    """Progress bars on a terminal: stage, how far, how long still. Elsewhere nothing is written."""

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console  # noqa: PLC0415
        from rich.progress import (  # noqa: PLC0415
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        console = Console(file=stream)
        self._bars = Progress(
            TextColumn("{task.description:<32}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, stage: str, done: int, of: int) -> None:
        """Tell how far a stage is; `of` 0 = nobody knows."""
        if stage not in self._tasks:
            self._tasks[stage] = self._bars.add_task(_STAGES.get(stage, stage), total=of or None, rate="")
        task = self._tasks[stage]
        speed = self._bars.tasks[task].speed if task < len(self._bars.tasks) else None
        rate = f"{speed:,.0f} rows/s" if stage == "read" and speed else ""
        self._bars.update(task, completed=done, total=of or None, rate=rate)

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()


def plan_json(plan: "ScanPlan") -> str:
    """A plan for programs."""
    told: dict[str, Any] = {
        **plan.identity,
        "ruleset": plan.ruleset,
        "memory_bytes": plan.limits.memory_bytes,
        "threads": plan.limits.threads,
        "sources": [source.value for source in plan.sources],
        "features": list(plan.features),
        "stages": [{"stage": stage.name, "makes": stage.what, "rows": stage.rows} for stage in plan.stages],
    }
    return json.dumps(told, indent=1)


def plan_table(plan: "ScanPlan") -> str:
    """A plan for people: every stage in order, with the rows it makes as far as can be told."""
    width = max(len(stage.name) for stage in plan.stages)
    lines = [f"ruleset {plan.ruleset} ({plan.fingerprint[:19]}), facts needed: {_listed(plan)}", ""]
    for number, stage in enumerate(plan.stages, 1):
        rows = "" if stage.rows is None else f"  about {stage.rows:,} rows"
        lines.append(f"{number:>3}  {stage.name:<{width}}  {stage.what}{rows}")
    lines += [
        "",
        f"at most {plan.limits.pairs_per_bucket:,} pairs of message and item at a time, on {plan.limits.threads}"
        " threads",
    ]
    return "\n".join(lines)


def outcome_json(outcome: "ScanOutcome") -> str:
    """What a scan came to, for programs; the whole report is in report.json."""
    verdicts = outcome.report.verdicts
    told = {
        "out": str(outcome.out),
        "report": str(outcome.out / "report.html"),
        "messages": verdicts.messages,
        "sent": verdicts.send,
        "held": verdicts.hold,
        "suppressed": verdicts.suppress,
        "items": outcome.report.items.asked,
        "dropped": outcome.report.items.dropped,
        "decided_anew": outcome.decided_anew,
        "decided_all_because": outcome.decided_all_because,
        "refused": outcome.refused,
        "seconds": round(outcome.seconds, 3),
    }
    return json.dumps(told)


def _listed(plan: "ScanPlan") -> str:
    return ", ".join(source.value for source in plan.sources) or "none"

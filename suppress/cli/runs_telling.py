"""Turn runs into words, tables and JSON."""

import io
import shutil
from collections.abc import Iterator, Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

from suppress.facts.instants import US_PER_DAY, US_PER_HOUR, US_PER_MINUTE, US_PER_SECOND, from_us
from suppress.stores.runs import NextScan, Run

WIDTH: Final = 160
"""Where nobody watches; a terminal has its own."""
_LATE_FROM_US: Final = 60 * US_PER_SECOND
_UNITS: Final = ((US_PER_DAY, "day"), (US_PER_HOUR, "h"), (US_PER_MINUTE, "min"), (US_PER_SECOND, "s"))
_TIMES: Final = ("slot_us", "send_us", "started_at_us", "finished_at_us")


def state_words(run: Run, now_us: int) -> str:
    """The state as people are told it: a run that waits although it should have begun is late."""
    if run.state == "waiting" and now_us - run.slot_us > _LATE_FROM_US and not run.asked_again:
        return "late"
    if run.state == "done" and run.outcome != "complete":
        return f"done, {run.outcome}"
    return run.state


def before_words(before_us: int) -> str:
    """`60 min before`; `at` for a scan at the time of the send."""
    if not before_us:
        return "at"
    unit_us, unit = next(
        (us, unit) for us, unit in _UNITS if before_us % us == 0 and (us < before_us or us == before_us)
    )
    if unit == "h":
        unit_us, unit = US_PER_MINUTE, "min"
    count = before_us // unit_us
    return f"{count} {unit}{'s' if unit == 'day' and count > 1 else ''} before"


def span(length_us: int | None) -> str:
    """A length of time in its two largest units; empty when unknown."""
    if length_us is None:
        return ""
    for place, (unit_us, unit) in enumerate(_UNITS[:-1]):
        if length_us >= unit_us:
            smaller_us, smaller = _UNITS[place + 1]
            rest = length_us % unit_us // smaller_us
            return f"{length_us // unit_us} {unit}" + (f" {rest} {smaller}" if rest else "")
    return f"{length_us / US_PER_SECOND:.1f} s" if length_us < 10 * US_PER_SECOND else f"{length_us // US_PER_SECOND} s"


def local(at_us: int, zone: str) -> str:
    """`Mon 2026-11-23 09:00` by the clock of a zone."""
    at = from_us(at_us).astimezone(ZoneInfo(zone))
    return at.strftime("%a %Y-%m-%d %H:%M:%S" if at.second else "%a %Y-%m-%d %H:%M")


def took_us(run: Run) -> int | None:
    """How long the last attempt worked; None when it has not ended."""
    if run.started_at_us is None or run.finished_at_us is None or run.state == "missed":
        return None
    return max(run.finished_at_us - run.started_at_us, 0)


def table(runs: Sequence[Run], upcoming: Sequence[NextScan], now_us: int) -> Iterator[str]:
    """A line per run, then one per schedule that has a next scan."""
    if runs:
        heads = ("run", "send (local)", "scan", "state", "messages", "sent", "suppressed", "took", "late", "")
        yield from _lines(heads, [_row(run, now_us) for run in runs], right=(4, 5, 6, 7, 8))
    else:
        yield "no runs yet"
    scans = [scan for scan in upcoming if scan.slot_us is not None and scan.send_us is not None]
    if scans:
        yield ""
        rows = [
            (
                f"next: {scan.schedule}",
                local(scan.slot_us, scan.zone),
                f"for {local(scan.send_us, scan.zone)}",
                scan.zone,
            )
            for scan in scans
            if scan.slot_us is not None and scan.send_us is not None
        ]
        yield from _lines(("", "", "", ""), rows, right=(), show_heads=False)


def page(run: Run, now_us: int) -> Iterator[str]:
    """All there is to say of one run."""
    counts = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in run.counts.items())
    zone = run.zone
    told = (
        ("run", run.run_id),
        ("state", state_words(run, now_us)),
        ("why", run.reason),
        ("schedule", run.schedule),
        ("send", f"{local(run.send_us, zone)} ({zone})"),
        ("scan", f"{before_words(run.before_us)} the send, due {local(run.slot_us, zone)}"),
        ("kind", {"full": "full", "delta": "delta: only what changed since the scan before"}.get(run.kind or "")),
        ("begun", None if run.started_at_us is None else local(run.started_at_us, zone)),
        ("late by", span(run.late_us) if run.late_us and run.late_us > US_PER_SECOND else None),
        ("ended", None if run.finished_at_us is None else local(run.finished_at_us, zone)),
        ("took", span(took_us(run)) or None),
        ("attempts", str(run.attempts) if run.attempts > 1 else None),
        ("overlap", "an earlier scan of the schedule was still running when this was due" if run.overlapped else None),
        ("by", run.owner),
        ("ruleset", run.ruleset),
        ("counts", counts or None),
        ("output", run.out),
        ("report", run.report),
        ("notice", run.notice),
        ("again", f"suppress runs rerun {run.run_id}" if run.state in {"failed", "missed"} else None),
    )
    for name, value in told:
        if value is not None:
            first, *more = value.splitlines() or [""]
            yield f"{name + ':':<10}{first}"
            yield from (f"{'':<10}{line}" for line in more)


def as_data(run: Run, now_us: int) -> dict[str, Any]:
    """A run as JSON: times in RFC 3339 (UTC), lengths of time in seconds."""
    took = took_us(run)
    return {
        "run": run.run_id,
        "schedule": run.schedule,
        "zone": run.zone,
        "state": "late" if state_words(run, now_us) == "late" else run.state,
        "outcome": run.outcome,
        "reason": run.reason,
        "kind": run.kind,
        **{name.removesuffix("_us"): _iso(getattr(run, name)) for name in _TIMES},
        "before_seconds": run.before_us // US_PER_SECOND,
        "late_seconds": None if run.late_us is None else run.late_us / US_PER_SECOND,
        "took_seconds": None if took is None else took / US_PER_SECOND,
        "attempts": run.attempts,
        "overlapped": run.overlapped,
        "owner": run.owner,
        "ruleset": run.ruleset,
        "counts": dict(run.counts),
        "out": run.out,
        "report": run.report,
        "notice": run.notice,
    }


def next_as_data(scan: NextScan) -> dict[str, Any]:
    """A schedule's next scan as JSON."""
    return {"schedule": scan.schedule, "zone": scan.zone, "slot": _iso(scan.slot_us), "send": _iso(scan.send_us)}


def _iso(at_us: int | None) -> str | None:
    return None if at_us is None else from_us(at_us).isoformat().replace("+00:00", "Z")


def _row(run: Run, now_us: int) -> tuple[str, ...]:
    count = [f"{run.counts[name]:,}" if name in run.counts else "" for name in ("messages", "sent", "suppressed")]
    marks = ", ".join(
        mark for mark, is_so in (("overlap", run.overlapped), (f"attempt {run.attempts}", run.attempts > 1)) if is_so
    )
    late = run.late_us if run.late_us is not None else max(now_us - run.slot_us, 0) if run.state == "waiting" else None
    return (
        run.run_id,
        local(run.send_us, run.zone),
        (before_words(run.before_us).removesuffix(" before") + (f", {run.kind}" if run.kind else "")),
        state_words(run, now_us),
        *count,
        span(took_us(run)),
        span(late) if late is not None and late > _LATE_FROM_US else "",
        marks,
    )


def _lines(
    heads: tuple[str, ...], rows: Sequence[tuple[str, ...]], *, right: tuple[int, ...], show_heads: bool = True
) -> Iterator[str]:
    from rich.console import Console  # noqa: PLC0415 - rich is slow to import
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    drawn = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False, show_header=show_heads)
    for number, head in enumerate(heads):
        if any(row[number] for row in rows):
            justify: Any = "right" if number in right else "left"
            drawn.add_column(Text(head), justify=justify, overflow="fold", no_wrap=number in right or number == 1)
    for row in rows:
        drawn.add_row(*(Text(cell) for at, cell in enumerate(row) if any(other[at] for other in rows)))
    console = Console(
        file=io.StringIO(), width=shutil.get_terminal_size((WIDTH, 0)).columns, color_system=None, legacy_windows=False
    )
    with console.capture() as captured:
        console.print(drawn)
    for line in captured.get().splitlines():
        yield line.rstrip()

"""Turn what was measured into one Markdown text: bars first, then every figure."""

import os
import platform
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from scripts.benchmarks.grid import OURS, WHOLE, Beside, Cell
from scripts.benchmarks.imports import Import
from scripts.benchmarks.memory import Growth


class Bar(NamedTuple):
    """One thing promised, the figure measured, and whether it holds."""

    promise: str
    figure: str
    met: bool


def bars_of_checks(beside: Sequence[Beside], growth: Growth) -> list[Bar]:
    """The bars on the cell they are stated for: SQLite, 6 items, 50 rules, 20 lines."""
    cell = next(one for one in beside if one.store == "SQLite" and one.history == 20)
    ours = cell.timings[OURS]
    of_rival = {name[:3]: timing.p50_ms for name, timing in cell.timings.items()}
    dearer = ours.p50_ms / of_rival["(a)"]
    batch = cell.batch_rate / cell.single_rate
    found = [
        Bar("p50 <= 0.5 ms", f"{ours.p50_ms:.2f} ms", ours.p50_ms <= 0.5),
        Bar(">= 2,000 checks/s per core", f"{ours.per_cpu_s:,.0f}", ours.per_cpu_s >= 2_000),
        Bar("<= 2.5x raw SQL and ifs (a), p50", f"{dearer:.1f}x", dearer <= 2.5),
        Bar("<= 3 statements per check", f"{cell.statements}", cell.statements <= 3),
        Bar("check_many >= 2x the rate of check", f"{batch:.2f}x", batch >= 2),
        Bar(f"memory grows < 5 % over {growth.checks:,} checks", f"{growth.share:+.1%}", growth.share < 0.05),
    ]
    if "(b)" in of_rival:
        faster = of_rival["(b)"] / ours.p50_ms
        found.append(Bar(">= 8x faster than the ORM loop (b), p50", f"{faster:.1f}x", faster >= 8))
    return found


def bars_of_imports(imports: Iterable[Import]) -> list[Bar]:
    """The bars on imports."""
    return [
        Bar(f"import of orders into {one.store} >= 50,000 rows/s", f"{one.rate:,.0f}", one.rate >= 50_000)
        for one in imports
        if one.source == "orders"
    ]


def bars_table(core: Iterable[Bar], whole: Iterable[Bar]) -> str:
    """Each bar with its figure, met or missed, for both rulesets of 50 rules."""
    told = {bar.promise: met_or_missed(bar) for bar in whole}
    rows = [(bar.promise, met_or_missed(bar), told.get(bar.promise, "")) for bar in core]
    return markdown_table(("bar", "core", WHOLE), rows)


def whole_about(beside: Iterable[Beside]) -> str:
    """How often each rule fires, on the cell of the bars, and what becomes of items and messages."""
    cell = next(one for one in beside if one.store == "SQLite" and one.history == 20)
    verdicts = ", ".join(f"{share:.0%} {verdict}" for verdict, share in cell.verdicts.items())
    fired = ", ".join(f"{rule} {share:.1%}" for rule, share in cell.fired.items())
    return (
        f"With the ruleset `whole` {cell.dropped_share:.0%} of the items are dropped; verdicts: {verdicts}. "
        f"Share of the messages on which each rule fires (20 lines): {fired}."
    )


def beside_table(beside: Iterable[Beside], rules: str) -> str:
    """The rivals, interleaved on the same messages."""
    rows: list[tuple[Any, ...]] = []
    for cell in beside:
        ours = cell.timings[OURS]
        for name, t in cell.timings.items():
            ratio = f"{t.p50_ms / ours.p50_ms:.2f}"
            rows.append((cell.store, cell.history, name, *_figures(t), ratio))
        rows.append(
            (
                cell.store,
                cell.history,
                "suppress check_many",
                "",
                "",
                f"{cell.batch_rate:,.0f}",
                "",
                f"{cell.single_rate / cell.batch_rate:.2f}",
            )
        )
    heads = ("store", "lines", f"6 items, {rules}", "p50 ms", "p99 ms", "per CPU s", "per wall s", "cost to check")
    return markdown_table(heads, rows)


def grid_table(cells: Iterable[Cell]) -> str:
    """Every cell of the grid."""
    rows = [
        (
            cell.store,
            cell.rules,
            "as they come" if cell.history < 0 else f"{cell.history:,}",
            cell.items,
            *_figures(cell.timing),
        )
        for cell in cells
    ]
    heads = ("store", "rules", "lines", "items", "p50 ms", "p99 ms", "checks per CPU s", "per wall s")
    return markdown_table(heads, rows)


def imports_table(imports: Iterable[Import]) -> str:
    """The imports."""
    rows = [
        (i.store, i.source, f"{i.rows:,}", f"{i.megabytes:,.0f}", f"{i.seconds:.1f}", f"{i.rate:,.0f}") for i in imports
    ]
    return markdown_table(("store", "file", "rows", "MB", "s", "rows/s"), rows)


def machine() -> str:
    """What it ran on."""
    cpuinfo, meminfo = Path("/proc/cpuinfo"), Path("/proc/meminfo")
    model = next(
        (line.split(":")[1].strip() for line in _lines(cpuinfo) if line.startswith("model name")), platform.processor()
    )
    memory = next(
        (f", {int(line.split()[1]) / 1e6:.0f} GB of memory" for line in _lines(meminfo) if line.startswith("MemTotal")),
        "",
    )
    return f"{os.cpu_count()} cores ({model}){memory}, {platform.system()}, Python {platform.python_version()}"


def met_or_missed(bar: Bar) -> str:
    return f"{bar.figure}, {'met' if bar.met else '**missed**'}"


def _figures(t: Any) -> tuple[str, ...]:
    return f"{t.p50_ms:.3f}", f"{t.p99_ms:.2f}", f"{t.per_cpu_s:,.0f}", f"{t.per_wall_s:,.0f}"


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def markdown_table(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    cells = [[str(cell) for cell in row] for row in (heads, *rows)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(heads))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in cells
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)

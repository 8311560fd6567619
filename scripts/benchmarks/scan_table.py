"""Turn what was measured of scans into one Markdown text: bars first, then every figure."""

from collections.abc import Iterator, Sequence
from statistics import median
from typing import Final, NamedTuple

from scripts.benchmarks.scan_bars import Refresh, Size, stages
from scripts.benchmarks.scan_measure import Measured
from scripts.benchmarks.table import Bar, markdown_table, met_or_missed

OURS: Final = "ours"
NAMES: Final = {
    OURS: "suppress scan, DuckDB",
    "a": "(a) hand-written DuckDB SQL, one join",
    "a3": "(a) the same, three joins",
    "b": "(b) Polars, streaming",
    "c": "(c) loop over check_many",
    "d": "(d) ORM loop",
    "e": "(e) the SQL on Spark, local[2]",
}
LOOPS: Final = ("c", "d")


class Rival(NamedTuple):
    """One way of deciding, measured once or more. `messages`: how many it decided; `wanted`: how many are asked for."""

    key: str
    runs: Sequence[Measured]
    messages: int
    wanted: int
    pairs: int

    @property
    def is_sample(self) -> bool:
        """Whether it decided fewer messages than asked for, and its time is extrapolated."""
        return self.messages < self.wanted

    @property
    def seconds(self) -> float:
        """Wall clock for all messages: of the whole process; for a sample its work, extrapolated by messages."""
        if not self.is_sample:
            return median(run.wall_s for run in self.runs)
        return median(run.work_s for run in self.runs) * self.wanted / self.messages

    @property
    def cpu_s(self) -> float:
        """CPU for all messages, extrapolated where it is a sample."""
        return median(run.cpu_s for run in self.runs) * self.wanted / self.messages

    @property
    def peak_gb(self) -> float:
        """The most memory any run held."""
        return max(run.peak_gb for run in self.runs)

    @property
    def pairs_per_s(self) -> float:
        """Pairs decided per second of wall clock."""
        return self.pairs / self.seconds


def bars(
    rivals: Sequence[Rival], sizes: Sequence[Size], fifty: Size | None, refreshed: Refresh | None
) -> Iterator[Bar]:
    """The bars for which there are figures."""
    by_key = {rival.key: rival for rival in rivals}
    mine = by_key.get(OURS)
    if mine:
        yield Bar(">= 2 M pairs/s, end to end", f"{mine.pairs_per_s / 1e6:.2f} M", mine.pairs_per_s >= 2e6)
        by_hand = min((by_key[key] for key in ("a", "a3") if key in by_key), key=lambda one: one.seconds, default=None)
        if by_hand:
            ratio = mine.seconds / by_hand.seconds
            cpu = mine.cpu_s / by_hand.cpu_s
            yield Bar("<= 1.3x hand-written SQL (a)", f"{ratio:.2f}x (CPU {cpu:.2f}x)", ratio <= 1.3)
        yield Bar("<= 3 GB", f"{mine.peak_gb:.1f} GB", mine.peak_gb <= 3)
        if "d" in by_key:
            faster = by_key["d"].seconds / mine.seconds
            yield Bar(">= 300x the ORM loop (d)", f"{faster:,.0f}x", faster >= 300)
        told = stages(mine.runs[-1])
        if "report" in told:
            yield Bar("report <= 5 s", f"{told['report']:.1f} s", told["report"] <= 5)
    if len(sizes) > 1:
        dearer = sizes[-1].ns_per_pair / sizes[-2].ns_per_pair
        promise = f"time per pair at {_millions(sizes[-1])} <= 1.3x of {_millions(sizes[-2])}"
        yield Bar(promise, f"{dearer:.2f}x", dearer <= 1.3)
    if mine and fifty:
        ratio = fifty.run.wall_s / mine.seconds
        yield Bar("8 -> 50 rules < 2.5x", f"{ratio:.2f}x", ratio < 2.5)
    if refreshed:
        promise = f"refresh of {refreshed.new_lines:,} lines <= 5 s"
        yield Bar(promise, f"{refreshed.refresh_s:.1f} s", refreshed.refresh_s <= 5)


def bars_table(found: Sequence[Bar]) -> str:
    """Each bar with its figure, met or missed."""
    return markdown_table(("bar", "measured"), [(bar.promise, met_or_missed(bar)) for bar in found])


def rivals_table(rivals: Sequence[Rival]) -> str:
    """Every rival with what it took. Of samples, time is extrapolated and memory is that of the sample."""
    by_hand = next((rival.pairs_per_s for rival in rivals if rival.key == "a"), None)
    rows = [
        (
            NAMES[rival.key],
            f"{rival.messages:,}" + (" (sample)" if rival.is_sample else ""),
            _duration(rival.seconds),
            f"{rival.pairs_per_s / 1e6:.4g}",
            _duration(rival.cpu_s),
            f"{rival.peak_gb:.1f}",
            f"{by_hand / rival.pairs_per_s:,.2f}" if by_hand else "",
            len(rival.runs),
        )
        for rival in rivals
    ]
    return markdown_table(
        ("way", "messages", "wall", "M pairs/s", "CPU", "peak GB", "time per pair to (a)", "runs"), rows
    )


def sizes_table(sizes: Sequence[Size]) -> str:
    """Our scan at several sizes and numbers of rules."""
    rows = [
        (
            f"{size.pairs:,}",
            size.rules,
            f"{size.run.wall_s:.1f}",
            f"{size.run.cpu_s:.1f}",
            f"{size.run.peak_gb:.1f}",
            f"{size.ns_per_pair:,.0f}",
        )
        for size in sizes
    ]
    return markdown_table(("pairs", "rules", "wall s", "CPU s", "peak GB", "ns per pair"), rows)


def stages_table(run: Measured) -> str:
    """Where the time of our scan goes, of its last run."""
    return markdown_table(("stage", "s"), [(stage, f"{seconds:.2f}") for stage, seconds in stages(run).items()])


def refresh_line(refreshed: Refresh) -> str:
    """What the lake took."""
    return (
        f"Lake of a SQLite store of {refreshed.store_lines:,} lines: rebuilt in {refreshed.rebuild_s:.1f} s, refreshed "
        f"after {refreshed.new_lines:,} lines (a tenth returns, a tenth credit notes) in {refreshed.refresh_s:.1f} s, "
        f"checked in {refreshed.check_s:.1f} s; each from the start of the process to its end."
    )


def _millions(size: Size) -> str:
    return f"{size.pairs / 1e6:.3g} M"


def _duration(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 600 else f"{seconds / 3600:.1f} h"

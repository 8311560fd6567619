"""Measure campaign scans beside hand-written rivals, in one run and one table: `scripts/bench scan [--scale S]`."""

import argparse
import shutil
import sys
import time
from pathlib import Path
from typing import Final

from scripts.benchmarks.scan_bars import Refresh, Size, fifty, ours, refresh, sizes
from scripts.benchmarks.scan_checksum import Checksum, checksum
from scripts.benchmarks.scan_measure import Measured, measure
from scripts.benchmarks.scan_messages import ITEMS, message_file
from scripts.benchmarks.scan_rules import write_rules
from scripts.benchmarks.scan_sample import sample_store
from scripts.benchmarks.scan_shop import ScanShop, ScanSpec, facts_folder
from scripts.benchmarks.scan_table import (
    LOOPS,
    NAMES,
    OURS,
    Rival,
    bars,
    bars_table,
    refresh_line,
    rivals_table,
    sizes_table,
    stages_table,
)
from scripts.benchmarks.table import machine
from scripts.benchmarks.told import say, write_block

_DATA: Final = Path(__file__).parents[2] / "bench-data"
_BEGIN, _END = "<!-- scan table: written by scripts/bench scan -->", "<!-- end of scan table -->"
_MESSAGES: Final = 2_000_000
_OTHERS: Final = ("sizes", "rules", "refresh")
_IN_TURNS: Final = (OURS, "a")
_MODULES: Final = {
    "a": ("scan_sql", "one-join"),
    "a3": ("scan_sql", "three-joins"),
    "b": ("scan_polars",),
    "e": ("scan_spark",),
}
_SPARK: Final = "e"
_LOOPS: Final = {"c": "check-many", "d": "orm"}


class Scans:
    """One shop, its facts, its messages; every way of deciding is measured on the same of them."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.folder = _DATA / f"scan-{options.scale:g}"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.shop = ScanShop(ScanSpec.of(options.scale))
        self.facts = facts_folder(self.shop, self.folder)
        self.count = round(_MESSAGES * options.scale)
        self.messages = message_file(self.shop, self.folder, self.count)
        self.rules = write_rules(8, self.folder)
        self.out = self.folder / "out"
        self.sums: dict[int, dict[str, Checksum]] = {}

    def rivals(self) -> list[Rival]:
        """Every way of deciding that was asked for: ours and (a) in turns, the others once."""
        asked = [key for key in NAMES if key in self.options.only]
        runs: dict[str, list[Measured]] = {key: [] for key in asked}
        for number in range(self.options.rounds):
            for key in asked:
                if key in _IN_TURNS or number == 0:
                    say(f"{NAMES[key]}, run {number + 1}")
                    runs[key].append(self._run(key))
        self._require_equal()
        wanted = {key: self._messages_of(key) if key == _SPARK else self.count for key in asked}
        return [Rival(key, runs[key], self._messages_of(key), wanted[key], wanted[key] * ITEMS) for key in asked]

    def about(self, rivals: list[Rival]) -> str:
        """What was decided on what, and what came out."""
        spec = self.shop.spec
        sizes = {"facts": self.facts, "messages": self.messages}
        megabytes = {
            name: sum(file.stat().st_size for file in (path.rglob("*") if path.is_dir() else [path]) if file.is_file())
            for name, path in sizes.items()
        }
        lines = [
            f"- Machine: {machine()}.",
            f"- Shop (scale {self.options.scale:g}, seed {spec.seed}): {spec.customers:,} customers, "
            f"{self.shop.lines:,} order lines, {spec.skus:,} skus in {spec.styles:,} styles and {spec.categories} "
            f"categories, stock in 12 regions; facts folder {megabytes['facts'] / 1e6:,.0f} MB.",
            f"- {self.count:,} messages of {ITEMS} items ({megabytes['messages'] / 1e6:,.0f} MB), 8 rules "
            "(`scripts/benchmarks/scan-8.yaml`).",
        ]
        if rivals:
            known = self.sums[max(self.sums)]
            told = next(iter(known.values()))
            lines.append(
                f"- {told.dropped / told.items:.1%} of the pairs are dropped, {told.suppressed / told.messages:.1%} of "
                f"the messages suppressed. {len(rivals)} ways gave equal checksums of (message, position, deciding "
                "rule) and of the verdicts."
            )
        return "\n".join(lines)

    def _run(self, key: str) -> Measured:
        shutil.rmtree(self.out, ignore_errors=True)
        count = self._messages_of(key)
        messages = message_file(self.shop, self.folder, count)
        if key == OURS:
            run = ours(self.facts, messages, self.out, self.rules, self.options.memory)
        elif key in LOOPS:
            store = sample_store(self.facts, messages, self.folder)
            run = measure("scripts.benchmarks.scan_loops", [store, messages, self.out, _LOOPS[key], self.rules])
        else:
            module, *form = _MODULES[key]
            run = measure(f"scripts.benchmarks.{module}", [self.facts, messages, self.out, *form])
        self._note(key, count)
        shutil.rmtree(self.out)
        shutil.rmtree(f"{self.out}-spark", ignore_errors=True)
        say(f"  {run.wall_s:.1f} s, CPU {run.cpu_s:.1f} s, {run.peak_gb:.1f} GB {run.told.get('stages', '')}")
        return run

    def _note(self, key: str, count: int) -> None:
        now = checksum(self.out, count)
        if self.sums.setdefault(count, {}).setdefault(key, now) != now:
            sys.exit(f"{NAMES[key]} decided otherwise the second time")
        samples = {self._messages_of(one) for one in self.options.only if one in NAMES} - {self.count}
        if key == "a" and count == self.count:
            for sample in samples:
                self.sums.setdefault(sample, {}).setdefault(key, checksum(self.out, sample))

    def _require_equal(self) -> None:
        for count, found in self.sums.items():
            if len(set(found.values())) > 1:
                told = "; ".join(f"{NAMES[key]} {sums}" for key, sums in found.items())
                sys.exit(f"not the same decisions on {count:,} messages: {told}")

    def _messages_of(self, key: str) -> int:
        if key == _SPARK and self.options.spark:
            return min(self.count, self.options.spark)
        return min(self.count, self.options.sample) if key in LOOPS else self.count


def main() -> None:
    """Build what is missing, measure, print."""
    options = _options()
    begun = time.perf_counter()
    say("shop")
    scans = Scans(options)
    if options.build:
        return
    rivals = scans.rivals()
    many: list[Size] = []
    if "sizes" in options.only:
        say("sizes")
        for size in sizes(scans.shop, scans.facts, scans.folder, scans.out, options.scale, options.most):
            many.append(size)
            say(f"  {size.pairs:,} pairs: {size.run.wall_s:.1f} s, {size.run.peak_gb:.1f} GB")
    more: Size | None = None
    if "rules" in options.only:
        say("fifty rules")
        more = fifty(scans.facts, scans.folder, scans.out, scans.messages, scans.count)
        shutil.rmtree(scans.out)
    refreshed: Refresh | None = None
    if "refresh" in options.only:
        say("lake")
        store = _store(options.scale)
        refreshed = refresh(store, scans.folder / "lake") if store else None
    found = list(bars(rivals, many, more, refreshed))
    mine = next((rival for rival in rivals if rival.key == OURS), None)
    parts = [
        scans.about(rivals),
        bars_table(found) if found else "",
        rivals_table(rivals) if rivals else "",
        stages_table(mine.runs[-1]) if mine else "",
        sizes_table([*many, *([more] if more else [])]) if many or more else "",
        refresh_line(refreshed) if refreshed else "",
        f"The whole run took {(time.perf_counter() - begun) / 60:.0f} minutes.",
    ]
    text = "\n\n".join(part for part in parts if part)
    print(text)
    if options.write:
        write_block(options.write, text, _BEGIN, _END, "Campaign scans")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench scan", description=__doc__)
    every = [*NAMES, *_OTHERS]
    parser.add_argument("--scale", type=float, default=1.0, help="1 = 1 M customers, 50 M order lines, 2 M messages")
    parser.add_argument("--build", action="store_true", help="only write the facts and messages")
    parser.add_argument("--rounds", type=int, default=3, help="turns of ours and (a); the others run once")
    parser.add_argument("--sample", type=int, default=2_000, help="messages the loops (c) and (d) decide")
    parser.add_argument("--spark", type=int, help="messages Spark decides, nothing extrapolated; default: all")
    parser.add_argument("--memory", default="4GB", help="memory limit of our scan")
    parser.add_argument("--most", type=int, default=100_000_000, help="largest number of pairs at scale 1")
    parser.add_argument("--only", type=lambda text: text.split(","), default=every, help=f"some of {','.join(every)}")
    parser.add_argument("--write", type=Path, metavar="FILE", help="replace the table in FILE")
    options = parser.parse_args()
    if unknown := set(options.only) - set(every):
        parser.error(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(every)}")
    return options


def _store(scale: float) -> Path | None:
    """The largest store `scripts/bench` has built, up to the scale; the lake is refreshed from a copy of it."""
    stores = sorted(_DATA.glob("scale-*/shop-*.db"), key=lambda path: path.stat().st_size)
    fitting = [path for path in stores if float(path.parent.name.removeprefix("scale-")) <= scale]
    if not fitting:
        say("  no store to refresh a lake from; make one with `scripts/bench --build`, a small one with `--quick`")
    return fitting[-1] if fitting else None


if __name__ == "__main__":
    main()

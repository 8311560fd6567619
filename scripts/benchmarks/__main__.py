"""Run the whole benchmark and print its table: `scripts/bench [--quick] [--scale S] [--write FILE]`."""

import argparse
import re
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from scripts.benchmarks.generate import Built, postgresql_store, server_with, sqlite_store
from scripts.benchmarks.grid import WHOLE, Bench, Beside, Cell
from scripts.benchmarks.imports import Import, import_all, write_files
from scripts.benchmarks.memory import measure_growth
from scripts.benchmarks.postgres import server
from scripts.benchmarks.rules import SIZES, make_up
from scripts.benchmarks.shop import Shop, Spec
from scripts.benchmarks.table import (
    bars_of_checks,
    bars_of_imports,
    bars_table,
    beside_table,
    grid_table,
    imports_table,
    machine,
    whole_about,
)
from scripts.benchmarks.whole import CORE

_DATA = Path(__file__).parents[2] / "bench-data"
_BEGIN, _END = "<!-- table: written by scripts/bench -->", "<!-- end of table -->"


def main() -> None:
    """Build what is missing, measure, print."""
    options = _options()
    begun = time.perf_counter()
    folder = _DATA / f"scale-{options.scale:g}"
    folder.mkdir(parents=True, exist_ok=True)
    shop = Shop(Spec.of(options.scale))
    with server(folder / "postgresql") as server_url:
        _say("stores")
        stores = {"SQLite": sqlite_store(shop, folder), "PostgreSQL": postgresql_store(shop, server_url)}
        if options.build:
            return
        bench = Bench(shop, folder / "rules", stores["SQLite"].url, options.calls)
        beside: list[Beside] = []
        whole: list[Beside] = []
        cells: list[Cell] = []
        for store, built in stores.items():
            for history, calls in ((20, options.calls * 4), (500, options.calls)):
                _say(f"rivals on {store}, {history} lines")
                fewer = calls if store == "SQLite" else calls // 2
                beside.append(bench.beside(store, built.url, history, fewer))
                whole.append(bench.beside_whole(store, built.url, history, fewer))
        _say("memory")
        messages = bench.messages(20, 6, options.calls * 4)
        growths = {
            rules: measure_growth(stores["SQLite"].url, bench.files[rules], messages, options.checks, folder)
            for rules in (50, WHOLE)
        }
        imports: list[Import] = []
        files = write_files(shop, folder / "files", options.lines)
        fresh = folder / "imported"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir()
        for store, url in (
            ("SQLite", f"sqlite:///{fresh}/shop.db"),
            ("PostgreSQL", server_with(server_url, "imported")),
        ):
            _say(f"imports into {store}")
            imports += import_all(store, url, files)
        shutil.rmtree(fresh)
        for store, built in stores.items():
            _say(f"grid on {store}")
            cells += bench.grid(store, built.url)
    parts = [
        _about(shop, stores, bench, [*beside, *whole], options),
        bars_table(
            [*bars_of_checks(beside, growths[50]), *bars_of_imports(imports)], bars_of_checks(whole, growths[WHOLE])
        ),
        beside_table(beside, "50 rules"),
        beside_table(whole, "the ruleset `whole`"),
        whole_about(whole),
        grid_table(cells),
        imports_table(imports),
        *(
            f"Memory with {'50 rules' if rules == 50 else f'the ruleset `{rules}`'}: {growth.before_mb:.1f} MB after "
            f"{growth.checks // 10:,} checks, {growth.after_mb:.1f} MB after {growth.checks:,} more."
            for rules, growth in growths.items()
        ),
        f"The whole run took {(time.perf_counter() - begun) / 60:.0f} minutes.",
    ]
    text = "\n\n".join(parts)
    print(text)
    if options.write:
        _write(options.write, text)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="a small store and few calls: minutes, not the stated size"
    )
    parser.add_argument("--scale", type=float, help="size of the store; 1 = 1 M customers, 20 M order lines")
    parser.add_argument("--build", action="store_true", help="only build the stores")
    parser.add_argument(
        "--write", type=Path, metavar="FILE", help="replace the table in FILE, e.g. docs/performance.md"
    )
    options = parser.parse_args()
    options.scale = options.scale or (0.01 if options.quick else 1.0)
    options.calls, options.checks, options.lines = (
        (200, 10_000, 100_000) if options.quick else (1_000, 200_000, 1_000_000)
    )
    return options


def _about(
    shop: Shop, stores: dict[str, Built], bench: Bench, beside: Sequence[Beside], options: argparse.Namespace
) -> str:
    rows = stores["SQLite"].rows
    shares = ", ".join(f"{cell.dropped_share:.0%}" for cell in beside[:2])
    faults = sum(cell.faults for cell in beside)
    lines = [
        f"- Machine: {machine()}.",
        f"- Store (scale {options.scale:g}, seed {shop.spec.seed}): {rows['customers']:,} customers, "
        f"{rows['order_lines']:,} order lines, {rows['products']:,} skus in {shop.spec.styles:,} styles "
        f"and {shop.spec.categories} categories.",
        *(f"- {size} rules: {make_up(bench.rules[size])}." for size in SIZES),
        f"- `{WHOLE}`: 50 rules, the first {CORE} of those and the others in `scripts/benchmarks/whole.yaml`.",
        f"- With 50 rules {shares} of the items are dropped (20 and 500 lines). Engine faults: {faults}.",
    ]
    return "\n".join(lines)


def _write(path: Path, table: str) -> None:
    text = path.read_text(encoding="utf-8")
    block = f"{_BEGIN}\n\n{table}\n\n{_END}"
    path.write_text(
        re.sub(f"{re.escape(_BEGIN)}.*{re.escape(_END)}", lambda _: block, text, flags=re.DOTALL), encoding="utf-8"
    )


def _say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()

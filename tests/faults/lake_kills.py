"""Kill -9 a lake's writer at random moments, many times: the last good generation serves, and a rerun completes.

    python -m tests.faults.lake_kills [ROUNDS] [SEED]

Each round loads new lines, corrections, credits and catalogue changes, starts a refresh, a rebuild or a compaction in a
process of its own and kills it at a random moment. Whatever the moment: the lake opens and holds exactly what it held
before, or all of the new; running the same again makes it equal to the store, and leaves no litter.
"""

import multiprocessing
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from suppress.facts.records import OrderRecord, ProductRecord, Record, SentRecord, StockRecord
from suppress.stores.database import Database
from suppress.stores.lake import open_lake
from suppress.stores.lake_check import check
from suppress.stores.lake_files import Limits
from suppress.stores.lake_rebuild import rebuild
from suppress.stores.lake_refresh import refresh
from suppress.stores.schema import upgrade
from tests.stores.lake.reading import everything
from tests.stores.shops import fill

CUSTOMERS = 300
SKUS = 60
LIMITS = Limits(memory="200MB", threads=1)
KINDS = ("refresh", "compact", "rebuild")


def news(dice: random.Random, number: int, lines: int) -> list[list[Record]]:
    """What a round loads: new lines and credits, corrections of older lines, products, stock, messages."""

    def order(order_id: str) -> OrderRecord:
        units = -1 if dice.random() < 0.05 else dice.randint(1, 3)
        customer, sku = f"c{dice.randrange(CUSTOMERS)}", f"s{dice.randrange(SKUS)}"
        return OrderRecord(
            order_id, "1", customer, sku, units, dice.randrange(10**6), 0, 0, False, "web", None, None, number
        )

    older = [f"o{dice.randrange(max(1, number))}-{dice.randrange(lines)}" for _ in range(20)]
    fresh = [f"o{number}-{place}" for place in range(lines)]
    sku = f"s{dice.randrange(SKUS)}"
    product = ProductRecord(
        sku, None, f"g{dice.randrange(9)}", "home", None, "active", None, None, None, "[]", "{}", number
    )
    return [
        [order(each) for each in (*fresh, *dict.fromkeys(older))],
        [product],
        [StockRecord(sku, "all", dice.randrange(9), 0, 0, None, None, None, number)],
        [SentRecord(f"m{number}", f"c{dice.randrange(CUSTOMERS)}", "email", None, number, f'["{sku}"]', number)],
    ]


def work(url: str, lake: str, kind: str) -> None:
    """What is killed."""
    with Database.open(url) as database:
        if kind == "rebuild":
            rebuild(database, Path(lake), LIMITS)
        else:
            refresh(database, Path(lake), LIMITS, compact=kind == "compact")


def rounds(folder: Path, how_many: int, seed: int, *, lines: int = 3_000) -> Counter[str]:
    """Play that many rounds; how often what happened. Raises AssertionError at the first fault."""
    dice = random.Random(seed)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["suppress.stores.lake_refresh", "tests.stores.shops"])
    url, lake = f"sqlite:///{folder}/facts.db", folder / "lake"
    counts: Counter[str] = Counter()
    with Database.open(url, require_schema=False) as database:
        upgrade(database)
    with Database.open(url) as database:
        fill(database, news(dice, 0, lines))
        rebuild(database, lake, LIMITS)
        whole_seconds = 0.5
        for number in range(1, how_many + 1):
            before = everything(lake)
            fill(database, news(dice, number, lines))
            kind = dice.choice(KINDS)
            writer = context.Process(target=work, args=(url, str(lake), kind))
            writer.start()
            writer.join(dice.uniform(0, 1.1 * whole_seconds))
            was_running = writer.exitcode is None
            writer.kill()
            writer.join()
            counts[f"{kind} {'killed' if was_running else 'finished'}"] += 1
            now = everything(lake)
            if now == before:
                counts["served the old"] += 1
            else:
                counts["served the new"] += 1
                with_new = check(database, lake, folder / "spill", LIMITS)
                assert with_new.is_sound, with_new
            if any(lake.glob(".gen-*")):
                counts["left a draft"] += 1
            started = time.monotonic()
            again = context.Process(target=work, args=(url, str(lake), kind))
            again.start()
            again.join()
            whole_seconds = time.monotonic() - started
            found = check(database, lake, folder / "spill", LIMITS)
            assert again.exitcode == 0, f"round {number}: the rerun of {kind} ended with {again.exitcode}"
            assert found.is_sound, f"round {number}: after {kind} {found}"
            assert not list(lake.glob(".gen-*")), f"round {number}: litter"
            with open_lake(lake) as opened:
                assert len(list(lake.glob("gen-*"))) <= 3, "generations pile up"
                assert opened.generation > 0
    return counts


def main() -> None:
    how_many = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(2**32)
    print(f"seed {seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="suppress-lake-kills-") as folder:
        counts = rounds(Path(folder), how_many, seed)
    for what, count in sorted(counts.items()):
        print(f"{count:5} {what}")
    killed = sum(count for what, count in counts.items() if what.endswith("killed"))
    print(f"{how_many} rounds, {killed} killed at work, 0 faults")


if __name__ == "__main__":
    main()

"""Kill -9 a scan at random moments, many times: nothing is half-written, and going on gives the undisturbed output.

    python -m tests.faults.scan_kills [ROUNDS] [SEED]

Each round starts a scan of a small campaign, in one bucket or several, in a process of its own and kills it at a random
moment. Whatever the moment: there is no output, or the whole of it. Then the scan is run again with `resume` (which may
be killed as well) or without, over whatever the killed one left behind; its tables and lists are those of an
undisturbed scan, byte for byte, and the work folder is gone.
"""

import multiprocessing
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from multiprocessing.process import BaseProcess
from pathlib import Path

from suppress.scanning import scan
from tests.scan.campaign import small_buckets
from tests.scan.shop import Shop, digests, open_shop

MESSAGES = 600
BUCKETS_OF = (None, 900)
"""Pairs of message and item taken at a time: all, or about a quarter of them."""

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["tests.scan.shop", "tests.scan.campaign"])


def work(shop: Shop, out: Path, pairs: int | None, resume: bool) -> None:
    """What is killed."""
    with small_buckets(pairs):
        scan(shop.request(out, resume=resume))


def start(shop: Shop, out: Path, pairs: int | None, *, resume: bool) -> BaseProcess:
    """A scan in a process of its own."""
    process = CONTEXT.Process(target=work, args=(shop, out, pairs, resume))
    process.start()
    return process


def rounds(folder: Path, how_many: int, seed: int, *, messages: int = MESSAGES) -> Counter[str]:
    """Play that many rounds; how often what happened. Raises AssertionError at the first fault."""
    dice = random.Random(seed)
    shop = open_shop(folder / "shop", messages=messages)
    wanted = {}
    seconds = 0.0
    for pairs in BUCKETS_OF:
        began = time.monotonic()
        undisturbed = start(shop, folder / f"undisturbed-{pairs}", pairs, resume=False)
        undisturbed.join()
        seconds = max(seconds, time.monotonic() - began)
        assert undisturbed.exitcode == 0
        wanted[pairs] = digests(folder / f"undisturbed-{pairs}")
    counts: Counter[str] = Counter()
    for number in range(how_many):
        pairs = dice.choice(BUCKETS_OF)
        out = folder / f"out-{number}"
        _one_round(shop, out, pairs, dice, seconds, wanted[pairs], counts)
        shutil.rmtree(out)
    return counts


def _one_round(
    shop: Shop,
    out: Path,
    pairs: int | None,
    dice: random.Random,
    seconds: float,
    want: dict[str, str],
    counts: Counter[str],
) -> None:
    work_folder = out.with_name(f".{out.name}.work")
    resume = False
    while True:
        process = start(shop, out, pairs, resume=resume)
        process.join(dice.uniform(0, seconds))
        was_running = process.exitcode is None
        process.kill()
        process.join()
        counts["killed at work" if was_running else "finished before"] += 1
        if out.exists():
            assert want == digests(out), "something else than the whole output was there"
            counts["output was there"] += 1
        elif work_folder.exists():
            finished = [file.name for file in work_folder.rglob("*.parquet") if not file.name.startswith(".")]
            counts["finished pieces were left" if finished else "nothing finished was left"] += 1
        resume = dice.random() < 0.8 or out.exists()
        if dice.random() < 0.7:
            break
    last = start(shop, out, pairs, resume=resume)
    last.join()
    counts["gone on" if resume else "begun anew over what was left"] += 1

    assert last.exitcode == 0, f"the rerun ended with {last.exitcode}"
    assert want == digests(out), "the rerun gave something else"
    left = sorted(path.name for path in out.parent.glob(f".{out.name}*"))
    assert left in ([], [work_folder.name]), left
    if work_folder.exists():
        # Killed between the one rename and the clearing away: what is left is no part of the output.
        counts["work folder left after the rename"] += 1
        shutil.rmtree(work_folder)


def main() -> None:
    how_many = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(2**32)
    print(f"seed {seed}", flush=True)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="suppress-scan-kills-") as folder:
        counts = rounds(Path(folder), how_many, seed)
    for what, count in sorted(counts.items()):
        print(f"{count:5} {what}")
    print(f"{how_many} rounds, {counts['killed at work']} killed at work, 0 faults, {time.monotonic() - began:,.0f} s")


if __name__ == "__main__":
    main()

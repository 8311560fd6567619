"""Compare scans with both engines on many seeded random campaigns: `python -m tests.scan MESSAGES SEED`."""

import multiprocessing
import sys
import time
from collections import Counter
from random import Random

from tests.scan.compare import Counts, check_campaign

MESSAGES_PER_CAMPAIGN = 500
FALLING_EVERY = 4
TELL_EVERY = 10_000


def run(seed: str) -> Counts:
    """One campaign; each fourth of rules that time can only end."""
    try:
        return check_campaign(
            Random(seed), MESSAGES_PER_CAMPAIGN, falling=int(seed.rpartition("/")[2]) % FALLING_EVERY == 0
        )
    except AssertionError as difference:
        # A worker that exits would leave the pool waiting for its answer.
        raise RuntimeError(f"scan and check differ for the seed {seed}:\n{difference}") from None


def main() -> None:
    """Run the campaigns on all cores and say what was compared; leaves with an error at the first difference."""
    messages, seed = int(sys.argv[1]), sys.argv[2]
    print(f"{messages:,} messages in campaigns of {MESSAGES_PER_CAMPAIGN}, seed {seed}", flush=True)
    started, told, counts = time.monotonic(), 0, Counter[str]()
    seeds = [f"{seed}/{number}" for number in range(messages // MESSAGES_PER_CAMPAIGN)]
    with multiprocessing.Pool(int(sys.argv[3]) if sys.argv[3:] else None) as pool:
        for compared in pool.imap_unordered(run, seeds):
            counts += compared
            if counts["messages"] // TELL_EVERY > told:
                told = counts["messages"] // TELL_EVERY
                print(
                    f"{counts['messages']:>10,} compared, no difference, {time.monotonic() - started:,.0f} s",
                    flush=True,
                )
    for what, count in counts.items():
        print(f"{count:>12,} {what}")
    print(f"{counts['messages']:,} messages compared in {time.monotonic() - started:,.0f} s: no difference")


if __name__ == "__main__":
    main()

"""Compare the engines on many seeded random cases: `python -m tests.agreement CASES SEED`."""

import multiprocessing
import sys
import time
from random import Random

from tests.agreement.compare import check_cases

CASES_PER_RULESET = 10
CHUNK = 200


class DifferenceError(Exception):
    """Two engines gave different decisions; the text says for which seed."""


def run(seed: str) -> int:
    """One ruleset on two shops and ten messages."""
    try:
        return check_cases(Random(seed), shops=2, messages=CASES_PER_RULESET // 2)
    except AssertionError as difference:
        # Not SystemExit: a worker that exits would leave the pool waiting for its answer.
        raise DifferenceError(f"the engines differ for the seed {seed}:\n{difference}") from None


def main() -> None:
    """Run the cases on all cores and say how it went; leaves with an error at the first difference."""
    cases, seed = int(sys.argv[1]), sys.argv[2]
    print(f"{cases:,} random cases, seed {seed}")
    started, done = time.monotonic(), 0
    seeds = (f"{seed}/{number}" for number in range(cases // CASES_PER_RULESET))
    with multiprocessing.Pool() as pool:
        try:
            for compared in pool.imap_unordered(run, seeds, chunksize=CHUNK):
                done += compared
                if done % 100_000 == 0:
                    print(f"{done:>10,} compared, no difference, {time.monotonic() - started:,.0f} s", flush=True)
        except DifferenceError as difference:
            raise SystemExit(str(difference)) from None
    print(f"{done:,} cases compared in {time.monotonic() - started:,.0f} s: no difference")


if __name__ == "__main__":
    main()

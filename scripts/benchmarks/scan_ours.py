"""Our scan through its public function, in a process of its own: facts and messages in, output folder out."""

import json
import sys
import time
from collections import Counter
from pathlib import Path

from scripts.benchmarks.shop import AS_OF


class _Stages:
    """Seconds per stage, as told by the scan's progress: a stage lasts until another one is told."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self._stage, self._since = "starting", time.perf_counter()

    def __call__(self, stage: str, done: int, steps: int) -> None:
        self.close()
        self._stage = stage

    def close(self) -> None:
        now = time.perf_counter()
        self.seconds[self._stage] += now - self._since
        self._since = now


def _main(facts: str, messages: str, out: str, rules: str, memory: str = "4GB") -> None:
    begun = time.perf_counter()
    from suppress.scanning import ScanRequest, scan

    stages = _Stages()
    outcome = scan(
        ScanRequest(
            messages=Path(messages), out=Path(out), rules=Path(rules), facts=Path(facts), as_of=AS_OF, memory=memory
        ),
        progress=stages,
    )
    stages.close()
    answer = {
        "work_s": time.perf_counter() - begun,
        "refused": outcome.refused,
        "stages": {stage: round(seconds, 3) for stage, seconds in stages.seconds.items()},
    }
    print(json.dumps(answer))


if __name__ == "__main__":
    _main(*sys.argv[1:])

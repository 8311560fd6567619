"""Our scan through its public function, in a process of its own: facts folder and message file in, output folder out."""

import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from scripts.benchmarks.shop import AS_OF


def _main(facts: str, messages: str, out: str, rules: str, memory: str = "4GB") -> None:
    begun = time.perf_counter()
    from suppress.scanning import ScanRequest, scan

    request = ScanRequest(
        messages=Path(messages),
        out=Path(out),
        rules=Path(rules),
        ruleset=None,
        facts=Path(facts),
        database=None,
        lake=None,
        as_of=AS_OF,
        engine="duckdb",
        memory=memory,
        threads=None,
        campaign=None,
        previous=None,
    )
    outcome = scan(request, clock=lambda: datetime.now(UTC), progress=None)
    run = Path(out) / "run.json"
    told = json.loads(run.read_text(encoding="utf-8")) if run.exists() else {}
    print(
        json.dumps(
            {"work_s": time.perf_counter() - begun, "items": outcome.items, "dropped": outcome.dropped, "run": told}
        )
    )


if __name__ == "__main__":
    _main(*sys.argv[1:])

"""Our scan through its public function, in a process of its own: facts and messages in, output folder out."""

import json
import sys
import time
from pathlib import Path

from scripts.benchmarks.shop import AS_OF


def _main(facts: str, messages: str, out: str, rules: str, memory: str = "4GB") -> None:
    begun = time.perf_counter()
    from suppress.scanning import ScanRequest, scan

    request = ScanRequest(
        messages=Path(messages), out=Path(out), rules=Path(rules), facts=Path(facts), as_of=AS_OF, memory=memory
    )
    outcome = scan(request)
    run = Path(out) / "run.json"
    told = json.loads(run.read_text(encoding="utf-8")) if run.exists() else {}
    answer = {"work_s": time.perf_counter() - begun, "scan_s": outcome.seconds, "refused": outcome.refused, "run": told}
    print(json.dumps(answer))


if __name__ == "__main__":
    _main(*sys.argv[1:])

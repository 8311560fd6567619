"""A scan of a lake's facts through our public function, in a process of its own; of an earlier output, a delta."""

import json
import sys
import time
from pathlib import Path


def _main(lake: str, messages: str, out: str, rules: str, previous: str = "") -> None:
    begun = time.perf_counter()
    from suppress.scanning import ScanRequest, scan
    from suppress.stores.lake import open_lake

    with open_lake(Path(lake)) as opened:
        outcome = scan(
            ScanRequest(
                messages=Path(messages),
                out=Path(out),
                rules=Path(rules),
                facts=opened.folder,
                lake=opened,
                previous=Path(previous) if previous else None,
                allow_stale=True,
            )
        )
    told = {
        "work_s": time.perf_counter() - begun,
        "decided": outcome.decided_anew,
        "all_because": outcome.decided_all_because,
    }
    print(json.dumps(told))


if __name__ == "__main__":
    _main(*sys.argv[1:])

"""Wire rules, facts and messages into a scan: a request in, a folder of tables, lists and a report out.

Holds no logic of its own. The clock is handed in by default; everything below is handed times.
"""

from suppress.scanning.ages import refuse_stale
from suppress.scanning.facts import facts_folder
from suppress.scanning.request import DEFAULT_MEMORY, ENGINES, REJECTS, ScanOutcome, ScanRequest, memory_bytes
from suppress.scanning.running import plan_scan, scan
from suppress.scanning.shares import NoShares, StoreShares, shares_of

__all__ = [
    "DEFAULT_MEMORY",
    "ENGINES",
    "REJECTS",
    "NoShares",
    "ScanOutcome",
    "ScanRequest",
    "StoreShares",
    "facts_folder",
    "memory_bytes",
    "plan_scan",
    "refuse_stale",
    "scan",
    "shares_of",
]

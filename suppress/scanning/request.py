"""What a scan is asked for, and what it came to."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from suppress.decisions.report import ScanReport
from suppress.errors import FactsError
from suppress.stores.lake import Lake

DEFAULT_MEMORY: Final = "4GB"
REJECTS: Final = "rejects.csv"
ENGINES: Final = ("duckdb", "spark")
_UNITS: Final = {"KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanRequest:
    """One scan, as asked for. `facts`: a facts folder; `lake`: the open lake it is of, if it is of one.

    `as_of`: for messages without `send_at`; None = now. `previous`: an earlier output to compare with; where it can be
    told what changed in the lake since, only messages that this concerns are decided again. `engine`: one of `ENGINES`.
    """

    messages: Path
    out: Path
    rules: Path
    facts: Path
    lake: Lake | None = None
    ruleset: str | None = None
    as_of: datetime | None = None
    memory: str = DEFAULT_MEMORY
    threads: int | None = None
    allow_stale: bool = False
    campaign: str | None = None
    previous: Path | None = None
    resume: bool = False
    engine: str = "duckdb"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanOutcome:
    """What a scan came to. `refused`: rows of the message files that could not be read; they are in `rejects`.

    `decided_all_because`: why all messages were decided although there is an earlier scan; None for a delta, and where
    none was asked for.
    """

    out: Path
    report: ScanReport
    rejects: Path
    refused: int
    decided_anew: int
    seconds: float
    decided_all_because: str | None = None


def memory_bytes(text: str) -> int:
    """`4GB`, `500MB` in bytes. Raises FactsError for anything else."""
    number, unit = text.strip()[:-2], text.strip()[-2:].upper()
    try:
        return int(float(number) * _UNITS[unit])
    except (KeyError, ValueError, OverflowError):
        raise FactsError(f'"{text}" is no amount of memory. help: write it as 4GB or 500MB') from None

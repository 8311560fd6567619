"""What an earlier scan left for a second one to build on, and what this one leaves for a later."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from suppress.decisions.report import ScanReport
from suppress.scan import delta
from suppress.scan.work import Work
from suppress.scanning.request import REJECTS, ScanOutcome, ScanRequest
from suppress.stores.lake import ONLY_RESTATED, Lake


def finished(out: Path, identity: Mapping[str, Any]) -> ScanOutcome | None:
    """What this very scan came to, when it was finished before and only nobody took note."""
    try:
        told = json.loads((out / "run.json").read_text(encoding="utf-8"))
        report = ScanReport.from_dict(json.loads((out / "report.json").read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None
    if {**told["plan"], "built_on": told["built_on"]} != json.loads(json.dumps(identity)):
        return None
    read = told["read"]
    return ScanOutcome(
        out=out,
        report=report,
        rejects=out / REJECTS,
        refused=read["refused"],
        decided_anew=read["accepted"],
        seconds=0.0,
        decided_all_because=told.get("decided_all_because"),
    )


def before_of(request: ScanRequest) -> tuple[delta.Before | None, delta.Changes | None]:
    """The earlier scan to build on, and what changed in the lake since; None where nobody knows."""
    before = None if request.previous is None else delta.read_before(request.previous)
    if before is None or request.lake is None or before.told.get("lake") != lake_told(request.lake):
        return before, None
    if before.generation is None:
        return before, None
    changes = request.lake.changed_since(before.generation)
    told = None if changes is None else delta.Changes(relation=changes.relation(), restated=ONLY_RESTATED)
    return before, told


def lake_told(lake: Lake) -> dict[str, Any]:
    """What tells a lake from another, and from itself after it was made anew: its generations are numbered alike."""
    return {key: lake.manifest.get(key) for key in ("made_from", "rebuilt_at")}


def keep_state(work: Work) -> None:
    """Keep what a later delta works on."""
    state = work.result / delta.STATE
    state.mkdir(exist_ok=True)
    for kind in ("messages", "candidates"):
        kept = state / f"{kind}.parquet"
        kept.unlink(missing_ok=True)
        os.link(work.root / kept.name, kept)

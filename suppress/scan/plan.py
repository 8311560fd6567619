"""Turn a ruleset, a facts folder and message files into a ScanPlan: everything a run will do, before it does it.

A plan is frozen and has an identity: two runs of one identity give the same tables, byte for byte, and one can go on
where the other was stopped.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from suppress.facts.snapshot import Source
from suppress.rules.compile import CompiledRuleset
from suppress.rules.needs import sources_of
from suppress.scan.falling import all_have_ends
from suppress.scan.folder import Folder
from suppress.scan.stages import Stages

FORMAT: Final = 1
"""Of the output tables; another format is another identity."""

BYTES_PER_PAIR: Final = 1_000
"""Working memory for one (message, candidate) while it is judged; about 750 were measured with eight rules."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a run may use. `memory_bytes`: of the whole process, kept by spilling and by buckets of customers."""

    memory_bytes: int
    threads: int

    @property
    def pairs_per_bucket(self) -> int:
        """(message, candidate) pairs judged at a time."""
        return max(10_000, self.memory_bytes // BYTES_PER_PAIR)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStage:
    """One line of a plan. `rows`: how many it makes, as far as can be told beforehand; None = cannot."""

    name: str
    what: str
    rows: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanPlan:
    """What a run will do. `facts`: digest of the facts folder; `inputs`: file -> (bytes, modified ns)."""

    ruleset: str
    fingerprint: str
    messages: Path
    inputs: Mapping[str, tuple[int, int]]
    facts: str
    feeds_us: Mapping[Source, int | None]
    as_of_us: int
    limits: Limits
    sources: tuple[Source, ...]
    stages: tuple[PlannedStage, ...]
    features: tuple[str, ...]

    @property
    def identity(self) -> dict[str, Any]:
        """What makes two runs the same. Neither memory nor threads change what comes out."""
        return {
            "format": FORMAT,
            "fingerprint": self.fingerprint,
            "inputs": {name: list(state) for name, state in self.inputs.items()},
            "facts": self.facts,
            "as_of_us": self.as_of_us,
            "pairs_per_bucket": self.limits.pairs_per_bucket,
        }


def make_plan(
    compiled: CompiledRuleset,
    folder: Folder,
    messages: Path,
    files: list[Path],
    *,
    as_of_us: int,
    limits: Limits,
    rows: int | None = None,
    candidates: int | None = None,
) -> ScanPlan:
    """The plan of a scan. `rows`, `candidates`: of the message files, as far as their footers tell."""
    stages = Stages(compiled, folder)
    planned = [PlannedStage(name="messages", what="message files read and checked", rows=rows)]
    planned += [PlannedStage(name=stage.relation, what=stage.what) for stage in stages.preparation()]
    each = {"judged": candidates, "message": rows, "sent_past": rows}
    planned += [
        PlannedStage(name=stage.relation, what=stage.what, rows=each.get(stage.relation))
        for stage in stages.bucket()
        if not stage.is_view
    ]
    planned.append(PlannedStage(name="place", what="slots filled", rows=candidates))
    planned.append(PlannedStage(name="decided", what="messages judged by their rules", rows=rows))
    if compiled.limit_rules:
        planned.append(PlannedStage(name="shared", what="limited stock shared out, in rounds with place and decided"))
    if not all_have_ends(stages.drop_rules):
        planned.append(PlannedStage(name="again", what="when dropped items could be shown again, by the engine"))
    planned.append(PlannedStage(name="output", what="tables, lists and report written", rows=candidates))
    return ScanPlan(
        ruleset=compiled.name,
        fingerprint=compiled.fingerprint,
        messages=messages,
        inputs={str(file): (file.stat().st_size, file.stat().st_mtime_ns) for file in files},
        facts=digest_of(folder),
        feeds_us=folder.feeds_us,
        as_of_us=as_of_us,
        limits=limits,
        sources=sources_of(compiled.needs),
        stages=tuple(planned),
        features=tuple(dict.fromkeys((*stages.asked.fields, *stages.history.tables()))),
    )


def digest_of(folder: Folder) -> str:
    """What tells one state of a facts folder from another: its manifest, and the sizes and times of its files."""
    files = sorted(path for path in folder.root.rglob("*.parquet"))
    state = [(str(path.relative_to(folder.root)), path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    text = json.dumps([folder.about, state], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()

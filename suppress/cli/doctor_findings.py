"""What `suppress doctor` found: one value for each thing looked at, and how it is told."""

import json
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from suppress.cli.exits import OK, UNEXPECTED


class Level(StrEnum):
    """`WARNING`: it works, and somebody should know. `WRONG`: something does not work."""

    OK = "ok"
    WARNING = "warning"
    WRONG = "wrong"


class Finding(NamedTuple):
    """`what` was looked at, what was seen, and what to do about it. `exit_code`: how a command ends that is wrong."""

    level: Level
    what: str
    seen: str
    remedy: str | None = None
    exit_code: int = UNEXPECTED


def ok(what: str, seen: str) -> Finding:
    """All is well."""
    return Finding(Level.OK, what, seen)


def warning(what: str, seen: str, remedy: str) -> Finding:
    """It works as it is."""
    return Finding(Level.WARNING, what, seen, remedy)


def wrong(what: str, seen: str, remedy: str, exit_code: int = UNEXPECTED) -> Finding:
    """It does not work as it is."""
    return Finding(Level.WRONG, what, seen, remedy, exit_code)


def told(findings: Sequence[Finding]) -> str:
    """A line for each thing, its remedy below it."""
    wide = max(len(finding.what) for finding in findings)
    lines = []
    for finding in findings:
        lines.append(f"{finding.level:<7}  {finding.what:<{wide}}  {finding.seen}")
        if finding.remedy is not None:
            lines.append(f"{'':<7}  {'':<{wide}}  help: {finding.remedy}")
    return "\n".join(lines)


def as_json(findings: Sequence[Finding]) -> str:
    """The same for programs."""
    shown = [
        {"what": finding.what, "level": finding.level.value, "seen": finding.seen, "remedy": finding.remedy}
        for finding in findings
    ]
    return json.dumps(shown, indent=2, ensure_ascii=False)


def exit_code(findings: Sequence[Finding]) -> int:
    """That of the first thing that is wrong; warnings alone leave 0."""
    return next((finding.exit_code for finding in findings if finding.level is Level.WRONG), OK)

"""Refuse a reason code that is not registered, or cannot be: the code as written in, a Problem with its help out."""

import re
from collections.abc import Iterable
from typing import Final

from suppress.problems import Position
from suppress.rules.findings import Findings, quoted, suggestion

MAX_CHARACTERS: Final = 64

_CODE: Final = re.compile(r"[a-z][a-z0-9_]*")


def refuse_unregistered(code: str, known: Iterable[str], position: Position, findings: Findings) -> None:
    """Note that nobody registered a code, with the one that is nearest, in whatever case it is written."""
    registered = sorted(known)
    near = suggestion(code, registered) or suggestion(code.lower(), registered)
    if not _is_spelled_well(code):
        _refuse_spelling(code, position, findings, near)
        return
    findings.add(
        "unregistered-code",
        f"the reason code {quoted(code)} is not registered",
        position,
        near or f'register it at the top: "codes: {{{code[:40]}: what it means}}"',
    )


def check_spelling(code: str, position: Position, findings: Findings) -> None:
    """Note that what is to be registered cannot be a code."""
    if not _is_spelled_well(code):
        _refuse_spelling(code, position, findings)


def _is_spelled_well(code: str) -> bool:
    return _CODE.fullmatch(code) is not None and len(code) <= MAX_CHARACTERS


def _refuse_spelling(code: str, position: Position, findings: Findings, near: str | None = None) -> None:
    findings.add(
        "bad-code",
        f"the code {quoted(code)} must have small letters, digits and underscores, and begin with a letter",
        position,
        near or f"write for example {quoted(_tidy(code))}",
    )


def _tidy(code: str) -> str:
    tidy = re.sub(r"[^a-z0-9]+", "_", code.lower()).strip("_").lstrip("0123456789_")[:40]
    return tidy or "not_in_season"

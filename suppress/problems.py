"""Turn a user's mistakes into values: what is wrong, where, and how to mend it.

A Problem is never raised: readers and validators gather all of them, so that a marketer mends a file once.
Messages are lower-case, without a full stop and without line breaks; the user's own words stand in double quotes.
"""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Severity(StrEnum):
    """`error` stops a ruleset from being used; `warning` does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a text file. Lines and columns count from 1; columns count Unicode code points."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One mistake: a stable `code` (kebab-case), a `message`, and a `help` that says what to write instead."""

    code: str
    message: str
    position: Position
    help: str | None = None
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        mark = "" if self.severity is Severity.ERROR else "warning "
        tail = f". help: {self.help}" if self.help else ""
        return f"{self.position} {mark}{self.code}: {self.message}{tail}"

    def to_dict(self) -> dict[str, str | int | None]:
        """The JSON shape editors and callers read."""
        return {
            "file": self.position.file,
            "line": self.position.line,
            "column": self.position.column,
            "severity": self.severity.value,
            "code": self.code,
            "message": self.message,
            "help": self.help,
        }


def in_file_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """All problems once each, sorted by file, line, column and code."""
    return tuple(sorted(set(problems), key=lambda p: (p.position, p.code, p.message)))


def errors_in(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """The problems that stop a ruleset from being used."""
    return tuple(p for p in problems if p.severity is Severity.ERROR)


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """`did you mean "X"?` for the known word nearest to what was written; None when nothing is near."""
    options = list(known)
    nearest = difflib.get_close_matches(word, options, n=1, cutoff=0.6)
    if not nearest:
        by_last_part = {name.rsplit(".", 1)[-1]: name for name in options}
        last = difflib.get_close_matches(word.rsplit(".", 1)[-1], by_last_part, n=1, cutoff=0.75)
        nearest = [by_last_part[last[0]]] if last else []
    return f'did you mean "{nearest[0]}"?' if nearest else None


def unreadable(path: Path, error: OSError) -> Problem:
    """The Problem of a file that cannot be read."""
    return Problem(
        code="file-unreadable",
        message=f"the file cannot be read: {(error.strerror or 'unknown reason').lower()}",
        position=Position(str(path)),
        help="check the name and who may read it",
    )

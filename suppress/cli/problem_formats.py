"""Turn the Problems of rule files into what people, scripts and build servers read.

Every form is one text that ends in a line break, or is empty when there is nothing to say.
"""

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from suppress.cli import junit, sarif
from suppress.problems import Problem, Severity

_IN_MESSAGES: Final = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_IN_PROPERTIES: Final = {**_IN_MESSAGES, ":": "%3A", ",": "%2C"}


def render(format_: str, problems: Sequence[Problem], files: Iterable[str]) -> str:
    """The problems in one of `FORMATS`. `files`: what was read, so that a file without a mistake can be told too."""
    return FORMATS[format_](problems, files)


def path_below(file: str) -> str | None:
    """The path from the current folder, with `/` between its parts; None when the file lies elsewhere."""
    path = Path(os.path.abspath(file))  # resolve() would follow links, and build servers know the link
    folder = Path.cwd()
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else None


def _text(problems: Sequence[Problem], files: Iterable[str]) -> str:
    del files
    return "".join(f"{problem}\n" for problem in problems)


def _json(problems: Sequence[Problem], files: Iterable[str]) -> str:
    del files
    told = [problem.to_dict() for problem in problems]
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def _sarif(problems: Sequence[Problem], files: Iterable[str]) -> str:
    del files
    return json.dumps(sarif.log_of(problems, path_below), indent=2, ensure_ascii=False) + "\n"


def _github(problems: Sequence[Problem], files: Iterable[str]) -> str:
    """Workflow commands, which GitHub shows beside the line they speak of."""
    del files
    return "".join(f"{_command(problem)}\n" for problem in problems)


def _command(problem: Problem) -> str:
    position = problem.position
    properties = {
        "file": path_below(position.file) or position.file,
        "line": str(position.line),
        "col": str(position.column),
        "title": problem.code,
    }
    written = ",".join(f"{name}={_escaped(value, _IN_PROPERTIES)}" for name, value in properties.items())
    kind = "error" if problem.severity is Severity.ERROR else "warning"
    return f"::{kind} {written}::{_escaped(sarif.told(problem), _IN_MESSAGES)}"


def _escaped(text: str, escapes: Mapping[str, str]) -> str:
    return "".join(escapes.get(character, character) for character in text)


def _junit(problems: Sequence[Problem], files: Iterable[str]) -> str:
    """One suite per file: a problem is a case that failed, a warning one skipped, a sound file one that passed."""
    suites: dict[str, list[junit.Case]] = {file: [] for file in files}
    for problem in problems:
        position = problem.position
        outcome = junit.Outcome.FAILED if problem.severity is Severity.ERROR else junit.Outcome.SKIPPED
        suites.setdefault(position.file, []).append(
            junit.Case(
                f"{problem.code} at {position.line}:{position.column}", outcome, sarif.told(problem), str(problem)
            )
        )
    return junit.document(
        "suppress lint",
        [junit.Suite(file, tuple(cases) or (junit.Case("no mistakes"),)) for file, cases in suites.items()],
    )


FORMATS: Final[Mapping[str, Callable[[Sequence[Problem], Iterable[str]], str]]] = {
    "text": _text,
    "json": _json,
    "sarif": _sarif,
    "github": _github,
    "junit": _junit,
}
"""Every form problems can be told in, by the name `--format` takes."""

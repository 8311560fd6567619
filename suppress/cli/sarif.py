"""Turn Problems into a SARIF 2.1.0 log, which code hosts show beside the lines it speaks of.

One run; one SARIF rule for each problem code that occurs; columns count Unicode code points, as everywhere.
"""

import os
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from suppress.problems import Problem, Severity

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning"}


def log_of(problems: Sequence[Problem], path_below: Callable[[str], str | None]) -> dict[str, Any]:
    """The log. `path_below` gives the path of a file from the root of the project, None when it lies outside."""
    first_of: dict[str, Problem] = {}
    for problem in problems:
        first_of.setdefault(problem.code, problem)
    index_of = {code: index for index, code in enumerate(first_of)}
    driver = {
        "name": "suppress",
        "version": version("suppress"),
        "rules": [_rule(problem) for problem in first_of.values()],
    }
    results = [
        {
            "ruleId": problem.code,
            "ruleIndex": index_of[problem.code],
            "level": _LEVELS[problem.severity],
            "message": {"text": told(problem)},
            "locations": [{"physicalLocation": _place(problem, path_below)}],
        }
        for problem in problems
    ]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def told(problem: Problem) -> str:
    """The message and the help in one line, for readers that show a single text."""
    return f"{problem.message}. help: {problem.help}" if problem.help else problem.message


def _rule(problem: Problem) -> dict[str, Any]:
    """What is known of a code whatever the file; code hosts ask for all three texts."""
    words = problem.code.replace("-", " ")
    return {
        "id": problem.code,
        "shortDescription": {"text": words},
        "fullDescription": {"text": f"A rule file has a mistake of the kind: {words}."},
        "help": {"text": 'Each result says what to write instead; "suppress lint" prints them all.'},
        "defaultConfiguration": {"level": _LEVELS[problem.severity]},
    }


def _place(problem: Problem, path_below: Callable[[str], str | None]) -> dict[str, Any]:
    position = problem.position
    below = path_below(position.file)
    return {
        "artifactLocation": {"uri": Path(os.path.abspath(position.file)).as_uri()}
        if below is None
        else _relative(below),
        "region": {"startLine": position.line, "startColumn": position.column},
    }


def _relative(path: str) -> dict[str, str]:
    return {"uri": quote(os.fsencode(path)), "uriBaseId": "%SRCROOT%"}

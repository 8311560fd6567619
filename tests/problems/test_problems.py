"""Rule files with mistakes, each beside the problems it must give: NAME.yaml, NAME.problems.txt.

`SUPPRESS_REWRITE=1 pytest tests/problems` writes what is found now; read the difference aloud before it is committed.
"""

import ast
import os
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

import suppress.rules
from suppress.facts.instants import to_us
from suppress.problems import errors_in
from suppress.rules.reading import parse_ruleset
from suppress.rules.tree import Instant

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("*.yaml"))
BASES = {path.stem: path.read_bytes() for path in (HERE / "bases").glob("*.yaml")}
TODAY = Instant(to_us(datetime(2026, 11, 22, tzinfo=UTC)), "2026-11-22")
REWRITE = bool(os.environ.get("SUPPRESS_REWRITE"))

ELSEWHERE = {
    "file-unreadable": "tests/rules/test_reading.py",
    "no-such-directory": "tests/rules/test_reading.py",
    "no-rule-files": "tests/rules/test_reading.py",
    "case-file": "tests/rules/test_reading.py",
    "duplicate-ruleset": "tests/rules/test_reading.py",
    "bad-file-name": "tests/rules/test_sources.py",
    "bad-yaml": "tests/rules/test_document.py",
    "file-too-large": "tests/hostile/test_hostile.py",
    "too-many-values": "tests/hostile/test_hostile.py",
    "too-many-patterns": "tests/hostile/test_hostile.py",
    "base-unreadable": "tests/rules/test_bases.py",
    "bases-too-large": "tests/rules/test_bases.py",
    "use-too-deep": "tests/rules/test_bases.py",
    "too-large": "tests/rules/test_definitions.py",
    "never-loaded": "tests/rules/test_catalogue.py",
    "unknown-name": "tests/rules/test_catalogue.py",
}
"""Codes no small rule file can give, and where they are tried."""


def told(path: Path) -> str:
    _, problems = parse_ruleset(path.read_bytes(), path.name, TODAY, BASES.get)
    return "".join(f"{problem}\n" for problem in problems)


def golden(path: Path) -> Path:
    return path.with_name(f"{path.stem}.problems.txt")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_mistake_gives_its_problems(path: Path) -> None:
    """Each file gives exactly the problems written beside it."""
    found = told(path)
    if REWRITE:
        golden(path).write_text(found, encoding="utf-8")

    assert golden(path).read_text(encoding="utf-8") == found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_only_warnings_leave_a_ruleset(path: Path) -> None:
    """A file with an error gives no ruleset; one with warnings alone gives one."""
    ruleset, problems = parse_ruleset(path.read_bytes(), path.name, TODAY, BASES.get)

    assert problems
    assert bool(errors_in(problems)) == (ruleset is None)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_messages_read_well(path: Path) -> None:
    """A message is one line, lower-case at its start, without a full stop, a type name or a backtick; help is given."""
    _, problems = parse_ruleset(path.read_bytes(), path.name, TODAY, BASES.get)
    for problem in problems:
        for text in (problem.message, problem.help or ""):
            assert problem.help
            assert "\n" not in text
            assert "`" not in text
            assert not text.endswith(".")
            assert text[:1] == text[:1].lower()
            assert re.search(r"Node|Instant|NoneType|\bstr\b|\bint\b|\bdict\b|Error", text) is None


def test_every_code_has_a_case() -> None:
    """No kind of mistake is without a golden file, or a test named in ELSEWHERE."""
    shown = {
        line.split(": ", 1)[0].split()[-1]
        for path in FILES
        for line in golden(path).read_text(encoding="utf-8").splitlines()
    }

    assert codes_in_the_source() == shown | set(ELSEWHERE)


def test_there_are_at_least_sixty_kinds_of_mistake() -> None:
    """The corpus is as broad as was promised."""
    distinct = {re.sub(r'"[^"]*"', "X", golden(path).read_text(encoding="utf-8").split(" ", 1)[-1]) for path in FILES}

    assert len(distinct) >= 60


def codes_in_the_source() -> set[str]:
    """The first argument, or `code=`, of whatever makes a Problem in suppress/rules, and in suppress/problems.py."""
    found = set()
    rules = Path(next(iter(suppress.rules.__path__)))
    for path in (*rules.glob("*.py"), rules.parent / "problems.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(call, ast.Call):
                continue
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            if name in {"add", "warn", "Complaint", "Stray", "Problem", "_problem"}:
                words = [*call.args[:1], *(keyword.value for keyword in call.keywords if keyword.arg == "code")]
                found |= {
                    word.value
                    for word in words
                    if isinstance(word, ast.Constant) and isinstance(word.value, str) and "-" in word.value
                }
                found |= {
                    word.value
                    for word in words
                    if isinstance(word, ast.Constant)
                    and isinstance(word.value, str)
                    and len(call.args) + len(call.keywords) >= 3
                }
    return found

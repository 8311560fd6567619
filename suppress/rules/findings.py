"""Gather the mistakes of one file: words and places in, Problems out, at most a hundred of them.

A file with more mistakes is not a rule file with slips but something else; reading stops there, which also bounds the
work a hostile file can cause.
"""

from collections.abc import Iterable
from typing import Final

from suppress.problems import Position, Problem, Severity, did_you_mean, in_file_order

MAX_PROBLEMS: Final = 100
_SHOWN_CHARACTERS: Final = 60


class TooManyProblemsError(Exception):
    """Raised by `Findings.add` once a file has as many Problems as are listed; caught where reading began."""


class Findings:
    """The Problems of one file while it is read."""

    def __init__(self) -> None:
        self._problems: list[Problem] = []
        self._errors = 0

    def add(
        self,
        code: str,
        message: str,
        position: Position,
        help: str | None = None,  # noqa: A002  (the word of Problem)
        severity: Severity = Severity.ERROR,
    ) -> None:
        """Note one mistake. Raises TooManyProblemsError when the list is full."""
        self._problems.append(Problem(code=code, message=message, position=position, help=help, severity=severity))
        self._errors += severity is Severity.ERROR
        if len(self._problems) >= MAX_PROBLEMS:
            self._problems.append(
                Problem(
                    code="too-many-problems",
                    message=f"reading stopped here after {MAX_PROBLEMS} problems",
                    position=position,
                    help="mend the problems above, then check again",
                )
            )
            raise TooManyProblemsError

    def warn(self, code: str, message: str, position: Position, help: str | None = None) -> None:  # noqa: A002
        """Note something that looks wrong but does not stop the ruleset from being used."""
        self.add(code, message, position, help, Severity.WARNING)

    def extend(self, problems: Iterable[Problem]) -> None:
        """Take over Problems found elsewhere. Raises TooManyProblemsError when the list is full."""
        for problem in problems:
            self.add(problem.code, problem.message, problem.position, problem.help, problem.severity)

    @property
    def count(self) -> int:
        """How many problems were noted, warnings included."""
        return len(self._problems)

    @property
    def error_count(self) -> int:
        """How many errors were noted."""
        return self._errors

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was found so far, in file order."""
        return in_file_order(self._problems)


def quoted(text: str) -> str:
    """The user's words in double quotes, on one line, cut when long, with what cannot be seen spelled out."""
    head = text[:_SHOWN_CHARACTERS]
    visible = "".join(c if c.isprintable() else _spelled(c) for c in head)
    return f'"{visible}..."' if len(text) > _SHOWN_CHARACTERS else f'"{visible}"'


def listed(words: Iterable[str]) -> str:
    """`a, b or c`."""
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last


def suggestion(word: str, known: Iterable[str]) -> str | None:
    """`did you mean "X"?`; None when nothing is near or the word is too long to be a slip."""
    return did_you_mean(word, known) if 0 < len(word) <= _SHOWN_CHARACTERS else None


def _spelled(character: str) -> str:
    return {"\n": "\\n", "\t": "\\t", "\r": "\\r"}.get(character, f"\\u{ord(character):04x}")

"""Which files of a folder are rulesets, and the bytes of one by its name. A path or a name in, files or bytes out."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import NamedTuple, Protocol

from suppress.problems import Position, Problem
from suppress.rules.source import MAX_BYTES

RULE_FILE_ENDINGS = (".yaml", ".yml")


class BaseFile(NamedTuple):
    """The bytes of a rule file, at most one more than are read, and its name in problems."""

    data: bytes
    file: str


class Bases(Protocol):
    """Where the rulesets a file builds on are found, by name."""

    def find(self, name: str) -> BaseFile | None:
        """The file of a ruleset; None when there is none. Raises OSError when it cannot be read."""

    def names(self) -> tuple[str, ...]:
        """Every name there is, as far as that is known."""


@dataclass(frozen=True, slots=True)
class FolderBases:
    """The rule files of one folder, not of the folders in it."""

    folder: Path

    def find(self, name: str) -> BaseFile | None:
        """The file `NAME.yaml` or `NAME.yml`. Raises OSError when it cannot be read."""
        for ending in RULE_FILE_ENDINGS:
            path = self.folder / f"{name}{ending}"
            if path.is_file():
                return BaseFile(read_bytes(path), str(path))
        return None

    def names(self) -> tuple[str, ...]:
        """The names of all rule files, sorted; none when the folder cannot be listed."""
        try:
            return tuple(sorted(path.stem for path in self.folder.iterdir() if is_rule_file(path)))
        except OSError:
            return ()


@dataclass(frozen=True, slots=True)
class GivenBases:
    """Rulesets that somebody else looks up. `beside`: the name in problems of the file that builds on them."""

    look_up: Callable[[str], bytes | None]
    beside: str

    def find(self, name: str) -> BaseFile | None:
        """What is known by that name, as if it lay beside the file."""
        data = self.look_up(name)
        if data is None:
            return None
        return BaseFile(data, str(PurePath(self.beside).parent / f"{name}{RULE_FILE_ENDINGS[0]}"))

    def names(self) -> tuple[str, ...]:
        """Nobody knows: rulesets are looked up one at a time."""
        return ()


def read_bytes(path: Path) -> bytes:
    """The bytes of a rule file, one more than are allowed at most. Raises OSError."""
    with path.open("rb") as opened:
        return opened.read(MAX_BYTES + 1)


def rule_files(directory_or_file: Path) -> tuple[tuple[Path, ...], tuple[Problem, ...]]:
    """The rule files of a directory, sorted by name, or the file itself; a Problem when there is none."""
    if directory_or_file.is_file() and is_case_file(directory_or_file):
        rules = f"{directory_or_file.name.partition('.cases.')[0]}{RULE_FILE_ENDINGS[0]}"
        return (), (
            Problem(
                code="case-file",
                message="this is a case file; it holds no rules",
                position=Position(str(directory_or_file)),
                help=f'play it with "suppress test"; the rules it tries are in {rules}',
            ),
        )
    if directory_or_file.is_file():
        return (directory_or_file,), ()
    try:
        entries = sorted(directory_or_file.iterdir())
    except OSError as error:
        reason = (
            "there is none" if isinstance(error, FileNotFoundError) else (error.strerror or "unknown reason").lower()
        )
        return (), (
            Problem(
                code="no-such-directory",
                message=f"the directory of rule files cannot be read: {reason}",
                position=Position(str(directory_or_file)),
                help="name the directory with --rules, or make it",
            ),
        )
    files = tuple(path for path in entries if is_rule_file(path))
    if files:
        return files, ()
    return (), (
        Problem(
            code="no-rule-files",
            message="the directory has no rule file",
            position=Position(str(directory_or_file)),
            help="add a file NAME.yaml",
        ),
    )


def is_case_file(path: Path) -> bool:
    """Whether the name is that of a case file: `NAME.cases.yaml` or `NAME.cases.yml`."""
    return path.suffix in RULE_FILE_ENDINGS and path.stem.endswith(".cases")


def is_rule_file(path: Path) -> bool:
    """Whether the name is that of a rule file: `NAME.yaml` or `NAME.yml`, neither hidden nor a case file."""
    return (
        path.suffix in RULE_FILE_ENDINGS
        and not is_case_file(path)
        and not path.name.startswith(".")
        and not path.is_dir()
    )

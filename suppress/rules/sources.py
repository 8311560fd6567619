"""Which files a ruleset is made of: a folder or texts in, rulesets read from memory and their whole source files out.

Everything is read once. What is checked, played and stored afterwards are those bytes, whoever saves a file meanwhile.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePath
from typing import Final, NamedTuple

from suppress.problems import Position, Problem, in_file_order, unreadable
from suppress.rules.findings import quoted
from suppress.rules.folders import RULE_FILE_ENDINGS, is_case_file, is_rule_file, read_bytes, rule_files
from suppress.rules.reading import parse_ruleset
from suppress.rules.ruleset import Ruleset
from suppress.rules.tree import Instant

MOST_NAME: Final = 255


class FileKind(StrEnum):
    """What a source file is to a ruleset: its own, one of those it uses, or its cases."""

    RULESET = "ruleset"
    BASE = "base"
    CASES = "cases"


class SourceFile(NamedTuple):
    """One source file, whole. `file`: its name without folders, such as `shop.yaml`."""

    file: str
    kind: FileKind
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Rule files and case files in memory, by name. `named`: those whose rulesets are asked for; the rest may be used.

    `folder`: where they lie, for problems; None = nowhere.
    """

    files: Mapping[str, bytes]
    named: tuple[str, ...]
    folder: Path | None = None

    def place(self, file: str) -> str:
        """How problems name a file."""
        return file if self.folder is None else str(self.folder / file)

    def used(self, ruleset: str) -> bytes | None:
        """The bytes of a ruleset that others use, by its name; None when there is none."""
        file = self._file_of(ruleset)
        return None if file is None else self.files[file]

    def files_of(self, ruleset: Ruleset) -> tuple[SourceFile, ...]:
        """All a ruleset is made of: its own file, those it uses, its cases. Call it when they were found readable."""
        own = PurePath(ruleset.position.file).name
        kinds = {own: FileKind.RULESET}
        kinds |= {file: FileKind.BASE for name in ruleset.bases if (file := self._file_of(name)) is not None}
        kinds |= dict.fromkeys(self.cases_of(ruleset), FileKind.CASES)
        return in_order(SourceFile(file, kind, self.files[file].decode()) for file, kind in kinds.items())

    def cases_of(self, ruleset: Ruleset) -> tuple[str, ...]:
        """The names of the case files beside a ruleset."""
        stem = PurePath(ruleset.position.file).stem
        return tuple(file for ending in RULE_FILE_ENDINGS if (file := f"{stem}.cases{ending}") in self.files)

    def _file_of(self, ruleset: str) -> str | None:
        return next((file for ending in RULE_FILE_ENDINGS if (file := f"{ruleset}{ending}") in self.files), None)


def in_order(files: Iterable[SourceFile]) -> tuple[SourceFile, ...]:
    """The ruleset's own file first, then those it uses, then its cases; each kind by name."""
    kinds = list(FileKind)
    return tuple(sorted(files, key=lambda each: (kinds.index(each.kind), each.file)))


def sources_of_path(directory_or_file: Path) -> tuple[Sources, tuple[Problem, ...]]:
    """The rule files and case files of a folder, or of the folder a file lies in; and what cannot be read."""
    paths, problems = rule_files(directory_or_file)
    folder = directory_or_file if directory_or_file.is_dir() else directory_or_file.parent
    files: dict[str, bytes] = {}
    if paths:
        for path in sorted(folder.iterdir()):
            if path in paths or is_rule_file(path) or (is_case_file(path) and path.is_file()):
                try:
                    files[path.name] = read_bytes(path)
                except OSError as error:
                    problems = (*problems, unreadable(path, error))
    named = tuple(path.name for path in paths if path.name in files)
    return Sources(files=files, named=named, folder=folder), problems


def sources_of_texts(texts: Mapping[str, str]) -> tuple[Sources, tuple[Problem, ...]]:
    """Texts by file name, as somebody sent them; names that are none of rule files or case files are Problems."""
    problems = tuple(problem for file in texts if (problem := _bad_name(file)) is not None)
    # What is no Unicode text is refused when it is read, with its place.
    files = {file: text.encode("utf-8", "surrogatepass") for file, text in texts.items() if _bad_name(file) is None}
    named = tuple(sorted(file for file in files if is_rule_file(Path(file))))
    if not named and not problems:
        place = Position(next(iter(sorted(texts)), "NAME.yaml"))
        problems = (
            Problem(code="no-rule-files", message="there is no rule file", position=place, help="send a NAME.yaml"),
        )
    return Sources(files=files, named=named), problems


def read_sources(
    sources: Sources, today: Instant | None = None
) -> tuple[dict[str, Ruleset], dict[str, tuple[Problem, ...]]]:
    """The rulesets of the files named, by name; and the problems of each file, by file.

    `today`: the instant against which rules that have ended are reported; None = none is.
    """
    rulesets: dict[str, Ruleset] = {}
    problems: dict[str, tuple[Problem, ...]] = {}
    for file in sources.named:
        ruleset, found = parse_ruleset(sources.files[file], sources.place(file), today, sources.used)
        if ruleset is not None:
            first = rulesets.setdefault(ruleset.name, ruleset)
            if first is not ruleset:
                found = (*found, _twice(ruleset, first))
        problems[file] = in_file_order(found)
    return rulesets, problems


def _twice(ruleset: Ruleset, first: Ruleset) -> Problem:
    return Problem(
        code="duplicate-ruleset",
        message=f"the ruleset {quoted(ruleset.name)} is also in {first.position.file}",
        position=ruleset.place("ruleset"),
        help="give each ruleset a name of its own",
    )


def _bad_name(file: str) -> Problem | None:
    path = Path(file)
    is_plain = path.name == file and "\\" not in file and file.isprintable() and len(file) <= MOST_NAME
    if is_plain and not file.startswith(".") and path.suffix in RULE_FILE_ENDINGS:
        return None
    return Problem(
        code="bad-file-name",
        message=f"{quoted(file[:MOST_NAME])} is no name of a rule file or case file",
        position=Position(file[:MOST_NAME]),
        help="write NAME.yaml or NAME.cases.yaml, without a folder",
    )

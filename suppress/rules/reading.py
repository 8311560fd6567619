"""Turn rule files into rulesets: path or bytes in; a Ruleset, or None and every mistake at once.

Reading and the checks of `validate` happen together: what could be read of a file with mistakes is checked as well, so
that a marketer sees all of them in one go.
"""

from pathlib import Path

from suppress.problems import Position, Problem, errors_in, in_file_order
from suppress.rules.document import MapNode, Node, parse_document
from suppress.rules.findings import Findings, TooManyProblemsError, quoted
from suppress.rules.header import read_header
from suppress.rules.rule import read_rules
from suppress.rules.ruleset import Ruleset
from suppress.rules.source import MAX_BYTES
from suppress.rules.tree import Instant
from suppress.rules.validate import find_problems

RULE_FILE_ENDINGS = (".yaml", ".yml")


def read_ruleset(path: Path, today: Instant | None = None) -> tuple[Ruleset | None, tuple[Problem, ...]]:
    """The ruleset of a file and its problems. None when there is an error; warnings alone leave it usable.

    `today`: the instant against which rules that have ended are reported; None = none is.
    """
    try:
        with path.open("rb") as opened:
            data = opened.read(MAX_BYTES + 1)
    except OSError as error:
        return None, (
            _problem(
                "file-unreadable",
                f"the file cannot be read: {(error.strerror or 'unknown reason').lower()}",
                str(path),
                "check the name and who may read it",
            ),
        )
    return parse_ruleset(data, str(path), today)


def parse_ruleset(data: bytes, file: str, today: Instant | None = None) -> tuple[Ruleset | None, tuple[Problem, ...]]:
    """The ruleset in `data`; `file` is its name in problems. See `read_ruleset`."""
    findings = Findings()
    ruleset = None
    try:
        node, problems = parse_document(data, file)
        findings.extend(problems)
        if node is not None:
            ruleset = _read_document(node, file, findings)
            findings.extend(find_problems(ruleset, today))
    except TooManyProblemsError:
        ruleset = None
    problems = findings.problems
    return (None if errors_in(problems) else ruleset), problems


def read_rulesets(
    directory_or_file: Path, today: Instant | None = None
) -> tuple[dict[str, Ruleset], tuple[Problem, ...]]:
    """All rulesets of a directory (not of the directories in it) or of one file, by name, and all problems.

    A ruleset with an error is left out. Case files (`NAME.cases.yaml`) are no rulesets. A second ruleset of the same
    name, a missing directory and one without rule files are problems.
    """
    files, problems = rule_files(directory_or_file)
    found: dict[str, Ruleset] = {}
    for path in files:
        ruleset, in_file = read_ruleset(path, today)
        problems = (*problems, *in_file)
        if ruleset is None:
            continue
        first = found.setdefault(ruleset.name, ruleset)
        if first is not ruleset:
            problems = (
                *problems,
                Problem(
                    code="duplicate-ruleset",
                    message=f"the ruleset {quoted(ruleset.name)} is also in {first.position.file}",
                    position=ruleset.place("ruleset"),
                    help="give each ruleset a name of its own",
                ),
            )
    return found, in_file_order(problems)


def rule_files(directory_or_file: Path) -> tuple[tuple[Path, ...], tuple[Problem, ...]]:
    """The rule files of a directory, sorted by name, or the file itself; a Problem when there is none."""
    if directory_or_file.is_file():
        return (directory_or_file,), ()
    try:
        entries = sorted(directory_or_file.iterdir())
    except OSError as error:
        reason = (
            "there is none" if isinstance(error, FileNotFoundError) else (error.strerror or "unknown reason").lower()
        )
        return (), (
            _problem(
                "no-such-directory",
                f"the directory of rule files cannot be read: {reason}",
                str(directory_or_file),
                "name the directory with --rules, or make it",
            ),
        )
    files = tuple(path for path in entries if is_rule_file(path))
    if files:
        return files, ()
    return (), (
        _problem("no-rule-files", "the directory has no rule file", str(directory_or_file), "add a file NAME.yaml"),
    )


def is_rule_file(path: Path) -> bool:
    """Whether the name is that of a rule file: `NAME.yaml` or `NAME.yml`, neither hidden nor a case file."""
    return (
        path.suffix in RULE_FILE_ENDINGS
        and not path.stem.endswith(".cases")
        and not path.name.startswith(".")
        and not path.is_dir()
    )


def _read_document(node: Node, file: str, findings: Findings) -> Ruleset:
    """What can be read of the ruleset; with errors noted it serves further checks only."""
    if not isinstance(node, MapNode):
        findings.add(
            "map-expected",
            "a rule file is a map of keys and values",
            node.position,
            'begin with "version: 1", then "ruleset: NAME" and "rules:"',
        )
        return Ruleset(name="", rules=(), position=Position(file))
    header = read_header(node, findings)
    rules = read_rules(node, header, header.context(findings))
    return Ruleset(
        name=header.name,
        rules=rules,
        owner=header.owner,
        mode=header.mode,
        time_zone=header.time_zone,
        max_age=header.max_age,
        codes=header.codes,
        cycles=header.cycles,
        regions=header.regions,
        attributes=header.attributes,
        control_group=header.control_group,
        max_share=header.max_share,
        position=node.position,
        places=_places(node),
    )


def _places(node: MapNode) -> dict[str, Position]:
    places = {key.text: value.position for key, value in node.entries}
    codes = node.get("codes")
    if isinstance(codes, MapNode):
        places.update({f"codes.{key.text}": key.position for key, _ in codes.entries})
    return places


def _problem(code: str, message: str, file: str, help_: str) -> Problem:
    return Problem(code=code, message=message, position=Position(file), help=help_)

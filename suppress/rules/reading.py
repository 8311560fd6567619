"""Turn rule files into rulesets: path or bytes in; a Ruleset, or None and every mistake at once.

Reading and the checks of `validate` happen together: what could be read of a file with mistakes is checked as well, so
that a marketer sees all of them in one go.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePath

from suppress.problems import Position, Problem, errors_in, in_file_order, unreadable
from suppress.rules.bases import Resolved, refuse_document, resolve_bases
from suppress.rules.definitions import check_size, find_unused, read_definitions
from suppress.rules.document import MapNode, parse_document
from suppress.rules.findings import Findings, TooManyProblemsError, quoted
from suppress.rules.folders import Bases, FolderBases, GivenBases, is_rule_file, read_bytes, rule_files
from suppress.rules.header import read_header
from suppress.rules.rule import read_rules
from suppress.rules.ruleset import Ruleset
from suppress.rules.tree import Instant
from suppress.rules.validate import find_problems

__all__ = ["is_rule_file", "parse_ruleset", "read_ruleset", "read_rulesets", "rule_files"]


def read_ruleset(path: Path, today: Instant | None = None) -> tuple[Ruleset | None, tuple[Problem, ...]]:
    """The ruleset of a file and its problems. None when there is an error; warnings alone leave it usable.

    The rulesets it uses are looked for beside it. `today`: the instant against which rules that have ended are
    reported; None = none is.
    """
    try:
        data = read_bytes(path)
    except OSError as error:
        return None, (unreadable(path, error),)
    return _parse(data, str(path), today, FolderBases(path.parent))


def parse_ruleset(
    data: bytes, file: str, today: Instant | None = None, bases: Callable[[str], bytes | None] | None = None
) -> tuple[Ruleset | None, tuple[Problem, ...]]:
    """The ruleset in `data`; `file` is its name in problems. See `read_ruleset`.

    `bases`: the bytes of a ruleset it uses, by name; None = there is none of that name.
    """
    return _parse(data, file, today, GivenBases(bases or (lambda _: None), file))


def _parse(data: bytes, file: str, today: Instant | None, bases: Bases) -> tuple[Ruleset | None, tuple[Problem, ...]]:
    findings = Findings()
    ruleset = None
    try:
        node, problems = parse_document(data, file)
        findings.extend(problems)
        if isinstance(node, MapNode):
            ruleset = _read_document(node, file, today, bases, findings)
        elif node is not None:
            refuse_document(node, findings)
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
    used: set[str] = set()
    for path in files:
        ruleset, in_file = read_ruleset(path, today)
        problems = (*problems, *in_file)
        if ruleset is None:
            continue
        used.update(ruleset.bases)
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
    # What a base defines may be there for those that use it.
    told = (p for p in problems if p.code != "unused-definition" or PurePath(p.position.file).stem not in used)
    return found, in_file_order(told)


def _read_document(node: MapNode, file: str, today: Instant | None, bases: Bases, findings: Findings) -> Ruleset | None:
    """What can be read of the ruleset; with errors noted it serves further checks only."""
    resolved = resolve_bases(node, file, bases, findings)
    if resolved is None:
        return None
    ruleset = _read_resolved(resolved, file, findings)
    expanded = [
        (condition, rule.position)
        for rule in ruleset.rules
        for condition in (rule.when, rule.unless)
        if condition is not None
    ]
    if check_size(expanded, findings):
        findings.extend(find_problems(ruleset, today, is_whole=not findings.error_count))
    return ruleset


def _read_resolved(resolved: Resolved, file: str, findings: Findings) -> Ruleset:
    node = resolved.node
    header = read_header(node, findings)
    context = header.context(findings)
    context = replace(context, definitions=read_definitions(node.get("define"), context))
    rules = read_rules(node, header, context)
    find_unused(node.get("define"), node.get("rules"), file, findings)
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
        on_unavailable=header.on_unavailable,
        bases=resolved.bases,
        position=node.position,
        places=_places(node),
    )


def _places(node: MapNode) -> dict[str, Position]:
    places = {key.text: value.position for key, value in node.entries}
    codes = node.get("codes")
    if isinstance(codes, MapNode):
        places.update({f"codes.{key.text}": key.position for key, _ in codes.entries})
    return places

"""Turn played case files into JUnit suites, which build servers show: one suite per file, one test per case."""

from collections.abc import Sequence

from suppress.cases.coverage import percent_of
from suppress.cases.play import Played, PlayedFile, tried_name
from suppress.cli.junit import Case, Outcome, Suite, document
from suppress.cli.story_text import failed_story, rows_of
from suppress.problems import Problem


def junit(files: Sequence[PlayedFile]) -> str:
    """The report. A case that failed is a failure; one that could not be played is an error."""
    return document("suppress test", [_suite(file) for file in files])


def _suite(file: PlayedFile) -> Suite:
    properties: dict[str, str] = {}
    if file.coverage is not None:
        properties = {
            "branches": str(file.coverage.total),
            "branches_covered": str(file.coverage.covered),
            "coverage_percent": str(percent_of(file.coverage)),
        }
    cases = (*(_case(played) for played in file.stories), *(_error(problem) for problem in file.problems))
    return Suite(str(file.path), cases, class_name=tried_name(file.path), properties=tuple(properties.items()))


def _case(played: Played) -> Case:
    case = Case(played.story.name, place=played.story.position)
    if played.passed:
        return case
    return case._replace(
        outcome=Outcome.FAILED,
        kind="difference",
        message="; ".join(_in_a_line(*row) for row in rows_of(played)),
        details="\n".join(failed_story(played)),
    )


def _error(problem: Problem) -> Case:
    return Case(
        f"{problem.code}, line {problem.position.line}",
        Outcome.ERROR,
        problem.message,
        str(problem),
        kind=problem.code,
        place=problem.position,
    )


def _in_a_line(asked: str, wanted: str, decided: str) -> str:
    return f"{asked}: wanted {wanted}, decided {decided}".replace("\n", ", ")

"""Turn played case files into JUnit XML, which build servers show: one test suite per file, one test per case."""

from collections.abc import Sequence
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from suppress.cases.coverage import percent_of
from suppress.cases.play import PlayedFile, tried_name
from suppress.cli.story_text import failed_story, rows_of


def junit(files: Sequence[PlayedFile]) -> str:
    """The report. A case that failed is a failure; one that could not be played is an error."""
    root = Element("testsuites", name="suppress test")
    for file in files:
        failures = sum(not played.passed for played in file.stories)
        suite = SubElement(
            root,
            "testsuite",
            name=str(file.path),
            tests=str(len(file.stories) + len(file.problems)),
            failures=str(failures),
            errors=str(len(file.problems)),
            skipped="0",
        )
        if file.coverage is not None:
            properties = SubElement(suite, "properties")
            SubElement(properties, "property", name="branches", value=str(file.coverage.total))
            SubElement(properties, "property", name="branches_covered", value=str(file.coverage.covered))
            SubElement(properties, "property", name="coverage_percent", value=str(percent_of(file.coverage)))
        for played in file.stories:
            position = played.story.position
            test = _test(suite, file.path, played.story.name, position.file, position.line)
            if not played.passed:
                message = "; ".join(_in_a_line(*row) for row in rows_of(played))
                SubElement(test, "failure", type="difference", message=message).text = "\n".join(failed_story(played))
        for problem in file.problems:
            position = problem.position
            test = _test(suite, file.path, f"{problem.code}, line {position.line}", position.file, position.line)
            SubElement(test, "error", type=problem.code, message=problem.message).text = str(problem)
    for count in ("tests", "failures", "errors", "skipped"):
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in root)))
    indent(root)
    return tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _test(suite: Element, path: Path, name: str, file: str, line: int) -> Element:
    return SubElement(suite, "testcase", classname=tried_name(path), name=name, file=file, line=str(line))


def _in_a_line(asked: str, wanted: str, decided: str) -> str:
    return f"{asked}: wanted {wanted}, decided {decided}".replace("\n", ", ")

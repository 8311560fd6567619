"""Turn outcomes into JUnit XML, which build servers show as a table of tests. Suites in, text out."""

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Final, NamedTuple
from xml.etree import ElementTree

from suppress.problems import Position

_NOT_IN_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Outcome(StrEnum):
    """How a case went; the value is the name of the XML element that says so."""

    PASSED = "passed"
    FAILED = "failure"
    ERROR = "error"
    SKIPPED = "skipped"


class Case(NamedTuple):
    """One row of the table. `message`: what to see at a glance; `details`: all there is to say.

    `kind`: a word for what went wrong, empty = none is told. `place`: where the case stands, None = not told.
    """

    name: str
    outcome: Outcome = Outcome.PASSED
    message: str = ""
    details: str = ""
    kind: str = ""
    place: Position | None = None


class Suite(NamedTuple):
    """The cases of one file. `class_name`: what they belong to, None = the suite. `properties`: names and values."""

    name: str
    cases: tuple[Case, ...]
    class_name: str | None = None
    properties: tuple[tuple[str, str], ...] = ()


def document(name: str, suites: Sequence[Suite]) -> str:
    """The XML document, ending in a line break. Times are 0: nothing here is worth timing."""
    root = ElementTree.Element("testsuites", _counts(name, [case for suite in suites for case in suite.cases]))
    for suite in suites:
        element = ElementTree.SubElement(root, "testsuite", _counts(suite.name, suite.cases))
        if suite.properties:
            properties = ElementTree.SubElement(element, "properties")
            for key, value in suite.properties:
                ElementTree.SubElement(properties, "property", _told(name=key, value=value))
        for case in suite.cases:
            _add(element, suite.class_name or suite.name, case)
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def _add(suite: ElementTree.Element, class_name: str, case: Case) -> None:
    place = {} if case.place is None else {"file": case.place.file, "line": str(case.place.line)}
    element = ElementTree.SubElement(suite, "testcase", _told(classname=class_name, name=case.name, time="0", **place))
    if case.outcome is not Outcome.PASSED:
        kind = {"type": case.kind} if case.kind else {}
        outcome = ElementTree.SubElement(element, case.outcome.value, _told(**kind, message=case.message))
        outcome.text = _visible(case.details)


def _counts(name: str, cases: Sequence[Case]) -> dict[str, str]:
    outcomes = [case.outcome for case in cases]
    return {
        "name": _visible(name),
        "tests": str(len(cases)),
        "failures": str(outcomes.count(Outcome.FAILED)),
        "errors": str(outcomes.count(Outcome.ERROR)),
        "skipped": str(outcomes.count(Outcome.SKIPPED)),
        "time": "0",
    }


def _told(**attributes: str) -> dict[str, str]:
    return {name: _visible(value) for name, value in attributes.items()}


def _visible(text: str) -> str:
    """The text with what XML cannot hold spelled out."""
    return _NOT_IN_XML.sub(lambda found: f"\\u{ord(found[0]):04x}", text)

"""`suppress lint --format sarif|github|junit`: what build servers and code hosts are given."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
from click.testing import CliRunner

from suppress.cli.junit import Case, Outcome, Suite, document
from suppress.cli.lint import FORMATS, command
from suppress.cli.problem_formats import FORMATS as RENDERED
from suppress.cli.problem_formats import render
from suppress.problems import Position, Problem, Severity

PROBLEMS = Path(__file__).parent.parent / "problems"
SCHEMA = json.loads(Path(__file__).with_name("sarif-2.1.0.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)
GOOD = """version: 1
ruleset: good
rules:
  - id: sold-out
    drop: item
    code: out_of_stock
    when:
      stock.available_units: {below: 1}
"""
BAD = GOOD.replace("good", "bad").replace("below", "bellow").replace("out_of_stock", "out_of_stok")
OLD = GOOD.replace("good", "old") + "    ends: 2026-10-31\n"

Lint = Callable[..., str]


@pytest.fixture
def lint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lint:
    """Lint in a folder of one sound file, one with a mistake and one with a warning; gives stdout."""
    (tmp_path / "my rules").mkdir()
    for name, text in (("good", GOOD), ("bad", BAD), ("old", OLD)):
        (tmp_path / "my rules" / f"{name}.yaml").write_text(text)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> str:
        return CliRunner().invoke(command, [*arguments, "--as-of", "2026-11-22T00:00:00Z"]).stdout

    return run


def test_a_file_named_twice_is_read_once(lint: Lint) -> None:
    """A folder and a file in it, or the same file again: each mistake and each ruleset counts once."""
    again = CliRunner().invoke(command, ["my rules/good.yaml", "my rules/../my rules/good.yaml"])

    assert lint("my rules") == lint("my rules", "my rules/bad.yaml")
    assert "1 ruleset, 1 rule: no problems\n" == again.stderr


def sarif_of(text: str) -> dict[str, Any]:
    """The one run of a log that is valid by the schema."""
    log = json.loads(text)

    assert [] == [error.message for error in VALIDATOR.iter_errors(log)]
    (run,) = log["runs"]
    return dict(run)


def test_every_form_can_be_asked_for() -> None:
    """The command names the forms without importing them; the two lists are the same."""
    assert tuple(RENDERED) == FORMATS


def test_the_schema_refuses_what_is_no_sarif() -> None:
    """The schema the other tests rely on is a sound one, and it bites."""
    VALIDATOR.check_schema(SCHEMA)
    sound = json.loads(render("sarif", [Problem(code="a", message="b", position=Position("c.yaml"))], ()))
    region = sound["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]
    region["startColumn"] = 0

    assert 1 == len(list(VALIDATOR.iter_errors(sound)))


def test_sarif_says_where_and_what(lint: Lint) -> None:
    """A result has the code, the level, the words, the path from the current folder and the place."""
    run = sarif_of(lint("my rules", "--format", "sarif"))

    error, warning = run["results"]
    place = error["locations"][0]["physicalLocation"]

    assert ("unknown-operator", "error") == (error["ruleId"], error["level"])
    assert 'no operator "bellow". help: did you mean "below"?' == error["message"]["text"]
    assert {"uri": "my%20rules/bad.yaml", "uriBaseId": "%SRCROOT%"} == place["artifactLocation"]
    assert {"startLine": 8, "startColumn": 31} == place["region"]
    assert ("ended", "warning") == (warning["ruleId"], warning["level"])
    assert "unicodeCodePoints" == run["columnKind"]


def test_sarif_has_one_rule_per_code() -> None:
    """Each code that occurs is described once, and every result points at its description."""
    problems = [
        Problem(code=code, message="m", position=Position("a.yaml", line), severity=Severity.WARNING)
        for line, code in enumerate(["unknown-field", "ended", "unknown-field"], start=1)
    ]
    run = sarif_of(render("sarif", problems, ()))
    rules = run["tool"]["driver"]["rules"]

    assert ["unknown-field", "ended"] == [rule["id"] for rule in rules]
    assert "unknown field" == rules[0]["shortDescription"]["text"]
    assert [result["ruleId"] for result in run["results"]] == [rules[r["ruleIndex"]]["id"] for r in run["results"]]


def test_sarif_without_problems_is_a_run_without_results(lint: Lint) -> None:
    """A code host closes old findings only when it is given a run that found nothing."""
    assert [] == sarif_of(lint("my rules/good.yaml", "--format", "sarif"))["results"]


def test_a_file_outside_the_current_folder_is_named_in_full(lint: Lint, tmp_path: Path) -> None:
    """Only what lies below the current folder is given relative to it, however it was written."""
    below = str(tmp_path / "my rules" / "bad.yaml")
    outside = str(tmp_path.parent / "bad.yaml")
    Path(outside).write_text(BAD)

    def uri(path: str) -> str:
        result = sarif_of(lint(path, "--format", "sarif"))["results"][0]
        return str(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])

    assert "my%20rules/bad.yaml" == uri(below)
    assert Path(outside).as_uri() == uri("../bad.yaml")
    assert "::error file=my rules/bad.yaml,line=8," in lint(below, "--format", "github")
    assert f"::error file={outside},line=8," in lint(outside, "--format", "github")


@pytest.mark.parametrize("path", sorted(PROBLEMS.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_kind_of_problem_is_valid_sarif_and_sound_xml(path: Path) -> None:
    """Whatever stands in a rule file, readers of SARIF and JUnit can read what is said of it."""
    invoked = CliRunner().invoke(command, [str(path), "--format", "sarif", "--as-of", "2026-11-22T00:00:00Z"])
    listed = CliRunner().invoke(command, [str(path), "--format", "json", "--as-of", "2026-11-22T00:00:00Z"])
    table = CliRunner().invoke(command, [str(path), "--format", "junit", "--as-of", "2026-11-22T00:00:00Z"])
    problems = json.loads(listed.stdout)

    assert len(problems) == len(sarif_of(invoked.stdout)["results"])
    assert max(1, len(problems)) == len(ElementTree.fromstring(table.stdout).findall("testsuite/testcase"))


@pytest.mark.parametrize(
    ("problem", "expected"),
    [
        (
            Problem(code="bad-name", message='50%: "a, b"', position=Position("r.yaml", 3, 5), help="write\r\nless"),
            '::error file=r.yaml,line=3,col=5,title=bad-name::50%25: "a, b". help: write%0D%0Aless\n',
        ),
        (
            Problem(code="a:b", message="m", position=Position("50%,a:b.yaml"), severity=Severity.WARNING),
            "::warning file=50%25%2Ca%3Ab.yaml,line=1,col=1,title=a%3Ab::m\n",
        ),
    ],
)  # fmt: skip
def test_github_commands_are_escaped(problem: Problem, expected: str) -> None:
    """A message keeps its commas and colons; a property must not end early; nothing breaks the line."""
    assert expected == render("github", [problem], ())


def test_github_is_silent_without_problems(lint: Lint) -> None:
    """No command, no annotation."""
    assert "" == lint("my rules/good.yaml", "--format", "github")


def test_junit_has_a_suite_per_file(lint: Lint) -> None:
    """A mistake fails, a warning is skipped, a sound file passes; the counts add up."""
    root = ElementTree.fromstring(lint("my rules", "--format", "junit"))

    assert {
        "name": "suppress lint",
        "tests": "3",
        "failures": "1",
        "errors": "0",
        "skipped": "1",
        "time": "0",
    } == root.attrib
    assert [
        ("my rules/bad.yaml", "unknown-operator at 8:31", ["failure"]),
        ("my rules/good.yaml", "no mistakes", []),
        ("my rules/old.yaml", "ended at 9:11", ["skipped"]),
    ] == [
        (suite.get("name"), case.get("name"), [outcome.tag for outcome in case])
        for suite in root
        for case in suite
    ]  # fmt: skip
    failure = root.find("testsuite/testcase/failure")
    assert failure is not None
    assert 'no operator "bellow". help: did you mean "below"?' == failure.get("message")
    assert str(failure.text).startswith("my rules/bad.yaml:8:31 unknown-operator: ")


def test_junit_spells_out_what_xml_cannot_hold() -> None:
    """A file name with a control character or half a surrogate pair gives a document that can be read."""
    written = document("a<b", [Suite("x\x07\ud800&.yaml", (Case('"', Outcome.FAILED, "]]>", "\x00 ok 🎁"),))])
    root = ElementTree.fromstring(written)

    assert "a<b" == root.get("name")
    assert "x\\u0007\\ud800&.yaml" == root[0].get("name")
    assert ("]]>", "\\u0000 ok 🎁") == (root[0][0][0].get("message"), root[0][0][0].text)

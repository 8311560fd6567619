"""`suppress lint` and `suppress schema` at the command line: what is printed where, and the exit codes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from suppress.cli.lint import command as lint
from suppress.cli.schema import command as schema
from suppress.rules.schema import ruleset_schema

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


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SUPPRESS_RULES", raising=False)
    (tmp_path / "rulesets").mkdir()
    return tmp_path / "rulesets"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(lint, list(arguments))


def test_sound_rules_print_nothing_and_leave_0(folder: Path) -> None:
    """stdout stays empty; the summary on stderr counts rulesets and rules."""
    (folder / "good.yaml").write_text(GOOD)
    result = run()

    assert (0, "", "1 ruleset, 1 rule: no problems\n") == (result.exit_code, result.stdout, result.stderr)


def test_mistakes_are_printed_and_leave_3(folder: Path) -> None:
    """Each problem is a line on stdout, in file order; the summary counts them."""
    (folder / "good.yaml").write_text(GOOD)
    (folder / "bad.yaml").write_text(BAD)
    result = run()

    assert 3 == result.exit_code
    assert [
        'rulesets/bad.yaml:8:31 unknown-operator: no operator "bellow". help: did you mean "below"?',
    ] == result.stdout.splitlines()
    assert "1 problem in 1 file\n" == result.stderr


def test_warnings_alone_leave_0(folder: Path) -> None:
    """A rule that has ended is told, and stops nobody."""
    (folder / "old.yaml").write_text(OLD)
    result = run("--as-of", "2026-11-22T00:00:00Z")

    assert 0 == result.exit_code
    assert 'rulesets/old.yaml:9:11 warning ended: the rule "sold-out" ended "2026-10-31"' in result.stdout
    assert "1 problem in 1 file\n" == result.stderr


def test_the_date_is_handed_in(folder: Path) -> None:
    """As of the last day of the rule nothing has ended."""
    (folder / "old.yaml").write_text(OLD)

    assert "" == run("--as-of", "2026-10-31T12:00:00Z").stdout


def test_files_and_folders_may_be_named(folder: Path) -> None:
    """Paths given take the place of the default folder; several are added up."""
    (folder / "bad.yaml").write_text(BAD)
    (folder.parent / "good.yaml").write_text(GOOD)

    assert 0 == run("good.yaml").exit_code
    assert 3 == run("good.yaml", "rulesets").exit_code
    assert 3 == run("--rules", "rulesets/bad.yaml").exit_code


def test_json_is_data(folder: Path) -> None:
    """--format json prints one list, empty when all is well, with every part of a problem."""
    (folder / "bad.yaml").write_text(BAD)
    (folder.parent / "good.yaml").write_text(GOOD)
    result = run("--format", "json")

    assert 3 == result.exit_code
    assert [
        {
            "file": "rulesets/bad.yaml", "line": 8, "column": 31, "severity": "error", "code": "unknown-operator",
            "message": 'no operator "bellow"', "help": 'did you mean "below"?',
        }
    ] == json.loads(result.stdout)  # fmt: skip
    assert [] == json.loads(run("--format", "json", "good.yaml").stdout)


@pytest.mark.parametrize("arguments", [["nowhere"], ["--format", "xml"], ["--as-of", "yesterday"]])
def test_wrong_usage_leaves_2(folder: Path, arguments: list[str]) -> None:
    """A path that is not there, a format nobody knows and a time without a meaning are usage errors."""
    assert folder.is_dir()
    assert 2 == run(*arguments).exit_code


def test_no_rules_leave_3(folder: Path) -> None:
    """A folder without rules, and the default folder missing, are problems."""
    assert 3 == run().exit_code
    folder.rmdir()
    assert 3 == run().exit_code


def test_lint_needs_no_database_and_no_engine(folder: Path) -> None:
    """Linting imports neither the database library nor durable-rules: it starts fast and runs anywhere."""
    (folder / "good.yaml").write_text(GOOD)
    code = (
        "import sys; from suppress.cli.lint import command; command(['rulesets'], standalone_mode=False); "
        "print(sorted({name.split('.')[0] for name in sys.modules} "
        "& {'sqlmodel', 'sqlalchemy', 'durable_rules_engine', 'durable', 'alembic'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=folder.parent, capture_output=True, text=True, check=True)

    assert "[]\n" == done.stdout


def test_the_schema_is_printed_or_written(tmp_path: Path) -> None:
    """Without --out the schema goes to stdout, with it into the file; both are the schema."""
    printed = CliRunner().invoke(schema, [])
    written = CliRunner().invoke(schema, ["--out", str(tmp_path / "s.json")])

    assert (0, 0, "") == (printed.exit_code, written.exit_code, written.stdout)
    assert ruleset_schema() == json.loads(printed.stdout) == json.loads((tmp_path / "s.json").read_text())


def test_a_file_that_cannot_be_written_is_a_usage_error(tmp_path: Path) -> None:
    """A file where a folder should be is told, not raised."""
    (tmp_path / "taken").write_text("", encoding="utf-8")

    assert 2 == CliRunner().invoke(schema, ["--out", str(tmp_path / "taken" / "s.json")]).exit_code

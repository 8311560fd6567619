"""`suppress test`: play the case files beside the rules on every engine."""

import sys
from pathlib import Path
from typing import Any

import click

from suppress.cli.exits import CASES_FAILED, USAGE
from suppress.cli.options import rules_option


@click.command()
@click.argument("directory", required=False, metavar="[DIR]")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@rules_option
def command(directory: str | None, format_: str, rules: str | None) -> None:
    """Play every NAME.cases.yaml of DIR by the rules of NAME.yaml beside it, on both engines.

    Exit 4 when a case fails or cannot be read, or when the engines differ.
    """
    import json  # noqa: PLC0415

    from suppress.cases.play import case_files, play_file  # noqa: PLC0415
    from suppress.settings import load_settings  # noqa: PLC0415

    folder = Path(directory or load_settings(rules=rules).rules)
    files = case_files(folder)
    if not files:
        click.echo(f"no case files in {folder}. help: write NAME.cases.yaml beside NAME.yaml", err=True)
        sys.exit(USAGE)
    told: list[dict[str, Any]] = []
    failed = problems = 0
    for path in files:
        played, mistakes = play_file(path)
        problems += len(mistakes)
        for problem in mistakes:
            click.echo(str(problem), err=True)
        for one in played:
            failed += not one.passed
            told.append(
                {
                    "file": str(path),
                    "line": one.story.position.line,
                    "case": one.story.name,
                    "passed": one.passed,
                    "differences": [str(difference) for difference in one.differences],
                }
            )
        if format_ == "text":
            _print_file(path, told[len(told) - len(played) :])
    if format_ == "json":
        click.echo(json.dumps(told, indent=2, ensure_ascii=False))
    cases = "1 case" if len(told) == 1 else f"{len(told)} cases"
    outcome = "all passed on both engines" if not failed and not problems else f"{failed} failed, {problems} unreadable"
    click.echo(f"{cases} in {len(files)} file{'' if len(files) == 1 else 's'}: {outcome}", err=True)
    if failed or problems:
        sys.exit(CASES_FAILED)


def _print_file(path: Path, cases: list[dict[str, Any]]) -> None:
    passed = sum(case["passed"] for case in cases)
    click.echo(f"{path}: {passed} of {len(cases)} passed")
    for case in cases:
        if not case["passed"]:
            click.secho(f"  failed: {case['case']} ({path}:{case['line']})", fg="red")
            for difference in case["differences"]:
                click.echo(f"    {difference}")

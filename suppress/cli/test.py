"""`suppress test`: play the case files beside the rules on every engine."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from suppress.cli.exits import CASES_FAILED, USAGE
from suppress.cli.options import rules_option

if TYPE_CHECKING:
    from suppress.cases.coverage import Coverage
    from suppress.cases.play import PlayedFile


@click.command()
@click.argument("directory", required=False, metavar="[DIR]")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json", "jsonl", "junit"]),
    default="text",
    show_default=True,
    help="jsonl: one object a line. junit: XML for build servers.",
)
@click.option("--coverage", is_flag=True, help="Say which branches of the rules the cases try.")
@click.option(
    "--min-coverage",
    type=click.FloatRange(0, 100),
    metavar="PERCENT",
    help="Exit 4 when the cases of a ruleset try less than PERCENT of its branches. Implies --coverage.",
)
@click.option("--update", is_flag=True, help="Print the new `want` of failing cases as a diff; change nothing.")
@click.option("--write", is_flag=True, help="With --update: change the case files as the diff says.")
@rules_option
def command(
    directory: str | None,
    format_: str,
    coverage: bool,
    min_coverage: float | None,
    update: bool,
    write: bool,
    rules: str | None,
) -> None:
    """Play every NAME.cases.yaml of DIR by the rules of NAME.yaml beside it, on both engines.

    Exit 4 when a case fails or cannot be read, when the engines differ, or when too little is covered.
    """
    from suppress.cases.play import case_files, play  # noqa: PLC0415
    from suppress.settings import load_settings  # noqa: PLC0415

    covering = coverage or min_coverage is not None
    _check_flags(format_, covering=covering, update=update, write=write)
    folder = Path(directory or load_settings(rules=rules).rules)
    paths = case_files(folder)
    if not paths:
        click.echo(f"no case files in {folder}. help: write NAME.cases.yaml beside NAME.yaml", err=True)
        sys.exit(USAGE)
    if update:
        from suppress.cli.test_update import update_files  # noqa: PLC0415

        sys.exit(update_files(paths, write=write))
    files: list[PlayedFile] = []
    for path in paths:
        file = play(path, covering=covering)
        files.append(file)
        for problem in file.problems:
            click.echo(str(problem), err=True)
        if format_ == "text":
            _print_file(file)
    covered = _coverage(folder, files) if covering else []
    _print(format_, files, covered, covering=covering)
    _summarise(files)
    enough = _reaches(covered, min_coverage)
    if not enough or any(file.problems or not all(played.passed for played in file.stories) for file in files):
        sys.exit(CASES_FAILED)


def _check_flags(format_: str, *, covering: bool, update: bool, write: bool) -> None:
    if write and not update:
        raise click.UsageError("--write goes with --update: what it writes must be asked for")
    if update and covering:
        raise click.UsageError("--update proposes what cases want; ask for --coverage in a run of its own")
    if update and format_ != "text":
        raise click.UsageError("--update prints a diff, whatever the --format; leave --format out")


def _coverage(folder: Path, files: "Sequence[PlayedFile]") -> "list[Coverage]":
    """The coverage of every rule file, those beside which no case stands included."""
    from suppress.cases.play import coverage_without_cases  # noqa: PLC0415
    from suppress.rules.reading import rule_files  # noqa: PLC0415

    covered = {file.coverage.file: file.coverage for file in files if file.coverage is not None}
    if folder.is_dir():
        for path in rule_files(folder)[0]:
            if str(path) not in covered:
                untried = coverage_without_cases(path)
                if untried is not None:
                    covered[untried.file] = untried
    return [covered[file] for file in sorted(covered)]


def _reaches(covered: "Sequence[Coverage]", percent: float | None) -> bool:
    """Whether all reach it; those that do not are told."""
    from suppress.cases.coverage import percent_of  # noqa: PLC0415

    short = [each for each in covered if percent is not None and not each.reaches(percent)]
    for each in short:
        click.echo(
            f"{each.file}: the cases cover {percent_of(each)} % of the branches, less than the {percent:g} % asked for "
            "with --min-coverage. help: --coverage names the branches to write cases for",
            err=True,
        )
    return not short


def _print(format_: str, files: "Sequence[PlayedFile]", covered: "Sequence[Coverage]", *, covering: bool) -> None:
    """What is printed once all is played."""
    import json  # noqa: PLC0415

    from suppress.cli.coverage_text import coverage_table  # noqa: PLC0415
    from suppress.cli.story_data import case_data, coverage_data  # noqa: PLC0415
    from suppress.cli.story_junit import junit  # noqa: PLC0415

    cases = [case_data(played) for file in files for played in file.stories]
    match format_:
        case "json" if covering:
            told = {"cases": cases, "coverage": [coverage_data(each) for each in covered]}
            click.echo(json.dumps(told, indent=2, ensure_ascii=False))
        case "json":
            click.echo(json.dumps(cases, indent=2, ensure_ascii=False))
        case "jsonl":
            lines = [*({"kind": "case", **case} for case in cases)]
            lines += [{"kind": "coverage", **coverage_data(each)} for each in covered]
            for line in lines:
                click.echo(json.dumps(line, ensure_ascii=False))
        case "junit":
            click.echo(junit(files), nl=False)
        case _:
            for each in covered:
                click.echo("\n".join(("", *coverage_table(each))))


def _print_file(file: "PlayedFile") -> None:
    from suppress.cli.story_text import failed_story, plain  # noqa: PLC0415

    passed = sum(played.passed for played in file.stories)
    unreadable = f", {len(file.problems)} unreadable" if file.problems else ""
    click.echo(f"{file.path}: {passed} of {len(file.stories)} passed{unreadable}")
    for played in file.stories:
        if not played.passed:
            for line in failed_story(played, _painted if _in_colour() else plain):
                click.echo(line, color=True)
            click.echo()


def _summarise(files: "Sequence[PlayedFile]") -> None:
    stories = [played for file in files for played in file.stories]
    problems = sum(len(file.problems) for file in files)
    failed = sum(not played.passed for played in stories)
    cases = "1 case" if len(stories) == 1 else f"{len(stories)} cases"
    outcome = "all passed on both engines" if not failed and not problems else f"{failed} failed, {problems} unreadable"
    click.echo(f"{cases} in {len(files)} file{'' if len(files) == 1 else 's'}: {outcome}", err=True)


def _in_colour() -> bool:
    """Whether somebody sees colours and has not said that they want none."""
    return _is_terminal() and not os.environ.get("NO_COLOR") and not os.environ.get("CI")


def _is_terminal() -> bool:
    return sys.stdout.isatty()


def _painted(text: str, colour: str) -> str:
    return click.style(text, dim=True) if colour == "faint" else click.style(text, fg=colour)

"""`suppress lint`: find every mistake in rule files."""

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from suppress.cli.exits import RULES_INVALID
from suppress.cli.options import INSTANT, rules_option

FORMATS: Final = ("text", "json", "sarif", "github", "junit")

if TYPE_CHECKING:
    from suppress.problems import Problem
    from suppress.rules.ruleset import Ruleset


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path), metavar="[DIR|FILE]...")
@click.option("--format", "format_", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option("--as-of", type=INSTANT, help="Report rules that have ended by this time.  [default: now]")
@click.option("--database", metavar="URL", help="Look up names and facts here as well.  [default: nowhere]")
@rules_option
def command(
    paths: tuple[Path, ...], format_: str, as_of: datetime | None, database: str | None, rules: str | None
) -> None:
    """Find every mistake in the rule files of DIR, all at once, each with its place and what to write instead.

    With --database, names that no product, place or message there has are reported too, and facts nobody loaded.
    Exit 3 when there are errors; warnings alone leave 0.
    """
    from suppress.cli.problem_formats import render  # noqa: PLC0415
    from suppress.problems import errors_in, in_file_order  # noqa: PLC0415
    from suppress.rules.reading import rule_files  # noqa: PLC0415

    named = _each_once(paths) or (Path(_default_rules(rules)),)
    rulesets, problems = _read(named, as_of)
    if database is not None:
        problems = in_file_order((*problems, *_unknown_there(rulesets, database)))
    files = dict.fromkeys(str(file) for path in named for file in rule_files(path)[0])
    click.echo(render(format_, problems, files), nl=False)
    click.echo(_summary(rulesets, problems), err=True)
    if errors_in(problems):
        sys.exit(RULES_INVALID)


def _read(paths: tuple[Path, ...], as_of: datetime | None) -> "tuple[list[Ruleset], tuple[Problem, ...]]":
    from datetime import UTC  # noqa: PLC0415

    from suppress.facts.instants import to_us  # noqa: PLC0415
    from suppress.problems import in_file_order  # noqa: PLC0415
    from suppress.rules.reading import read_rulesets  # noqa: PLC0415
    from suppress.rules.tree import Instant  # noqa: PLC0415

    at = as_of or datetime.now(UTC)
    rulesets: list[Ruleset] = []
    problems: tuple[Problem, ...] = ()
    for path in paths:
        found, mistakes = read_rulesets(path, Instant(to_us(at), at.isoformat()))
        rulesets += found.values()
        problems += mistakes
    return rulesets, in_file_order(problems)


def _each_once(paths: tuple[Path, ...]) -> tuple[Path, ...]:
    """The paths without repeats, and without files of folders that are named as well."""
    folders = {path.resolve() for path in paths if path.is_dir()}
    once: dict[Path, Path] = {}
    for path in paths:
        once.setdefault(path.resolve(), path)
    return tuple(path for place, path in once.items() if path.is_dir() or place.parent not in folders)


def _unknown_there(rulesets: "list[Ruleset]", database: str) -> "tuple[Problem, ...]":
    from suppress.rules.catalogue import find_unknown  # noqa: PLC0415
    from suppress.stores.database import Database  # noqa: PLC0415
    from suppress.stores.lookups import StoreCatalogue  # noqa: PLC0415

    with Database.open(database) as opened:
        catalogue = StoreCatalogue(opened)
        return tuple(problem for ruleset in rulesets for problem in find_unknown(ruleset, catalogue))


def _default_rules(rules: str | None) -> str:
    from suppress.settings import load_settings  # noqa: PLC0415

    return load_settings(rules=rules).rules


def _summary(rulesets: "list[Ruleset]", problems: "tuple[Problem, ...]") -> str:
    if problems:
        files = len({problem.position.file for problem in problems})
        return f"{_count(len(problems), 'problem')} in {_count(files, 'file')}"
    rules = sum(len(ruleset.rules) for ruleset in rulesets)
    return f"{_count(len(rulesets), 'ruleset')}, {_count(rules, 'rule')}: no problems"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"

"""`suppress test --update`: propose what failing cases would have to want, and write it when asked to."""

from collections.abc import Sequence
from pathlib import Path

import click

from suppress.cases.update import Update, propose
from suppress.cli.exits import CASES_FAILED, OK


def update_files(paths: Sequence[Path], *, write: bool) -> int:
    """Print the diff of all files, write it when `write`; the exit code: 4 while a case fails or cannot be read."""
    updates = [propose(path) for path in paths]
    for update in updates:
        click.echo(update.diff(), nl=False)
    for update in updates:
        _tell(update, write=write)
    changed = sum(len(update.changed) for update in updates)
    open_ = sum(len(update.left) + len(update.problems) for update in updates)
    if not changed:
        click.echo("no case needs another want" if not open_ else "nothing was changed", err=True)
    elif not write:
        click.echo(f"{_count(changed)} would want something else; --update --write changes the files", err=True)
    return CASES_FAILED if open_ or (changed and not write) else OK


def _tell(update: Update, *, write: bool) -> None:
    """What is changed and what is left alone, on stderr."""
    for problem in update.problems:
        click.echo(str(problem), err=True)
    for name, why in update.left:
        click.echo(f'{update.path}: left alone: "{name}": {why}', err=True)
    if not (write and update.changed):
        return
    try:
        update.write()
    except OSError as error:
        raise click.ClickException(f"cannot write {update.path}: {error.strerror or error}") from error
    click.echo(f"{update.path}: changed {_count(len(update.changed))}: {'; '.join(update.changed)}", err=True)


def _count(cases: int) -> str:
    return "1 case" if cases == 1 else f"{cases} cases"

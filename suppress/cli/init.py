"""`suppress init`: a project to start from, with rules, cases, editor settings and checks for every change."""

import json
import os
from collections.abc import Iterator
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

import click

MOST_NAMED: Final = 10

REQUIREMENTS: Final = """\
# Where suppress {version} is installed from: a file, a repository, or a package index of your own. Mend the line below.
# Never the bare name: on the public index (PyPI) another project's package is called suppress.
suppress @ https://packages.example/suppress-{version}-py3-none-any.whl
"""
"""A host of that name can never exist, so that a line nobody mended installs nothing."""


@click.command()
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path), metavar="DIR")
def command(directory: Path) -> None:
    """Make a starter project in DIR, which is made when it is missing.

    Rules and their cases, schemas and settings for editors, checks for GitHub and GitLab. Writes nothing when a single
    one of the files exists.
    """
    wanted = starter_files()
    existing = list(dict.fromkeys(found for name in wanted if (found := _obstacle(directory, name)) is not None))
    if existing:
        more = len(existing) - MOST_NAMED
        named = ", ".join(existing[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
        raise click.UsageError(f"{directory} has these already: {named}. help: nothing was written; use another DIR")
    try:
        for name, content in wanted.items():
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as opened:
                opened.write(content)
    except OSError as error:
        raise click.UsageError(
            f"cannot write {error.filename}: {(error.strerror or 'unknown reason').lower()}"
        ) from None
    for name in wanted:
        click.echo(str(directory / name))
    click.echo(f"made {len(wanted)} files; next: cd {directory}; suppress lint; suppress test", err=True)


def starter_files() -> dict[str, bytes]:
    """Everything a starter project holds: path (with `/`) -> content, sorted."""
    from suppress.cases.schema import cases_schema  # noqa: PLC0415
    from suppress.rules.schema import ruleset_schema  # noqa: PLC0415
    from suppress.schedules.schema import schedules_schema  # noqa: PLC0415

    found = dict(_templates(files("suppress") / "starter", ""))
    found["requirements.txt"] = REQUIREMENTS.format(version=version("suppress")).encode()
    found["rulesets/ruleset.schema.json"] = _json(ruleset_schema())
    found["rulesets/cases.schema.json"] = _json(cases_schema())
    found["rulesets/schedules.schema.json"] = _json(schedules_schema())
    return dict(sorted(found.items()))


def _templates(folder: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _templates(entry, f"{prefix}{entry.name}/")
        else:
            yield prefix + entry.name, entry.read_bytes()


def _obstacle(directory: Path, name: str) -> str | None:
    """What is in the way of the file: itself, a link of its name, or a file where a folder is needed."""
    path = directory / name
    if os.path.lexists(path):
        return name
    for parent in path.relative_to(directory).parents:
        if str(parent) != "." and os.path.lexists(directory / parent) and not (directory / parent).is_dir():
            return str(parent)
    return None


def _json(schema: object) -> bytes:
    return (json.dumps(schema, indent=2, ensure_ascii=False) + "\n").encode()

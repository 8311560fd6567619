"""`suppress versions`: what was published, by whom, when and why; or the files of one version."""

import json
import shutil
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

import click

from suppress.cli.columns import GAP, side_by_side
from suppress.cli.options import database_option

if TYPE_CHECKING:
    from suppress.stores.versions import Version, Versions

_WIDTH: Final = 140
_FINGERPRINT_CHARACTERS: Final = len("sha256:") + 12


@click.command()
@click.argument("ruleset", required=False, metavar="[RULESET]")
@click.argument("number", required=False, type=click.IntRange(1), metavar="[NUMBER]")
@click.option("--format", "format_", type=click.Choice(["text", "json", "jsonl"]), default="text", show_default=True)
@database_option
def command(ruleset: str | None, number: int | None, format_: str, database: str | None) -> None:
    """List the newest version of each ruleset, or all versions of RULESET, the newest first.

    With NUMBER: print the rule file of that version; with --format json all its files.
    """
    from suppress.settings import load_settings  # noqa: PLC0415
    from suppress.stores.database import Database  # noqa: PLC0415
    from suppress.stores.versions import Versions  # noqa: PLC0415

    with Database.open(load_settings(database=database).database) as opened:
        versions = Versions(opened)
        if ruleset is not None and number is not None:
            _show(versions, ruleset, number, format_)
            return
        heads = versions.heads()
        found = list(heads.values()) if ruleset is None else versions.all(ruleset)
    if ruleset is not None and not found:
        from suppress.problems import did_you_mean  # noqa: PLC0415

        near = did_you_mean(ruleset, heads) or "`suppress versions` lists what is published"
        raise click.UsageError(f'no ruleset "{ruleset}" is published. help: {near}')
    if format_ == "json":
        click.echo(json.dumps([version.to_dict() for version in found], indent=2, ensure_ascii=False))
    elif format_ == "jsonl":
        for version in found:
            click.echo(json.dumps(version.to_dict(), ensure_ascii=False))
    elif found:
        for line in _table(found):
            click.echo(line)
    else:
        click.echo("nothing is published; `suppress publish` publishes rules", err=True)


def _show(versions: "Versions", ruleset: str, number: int, format_: str) -> None:
    version = versions.get(ruleset, number)
    if version is None:
        raise click.UsageError(f'"{ruleset}" has no version {number}. help: `suppress versions` lists what there is')
    files = versions.texts(version)
    if format_ == "text":
        click.echo(files[0].text, nl=not files[0].text.endswith("\n"))
        return
    told = {
        **version.to_dict(),
        "files": [{"file": each.file, "kind": each.kind.value, "text": each.text} for each in files],
    }
    click.echo(json.dumps(told, indent=2 if format_ == "json" else None, ensure_ascii=False))


def _table(versions: "Sequence[Version]") -> Iterator[str]:
    from suppress.facts.instants import from_us  # noqa: PLC0415

    rows = [
        (
            f"{version.ruleset} {version.number}",
            from_us(version.published_at_us).strftime("%Y-%m-%d %H:%M UTC"),
            version.author,
            version.fingerprint[:_FINGERPRINT_CHARACTERS],
            version.message if version.of is None else f"{version.message} (brings back version {version.of})",
        )
        for version in versions
    ]
    heads = ("version", "published", "by", "fingerprint", "message")
    for line in side_by_side([heads, *rows], shutil.get_terminal_size((_WIDTH, 0)).columns):
        yield GAP.join(line).rstrip()

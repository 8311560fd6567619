"""`suppress schema`: print the JSON schema of rule files."""

from pathlib import Path

import click


@click.command()
@click.option(
    "--out",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    metavar="FILE",
    help="Write it to FILE.  [default: stdout]",
)
def command(out: Path | None) -> None:
    """Print the JSON schema of rule files, by which editors complete and underline.

    Name it in a rule file's first line: "# yaml-language-server: $schema=./ruleset.schema.json".
    """
    import json  # noqa: PLC0415

    from suppress.rules.schema import ruleset_schema  # noqa: PLC0415

    text = json.dumps(ruleset_schema(), indent=2, ensure_ascii=False) + "\n"
    if out is None:
        click.echo(text, nl=False)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.UsageError(f"cannot write {out}: {error.strerror}") from error
    click.echo(f"wrote {out}", err=True)

"""`suppress schema`: print or write the JSON schemas of rule files, case files and files of schedules."""

from pathlib import Path
from typing import Any

import click


@click.command()
@click.option("--cases", is_flag=True, help="The schema of case files instead of rule files.")
@click.option("--schedules", is_flag=True, help="The schema of files of schedules.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    metavar="FILE",
    help="Write it to FILE.  [default: stdout]",
)
@click.option(
    "--out-dir",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write all schemas into DIR: ruleset.schema.json, cases.schema.json, schedules.schema.json.",
)
def command(cases: bool, schedules: bool, out: Path | None, out_dir: Path | None) -> None:
    """Print the JSON schema of rule files, by which editors complete and underline; --cases and --schedules: of those.

    Name it in a file's first line: "# yaml-language-server: $schema=./ruleset.schema.json".
    """
    if out_dir is not None:
        if cases or schedules or out is not None:
            raise click.UsageError("--out-dir writes all schemas; leave --cases, --schedules and --out out")
        _write(out_dir / "ruleset.schema.json", _of_rules())
        _write(out_dir / "cases.schema.json", _of_cases())
        _write(out_dir / "schedules.schema.json", _of_schedules())
        return
    if cases and schedules:
        raise click.UsageError("one schema at a time: --cases or --schedules")
    text = _of_cases() if cases else _of_schedules() if schedules else _of_rules()
    if out is None:
        click.echo(text, nl=False)
    else:
        _write(out, text)


def _of_rules() -> str:
    from suppress.rules.schema import ruleset_schema  # noqa: PLC0415

    return _json(ruleset_schema())


def _of_cases() -> str:
    from suppress.cases.schema import cases_schema  # noqa: PLC0415

    return _json(cases_schema())


def _of_schedules() -> str:
    from suppress.schedules.schema import schedules_schema  # noqa: PLC0415

    return _json(schedules_schema())


def _json(schema: dict[str, Any]) -> str:
    import json  # noqa: PLC0415

    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.UsageError(f"cannot write {path}: {error.strerror}") from error
    click.echo(f"wrote {path}", err=True)

"""`suppress fmt`: put rule files and case files into house style."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from suppress.cli.exits import RULES_INVALID, UNFORMATTED
from suppress.cli.options import rules_option

if TYPE_CHECKING:
    from suppress.problems import Problem


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path), metavar="[DIR|FILE]...")
@click.option("--check", is_flag=True, help="Change nothing; exit 8 when a file is not in house style.")
@click.option("--diff", is_flag=True, help="Change nothing; print what would change.")
@rules_option
def command(paths: tuple[Path, ...], check: bool, diff: bool, rules: str | None) -> None:
    """Put the rule files and case files of DIR into house style. What they mean and every comment is kept.

    Prints the name of each file that is changed, or with --check would be. A file that is no sound YAML is left alone,
    and its mistakes are printed: exit 3.
    """
    from suppress.rules.layout.house_style import in_house_style  # noqa: PLC0415

    problems: list[Problem] = []
    changed: list[Path] = []
    files = _files(paths or (Path(_default_rules(rules)),))
    for path in files:
        data, found = _read(path)
        styled, mistakes = in_house_style(data, str(path)) if data is not None else (None, found)
        problems += mistakes
        if data is None or styled is None or styled.encode() == data:
            continue
        changed.append(path)
        click.echo(_difference(path, data, styled) if diff else str(path), nl=not diff)
        if not check and not diff:
            _replace(path, styled)
    for problem in problems:
        click.echo(str(problem), err=True)
    unread = len({problem.position.file for problem in problems})
    click.echo(_summary(len(files), len(changed), unread, "would change" if check or diff else "changed"), err=True)
    if problems:
        sys.exit(RULES_INVALID)
    if check and changed:
        sys.exit(UNFORMATTED)


def _files(paths: tuple[Path, ...]) -> tuple[Path, ...]:
    """Each file once: those named, and of folders (not of the folders in them) the rule files and case files."""
    from suppress.rules.folders import RULE_FILE_ENDINGS  # noqa: PLC0415

    def found() -> Iterator[Path]:
        for path in paths:
            if path.is_dir():
                yield from (
                    file
                    for file in sorted(path.iterdir())
                    if file.suffix in RULE_FILE_ENDINGS and not file.name.startswith(".") and file.is_file()
                )
            else:
                yield path

    files = tuple(dict.fromkeys(found()))
    if not files:
        raise click.UsageError(
            f"no rule file in {', '.join(map(str, paths))}. help: add a file NAME.yaml, or name another folder"
        )
    return files


def _default_rules(rules: str | None) -> str:
    from suppress.settings import load_settings  # noqa: PLC0415

    folder = load_settings(rules=rules).rules
    if not Path(folder).exists():
        raise click.UsageError(f"there is no {folder}. help: name the folder of rule files, or make it")
    return folder


def _read(path: Path) -> "tuple[bytes | None, tuple[Problem, ...]]":
    """The bytes of a file, or as many as show that it is too large; None and why when they cannot be read."""
    from suppress.problems import unreadable  # noqa: PLC0415
    from suppress.rules.source import MAX_BYTES  # noqa: PLC0415

    try:
        with path.open("rb") as opened:
            return opened.read(MAX_BYTES + 1), ()
    except OSError as error:
        return None, (unreadable(path, error),)


def _replace(path: Path, text: str) -> None:
    from suppress.cases.files import replace_file  # noqa: PLC0415

    try:
        replace_file(path, text.encode())
    except OSError as error:
        raise click.FileError(str(path), error.strerror or "it cannot be written") from error


def _difference(path: Path, data: bytes, styled: str) -> str:
    import difflib  # noqa: PLC0415

    def lines(text: str) -> list[str]:
        return [f"{line}\n" for line in text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n")]

    before, after = lines(data.decode("utf-8-sig")), lines(styled)
    told = "".join(difflib.unified_diff(before, after, str(path), f"{path} in house style"))
    return told or f"{path}: the line breaks, the mark at its beginning or its end would change\n"


def _summary(files: int, changed: int, unread: int, verb: str) -> str:
    told = [f"{changed} {verb}"] if changed else []
    told += [f"{unread} left alone"] if unread else []
    return f"{'1 file' if files == 1 else f'{files} files'}: {', '.join(told) or 'in house style already'}"

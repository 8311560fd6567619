"""`suppress import`: load files of products, orders, stock, customers, the sent log or feedback into the store."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from suppress.cli.exits import INTERRUPTED, PARTIAL, USAGE
from suppress.cli.options import INSTANT, database_option
from suppress.errors import FactsError
from suppress.facts.instants import to_us
from suppress.facts.snapshot import Source

if TYPE_CHECKING:
    from suppress.intake.reading import ReadOptions
    from suppress.loading import FileResult, Progress


@click.command()
@click.argument("source", type=click.Choice([source.value for source in Source]))
@click.argument(
    "files", metavar="FILE...", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@database_option
@click.option("--map", "maps", multiple=True, metavar="THEIRS=OURS", help="The file's column THEIRS is our OURS.")
@click.option("--fold-case", is_flag=True, help="Upper-case skus and the ids of groups, orders and customers.")
@click.option("--time-zone", metavar="ZONE", help="Read times without a zone in this one, e.g. Europe/Zurich.")
@click.option(
    "--as-of",
    type=INSTANT,
    help="As of when the files are complete; the time of rows without one.  [default: the file's]",
)
@click.option("--encoding", metavar="NAME", help="Encoding of CSV files.  [default: utf-8]")
@click.option(
    "--rejects-dir",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Where FILE.rejects.csv goes.  [default: beside FILE]",
)
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(
    source: str,
    files: tuple[Path, ...],
    database: str | None,
    rejects_dir: Path | None,
    format_: str,
    **reading: Any,
) -> None:
    """Load FILE... (.csv, .tsv, .jsonl, .ndjson, .parquet) into the store. Columns: docs/imports.md.

    Rows that cannot be read go to FILE.rejects.csv, with row number, column and reason; the others are applied, and the
    exit code is 7. Running a file again changes nothing. Of two rows with the same key the newer one wins.
    """
    _check_names(files, rejects_dir)
    options = _options(Source(source), **reading)

    from suppress.cli.import_telling import tell  # noqa: PLC0415
    from suppress.loading import credits_of, file_time_us, import_file  # noqa: PLC0415 - imports the database library
    from suppress.settings import load_settings  # noqa: PLC0415
    from suppress.stores.database import Database  # noqa: PLC0415

    results: list[FileResult] = []
    failed = False
    with Database.open(load_settings(database=database).database) as opened:
        with _progress_bar() as bar:
            for path in files:
                try:
                    file_options = options if reading["as_of"] else replace(options, as_of_us=file_time_us(path))
                    results.append(
                        import_file(
                            opened,
                            Source(source),
                            path,
                            file_options,
                            rejects_folder=rejects_dir,
                            on_progress=bar(path),
                        )
                    )
                except FactsError as error:
                    failed = True
                    click.echo(f"error: {path}: {error}", err=True)
                except KeyboardInterrupt:
                    click.echo(f"interrupted in {path}: what was written stays; run it again to complete it", err=True)
                    sys.exit(INTERRUPTED)
        tell(source, results, credits_of(opened) if source == Source.ORDERS.value and results else None, format_)
    if failed:
        sys.exit(USAGE)
    if any(result.refused for result in results):
        sys.exit(PARTIAL)


def _options(
    source: Source,
    *,
    maps: tuple[str, ...],
    fold_case: bool,
    time_zone: str | None,
    as_of: datetime | None,
    encoding: str | None,
) -> "ReadOptions":
    from suppress.intake.headings import check_mapping  # noqa: PLC0415
    from suppress.intake.reading import ReadOptions  # noqa: PLC0415
    from suppress.intake.rows import FORMS  # noqa: PLC0415

    mapping = _mapping(maps)
    try:
        check_mapping(FORMS[source], mapping)
    except FactsError as error:
        raise click.UsageError(str(error)) from None
    return ReadOptions(
        as_of_us=to_us(as_of) if as_of else 0,
        mapping=mapping,
        zone=_zone(time_zone),
        fold_case=fold_case,
        encoding=encoding,
    )


def _mapping(maps: tuple[str, ...]) -> dict[str, str]:
    mapping: dict[str, str] = {}
    for each in maps:
        theirs, equals, ours = each.rpartition("=")
        if not (equals and theirs.strip() and ours.strip()):
            raise click.UsageError(f'--map "{each}" must be THEIRS=OURS, e.g. --map StockCode=sku')
        if mapping.setdefault(theirs.strip(), ours.strip()) != ours.strip():
            raise click.UsageError(f'--map gives the column "{theirs.strip()}" two names')
    return mapping


def _check_names(files: tuple[Path, ...], folder: Path | None) -> None:
    if len(set(files)) < len(files):
        raise click.UsageError("a file is named twice")
    if folder is not None and len({path.name for path in files}) < len(files):
        raise click.UsageError("two files have the same name: their refused rows would go to one file in --rejects-dir")


def _zone(name: str | None) -> ZoneInfo | None:
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise click.UsageError(f'--time-zone: there is no zone "{name}"; write e.g. Europe/Zurich') from None


def _nothing(_: "Progress") -> None:
    return


@contextmanager
def _progress_bar() -> Iterator[Callable[[Path], Callable[["Progress"], None]]]:
    """A bar with rate and time left on a terminal; nothing when nobody watches."""
    if not sys.stderr.isatty() or os.environ.get("NO_COLOR") or os.environ.get("CI"):
        yield lambda _: _nothing
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn  # noqa: PLC0415
    from rich.progress import Progress as Bars  # noqa: PLC0415

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}% {task.fields[rows]:,} rows {task.fields[rate]:,} rows/s"),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=Console(stderr=True)) as bars:

        def bar(path: Path) -> Callable[["Progress"], None]:
            task = bars.add_task(path.name, total=None, rows=0, rate=0)

            def show(progress: "Progress") -> None:
                elapsed = bars.tasks[task].elapsed or 0
                rate = round(progress.rows / elapsed) if elapsed > 0 else 0
                bars.update(
                    task, total=progress.total_bytes, completed=progress.read_bytes, rows=progress.rows, rate=rate
                )

            return show

        yield bar

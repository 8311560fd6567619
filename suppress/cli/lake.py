"""`suppress lake`: make, refresh, check and describe the columns that scans read."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from suppress.cli.exits import FACTS_STALE_OR_MISSING
from suppress.cli.options import Command, database_option

if TYPE_CHECKING:
    from suppress.stores.lake_rebuild import Written


def lake_options(function: Command) -> Command:
    """`--lake DIR`, `--memory SIZE`, `--threads N`, beside `--database`."""
    function = click.option("--threads", type=click.IntRange(1), metavar="N", help="Threads.  [default: all cores]")(
        function
    )
    function = click.option(
        "--memory", default="1GB", show_default=True, metavar="SIZE", help="Memory for sorting; the rest is spilled."
    )(function)
    return database_option(lake_option(function))


def lake_option(function: Command) -> Command:
    """`--lake DIR`."""
    return click.option(
        "--lake",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="DIR",
        help="The lake's folder.  [default: settings, else beside the database]",
    )(function)


@click.group()
def command() -> None:
    """Keep the columns that scans read up to date with the store."""


@command.command()
@lake_options
def rebuild(database: str | None, lake: Path | None, memory: str, threads: int | None) -> None:
    """Make the lake from the whole store. What was there serves until the new one is complete."""
    from suppress.stores.database import Database  # noqa: PLC0415
    from suppress.stores.lake_files import Limits  # noqa: PLC0415 - imports DuckDB
    from suppress.stores.lake_rebuild import rebuild as rebuild_lake  # noqa: PLC0415

    url, folder = _places(database, lake)
    with Database.open(url) as opened:
        written = rebuild_lake(opened, folder, Limits(memory=memory, threads=threads), progress=_progress())
    _tell(written, "made")


@command.command()
@lake_options
@click.option("--compact", is_flag=True, help="Merge all deltas into the base, so that scans read less. For the night.")
def refresh(database: str | None, lake: Path | None, memory: str, threads: int | None, *, compact: bool) -> None:
    """Take in what was imported since the last time. Made anew where that cannot be told."""
    from suppress.stores.database import Database  # noqa: PLC0415
    from suppress.stores.lake_files import Limits  # noqa: PLC0415 - imports DuckDB
    from suppress.stores.lake_refresh import refresh as refresh_lake  # noqa: PLC0415

    url, folder = _places(database, lake)
    with Database.open(url) as opened:
        limits = Limits(memory=memory, threads=threads)
        written = refresh_lake(opened, folder, limits, progress=_progress(), compact=compact)
    _tell(written, "serves")


@command.command()
@lake_options
def check(database: str | None, lake: Path | None, memory: str, threads: int | None) -> None:
    """Compare every row with the store. Exit 6 when the lake is behind, or differs."""
    from suppress.stores.database import Database  # noqa: PLC0415
    from suppress.stores.lake_check import check as check_lake  # noqa: PLC0415 - imports DuckDB
    from suppress.stores.lake_files import Limits  # noqa: PLC0415

    url, folder = _places(database, lake)
    with Database.open(url) as opened:
        found = check_lake(opened, folder, folder / ".check", Limits(memory=memory, threads=threads))
    if found.behind:
        names = ", ".join(source.value for source in found.behind)
        click.echo(f"the lake is behind the store: {names} were loaded since; run `suppress lake refresh`", err=True)
        sys.exit(FACTS_STALE_OR_MISSING)
    for table in found.tables:
        click.echo(f"{table.name}: {table.lake_rows:,} rows, the store has {table.store_rows:,}")
        if table.differing:
            what = "skus" if table.about == "sku" else "customers"
            first = ", ".join(table.first)
            click.echo(f"{table.name}: {table.differing:,} {what} have other rows in the lake, first {first}", err=True)
    if not found.is_sound:
        click.echo("the lake differs from the store; was either changed by hand? run `suppress lake rebuild`", err=True)
        sys.exit(FACTS_STALE_OR_MISSING)
    click.echo(f"generation {found.generation}: as the store")


@command.command()
@database_option
@lake_option
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
def status(database: str | None, lake: Path | None, format_: str) -> None:
    """Say which generation serves, how many rows it has, and how old each source's facts are."""
    from suppress.facts.instants import from_us  # noqa: PLC0415
    from suppress.stores.lake import open_lake  # noqa: PLC0415 - imports DuckDB

    _, folder = _places(database, lake)
    with open_lake(folder) as opened:
        feeds = {source.value: None if at is None else from_us(at) for source, at in opened.feeds_us.items()}
        rows = dict(opened.manifest["rows"])
        deltas = len(opened.manifest["lines"]) - opened.manifest["base_files"]
        generation = opened.generation
    if format_ == "json":
        told: dict[str, Any] = {"lake": str(folder), "generation": generation, "rows": rows, "deltas": deltas}
        told["feeds"] = {
            name: None if at is None else at.isoformat().replace("+00:00", "Z") for name, at in feeds.items()
        }
        click.echo(json.dumps(told, indent=2))
        return
    now = datetime.now(UTC)
    click.echo(f"lake: {folder}, generation {generation}")
    for name, count in sorted(rows.items()):
        click.echo(f"{name}: {count:,} rows")
    click.echo(f"deltas: {deltas}")
    for name, at in feeds.items():
        said = "never loaded" if at is None else f"complete as of {at:%Y-%m-%d %H:%M:%S} UTC, {_age(now - at)} ago"
        click.echo(f"facts of {name}: {said}")


def _places(database: str | None, lake: Path | None) -> tuple[str, Path]:
    from suppress.settings import load_settings  # noqa: PLC0415
    from suppress.stores.lake import lake_path  # noqa: PLC0415 - imports DuckDB

    settings = load_settings(database=database, lake=None if lake is None else str(lake))
    return settings.database, lake_path(settings.database, settings.lake)


def _progress() -> Any:
    if not sys.stderr.isatty():
        return None
    return lambda what, rows: click.echo(f"\r{what}: {rows:,} rows   ", err=True, nl=False)


def _tell(written: "Written", verb: str) -> None:
    if sys.stderr.isatty():
        click.echo("", err=True)
    rows = ", ".join(f"{count:,} {name}" for name, count in written.rows.items())
    click.echo(f"generation {written.generation.number} {verb}: {rows}")


def _age(age: Any) -> str:
    seconds = max(0, int(age.total_seconds()))
    for unit, size in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} seconds"

"""`suppress log`: prove that the decision log is as it was written, and take out what is old."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from suppress.cli.exits import LOG_ALTERED, PARTIAL
from suppress.cli.options import database_option

if TYPE_CHECKING:
    from suppress.decisions.record import Fault, Link
    from suppress.settings import Settings
    from suppress.stores.decision_log import DecisionLog


@click.group()
def command() -> None:
    """Verify the decision log, and take out what is old."""


@command.command()
@click.argument("path", required=False, type=click.Path(file_okay=False, path_type=Path), metavar="[PATH]")
@database_option
def verify(path: Path | None, database: str | None) -> None:
    """Name the first altered record of every chain, in the files and in the table; or in the folder PATH alone.

    A record that was changed, dropped, added, repeated or moved is found by the hashes of its chain; one that was cut
    off at the end by the chain's anchor, and by the table. Exit 10 when something was altered.
    """
    from suppress.errors import StoreError  # noqa: PLC0415
    from suppress.settings import load_settings  # noqa: PLC0415

    settings = load_settings(database=database)
    faults = 0
    heads: dict[str, Link] = {}
    if path is None:
        try:
            with _table(settings) as table:
                heads = table.heads()
                faults += _tell("table", table.verify())
        except StoreError as error:
            if not settings.log_dir:
                raise
            click.echo(f"warning: only the files are verified: {error}", err=True)
    if path is not None or settings.log_dir:
        faults += _verify_files(path or Path(settings.log_dir), heads)
    if faults:
        sys.exit(LOG_ALTERED)


@command.command()
@click.option("--keep-days", type=click.IntRange(1, 36_500), metavar="DAYS", help="[default: settings, else 90]")
@database_option
def prune(keep_days: int | None, database: str | None) -> None:
    """Take out decisions older than the log is kept, from the table and whole files; what is left still verifies.

    Exit 7 when a damaged file had to be left.
    """
    from datetime import UTC, datetime, timedelta  # noqa: PLC0415

    from suppress.facts.instants import to_us  # noqa: PLC0415
    from suppress.ledger.prune import prune_folder  # noqa: PLC0415
    from suppress.ledger.tidying import close_abandoned  # noqa: PLC0415
    from suppress.reports.words import counted  # noqa: PLC0415
    from suppress.settings import load_settings  # noqa: PLC0415

    settings = load_settings(database=database)
    days = keep_days or settings.log_keep_days
    before_us = to_us(datetime.now(UTC) - timedelta(days=days))
    age = counted(days, "day")
    left: list[str] = []
    if settings.log_dir and Path(settings.log_dir).is_dir():
        close_abandoned(Path(settings.log_dir))
        pruned = prune_folder(Path(settings.log_dir), before_us)
        left = pruned.left
        click.echo(f"files: {_decisions(pruned.lines)} in {counted(pruned.files, 'file')} older than {age} taken out")
    with _table(settings) as table:
        click.echo(f"table: {_decisions(table.prune(before_us))} older than {age} taken out")
    for told in left:
        click.echo(f"left as it is, `suppress log verify` says more: {told}", err=True)
    if left:
        sys.exit(PARTIAL)


def _verify_files(folder: Path, heads: "dict[str, Link]") -> int:
    from suppress.ledger.folder import fault_beside, verify_folder  # noqa: PLC0415

    def compared() -> "Iterator[Link | Fault]":
        for verified in verify_folder(folder):
            if verified.unfinished_bytes:
                writer = verified.start.writer
                click.echo(f"{writer} ends with a line that is being written, or never was to its end", err=True)
            head = heads.get(verified.start.writer)
            yield (fault_beside(folder, verified, head) if head else None) or verified.found

    return _tell(str(folder), compared())


def _tell(what: str, chains: "Iterator[Link | Fault]") -> int:
    from suppress.decisions.record import Fault  # noqa: PLC0415

    count = faults = lines = 0
    for found in chains:
        count += 1
        if isinstance(found, Fault):
            faults += 1
            named = f" (decision {found.decision_id})" if found.decision_id else ""
            click.echo(f"{what}: record {found.seq} of {found.writer}{named} {found.what}")
        else:
            lines += found.seq
    click.echo(f"{what}: {count - faults:,} of {count:,} chains are as they were written, {_decisions(lines)}")
    return faults


def _decisions(count: int) -> str:
    from suppress.reports.words import counted  # noqa: PLC0415

    return counted(count, "decision")


@contextmanager
def _table(settings: "Settings") -> "Iterator[DecisionLog]":
    from suppress.stores.database import Database  # noqa: PLC0415 - imports the database library
    from suppress.stores.decision_log import DecisionLog  # noqa: PLC0415

    with Database.open(settings.database) as opened:
        yield DecisionLog(opened)

"""`suppress db`: bring the database to the schema this version needs, and say whether it is there."""

import sys

import click

from suppress.cli.exits import FACTS_STALE_OR_MISSING
from suppress.cli.options import database_option


@click.group()
def command() -> None:
    """Create, upgrade and check the database."""


@command.command()
@database_option
def upgrade(database: str | None) -> None:
    """Create the tables, or bring them to the newest revision. Safe to repeat."""
    from suppress.settings import load_settings  # noqa: PLC0415
    from suppress.stores.database import Database  # noqa: PLC0415 - imports the database library
    from suppress.stores.schema import upgrade as upgrade_schema  # noqa: PLC0415

    with Database.open(load_settings(database=database).database, require_schema=False) as opened:
        before = upgrade_schema(opened)
        shown = opened.shown_url
    if before.is_current:
        click.echo(f"{shown} is at revision {before.head} already; nothing to do")
    else:
        click.echo(f"{shown} upgraded from {before.current or 'nothing'} to revision {before.head}")


@command.command()
@database_option
def check(database: str | None) -> None:
    """Say which revision the database is at, and whether its tables are as they should be. Exit 6 when not."""
    from suppress.settings import load_settings  # noqa: PLC0415
    from suppress.stores.database import UPGRADE_HELP, Database  # noqa: PLC0415 - imports the database library
    from suppress.stores.schema import check as check_schema  # noqa: PLC0415

    with Database.open(load_settings(database=database).database, require_schema=False) as opened:
        found = check_schema(opened)
        shown = opened.shown_url
    click.echo(f"database: {shown}")
    click.echo(f"revision: {found.state.current or 'none'} (this version needs {found.state.head})")
    for line in found.drift:
        click.echo(f"drift: {line}")
    if found.is_sound:
        click.echo("tables: as they should be")
        return
    if found.drift:
        click.echo("the tables differ from what this version declares; was the database changed by hand?", err=True)
    else:
        click.echo(f"the database is not at the revision this version needs; {UPGRADE_HELP}", err=True)
    sys.exit(FACTS_STALE_OR_MISSING)

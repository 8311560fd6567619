"""`suppress release`: give back the stock a campaign has reserved."""

import click

from suppress.cli.options import database_option


@click.command()
@click.argument("campaign")
@database_option
def command(campaign: str, database: str | None) -> None:
    """Free every place in messages that CAMPAIGN holds of items whose stock is shared out.

    For a campaign that was called off, or sent. Other campaigns may use the stock at once.
    """
    from suppress.reports.words import counted  # noqa: PLC0415
    from suppress.service import release  # noqa: PLC0415 - imports the database library
    from suppress.settings import load_settings  # noqa: PLC0415

    freed = release(load_settings(database=database).database, campaign)
    if freed.places:
        click.echo(f"{campaign}: {counted(freed.places, 'place')} in {counted(freed.messages, 'message')} released")
    else:
        click.echo(f"{campaign}: nothing was reserved")

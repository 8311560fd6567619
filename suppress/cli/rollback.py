"""`suppress rollback`: an older version of a ruleset is published anew, and decides from then on."""

from datetime import UTC, datetime

import click

from suppress.cli.options import database_option
from suppress.cli.publish_options import author_of, author_option, format_option, message_option, tell_published


@click.command()
@click.argument("ruleset", metavar="RULESET")
@click.argument("number", type=click.IntRange(1), metavar="NUMBER")
@message_option
@author_option
@format_option
@database_option
def command(ruleset: str, number: int, message: str, author: str | None, format_: str, database: str | None) -> None:
    """Publish version NUMBER of RULESET anew, as the next version. No version is ever taken away.

    It is linted and its cases are played as for any publication. `suppress versions RULESET` lists what there is.
    """
    from suppress.facts.instants import to_us  # noqa: PLC0415
    from suppress.publishing import rollback  # noqa: PLC0415
    from suppress.settings import load_settings  # noqa: PLC0415
    from suppress.stores.database import Database  # noqa: PLC0415
    from suppress.stores.versions import Versions  # noqa: PLC0415

    with Database.open(load_settings(database=database).database) as opened:
        published = rollback(
            Versions(opened),
            ruleset,
            number,
            author=author_of(author),
            message=message,
            now_us=to_us(datetime.now(UTC)),
        )
    tell_published(published, format_)

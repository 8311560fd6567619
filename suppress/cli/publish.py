"""`suppress publish`: rule files become the next numbered version of a ruleset, which decides from then on."""

from datetime import UTC, datetime
from pathlib import Path

import click

from suppress.cli.options import database_option, rules_option, ruleset_option
from suppress.cli.publish_options import author_option, format_option, message_option, tell_published


@click.command()
@message_option
@author_option
@click.option(
    "--expect", type=click.IntRange(0), metavar="NUMBER",
    help="Refuse unless this is the newest version; 0 = there is none.  [default: any]",
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Lint, play the cases and plan; publish nothing.")
@format_option
@database_option
@rules_option
@ruleset_option
def command(
    message: str, author: str | None, expect: int | None, dry_run: bool, format_: str, **settings: str | None
) -> None:
    """Publish the rules of a folder as the next version of a ruleset, with all it uses and its cases.

    Lints the rules and plays their cases first; publishes nothing where one fails. Prints what changes against the
    version before, tried on the messages of the cases. Exit 3 when rules are invalid, 4 when cases fail. Where the
    newest version is these very files already, nothing is published, and that is no error.
    """
    from suppress.cli.publish_options import author_of, tell_plan  # noqa: PLC0415
    from suppress.facts.instants import to_us  # noqa: PLC0415
    from suppress.publishing import draft, plan, publish  # noqa: PLC0415
    from suppress.settings import load_settings  # noqa: PLC0415
    from suppress.stores.database import Database  # noqa: PLC0415
    from suppress.stores.versions import ANYTHING, Versions  # noqa: PLC0415

    chosen = load_settings(**settings)
    now_us = to_us(datetime.now(UTC))
    with Database.open(chosen.database) as database:
        versions = Versions(database)
        if dry_run:
            drafted = draft(Path(chosen.rules), ruleset=chosen.ruleset, now_us=now_us)
            tell_plan(drafted, plan(versions, drafted), format_)
            return
        published = publish(
            versions,
            Path(chosen.rules),
            ruleset=chosen.ruleset,
            author=author_of(author),
            message=message,
            now_us=now_us,
            expected=ANYTHING if expect is None else expect or None,
        )
    tell_published(published, format_)

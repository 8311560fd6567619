"""`suppress explain`: tell decisions back in words, those of a file or one of the decision log."""

import json
import re
import sys
from pathlib import Path
from typing import Any, Final

import click

from suppress.cli.exits import LOG_ALTERED
from suppress.cli.options import database_option, rules_option
from suppress.cli.telling import long

_DECISION_ID: Final = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")


@click.command()
@click.argument("what", metavar="DECISION_ID|FILE|-")
@database_option
@rules_option
def command(what: str, database: str | None, rules: str | None) -> None:
    """Tell a decision of the log, by its id, or those in FILE, `-` for stdin.

    FILE holds what `suppress check --format json` or `jsonl` printed. Says what was seen, which sentence decided, and
    when an item could be shown again. From a file it needs no database and no rules: everything is in the decision.
    From the log, rules give the sentences back, and the customer is the hash the log knows. Exit 10 when the record was
    altered.
    """
    if _DECISION_ID.fullmatch(what) and not Path(what).exists():
        from suppress.cli.explain_logged import logged_decision  # noqa: PLC0415
        from suppress.settings import load_settings  # noqa: PLC0415

        told, is_sound = logged_decision(what, load_settings(database=database, rules=rules))
        click.echo(long(told))
        if not is_sound:
            sys.exit(LOG_ALTERED)
        return
    try:
        with click.open_file(what, "rb") as file:
            data = file.read()
    except OSError as error:
        raise click.UsageError(
            f"'{what}': {error.strerror}. help: give a decision's id, a file, or - for what is piped in"
        ) from None
    for number, decision in enumerate(_decisions(data)):
        if number:
            click.echo()
        click.echo(long(decision))


def _decisions(data: bytes) -> list[dict[str, Any]]:
    try:
        text = data.decode("utf-8-sig")
        try:
            found = json.loads(text)
        except json.JSONDecodeError:
            found = [json.loads(line) for line in text.splitlines() if line.strip()]
    except (ValueError, RecursionError):
        raise click.ClickException(
            "this is not JSON. help: pipe in what `suppress check --format json` prints"
        ) from None
    decisions = found if isinstance(found, list) else [found]
    for decision in decisions:
        if not isinstance(decision, dict) or not {"verdict", "items", "decision_id"} <= decision.keys():
            raise click.ClickException(
                "this is not a decision. help: run `suppress check FILE --format json` first and pipe its output in"
            )
    return decisions

"""`suppress check`: decide messages from a file or stdin."""

import sys
from collections.abc import Iterator
from datetime import datetime
from typing import Any, BinaryIO

import click

from suppress.cli.exits import PARTIAL, SUPPRESSED
from suppress.cli.options import INSTANT, database_option, rules_option, ruleset_option
from suppress.facts.message import Message


@click.command()
@click.argument("file", type=click.File("rb"), metavar="FILE|-")
@click.option(
    "--format", "format_", type=click.Choice(["text", "json", "jsonl"]), default="text", show_default=True,
    help="text for people; json: one indented decision (a list when there are many); jsonl: one per line.",
)  # fmt: skip
@click.option("--as-of", type=INSTANT, help="Decide as of this time.  [default: the message's send_at, else now]")
@click.option("--fail-on-suppress", is_flag=True, help="Exit 5 when a message is suppressed.")
@click.option("--no-reserve", is_flag=True, help="Look at what is left of shared stock, and take nothing of it.")
@click.option("--engine", type=click.Choice(["durable", "reference"]), default="durable", show_default=True)
@database_option
@rules_option
@ruleset_option
def command(  # noqa: PLR0913, PLR0917
    file: BinaryIO,
    format_: str,
    as_of: datetime | None,
    fail_on_suppress: bool,
    no_reserve: bool,
    engine: str,
    database: str | None,
    rules: str | None,
    ruleset: str | None,
) -> None:
    """Decide the messages in FILE (one JSON message, or one per line), `-` for stdin.

    A message that cannot be read is reported on stderr and leaves exit code 7; the others are decided.
    """
    from suppress.service import open_gate  # noqa: PLC0415 - imports the database library
    from suppress.settings import load_settings  # noqa: PLC0415

    settings = load_settings(database=database, rules=rules, ruleset=ruleset)
    refused: list[str] = []
    silenced = False
    decisions: list[dict[str, Any]] = []
    hours = settings.reserve_hours
    with open_gate(
        settings.database, settings.rules, ruleset=settings.ruleset, engine=engine, reserve_hours=hours
    ) as gate:
        for decision in gate.check_many(_readable(file, refused), as_of=as_of, reserve=not no_reserve):
            told = decision.to_dict()
            silenced = silenced or told["verdict"] == "suppress"
            if format_ == "json":
                decisions.append(told)
            else:
                click.echo(_line(told, format_))
        if gate.engine_faults:
            click.echo(f"warning: the reference engine had to answer {gate.engine_faults} times", err=True)
    if format_ == "json":
        click.echo(_json(decisions[0] if len(decisions) == 1 else decisions, indent=True))
    if refused:
        sys.exit(PARTIAL)
    if fail_on_suppress and silenced:
        sys.exit(SUPPRESSED)


def _readable(file: BinaryIO, refused: list[str]) -> Iterator[Message]:
    from suppress.intake.messages import read_messages  # noqa: PLC0415

    for message in read_messages(file):
        if isinstance(message, Message):
            yield message
        else:
            refused.append(str(message))
            click.echo(f"refused: {message}", err=True)


def _line(told: dict[str, Any], format_: str) -> str:
    from suppress.cli.telling import short  # noqa: PLC0415

    return _json(told) if format_ == "jsonl" else short(told)


def _json(value: object, *, indent: bool = False) -> str:
    import orjson  # noqa: PLC0415

    return orjson.dumps(value, option=orjson.OPT_INDENT_2 if indent else 0).decode()

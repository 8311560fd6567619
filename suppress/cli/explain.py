"""`suppress explain`: tell decisions back in words."""

import json
from typing import Any, BinaryIO

import click

from suppress.cli.telling import long


@click.command()
@click.argument("file", type=click.File("rb"), metavar="FILE|-")
def command(file: BinaryIO) -> None:
    """Tell the decisions in FILE (as `suppress check --format json` or `jsonl` printed them), `-` for stdin.

    Says what was seen, which sentence decided, and when an item could be shown again. Needs no database and no rules:
    everything is in the decision.
    """
    for number, decision in enumerate(_decisions(file.read())):
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

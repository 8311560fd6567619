"""The options every command shares, and the settings behind them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import click

from suppress.errors import FactsError
from suppress.facts.instants import to_us

Command = Callable[..., Any]


def database_option(function: Command) -> Command:
    """`--database URL`."""
    return click.option("--database", metavar="URL", help="Database.  [default: settings, else sqlite:///suppress.db]")(
        function
    )


def rules_option(function: Command) -> Command:
    """`--rules DIR`."""
    return click.option("--rules", metavar="DIR", help="Folder or file of rules.  [default: settings, else rulesets]")(
        function
    )


def ruleset_option(function: Command) -> Command:
    """`--ruleset NAME`."""
    return click.option(
        "--ruleset", metavar="NAME", help="Which ruleset decides.  [default: the only one, else retail-default]"
    )(function)


def with_both(command: click.Command) -> click.Command:
    """The command with `--database` and `--rules`, so that one set of flags fits every command.

    A command that has no use for one of them takes it and leaves it alone. Groups pass it to their commands.
    """
    if isinstance(command, click.Group):
        for each in command.commands.values():
            with_both(each)
        if not command.invoke_without_command:
            return command
    present = {parameter.name for parameter in command.params}
    for name, metavar in (("database", "URL"), ("rules", "DIR")):
        if name not in present:
            command.params.append(
                click.Option(
                    [f"--{name}"], metavar=metavar, expose_value=False, help="Not needed here; taken for uniformity."
                )
            )
    return command


class InstantType(click.ParamType[datetime]):
    """An RFC 3339 time with a zone."""

    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The aware datetime, or a usage error that says what to write."""
        if isinstance(value, datetime):
            return value
        try:
            at = datetime.fromisoformat(value)
            to_us(at)
        except ValueError:
            self.fail(f'"{value}" is not a time; write e.g. 2026-11-22T09:00:00Z', param, ctx)
        except FactsError as error:
            self.fail(str(error), param, ctx)
        return at


INSTANT = InstantType()

"""The command line: `suppress COMMAND`. Each command lives in its own module, imported only when it is called.

stdout is data, stderr is for people. Exit codes are in `exits.py`.
"""

import importlib
import os
import sys
from typing import Final

import click

from suppress.cli.exits import (
    CASES_FAILED,
    FACTS_STALE_OR_MISSING,
    INTERRUPTED,
    MAX_SHARE_PASSED,
    OK,
    RULES_INVALID,
    UNEXPECTED,
    USAGE,
)
from suppress.cli.options import with_both
from suppress.errors import (
    CasesFailedError,
    FactsError,
    RulesetError,
    SettingsError,
    ShareError,
    StaleFactsError,
    StoreError,
    SuppressError,
    VersionError,
)

COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "check": ("suppress.cli.check", "Decide messages: what to show, whether to send, and why."),
    "db": ("suppress.cli.db", "Make or check the database schema."),
    "doctor": ("suppress.cli.doctor", "Say what is wrong with an installation, and what to do."),
    "explain": ("suppress.cli.explain", "Tell decisions back in words, from a file or from the log."),
    "fmt": ("suppress.cli.fmt", "Put rule files and case files into house style."),
    "import": ("suppress.cli.import_", "Load products, orders, stock, customers, sent log or feedback."),
    "init": ("suppress.cli.init", "Make a starter project: rules, cases, editor settings, checks."),
    "keys": ("suppress.cli.keys", "Make, list and revoke the API keys of the service."),
    "lake": ("suppress.cli.lake", "Keep the columns that scans read up to date with the store."),
    "lint": ("suppress.cli.lint", "Find every mistake in rule files."),
    "log": ("suppress.cli.log", "Verify the decision log, and take out what is old."),
    "plan": ("suppress.cli.plan", "Tell what a change of rules would do, tried on real messages."),
    "publish": ("suppress.cli.publish", "Publish rules as the next version, once lint and cases pass."),
    "release": ("suppress.cli.release", "Give back the stock a campaign has reserved."),
    "rollback": ("suppress.cli.rollback", "Publish an older version of rules anew."),
    "rules": ("suppress.cli.rules", "Print every rule as a sentence."),
    "runs": ("suppress.cli.runs", "List the scans that schedules ran or will run."),
    "scan": ("suppress.cli.scan", "Decide whole campaigns before they are sent, and report."),
    "scheduler": ("suppress.cli.scheduler", "Run the scans of schedules.yaml when they are due."),
    "schema": ("suppress.cli.schema", "Print the JSON schema of rule files, for editors."),
    "serve": ("suppress.cli.serve", "Answer checks over HTTP."),
    "test": ("suppress.cli.test", "Play the case files beside the rules on every engine."),
    "versions": ("suppress.cli.versions", "List what was published, by whom, when and why."),
}

_EXITS: Final = {
    RulesetError: RULES_INVALID,
    CasesFailedError: CASES_FAILED,
    VersionError: USAGE,
    SettingsError: USAGE,
    StoreError: FACTS_STALE_OR_MISSING,
    StaleFactsError: FACTS_STALE_OR_MISSING,
    FactsError: USAGE,
    ShareError: MAX_SHARE_PASSED,
}


class LazyGroup(click.Group):
    """A group that imports a command's module when the command is called, so that `--help` stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in alphabetical order."""
        del ctx
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported now."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(COMMANDS[cmd_name][0]).command
        return with_both(command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands for `--help`, without importing any."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in sorted(COMMANDS.items())])


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="suppress")
def cli() -> None:
    """Check messages against what customers bought and what the shop can deliver, before they are sent."""


def main() -> None:
    """Run the command line and leave with its exit code; nobody is shown a traceback for what a user did."""
    try:
        sys.exit(cli.main(standalone_mode=False) or OK)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.exceptions.Abort, KeyboardInterrupt):
        _say("interrupted; what was committed stays")
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(OK)
    except SuppressError as error:
        _say(str(error))
        sys.exit(next((code for kind, code in _EXITS.items() if isinstance(error, kind)), UNEXPECTED))
    except Exception as error:
        if os.environ.get("SUPPRESS_DEBUG"):
            raise
        _say(f"unexpected error: {type(error).__name__}: {error}. help: SUPPRESS_DEBUG=1 shows where it happened")
        sys.exit(UNEXPECTED)


def _say(text: str) -> None:
    click.echo(f"suppress: {text}", err=True)

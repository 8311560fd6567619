"""`suppress serve`: the checks over HTTP."""

import ipaddress
import os
import socket
from pathlib import Path
from typing import Any

import click

from suppress.cli.options import database_option, rules_option, ruleset_option


def _proxies(ctx: click.Context, param: click.Parameter, value: str) -> str:
    """Addresses and networks with commas between them, or `*` for everybody; without spaces.

    The server takes what it cannot read for the name of a socket, and then trusts nobody without a word.
    """
    named = [one.strip() for one in value.split(",")]
    for one in named if named != ["*"] else ():
        try:
            ipaddress.ip_network(one)
        except ValueError as error:
            raise click.BadParameter(
                f"{error}. help: write 10.0.0.7, 10.0.0.0/8, several with commas, or * alone", ctx, param
            ) from None
    return ",".join(named)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 = all.")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True)
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes.")
@click.option(
    "--rules-from", type=click.Choice(["auto", "published", "folder"]), default="auto", show_default=True,
    help="Which rules decide: those published, or those of --rules as they are saved; auto: published, if any are.",
)  # fmt: skip
@click.option(
    "--rate", type=click.IntRange(1), default=10_000, show_default=True,
    help="Requests a second one key may make of one worker; a message of a batch counts as one.",
)  # fmt: skip
@click.option("--burst", type=click.IntRange(1), default=20_000, show_default=True, help="How many of them at once.")
@click.option(
    "--on-log-failure", type=click.Choice(["answer", "refuse"]),
    help="What becomes of an answer whose decision cannot be logged: given and counted, or 503."
    "  [default: settings, else answer]",
)  # fmt: skip
@click.option("--log-format", type=click.Choice(["json", "text"]), default="json", show_default=True)
@click.option("--log-requests/--no-log-requests", default=True, show_default=True, help="A line for each request.")
@click.option(
    "--trusted-proxies", callback=_proxies, default="127.0.0.1", show_default=True, metavar="IP,...",
    help="Whose X-Forwarded-For is believed, for locking out who tries keys: addresses, networks (10.0.0.0/8), or *.",
)  # fmt: skip
@database_option
@rules_option
@ruleset_option
def command(host: str, port: int, workers: int, **flags: Any) -> None:
    """Answer checks over HTTP until stopped; see /docs there. `suppress keys create` makes the keys callers need.

    New rules take over while it runs; when they cannot be used, the last good ones go on deciding. Stopped, it answers
    what is under way and writes the decision log out.
    """
    try:
        from suppress.web.metrics import FOLDER_VARIABLE  # noqa: PLC0415
        from suppress.web.serve import ServeOptions, rules_told, serve  # noqa: PLC0415
        from suppress.web.worker import WorkerOptions  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "suppress":
            raise
        raise click.UsageError(
            f'{error.name} is not installed; "pip install suppress[service]" brings what the service needs'
        ) from None
    from suppress.settings import load_settings  # noqa: PLC0415

    own = {name: flags.pop(name) for name in ("log_format", "log_requests", "trusted_proxies")}
    of_worker = {name: flags.pop(name) for name in ("rules_from", "rate", "burst")}
    worker = WorkerOptions(settings=load_settings(**flags), **of_worker)
    _refuse_folder_that_is_none(FOLDER_VARIABLE)
    told = rules_told(worker)
    _refuse_address_nobody_can_have(host, port)
    click.echo(f"suppress: {told} decides; listening on http://{host}:{port}", err=True)
    serve(ServeOptions(worker=worker, host=host, port=port, workers=workers, **own))


def _refuse_folder_that_is_none(variable: str) -> None:
    """The folder in which workers share their figures, where the environment names one."""
    named = os.environ.get(variable)
    if not named or (Path(named).is_dir() and os.access(named, os.W_OK | os.X_OK)):
        return
    why = "cannot be written to" if Path(named).is_dir() else "is a file" if Path(named).exists() else "is not there"
    raise click.UsageError(
        f"{variable} names the folder in which workers share their figures, and {named} {why}. help: name an empty "
        f"folder that can be written to, or unset {variable}: then one is made"
    )


def _refuse_address_nobody_can_have(host: str, port: int) -> None:
    """A port that is taken, or a host that is not here, is told at once and in a sentence."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except (OSError, UnicodeError) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise click.UsageError(
                f"nothing can listen on {host}:{port}: {why.lower()}. help: name another with --host or --port, "
                "or end what listens there"
            ) from None

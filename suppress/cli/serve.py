"""`suppress serve`: the checks over HTTP."""

import socket
from typing import Any

import click

from suppress.cli.options import database_option, rules_option, ruleset_option


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
    "--trusted-proxies", default="127.0.0.1", show_default=True, metavar="IP,...",
    help="Whose X-Forwarded-For is believed, for locking out who tries keys.",
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
    told = rules_told(worker)
    _refuse_address_nobody_can_have(host, port)
    click.echo(f"suppress: {told} decides; listening on http://{host}:{port}", err=True)
    serve(ServeOptions(worker=worker, host=host, port=port, workers=workers, **own))


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

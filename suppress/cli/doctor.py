"""`suppress doctor`: say what is wrong with an installation, and what to do about it. It changes nothing."""

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from suppress.cli.exits import OK, UNEXPECTED
from suppress.cli.options import database_option, rules_option, ruleset_option
from suppress.errors import SettingsError, StoreError

if TYPE_CHECKING:
    from suppress.cli.doctor_findings import Finding
    from suppress.settings import Settings
    from suppress.stores.database import Database

LIVE_URL: Final = "http://127.0.0.1:8080"
LIVE_TIMEOUT_S: Final = 4.0


@click.command()
@click.option(
    "--live", is_flag=False, flag_value=LIVE_URL, metavar="[URL]",
    help=f"Only ask a running service whether it can decide (/readyz): exit 0, or 1.  [URL: {LIVE_URL}]",
)  # fmt: skip
@click.option("--format", "format_", type=click.Choice(("text", "json")), default="text", show_default=True)
@database_option
@rules_option
@ruleset_option
def command(live: str | None, format_: str, **flags: str | None) -> None:
    """Look at everything an installation needs; tell for each thing ok, warning or wrong, and what to do.

    Warnings leave 0. Exit 3 when rules are wrong, 6 when database, schema or facts are, 2 for settings, else 1: that of
    the first thing that is wrong. --live is the health check of a container.
    """
    if live is not None:
        sys.exit(_live(live))
    from suppress.cli.doctor_findings import Level, as_json, exit_code, told  # noqa: PLC0415

    findings = list(_findings(flags))
    click.echo(as_json(findings) if format_ == "json" else told(findings))
    count = {level: sum(finding.level is level for finding in findings) for level in Level}
    click.echo(
        f"{len(findings)} things looked at: {count[Level.WRONG]} wrong, {count[Level.WARNING]} to know of", err=True
    )
    sys.exit(exit_code(findings))


def _live(url: str) -> int:
    """Whether the service there says it is ready; what it says otherwise goes to stderr."""
    from urllib.error import HTTPError, URLError  # noqa: PLC0415
    from urllib.parse import urlsplit  # noqa: PLC0415
    from urllib.request import urlopen  # noqa: PLC0415

    try:
        is_address = urlsplit(url).scheme in {"http", "https"} and bool(urlsplit(url).hostname)
    except ValueError:
        is_address = False
    if not is_address:
        raise click.UsageError(f'"{url}" is no address; write e.g. {LIVE_URL}')
    try:
        with urlopen(f"{url.rstrip('/')}/readyz", timeout=LIVE_TIMEOUT_S):  # noqa: S310 - the scheme was looked at
            click.echo("ready")
            return OK
    except HTTPError as error:
        click.echo(f"not ready: {_detail(error.read()) or f'it answers {error.code}'}", err=True)
    except (URLError, OSError) as error:
        click.echo(f"{url} does not answer: {getattr(error, 'reason', error)}", err=True)
    return UNEXPECTED


def _detail(body: bytes) -> str | None:
    try:
        problem = json.loads(body)
    except ValueError:
        return None
    return problem.get("detail") if isinstance(problem, dict) else None


def _findings(flags: dict[str, str | None]) -> "Iterator[Finding]":
    """Everything that was looked at. What another thing's fault keeps from being seen is left out."""
    from suppress.cli import doctor_machine, doctor_store  # noqa: PLC0415 - not needed for --live
    from suppress.cli.doctor_findings import Level  # noqa: PLC0415
    from suppress.settings import load_settings  # noqa: PLC0415

    yield doctor_machine.python()
    yield from doctor_machine.libraries()
    try:
        settings = load_settings(**flags)
        yield doctor_machine.settings_file()
    except SettingsError as error:
        yield doctor_machine.unreadable_settings(error)
        return
    yield doctor_store.sqlite_library(settings.database)
    trouble, database = doctor_store.opened(settings)
    if database is None:
        yield from [trouble] if trouble else []
        yield from _without_database(settings)
        return
    with database:
        looked = list(doctor_store.schema(database))
        yield from looked
        if any(each.level is Level.WRONG for each in looked):
            yield from _without_database(settings)
            return
        try:
            yield from _with_database(settings, database)
        except StoreError as error:
            yield doctor_store.gone(error)


def _with_database(settings: "Settings", database: "Database") -> "Iterator[Finding]":
    from suppress.cli import doctor_store  # noqa: PLC0415
    from suppress.facts.instants import to_us  # noqa: PLC0415

    now_us = to_us(datetime.now(UTC))
    told, published = doctor_store.published_rules(database, settings)
    yield told
    told, folder = doctor_store.folder_rules(settings, published)
    yield told
    decides = published or folder
    if decides is not None:
        yield doctor_store.outage_policy(decides)
        yield from doctor_store.facts(database, decides, now_us)
    yield doctor_store.keys(database, now_us)
    yield from _log(settings)
    if settings.log_dir and Path(settings.log_dir).is_dir():
        yield doctor_store.log_table(database, Path(settings.log_dir), now_us)
    yield doctor_store.lake(database, settings)
    yield from doctor_store.scheduler(database, now_us)


def _without_database(settings: "Settings") -> "Iterator[Finding]":
    from suppress.cli import doctor_store  # noqa: PLC0415

    told, folder = doctor_store.folder_rules(settings, None)
    yield told
    if folder is not None:
        yield doctor_store.outage_policy(folder)
    yield from _log(settings)


def _log(settings: "Settings") -> "Iterator[Finding]":
    from suppress.cli import doctor_machine  # noqa: PLC0415
    from suppress.ledger.opening import key_path  # noqa: PLC0415

    folder = Path(settings.log_dir) if settings.log_dir else None
    if folder is not None:
        yield doctor_machine.log_folder(folder)
    if settings.log_customers == "hashed":
        has_records = folder is not None and next(folder.glob("*.jsonl"), None) is not None
        yield doctor_machine.log_key(key_path(settings), has_records=has_records)

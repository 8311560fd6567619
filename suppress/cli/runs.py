"""`suppress runs`: the scans that were due, what became of them, and when the next are."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from suppress.cli.options import database_option
from suppress.problems import did_you_mean

if TYPE_CHECKING:
    from suppress.stores.runs import Run, RunStore

_KNOWN_IDS = 1_000


def _format_option(*formats: str) -> "Callable[[Callable[..., None]], Callable[..., None]]":
    return click.option("--format", "format_", type=click.Choice(formats), default="text", show_default=True)


@click.group(invoke_without_command=True)
@click.option("--schedule", metavar="NAME", help="Only runs of this schedule.")
@click.option(
    "--state", type=click.Choice(["waiting", "running", "done", "failed", "missed"]), help="Only runs in this state."
)
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="How many runs, the latest first.")
@_format_option("text", "json", "jsonl")
@database_option
@click.pass_context
def command(
    ctx: click.Context, schedule: str | None, state: str | None, limit: int, format_: str, database: str | None
) -> None:
    """List the scans of schedules: state, counts, how long they took, and when the next are due."""
    ctx.obj = database
    if ctx.invoked_subcommand is not None:
        return
    from suppress.cli.runs_telling import as_data, next_as_data, table  # noqa: PLC0415

    with _store(database) as store:
        now_us = _now_us(store)
        runs = store.runs(schedule=schedule, state=state, limit=limit)
        upcoming = [scan for scan in store.upcoming() if schedule in {None, scan.schedule}]
    if format_ == "json":
        data = {
            "runs": [as_data(run, now_us) for run in runs],
            "next": [next_as_data(scan) for scan in upcoming if scan.slot_us is not None],
        }
        click.echo(json.dumps(data, indent=2, ensure_ascii=False))
    elif format_ == "jsonl":
        for run in runs:
            click.echo(json.dumps(as_data(run, now_us), ensure_ascii=False))
    else:
        for line in table(runs, upcoming, now_us):
            click.echo(line)


@command.command()
@click.argument("run_id", metavar="ID")
@_format_option("text", "json")
@database_option
@click.pass_obj
def show(of_group: str | None, run_id: str, format_: str, database: str | None) -> None:
    """Tell all about one run: when, how, how many, and why it failed."""
    from suppress.cli.runs_telling import as_data, page  # noqa: PLC0415

    with _store(database or of_group) as store:
        run, now_us = _found(store, run_id), _now_us(store)
    if format_ == "json":
        click.echo(json.dumps(as_data(run, now_us), indent=2, ensure_ascii=False))
        return
    for line in page(run, now_us):
        click.echo(line)


@command.command()
@click.argument("run_id", metavar="ID")
@database_option
@click.pass_obj
def rerun(of_group: str | None, run_id: str, database: str | None) -> None:
    """Let a failed or missed run be run again by the next scheduler that looks."""
    with _store(database or of_group) as store:
        run = _found(store, run_id)
        if not store.ask_again(run.run_id):
            raise click.UsageError(f'the run "{run_id}" is {run.state}; only failed and missed runs can be run again')
    click.echo(
        f"{run_id} waits; a running scheduler takes it within seconds, else run `suppress scheduler --once`", err=True
    )


def _found(store: "RunStore", run_id: str) -> "Run":
    run = store.run(run_id)
    if run is None:
        near = did_you_mean(run_id, [known.run_id for known in store.runs(limit=_KNOWN_IDS)])
        raise click.UsageError(f'no run "{run_id}". help: {near or "`suppress runs` lists them"}')
    return run


def _now_us(store: "RunStore") -> int:
    from datetime import UTC, datetime  # noqa: PLC0415

    from suppress.facts.instants import to_us  # noqa: PLC0415

    server_us = store.now_us()
    return to_us(datetime.now(UTC)) if server_us is None else server_us


@contextmanager
def _store(database: str | None) -> "Iterator[RunStore]":
    from suppress.settings import load_settings  # noqa: PLC0415
    from suppress.stores.database import Database  # noqa: PLC0415 - imports the database library
    from suppress.stores.runs import RunStore  # noqa: PLC0415

    with Database.open(load_settings(database=database).database) as opened:
        yield RunStore(opened)

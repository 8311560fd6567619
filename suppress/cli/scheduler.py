"""`suppress scheduler`: run scans when their schedules say so, each in a process of its own."""

import os
import shlex
import signal
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from suppress.cli.exits import PARTIAL, RULES_INVALID
from suppress.cli.options import database_option, rules_option
from suppress.facts.instants import from_us, to_us

if TYPE_CHECKING:
    from suppress.schedules.order import ScanOrder
    from suppress.schedules.schedule import Query, Schedule
    from suppress.stores.database import Database

_SHOWN_SCANS: Final = 4


@click.command()
@click.option(
    "--schedules",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    default="schedules.yaml",
    show_default=True,
    metavar="FILE",
    help="What to scan, and when.",
)
@click.option("--once", is_flag=True, help="Run what is due now, then end; for cron and tests.")
@click.option("--check", "only_check", is_flag=True, help="Read FILE, print the next scans of each schedule, and end.")
@click.option(
    "--at-once", type=click.IntRange(1, 64), default=2, show_default=True, help="How many scans may work at a time."
)
@click.option(
    "--lease",
    type=click.FloatRange(0.5, 3600),
    default=15.0,
    show_default=True,
    help="Seconds without a sign of life after which another scheduler takes over.",
)
@click.option(
    "--poll",
    type=click.FloatRange(0.1, 60),
    default=5.0,
    show_default=True,
    help="Seconds between looks at the database.",
)
@click.option(
    "--grace",
    type=click.FloatRange(0),
    default=60.0,
    show_default=True,
    help="Seconds a scan may be late before the next one of its schedule, once due, replaces it.",
)
@click.option(
    "--scan-command",
    metavar="COMMAND",
    help='What to run instead of "suppress scan", with the same arguments, e.g. "nice suppress scan".',
)
@database_option
@rules_option
def command(
    file: Path,
    once: bool,
    only_check: bool,
    at_once: int,
    lease: float,
    poll: float,
    grace: float,
    scan_command: str | None,
    **settings: str | None,
) -> None:
    """Run scans when the schedules of FILE say so, until told to stop.

    Several schedulers may work on one database: each scan runs once, and when one dies another takes over. With --once,
    exit 7 when a scan failed.
    """
    schedules = _schedules(file)
    if only_check:
        _tell_next(schedules)
        return

    from suppress.scheduler import Scheduler, Timing  # noqa: PLC0415 - imports APScheduler and the database library
    from suppress.schedules.child import ChildScan  # noqa: PLC0415
    from suppress.settings import load_settings  # noqa: PLC0415
    from suppress.stores.database import Database  # noqa: PLC0415
    from suppress.stores.runs import RunStore  # noqa: PLC0415

    chosen = load_settings(**settings)
    # By the environment, not as an argument: a database URL may hold a password, and anyone may read arguments.
    os.environ["SUPPRESS_DATABASE"], os.environ["SUPPRESS_RULES"] = chosen.database, chosen.rules
    program = shlex.split(scan_command) if scan_command else [sys.executable, "-m", "suppress", "scan", "--refresh"]
    stopped = threading.Event()
    with Database.open(chosen.database) as database:
        scheduler = Scheduler(
            schedules,
            RunStore(database),
            ChildScan(lambda order: scan_arguments(program, order), grace_seconds=min(5.0, lease / 3)),
            owner=f"{socket.gethostname()}:{os.getpid()}",
            spool=_spool_from(database),
            timing=Timing(lease=lease, poll=poll, grace=grace, at_once=at_once),
            tell=_say,
        )

        def stop(*_: object) -> None:
            stopped.set()
            scheduler.stop()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        if once:
            ran, failed = scheduler.run_due()
            _say(f"{ran} {'scan' if ran == 1 else 'scans'} ran, {failed} failed")
            sys.exit(PARTIAL if failed else 0)
        _say(f"scheduler of {len(schedules)} schedules on {database.shown_url}; stop it with Ctrl-C or SIGTERM")
        scheduler.serve(stopped)
        _say("stopped")


def scan_arguments(program: Sequence[str], order: "ScanOrder") -> list[str]:
    """The command line of a scan. Facts and rules it finds in its environment."""
    arguments = [*program, str(order.messages), "--out", str(order.out), "--as-of", from_us(order.as_of_us).isoformat()]
    if order.ruleset is not None:
        arguments += ["--ruleset", order.ruleset]
    if order.previous is not None:
        arguments += ["--previous", str(order.previous)]
    if order.resume:
        arguments.append("--resume")
    return [*arguments, "--format", "json"]


def _schedules(file: Path) -> "tuple[Schedule, ...]":
    """The schedules of a file; ends the command after telling what is wrong with it."""
    from suppress.schedules.reading import read_schedules  # noqa: PLC0415

    schedules, problems = read_schedules(file)
    for problem in problems:
        click.echo(str(problem), err=True)
    if not schedules:
        sys.exit(RULES_INVALID)
    return schedules


def _tell_next(schedules: "Sequence[Schedule]") -> None:
    from datetime import UTC, datetime  # noqa: PLC0415

    from suppress.cli.runs_telling import before_words, local  # noqa: PLC0415
    from suppress.schedules.order import messages_of, out_of  # noqa: PLC0415
    from suppress.schedules.slots import next_slot  # noqa: PLC0415

    for schedule in schedules:
        click.echo(f"{schedule.name} ({schedule.when.zone})")
        after_us = to_us(datetime.now(UTC))
        for _ in range(_SHOWN_SCANS):
            slot = next_slot(schedule, after_us)
            if slot is None:
                break
            after_us = slot.due_us
            zone = schedule.when.zone
            source = messages_of(schedule, slot) or "query"
            click.echo(
                f"  {local(slot.due_us, zone)}  {before_words(slot.before_us)} {local(slot.send_us, zone)}: "
                f"{source} -> {out_of(schedule, slot)}"
            )
        else:
            continue
        if after_us and slot is None:
            click.echo("  nothing after that")


def _spool_from(database: "Database") -> "Callable[[Query, Path], int]":
    def spool(query: "Query", path: Path) -> int:
        from suppress.schedules.spool import write_messages  # noqa: PLC0415
        from suppress.stores.selected import selected  # noqa: PLC0415

        with selected(database, query.sql) as rows:
            return write_messages(rows, path)

    return spool


def _say(text: str) -> None:
    from datetime import UTC, datetime  # noqa: PLC0415

    click.echo(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {text}", err=True)

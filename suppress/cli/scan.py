"""`suppress scan`: decide all messages of a campaign at once, and write who gets what, who gets nothing, and why."""

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from suppress.cli.exits import PARTIAL
from suppress.cli.options import INSTANT, database_option, rules_option, ruleset_option

if TYPE_CHECKING:
    from suppress.scanning import ScanOutcome


@click.command()
@click.argument("messages", type=click.Path(exists=True, path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="DIR", help="Folder to be made.")
@click.option("--as-of", type=INSTANT, help="Decide as of this time.  [default: the message's send_at, else now]")
@click.option(
    "--facts", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="DIR",
    help="Facts as Parquet files, in place of a store.",
)  # fmt: skip
@click.option(
    "--lake", type=click.Path(file_okay=False, path_type=Path), metavar="DIR",
    help="Where `suppress lake` keeps the columns.  [default: beside the database]",
)  # fmt: skip
@click.option("--refresh", is_flag=True, help="Bring the lake up to date with the database before.")
@click.option(
    "--engine", type=click.Choice(["duckdb", "spark"]), default="duckdb", show_default=True,
    help="What works the columns: DuckDB in this process, or Apache Spark (needs Java).",
)  # fmt: skip
@click.option("--memory", default="4GB", show_default=True, metavar="SIZE", help="Most memory to use.")
@click.option("--threads", type=click.IntRange(1, 256), help="Threads to use.  [default: as many as there are cores]")
@click.option("--allow-stale", is_flag=True, help="Scan although facts are older than the rules allow.")
@click.option("--campaign", metavar="ID", help="The campaign: its own reservations do not count against it.")
@click.option(
    "--reserve", is_flag=True, help="Reserve limited stock for the campaign.  [needs --campaign and a database]"
)
@click.option("--reserve-hours", default=24.0, show_default=True, metavar="HOURS", help="How long reservations last.")
@click.option(
    "--previous", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="DIR",
    help="An earlier output: only what changed since is decided again, and compared.",
)  # fmt: skip
@click.option("--resume", is_flag=True, help="Go on where an interrupted scan of the same inputs was stopped.")
@click.option("--plan", "only_plan", is_flag=True, help="Print the stages and do nothing.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@database_option
@rules_option
@ruleset_option
def command(messages: Path, out: Path, *, only_plan: bool, reserve: bool, format_: str, **given: Any) -> None:
    """Decide every message of a Parquet, CSV or JSONL file, or of a folder of them, by the rules `check` goes by.

    OUT appears when everything is in it: messages.parquet, items.parquet, send.csv, suppressed.csv, report.json and
    report.html. Exit 6 when facts are too old, 7 when rows could not be read, 9 when a max_share is passed.
    """
    from suppress.cli.scan_telling import Bars, outcome_json, plan_json, plan_table  # noqa: PLC0415
    from suppress.scanning import ScanRequest, facts_folder, plan_scan, scan, shares_of  # noqa: PLC0415
    from suppress.settings import load_settings  # noqa: PLC0415

    chosen = load_settings(**{name: given.pop(name) for name in ("database", "rules", "ruleset")})
    facts, lake, hours = given.pop("facts"), given.pop("lake"), given.pop("reserve_hours")
    refresh = given.pop("refresh")
    if reserve and (given["campaign"] is None or facts is not None):
        raise click.UsageError("--reserve needs --campaign, and facts from a database")
    with ExitStack() as stack:
        columns = facts_folder(facts=facts, lake=lake, database=chosen.database, beside=out, refresh=refresh)
        folder, opened = stack.enter_context(columns)
        request = ScanRequest(
            messages=messages,
            out=out,
            rules=Path(chosen.rules),
            ruleset=chosen.ruleset,
            facts=folder,
            lake=opened,
            **given,
        )
        if only_plan:
            planned = plan_scan(request)
            click.echo(plan_json(planned) if format_ == "json" else plan_table(planned))
            return
        shares = None
        if facts is None:
            held_for = hours if reserve else None
            shares = stack.enter_context(shares_of(chosen.database, request.campaign, reserve_hours=held_for))
        outcome = scan(request, shares=shares, progress=stack.enter_context(Bars(sys.stderr)))
    if outcome.decided_all_because is not None:
        click.echo(f"suppress: every message was decided again: {outcome.decided_all_because}", err=True)
    if format_ == "json":
        click.echo(outcome_json(outcome))
    else:
        _tell(outcome)
    if outcome.refused:
        click.echo(f"suppress: {outcome.refused:,} rows could not be read; they are in {outcome.rejects}", err=True)
        sys.exit(PARTIAL)


def _tell(outcome: "ScanOutcome") -> None:
    from suppress.reports.terminal import print_report  # noqa: PLC0415

    print_report(outcome.report)
    click.echo(f"report: {outcome.out / 'report.html'}")

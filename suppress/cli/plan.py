"""`suppress plan`: what a change of rules would do, tried on real messages."""

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, cast

import click

from suppress.cli.exits import MAX_SHARE_PASSED, PARTIAL
from suppress.cli.options import INSTANT, database_option, rules_option, ruleset_option
from suppress.errors import RulesetError
from suppress.facts.instants import to_us
from suppress.facts.message import Message

if TYPE_CHECKING:
    from suppress.replay.report import Report
    from suppress.rules.compile import CompiledRuleset
    from suppress.settings import Settings

_PUBLISHED: Final = re.compile(r"published(?::([1-9][0-9]{0,8}))?")


@dataclass(slots=True)
class Refused:
    """How many lines could not be read. Each was told when it was met; there may be millions."""

    count: int = 0


@click.command()
@click.option(
    "--old", default="HEAD", show_default=True, metavar="REV|DIR|published[:N]",
    help="The rules in force: a folder or file, `published` (the newest version, or version N), else a git revision "
    "of --new.",
)  # fmt: skip
@click.option(
    "--new", type=click.Path(exists=True, path_type=Path), metavar="DIR",
    help="The rules to try.  [default: --rules, settings, else rulesets]",
)  # fmt: skip
@click.option(
    "--messages",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True),
    required=True,
    metavar="FILE|-",
    help="Messages as `check` takes them.",
)
@click.option("--as-of", type=INSTANT, help="Decide as of this time.  [default: the message's send_at, else now]")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option(
    "--ids", type=click.Choice(["plain", "hashed"]),
    help="Ids of the people shown as examples; hashed, facts about them are left out.  "
    "[default: plain on a terminal, hashed elsewhere]",
)  # fmt: skip
@database_option
@rules_option
@ruleset_option
def command(
    old: str,
    new: Path | None,
    messages: str,
    as_of: datetime | None,
    format_: str,
    ids: str | None,
    **settings: str | None,
) -> None:
    """Decide messages by the old and by the new rules, on the same facts, and tell what would change and for whom.

    Nothing is written and nothing is sent. Exit 9 when a `max_share` of the new rules would be passed, 7 when messages
    could not be read.
    """
    from suppress.cli.plan_telling import as_json, as_text  # noqa: PLC0415
    from suppress.settings import load_settings  # noqa: PLC0415

    chosen = load_settings(**settings)
    refused = Refused()
    before, after = _rulesets(old, new or Path(chosen.rules), chosen)
    with cast(BinaryIO, click.open_file(messages, "rb")) as file:
        report = _replayed(before, after, file, as_of, chosen.database, refused)
    plain_ids = ids == "plain" or (ids is None and sys.stdout.isatty())
    if format_ == "json":
        click.echo(as_json(report, refused=refused.count, plain_ids=plain_ids))
    else:
        click.echo(as_text(report, old=old, new=str(new or chosen.rules), plain_ids=plain_ids))
    for share in report.passed:
        what = f"the rule {share.rule}" if share.rule else "the ruleset"
        click.echo(f"suppress: the max_share of {what} would be passed", err=True)
    if report.passed:
        sys.exit(MAX_SHARE_PASSED)
    if refused.count:
        sys.exit(PARTIAL)


def _rulesets(old: str, new: Path, chosen: "Settings") -> "tuple[CompiledRuleset, CompiledRuleset]":
    """Both rulesets, compiled. The old one is the one of the new one's name, where there is such a one."""
    from suppress.cli.plan_revision import RevisionError, rules_at  # noqa: PLC0415
    from suppress.rules.reading import read_rulesets  # noqa: PLC0415
    from suppress.service import load_ruleset  # noqa: PLC0415

    ruleset = chosen.ruleset
    after = load_ruleset(new, ruleset=ruleset)
    is_path = bool(old.strip()) and os.path.exists(old)
    version = None if is_path else _PUBLISHED.fullmatch(old)
    if version is not None:
        return _published(chosen.database, after.name, version[1]), after
    with ExitStack() as stack:
        if is_path:
            path = Path(old)
        else:
            try:
                path = stack.enter_context(rules_at(old, new))
            except RevisionError as error:
                raise click.UsageError(f"--old: {error}") from None
        same_name = after.name in read_rulesets(path)[0]
        try:
            return load_ruleset(path, ruleset=ruleset or (after.name if same_name else None)), after
        except RulesetError as error:
            text = str(error) if is_path else str(error).replace(str(path), f"{old}:{new}")
            raise RulesetError(f"the old rules cannot be used: {text}") from None


def _published(database: str, ruleset: str, number: str | None) -> "CompiledRuleset":
    from suppress.stores.database import Database  # noqa: PLC0415
    from suppress.stores.published import load_version  # noqa: PLC0415
    from suppress.stores.versions import Versions  # noqa: PLC0415

    with Database.open(database) as opened:
        return load_version(Versions(opened), ruleset, None if number is None else int(number))


def _replayed(
    before: "CompiledRuleset",
    after: "CompiledRuleset",
    messages: BinaryIO,
    as_of: datetime | None,
    database: str,
    refused: Refused,
) -> "Report":
    from suppress.engine.decide import Decider  # noqa: PLC0415
    from suppress.engine.guarded import ReferenceEngine  # noqa: PLC0415
    from suppress.replay.run import needs_of_both, replay  # noqa: PLC0415
    from suppress.stores.database import Database  # noqa: PLC0415
    from suppress.stores.facts import FactStore  # noqa: PLC0415

    now = datetime.now(UTC)
    with Database.open(database) as opened, _progress(messages) as show:
        facts = FactStore(opened, needs_of_both(before, after))
        asked = ((message, to_us(as_of or message.send_at or now)) for message in _readable(messages, refused, show))
        old, new = (Decider(compiled, ReferenceEngine(compiled)) for compiled in (before, after))
        return replay(asked, old, new, facts.snapshots)


def _readable(file: BinaryIO, refused: Refused, show: Callable[[], None]) -> Iterator[Message]:
    from suppress.intake.messages import read_messages  # noqa: PLC0415

    for number, message in enumerate(read_messages(file)):
        if number % 200 == 0:
            show()
        if isinstance(message, Message):
            yield message
        else:
            refused.count += 1
            click.echo(f"refused: {message}", err=True)


@contextmanager
def _progress(file: BinaryIO) -> Iterator[Callable[[], None]]:
    """A bar over the file's bytes on a terminal; nothing when nobody watches, or when the file has no end to go by."""
    watched = sys.stderr.isatty() and not os.environ.get("NO_COLOR") and not os.environ.get("CI")
    if not watched or not file.seekable():
        yield lambda: None
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    columns = (TextColumn("replaying"), BarColumn(), TextColumn("{task.percentage:>3.0f}%"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("replaying", total=os.fstat(file.fileno()).st_size)
        yield lambda: bars.update(task, completed=file.tell())

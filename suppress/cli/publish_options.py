"""What `publish` and `rollback` share: their options, and how they tell what was published and what it changes."""

import getpass
import json
import os
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from suppress.problems import Problem
    from suppress.publishing import Draft, Plan, Published
    from suppress.replay.edits import Edit

WIDTH: Final = 100
AUTHOR_VARIABLE: Final = "SUPPRESS_AUTHOR"

message_option = click.option(
    "--message", "-m", required=True, metavar="TEXT", help="What changes and why, for those who read the list."
)
author_option = click.option(
    "--author", metavar="NAME", help=f"Who publishes.  [default: {AUTHOR_VARIABLE}, else the name logged in with]"
)
format_option = click.option(
    "--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True
)


def author_of(given: str | None) -> str:
    """Who publishes. A usage error where nobody can tell."""
    if given is not None:
        return given
    try:
        return os.environ.get(AUTHOR_VARIABLE) or getpass.getuser()
    except (OSError, KeyError):
        raise click.UsageError(f"nobody knows who publishes; say it with --author, or {AUTHOR_VARIABLE}") from None


def tell_published(published: "Published", format_: str) -> None:
    """The plan and the version, on stdout; warnings of lint to people."""
    _warn(published.warnings)
    version = published.version
    if format_ == "json":
        told = {
            "version": version.to_dict(),
            "is_new": published.is_new,
            "plan": published.plan.to_dict(),
        }
        click.echo(json.dumps(told, indent=2, ensure_ascii=False))
        return
    if not published.is_new:
        click.echo(f"{version.ruleset}: version {version.number} is these very files already; nothing is published")
        return
    for line in _plan_lines(published.plan, f"version {version.number}"):
        click.echo(line)
    brought_back = "" if version.of is None else f", which brings back version {version.of}"
    click.echo(f"\n{version.ruleset}: published version {version.number}{brought_back} ({version.fingerprint})")


def tell_plan(draft: "Draft", plan: "Plan", format_: str) -> None:
    """What would be published, on stdout; warnings of lint to people."""
    _warn(draft.warnings)
    if format_ == "json":
        told: dict[str, Any] = {"version": None, "is_new": False, "plan": plan.to_dict()}
        click.echo(json.dumps(told, indent=2, ensure_ascii=False))
        return
    for line in _plan_lines(plan, "these files"):
        click.echo(line)
    click.echo("\nnothing is published: --dry-run", err=True)


def _warn(warnings: "tuple[Problem, ...]") -> None:
    for problem in warnings:
        click.echo(str(problem), err=True)


def _plan_lines(plan: "Plan", new: str) -> Iterator[str]:
    from suppress.cli.plan_telling import as_text  # noqa: PLC0415

    old = "nothing" if plan.before is None else f"version {plan.before.number}"
    if plan.unreadable is not None:
        yield f"The rules of {old} cannot be read any more, so all is compared with no rules at all:"
        yield from textwrap.wrap(plan.unreadable, WIDTH, initial_indent="  ", subsequent_indent="  ")
        yield ""
    if plan.edits:
        yield f"Written differently, from {old} to {new}:"
        for edit in plan.edits:
            yield from _edit_lines(edit)
    elif plan.before is not None:
        yield f"The rules of {new} say what those of {old} say."
    yield ""
    if not plan.report.audience.messages:
        yield f"{plan.report.new_ruleset} has no cases to try the change on."
        return
    yield "On the messages of its cases:"
    yield ""
    yield as_text(plan.report, old=old, new=new, plain_ids=True)


def _edit_lines(edit: "Edit") -> Iterator[str]:
    keys = f" ({', '.join(edit.keys)})" if edit.keys else ""
    what = "settings" if edit.rule is None else edit.rule
    yield f"  {edit.how.value:<7}  {what}{keys}"
    sentences = [("before: ", edit.before), ("now:    ", edit.now)]
    if edit.before is None or edit.now is None or edit.before == edit.now:
        sentences = [("", edit.now or edit.before)]
    for label, sentence in sentences:
        first, others = " " * 11, " " * (11 + len(label))
        yield from textwrap.wrap(
            f"{label}{sentence or ''}", WIDTH, initial_indent=first, subsequent_indent=others, break_on_hyphens=False
        )

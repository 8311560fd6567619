"""Find a decision in the log and give its sentences back, from the version of the ruleset that took it."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import orjson

from suppress.errors import LedgerError, RulesetError, StoreError, VersionError

if TYPE_CHECKING:
    from suppress.decisions.record import LogLine
    from suppress.rules.compile import CompiledRuleset
    from suppress.settings import Settings


def logged_decision(decision_id: str, settings: "Settings") -> tuple[dict[str, Any], bool]:
    """The decision as it was told, and whether its record is as it was written.

    Its customer is the hash the log knows. Raises UsageError when the log has no such decision.
    """
    from suppress.decisions.record import Link, problem_in, told_of  # noqa: PLC0415

    line = _line(decision_id, settings)
    problem = problem_in(line.text, Link(line.link.writer, line.link.seq - 1, line.prev_hash))
    body = orjson.loads(line.text)
    told = told_of(body, _sentences(body["ruleset"], settings))
    if problem is not None:
        click.echo(f"warning: the record of this decision {problem}", err=True)
    return told, problem is None


def _line(decision_id: str, settings: "Settings") -> "LogLine":
    from suppress.decisions.record import read_line  # noqa: PLC0415
    from suppress.ledger.folder import find_in_folder  # noqa: PLC0415
    from suppress.stores.database import Database  # noqa: PLC0415 - imports the database library
    from suppress.stores.decision_log import DecisionLog  # noqa: PLC0415

    folder = Path(settings.log_dir) if settings.log_dir else None
    text = None
    try:
        with Database.open(settings.database) as opened:
            text = DecisionLog(opened).get(decision_id)
    except StoreError as error:
        if folder is None or not folder.is_dir():
            raise
        click.echo(f"warning: only the files of the log are searched: {error}", err=True)
    if text is not None:
        try:
            return read_line(text)
        except ValueError as error:
            raise LedgerError(f"the record of {decision_id} was altered: {error}") from None
    found = find_in_folder(folder, decision_id) if folder is not None and folder.is_dir() else None
    if found is None:
        raise click.UsageError(f'the log has no decision "{decision_id}", or not any more')
    return found


def _sentences(named: dict[str, Any], settings: "Settings") -> dict[str, str]:
    """Rule -> its sentence, from the ruleset that decided: a published version, else the rules folder."""
    try:
        compiled = _published(named, settings) if named["version"] is not None else _of_folder(named, settings)
    except (StoreError, VersionError, RulesetError) as error:
        click.echo(f"warning: the sentences of its rules cannot be had: {error}", err=True)
        return {}
    if compiled.fingerprint != named["fingerprint"]:
        click.echo(
            f'warning: the rules of "{named["name"]}" in {settings.rules} have changed since; '
            "sentences are of rules as they are now",
            err=True,
        )
    every = (*compiled.item_rules, *compiled.limit_rules, *compiled.message_rules)
    return {rule.id: rule.sentence for rule in every}


def _published(named: dict[str, Any], settings: "Settings") -> "CompiledRuleset":
    from suppress.publishing import load_version  # noqa: PLC0415
    from suppress.stores.database import Database  # noqa: PLC0415
    from suppress.stores.versions import Versions  # noqa: PLC0415

    with Database.open(settings.database) as opened:
        return load_version(Versions(opened), named["name"], named["version"])


def _of_folder(named: dict[str, Any], settings: "Settings") -> "CompiledRuleset":
    from suppress.service import load_ruleset  # noqa: PLC0415

    return load_ruleset(settings.rules, ruleset=named["name"])

"""`suppress rules`: every rule in words, as lines, as a page to approve, or as data for an editor."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from suppress.cli.exits import RULES_INVALID
from suppress.cli.options import rules_option

if TYPE_CHECKING:
    from suppress.problems import Position
    from suppress.rules.ruleset import Rule, Ruleset


@click.command()
@click.argument("directory", required=False, metavar="[DIR]")
@click.option(
    "--format", "format_", type=click.Choice(["text", "markdown", "json"]), default="text", show_default=True,
    help="text: a line per rule; markdown: a page per ruleset, to be read and approved; "
    "json: sentences in pieces, each with its place in the file.",
)  # fmt: skip
@click.option("--ruleset", "name", metavar="NAME", help="Print this ruleset alone.  [default: all]")
@rules_option
def command(directory: str | None, format_: str, name: str | None, rules: str | None) -> None:
    """Print the rules of DIR in English, in the order in which they decide."""
    from suppress.rules.reading import read_rulesets  # noqa: PLC0415
    from suppress.settings import load_settings  # noqa: PLC0415

    found, problems = read_rulesets(Path(directory or load_settings(rules=rules).rules))
    broken = any(problem.severity == "error" for problem in problems)
    chosen = [ruleset for ruleset in found.values() if name in (None, ruleset.name)]
    if not chosen and not broken:
        raise click.UsageError(_no_such(name or "", found))
    click.echo({"json": _json, "markdown": _pages, "text": _lines}[format_](chosen), nl=False)
    for problem in problems:
        click.echo(str(problem), err=True)
    if broken:
        sys.exit(RULES_INVALID)


def _lines(rulesets: Iterable["Ruleset"]) -> str:
    from suppress.rules.wording import rule_sentence  # noqa: PLC0415

    lines = []
    for ruleset in rulesets:
        lines.append(click.style(ruleset.name, bold=True))
        lines.extend(f"  {rule.id}: {rule_sentence(rule)}" for rule in ruleset.rules)
    return "".join(f"{line}\n" for line in lines)


def _pages(rulesets: Iterable["Ruleset"]) -> str:
    from suppress.rules.wording_page import page  # noqa: PLC0415

    return "\n".join(page(ruleset) for ruleset in rulesets)


def _json(rulesets: Iterable["Ruleset"]) -> str:
    import json  # noqa: PLC0415

    from suppress.rules.compile import fingerprint  # noqa: PLC0415

    told: list[dict[str, Any]] = []
    for ruleset in rulesets:
        version = fingerprint(ruleset)
        told.extend(
            {"ruleset": ruleset.name, "fingerprint": version, "place": _place(rule.position), **_rule(rule)}
            for rule in ruleset.rules
        )
    return f"{json.dumps(told, indent=2, ensure_ascii=False)}\n"


def _rule(rule: "Rule") -> dict[str, Any]:
    from suppress.rules.wording import rule_chips, rule_sentence  # noqa: PLC0415

    return {
        "rule": rule.id,
        "title": rule.title,
        "effect": rule.effect.value,
        "code": rule.code,
        "mode": rule.mode.value,
        "always": rule.always,
        "when_unknown": rule.when_unknown.value,
        "sentence": rule_sentence(rule),
        "chips": [
            {"text": chip.text, "role": chip.role.value, "place": _place(chip.position)} for chip in rule_chips(rule)
        ],
    }


def _place(position: "Position | None") -> dict[str, Any] | None:
    if position is None:
        return None
    return {"file": position.file, "line": position.line, "column": position.column}


def _no_such(name: str, known: Iterable[str]) -> str:
    from suppress.problems import did_you_mean  # noqa: PLC0415

    names = sorted(known)
    help_ = did_you_mean(name, names) or f"known are {', '.join(names)}"
    return f'no ruleset "{name}". help: {help_}'

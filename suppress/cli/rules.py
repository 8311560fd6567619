"""`suppress rules`: every rule as a sentence."""

import sys
from pathlib import Path

import click

from suppress.cli.exits import RULES_INVALID
from suppress.cli.options import rules_option


@click.command()
@click.argument("directory", required=False, metavar="[DIR]")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@rules_option
def command(directory: str | None, format_: str, rules: str | None) -> None:
    """Print every rule of DIR as one English sentence, in the order in which they decide."""
    import json  # noqa: PLC0415

    from suppress.rules.reading import read_rulesets  # noqa: PLC0415
    from suppress.rules.wording import rule_sentence  # noqa: PLC0415
    from suppress.settings import load_settings  # noqa: PLC0415

    rulesets, problems = read_rulesets(Path(directory or load_settings(rules=rules).rules))
    if format_ == "json":
        listed = [
            {"ruleset": name, "rule": rule.id, "code": rule.code, "sentence": rule_sentence(rule)}
            for name, ruleset in rulesets.items()
            for rule in ruleset.rules
        ]
        click.echo(json.dumps(listed, indent=2, ensure_ascii=False))
    else:
        for name, ruleset in rulesets.items():
            click.secho(name, bold=True)
            for rule in ruleset.rules:
                click.echo(f"  {rule.id}: {rule_sentence(rule)}")
    for problem in problems:
        click.echo(str(problem), err=True)
    if any(problem.severity == "error" for problem in problems):
        sys.exit(RULES_INVALID)

"""Dockerfile and compose.yaml say what the program knows; `scripts/container` runs their steps."""

import json
import re
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from suppress.cli import COMMANDS, cli
from suppress.settings import Settings

ROOT = Path(__file__).parent.parent
DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


def words_of(instruction: str) -> list[str]:
    """The JSON list at the end of an instruction of the Dockerfile."""
    (found,) = re.findall(rf"^{instruction}.*?(\[.*\])$", DOCKERFILE, re.MULTILINE)
    words: list[str] = json.loads(found)
    return words


def parsed(words: list[str]) -> click.Context:
    """The command line as click reads it, not run. Raises UsageError."""
    command: Any = cli
    context = click.Context(command)
    while isinstance(command, click.Group):
        name, *words = words
        found = command.get_command(context, name)
        assert found is not None, name
        command = found
    context = command.make_context(name, list(words), parent=context)
    assert isinstance(context, click.Context)
    return context


@pytest.mark.parametrize(
    "words",
    [
        words_of("CMD"),
        words_of("HEALTHCHECK")[1:],
        *[each["command"] for each in SERVICES.values() if each["image"].startswith("suppress") and "command" in each],
    ],
    ids=" ".join,
)
def test_each_command_of_the_container_is_one(words: list[str]) -> None:
    """Commands and options are those of the command line; the health check asks the port that is served."""
    assert words[0] in COMMANDS
    told = parsed(words).params
    if words[0] == "serve":
        assert ("0.0.0.0", 8080) == (told["host"], told["port"])
    if words[0] == "doctor":
        assert "http://127.0.0.1:8080" == told["live"]


def test_each_setting_of_the_container_is_one() -> None:
    """Whoever misspells a setting is not told by the program."""
    named = re.findall(r"SUPPRESS_([A-Z_]+)=", DOCKERFILE)
    for each in SERVICES.values():
        named += [
            name.removeprefix("SUPPRESS_") for name in each.get("environment", {}) if name.startswith("SUPPRESS_")
        ]

    assert named
    assert set() == {name.lower() for name in named} - Settings.model_fields.keys()


def test_the_service_has_no_rights() -> None:
    """The last stage has no compiler and ends as a user that is not root; compose takes what is left."""
    last = DOCKERFILE.rpartition("\nFROM ")[2]

    assert "gcc" not in last
    assert re.search(r"^USER (?!0$)\d+$", last, re.MULTILINE)
    for name in ("upgrade", "service"):
        assert (True, ["ALL"]) == (SERVICES[name]["read_only"], SERVICES[name]["cap_drop"])


def test_what_is_copied_is_there_and_let_in() -> None:
    """Each COPY names files of the checkout that .dockerignore lets through."""
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = [
        word for line in re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, re.MULTILINE) for word in line.split()
    ]

    assert set(copied) == let_in
    assert [] == [name for name in copied if not (ROOT / name).exists()]

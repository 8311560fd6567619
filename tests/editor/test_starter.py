"""The project that `suppress init` makes is ready for VS Code: its settings lead each file to its schema."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from suppress.cli.init import starter_files
from tests.editor.conftest import ROOT
from tests.editor.drafting import Editor, without_marks
from tests.editor.language_server import LanguageServer
from tests.editor.node import server_command


def sections(settings: dict[str, Any]) -> dict[str, Any]:
    """The sections a server asks for, of the dotted names in a settings file; the network is left out of it."""
    yaml = {name.removeprefix("yaml."): value for name, value in settings.items() if name.startswith("yaml.")}
    return {"yaml": {**yaml, "schemaStore": {"enable": False}}, "[yaml]": settings["[yaml]"], "http": {}, "editor": {}}


def test_the_page_on_editors_tells_the_same_settings() -> None:
    """What docs/editors.md has marketers put into `.vscode/settings.json` is part of what `suppress init` writes."""
    told = re.findall(r"```json\n(.*?)```", (ROOT / "docs" / "editors.md").read_text(), re.DOTALL)
    settings = json.loads(starter_files()[".vscode/settings.json"])

    assert 1 == len(told)
    assert json.loads(told[0])["[yaml]"].items() <= settings["[yaml]"].items()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `suppress init` makes, without the modelines: the settings alone must do."""
    folder = tmp_path_factory.mktemp("project")
    for name, content in starter_files().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.replace(b"# yaml-language-server: ", b"# "))
    return folder


@pytest.fixture(scope="module")
def server(project: Path) -> Iterator[LanguageServer]:
    """A server set as the project's `.vscode/settings.json` says."""
    settings = json.loads((project / ".vscode" / "settings.json").read_text())
    with LanguageServer(server_command(), project, sections(settings)) as server:
        yield server


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("shop.yaml", "drop: item", "drop: ⟦items⟧"),
        ("shop.cases.yaml", "verdict: send", "verdict: ⟦sned⟧"),
    ],
)
def test_the_starter_is_clean_and_a_mistake_is_seen(
    server: LanguageServer, project: Path, name: str, right: str, wrong: str
) -> None:
    """Nothing is underlined in the project as made; one word changed in a file of either kind is."""
    path = project / "rulesets" / name
    text = path.read_text(encoding="utf-8")
    marked = text.replace(right, wrong, 1)
    editor = Editor(server, path.parent)
    as_made, changed = path.as_uri(), path.with_name(f"changed-{name}").as_uri()
    server.open(as_made, text)
    server.open(changed, without_marks(marked))

    assert marked != text
    assert [] == editor.messages(as_made)
    assert marked == editor.underlined(changed, without_marks(marked))

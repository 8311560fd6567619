"""What the README shows works as pasted."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from suppress.cli import exits
from suppress.rules.reading import parse_ruleset

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
PORT = "8080"


def blocks(language: str) -> list[str]:
    """The fenced blocks of one language, in order."""
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A fresh folder with the shipped rules in which the README's shell blocks have run."""
    folder = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "rulesets", folder / "rulesets")
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "NO_COLOR": "1"}
    outputs = {}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    for block in blocks("sh"):
        if "scripts/" in block:
            continue
        ran = subprocess.run(
            # Somebody may listen where the page says; nothing else is changed.
            ["bash", "-euo", "pipefail", "-c", block.replace(PORT, port)],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert 0 == ran.returncode, f"{block}\n{ran.stdout}\n{ran.stderr}"
        outputs[block] = ran.stdout
    return folder, outputs


def test_shell_examples_run_and_tell(shop: tuple[Path, dict[str, str]]) -> None:
    """The operator's example ends with an explanation of what was dropped and why."""
    told = "".join(shop[1].values())

    assert "TEA-100: dropped" in told
    assert "FILTER-50" in told
    assert "could be shown again from" in told


def test_a_campaign_is_scanned(shop: tuple[Path, dict[str, str]]) -> None:
    """The operator's campaign ends with a list to send, a report to open, and a schedule that is read."""
    told = "".join(shop[1].values())

    assert "m-1,ada,email,advent,FILTER-50|TRAY-1" in told
    assert "m-2,bob,email,advent,TEA-100|MUG-BLUE" in told
    assert (shop[0] / "scans/advent/report.html").exists()
    assert "morning-mail" in told


def test_python_example_runs(shop: tuple[Path, dict[str, str]]) -> None:
    """The campaign system's example prints a verdict and a reason."""
    ran = subprocess.run(
        [sys.executable, "-c", blocks("python")[0]], cwd=shop[0], capture_output=True, text=True, check=False
    )

    assert 0 == ran.returncode, ran.stderr
    assert "send" in ran.stdout
    assert "recently_purchased" in ran.stdout


def test_a_live_service_answers_over_http(shop: tuple[Path, dict[str, str]]) -> None:
    """The example over HTTP waits until the service is ready, gets the same decision, and leaves it in the log."""
    (block,) = (block for block in shop[1] if "suppress serve" in block)
    ready, answer = (json.loads(text) for text in shop[1][block].replace("}{", "}\n{").splitlines())
    logged = "".join(path.read_text() for path in (shop[0] / "decisions").glob("*.jsonl"))

    assert "ready" == ready["status"]
    assert ("send", ["FILTER-50", "TRAY-1"]) == (answer["verdict"], answer["shown"])
    assert "not_yet_due" == answer["items"][0]["reasons"][0]["code"]
    assert answer["decision_id"] in logged


def test_every_exit_code_is_told() -> None:
    """Each code of the command line stands in the list, and no other does."""
    listed = README.partition("## Exit codes")[2].partition("\n## ")[0]

    assert {value for name, value in vars(exits).items() if name.isupper()} == {
        int(told) for told in re.findall(r"(?:^|· )(\d+) ", listed.strip(), re.MULTILINE)
    }


def test_rules_example_is_sound() -> None:
    """The marketer's example has no problems."""
    ruleset, problems = parse_ruleset(blocks("yaml")[0].encode(), "my-shop.yaml")

    assert () == problems
    assert ruleset is not None


def test_first_screen_names_both_commands() -> None:
    """Whoever opens the page sees how to try it and how to test it."""
    first_screen = "\n".join(README.splitlines()[:30])

    assert "scripts/demo" in first_screen
    assert "scripts/test" in first_screen


def test_links_lead_somewhere() -> None:
    """Every page the README names exists."""
    missing = [link for link in re.findall(r"\]\(([^)#]+)\)", README) if not (ROOT / link).exists()]

    assert [] == missing

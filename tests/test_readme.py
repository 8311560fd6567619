"""What the README shows works as pasted."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from suppress.rules.reading import parse_ruleset

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


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
    for block in blocks("sh"):
        if "scripts/" in block:
            continue
        ran = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block],
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

"""The scripts do what a fresh machine needs of them, and say early what it lacks."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parent.parent
SCRIPTS = ("scripts/setup", "scripts/demo", "scripts/test", "scripts/check", "scripts/lock", ".ci/run")
TOOLS = ("cat", "cksum", "dirname", "sed", "sh")

NO_HEADERS = """#!/bin/sh
[ "$1" = -c ] && exec {python} -c "import sysconfig; sysconfig.get_path = lambda _: '/nowhere'
$2"
exec {python} "$@"
"""


def run_setup(tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """`scripts/setup` into a folder of its own, with no more on the PATH than the tools every system has."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in TOOLS:
        (tools / name).symlink_to(shutil.which(name) or f"/bin/{name}")
    kept = {key: value for key, value in os.environ.items() if key not in {"CC", "PYTHON", "VENV", "PATH"}}
    return subprocess.run(
        [ROOT / "scripts" / "setup"],
        env={**kept, "PATH": str(tools), "VENV": str(tmp_path / "venv"), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_missing_compiler_is_said_before_anything_is_made(tmp_path: Path) -> None:
    """Without a C compiler setup stops at once, names the Debian packages and leaves nothing behind."""
    ran = run_setup(tmp_path, PYTHON=sys.executable)

    assert 1 == ran.returncode
    assert "missing: a C compiler" in ran.stderr
    assert "apt-get install gcc python3-dev" in ran.stderr
    assert not (tmp_path / "venv").exists()


def test_missing_headers_are_said_before_anything_is_made(tmp_path: Path) -> None:
    """Without Python.h setup stops at once, names where it looked and the Debian packages."""
    python = tmp_path / "python"
    python.write_text(NO_HEADERS.format(python=sys.executable))
    python.chmod(0o755)
    compiler = shutil.which("true") or "/bin/true"

    ran = run_setup(tmp_path, PYTHON=str(python), CC=compiler)

    assert 1 == ran.returncode
    assert "missing: the Python headers (/nowhere/Python.h)" in ran.stderr
    assert "a C compiler" not in ran.stderr
    assert "apt-get install gcc python3-dev" in ran.stderr
    assert not (tmp_path / "venv").exists()


def test_a_python_that_does_not_run_is_named(tmp_path: Path) -> None:
    """A PYTHON that is no Python 3.11 or later is named in the message."""
    ran = run_setup(tmp_path, PYTHON="/nowhere/python3.11")

    assert 1 == ran.returncode
    assert "PYTHON=/nowhere/python3.11 is not a Python 3.11 or later" in ran.stderr


@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts_can_be_run(script: str) -> None:
    """Every script is executable and is well-formed shell."""
    path = ROOT / script

    assert os.access(path, os.X_OK)
    assert 0 == subprocess.run(["sh", "-n", path], check=False).returncode


@pytest.mark.parametrize("command", ["scripts/demo", "scripts/test"])
def test_the_first_screen_of_the_readme_names_both_commands(command: str) -> None:
    """Somebody who has just cloned finds both commands among the first 25 lines."""
    first_screen = (ROOT / "README.md").read_text().splitlines()[:25]

    assert any(line.startswith(command) for line in first_screen)


def test_the_lock_holds_every_dependency() -> None:
    """Whatever pyproject.toml asks for, of any extra or group, is locked in a version it allows, with hashes."""
    lock = (ROOT / "requirements.lock").read_text()
    locked: dict[str, set[str]] = {}
    for name, version, hashes in re.findall(
        r"^([\w.-]+)==([^\s;]+)[^\\]*((?:\\\n +--hash=\S+ ?)+)", lock, re.MULTILINE
    ):
        assert hashes
        locked.setdefault(canonicalize_name(name), set()).add(version)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = [
        *project["project"]["dependencies"],
        *(each for extra in project["project"]["optional-dependencies"].values() for each in extra),
        *(each for group in project["dependency-groups"].values() for each in group),
        *project["build-system"]["requires"],
    ]

    unlocked = [
        text
        for text in asked
        if (wanted := Requirement(text)).name != "suppress"
        and not any(Version(v) in wanted.specifier for v in locked.get(canonicalize_name(wanted.name), ()))
    ]

    assert [] == unlocked

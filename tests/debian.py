"""Install what a test needs and PyPI does not have, as Debian has it."""

import os
import shutil
import subprocess


def can_install() -> bool:
    """Whether this is a Debian, and we are root."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(package: str) -> None:
    """Install a package. Raises RuntimeError with what apt-get said when it fails."""
    for arguments in (["update"], ["install", "-y", "--no-install-recommends", package]):
        ran = subprocess.run(
            ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=120", *arguments],
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        if ran.returncode:
            raise RuntimeError(f"apt-get {' '.join(arguments)} failed, and tests need {package}:\n{ran.stderr}")

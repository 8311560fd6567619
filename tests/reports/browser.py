"""Find Chromium, or install it as Debian has it, and let it visit a page: an HTML file in, what was seen out."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tests import debian
from tests.npm import CACHE, NODE, installed

HERE = Path(__file__).parent / "browser"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> str:
    """The path of a Chromium: SUPPRESS_CHROMIUM, else what is on the PATH, else, for root on Debian, installed now.

    Raises RuntimeError, which says what to do, when there is none: the tests of the page do not pass without a browser.
    """
    found = os.environ.get("SUPPRESS_CHROMIUM") or _on_the_path()
    if found is None and debian.can_install():
        debian.install("chromium")
        found = _on_the_path()
    if found is None:
        raise RuntimeError(
            "no Chromium, and the tests of the report do not pass without one. "
            "On Debian: apt-get install chromium; or set SUPPRESS_CHROMIUM to the path of one"
        )
    return found


def visited(page: Path, pictures: Path | None = None) -> dict[str, Any]:
    """What Chromium saw of the page; `pictures`: a folder for screenshots and a PDF. See browser/visit.cjs."""
    modules = installed(HERE, CACHE, "playwright-core")
    command = [str(NODE), str(HERE / "visit.cjs"), chromium(), str(page), str(modules)]
    ran = subprocess.run(
        command + ([str(pictures)] if pictures else []), capture_output=True, text=True, check=False, timeout=180
    )
    if ran.returncode:
        raise RuntimeError(f"Chromium could not visit {page}:\n{ran.stderr}")
    seen: dict[str, Any] = json.loads(ran.stdout)
    return seen


def _on_the_path() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)

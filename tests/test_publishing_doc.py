"""docs/publishing.md works as pasted, and shows what the commands print."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = (Path(__file__).parent.parent / "docs" / "publishing.md").read_text(encoding="utf-8")


def test_page(tmp_path: Path) -> None:
    """Every command succeeds, and every line shown below it is in what it printed, in that order; … stands for more."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SUPPRESS_")}
    environment = {**kept, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "NO_COLOR": "1"}
    environment["COLUMNS"] = "140"
    shown = 0
    printed = ""
    for kind, block in re.findall(r"```(sh|text)\n(.*?)```", PAGE, re.DOTALL):
        if kind == "sh":
            ran = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", block],
                cwd=tmp_path,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            assert 0 == ran.returncode, f"{block}\n{ran.stdout}\n{ran.stderr}"
            printed = ran.stdout
            continue
        for part in filter(None, re.split(r"[…\n]+", block)):
            before, found, printed = printed.partition(part)
            assert found, f"{part!r} is not in what is left of the output:\n{before}"
            shown += 1

    assert shown > 8


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#]+\.md)\)", PAGE))
def test_links(link: str) -> None:
    """Pages that are linked exist."""
    assert (Path(__file__).parent.parent / "docs" / link).is_file()

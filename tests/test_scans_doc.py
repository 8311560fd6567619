"""docs/scans.md works as pasted, and says what the program writes."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from suppress.cli.scan import command

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "scans.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A fresh folder with the shipped rules in which all shell blocks have run; heading -> what its blocks printed."""
    folder = tmp_path_factory.mktemp("scans")
    shutil.copytree(ROOT / "rulesets", folder / "rulesets")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SUPPRESS_")}
    environment = {**kept, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "NO_COLOR": "1"}
    printed: dict[str, str] = {}
    for section in PAGE.split("\n## ")[1:]:
        for block in re.findall(r"```sh\n(.*?)```", section, re.DOTALL):
            ran = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", block],
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            assert 0 == ran.returncode, f"{block}\n{ran.stdout}\n{ran.stderr}"
            heading = section.splitlines()[0]
            printed[heading] = printed.get(heading, "") + ran.stdout
    return folder, printed


def test_the_campaign_is_decided_as_the_page_says(walked: tuple[Path, dict[str, str]]) -> None:
    """Ada gets filters and a tray, cyd the mug, bob nothing; the row that cannot be read is listed."""
    told = walked[1]["4. The scan"]

    assert "m-1,ada,email,advent,FILTER-50|TRAY-1" in told
    assert "m-3,cyd,email,advent,MUG-BLUE" in told
    assert "m-2,bob,email,advent,suppress,,too_few_items" in told
    assert "m-4" in told.splitlines()[-1]


def test_the_second_scan_decides_what_changed_alone(walked: tuple[Path, dict[str, str]]) -> None:
    """Of the second output ada's message is the only one, and her items are others than before."""
    folder, printed = walked

    assert "m-1,ada,send,suppress,FILTER-50|TRAY-1,TRAY-1" in printed["8. The second scan, shortly before the send"]
    assert ["m-1"] == pq.read_table(folder / "scans/second/messages.parquet")["message_id"].to_pylist()


def test_one_tea_pot_is_given_once(walked: tuple[Path, dict[str, str]]) -> None:
    """Two messages want the last tea pot, the lower id has it; what was reserved is released."""
    folder, printed = walked
    sent = (folder / "scans/limited/send.csv").read_text()
    budgets = {row["sku"]: row for row in pq.read_table(folder / "scans/limited/budgets.parquet").to_pylist()}

    assert "m-1,ada,email,advent,TEA-100|MUG-BLUE|POT-1" in sent
    assert "m-2,bob,email,advent,TEA-100|TRAY-1" in sent
    assert (1, 1, 1) == tuple(budgets["POT-1"][column] for column in ("budget", "used", "turned_away"))
    assert "released" in printed["9. Stock shared out"]


def test_the_schedule_is_read(walked: tuple[Path, dict[str, str]]) -> None:
    """The scheduler says when it would scan what."""
    assert "morning-mail" in walked[1]["13. By itself, before every send"]


@pytest.mark.parametrize("table", ["messages", "items", "budgets"])
def test_every_column_is_told(walked: tuple[Path, dict[str, str]], table: str) -> None:
    """Each column of a table a scan writes stands on the page."""
    columns = set(pq.read_schema(walked[0] / f"scans/limited/{table}.parquet").names)

    assert set() == {column for column in columns if not re.search(rf"\b{column}\b", PAGE)}


def test_every_file_is_told(walked: tuple[Path, dict[str, str]]) -> None:
    """Each file of an output stands on the page, and so do its columns if it is a list."""
    files = {file for out in ("first", "second", "limited") for file in (walked[0] / "scans" / out).iterdir()}
    headings = {cell for file in files if file.suffix == ".csv" for cell in file.read_text().splitlines()[0].split(",")}

    assert set() == {file.name for file in files if f"`{file.name}" not in PAGE}
    assert set() == {cell for cell in headings if cell.strip('"') not in PAGE}


def test_every_option_that_changes_what_is_done_is_told() -> None:
    """Each option of `suppress scan` stands on the page, but for those all commands share."""
    options = {option for each in command.params for option in each.opts if option.startswith("--")}
    shared = {"--database", "--rules", "--ruleset", "--lake", "--format"}

    assert set() == {option for option in options - shared if option not in PAGE}


def test_links_lead_somewhere() -> None:
    """Every page this page names exists."""
    missing = [link for link in re.findall(r"\]\(([^)#]+)[^)]*\)", PAGE) if not (ROOT / "docs" / link).exists()]

    assert [] == missing

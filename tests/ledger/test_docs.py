"""docs/decision-log.md says what the log does."""

import json
import re
import subprocess
from pathlib import Path

from suppress.decisions.record import read_line
from suppress.settings import Settings
from tests.ledger.example import chain, record, write_chain

PAGE = (Path(__file__).parents[2] / "docs/decision-log.md").read_text()


def test_a_shell_can_check_a_line(tmp_path: Path) -> None:
    """The command of the page prints the hash that stands at the end of the line."""
    write_chain(tmp_path / "decisions", chain([record(1), record(2)]))
    (command,) = re.findall(r"```sh\n(sed.*?)```", PAGE, re.DOTALL)
    told = subprocess.run(
        ["sh", "-c", command.replace("WRITER", "here-1-a")], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout
    line = (tmp_path / "decisions/here-1-a.0000000001.jsonl").read_bytes().splitlines()[1]

    assert read_line(line).link.hash == told.split()[0]


def test_the_record_of_the_page_is_one() -> None:
    """What the page shows of a record has the names of a real one, all of them."""
    (example,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)

    assert json.loads(chain([record()])[0].text).keys() == json.loads(example).keys()


def test_every_setting_stands_there() -> None:
    """Each setting of the log has a row, with its default."""
    for name, field in Settings.model_fields.items():
        if name.startswith("log_"):
            (row,) = re.findall(rf"^\| `SUPPRESS_{name.upper()}` \|.*$", PAGE, re.MULTILINE)
            assert field.default is None or f"`{field.default}`" in row

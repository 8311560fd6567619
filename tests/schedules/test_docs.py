"""docs/schedules.md says what the program does."""

import re
from pathlib import Path

from suppress.schedules.child import ENDS
from suppress.schedules.reading import KEYS, parse_schedules

PAGE = (Path(__file__).parent.parent.parent / "docs" / "schedules.md").read_text()


def test_the_example_is_sound() -> None:
    """The schedule of the page is read without problems."""
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    schedules, problems = parse_schedules(example.encode(), "schedules.yaml", Path("/"))

    assert () == problems
    assert ["morning-mail"] == [schedule.name for schedule in schedules]


def test_every_key_and_exit_code_is_told() -> None:
    """Each key of a schedule and each end of a scan has its row."""
    rows = re.findall(r"^\| `?(\w+)`? \|", PAGE, re.MULTILINE)

    assert {*KEYS, *(str(code) for code in ENDS)} <= set(rows)

"""Play every story of tests/cases and rulesets on a scan: what it writes is what the story wants of `check`."""

from pathlib import Path
from typing import Final

import pyarrow.parquet as pq
import pytest

from suppress.cases.play import case_files, same
from suppress.errors import FactsError
from suppress.scanning import scan
from tests.cases_on_scan import ASKED, NOT_TOLD, cannot_see, request_of, scanned_stories

ROOT: Final = Path(__file__).parent.parent
FILES: Final = [path for folder in (ROOT / "tests" / "cases", ROOT / "rulesets") for path in case_files(folder)]

NO_FACTS: Final = "a scan starts from a facts folder; without one it refuses, and nothing is decided"
CANNOT_SEE: Final = dict.fromkeys(
    (
        "recipients.cases.yaml: when the facts cannot be read nobody knows what she bought, and the decision says so",
        "recipients.cases.yaml: when the facts cannot be read an e-mail address belongs to nobody",
        "adverts.cases.yaml: on the day no fact can be read nobody pays for an advert",
        "consent-and-caps.cases.yaml: on the day no fact can be read there is no consent to rely on",
        "consent-and-caps.cases.yaml: a recall goes out even then",
        "marketplace.cases.yaml: on the day no fact can be read nothing is promised to anybody",
        "retail-default.cases.yaml: on the day no fact can be read nothing is promised to anybody",
    ),
    NO_FACTS,
)
"""File and name of stories a scan cannot play, and why."""


@pytest.mark.parametrize("cases", FILES, ids=lambda path: path.name.removesuffix(".cases.yaml"))
def test_a_scan_ends_every_story_as_told(cases: Path, tmp_path: Path) -> None:
    """A campaign of the story's message, scanned by the story's facts, is decided as the story wants."""
    differences = [
        f"{story.name}: {asked}: wanted {wanted}, scanned {answer}"
        for story, decision in scanned_stories(cases, tmp_path)
        for asked, wanted in story.want.items()
        if asked in ASKED and not same(wanted, answer := ASKED[asked](decision))
    ]

    assert [] == differences


def test_only_these_stories_cannot_be_scanned(tmp_path: Path) -> None:
    """Stories of the day on which no fact can be read are named here, and a scan refuses each of them."""
    found = {f"{cases.name}: {story.name}": (cases, story) for cases in FILES for story in cannot_see(cases)}

    assert set(CANNOT_SEE) == set(found)
    for number, (cases, story) in enumerate(found.values()):
        rules = cases.with_name(cases.name.replace(".cases", ""))
        with pytest.raises(FactsError, match="is no facts folder"):
            scan(request_of(story, story.message, rules, tmp_path / str(number)))


def test_what_is_not_told_is_in_no_table(tmp_path: Path) -> None:
    """What is left out of the comparison stands in no column a scan writes."""
    *_, (_, decision) = scanned_stories(FILES[0], tmp_path)
    columns = {
        name
        for table in tmp_path.rglob("*.parquet")
        if table.parent.name == "out"
        for name in pq.read_schema(table).names
    }

    assert decision.engine == "scan"
    assert {"verdict", "eligible_again_at"} <= columns
    assert set() == columns & set(NOT_TOLD)

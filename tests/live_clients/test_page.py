"""docs/clients.md leads nowhere that is not there, and every example on it is run by a test."""

import re
from pathlib import Path

import pytest

from tests.live_clients.page import PAGE, blocks

DOCS = Path(__file__).parents[2] / "docs"
RUN = {"http": 1, "liquid": 3, "json": 1, "python": 1}


def test_every_example_is_run() -> None:
    """The kinds of blocks, and how many the tests beside this one take."""
    kinds = re.findall(r"^```(\w+)$", PAGE, re.MULTILINE)

    assert RUN == {kind: len(blocks(kind)) for kind in kinds}


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)]+)\)", PAGE))))
def test_links(link: str) -> None:
    """The page is there, and the heading on it."""
    page, _, anchor = link.partition("#")
    text = (DOCS / page).read_text(encoding="utf-8") if page else PAGE
    headings = {re.sub(r"[^\w -]", "", line).lower().replace(" ", "-") for line in re.findall(r"^#+ (.*)$", text, re.M)}

    assert not anchor or anchor in headings

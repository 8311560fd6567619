"""docs/clients.md as a reader pastes it: its blocks, with an address and a key of his own filled in."""

import re
from pathlib import Path

PAGE = (Path(__file__).parents[2] / "docs" / "clients.md").read_text(encoding="utf-8")
URL = "https://suppress.shop.example"
KEY = "supp_live_…"


def blocks(kind: str) -> list[str]:
    """The blocks of one kind, in the order of the page."""
    return re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)


def filled_in(block: str, url: str, key: str) -> str:
    """The block with that address and key in place of the page's. Each must be in it."""
    assert URL in block
    assert KEY in block
    return block.replace(URL, url).replace(KEY, key)

"""The templates of docs/clients.md do in Braze what the page says; brazejs, which others wrote, renders them."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.live_clients.conftest import STRANGE_ID, Shop
from tests.live_clients.packages import packages
from tests.live_clients.page import blocks, filled_in
from tests.live_clients.program import environment
from tests.npm import NODE

ASK, STRICT, LENIENT = blocks("liquid")
NOWHERE = "http://127.0.0.1:9"


def render(ask: str, acts: str, *cases: tuple[str, str]) -> list[dict[str, Any]]:
    """What becomes of the message for each (customer, skus): `text`, or why it is `aborted`."""
    picked = re.compile(r'assign skus = ".*?"')
    assert picked.search(ask)
    given = [
        {
            "template": picked.sub(f'assign skus = "{skus}"', ask) + acts,
            "context": {"user_id": customer, "campaign": {"dispatch_id": "d 1"}},
        }
        for customer, skus in cases
    ]
    ran = subprocess.run(
        [NODE, Path(__file__).parent / "render.cjs"],
        input=json.dumps({"packages": str(packages()), "cases": given}),
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )
    assert 0 == ran.returncode, ran.stderr
    told = json.loads(ran.stdout)
    return [{**one, "text": re.findall("<li>(.*?)</li>", one["text"])} if "text" in one else one for one in told]


@pytest.mark.parametrize("acts", [STRICT, LENIENT], ids=["strict", "lenient"])
def test_a_message_shows_what_may_be_shown_or_is_aborted(shop: Shop, acts: str) -> None:
    """What the customer has and what is sold out is not in it; with nothing left, or held, there is no message."""
    told = render(
        filled_in(ASK, shop.url, shop.key),
        acts,
        ("ada", "TEA-100,MUG-BLUE,POT-1"),
        ("bob", "TEA-100,MUG-BLUE,POT-1"),
        (STRANGE_ID, "TEA-100,MUG-BLUE"),
        ("ada", "TEA-100,POT-1"),
        ("bea", "TEA-100"),
    )

    assert [
        {"text": ["MUG-BLUE"]},
        {"text": ["TEA-100", "MUG-BLUE"]},
        {"text": ["MUG-BLUE"]},
        {"aborted": "suppressed"},
        {"aborted": "suppressed"},
    ] == told


@pytest.mark.parametrize("why", ["refused key", "nobody there"])
def test_without_an_answer_the_template_has_the_word(shop: Shop, why: str) -> None:
    """The strict one aborts, the lenient one shows what was picked."""
    ask = filled_in(ASK, shop.url, f"{shop.key}x") if why == "refused key" else filled_in(ASK, NOWHERE, shop.key)

    assert [{"aborted": "suppressed"}] == render(ask, STRICT, ("ada", "TEA-100,POT-1"))
    assert [{"text": ["TEA-100", "POT-1"]}] == render(ask, LENIENT, ("ada", "TEA-100,POT-1"))

"""`suppress release`: what a campaign holds is given back, and told."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from suppress.cli import cli
from suppress.stores.database import Database
from suppress.stores.reservations import MessageKey, Reservations
from suppress.stores.schema import upgrade

FAR_US = 2**61


@pytest.mark.parametrize(
    ("messages", "told"),
    [(0, "spring: nothing was reserved"), (1, "spring: 2 places in 1 message released"),
     (3, "spring: 6 places in 3 messages released")],
)  # fmt: skip
def test_a_campaign_is_released(tmp_path: Path, messages: int, told: str) -> None:
    """All places of the campaign are free afterwards, and how many there were is said."""
    url = f"sqlite:///{tmp_path}/shop.db"
    with Database.open(url, require_schema=False) as database:
        upgrade(database)
        reservations = Reservations(database)
        for number in range(messages):
            with reservations.drawing(MessageKey("spring", f"m-{number}", "ada"), ["MUG"], 0) as drawing:
                drawing.hold({"MUG": 2}, 0, FAR_US)
        result = CliRunner().invoke(cli, ["release", "spring", "--database", url])

        assert (0, told) == (result.exit_code, result.stdout.strip())
        assert {} == reservations.live(0)

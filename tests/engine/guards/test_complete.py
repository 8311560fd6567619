"""No class is forgotten: each of D01 to D30 has a guard and a witness."""

import re
from pathlib import Path

CLASSES = {f"d{n:02}" for n in range(1, 31)}


def classes(kind: str) -> set[str]:
    """The classes named by the tests of a kind in this folder."""
    names = [
        name
        for file in Path(__file__).parent.glob("test_*.py")
        for name in re.findall(rf"def test_{kind}_(\w+)", file.read_text())
    ]
    return {found for name in names for found in re.findall(r"(?:^|_)(d\d\d)(?=_|$)", name)}


def test_every_class_has_a_guard_and_a_witness() -> None:
    """Thirty guards, thirty witnesses."""
    assert CLASSES == classes("guard")
    assert CLASSES == classes("witness")

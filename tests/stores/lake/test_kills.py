"""A writer killed at a random moment, a few times; `python -m tests.faults.lake_kills` does it a hundred times."""

from pathlib import Path

from tests.faults.lake_kills import rounds


def test_a_killed_writer_leaves_a_good_lake(tmp_path: Path, seed: int) -> None:
    """Whenever it is killed, the lake holds the old facts or all of the new, and the rerun completes."""
    counts = rounds(tmp_path, 5, seed, lines=300)

    assert 5 == counts["served the old"] + counts["served the new"]

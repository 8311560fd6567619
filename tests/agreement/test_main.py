"""The long comparison ends at a difference, whichever worker finds it."""

import subprocess
import sys
from pathlib import Path

DIFFERING = """
import sys
from tests.agreement import __main__ as agreement

def made(rng, *, shops, messages):
    if rng.random() < 0.01:
        raise AssertionError("a made difference")
    return shops * messages

agreement.check_cases = made
sys.argv = ["tests.agreement", "40000", "seed"]
agreement.main()
"""


def test_a_difference_ends_the_run() -> None:
    """It is told with its seed and status 1; the run neither hangs nor goes on."""
    run = subprocess.run(
        [sys.executable, "-c", DIFFERING],
        cwd=Path(__file__).parent.parent.parent,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert 1 == run.returncode
    assert run.stderr.startswith("the engines differ for the seed seed/"), run.stderr
    assert "a made difference" in run.stderr
    assert "no difference" not in run.stdout

"""A program that runs beside the test: started, waited for by what it says, ended with it."""

import os
import re
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

STARTS_WITHIN_S = 60


class Program:
    """A running program; all it says stands in one file."""

    def __init__(self, process: "subprocess.Popen[bytes]", says: Path) -> None:
        self._process = process
        self._says = says

    def said(self, *patterns: str) -> list[str]:
        """The first group of each pattern, once all were said. Raises RuntimeError with what was said instead."""
        ends = time.monotonic() + STARTS_WITHIN_S
        while True:
            # Looked at before the text is read: what a program said last counts, too.
            over = self._process.poll() is not None or time.monotonic() > ends
            text = self._says.read_text()
            found = [re.search(pattern, text) for pattern in patterns]
            groups = [match[1] for match in found if match]
            if len(groups) == len(patterns):
                return groups
            if over:
                raise RuntimeError(f"{self._process.args!r} said nothing like {patterns}, but:\n{text}")
            time.sleep(0.02)


@contextmanager
def running(command: Sequence[str], folder: Path, says: Path, more: Mapping[str, str]) -> Iterator[Program]:
    """The program, until the block ends. Of the environment it gets neither proxies nor our own settings."""
    with (
        says.open("wb") as out,
        subprocess.Popen(
            command, cwd=folder, env={**environment(), **more}, stdin=subprocess.DEVNULL, stdout=out, stderr=out
        ) as process,
    ):
        try:
            yield Program(process, says)
        finally:
            process.kill()


def environment() -> dict[str, str]:
    """What a program may see of the environment: all calls here stay on this machine."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SUPPRESS_", "NODE_", "PROMETHEUS_")) and not name.lower().endswith("_proxy")
    }

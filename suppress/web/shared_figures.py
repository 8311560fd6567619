"""Make room for a worker's figures before any is written: the files in which workers share them, with all their bytes.

prometheus_client maps files with holes in them into memory. Where the disk is full when a hole is first written to, the
system kills the process (SIGBUS) without a word, and so it does with each one that is started in its place. A worker
that gets no room keeps its figures to itself: they are missing from the sum, and it decides all the same.
"""

import logging
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from prometheus_client import values

ROOM_BYTES: Final = {
    "counter": 512 << 10,
    "histogram": 256 << 10,
    "gauge_livesum": 64 << 10,
    "gauge_livemax": 64 << 10,
    "gauge_livemin": 64 << 10,
}
"""What all rules and routes there may be need, by the beginning of the file's name."""

_log = logging.getLogger("suppress.web")


def make_room(folder: Path) -> bool:
    """Whether there is room for this process's figures in the folder. Call it before the first figure is made."""
    made = []
    try:
        for kind, size in ROOM_BYTES.items():
            path = folder / f"{kind}_{os.getpid()}.db"
            made.append(path)
            with path.open("ab") as file:
                os.posix_fallocate(file.fileno(), 0, size)
    except OSError as error:
        for path in made:
            with suppress(OSError):
                path.unlink()
        values.ValueClass = values.MutexValue
        _log.error("this worker's figures are not shared: there is no room in %s: %s", folder, error.strerror)
        return False
    return True

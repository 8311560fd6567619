"""What a worker does between requests: asks after keys, looks whether all is well, tells figures. One thread."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from suppress.serving.ports import Clock

EVERY_S: Final = 2.0
OLD_US: Final = 15_000_000
"""From when on what was seen last says nothing of now: whoever looks is held up."""

_log = logging.getLogger(__name__)


class Upkeep:
    """Does each task every two seconds until it is closed. A task that fails is told once, and tried again."""

    def __init__(self, tasks: Mapping[str, Callable[[], object]], every_s: float = EVERY_S) -> None:
        self._tasks = tasks
        self._every_s = every_s
        self._failing: set[str] = set()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="suppress-upkeep", daemon=True)
        self._thread.start()

    def close(self, timeout_s: float = 2.0) -> None:
        """Do nothing more. A task that is held up is left behind."""
        self._ended.set()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while not self._ended.wait(self._every_s):
            for name, do in self._tasks.items():
                self._attempt(name, do)

    def _attempt(self, name: str, do: Callable[[], object]) -> None:
        try:
            do()
        except Exception as error:
            if name not in self._failing:
                _log.warning("%s failed, and is tried again: %s", name, type(error).__name__)
            self._failing.add(name)
        else:
            self._failing.discard(name)


class Lookout:
    """Remembers how things stood when somebody looked last, so that a probe never waits. `look` is a task."""

    def __init__(self, looks: Sequence[tuple[str, Callable[[], str | None]]], clock: Clock) -> None:
        self._looks = looks
        self._clock = clock
        self._seen: dict[str, str | None] = {}
        self._seen_at_us = 0
        self.look()

    def look(self) -> None:
        """Look at everything now. May be held up."""
        seen: dict[str, str | None] = {}
        for name, look in self._looks:
            try:
                seen[name] = look()
            except Exception as error:
                seen[name] = f"cannot be used ({type(error).__name__})"
        self._seen, self._seen_at_us = seen, self._clock()

    def seen(self) -> Mapping[str, str | None]:
        """By name None when it is well, else what is wrong. Never waits."""
        age_us = abs(self._clock() - self._seen_at_us)
        if age_us > OLD_US:
            return {**self._seen, "upkeep": f"held up for {age_us // 1_000_000} s"}
        return self._seen

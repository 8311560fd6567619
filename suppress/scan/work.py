"""A scan's work folder: finished pieces survive a kill, and the output appears whole by one rename.

The folder stands beside the output and bears its name. A piece is written under another name and renamed when it is
whole, so what is there is finished. `plan.json` says of which scan the pieces are; those of another scan are removed.
"""

import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

import duckdb

from suppress.errors import FactsError, ResourceError, SuppressError

_PLAN: Final = "plan.json"
_LOCK: Final = ".lock"
_MORE: Final = "make room on the disk of --out or give it more --memory; the same command with --resume goes on"


class Work:
    """The work folder of one scan under way."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.root = out.with_name(f".{out.name}.work")
        self.result = self.root / "out"
        self.temp = self.root / "spill"

    @contextmanager
    def opened(self, identity: Mapping[str, Any], *, resume: bool) -> Iterator[None]:
        """Hold the folder while a scan works. With `resume`, pieces of a scan of the same identity are kept.

        Raises FactsError when the output is there already, another scan is writing it, or it may not be written there;
        ResourceError when disk or memory do not suffice.
        """
        if self.out.exists():
            raise FactsError(f"{self.out} exists already. help: name another --out, or move it away")
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            with (self.root / _LOCK).open("w") as lock:
                self._hold(lock)
                self._begin(json.dumps(identity, sort_keys=True, indent=1), resume=resume)
                yield
        except BrokenPipeError:
            raise
        except (OSError, duckdb.IOException, duckdb.OutOfMemoryException) as error:
            raise trouble(error) from error

    def _hold(self, lock: IO[str]) -> None:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise FactsError(f"another scan is writing {self.out}. help: wait for it, or name another --out") from None

    def _begin(self, told: str, *, resume: bool) -> None:
        if not (resume and self._plan() == told):
            self._clear()
            (self.root / _PLAN).write_text(told, encoding="utf-8")
        shutil.rmtree(self.temp, ignore_errors=True)
        self.temp.mkdir(exist_ok=True)
        self.result.mkdir(exist_ok=True)

    def piece(self, name: str, write: Callable[[Path], None]) -> bool:
        """Make a piece unless it is there; whether it was made now. `write` gets the name to write it under."""
        done = self.root / name
        if done.exists():
            return False
        done.parent.mkdir(parents=True, exist_ok=True)
        unfinished = done.with_name(f".{done.name}.part")
        _remove(unfinished)
        write(unfinished)
        _sync(unfinished)
        unfinished.rename(done)
        return True

    def note(self, name: str, make: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
        """Something small that is worked out once and remembered."""

        def write(path: Path) -> None:
            path.write_text(json.dumps(make()), encoding="utf-8")

        self.piece(name, write)
        return dict(json.loads((self.root / name).read_text(encoding="utf-8")))

    def planned_as_of_us(self) -> int | None:
        """The instant an interrupted scan was begun as of; None when there is none."""
        try:
            return int(json.loads(self._plan() or "{}")["as_of_us"])
        except (ValueError, KeyError):
            return None

    def publish(self, out: Path | None = None) -> Path:
        """Make the result appear under its name, by one rename; the work folder goes."""
        out = out or self.out
        if out.exists():
            shutil.rmtree(out)
        for file in self.result.iterdir():
            _sync(file)
        _sync(self.result)
        self.result.rename(out)
        _sync(out.parent)
        shutil.rmtree(self.root, ignore_errors=True)
        return out

    def _plan(self) -> str | None:
        try:
            return (self.root / _PLAN).read_text(encoding="utf-8")
        except OSError:
            return None

    def _clear(self) -> None:
        for entry in self.root.iterdir():
            if entry.name != _LOCK:
                _remove(entry)


def trouble(error: Exception) -> SuppressError:
    """What to tell of an error in reading or writing: what ran out, else that a file could not be used."""
    if isinstance(error, duckdb.OutOfMemoryException):
        return ResourceError(f"the scan ran out of memory or temporary disk: {error}. help: {_MORE}")
    if ResourceError.is_cause(error):
        return ResourceError(f"the scan could not write: {error}. help: {_MORE}")
    return FactsError(f"the scan could not read or write: {error}")


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    """Have it on the disk before its name says that it is whole."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)

"""Keep a lake as immutable generations: a new one appears by one atomic step, readers keep the one they opened.

    LAKE/CURRENT         the name of the generation that serves, replaced as a whole
    LAKE/gen-000005/     one generation: manifest.json and Parquet files, never changed once it has this name
    LAKE/.gen-000006/    one being written; left over after a kill, removed by the next writer
    LAKE/LOCK            held by the one writer

A file that did not change is the same file (a hard link) in the next generation. Locks are the system's: a killed
process holds none.
"""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from suppress.errors import FactsError, StoreError
from suppress.facts import facts_folder
from suppress.facts.facts_folder import MANIFEST

KEPT_GENERATIONS: Final = 2
_CURRENT: Final = "CURRENT"
_LOCK: Final = "LOCK"
_TRIES: Final = 5
_REBUILD_HELP: Final = "run `suppress lake rebuild`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """One generation on disk. `number` counts from 1."""

    folder: Path
    number: int
    manifest: Mapping[str, Any]


def exists(lake: Path) -> bool:
    """Whether a generation of the lake serves."""
    return (lake / _CURRENT).exists()


def current_generation(lake: Path) -> Generation:
    """The generation that serves. Raises StoreError when there is none, or it cannot be read."""
    try:
        name = (lake / _CURRENT).read_text().strip()
        # Where it is gone, a writer went on by some generations just now, and there is a newer name.
        if not (lake / name / MANIFEST).exists():
            name = (lake / _CURRENT).read_text().strip()
    except FileNotFoundError:
        raise StoreError(f"there is no lake at {lake}; {_REBUILD_HELP}") from None
    except OSError as error:
        raise StoreError(f"the lake {lake} cannot be read: {error.strerror}") from None
    return Generation(folder=lake / name, number=_number(name), manifest=read_manifest(lake / name))


def read_manifest(folder: Path) -> Mapping[str, Any]:
    """The manifest of a facts folder. Raises StoreError when it is missing, damaged, or of another format."""
    try:
        return facts_folder.read_manifest(folder)
    except FactsError as error:
        raise StoreError(f"{error}; {_REBUILD_HELP}") from None


@contextmanager
def writing(lake: Path) -> Iterator[None]:
    """Be the only writer of the lake. Raises StoreError when another is at work."""
    try:
        lake.mkdir(parents=True, exist_ok=True)
        handle = os.open(lake / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StoreError(f"cannot write to the lake {lake}: {error.strerror}") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise StoreError(f"the lake {lake} is being written by another process; wait for it") from None
    try:
        for leftover in lake.glob(".gen-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        yield
    finally:
        os.close(handle)


def draft_folder(lake: Path, number: int) -> Path:
    """An empty folder in which to write generation `number`."""
    draft = lake / f".{_name(number)}"
    shutil.rmtree(draft, ignore_errors=True)
    (draft / "lines").mkdir(parents=True)
    return draft


def next_number(lake: Path) -> int:
    """The number of the next generation: above any there is, served or not."""
    return max((_number(path.name) for path in lake.glob("gen-*")), default=0) + 1


def keep(file: str, before: Generation, draft: Path) -> None:
    """Take a file of an earlier generation over as it is."""
    target = draft / file
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(before.folder / file, target)
    except OSError:
        shutil.copyfile(before.folder / file, target)


def publish(lake: Path, draft: Path, number: int, manifest: Mapping[str, Any]) -> Generation:
    """Let the draft serve: it is on disk whole before any reader can see it. Removes generations nobody needs."""
    (draft / MANIFEST).write_text(json.dumps(manifest, indent=1))
    for path in (*draft.rglob("*"), draft):
        _sync(path)
    folder = lake / _name(number)
    draft.rename(folder)
    _sync(lake)
    beside = lake / f".{_CURRENT}"
    beside.write_text(folder.name)
    _sync(beside)
    beside.replace(lake / _CURRENT)
    _sync(lake)
    _remove_old(lake, number)
    return Generation(folder=folder, number=number, manifest=manifest)


@contextmanager
def _lock_on(generation: Path, how: int) -> Iterator[int]:
    handle = os.open(generation / MANIFEST, os.O_RDONLY)
    try:
        fcntl.flock(handle, how | fcntl.LOCK_NB)
        yield handle
    finally:
        os.close(handle)


def hold(lake: Path) -> tuple[Generation, int]:
    """The generation that serves, with a handle that keeps it from being removed until it is closed."""
    for _ in range(_TRIES):
        generation = current_generation(lake)
        try:
            handle = os.open(generation.folder / MANIFEST, os.O_RDONLY)
        except FileNotFoundError:
            continue
        fcntl.flock(handle, fcntl.LOCK_SH)
        if (generation.folder / MANIFEST).exists():
            return generation, handle
        os.close(handle)
    raise StoreError(f"the lake {lake} is replaced faster than it can be opened")


def _remove_old(lake: Path, newest: int) -> None:
    served = {newest}
    numbers = sorted((_number(path.name) for path in lake.glob("gen-*")), reverse=True)
    served.update(numbers[:KEPT_GENERATIONS])
    for number in numbers:
        if number in served:
            continue
        folder = lake / _name(number)
        with suppress(OSError):
            if (folder / MANIFEST).exists():
                with _lock_on(folder, fcntl.LOCK_EX):
                    (folder / MANIFEST).unlink()
            shutil.rmtree(folder, ignore_errors=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _name(number: int) -> str:
    return f"gen-{number:06}"


def _number(name: str) -> int:
    digits = name.removeprefix("gen-")
    return int(digits) if digits.isdecimal() else 0

"""How a chain lies in a folder: its files, the anchor that says how far it goes, and the mark of where it begins.

    decisions/WRITER.0000000001.jsonl   lines 1 to ...; the number is that of the file's first line
    decisions/WRITER.0000004712.jsonl   the file after
    decisions/anchors/WRITER.head       how far the chain goes; locked while its process lives
    decisions/anchors/WRITER.start      where it begins since retention took its first files

The anchor is written after its lines are on the disk, so it never promises more than there is.
"""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import orjson

from suppress.decisions.record import NO_HASH, Link

ANCHORS: Final = "anchors"
ANCHOR_BYTES: Final = 512
"""An anchor is always this long and lies in one sector: a new one replaces the old one whole."""


class Anchor(NamedTuple):
    """How far a chain goes. `closed`: nothing follows, its process ended in good order or was tidied up after."""

    head: Link
    closed: bool


class ChainFile(NamedTuple):
    """One file of a chain. `first_seq`: the place of its first line."""

    path: Path
    writer: str
    first_seq: int


def file_path(folder: Path, writer: str, first_seq: int) -> Path:
    """Where the lines of a chain from `first_seq` on go."""
    return folder / f"{writer}.{first_seq:010}.jsonl"


def head_path(folder: Path, writer: str) -> Path:
    """Where a chain's anchor is."""
    return folder / ANCHORS / f"{writer}.head"


def files_of(folder: Path) -> dict[str, list[ChainFile]]:
    """Writer -> the files of its chain, in order. Other files of the folder are left alone."""
    found: dict[str, list[ChainFile]] = {}
    for entry in os.listdir(folder):
        name = _FILE.fullmatch(entry)
        if name is not None:
            found.setdefault(name[1], []).append(ChainFile(folder / entry, name[1], int(name[2])))
    return {writer: sorted(files, key=lambda file: file.first_seq) for writer, files in sorted(found.items())}


def writers_of(folder: Path) -> list[str]:
    """Every writer that has a file, an anchor or a mark in the folder."""
    try:
        marks = os.listdir(folder / ANCHORS)
    except FileNotFoundError:
        marks = []
    marked = {name.rpartition(".")[0] for name in marks if name.endswith((".head", ".start"))}
    return sorted(marked | files_of(folder).keys())


def read_anchor(folder: Path, writer: str) -> Anchor | None:
    """How far a chain goes; None when it has no anchor. Raises ValueError when the anchor cannot be read."""
    data = _read(head_path(folder, writer))
    if data is None:
        return None
    told = _told(data)
    anchor = Anchor(_link(told, writer), told.get("closed") is True)
    if data != anchor_bytes(anchor):
        raise ValueError("it is not as it was written")
    return anchor


def read_start(folder: Path, writer: str) -> Link:
    """The last line that retention took; before the first line when it took none. Raises ValueError when unreadable."""
    data = _read(folder / ANCHORS / f"{writer}.start")
    if data is None:
        return Link(writer, 0, NO_HASH)
    start = _link(_told(data), writer)
    if data != _start_bytes(start):
        raise ValueError("it is not as it was written")
    return start


def write_start(folder: Path, taken: Link) -> None:
    """Mark that the chain begins after this line. On the disk when it returns."""
    path = folder / ANCHORS / f"{taken.writer}.start"
    new = path.with_suffix(".start.new")
    with new.open("wb") as file:
        file.write(_start_bytes(taken))
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    sync_folder(path.parent)


def anchor_bytes(anchor: Anchor) -> bytes:
    """What stands in an anchor's file."""
    return orjson.dumps(anchor.head._asdict() | {"closed": anchor.closed}).ljust(ANCHOR_BYTES - 1) + b"\n"


@contextmanager
def locked(folder: Path, writer: str) -> Iterator[int | None]:
    """The anchor's handle, locked; None while the chain's process lives, or when there is no anchor."""
    try:
        handle = os.open(head_path(folder, writer), os.O_RDWR)
    except FileNotFoundError:
        yield None
        return
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
        else:
            yield handle
    finally:
        os.close(handle)


def sync_folder(folder: Path) -> None:
    """Have the names of a folder's files on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _start_bytes(taken: Link) -> bytes:
    return orjson.dumps(taken._asdict()) + b"\n"


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _told(data: bytes) -> dict[str, object]:
    told = orjson.loads(data)
    if not isinstance(told, dict):
        raise ValueError("it holds no JSON object")
    return told


def _link(told: dict[str, object], writer: str) -> Link:
    seq, digest = told.get("seq"), told.get("hash")
    if told.get("writer") != writer or not isinstance(seq, int) or not isinstance(digest, str) or seq < 0:
        raise ValueError("it does not name a line of its chain")
    return Link(writer, seq, digest)


_FILE: Final = re.compile(r"([A-Za-z0-9._-]{1,200})\.([0-9]{10,18})\.jsonl")

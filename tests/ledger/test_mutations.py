"""A log that was changed by anybody, anyhow, anywhere: the first altered record is named."""

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from suppress.decisions.record import Fault, Link
from suppress.ledger.folder import verify_folder
from tests.ledger.example import chain, record, write_chain

MUTATIONS = 1_000
LINES = 16
WRITERS = ("here-1-a", "here-2-b")

Mutation = Callable[[Random, list[list[bytes]]], int]
"""Changes the files (each a list of lines with their ends); says which line of the chain is the first altered one."""


def flip(dice: Random, files: list[list[bytes]]) -> int:
    """One byte becomes another."""
    file, at, before = _any_line(dice, files)
    line = bytearray(files[file][at])
    place = dice.randrange(len(line))
    line[place] = dice.choice([byte for byte in range(256) if byte != line[place]])
    files[file][at] = bytes(line)
    return before + 1


def drop(dice: Random, files: list[list[bytes]]) -> int:
    """One line is gone."""
    file, at, before = _any_line(dice, files)
    del files[file][at]
    return before + 1


def repeat(dice: Random, files: list[list[bytes]]) -> int:
    """One line stands there twice."""
    file, at, before = _any_line(dice, files)
    files[file].insert(at, files[file][at])
    return before + 2


def swap(dice: Random, files: list[list[bytes]]) -> int:
    """Two lines change places."""
    (file, at, before), (other_file, other_at, other_before) = _any_line(dice, files), _any_line(dice, files)
    while (file, at) == (other_file, other_at):
        other_file, other_at, other_before = _any_line(dice, files)
    files[file][at], files[other_file][other_at] = files[other_file][other_at], files[file][at]
    return min(before, other_before) + 1


def truncate(dice: Random, files: list[list[bytes]]) -> int:
    """A file ends before its end."""
    file, at, before = _any_line(dice, files)
    files[file][at] = files[file][at][: dice.randrange(len(files[file][at]))]
    del files[file][at + 1 :]
    return before + 1


def lose(dice: Random, files: list[list[bytes]]) -> int:
    """A file is gone."""
    file = dice.randrange(len(files))
    files[file].clear()
    return sum(map(len, files[:file])) + 1


def append(dice: Random, files: list[list[bytes]]) -> int:
    """Something is added at the end: a line, or rubbish."""
    files[-1].append(dice.choice([files[0][0], b"{}\n", b"rubbish", files[-1][-1][:-20]]))
    return LINES + 1


KINDS: list[Mutation] = [flip, drop, repeat, swap, truncate, lose, append]


def _any_line(dice: Random, files: list[list[bytes]]) -> tuple[int, int, int]:
    """A file, a line of it, and how many lines of the chain are before that."""
    file = dice.randrange(len(files))
    at = dice.randrange(len(files[file]))
    return file, at, sum(map(len, files[:file])) + at


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("decisions")
    for writer in WRITERS:
        write_chain(folder, chain([record(number) for number in range(LINES)], writer), at_once=3, most_bytes=8_000)
    return folder


def faults(folder: Path) -> list[Fault]:
    return [one.found for one in verify_folder(folder) if isinstance(one.found, Fault)]


def put(contents: dict[Path, bytes], paths: list[Path]) -> None:
    for path in paths:
        # Anew, for overwriting a file makes some file systems wait for the disk.
        path.unlink()
        path.write_bytes(contents[path])


def test_every_mutation_is_found(log: Path, seed: int) -> None:
    """Of a thousand random mutations each is found, and the first altered line is named, in its own chain."""
    seeds = Random(seed)
    print(f"seed {seed}")
    whole = {path: path.read_bytes() for path in sorted(log.glob("*.jsonl"))}

    assert [] == faults(log)
    assert 4 <= len(whole)
    for number in range(MUTATIONS):
        own = seeds.randrange(2**32)
        dice, kind = Random(own), KINDS[number % len(KINDS)]
        writer = dice.choice(WRITERS)
        paths = [path for path in whole if path.name.startswith(writer)]
        files = [whole[path].splitlines(keepends=True) for path in paths]
        expected = kind(dice, files)
        changed = {path: b"".join(lines) for path, lines in zip(paths, files, strict=True)}
        touched = [path for path, data in changed.items() if data != whole[path]]
        put(changed, touched)
        found = faults(log)
        put(whole, touched)
        told = f"mutation {number}, {kind.__name__}, seed {own}: {found}"

        assert touched, told
        assert [(writer, expected)] == [(fault.writer, fault.seq) for fault in found], told


@pytest.mark.parametrize("ending", [".head", ".start"])
def test_every_flip_of_a_mark_is_found(log: Path, ending: str, seed: int, tmp_path: Path) -> None:
    """A byte changed in the file that says how far a chain goes, or where it begins, makes that chain fail."""
    from suppress.ledger.prune import prune_folder

    for writer in WRITERS:
        write_chain(tmp_path, chain([record(1), record(2, day=1), record(3, day=2)], writer), at_once=1)
    prune_folder(tmp_path, record(1, day=1).decided_at_us)
    path = tmp_path / "anchors" / f"{WRITERS[1]}{ending}"
    data = path.read_bytes()

    assert [] == faults(tmp_path)
    dice = Random(seed)
    for place in (*range(data.rindex(b"}") + 2), len(data) - 1):
        byte = dice.choice([byte for byte in range(256) if byte != data[place]])
        path.write_bytes(data[:place] + bytes([byte]) + data[place + 1 :])

        assert [WRITERS[1]] == [fault.writer for fault in faults(tmp_path)], f"byte {place} became {byte}"


@pytest.mark.parametrize("ending", [".head", ".start"])
def test_a_missing_mark_is_found(ending: str, tmp_path: Path) -> None:
    """Without its anchor, or the mark of where it begins, a chain is not taken for whole."""
    from suppress.ledger.prune import prune_folder

    write_chain(tmp_path, chain([record(1), record(2, day=1)]), at_once=1)
    prune_folder(tmp_path, record(1, day=1).decided_at_us)
    (tmp_path / "anchors" / f"here-1-a{ending}").unlink()

    assert [("here-1-a", 2 if ending == ".head" else 1)] == [(fault.writer, fault.seq) for fault in faults(tmp_path)]


def test_a_chain_that_lost_all_its_files_is_found(tmp_path: Path) -> None:
    """Where every file of a chain is gone its anchor still knows of them."""
    write_chain(tmp_path, chain([record(1)]))
    for path in tmp_path.glob("*.jsonl"):
        path.unlink()

    assert [1] == [fault.seq for fault in faults(tmp_path)]


def test_a_chain_that_is_being_written(tmp_path: Path) -> None:
    """While its process lives a chain may have an unfinished line; only what was promised must be there."""
    lines = chain([record(number) for number in range(3)])
    writer = write_chain(tmp_path, lines, close=False)
    path = next(tmp_path.glob("*.jsonl"))
    with path.open("ab") as file:
        file.write(b'{"prev_hash":"')
    (found,) = verify_folder(tmp_path)
    path.write_bytes(path.read_bytes()[:-50])
    (cut,) = verify_folder(tmp_path)
    writer.close()

    assert (lines[2].link, 14) == (found.found, found.unfinished_bytes)
    assert isinstance(cut.found, Fault)
    assert Link("here-1-a", 3, "").seq == cut.found.seq

"""Hostile files cost little and are refused with a Problem; the reader never crashes and never hangs."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.hostile.corpus import corpus

MOST_CPU_SECONDS = 1.0
MOST_KILOBYTES = 200_000
TAKES = 3


def read_all(folder: Path, files: dict[str, bytes]) -> dict[str, dict[str, Any]]:
    """What became of each file, by name, each read in a process of its own."""
    for name, data in files.items():
        (folder / name).write_bytes(data)
    worker = Path(__file__).with_name("worker.py")
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, str(worker), str(folder)],
        cwd=root,
        env={"PYTHONPATH": str(root)},
        capture_output=True,
        check=True,
    )
    return {answer["file"]: answer for answer in map(json.loads, done.stdout.splitlines())}


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory, seed: int) -> dict[str, dict[str, Any]]:
    """What became of each file, by name. The peak is the process's own, the reader and its libraries included."""
    files = corpus(seed)
    told = read_all(tmp_path_factory.mktemp("hostile"), files)

    assert set(files) == set(told)
    return told


def test_there_are_at_least_a_hundred_files(seed: int) -> None:
    """The corpus holds more than a hundred files, no two the same."""
    assert len(set(corpus(seed).values())) >= 100


def test_no_file_crashes_the_reader(answers: dict[str, dict[str, Any]]) -> None:
    """Every reader leaves by itself, without a signal or a traceback."""
    assert [] == [name for name, answer in answers.items() if answer["status"] != 0]


def test_every_file_is_refused_with_a_problem(answers: dict[str, dict[str, Any]]) -> None:
    """Every file gives an error and no ruleset, and never more problems than a person would read."""
    assert [] == [name for name, answer in answers.items() if answer["ruleset"] or not _errors(answer)]
    assert max(len(answer["problems"]) for answer in answers.values()) <= 101


def test_every_file_is_read_within_a_second_of_processor_time(
    answers: dict[str, dict[str, Any]], tmp_path: Path, seed: int
) -> None:
    """Processor time, and the least of three takes of a slow one: what shares the machine only ever adds to it."""
    slow = {name: a["cpu_seconds"] for name, a in answers.items() if a["cpu_seconds"] > MOST_CPU_SECONDS}
    for take in range(1, TAKES):
        if not slow:
            break
        folder = tmp_path / str(take)
        folder.mkdir()
        again = read_all(folder, {name: data for name, data in corpus(seed).items() if name in slow})
        slow = {name: a["cpu_seconds"] for name, a in again.items() if a["cpu_seconds"] > MOST_CPU_SECONDS}
    assert {} == slow


def test_every_file_is_read_within_200_megabytes(answers: dict[str, dict[str, Any]]) -> None:
    """The peak of the whole process stays below 200 MB."""
    assert {} == {n: a["peak_kilobytes"] for n, a in answers.items() if a["peak_kilobytes"] > MOST_KILOBYTES}


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("sizes-just-too-large", "file-too-large"),
        ("sizes-keys", "too-many-values"),
        ("meanings-patterns", "too-many-patterns"),
        ("meanings-fields", "too-many-problems"),
        ("depth-brackets", "too-deep"),
        ("references-laughs", "yaml-anchor"),
        ("references-merge-key", "merge-key"),
        ("tags-system", "yaml-tag"),
        ("numbers-digits", "number-too-large"),
        ("numbers-last-day", "no-such-date"),
        ("encodings-utf-16-le", "wrong-encoding"),
        ("characters-nul-last", "control-character"),
        ("meanings-zone-passwd", "unknown-time-zone"),
    ],
)
def test_the_problem_says_what_is_wrong(answers: dict[str, dict[str, Any]], name: str, code: str) -> None:
    """The problem names the attack, not its consequences."""
    assert code in {problem[0] for problem in answers[name]["problems"]}


def _errors(answer: dict[str, Any]) -> list[str]:
    return [message for _, message, severity in answer["problems"] if severity == "error"]

"""Room for the figures that workers share: all of it before the first is written, or none is shared."""

import errno
import os
from pathlib import Path

import pytest
from prometheus_client import values

from suppress.web.metrics import Metrics
from suppress.web.shared_figures import ROOM_BYTES, make_room


def test_files_have_no_holes(tmp_path: Path) -> None:
    """Each file has its bytes on the disk, so that writing to it later needs no room."""
    assert make_room(tmp_path)

    assert {f"{kind}_{os.getpid()}.db" for kind in ROOM_BYTES} == {path.name for path in tmp_path.iterdir()}
    assert all(path.stat().st_blocks * 512 >= path.stat().st_size > 0 for path in tmp_path.iterdir())


def test_a_full_disk_keeps_figures_apart_and_the_worker_alive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Without room the worker counts for itself, leaves no file behind, and says so."""
    room = iter([None, None, OSError(errno.ENOSPC, "No space left on device")])

    def allocate(*_: int) -> None:
        error = next(room)
        if error is not None:
            raise error

    monkeypatch.setattr(os, "posix_fallocate", allocate)
    monkeypatch.setattr(values, "ValueClass", values.ValueClass)
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    metrics = Metrics()
    metrics.note_request("GET", "/livez", 200, 0.001)

    assert [] == list(tmp_path.iterdir())
    assert "No space left on device" in caplog.text


def test_a_folder_that_is_a_file_keeps_figures_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Where the folder is none a worker counts for itself and says so, whatever the system calls it."""
    monkeypatch.setattr(values, "ValueClass", values.ValueClass)
    (tmp_path / "file").write_text("")

    assert not make_room(tmp_path / "file")
    assert "Not a directory" in caplog.text

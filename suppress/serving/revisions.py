"""Rules in force while they change: what was published or saved in, one Revision that decides whole answers out.

New rules are read and compiled aside and take over by one assignment; whatever goes wrong on the way leaves the last
good ones in force and says why. Whoever decides by an older revision goes on doing so; its engine's memory is freed
when the last of them is done.
"""

import logging
import threading
import weakref
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Final, Protocol

from suppress.engine.decide import Decider
from suppress.engine.guarded import Engine, GuardedEngine
from suppress.errors import StoreError, SuppressError
from suppress.rules.compile import CompiledRuleset
from suppress.rules.folders import is_rule_file, read_bytes
from suppress.service import load_ruleset
from suppress.serving.ports import Clock
from suppress.stores.published import find_version, load_version
from suppress.stores.versions import Versions

EVERY_SECONDS: Final = 1.0
"""How often a Watcher looks."""
CLOSE_SECONDS: Final = 5.0
"""How long closing a Watcher waits for a look under way."""
YOUNG_US: Final = 2_000_000
"""A file changed less long ago may change again within the same tick of the file system's clock, unseen by it."""

_log = logging.getLogger(__name__)


class Rules(Protocol):
    """Where rules come from."""

    def mark(self) -> Hashable:
        """What is there now, told cheaply: another mark than before means that something may have changed."""

    def load(self) -> CompiledRuleset:
        """The ruleset there is now. Raises SuppressError when it cannot be used."""

    @property
    def may_be_half_written(self) -> bool:
        """Whether a change must be seen twice alike before it is loaded."""


class PublishedRules:
    """The newest published version of a ruleset. `ruleset`: None = the only one, else `retail-default`."""

    may_be_half_written = False

    def __init__(self, versions: Versions, ruleset: str | None = None) -> None:
        self._versions = versions
        self._ruleset = ruleset

    def mark(self) -> Hashable:
        """Name and number of the newest version. Raises NoVersionError when there is none, StoreError."""
        head = find_version(self._versions, self._ruleset)
        return head.ruleset, head.number

    def load(self) -> CompiledRuleset:
        """That version, compiled."""
        return load_version(self._versions, self._ruleset)


class FolderRules:
    """A ruleset of a folder (or file) that somebody edits. `ruleset`: None = the only one, else `retail-default`.

    A file that is being saved may look like a whole one with fewer rules, so a change counts when it has come to rest.
    """

    may_be_half_written = True

    def __init__(self, directory_or_file: Path, clock: Clock, ruleset: str | None = None) -> None:
        self._path = directory_or_file
        self._clock = clock
        self._ruleset = ruleset

    def mark(self) -> Hashable:
        """Each rule file's name, place, size and times; of files just changed the contents too. Raises OSError."""
        folder = self._path if self._path.is_dir() else self._path.parent
        now_us = self._clock()
        return tuple(_mark_of(path, now_us) for path in sorted(folder.iterdir()) if is_rule_file(path))

    def load(self) -> CompiledRuleset:
        """What the files say now, compiled."""
        return load_ruleset(self._path, ruleset=self._ruleset)


class PublishedElseFolder:
    """What is published, from the moment it is; a folder until then. It never goes back to the folder.

    `ruleset`: None = whatever is published; the only one, else `retail-default`.
    """

    def __init__(self, versions: Versions, folder: FolderRules, ruleset: str | None = None) -> None:
        self._versions = versions
        self._ruleset = ruleset
        self._published = PublishedRules(versions, ruleset)
        self._folder = folder
        self._is_published = False

    @property
    def may_be_half_written(self) -> bool:
        """As of what was there at the last look."""
        return self._of_now.may_be_half_written

    def mark(self) -> Hashable:
        """That of either. Raises NoVersionError when several are published and none is named, StoreError, OSError."""
        if not self._is_published:
            heads = self._versions.heads()
            self._is_published = bool(heads) if self._ruleset is None else self._ruleset in heads
        return self._is_published, self._of_now.mark()

    def load(self) -> CompiledRuleset:
        """What was there at the last look, compiled."""
        return self._of_now.load()

    @property
    def _of_now(self) -> PublishedRules | FolderRules:
        return self._published if self._is_published else self._folder


def _mark_of(path: Path, now_us: int) -> Hashable:
    try:
        found = path.stat()
        is_young = now_us - found.st_mtime_ns // 1_000 < YOUNG_US
        contents = sha256(read_bytes(path)).digest() if is_young else None
    except FileNotFoundError:
        # It went while we looked, as files do that are about to be replaced; the next look tells.
        return path.name
    return path.name, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns, contents


@dataclass(frozen=True, slots=True, kw_only=True, weakref_slot=True)
class Revision:
    """One ruleset, ready to decide; never changes. `serial`: 1, 2, 3 in the order they came into force here."""

    compiled: CompiledRuleset
    decider: Decider
    serial: int
    since_us: int

    @property
    def version(self) -> int | None:
        """Its published number; None when it comes from a folder."""
        return self.compiled.version


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How following the rules goes. `last_error`: why the newest rules are not in force; None = they are.

    `last_success_us`: when somebody last looked and the rules in force were the newest. `swaps`, `failures`: how often
    since the start new rules came into force, and a look ended in an error; the same broken rules are read once.
    """

    last_error: str | None
    last_success_us: int
    swaps: int = 0
    failures: int = 0


class Revisions:
    """The rules in force. `current` may be called from any thread, at any rate; it waits for nothing.

    Raises SuppressError or OSError when opened while there are no usable rules: without any nothing can be answered.
    """

    def __init__(self, rules: Rules, clock: Clock, engine: Callable[[CompiledRuleset], Engine] = GuardedEngine) -> None:
        self._rules = rules
        self._clock = clock
        self._make_engine = engine
        self._refreshing = threading.Lock()
        self._mark = rules.mark()
        self._seen: Hashable = self._mark
        self._refused: Hashable = None
        self._current = self._revision(rules.load(), serial=1)
        self.health = Health(last_error=None, last_success_us=self._current.since_us)

    def current(self) -> Revision:
        """The revision in force now. Use one from the start of an answer to its end."""
        return self._current

    @property
    def last_error(self) -> str | None:
        """Why the newest rules are not in force; None = they are."""
        return self.health.last_error

    @property
    def last_success_us(self) -> int:
        """When somebody last looked and the rules in force were the newest."""
        return self.health.last_success_us

    def refresh(self) -> bool:
        """Look whether there are newer rules, and put them in force; whether that happened. Never raises Exception.

        While somebody else is at it, nothing is done.
        """
        if not self._refreshing.acquire(blocking=False):
            return False
        try:
            return self._refresh()
        except Exception as error:
            self._failed(error)
            return False
        finally:
            self._refreshing.release()

    def _refresh(self) -> bool:
        mark = self._rules.mark()
        has_rested = mark == self._seen or not self._rules.may_be_half_written
        self._seen = mark
        if mark == self._mark:
            self._succeeded()
            return False
        if mark == self._refused or not has_rested:
            return False
        try:
            compiled = self._rules.load()
            if self._rules.may_be_half_written and self._rules.mark() != mark:
                return False
            old = self._current
            is_other = (compiled.name, compiled.fingerprint, compiled.version) != (
                *(old.compiled.name, old.compiled.fingerprint),
                old.compiled.version,
            )
            new = self._revision(compiled, serial=old.serial + 1) if is_other else old
        except (StoreError, OSError, MemoryError):
            raise
        except Exception:
            # The same rules would fail the same way again; only others are worth another try.
            self._refused = mark
            raise
        self._current = new
        self._mark, self._refused = mark, None
        self._succeeded(swaps=int(is_other))
        if is_other:
            _log.info("rules in force: %s %s, %s", compiled.name, _number(compiled), compiled.fingerprint)
        return is_other

    def _revision(self, compiled: CompiledRuleset, serial: int) -> Revision:
        engine = self._make_engine(compiled)
        decider = Decider(compiled, engine)
        # Tied to the decider, for that is what its users hold while they decide.
        weakref.finalize(decider, engine.close).atexit = False
        return Revision(compiled=compiled, decider=decider, serial=serial, since_us=self._clock())

    def _succeeded(self, swaps: int = 0) -> None:
        now_us, health = self._clock(), self.health
        self.health = replace(health, last_error=None, last_success_us=now_us, swaps=health.swaps + swaps)

    def _failed(self, error: Exception) -> None:
        told = str(error) if isinstance(error, SuppressError) else f"{type(error).__name__}: {error}"
        health = self.health
        if told != health.last_error:
            kept = self._current.compiled
            _log.error("newer rules cannot be used, %s %s stays in force: %s", kept.name, _number(kept), told)
        self.health = replace(health, last_error=told, failures=health.failures + 1)


class Watcher:
    """Refreshes Revisions every so often, in a thread of its own, until it is closed."""

    def __init__(self, revisions: Revisions, every_seconds: float = EVERY_SECONDS) -> None:
        self._revisions = revisions
        self._every_seconds = every_seconds
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="suppress-rules", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop looking. Returns when a look under way has ended; one that a dead database holds is left behind."""
        self._ended.set()
        self._thread.join(CLOSE_SECONDS)

    def _watch(self) -> None:
        while not self._ended.wait(self._every_seconds):
            self._revisions.refresh()


def _number(compiled: CompiledRuleset) -> str:
    return "from files" if compiled.version is None else f"version {compiled.version}"

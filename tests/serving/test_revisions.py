"""Rules that change while they decide: new ones take over whole, broken ones never, old ones stay while in use."""

import gc
import logging
import os
import threading
import weakref
from collections.abc import Callable, Hashable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from suppress.engine.guarded import GuardedEngine, ReferenceEngine
from suppress.errors import NoVersionError, RulesetError, StoreError
from suppress.rules.compile import CompiledRuleset
from suppress.rules.sources import FileKind, SourceFile
from suppress.serving.revisions import FolderRules, PublishedElseFolder, PublishedRules, Revisions, Watcher
from suppress.stores.database import Database
from suppress.stores.schema import upgrade
from suppress.stores.versions import Versions
from tests.faults.reloads import MESSAGES, book, broken, compiled_of, run, text_of

NOW_US = 1_790_000_000_000_000


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now_us = NOW_US

    def __call__(self) -> int:
        return self.now_us


class Given:
    """Rules that a test hands in. `fails`: raised by what it names."""

    may_be_half_written = False

    def __init__(self) -> None:
        self.number = 1
        self.loads = 0
        self.fails: dict[str, Exception] = {}

    def mark(self) -> Hashable:
        if "mark" in self.fails:
            raise self.fails["mark"]
        return self.number

    def load(self) -> CompiledRuleset:
        self.loads += 1
        if "load" in self.fails:
            raise self.fails["load"]
        return replace(compiled_of(self.number), version=self.number)


class Engine(ReferenceEngine):
    """Says when it is closed."""

    def __init__(self, compiled: CompiledRuleset, closed: list[int | None]) -> None:
        super().__init__(compiled)
        self._version = compiled.version
        self._closed = closed

    def close(self) -> None:
        self._closed.append(self._version)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def rules() -> Given:
    return Given()


def test_new_rules_take_over(rules: Given, clock: Clock) -> None:
    """A newer version is in force after the next look, and who holds the older one keeps it."""
    revisions = Revisions(rules, clock)
    first = revisions.current()
    rules.number, clock.now_us = 2, NOW_US + 5

    assert revisions.refresh()
    second = revisions.current()
    assert (1, 1, NOW_US) == (first.version, first.serial, first.since_us)
    assert (2, 2, NOW_US + 5) == (second.version, second.serial, second.since_us)
    asked = book().snapshot(MESSAGES[0], NOW_US, first.compiled.needs)
    decided = [each.decider.decide(asked, "").fingerprint for each in (first, second)]
    assert [compiled_of(1).fingerprint, compiled_of(2).fingerprint] == decided


def test_looking_is_cheap(rules: Given, clock: Clock) -> None:
    """Where nothing changed nothing is compiled, and the look counts as a success."""
    revisions = Revisions(rules, clock)
    clock.now_us += 7
    looked = [revisions.refresh() for _ in range(3)]

    assert [False] * 3 == looked
    assert (1, NOW_US + 7, 0) == (rules.loads, revisions.last_success_us, revisions.health.swaps)


@pytest.mark.parametrize(
    ("where", "error", "told", "loads"),
    [
        ("load", RulesetError("shop.yaml:1:1 empty-file"), "shop.yaml:1:1 empty-file", 1),
        ("load", RecursionError("too deep"), "RecursionError: too deep", 1),
        ("load", StoreError("cannot read versions"), "cannot read versions", 3),
        ("load", PermissionError(13, "denied", "shop.yaml"), "shop.yaml", 3),
        ("mark", StoreError("cannot read versions"), "cannot read versions", 0),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_last_good_rules_stay(
    rules: Given, clock: Clock, caplog: pytest.LogCaptureFixture, where: str, error: Exception, told: str, loads: int
) -> None:
    """Whatever goes wrong, the rules in force stay, it is said why and logged once; what mends is in force at once.

    Broken rules are read once, what cannot be reached is asked for again.
    """
    revisions = Revisions(rules, clock)
    first = revisions.current()
    rules.number, rules.fails, clock.now_us = 2, {where: error}, NOW_US + 9
    with caplog.at_level(logging.ERROR):
        looked = [revisions.refresh() for _ in range(3)]

    assert [False] * 3 == looked
    assert revisions.current() is first
    assert told in str(revisions.last_error)
    assert NOW_US == revisions.last_success_us
    assert (1, 1 + loads) == (len(caplog.records), rules.loads)

    rules.number, rules.fails = 3, {}
    assert revisions.refresh()
    assert (3, None, NOW_US + 9) == (revisions.current().version, revisions.last_error, revisions.last_success_us)


def test_an_engine_that_cannot_be_made(rules: Given, clock: Clock) -> None:
    """An engine that fails for the new rules leaves the old ones in force."""

    def make(compiled: CompiledRuleset) -> ReferenceEngine:
        if compiled.version == 2:
            raise MemoryError
        return ReferenceEngine(compiled)

    revisions = Revisions(rules, clock, make)
    rules.number = 2

    assert not revisions.refresh()
    assert (1, "MemoryError: ") == (revisions.current().version, revisions.last_error)


def test_taking_a_broken_change_back(rules: Given, clock: Clock) -> None:
    """When what is broken is taken back, the rules in force are the newest again, and the error is over."""
    revisions = Revisions(rules, clock)
    rules.number, rules.fails = 2, {"load": RulesetError("broken")}
    revisions.refresh()
    rules.number = 1

    assert not revisions.refresh()
    assert (None, 1) == (revisions.last_error, revisions.current().serial)


def test_nothing_to_begin_with(rules: Given, clock: Clock) -> None:
    """Without usable rules at the start there is nothing to answer by: opening raises."""
    rules.fails = {"load": RulesetError("broken")}
    with pytest.raises(RulesetError, match="broken"):
        Revisions(rules, clock)


def test_an_old_engine_goes_with_its_last_user(rules: Given, clock: Clock) -> None:
    """An engine is closed when nobody decides by it any more, not before, and without waiting for a collector."""
    closed: list[int | None] = []
    revisions = Revisions(rules, clock, lambda compiled: Engine(compiled, closed))
    gc.disable()
    try:
        held, decider = revisions.current(), revisions.current().decider
        rules.number = 2
        revisions.refresh()
        rules.number = 3
        revisions.refresh()
        assert [2] == closed
        del held
        assert [2] == closed
        del decider
        assert [2, 1] == closed
    finally:
        gc.enable()


def test_memory_of_durable_rules_is_freed(rules: Given, clock: Clock) -> None:
    """The real engine is closed with its last user as well: no cycle keeps it."""
    revisions = Revisions(rules, clock)
    engine = revisions.current().decider.engine
    assert isinstance(engine, GuardedEngine)
    item = engine._item
    assert item is not None
    gone = weakref.ref(revisions.current().decider)
    gc.disable()
    try:
        rules.number = 2
        revisions.refresh()
        assert gone() is None
        assert item._closed
    finally:
        gc.enable()


def test_one_look_at_a_time(rules: Given, clock: Clock) -> None:
    """While somebody looks, another who looks returns at once and compiles nothing."""
    revisions = Revisions(rules, clock)
    entered, go_on = threading.Event(), threading.Event()
    load = rules.load

    def slow() -> CompiledRuleset:
        entered.set()
        assert go_on.wait(60)
        return load()

    rules.load = slow  # type: ignore[method-assign]
    rules.number = 2
    looking = threading.Thread(target=revisions.refresh)
    looking.start()
    assert entered.wait(60)
    assert not revisions.refresh()
    go_on.set()
    looking.join(60)

    assert (2, 2) == (revisions.current().version, rules.loads)


def test_a_watcher_looks_until_closed(rules: Given, clock: Clock) -> None:
    """A watcher puts new rules in force by itself, and ends when it is closed."""
    swapped = threading.Event()

    def make(compiled: CompiledRuleset) -> ReferenceEngine:
        if compiled.version == 2:
            swapped.set()
        return ReferenceEngine(compiled)

    revisions = Revisions(rules, clock, make)
    watcher = Watcher(revisions, every_seconds=0.001)
    rules.number = 2
    assert swapped.wait(60)
    watcher.close()

    assert 2 == revisions.current().version
    assert "suppress-rules" not in {thread.name for thread in threading.enumerate()}


# -- a folder --------------------------------------------------------------------------------------------------------


@pytest.fixture
def save(tmp_path: Path) -> Callable[[str], None]:
    """Writes the rule file in place, which is when it may be met half written."""
    return lambda text: (tmp_path / "shop.yaml").write_text(text) and None


def folder_revisions(folder: Path, clock: Clock) -> Revisions:
    return Revisions(FolderRules(folder, clock), clock, ReferenceEngine)


def test_a_change_of_a_folder_must_rest(tmp_path: Path, clock: Clock, save: Callable[[str], None]) -> None:
    """A rule file that is still growing is left alone, though its first half is a ruleset; at rest it is read."""
    save(text_of(1))
    revisions = folder_revisions(tmp_path, clock)
    whole = text_of(2)
    first_rules = whole[: whole.rindex("  - {id: bought")]
    save(first_rules)
    assert not revisions.refresh()
    save(whole)
    assert not revisions.refresh()
    assert compiled_of(1).fingerprint == revisions.current().compiled.fingerprint
    assert revisions.refresh()

    assert compiled_of(2).fingerprint == revisions.current().compiled.fingerprint


def test_a_change_that_cannot_be_seen_by_size_or_time(
    tmp_path: Path, clock: Clock, save: Callable[[str], None]
) -> None:
    """Two texts of one length, saved within a tick of the clock, are told apart."""
    save(text_of(1))
    path = tmp_path / "shop.yaml"
    clock.now_us = path.stat().st_mtime_ns // 1_000
    marks = []
    for number in (1, 2, 2):
        save(text_of(number))
        os.utime(path, ns=(0, clock.now_us * 1_000))
        marks.append(FolderRules(tmp_path, clock).mark())

    def without_change_time(mark: Hashable) -> list[Hashable]:
        assert isinstance(mark, tuple)
        return [each[:4] + each[5:] for each in mark]

    assert len(text_of(1)) == len(text_of(2))
    assert without_change_time(marks[0]) != without_change_time(marks[1])
    assert without_change_time(marks[1]) == without_change_time(marks[2])


def test_a_touched_file_changes_nothing(tmp_path: Path, clock: Clock, save: Callable[[str], None]) -> None:
    """A file with another time, or a comment more, is looked at, and the revision in force stays."""
    save(text_of(1))
    revisions = folder_revisions(tmp_path, clock)
    first = revisions.current()
    for text in (text_of(1), text_of(1) + "# a comment\n"):
        save(text)
        assert [False, False] == [revisions.refresh(), revisions.refresh()]

    assert first is revisions.current()
    assert 0 == revisions.health.swaps


def test_a_base_in_the_folder(tmp_path: Path, clock: Clock, save: Callable[[str], None]) -> None:
    """A change of a ruleset that the one in force uses is a change of it."""
    save("version: 1\nruleset: shop\nuse: base\nrules: []\n")
    base = "version: 1\nruleset: base\nrules:\n  - {id: a, drop: item, code: recalled, when: {item.status: recalled}}\n"
    (tmp_path / "base.yaml").write_text(base)
    revisions = Revisions(FolderRules(tmp_path, clock, "shop"), clock, ReferenceEngine)
    (tmp_path / "base.yaml").write_text(base.replace("id: a", "id: b"))
    revisions.refresh()

    assert revisions.refresh()
    assert ["b"] == [rule.id for rule in revisions.current().compiled.rules]


@pytest.mark.parametrize("number", range(0, 8, 2))
def test_broken_and_missing_files(tmp_path: Path, clock: Clock, number: int) -> None:
    """Broken rules, none, or no folder at all: the last good ones stay; a whole file is in force again."""
    folder = tmp_path / "rules"
    folder.mkdir()
    path = folder / "shop.yaml"
    path.write_text(text_of(1))
    revisions = folder_revisions(folder, clock)
    for spoil in (lambda: path.write_text(broken(number)), path.unlink, folder.rmdir):
        spoil()
        revisions.refresh()
        revisions.refresh()
        assert revisions.last_error
        assert 1 == revisions.current().serial
    folder.mkdir()
    path.write_text(text_of(2))
    revisions.refresh()

    assert revisions.refresh()
    assert revisions.last_error is None


# -- published versions -----------------------------------------------------------------------------------------------


@pytest.fixture
def versions(tmp_path: Path) -> Iterator[Versions]:
    with Database.open(f"sqlite:///{tmp_path}/versions.db", require_schema=False) as database:
        upgrade(database)
        yield Versions(database)


def test_nothing_published(versions: Versions, clock: Clock) -> None:
    """Without a version opening says what to do."""
    with pytest.raises(NoVersionError, match="suppress publish"):
        Revisions(PublishedRules(versions), clock)
    with pytest.raises(NoVersionError, match='no ruleset "shop" is published'):
        Revisions(PublishedRules(versions, "shop"), clock)


def published(versions: Versions, number: int, ruleset: str = "shop") -> None:
    """One version more of a ruleset."""
    text = text_of(number).replace("ruleset: shop", f"ruleset: {ruleset}")
    versions.publish(
        ruleset,
        [SourceFile(f"{ruleset}.yaml", FileKind.RULESET, text)],
        fingerprint=replace(compiled_of(number), name=ruleset).fingerprint,
        author="me",
        message="m",
        now_us=NOW_US,
    )


def told_of(revisions: Revisions) -> tuple[str, int | None]:
    """Name and number of what is in force."""
    return revisions.current().compiled.name, revisions.current().version


@pytest.mark.parametrize("named", [None, "shop"])
def test_the_first_publication_takes_over_from_the_folder(
    tmp_path: Path, versions: Versions, clock: Clock, save: Callable[[str], None], named: str | None
) -> None:
    """The folder decides until something is published, without a restart; from then on it changes nothing."""
    save(text_of(1))
    rules = PublishedElseFolder(versions, FolderRules(tmp_path, clock, named), named)
    revisions = Revisions(rules, clock, ReferenceEngine)
    of_the_folder = told_of(revisions)
    published(versions, 2)
    took_over = revisions.refresh()
    save(text_of(3))
    later = [revisions.refresh(), revisions.refresh()]

    assert ("shop", None) == of_the_folder
    assert took_over
    assert [False, False] == later
    assert ("shop", 1) == told_of(revisions)
    assert revisions.last_error is None
    assert ("shop", 1) == told_of(Revisions(PublishedElseFolder(versions, FolderRules(tmp_path, clock)), clock))


def test_a_named_ruleset_waits_for_its_own_publication(
    tmp_path: Path, versions: Versions, clock: Clock, save: Callable[[str], None]
) -> None:
    """What is published of another ruleset is not its concern."""
    save(text_of(1))
    published(versions, 2, "other")
    rules = PublishedElseFolder(versions, FolderRules(tmp_path, clock, "shop"), "shop")
    revisions = Revisions(rules, clock, ReferenceEngine)

    assert not revisions.refresh()
    assert ("shop", None) == told_of(revisions)


def test_several_published_and_none_named(
    tmp_path: Path, versions: Versions, clock: Clock, save: Callable[[str], None]
) -> None:
    """Nobody guesses: the last good one stays, a new process does not take the folder, and both say what to do."""
    save(text_of(1))
    published(versions, 2)
    revisions = Revisions(PublishedElseFolder(versions, FolderRules(tmp_path, clock)), clock, ReferenceEngine)
    published(versions, 2, "other")

    assert not revisions.refresh()
    assert ("shop", 1) == told_of(revisions)
    assert "several rulesets are published" in str(revisions.last_error)
    with pytest.raises(NoVersionError, match="SUPPRESS_RULESET"):
        Revisions(PublishedElseFolder(versions, FolderRules(tmp_path, clock)), clock)


@pytest.mark.parametrize("source", ["folder", "published"])
def test_reloads_under_load(source: str) -> None:
    """Changes under load, half of them broken: no error, no wrong answer, nothing left behind."""
    counts = run(source, reloads=10, threads=2)

    assert ([], []) == (counts.wrong, counts.errors)
    assert (5, 5, 1) == (counts.swaps, counts.refused, counts.alive)
    assert counts.decisions > 0

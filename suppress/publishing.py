"""Turn rule files into a numbered version that cannot change: linted, its cases played, planned, then stored.

Nothing is stored that lints with an error or fails a case. The plan compares with the version that is the newest at the
moment of storing: whoever is overtaken by another publisher plans anew.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from suppress.cases.play import play_stories, story_snapshot
from suppress.cases.story import Story, parse_stories
from suppress.engine.decide import Decider
from suppress.engine.guarded import ReferenceEngine
from suppress.errors import CasesFailedError, FactsError, HeadMovedError, RulesetError, VersionError
from suppress.facts.ids import clean_id, clean_text
from suppress.facts.instants import from_us
from suppress.problems import Problem, in_file_order
from suppress.replay.edits import Edit, edits
from suppress.replay.report import Report
from suppress.replay.run import needs_of_both
from suppress.replay.tally import Tally
from suppress.replay.told import names_of_a_page, report_told
from suppress.rules.compile import CompiledRuleset, compile_ruleset
from suppress.rules.ruleset import Ruleset
from suppress.rules.sources import FileKind, SourceFile, Sources, read_sources, sources_of_path, sources_of_texts
from suppress.rules.tree import Instant
from suppress.service import chosen
from suppress.stores.published import find_version, load_version, read_version
from suppress.stores.version_tables import MOST_MESSAGE
from suppress.stores.versions import ANYTHING, Anything, Version, Versions

__all__ = ["Draft", "Plan", "Published", "draft", "load_version", "plan", "publish", "rollback"]

MOST_TRIES: Final = 10
"""How often a publication is planned anew because another one came first."""

Source = Path | Mapping[str, str]
"""A folder or file of rules, or texts by file name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Rules fit to be published. `warnings`: what lint says of them. `stories`: their cases, all of which pass."""

    ruleset: Ruleset
    compiled: CompiledRuleset
    files: tuple[SourceFile, ...]
    warnings: tuple[Problem, ...]
    stories: tuple[Story, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What publishing changes. `before`: the newest version; None = there is none yet, and all is new.

    `report`: the cases' messages by the rules before and now, those of cases that were taken out as well.
    `unreadable`: why the rules before cannot be used any more, as this version of suppress reads them; mostly None.
    """

    before: Version | None
    edits: tuple[Edit, ...]
    report: Report
    unreadable: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The JSON shape. The people are those of the cases, so they are called by their names."""
        return {
            "before": None if self.before is None else self.before.to_dict(),
            "edits": [edit.to_dict() for edit in self.edits],
            "unreadable": self.unreadable,
            "on_cases": report_told(self.report, names_of_a_page(plain=True)),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """`version`: the one that is in force now. `is_new`: False when the newest version was these very files already."""

    version: Version
    plan: Plan
    warnings: tuple[Problem, ...]
    is_new: bool = True


def draft(source: Source, *, ruleset: str | None, now_us: int) -> Draft:
    """The rules as they could be published. Raises RulesetError with all problems, CasesFailedError with all failures.

    `ruleset`: which one of the source; None = the only one, else `retail-default`.
    """
    sources, unreadable = sources_of_path(source) if isinstance(source, Path) else sources_of_texts(source)
    if unreadable:
        raise RulesetError("\n".join(str(problem) for problem in unreadable), unreadable)
    rulesets, problems = read_sources(sources, Instant(now_us, from_us(now_us).isoformat()))
    where = "what was sent" if sources.folder is None else str(source)
    found = in_file_order(each for in_file in problems.values() for each in in_file)
    taken = chosen(rulesets, found, where=where, ruleset=ruleset)
    own = problems[Path(taken.position.file).name]
    twice = [each for each in found if each.code == "duplicate-ruleset" and f'"{taken.name}"' in each.message]
    if twice:
        raise RulesetError("\n".join(map(str, twice)), tuple(twice))
    return Draft(
        ruleset=taken,
        compiled=compile_ruleset(taken),
        stories=_passing_stories(sources, taken),
        files=sources.files_of(taken),
        warnings=own,
    )


def plan(versions: Versions, drafted: Draft) -> Plan:
    """What publishing the draft would change now. Raises StoreError."""
    return _plan(versions, drafted, versions.head(drafted.ruleset.name))


def publish(
    versions: Versions,
    source: Source,
    *,
    ruleset: str | None = None,
    author: str,
    message: str,
    now_us: int,
    expected: int | Anything | None = ANYTHING,
) -> Published:
    """Lint, play the cases, plan, and store the next version. Nothing is stored when the newest one is the same files.

    `expected`: the number the newest version must have, None = there must be none. Raises RulesetError and
    CasesFailedError as `draft` does, FactsError for an author or message that cannot be kept, HeadMovedError when
    another version than expected is the newest, StoreError.
    """
    drafted = draft(source, ruleset=ruleset, now_us=now_us)
    return _publish(versions, drafted, _signed(author, message), now_us, expected=expected)


def rollback(versions: Versions, ruleset: str, to_number: int, *, author: str, message: str, now_us: int) -> Published:
    """Publish an older version anew, as the next one: linted, its cases played, planned. Raises as `publish` does.

    Raises NoVersionError when there is no such version, VersionError when its rules are in force already.
    """
    signed = _signed(author, message)
    target = find_version(versions, ruleset, to_number)
    head = versions.head(ruleset)
    files = versions.texts(target)
    if head is not None and (head.number == to_number or files == versions.texts(head)):
        raise VersionError(
            f'the rules of version {to_number} of "{ruleset}" are those in force (version {head.number})'
        )
    drafted = draft({each.file: each.text for each in files}, ruleset=ruleset, now_us=now_us)
    return _publish(versions, drafted, signed, now_us, of=to_number)


def _publish(
    versions: Versions,
    drafted: Draft,
    signed: tuple[str, str],
    now_us: int,
    *,
    of: int | None = None,
    expected: int | Anything | None = ANYTHING,
) -> Published:
    name = drafted.ruleset.name
    tries = MOST_TRIES
    while True:
        tries -= 1
        head = versions.head(name)
        number = None if head is None else head.number
        planned = _plan(versions, drafted, head)
        if head is not None and expected in (ANYTHING, number) and drafted.files == versions.texts(head):
            return Published(version=head, plan=planned, warnings=drafted.warnings, is_new=False)
        try:
            version = versions.publish(
                name,
                drafted.files,
                fingerprint=drafted.compiled.fingerprint,
                author=signed[0],
                message=signed[1],
                now_us=now_us,
                of=of,
                after=number if isinstance(expected, Anything) else expected,
            )
        except HeadMovedError:
            if tries and isinstance(expected, Anything):
                continue
            raise
        return Published(version=version, plan=planned, warnings=drafted.warnings)


def _plan(versions: Versions, drafted: Draft, head: Version | None) -> Plan:
    old, unreadable = None, None
    stories = drafted.stories
    if head is not None:
        try:
            old = read_version(versions, head)
        except RulesetError as error:
            # It must stay possible to publish something better.
            unreadable = str(error)
        stories = (*stories, *_taken_out(versions, head, stories))
    compiled = drafted.compiled
    before = compile_ruleset(old) if old is not None else _without_rules(compiled)
    return Plan(
        before=head,
        edits=edits(old, drafted.ruleset),
        report=_side_by_side(before, compiled, stories),
        unreadable=unreadable,
    )


def _side_by_side(old: CompiledRuleset, new: CompiledRuleset, stories: Sequence[Story]) -> Report:
    """What both make of the stories' messages, each with facts and reservations of its own."""
    tally, needs = Tally(old, new), needs_of_both(old, new)
    by_old, by_new = (Decider(compiled, ReferenceEngine(compiled)) for compiled in (old, new))
    for story in stories:
        snapshot = story_snapshot(story, needs)
        tally.add(story.message, by_old.decide(snapshot, ""), by_new.decide(snapshot, ""))
    return tally.report()


def _without_rules(compiled: CompiledRuleset) -> CompiledRuleset:
    return replace(compiled, fingerprint="", item_rules=(), limit_rules=(), message_rules=(), max_share=None)


def _taken_out(versions: Versions, head: Version, stories: Sequence[Story]) -> list[Story]:
    """The cases of a version that are no more; what it was said to do is looked at all the same."""
    names = {story.name for story in stories}
    found: list[Story] = []
    for each in versions.texts(head):
        if each.kind is FileKind.CASES:
            found += (story for story in parse_stories(each.text.encode(), each.file)[0] if story.name not in names)
    return found


def _passing_stories(sources: Sources, ruleset: Ruleset) -> tuple[Story, ...]:
    stories: list[Story] = []
    failures: list[str] = []
    for file in sources.cases_of(ruleset):
        found, mistakes = parse_stories(sources.files[file], sources.place(file))
        stories += found
        failures += map(str, mistakes)
    for played in play_stories(stories, compile_ruleset(ruleset)):
        # Where the engines agree, what one of them decided is told once.
        engine = played.differences[0].engine if played.differences and played.engines_agree else None
        failures += (
            f"{played.story.position} {played.story.name}: {each}"
            for each in played.differences
            if engine in {None, each.engine}
        )
    if failures:
        told = "\n".join(failures)
        raise CasesFailedError(f'the cases of "{ruleset.name}" fail, so it is not published:\n{told}', tuple(failures))
    return tuple(stories)


def _signed(author: str, message: str) -> tuple[str, str]:
    """Author and message as they are kept. Raises FactsError."""
    told = clean_text(message, "the message").strip()
    if not told:
        raise FactsError("the message is empty; say what changes and why")
    if len(told) > MOST_MESSAGE:
        raise FactsError(f"the message has {len(told):,} characters; at most {MOST_MESSAGE:,} are kept")
    for character in told:
        if character not in "\n\t" and unicodedata.category(character) == "Cc":
            raise FactsError(f"the message holds the character U+{ord(character):04X}, which no message may hold")
    return clean_id(author, "the author"), told

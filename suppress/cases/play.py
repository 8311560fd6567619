"""Play stories on every engine: compiled rules and a Story in, differences between wanted and decided out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from suppress.cases.coverage import Coverage, RecordingEngine
from suppress.cases.reasons import Behind, reasons_behind
from suppress.cases.shapes import NO_DATE
from suppress.cases.story import Story, read_stories
from suppress.decisions.decision import Decision, ItemDecision, ItemVerdict, Mode
from suppress.engine.decide import Decider
from suppress.engine.guarded import REFERENCE, Engine, GuardedEngine, ReferenceEngine
from suppress.facts.snapshot import FactNeeds, Snapshot, unavailable_snapshot
from suppress.problems import Position, Problem, errors_in
from suppress.rules.compile import CompiledRuleset, compile_ruleset
from suppress.rules.folders import RULE_FILE_ENDINGS, is_case_file, is_rule_file
from suppress.rules.reading import read_ruleset

ENGINES: Final = {"reference": ReferenceEngine, "durable": GuardedEngine}
CASES_ENDING: Final = ".cases.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing a decision got wrong: what was asked of it, what was wanted, what was decided."""

    engine: str
    asked: str
    wanted: Any
    decided: Any

    def __str__(self) -> str:
        return f"{self.asked}: wanted {_told(self.wanted)}, decided {_told(self.decided)} ({self.engine} engine)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """One story played. It passed when there are no differences. `decisions`: engine -> decision.

    `engines_agree`: whether all engines decided alike, as wanted or not. `behind`: the rules behind the differences.
    """

    story: Story
    ruleset: str
    differences: tuple[Difference, ...]
    decisions: Mapping[str, Decision]
    engines_agree: bool
    behind: tuple[Behind, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every engine decided as wanted, and all of them alike."""
        return not self.differences


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayedFile:
    """The stories of one case file, played, and what is wrong with those that cannot be. `coverage` if asked for."""

    path: Path
    stories: tuple[Played, ...] = ()
    problems: tuple[Problem, ...] = ()
    coverage: Coverage | None = None


def case_files(directory_or_file: Path) -> list[Path]:
    """The case files of a folder (not of folders in it), sorted, or the one of a rule file or the case file itself."""
    if directory_or_file.is_dir():
        return sorted(path for path in directory_or_file.iterdir() if is_case_file(path) and path.is_file())
    if is_case_file(directory_or_file):
        return [directory_or_file]
    if not is_rule_file(directory_or_file):
        return []
    beside = (directory_or_file.with_name(f"{directory_or_file.stem}.cases{ending}") for ending in RULE_FILE_ENDINGS)
    return [path for path in beside if path.exists()]


def tried_name(path: Path) -> str:
    """The name of the ruleset a case file tries: `shop` for `shop.cases.yaml`."""
    return path.stem.removesuffix(".cases")


def play(path: Path, *, covering: bool = False, may_want_nothing: bool = False) -> PlayedFile:
    """Play a case file by the rules beside it (`NAME.yaml` for `NAME.cases.yaml`).

    `covering`: tell as well which branches of the rules were tried. `may_want_nothing`: play cases whose `want` is
    still to be written, too.
    """
    rules = _rules_beside(path)
    if not rules.exists():
        problem = Problem(
            code="no-rules-beside",
            message=f"there is no {rules.name} beside this case file",
            position=Position(str(path)),
            help=f"a case file NAME{CASES_ENDING} belongs to the rule file NAME.yaml in the same folder",
        )
        return PlayedFile(path=path, problems=(problem,))
    ruleset, problems = read_ruleset(rules)
    if ruleset is None:
        return PlayedFile(path=path, problems=errors_in(problems))
    stories, mistakes = read_stories(path, may_want_nothing=may_want_nothing)
    compiled = compile_ruleset(ruleset)
    recording = RecordingEngine(compiled, ruleset) if covering else None
    return PlayedFile(
        path=path,
        stories=play_stories(stories, compiled, recording),
        problems=mistakes,
        coverage=None if recording is None else recording.coverage(str(rules)),
    )


def play_stories(
    stories: Sequence[Story], compiled: CompiledRuleset, recording: RecordingEngine | None = None
) -> tuple[Played, ...]:
    """Play stories by a ruleset on every engine. `recording` answers in the reference's place, if there is one."""
    engines: dict[str, Engine] = {name: make(compiled) for name, make in ENGINES.items()}
    if recording is not None:
        engines[REFERENCE] = recording
    deciders = {name: Decider(compiled, engine) for name, engine in engines.items()}
    played: list[Played] = []
    try:
        for story in stories:
            if recording is not None:
                recording.as_of_us = story.as_of_us
            played.append(_play(story, compiled, deciders))
    finally:
        for engine in engines.values():
            engine.close()
    return tuple(played)


def coverage_without_cases(rules: Path) -> Coverage | None:
    """The coverage of a rule file beside which no case stands: none. None when it cannot be read."""
    ruleset, _ = read_ruleset(rules)
    return None if ruleset is None else RecordingEngine(compile_ruleset(ruleset), ruleset).coverage(str(rules))


def _rules_beside(path: Path) -> Path:
    first, *others = (path.with_name(f"{tried_name(path)}{ending}") for ending in RULE_FILE_ENDINGS)
    return next((other for other in others if other.exists() and not first.exists()), first)


def story_snapshot(story: Story, needs: FactNeeds) -> Snapshot:
    """What a story gives of the facts needed, as of its instant."""
    if story.unavailable:
        return unavailable_snapshot(story.message, story.as_of_us)
    return replace(story.book.snapshot(story.message, story.as_of_us, needs), reserved=story.reserved)


def _play(story: Story, compiled: CompiledRuleset, deciders: Mapping[str, Decider]) -> Played:
    snapshot = story_snapshot(story, compiled.needs)
    decisions = {name: decider.decide(snapshot, "") for name, decider in deciders.items()}
    differences = [
        Difference(engine=name, asked=asked, wanted=wanted, decided=decided)
        for name, decision in decisions.items()
        for asked, wanted in story.want.items()
        if not same(wanted, decided := ANSWERS[asked](decision))
    ]
    first, *others = decisions.items()
    alike = True
    for name, decision in others:
        if _comparable(decision) != _comparable(first[1]):
            alike = False
            differences.append(
                Difference(engine=name, asked=f"the same as {first[0]}", wanted=first[1].shown, decided=decision.shown)
            )
        if decision.engine != name:
            alike = False
            differences.append(Difference(engine=name, asked="engine", wanted=name, decided=decision.engine))
    return Played(
        story=story,
        ruleset=compiled.name,
        differences=tuple(differences),
        decisions=decisions,
        engines_agree=alike,
        behind=_behind(compiled, snapshot, decisions, differences) if differences else (),
    )


def _behind(
    compiled: CompiledRuleset,
    snapshot: Snapshot,
    decisions: Mapping[str, Decision],
    differences: Sequence[Difference],
) -> tuple[Behind, ...]:
    engine = differences[0].engine
    return reasons_behind(
        compiled,
        snapshot,
        decisions[engine],
        {each.asked: (each.wanted, each.decided) for each in differences if each.engine == engine},
    )


def same(wanted: Any, decided: Any) -> bool:
    """Whether what was decided is what was wanted; an empty list or map may be written as nothing."""
    return bool((wanted or None) == (decided or None))


def _comparable(decision: Decision) -> dict[str, Any]:
    told = decision.to_dict()
    del told["engine"]
    return told


def _items(decision: Decision) -> tuple[ItemDecision, ...]:
    return (*decision.items, *decision.replacements)


def _fired(decision: Decision, mode: Mode) -> dict[str, list[str]]:
    fired = {item.sku: [r.rule for r in item.reasons if r.mode is mode] for item in _items(decision)}
    return {sku: rules for sku, rules in fired.items() if rules}


def _dropped(decision: Decision) -> dict[str, str]:
    return {
        item.sku: item.deciding.code for item in _items(decision) if item.verdict is ItemVerdict.DROP and item.deciding
    }


ANSWERS: Final[Mapping[str, Callable[[Decision], Any]]] = {
    "verdict": lambda decision: decision.verdict.value,
    "dropped": _dropped,
    "shown": lambda decision: list(decision.shown),
    "fired": lambda decision: _fired(decision, Mode.ENFORCE),
    "shadow": lambda decision: _fired(decision, Mode.SHADOW),
    "message": lambda decision: [reason.code for reason in decision.reasons],
    "outcome": lambda decision: {
        item.sku: item.deciding.outcome.value for item in _items(decision) if item.deciding is not None
    },
    "replaced_by": lambda decision: {item.sku: item.replaced_by for item in decision.items if item.replaced_by},
    "eligible_again_at": lambda decision: {
        item.sku: item.eligible_again_at for item in _items(decision) if item.verdict is ItemVerdict.DROP
    },
    "valid_until": lambda decision: decision.valid_until or "never",
    "hold_until": lambda decision: decision.hold_until or NO_DATE,
    "control_group": lambda decision: "yes" if decision.control_group else "no",
    "missing": lambda decision: [
        f"{m.fact} of {m.about}: {m.why.value}" if m.about else f"{m.fact}: {m.why.value}"
        for m in decision.facts_missing
    ],
}


def _told(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_told(entry)}" for key, entry in value.items()) or "nothing"
    if isinstance(value, list | tuple):
        return ", ".join(_told(entry) for entry in value) or "nothing"
    return value.isoformat() if hasattr(value, "isoformat") else str(value)

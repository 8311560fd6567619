"""Find what is wrong with the meaning of a ruleset. Ruleset in, Problems out; never raises for a user's mistake.

Names, codes, dates and modes are checked here; what is known when in `scopes`, conditions that can never be true in
`contradictions`, windows in `gaps`, rules against one another in `conflicts`, what a ruleset leaves unsaid in `lacks`.
"""

from pathlib import PurePath

from suppress.decisions.decision import Mode
from suppress.decisions.reasons import REASON_CODES
from suppress.facts.snapshot import Source
from suppress.problems import Problem
from suppress.rules.conflicts import find_conflicts
from suppress.rules.contradictions import find_contradictions
from suppress.rules.extents import extent
from suppress.rules.findings import Findings, TooManyProblemsError, quoted
from suppress.rules.gaps import find_gaps
from suppress.rules.implication import Implication
from suppress.rules.lacks import find_lacks
from suppress.rules.places import line_of
from suppress.rules.reason_codes import refuse_unregistered
from suppress.rules.ruleset import Rule, Ruleset
from suppress.rules.scopes import check_scopes
from suppress.rules.tree import All, Compare, Condition, Instant, Not, leaves


def find_problems(ruleset: Ruleset, today: Instant | None = None, *, is_whole: bool = True) -> tuple[Problem, ...]:
    """Every mistake of meaning, in file order. `today`: rules that ended by then are reported; None = none is.

    `is_whole`: False when parts of the file could not be read, so that what seems to be missing may be there.
    """
    findings = Findings()
    try:
        _check_names(ruleset, findings)
        implication = Implication()
        sound: list[Rule] = []
        for rule in ruleset.rules:
            before = findings.error_count
            _check_rule(rule, ruleset, today, findings)
            for condition in _conditions(rule):
                find_contradictions(condition, implication, findings)
            if rule.unless is not None and findings.error_count == before:
                _check_exception(rule, rule.unless, implication, findings)
            if findings.error_count == before:
                sound.append(rule)
        if ruleset.mode is not Mode.OFF:
            find_conflicts(sound, findings)
            find_gaps(sound, findings)
        if is_whole:
            find_lacks(ruleset, sound, findings)
    except TooManyProblemsError:
        pass
    return findings.problems


def _conditions(rule: Rule) -> tuple[Condition, ...]:
    return (rule.when,) if rule.unless is None else (rule.when, rule.unless)


def _check_exception(rule: Rule, unless: Condition, implication: Implication, findings: Findings) -> None:
    if (
        rule.when == unless
        or implication.implies(rule.when, unless)
        or _is_impossible(All(parts=(rule.when, Not(part=unless))), implication)
    ):
        findings.add(
            "never-fires",
            f'"unless" holds whenever "when" does, so the rule {quoted(rule.id)} never fires',
            unless.position,
            'say under "unless" what makes an exception',
        )
    elif _is_impossible(All(parts=(rule.when, unless)), implication):
        findings.warn(
            "idle-exception",
            f'"unless" is never true when "when" is, so the rule {quoted(rule.id)} has no exception',
            unless.position,
            "delete the exception, or say what was meant",
        )


def _is_impossible(condition: Condition, implication: Implication) -> bool:
    """Whether parts that are sound by themselves can never be true together."""
    findings = Findings()
    try:
        find_contradictions(condition, implication, findings)
    except TooManyProblemsError:
        return True
    return findings.error_count > 0


def _check_names(ruleset: Ruleset, findings: Findings) -> None:
    file = PurePath(ruleset.position.file)
    if ruleset.name and file.suffix in {".yaml", ".yml"} and file.stem != ruleset.name:
        findings.warn(
            "name-unlike-file",
            f"the ruleset is called {quoted(ruleset.name)}, the file {quoted(file.name)}",
            ruleset.place("ruleset"),
            f'write "ruleset: {file.stem}", or call the file {quoted(ruleset.name + file.suffix)}',
        )
    for code in ruleset.codes:
        if code in REASON_CODES:
            findings.add(
                "code-taken",
                f"the code {quoted(code)} has a meaning already: {REASON_CODES[code]}",
                ruleset.place(f"codes.{code}"),
                "delete the line, or choose another name for the code",
            )
    first: dict[str, Rule] = {}
    for rule in ruleset.rules:
        earlier = first.setdefault(rule.id, rule)
        if earlier is not rule:
            findings.add(
                "duplicate-id",
                f"the id {quoted(rule.id)} is taken by the rule in {line_of(earlier.position, rule.position)}",
                rule.place("id"),
                "give each rule an id of its own",
            )


def _check_rule(rule: Rule, ruleset: Ruleset, today: Instant | None, findings: Findings) -> None:
    if rule.code not in REASON_CODES and rule.code not in ruleset.codes:
        refuse_unregistered(rule.code, [*REASON_CODES, *ruleset.codes], rule.place("code"), findings)
    for condition in _conditions(rule):
        check_scopes(rule, condition, findings)
        _check_ages(condition, ruleset, findings)
    _check_dates(rule, today, findings)
    if rule.always and ruleset.mode is Mode.OFF:
        findings.warn(
            "quiet-ruleset",
            f'the rule {quoted(rule.id)} says "always: yes", but the ruleset says "mode: off"',
            rule.place("always"),
            'a ruleset that is off has no rules at all; write "mode: shadow" to keep this one',
        )
    elif "mode" in rule.places and rule.mode is Mode.ENFORCE and ruleset.mode is not Mode.ENFORCE and not rule.always:
        findings.warn(
            "quiet-ruleset",
            f'the rule {quoted(rule.id)} says "mode: enforce", but the ruleset says "mode: {ruleset.mode.value}"',
            rule.place("mode"),
            "the ruleset decides: no rule of it is obeyed",
        )


def _check_ages(condition: Condition, ruleset: Ruleset, findings: Findings) -> None:
    limit = ruleset.max_age.get(Source.STOCK)
    for leaf in leaves(condition):
        if limit is None or not isinstance(leaf, Compare) or leaf.field.base != "stock.age":
            continue
        left = extent(leaf)
        if left and left[0][0] is not None and left[0][0] >= limit.us:
            findings.add(
                "beyond-max-age",
                f"a stock figure as old as {quoted(limit.text)} counts as unknown, so this is never true",
                leaf.position,
                'raise "stock_max_age", or ask for less',
            )


def _check_dates(rule: Rule, today: Instant | None, findings: Findings) -> None:
    if rule.starts and rule.ends and rule.ends.us <= rule.starts.us:
        findings.add(
            "ends-before-start",
            f"the rule {quoted(rule.id)} ends {quoted(rule.ends.text)} and starts {quoted(rule.starts.text)}",
            rule.place("ends"),
            "write an end after the start",
        )
    elif rule.ends and today and rule.ends.us <= today.us:
        findings.warn(
            "ended",
            f"the rule {quoted(rule.id)} ended {quoted(rule.ends.text)}",
            rule.place("ends"),
            "delete the rule, or write a later date",
        )

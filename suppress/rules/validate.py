"""Find what is wrong with the meaning of a ruleset. Ruleset in, Problems out; never raises for a user's mistake.

Names, codes, scopes, dates and modes are checked here; conditions that can never be true in `contradictions`.
"""

from pathlib import PurePath
from typing import Final

from suppress.decisions.decision import Mode
from suppress.decisions.reasons import REASON_CODES
from suppress.facts.fields import Operator, Scope
from suppress.facts.snapshot import Source
from suppress.problems import Position, Problem
from suppress.rules.contradictions import find_contradictions
from suppress.rules.findings import Findings, TooManyProblemsError, quoted, suggestion
from suppress.rules.implication import Implication, bounds
from suppress.rules.ruleset import Effect, Rule, Ruleset, WhenUnknown
from suppress.rules.tree import Bought, Condition, Instant, leaves

_MOST_RULES_COMPARED: Final = 400
"""Up to this rule each is compared with all before it; identical rules are found beyond it too."""


def find_problems(ruleset: Ruleset, today: Instant | None = None) -> tuple[Problem, ...]:
    """Every mistake of meaning, in file order. `today`: rules that ended by then are reported; None = none is."""
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
            if rule.unless is not None and (rule.when == rule.unless or implication.implies(rule.when, rule.unless)):
                findings.add(
                    "never-fires",
                    f'"unless" holds whenever "when" does, so the rule {quoted(rule.id)} never fires',
                    rule.unless.position,
                    'say under "unless" what makes an exception',
                )
            if findings.error_count == before:
                sound.append(rule)
        if ruleset.mode is not Mode.OFF:
            _check_order(sound, implication, findings)
    except TooManyProblemsError:
        pass
    return findings.problems


def _conditions(rule: Rule) -> tuple[Condition, ...]:
    return (rule.when,) if rule.unless is None else (rule.when, rule.unless)


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
                f"the id {quoted(rule.id)} is taken by the rule in line {earlier.position.line}",
                rule.place("id"),
                "give each rule an id of its own",
            )


def _check_rule(rule: Rule, ruleset: Ruleset, today: Instant | None, findings: Findings) -> None:
    if rule.code not in REASON_CODES and rule.code not in ruleset.codes:
        near = suggestion(rule.code, [*REASON_CODES, *ruleset.codes])
        findings.add(
            "unregistered-code",
            f"the reason code {quoted(rule.code)} is not registered",
            rule.place("code"),
            near or f'register it at the top: "codes: {{{rule.code[:40]}: what it means}}"',
        )
    for condition in _conditions(rule):
        _check_scopes(rule, condition, findings)
        _check_ages(condition, ruleset, findings)
    _check_dates(rule, today, findings)
    if "mode" in rule.places and rule.mode is Mode.ENFORCE and ruleset.mode is not Mode.ENFORCE:
        findings.warn(
            "quiet-ruleset",
            f'the rule {quoted(rule.id)} says "mode: enforce", but the ruleset says "mode: {ruleset.mode.value}"',
            rule.place("mode"),
            "the ruleset decides: no rule of it is obeyed",
        )


def _check_scopes(rule: Rule, condition: Condition, findings: Findings) -> None:
    for leaf in leaves(condition):
        scope = Scope.ITEM if isinstance(leaf, Bought) else leaf.field.scope
        name = "bought" if isinstance(leaf, Bought) else leaf.field.name
        if scope is Scope.ITEM and rule.effect is not Effect.DROP_ITEM:
            findings.add(
                "wrong-scope",
                f'{quoted(name)} speaks of one item, but the rule says "{rule.effect.value}"',
                leaf.position,
                'write "drop: item" here, and stop messages with "message.items_kept" in a rule of its own',
            )
        elif scope is Scope.OUTCOME and rule.effect is not Effect.SUPPRESS_MESSAGE:
            findings.add(
                "wrong-scope",
                f'{quoted(name)} is known once all items are decided, but the rule says "{rule.effect.value}"',
                leaf.position,
                'use it in a rule with "suppress: message"',
            )


def _check_ages(condition: Condition, ruleset: Ruleset, findings: Findings) -> None:
    limit = ruleset.max_age.get(Source.STOCK)
    for leaf in leaves(condition):
        if limit is None or isinstance(leaf, Bought) or leaf.field.name != "stock.age":
            continue
        found = bounds(leaf) if leaf.operator is not Operator.EXISTS else None
        if found is not None and found[0] is not None and found[0] > limit.us:
            findings.add(
                "beyond-max-age",
                f"a stock figure older than {quoted(limit.text)} counts as unknown, so this is never true",
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


def _check_order(rules: list[Rule], implication: Implication, findings: Findings) -> None:
    """Note rules that never decide, because an earlier one fires whenever they do."""
    enforced = [rule for rule in rules if rule.mode is Mode.ENFORCE]
    first: dict[tuple[object, ...], Rule] = {}
    for number, rule in enumerate(enforced):
        key = (rule.effect, rule.when, rule.unless)
        twin = first.setdefault(key, rule)
        if twin is not rule and _covers_time(twin, rule):
            findings.add("unreachable-rule", *_never_decides(rule, twin, "says the same"))
            continue
        if number >= _MOST_RULES_COMPARED or implication.is_spent:
            continue
        wider = next((e for e in enforced[:number] if _covers_time(e, rule) and _is_wider(e, rule, implication)), None)
        if wider is not None:
            findings.warn("unreachable-rule", *_never_decides(rule, wider, "holds whenever this one does"))


def _never_decides(rule: Rule, earlier: Rule, why: str) -> tuple[str, Position, str]:
    return (
        f"the rule {quoted(rule.id)} never decides: {quoted(earlier.id)} in line {earlier.position.line} {why}",
        rule.position,
        "put the narrower rule first, or delete one of the two",
    )


def _covers_time(earlier: Rule, later: Rule) -> bool:
    """Whether the earlier rule is in force, and certain to fire, whenever the later one is."""
    starts = earlier.starts is None or (later.starts is not None and earlier.starts.us <= later.starts.us)
    ends = earlier.ends is None or (later.ends is not None and later.ends.us <= earlier.ends.us)
    return starts and ends and (earlier.when_unknown in (WhenUnknown.BLOCK, later.when_unknown))


def _is_wider(earlier: Rule, later: Rule, implication: Implication) -> bool:
    if earlier.effect is not later.effect or not implication.implies(later.when, earlier.when):
        return False
    if earlier.unless is None:
        return True
    return later.unless is not None and implication.implies(earlier.unless, later.unless)
